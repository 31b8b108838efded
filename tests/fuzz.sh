#!/bin/sh
# Runs the fuzz targets of tests/fuzz longer than the test command does.
#
#   sh tests/fuzz.sh [--minutes N] [TARGET...]
#
# Builds them with the preset dev and runs each for N minutes (10 unless given),
# as many at a time as there are processors. TARGET is a name without "_fuzz";
# without one, all run. Prints a line for each target and ends with status 1
# if one of them found something; the input is then in
# build-dev/tests/fuzz/found/.
set -eu
cd -- "$(dirname -- "$0")/.."

usage() {
  sed -n '2,/^set -eu/s/^# \{0,1\}//p' "$0" | sed '$d'
}

minutes=10
while [ $# -gt 0 ]; do
  case $1 in
    --minutes)
      minutes=${2:-}
      shift
      ;;
    --help)
      usage
      exit 0
      ;;
    -*)
      echo "fuzz: unknown option $1; see --help" >&2
      exit 2
      ;;
    *) break ;;
  esac
  shift
done
case $minutes in
  '' | *[!0-9]* | 0)
    echo "fuzz: --minutes needs a whole number of at least 1" >&2
    exit 2
    ;;
esac

sh tools/check/quietly.sh build-dev/configure.log cmake --preset dev
sh tools/check/quietly.sh build-dev/build.log \
  cmake --build build-dev --target fuzz_targets -j "$(nproc)"
folder=build-dev/tests/fuzz
if [ $# -eq 0 ]; then
  for program in "$folder"/*_fuzz; do
    name=$(basename "$program")
    set -- "$@" "${name%_fuzz}"
  done
fi

# The numbers of a finished run, from libFuzzer's last lines.
number() {
  sed -n "s/^stat::$2: *//p" "$folder/$1.log"
}

run() {
  name=$1
  mkdir -p "$folder/found/$name"
  status=0
  (cd "$folder" && "./${name}_fuzz" -max_total_time=$((minutes * 60)) \
    -rss_limit_mb=2048 -timeout=60 -artifact_prefix="found/$name-" \
    -print_final_stats=1 "found/$name" \
    "$OLDPWD/tests/fuzz/corpus/$name") >"$folder/$name.log" 2>&1 ||
    status=$?
  if [ "$status" -eq 0 ]; then
    echo "$name: $(number "$name" number_of_executed_units) inputs," \
      "$(number "$name" average_exec_per_sec) per second," \
      "$(number "$name" peak_rss_mb) MB, nothing found"
  else
    echo "$name: FAILED, see $folder/$name.log"
  fi
  return "$status"
}

for name in "$@"; do
  if [ ! -x "$folder/${name}_fuzz" ]; then
    echo "fuzz: there is no target '$name'" >&2
    exit 2
  fi
done
failed=0
at_once=$(nproc)
running=
for name in "$@"; do
  run "$name" &
  running="$running $!"
  at_once=$((at_once - 1))
  if [ "$at_once" -eq 0 ]; then
    for each in $running; do wait "$each" || failed=1; done
    running=
    at_once=$(nproc)
  fi
done
for each in $running; do wait "$each" || failed=1; done
exit "$failed"
