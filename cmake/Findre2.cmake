# Finds RE2 where it comes without a package of its own.
#
# Targets:    re2::re2.
# Variables:  re2_FOUND.
# Hint:       re2_ROOT, the prefix RE2 is installed under.

include(FindPackageHandleStandardArgs)

find_path(re2_INCLUDE_DIR NAMES re2/re2.h)
find_library(re2_LIBRARY NAMES re2)
mark_as_advanced(re2_INCLUDE_DIR re2_LIBRARY)
find_package(Threads QUIET)

find_package_handle_standard_args(re2
  REQUIRED_VARS re2_LIBRARY re2_INCLUDE_DIR)
if(re2_FOUND AND NOT TARGET re2::re2)
  add_library(re2::re2 UNKNOWN IMPORTED)
  set_target_properties(re2::re2 PROPERTIES
    IMPORTED_LOCATION "${re2_LIBRARY}"
    INTERFACE_INCLUDE_DIRECTORIES "${re2_INCLUDE_DIR}")
  if(TARGET Threads::Threads)
    set_property(TARGET re2::re2 PROPERTY
      INTERFACE_LINK_LIBRARIES Threads::Threads)
  endif()
endif()
