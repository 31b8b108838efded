#!/bin/sh
# Installs what is missing, builds, and runs all tests, optimised and with
# assertions: about a quarter of an hour on two processors.
#
#   sh tests/run.sh [--sanitizers | --only-sanitizers | --install]
#
# --sanitizers: then builds and runs them again under the address and undefined
#   behaviour sanitizers, and under the thread sanitizer where tests/tsan.sh has
#   built a CAF for it. --only-sanitizers leaves out the rest.
# --install: only installs what is missing.
#
# The last line reads "N passed, N failed", counting test cases.
set -eu
cd -- "$(dirname -- "$0")/.."

jobs=$(nproc 2>/dev/null || echo 2)
# Some tests wait for other processes more than they compute.
tests_at_once=$((jobs + 1))
passed=0
failed=0
wrap=
plain=yes
sanitizers=no
only_install=no
case ${1:-} in
  "") ;;
  --sanitizers) sanitizers=yes ;;
  --only-sanitizers) plain=no sanitizers=yes ;;
  --install) only_install=yes ;;
  *)
    sed -n '2,/^set -eu/s/^# \{0,1\}//p' "$0" | sed '$d' >&2
    exit 2
    ;;
esac

stop() {
  echo "tests did not run: $1" >&2
  exit 1
}

# say TEXT: a line with the minutes and seconds since the beginning.
began=$(date +%s)
say() {
  seconds=$(($(date +%s) - began))
  printf '[%02d:%02d] %s\n' $((seconds / 60)) $((seconds % 60)) "$1"
}

# run_preset PRESET [CTEST OPTION...]
run_preset() {
  preset=$1
  shift
  say "$preset: configuring"
  sh tools/check/quietly.sh "build-$preset/configure.log" \
    cmake --preset "$preset" || stop "preset $preset could not be configured"
  say "$preset: building ($jobs at once; a new build takes the longest of all)"
  sh tools/check/quietly.sh "build-$preset/build.log" \
    cmake --build "build-$preset" -j "$jobs" || stop "preset $preset broke"
  say "$preset: testing"
  $wrap ctest --test-dir "build-$preset" -j "$tests_at_once" \
    --no-tests=error --output-on-failure "$@" </dev/null || true
  counts=$(python3 tools/check/count_tests.py \
    "build-$preset/Testing/Temporary/LastTest.log") ||
    stop "ctest of preset $preset left no log"
  passed=$((passed + ${counts% *}))
  failed=$((failed + ${counts#* }))
  say "$preset: ${counts% *} passed, ${counts#* } failed"
  [ "${counts#* }" -eq 0 ] ||
    echo "again with: ctest --preset $preset --rerun-failed"
}

say "installing what is missing"
sh tools/check/install_missing.sh g++ cmake ninja-build libcaf-dev \
  nlohmann-json3-dev catch2 librapidcheck-dev libcli11-dev \
  libssl-dev libcurl4-openssl-dev libre2-dev libsqlitecpp-dev \
  libutfcpp-dev libasio-dev nghttp2-server json-schema-test-suite \
  libevent-dev libxml2-dev clang npm \
  python3 git ||
  stop "packages are missing, see above"
[ "$only_install" = no ] || exit 0

# Where python3 is the script of a version manager, which takes ten times as long
# to start as the interpreter, the tests find the interpreter first.
python=$(python3 -c 'import os, sys; print(os.path.dirname(sys.executable))')
case $(command -v python3) in
  "$python"/*) ;;
  *) PATH=$python:$PATH ;;
esac

LSAN_OPTIONS="suppressions=$PWD/tests/support/leaks.supp:print_suppressions=0"
export LSAN_OPTIONS

[ "$plain" = no ] || run_preset ci
if [ "$sanitizers" = yes ]; then
  # Tests labelled "static" run nothing that a sanitizer could watch.
  run_preset asan -LE static
  if caf=$(sh tests/tsan.sh --where); then
    sh tests/tsan.sh --configure
    wrap="sh tests/tsan.sh --run"
    run_preset tsan -LE static
  else
    say "tsan: left out, as there is no CAF for it in $caf;"
    echo "sh tests/tsan.sh builds one"
  fi
fi

echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
