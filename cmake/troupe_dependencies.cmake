# The libraries Troupe stands on. CAF's own package is taken where there is
# one; distributions that ship CAF 0.17 have none, so FindCAF.cmake stands in.

find_package(Threads REQUIRED)
find_package(nlohmann_json 3.11 REQUIRED)
find_path(TROUPE_UTFCPP_INCLUDE_DIR utf8.h PATH_SUFFIXES utf8cpp REQUIRED)
mark_as_advanced(TROUPE_UTFCPP_INCLUDE_DIR)

find_package(CAF CONFIG QUIET)
if(NOT TARGET CAF::core)
  find_package(CAF 0.17.6 MODULE REQUIRED COMPONENTS core
    OPTIONAL_COMPONENTS io openssl)
endif()
