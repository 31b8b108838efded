#!/bin/sh
# Runs a command silently and shows the end of what it printed if it fails.
#
#   sh tools/check/quietly.sh LOG COMMAND [ARGUMENT...]
set -u
log=$1
shift
mkdir -p "$(dirname -- "$log")"
"$@" </dev/null >"$log" 2>&1 && exit 0
status=$?
tail -n 40 "$log" >&2
echo "error: failed: $* (all of it: $log)" >&2
exit "$status"
