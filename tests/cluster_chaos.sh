#!/bin/sh
# Kills, freezes and cuts off workers of a cluster under load, and checks that
# nothing is lost and nothing counts twice.
#
#   sh tests/cluster_chaos.sh [--kills N] [--freezes N] [--cuts N] [--seed S]
#
# The last line reads "runs R, kills K, freezes F, cuts C, lost L, doubled D,
# unfinished U, restart_p99 S s", all on one line; status 1 if L, D or U is not
# 0, or if something else is wrong, which is then told before. More options:
# --help. The program is that of CLUSTER_CHAOS, or of the first build folder
# that has one, or is built.
set -eu
cd -- "$(dirname -- "$0")/.."

program=${CLUSTER_CHAOS:-}
for build in build build-ci build-dev; do
  [ -z "$program" ] && [ -x "$build/tests/cluster_chaos" ] || continue
  program=$build/tests/cluster_chaos
done

if [ -z "$program" ]; then
  echo "building cluster_chaos"
  sh tools/check/quietly.sh build/configure.log cmake --preset release
  sh tools/check/quietly.sh build/build.log cmake --build build \
    --target cluster_chaos
  program=build/tests/cluster_chaos
fi

exec python3 tests/chaos/chaos.py --program "$program" "$@"
