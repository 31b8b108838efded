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

# One of our libraries: troupe::NAME, the target troupe_NAME. It is installed
# with COMPONENT, or with what is always there. PUBLIC and PRIVATE are what it
# links; ROOMS_OF are the libraries whose shared rooms it includes, as
# tools/check/rooms.py allows.
#
#   troupe_add_library(<name> [COMPONENT <component>] SOURCES <file>...
#     [PUBLIC <target>...] [PRIVATE <target>...] [ROOMS_OF <folder>...])
function(troupe_add_library name)
  cmake_parse_arguments(arg "" "COMPONENT"
    "SOURCES;PUBLIC;PRIVATE;ROOMS_OF" ${ARGN})
  set(target troupe_${name})
  add_library(${target} ${arg_SOURCES})
  add_library(troupe::${name} ALIAS ${target})
  set_target_properties(${target} PROPERTIES
    EXPORT_NAME ${name}
    CXX_EXTENSIONS OFF
    POSITION_INDEPENDENT_CODE ON
    VERSION ${PROJECT_VERSION}
    SOVERSION ${PROJECT_VERSION_MAJOR}.${PROJECT_VERSION_MINOR})
  target_compile_features(${target} PUBLIC cxx_std_20)
  set(rooms "${CMAKE_CURRENT_SOURCE_DIR}/src")
  foreach(folder IN LISTS arg_ROOMS_OF)
    list(APPEND rooms "${PROJECT_SOURCE_DIR}/${folder}/src")
  endforeach()
  target_include_directories(${target} PRIVATE ${rooms})
  target_link_libraries(${target}
    PUBLIC ${arg_PUBLIC}
    PRIVATE ${arg_PRIVATE} "$<BUILD_INTERFACE:troupe_options>")
  if(NOT arg_COMPONENT)
    set(arg_COMPONENT core)
  endif()
  set_property(GLOBAL APPEND PROPERTY troupe_components ${arg_COMPONENT})
  set_property(GLOBAL APPEND PROPERTY
    troupe_${arg_COMPONENT}_libraries ${target})
  if(NOT IS_DIRECTORY "${CMAKE_CURRENT_SOURCE_DIR}/include")
    return()
  endif()
  target_include_directories(${target} PUBLIC
    "$<BUILD_INTERFACE:${CMAKE_CURRENT_SOURCE_DIR}/include>"
    "$<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>")
  set_property(GLOBAL APPEND PROPERTY
    troupe_include_roots "${CMAKE_CURRENT_SOURCE_DIR}/include")
  if(TROUPE_CHECK_HEADERS)
    troupe_check_headers(${target})
  endif()
endfunction()

# The language level and the flags of a program that is not installed.
function(troupe_configure_program target)
  target_compile_features(${target} PRIVATE cxx_std_20)
  target_link_libraries(${target} PRIVATE troupe_options)
  set_target_properties(${target} PROPERTIES CXX_EXTENSIONS OFF)
endfunction()
