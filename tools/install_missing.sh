#!/bin/sh
# Installs the named Debian packages that are missing; with none missing it
# does nothing, needs no network and no privileges.
#
#   sh tools/install_missing.sh PACKAGE...
set -eu

# A package whose program is there already counts as installed, wherever the
# program came from.
is_there() {
  case $1 in
    ninja-build) command -v ninja >/dev/null 2>&1 && return 0 ;;
    npm | clang | clang-format | clang-tidy | cmake | g++ | git | python3) command -v "$1" >/dev/null 2>&1 && return 0 ;;
  esac
  dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null | grep -qx installed
}

if ! command -v apt-get >/dev/null 2>&1; then
  echo "note: no apt-get here, so these are taken to be installed: $*"
  exit 0
fi

missing=
for package in "$@"; do
  is_there "$package" || missing="$missing $package"
done
[ -n "$missing" ] || exit 0

if [ "$(id -u)" -eq 0 ]; then
  as_root="env"
elif command -v sudo >/dev/null 2>&1 && sudo -n true 2>/dev/null; then
  as_root="sudo -n env"
else
  echo "error: these packages are missing; install them as root:$missing" >&2
  exit 1
fi

log=$(mktemp)
trap 'rm -f "$log"' EXIT
apt() {
  $as_root DEBIAN_FRONTEND=noninteractive apt-get -q -y \
    -o Acquire::Retries=3 -o Dpkg::Use-Pty=0 "$@" </dev/null >"$log" 2>&1
}
echo "installing:$missing"
# shellcheck disable=SC2086  # one word per package
if ! { apt update && apt install --no-install-recommends $missing; }; then
  tail -n 20 "$log" >&2
  echo "error: could not install:$missing" >&2
  exit 1
fi
