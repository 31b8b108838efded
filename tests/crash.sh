#!/bin/sh
# Kills a process with durable runs of all kinds at random points, starts it
# again until all have ended, and compares them with runs that nobody disturbed.
#
#   sh tests/crash.sh [--kills N] [--seed S] [--sync normal|full]
#
# The last line reads "kills K, lost L, doubled D, effects_doubled E,
# differences F", all on one line; status 1 if L, D, E or F is not 0, or if
# something else is wrong, which is then told before. More options: --help. The
# program is that of DURABLE_CRASH, or of the first build folder that has one,
# or is built.
set -eu
cd -- "$(dirname -- "$0")/.."

program=${DURABLE_CRASH:-}
for build in build build-ci build-dev; do
  [ -z "$program" ] && [ -x "$build/tests/durable_crash" ] || continue
  program=$build/tests/durable_crash
done

if [ -z "$program" ]; then
  echo "building durable_crash"
  sh tools/check/quietly.sh build/configure.log cmake --preset release
  sh tools/check/quietly.sh build/build.log cmake --build build \
    --target durable_crash
  program=build/tests/durable_crash
fi

exec python3 tests/crash/crash.py --program "$program" "$@"
