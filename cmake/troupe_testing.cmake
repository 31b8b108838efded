# Functions that declare tests and examples.

set(troupe_testing_scripts "${CMAKE_CURRENT_LIST_DIR}")

# One Catch2 program, <build>/tests/<name>, with one CTest entry per source
# file that is named *_test.cpp. Hidden cases ("[.]") are not run.
#
# WITH is a command that starts the program with what it needs, here and below.
#
#   troupe_test_program(<name> [TIMEOUT <seconds>] [WITH <command>...]
#     LINK <target>... SOURCES <file>...)
function(troupe_test_program name)
  cmake_parse_arguments(arg "" "TIMEOUT" "LINK;SOURCES;WITH" ${ARGN})
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
  endforeach()
endfunction()

# A test that `source` is rejected by the compiler, and that what the compiler
# says contains `text`.
#
#   troupe_must_not_compile(<name> <source> <text> [LINK <target>])
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
      "-DSOURCE=${source}"
      "-DTEXT=${text}"
      -P "${troupe_testing_scripts}/must_not_compile.cmake")
  set_tests_properties(must_not_compile.${name} PROPERTIES
    TIMEOUT 120
    LABELS static)
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
