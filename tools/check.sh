#!/bin/sh
# Everything a change has to pass: format, house rules, lint, build and tests.
#
#   sh tools/check.sh [--quick]
#
# --quick: format and house rules only, a few seconds. Lint runs where
# clang-tidy is installed, on the sources that differ from origin/main.
set -eu
cd -- "$(dirname -- "$0")/.."

fail() {
  echo "check failed: $1" >&2
  exit 1
}

sources() { git ls-files -co --exclude-standard -- '*.cpp' '*.hpp'; }

command -v clang-format >/dev/null 2>&1 || fail "clang-format is missing"
sources | xargs clang-format --dry-run --Werror ||
  fail "format; mend with: git ls-files '*.[ch]pp' | xargs clang-format -i"
python3 tools/check/tidy.py || fail "house rules"
python3 tools/check/check_docs.py || fail "documentation"
[ "${1:-}" != --quick ] || exit 0

if command -v clang-tidy >/dev/null 2>&1; then
  sh tools/check/quietly.sh build-dev/configure.log cmake --preset dev ||
    fail "the build could not be configured"
  base=$(git merge-base HEAD origin/main 2>/dev/null || git rev-parse HEAD)
  git diff --name-only --diff-filter=d "$base" -- '*.cpp' |
    xargs -r clang-tidy -p build-dev --quiet || fail "lint"
fi
sh tests/run.sh
