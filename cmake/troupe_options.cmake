# Flags of our own targets. Linked PRIVATE, so that no user ever inherits them.

add_library(troupe_options INTERFACE)

if(CMAKE_CXX_COMPILER_ID MATCHES "GNU|Clang")
  target_compile_options(troupe_options INTERFACE
    -Wall -Wextra -Wpedantic -Wshadow -Wconversion)
  # GCC 12 and 13 take every "text" + string for an overlap at -O3 (bug 105651).
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU"
      AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 14)
    target_compile_options(troupe_options INTERFACE -Wno-restrict)
  endif()
  # GCC takes types in unnamed namespaces of a unity build for those of a
  # header, and sees less of what is initialised in large files.
  if(CMAKE_UNITY_BUILD AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    target_compile_options(troupe_options INTERFACE
      -Wno-subobject-linkage -Wno-maybe-uninitialized)
  endif()
  if(TROUPE_WERROR)
    target_compile_options(troupe_options INTERFACE -Werror)
  endif()
endif()

if(TROUPE_SANITIZERS)
  target_compile_options(troupe_options INTERFACE
    -fsanitize=${TROUPE_SANITIZERS}
    -fno-sanitize-recover=all
    -fno-omit-frame-pointer)
  # Clang 14 cannot place what this check needs beside a coroutine.
  if(CMAKE_CXX_COMPILER_ID MATCHES "Clang"
      AND TROUPE_SANITIZERS MATCHES "undefined")
    target_compile_options(troupe_options INTERFACE -fno-sanitize=function)
  endif()
  target_link_options(troupe_options INTERFACE
    -fsanitize=${TROUPE_SANITIZERS})
endif()

# The language level, the folders and the flags of one of our libraries.
function(troupe_configure_library target)
  target_compile_features(${target} PUBLIC cxx_std_20)
  target_include_directories(${target}
    PUBLIC
      "$<BUILD_INTERFACE:${CMAKE_CURRENT_SOURCE_DIR}/include>"
      "$<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>"
    PRIVATE
      "${CMAKE_CURRENT_SOURCE_DIR}/src")
  target_link_libraries(${target} PRIVATE "$<BUILD_INTERFACE:troupe_options>")
  set_target_properties(${target} PROPERTIES
    CXX_EXTENSIONS OFF
    POSITION_INDEPENDENT_CODE ON
    VERSION ${PROJECT_VERSION}
    SOVERSION ${PROJECT_VERSION_MAJOR}.${PROJECT_VERSION_MINOR})
endfunction()

# The same for a program that is not installed.
function(troupe_configure_program target)
  target_compile_features(${target} PRIVATE cxx_std_20)
  target_link_libraries(${target} PRIVATE troupe_options)
  set_target_properties(${target} PROPERTIES CXX_EXTENSIONS OFF)
endfunction()
