#!/bin/sh
# Runs clang-tidy on the sources that changed: those that differ from where the
# branch left origin/main or, on main itself and in a clone without it, from the
# last commit's parent.
#
#   sh tools/lint.sh [--all] [--at-most FILES]
#
# A source takes half a minute of a processor, so at most 16 are read unless
# --at-most says otherwise, those with the most changed lines first; how many
# were left out is said. --all: every source, for hours. Of headers, those are
# told of that have the name of a source that is read.
set -eu
cd -- "$(dirname -- "$0")/.."

at_most=16
all=no
while [ $# -gt 0 ]; do
  case $1 in
    --all) all=yes ;;
    --at-most)
      at_most=$2
      shift
      ;;
    *)
      echo "lint: unknown option $1" >&2
      exit 2
      ;;
  esac
  shift
done

find_base() {
  base=$(git merge-base HEAD origin/main 2>/dev/null || true)
  if [ -z "$base" ] || [ "$base" = "$(git rev-parse HEAD)" ]; then
    base=$(git rev-parse --verify -q HEAD~1 || git rev-parse HEAD)
  fi
  echo "$base"
}

# The sources to read, the most changed first. Of a header that changed, the
# source of its name is read.
sources() {
  if [ "$all" = yes ]; then
    git ls-files -- '*.cpp'
    return
  fi
  base=$(find_base)
  git diff --numstat --no-renames --diff-filter=d "$base" -- '*.cpp' '*.hpp' |
    sort -rn | cut -f 3 | while read -r file; do
      case $file in
        *.cpp) echo "$file" ;;
        *) git ls-files -- "*/$(basename "$file" .hpp).cpp" ;;
      esac
    done
}

found=$(sources | grep -v '/must_not_compile/\|_fuzz\.cpp$' | awk '!seen[$0]++' || true)
if [ -z "$found" ]; then
  echo "lint: no source changed"
  exit 0
fi
count=$(echo "$found" | wc -l)
[ "$all" = no ] || at_most=$count

sh tools/install_missing.sh clang-tidy
# Apart from the builds: it must not see what another compiler precompiled.
sh tools/quietly.sh build-lint/configure.log cmake --preset dev \
  -B build-lint -DTROUPE_PRECOMPILE=OFF -DTROUPE_CHECK_HEADERS=OFF
echo "lint: $((count < at_most ? count : at_most)) of $count changed sources"
echo "$found" | head -n "$at_most" |
  xargs -P "$(nproc 2>/dev/null || echo 2)" -n 1 \
    clang-tidy -p build-lint --quiet --warnings-as-errors='*' \
    --header-filter="/($(echo "$found" | sed 's|.*/||; s/\.cpp$/.hpp/' | sort -u | paste -s -d '|'))\$"
