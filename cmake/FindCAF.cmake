# Finds the C++ Actor Framework where it comes without a package of its own.
#
# Components: core (always), io, openssl (which needs io).
# Targets:    CAF::core, CAF::io, CAF::openssl, as asked for.
# Variables:  CAF_FOUND, CAF_VERSION.
# Hint:       CAF_ROOT, the prefix CAF is installed under.

include(FindPackageHandleStandardArgs)

find_path(CAF_INCLUDE_DIR NAMES caf/all.hpp)
mark_as_advanced(CAF_INCLUDE_DIR)

# CAF writes 0.17.6 as 1706. CAF 1.1 writes 0100, which C++ reads as octal, so
# digits are taken as decimals here and a leading zero is dropped.
if(CAF_INCLUDE_DIR AND EXISTS "${CAF_INCLUDE_DIR}/caf/config.hpp")
  file(STRINGS "${CAF_INCLUDE_DIR}/caf/config.hpp" troupe_caf_version_line
    REGEX "^#define CAF_VERSION +[0-9]+")
  if(troupe_caf_version_line MATCHES "CAF_VERSION +0*([0-9]+)")
    set(troupe_caf_number "${CMAKE_MATCH_1}")
    math(EXPR troupe_caf_major "${troupe_caf_number} / 10000")
    math(EXPR troupe_caf_minor "(${troupe_caf_number} / 100) % 100")
    math(EXPR troupe_caf_patch "${troupe_caf_number} % 100")
    set(CAF_VERSION
      "${troupe_caf_major}.${troupe_caf_minor}.${troupe_caf_patch}")
  endif()
  unset(troupe_caf_version_line)
endif()

find_package(Threads QUIET)

if(NOT "core" IN_LIST CAF_FIND_COMPONENTS)
  list(APPEND CAF_FIND_COMPONENTS core)
endif()
foreach(component IN LISTS CAF_FIND_COMPONENTS)
  string(TOUPPER "${component}" upper)
  find_library(CAF_${upper}_LIBRARY NAMES caf_${component})
  mark_as_advanced(CAF_${upper}_LIBRARY)
  if(CAF_INCLUDE_DIR AND CAF_${upper}_LIBRARY)
    set(CAF_${component}_FOUND TRUE)
    if(NOT TARGET CAF::${component})
      add_library(CAF::${component} UNKNOWN IMPORTED)
      set_target_properties(CAF::${component} PROPERTIES
        IMPORTED_LOCATION "${CAF_${upper}_LIBRARY}"
        INTERFACE_INCLUDE_DIRECTORIES "${CAF_INCLUDE_DIR}")
    endif()
  endif()
endforeach()
if(TARGET CAF::core AND TARGET Threads::Threads)
  set_property(TARGET CAF::core PROPERTY
    INTERFACE_LINK_LIBRARIES Threads::Threads)
endif()
if(TARGET CAF::io)
  set_property(TARGET CAF::io PROPERTY INTERFACE_LINK_LIBRARIES CAF::core)
endif()
if(TARGET CAF::openssl)
  set_property(TARGET CAF::openssl PROPERTY INTERFACE_LINK_LIBRARIES CAF::io)
endif()

find_package_handle_standard_args(CAF
  REQUIRED_VARS CAF_CORE_LIBRARY CAF_INCLUDE_DIR
  VERSION_VAR CAF_VERSION
  HANDLE_COMPONENTS)
