#!/bin/sh
# Everything a change has to pass: format, house rules, lint, build and tests.
#
#   sh tools/check.sh [--quick]
#
# --quick: format and house rules only, a few seconds.
set -eu
cd -- "$(dirname -- "$0")/.."

fail() {
  echo "check failed: $1" >&2
  exit 1
}

sources() { git ls-files -co --exclude-standard -- '*.cpp' '*.hpp'; }

sh tools/check/install_missing.sh clang-format python3 git ||
  fail "packages are missing, see above"
sources | xargs clang-format --dry-run --Werror ||
  fail "format; mend with: git ls-files '*.[ch]pp' | xargs clang-format -i"
python3 tools/check/tidy.py || fail "house rules"
python3 tools/check/check_docs.py || fail "documentation"
[ "${1:-}" != --quick ] || exit 0

sh tools/check/lint.sh || fail "lint"
sh tests/run.sh
