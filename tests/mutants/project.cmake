# Read behind project() in the build of tests/mutants.sh: the library is made of
# many small compilations, of which each reads the common headers once compiled,
# and the tests of few large ones.
set(CMAKE_UNITY_BUILD ON)
set(CMAKE_UNITY_BUILD_BATCH_SIZE 9)
foreach(library IN ITEMS
    troupe_runtime troupe_remote_runtime troupe_store_runtime)
  cmake_language(EVAL CODE "
    cmake_language(DEFER CALL set_target_properties ${library} PROPERTIES
      UNITY_BUILD OFF)
    cmake_language(DEFER CALL target_precompile_headers ${library} PRIVATE
      <algorithm> <functional> <map> <memory> <optional> <string>
      <unordered_map> <vector> <nlohmann/json.hpp>)")
endforeach()
