#!/bin/sh
# Replays the recorded flows in a process that dies after each step. Takes the
# program replay_traces.
set -eu
folder=$(mktemp -d)
trap 'rm -rf -- "$folder"' EXIT
"$1" --store "$folder/runs.db" --restart-every-step
