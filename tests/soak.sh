#!/bin/sh
# Runs flows of all kinds for minutes, and fails where memory, threads or
# descriptors grow.
#
#   sh tests/soak.sh [--minutes N]
#
# N is 10 where it is not given. Prints a line each minute; the last line reads
# "rounds N, rss_first X MB, rss_last Y MB, threads A/B, descriptors C/D", with
# the medians of the first and the last third of the rounds after a warm-up of
# a tenth. Status 1 if memory is more than 5 % and 2 MB above, or there are more
# threads or descriptors than ever in the first third, which is then told
# before. The program is that of SOAK, or of the first build folder that has
# one, or is built.
set -eu
cd -- "$(dirname -- "$0")/.."

program=${SOAK:-}
for build in build build-ci build-dev; do
  [ -z "$program" ] && [ -x "$build/tests/troupe_soak" ] || continue
  program=$build/tests/troupe_soak
done

if [ -z "$program" ]; then
  echo "building soak"
  sh tools/check/quietly.sh build/configure.log cmake --preset release
  sh tools/check/quietly.sh build/build.log cmake --build build --target troupe_soak
  program=build/tests/troupe_soak
fi

exec python3 tests/support/servers/model_server.py --script tests/soak/script.json \
  "$program" "$@"
