#!/bin/sh
# Runs a command silently and shows the end of what it printed if it fails. On a
# terminal, the last line of it is shown meanwhile.
#
#   sh tools/quietly.sh LOG COMMAND [ARGUMENT...]
set -u
log=$1
shift
mkdir -p "$(dirname -- "$log")"

with_progress() {
  : >"$log"
  "$@" </dev/null >"$log" 2>&1 &
  command=$!
  trap 'kill "$command" 2>/dev/null; exit 130' INT TERM
  while kill -0 "$command" 2>/dev/null; do
    printf '\r\033[K%.78s' "$(tail -n 1 "$log")"
    sleep 1
  done
  printf '\r\033[K'
  wait "$command"
}

if [ -t 1 ]; then
  with_progress "$@" && exit 0
else
  "$@" </dev/null >"$log" 2>&1 && exit 0
fi
status=$?
tail -n 40 "$log" >&2
echo "error: failed: $* (all of it: $log)" >&2
exit "$status"
