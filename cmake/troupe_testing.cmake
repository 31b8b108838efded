# Functions that declare tests and examples.

set(troupe_testing_scripts "${CMAKE_CURRENT_LIST_DIR}")

# What most of the sources of a test program begin with, compiled once: for
# programs with actors, and for those without.
function(troupe_precompile_tests target)
  get_target_property(libraries ${target} LINK_LIBRARIES)
  set(headers "${PROJECT_SOURCE_DIR}/tests/support/catch.hpp"
    <nlohmann/json.hpp>)
  if(libraries MATCHES "_runtime")
    troupe_precompile(${target} tests
      LINK Catch2::Catch2 nlohmann_json::nlohmann_json
      HEADERS ${headers})
  else()
    troupe_precompile(${target} tests_with_actors
      LINK Catch2::Catch2 troupe_troupe
      HEADERS ${headers} <troupe/system.hpp>)
  endif()
endfunction()

# One Catch2 program, <build>/tests/<name>, with one CTest entry per source
# file that is named *_test.cpp. Hidden cases ("[.]") are not run.
#
# WITH is a command that starts the program with what it needs, here and below.
# The tests named by SLOW begin before the others, so that none is left alone at
# the end.
#
#   troupe_test_program(<name> [TIMEOUT <seconds>] [WITH <command>...]
#     [SLOW <test>...] LINK <target>... SOURCES <file>...)
function(troupe_test_program name)
  cmake_parse_arguments(arg "" "TIMEOUT" "LINK;SLOW;SOURCES;WITH" ${ARGN})
  if(NOT arg_SOURCES)
    return()
  endif()
  if(NOT arg_TIMEOUT)
    # Against hangs only: sanitizers on a busy machine take their time.
    set(arg_TIMEOUT 600)
  endif()
  add_executable(${name} ${arg_SOURCES})
  target_link_libraries(${name} PRIVATE ${arg_LINK} troupe_test_main)
  troupe_configure_program(${name})
  troupe_precompile_tests(${name})
  set_target_properties(${name} PROPERTIES
    RUNTIME_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}/tests")
  string(REGEX REPLACE "_tests$" "" prefix "${name}")
  foreach(source IN LISTS arg_SOURCES)
    get_filename_component(stem "${source}" NAME_WE)
    if(NOT stem MATCHES "_test$")
      continue()
    endif()
    add_test(NAME ${prefix}.${stem}
      COMMAND ${arg_WITH} $<TARGET_FILE:${name}>
        --filenames-as-tags --warn NoTests "[#${stem}]~[.]")
    set_tests_properties(${prefix}.${stem} PROPERTIES
      TIMEOUT ${arg_TIMEOUT}
      WORKING_DIRECTORY "${PROJECT_SOURCE_DIR}")
    if(stem IN_LIST arg_SLOW)
      set_tests_properties(${prefix}.${stem} PROPERTIES COST 30)
    endif()
  endforeach()
endfunction()

# A test that `source` is rejected by the compiler, and that what the compiler
# says contains `text`.
#
#   troupe_must_not_compile(<name> <source> <text> [LINK <target>])
#
# All of them include nlohmann/json.hpp, in what they use of ours, so that it is
# compiled once.
set(troupe_rejected_json "${PROJECT_BINARY_DIR}/must_not_compile/json.hpp")
if(NOT TARGET troupe_rejected_json AND NOT TROUPE_SANITIZERS)
  file(CONFIGURE OUTPUT "${troupe_rejected_json}"
    CONTENT "#include <nlohmann/json.hpp>\n")
  set(json_directories "$<TARGET_PROPERTY:nlohmann_json::nlohmann_json,INTERFACE_INCLUDE_DIRECTORIES>")
  add_custom_command(
    OUTPUT "${troupe_rejected_json}.gch"
    COMMAND "${CMAKE_CXX_COMPILER}" -std=c++20
      "-idirafter$<JOIN:${json_directories},;-idirafter>"
      -x c++-header "${troupe_rejected_json}" -o "${troupe_rejected_json}.gch"
    DEPENDS "${troupe_rejected_json}"
    COMMENT "Compiling nlohmann/json.hpp for what must not compile"
    COMMAND_EXPAND_LISTS VERBATIM)
  add_custom_target(troupe_rejected_json ALL
    DEPENDS "${troupe_rejected_json}.gch")
endif()

function(troupe_must_not_compile name source text)
  cmake_parse_arguments(arg "" "LINK;INCLUDE" "" ${ARGN})
  if(NOT arg_LINK)
    set(arg_LINK troupe_runtime)
  endif()
  get_filename_component(source "${source}" ABSOLUTE)
  set(directories
    "$<TARGET_PROPERTY:${arg_LINK},INTERFACE_INCLUDE_DIRECTORIES>"
    ${arg_INCLUDE})
  add_test(NAME must_not_compile.${name}
    COMMAND "${CMAKE_COMMAND}"
      "-DCOMPILER=${CMAKE_CXX_COMPILER}"
      "-DINCLUDES=${directories}"
      "-DFIRST=${troupe_rejected_json}"
      "-DSOURCE=${source}"
      "-DTEXT=${text}"
      -P "${troupe_testing_scripts}/must_not_compile.cmake")
  set_tests_properties(must_not_compile.${name} PROPERTIES
    TIMEOUT 120
    LABELS static)
endfunction()

# Tests that each mistake of a source is reported as the source says, by the
# compiler of this build and by the other one of GCC and Clang, if it is there:
# see tests/said_by_compiler.py.
#
#   troupe_mistakes(<name> <source>)
find_program(troupe_other_gcc NAMES g++)
find_program(troupe_other_clang NAMES clang++)
function(troupe_mistakes name source)
  if(TROUPE_SANITIZERS)
    return()
  endif()
  get_filename_component(source "${source}" ABSOLUTE)
  set(directories
    "$<TARGET_PROPERTY:troupe_runtime,INTERFACE_INCLUDE_DIRECTORIES>")
  set(gcc "${troupe_other_gcc}")
  set(clang "${troupe_other_clang}")
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    set(gcc "${CMAKE_CXX_COMPILER}")
  elseif(CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
    set(clang "${CMAKE_CXX_COMPILER}")
  endif()
  foreach(compiler IN ITEMS gcc clang)
    if(NOT ${compiler})
      continue()
    endif()
    set(first "$<IF:$<STREQUAL:${compiler},clang>,-ferror-limit=0,-fmax-errors=0>")
    if(compiler STREQUAL "gcc" AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
      list(APPEND first -include "${troupe_rejected_json}")
    endif()
    add_test(NAME must_not_compile.${name}.${compiler}
      COMMAND Python3::Interpreter
        "${PROJECT_SOURCE_DIR}/tests/said_by_compiler.py" "${source}"
        "${${compiler}}" -std=c++20 -fsyntax-only
        "-idirafter$<JOIN:${directories},;-idirafter>" ${first}
      COMMAND_EXPAND_LISTS)
    set_tests_properties(must_not_compile.${name}.${compiler} PROPERTIES
      TIMEOUT 120
      LABELS static
      ENVIRONMENT PYTHONDONTWRITEBYTECODE=1)
  endforeach()
endfunction()

# Builds <name>.cpp as <build>/examples/<name>, runs it with ARGS from the root
# of the repository and compares what it prints with expected/<name>.txt.
#
#   troupe_example(<name> [STATUS <exit status>] [TIMEOUT <seconds>]
#     [SOURCES <file>...] [LINK <target>...] [ARGS <argument>...]
#     [WITH <command>...])
function(troupe_example name)
  cmake_parse_arguments(arg "" "STATUS;TIMEOUT" "SOURCES;LINK;ARGS;WITH" ${ARGN})
  if(NOT arg_SOURCES)
    set(arg_SOURCES ${name}.cpp)
  endif()
  if(NOT arg_STATUS)
    set(arg_STATUS 0)
  endif()
  if(NOT arg_TIMEOUT)
    set(arg_TIMEOUT 60)
  endif()
  add_executable(${name} ${arg_SOURCES})
  target_link_libraries(${name} PRIVATE troupe_troupe ${arg_LINK})
  troupe_configure_program(${name})
  troupe_precompile(${name} examples
    LINK troupe_troupe
    HEADERS <troupe/system.hpp> <iostream>)
  set_target_properties(${name} PROPERTIES
    RUNTIME_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}/examples")
  add_test(NAME example.${name}
    COMMAND "${CMAKE_COMMAND}"
      "-DPROGRAM=${arg_WITH};$<TARGET_FILE:${name}>"
      "-DARGUMENTS=${arg_ARGS}"
      "-DEXPECTED=${CMAKE_CURRENT_SOURCE_DIR}/expected/${name}.txt"
      "-DSTATUS=${arg_STATUS}"
      -P "${troupe_testing_scripts}/compare_output.cmake")
  set_tests_properties(example.${name} PROPERTIES
    TIMEOUT ${arg_TIMEOUT}
    WORKING_DIRECTORY "${PROJECT_SOURCE_DIR}")
endfunction()
