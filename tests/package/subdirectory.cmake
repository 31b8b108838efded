# Builds and runs tests/package/subdirectory, an outside project in which
# Troupe's sources, SOURCE, are a subdirectory; in WORK. With shared libraries,
# so that those are tried as well.

include("${CMAKE_CURRENT_LIST_DIR}/steps.cmake")

# This compiles every library once more, so it takes six sources at a time, as
# the presets do.
configure("${CMAKE_CURRENT_LIST_DIR}/subdirectory"
  "-DTROUPE_SOURCE=${SOURCE}" -DBUILD_SHARED_LIBS=ON
  -DCMAKE_UNITY_BUILD=ON -DCMAKE_UNITY_BUILD_BATCH_SIZE=6)
run("Building" "${CMAKE_COMMAND}" --build "${WORK}/build")
expect_output("${WORK}/build/user")
