#!/bin/sh
# Builds Troupe and summarises every text file under a directory, offline.
#
#   sh examples/quickstart.sh [DIR]
set -eu

directory=${1:-/usr/share/common-licenses}
if [ ! -d "$directory" ]; then
  echo "quickstart: '$directory' is not a directory" >&2
  exit 2
fi
directory=$(CDPATH='' cd -- "$directory" && pwd)
cd -- "$(dirname -- "$0")/.."

fail() {
  echo "quickstart failed: $1" >&2
  exit 1
}

sh tools/check/install_missing.sh g++ cmake ninja-build libcaf-dev libssl-dev \
  nlohmann-json3-dev libutfcpp-dev catch2 librapidcheck-dev libcli11-dev libxml2-dev \
  python3 ||
  fail "packages are missing, see above"
[ -f build/CMakeCache.txt ] ||
  sh tools/check/quietly.sh build/configure.log cmake --preset release ||
  fail "the build could not be configured, see above"
[ -x build/examples/summarize_files ] ||
  echo "building build/examples/summarize_files, a few minutes at first"
sh tools/check/quietly.sh build/build.log \
  cmake --build build --target summarize_files ||
  fail "the build broke, see above"

status=0
build/examples/summarize_files "$directory" || status=$?
[ "$status" -eq 0 ] ||
  echo "quickstart failed: summarize_files ended with status $status" >&2
exit "$status"
