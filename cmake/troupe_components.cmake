# The parts of Troupe, and what each needs; for the build and for the package.

# Those that can be left out, each after those it depends on.
set(troupe_optional_components http llm remote store)
set(troupe_http_depends_on "")
set(troupe_llm_depends_on http)
set(troupe_remote_depends_on "")
set(troupe_store_depends_on "")

# Looks for the third-party libraries of `component` (core, or one of the above)
# and sets troupe_missing: what was not found and what to install, or nothing.
macro(troupe_find_needs component)
  set(troupe_missing "")
  if("${component}" STREQUAL "core")
    find_package(Threads QUIET)
    find_package(nlohmann_json 3.11 QUIET)
    find_package(OpenSSL QUIET)
    # CAF's own package first; distributions that ship CAF 0.17 have none, so
    # FindCAF.cmake stands in.
    find_package(CAF CONFIG QUIET)
    if(NOT TARGET CAF::core)
      find_package(CAF 0.17.6 MODULE QUIET COMPONENTS core
        OPTIONAL_COMPONENTS io openssl)
    endif()
    if(NOT TARGET Threads::Threads)
      set(troupe_missing "a library of threads")
    elseif(NOT nlohmann_json_FOUND)
      set(troupe_missing
        "nlohmann_json 3.11 or later (Debian: nlohmann-json3-dev)")
    elseif(NOT TARGET OpenSSL::Crypto)
      set(troupe_missing "OpenSSL (Debian: libssl-dev)")
    elseif(NOT TARGET CAF::core)
      set(troupe_missing
        "CAF 0.17.6 or later (Debian: libcaf-dev; or set CAF_ROOT)")
    endif()
  elseif("${component}" STREQUAL "http")
    find_package(CURL 7.87 QUIET)
    if(NOT CURL_FOUND)
      set(troupe_missing
        "libcurl 7.87 or later (Debian: libcurl4-openssl-dev)")
    endif()
  elseif("${component}" STREQUAL "llm")
    # RE2's own package first, then our find module.
    find_package(re2 CONFIG QUIET)
    if(NOT TARGET re2::re2)
      find_package(re2 MODULE QUIET)
    endif()
    if(NOT TARGET re2::re2)
      set(troupe_missing "RE2 (Debian: libre2-dev; or set re2_ROOT)")
    endif()
  elseif("${component}" STREQUAL "remote")
    if(NOT TARGET CAF::io OR NOT TARGET CAF::openssl)
      set(troupe_missing
        "CAF with its modules io and openssl (Debian: libcaf-dev)")
    endif()
  elseif("${component}" STREQUAL "store")
    find_package(OpenSSL QUIET)
    find_package(SQLiteCpp 3.2 CONFIG QUIET)
    if(NOT SQLiteCpp_FOUND)
      set(troupe_missing "SQLiteCpp 3.2 or later (Debian: libsqlitecpp-dev)")
    elseif(NOT OPENSSL_FOUND)
      set(troupe_missing "OpenSSL (Debian: libssl-dev)")
    endif()
  endif()
endmacro()
