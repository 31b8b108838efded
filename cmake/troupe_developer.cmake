# What makes work on Troupe itself faster. None of it is needed, and nothing
# here touches a project that merely uses Troupe.

find_program(TROUPE_CCACHE ccache)
mark_as_advanced(TROUPE_CCACHE)
if(TROUPE_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_CXX_COMPILER_LAUNCHER "${TROUPE_CCACHE}")
endif()

include(CheckCXXSourceCompiles)
foreach(linker IN ITEMS mold lld)
  set(CMAKE_REQUIRED_LINK_OPTIONS "-fuse-ld=${linker}")
  check_cxx_source_compiles("int main() {}" TROUPE_HAS_${linker})
  unset(CMAKE_REQUIRED_LINK_OPTIONS)
  if(TROUPE_HAS_${linker})
    add_link_options("-fuse-ld=${linker}")
    break()
  endif()
endforeach()

set(CMAKE_EXPORT_COMPILE_COMMANDS ON)

option(TROUPE_CHECK_HEADERS "Compile every public header on its own" ON)

# Compiles every public header of `target` on its own, so that each includes
# what it needs.
function(troupe_check_headers target)
  set(root "${CMAKE_CURRENT_SOURCE_DIR}/include")
  file(GLOB_RECURSE headers CONFIGURE_DEPENDS RELATIVE "${root}"
    "${root}/*.hpp")
  set(sources "")
  foreach(header IN LISTS headers)
    string(REPLACE ".hpp" ".cpp" name "${header}")
    set(source "${CMAKE_CURRENT_BINARY_DIR}/header_checks/${name}")
    # Twice, so that a missing include guard shows as well.
    file(CONFIGURE OUTPUT "${source}"
      CONTENT "#include <${header}>\n#include <${header}>\n" @ONLY)
    list(APPEND sources "${source}")
  endforeach()
  if(sources)
    add_library(${target}_header_checks OBJECT ${sources})
    target_link_libraries(${target}_header_checks PRIVATE ${target})
    target_compile_options(${target}_header_checks PRIVATE -O0)
    set_target_properties(${target}_header_checks PROPERTIES UNITY_BUILD OFF)
    troupe_configure_program(${target}_header_checks)
  endif()
endfunction()
