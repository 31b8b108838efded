# Builds and runs tests/package as an outside project, in WORK.
#
# With INSTALL_FROM, a build folder, Troupe is first installed from there into
# a prefix of its own; otherwise its sources, SOURCE, become a subdirectory,
# with shared libraries, so that those are tried as well.

set(expected "n = 42\n")

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

file(REMOVE_RECURSE "${WORK}")
if(INSTALL_FROM)
  run("Installing" "${CMAKE_COMMAND}" --install "${INSTALL_FROM}"
    --prefix "${WORK}/prefix")
  set(how "-DCMAKE_PREFIX_PATH=${WORK}/prefix")
else()
  # This compiles every library once more: as many sources at a time as the
  # build that asks for it.
  set(how "-DTROUPE_SOURCE=${SOURCE}" -DBUILD_SHARED_LIBS=ON)
  if(UNITY_BUILD)
    list(APPEND how -DCMAKE_UNITY_BUILD=ON
      "-DCMAKE_UNITY_BUILD_BATCH_SIZE=${UNITY_BUILD_BATCH_SIZE}")
  endif()
endif()
if(LAUNCHER)
  list(APPEND how "-DCMAKE_CXX_COMPILER_LAUNCHER=${LAUNCHER}")
endif()
if(CAF_ROOT)
  list(APPEND how "-DCAF_ROOT=${CAF_ROOT}")
endif()
run("Configuring" "${CMAKE_COMMAND}"
  -S "${CMAKE_CURRENT_LIST_DIR}" -B "${WORK}/build" -G Ninja
  "-DCMAKE_CXX_COMPILER=${COMPILER}" ${how})
run("Building" "${CMAKE_COMMAND}" --build "${WORK}/build")
run("Running" "${WORK}/build/user")
if(NOT output STREQUAL expected)
  message(FATAL_ERROR "Expected: ${expected}Printed: ${output}")
endif()
