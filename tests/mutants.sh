#!/bin/sh
# Changes the pure engine in small ways and names what no test notices.
#
#   sh tests/mutants.sh [--count N] [--seed S] [--only TEXT[:LINE]]
#
# Swaps operators, moves constants by one and drops statements in runtime/src/,
# runtime/remote/src/leases/ and runtime/store/src/, one change at a time, each
# in a copy below build-mutants/, and runs the tests of that library. A change
# that does not compile is drawn again; one that makes the tests hang or crash is
# noticed. The last line reads "mutants N, noticed K, alive L"; those alive are
# told before, as file:line with the line before and after. Status 1 if one of
# them is not listed in tests/mutants/same.txt, which has those that mean the
# same, with reasons.
# --only limits it to files whose path contains TEXT. More options: --help.
set -eu
cd -- "$(dirname -- "$0")/.."
exec env PYTHONDONTWRITEBYTECODE=1 python3 tests/mutants/mutants.py "$@"
