#!/bin/sh
# Installs what is missing, builds, and runs all tests: optimised with
# assertions, then under the address and undefined behaviour sanitizers, then
# under the thread sanitizer where tests/tsan.sh has built a CAF for it.
#
#   sh tests/run.sh
#
# The last line reads "N passed, N failed", counting test cases.
set -eu
cd -- "$(dirname -- "$0")/.."

jobs=$(nproc 2>/dev/null || echo 2)
passed=0
failed=0
wrap=

stop() {
  echo "tests did not run: $1" >&2
  exit 1
}

# run_preset PRESET [CTEST OPTION...]
run_preset() {
  preset=$1
  shift
  echo "== $preset: building"
  sh tools/check/quietly.sh "build-$preset/configure.log" \
    cmake --preset "$preset" || stop "preset $preset could not be configured"
  sh tools/check/quietly.sh "build-$preset/build.log" \
    cmake --build "build-$preset" -j "$jobs" || stop "preset $preset broke"
  echo "== $preset: testing"
  $wrap ctest --test-dir "build-$preset" -j "$jobs" --no-tests=error \
    --output-on-failure "$@" </dev/null || true
  counts=$(python3 tools/check/count_tests.py \
    "build-$preset/Testing/Temporary/LastTest.log") ||
    stop "ctest of preset $preset left no log"
  passed=$((passed + ${counts% *}))
  failed=$((failed + ${counts#* }))
  [ "${counts#* }" -eq 0 ] ||
    echo "== $preset: ${counts#* } failed; again with:" \
      "ctest --preset $preset --rerun-failed"
}

sh tools/check/install_missing.sh g++ cmake ninja-build libcaf-dev \
  nlohmann-json3-dev catch2 librapidcheck-dev libcli11-dev \
  libssl-dev libcurl4-openssl-dev libre2-dev \
  libutfcpp-dev nghttp2-server json-schema-test-suite \
  libevent-dev libxml2-dev clang npm \
  python3 git ||
  stop "packages are missing, see above"

LSAN_OPTIONS="suppressions=$PWD/tests/support/leaks.supp:print_suppressions=0"
export LSAN_OPTIONS

run_preset ci
# Tests labelled "static" run nothing that a sanitizer could watch.
run_preset asan -LE static
if caf=$(sh tests/tsan.sh --where); then
  sh tests/tsan.sh --configure
  wrap="sh tests/tsan.sh --run"
  run_preset tsan -LE static
else
  echo "== tsan: left out, as there is no CAF for it in $caf;" \
    "sh tests/tsan.sh builds one"
fi

echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
