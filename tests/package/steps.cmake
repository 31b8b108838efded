# What the scripts of package tests do. All of them have COMPILER, WORK, and
# perhaps LAUNCHER, CAF_ROOT and INSTALL_FROM.

set(expected "n = 42\n")
set(common_options "-DCMAKE_CXX_COMPILER=${COMPILER}")
if(LAUNCHER)
  list(APPEND common_options "-DCMAKE_CXX_COMPILER_LAUNCHER=${LAUNCHER}")
endif()
if(CAF_ROOT)
  list(APPEND common_options "-DCAF_ROOT=${CAF_ROOT}")
endif()
file(REMOVE_RECURSE "${WORK}")

function(run what)
  execute_process(COMMAND ${ARGN}
    RESULT_VARIABLE status
    OUTPUT_VARIABLE output
    ERROR_VARIABLE output)
  if(NOT status EQUAL 0)
    message(FATAL_ERROR "${what} failed (${status}):\n${output}")
  endif()
  set(output "${output}" PARENT_SCOPE)
endfunction()

# Installs the build INSTALL_FROM into WORK/prefix, to be found from now on.
macro(install_troupe)
  run("Installing" "${CMAKE_COMMAND}" --install "${INSTALL_FROM}"
    --prefix "${WORK}/prefix")
  list(APPEND common_options "-DCMAKE_PREFIX_PATH=${WORK}/prefix")
endmacro()

function(configure source)
  run("Configuring" "${CMAKE_COMMAND}" -S "${source}" -B "${WORK}/build"
    -G Ninja ${common_options} ${ARGN})
endfunction()

# Configures what is in WORK/build once more, which has to fail with `text`.
function(configure_in_vain text)
  run_in_vain("${text}" "${CMAKE_COMMAND}" ${ARGN} "${WORK}/build")
endfunction()

# Runs a command that has to fail with `text`.
function(run_in_vain text)
  execute_process(COMMAND ${ARGN}
    RESULT_VARIABLE status
    OUTPUT_VARIABLE output
    ERROR_VARIABLE output)
  # CMake breaks lines where it likes.
  string(REGEX REPLACE "[ \n]+" " " flat "${output}")
  string(FIND "${flat}" "${text}" place)
  if(status EQUAL 0 OR place EQUAL -1)
    message(FATAL_ERROR
      "${ARGN}\nhas to fail with '${text}':\n${output}")
  endif()
endfunction()

function(expect_output program)
  run("Running" "${program}")
  if(NOT output STREQUAL expected)
    message(FATAL_ERROR
      "${program} has to print: ${expected}It printed: ${output}")
  endif()
endfunction()
