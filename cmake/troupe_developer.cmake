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

# Whether a header of ours, or one of ours that it includes, includes
# nlohmann/json.hpp.
function(troupe_includes_json header result)
  get_property(known GLOBAL PROPERTY "troupe_includes_json ${header}" SET)
  if(NOT known)
    set(found OFF)
    # Against includes in a circle.
    set_property(GLOBAL PROPERTY "troupe_includes_json ${header}" OFF)
    file(GLOB path
      "${PROJECT_SOURCE_DIR}/runtime/include/${header}"
      "${PROJECT_SOURCE_DIR}/runtime/*/include/${header}"
      "${PROJECT_SOURCE_DIR}/actors/include/${header}"
      "${PROJECT_SOURCE_DIR}/actors/*/include/${header}")
    if(path)
      file(STRINGS "${path}" includes REGEX "^#include [<\"]")
      foreach(line IN LISTS includes)
        string(REGEX REPLACE "^#include [<\"]([^>\"]*).*" "\\1" name "${line}")
        if(name STREQUAL "nlohmann/json.hpp")
          set(found ON)
        elseif(name MATCHES "^troupe/")
          troupe_includes_json("${name}" by_this)
          if(by_this)
            set(found ON)
          endif()
        endif()
      endforeach()
    endif()
    set_property(GLOBAL PROPERTY "troupe_includes_json ${header}" ${found})
  endif()
  get_property(found GLOBAL PROPERTY "troupe_includes_json ${header}")
  set(${result} ${found} PARENT_SCOPE)
endfunction()

# Compiles every public header of `target` on its own, so that each includes
# what it needs. What includes nlohmann/json.hpp, which takes longer than all
# else, finds it compiled: after the headers it includes, which are compiled on
# their own as well, it sees the same.
function(troupe_check_headers target)
  set(root "${CMAKE_CURRENT_SOURCE_DIR}/include")
  file(GLOB_RECURSE headers CONFIGURE_DEPENDS RELATIVE "${root}"
    "${root}/*.hpp")
  set(sources_plain "")
  set(sources_json "")
  foreach(header IN LISTS headers)
    string(REPLACE ".hpp" ".cpp" name "${header}")
    set(source "${CMAKE_CURRENT_BINARY_DIR}/header_checks/${name}")
    # Twice, so that a missing include guard shows as well.
    file(CONFIGURE OUTPUT "${source}"
      CONTENT "#include <${header}>\n#include <${header}>\n" @ONLY)
    troupe_includes_json("${header}" with_json)
    if(with_json)
      list(APPEND sources_json "${source}")
    else()
      list(APPEND sources_plain "${source}")
    endif()
  endforeach()
  foreach(kind IN ITEMS plain json)
    if(NOT sources_${kind})
      continue()
    endif()
    set(checks ${target}_header_checks_${kind})
    add_library(${checks} OBJECT ${sources_${kind}})
    target_link_libraries(${checks} PRIVATE ${target})
    target_compile_options(${checks} PRIVATE -O0)
    set_target_properties(${checks} PROPERTIES UNITY_BUILD OFF)
    troupe_configure_program(${checks})
    if(kind STREQUAL "json")
      troupe_precompile(${checks} json
        OPTIONS -O0
        LINK nlohmann_json::nlohmann_json
        HEADERS <nlohmann/json.hpp>)
    endif()
  endforeach()
endfunction()
