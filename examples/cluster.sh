#!/bin/sh
# Summarises every text file under a directory by one supervisor and three
# workers on this machine, and kills one of the workers in the middle.
#
#   sh examples/cluster.sh [DIR]
#
# TROUPE_BUILD names a build directory that has the programs; without it they
# are built.
set -eu

directory=${1:-/usr/share/common-licenses}
if [ ! -d "$directory" ]; then
  echo "cluster: '$directory' is not a directory" >&2
  exit 2
fi
directory=$(CDPATH='' cd -- "$directory" && pwd)
if [ -n "${TROUPE_BUILD:-}" ]; then
  if [ ! -d "$TROUPE_BUILD" ]; then
    echo "cluster: '$TROUPE_BUILD', of TROUPE_BUILD, is not a directory" >&2
    exit 2
  fi
  TROUPE_BUILD=$(CDPATH='' cd -- "$TROUPE_BUILD" && pwd)
fi
cd -- "$(dirname -- "$0")/.."

fail() {
  echo "cluster failed: $1" >&2
  exit 1
}

if [ -z "${TROUPE_BUILD:-}" ]; then
  TROUPE_BUILD=build
  sh tools/check/install_missing.sh g++ cmake ninja-build libcaf-dev libssl-dev \
    nlohmann-json3-dev libutfcpp-dev catch2 librapidcheck-dev libcli11-dev libxml2-dev \
    python3 ||
    fail "packages are missing, see above"
  [ -f build/CMakeCache.txt ] ||
    sh tools/check/quietly.sh build/configure.log cmake --preset release ||
    fail "the build could not be configured, see above"
  [ -x build/bin/troupe ] ||
    echo "building the programs, a few minutes at first"
  sh tools/check/quietly.sh build/build.log \
    cmake --build build --target summarize_files troupe_program ||
    fail "the build broke, see above"
fi
summarize=$TROUPE_BUILD/examples/summarize_files
troupe=$TROUPE_BUILD/bin/troupe

scratch=$(mktemp -d)
workers=
supervisor=
end_all() {
  # shellcheck disable=SC2086  # one word per process
  kill -KILL $workers $supervisor 2>/dev/null || true
  rm -rf "$scratch"
}
trap end_all EXIT
trap 'exit 130' HUP INT TERM

# wait_for SECONDS COMMAND...: until the command succeeds.
wait_for() {
  left=$(($1 * 50))
  shift
  until "$@"; do
    left=$((left - 1))
    [ "$left" -gt 0 ] || return 1
    sleep 0.02
  done
}

# Small pieces, so that there is time to kill a worker among them.
"$summarize" "$directory" --listen 0 --chunk-bytes 256 --out "$scratch/out" \
  2>"$scratch/supervisor" &
supervisor=$!
listens() { grep -q 'listens for workers on' "$scratch/supervisor"; }
wait_for 20 listens || fail "$(cat "$scratch/supervisor")"
at=$(sed -n 's/.*listens for workers on //p' "$scratch/supervisor")
echo "supervisor: process $supervisor, at $at"

start_worker() {
  "$summarize" --worker --join "$at" --concurrency 1 \
    2>"$scratch/worker-$1" &
  workers="$workers $!"
  echo "worker $1: process $!"
}
has_joined() { grep -q 'has joined' "$scratch/worker-$1"; }

start_worker 1
victim=${workers## }
wait_for 20 has_joined 1 || fail "$(cat "$scratch/worker-1")"
# In the middle of its work: what it holds from here on is not done by it.
kill -STOP "$victim"
start_worker 2
start_worker 3
"$troupe" cluster status --connect "$at"
kill -KILL "$victim"
echo "killed worker 1, process $victim"

status=0
wait "$supervisor" || status=$?
supervisor=
grep -v 'listens for workers' "$scratch/supervisor" || true
cat "$scratch/out"
[ "$status" -eq 0 ] || fail "the supervisor ended with status $status"

# The other two are asked to leave, and do so in order.
for each in $workers; do
  [ "$each" = "$victim" ] || kill -TERM "$each"
done
for each in $workers; do
  status=0
  wait "$each" || status=$?
  [ "$each" = "$victim" ] || [ "$status" -eq 0 ] ||
    fail "the worker $each ended with status $status"
done
workers=
