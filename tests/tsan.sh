#!/bin/sh
# Runs all tests under the thread sanitizer.
#
# The distribution's CAF library hides its atomic operations from the
# sanitizer, which then reports races that are none. So this builds CAF once
# more, instrumented, from the upstream archive in the distribution's source
# package (about fifteen minutes of processor time, once) and links the tests
# with that.
#
#   sh tests/tsan.sh              build what is missing, run the tests
#   sh tests/tsan.sh --caf        only build the instrumented CAF
#   sh tests/tsan.sh --configure  only configure build-tsan with it
#   sh tests/tsan.sh --where      print its folder; status 0 if it is there
#   sh tests/tsan.sh --run ...    run a command as the sanitizer needs it
set -eu
cd -- "$(dirname -- "$0")/.."

cache=${XDG_CACHE_HOME:-${HOME:-/tmp}/.cache}/troupe
caf=$cache/tsan-caf
jobs=$(nproc 2>/dev/null || echo 2)

stop() {
  echo "tsan.sh failed: $1" >&2
  exit 1
}

# One that was built before the tests needed its network modules lacks them.
has_caf() { [ -f "$caf/complete" ] && [ -e "$caf/lib/libcaf_openssl.so" ]; }

# The archives this machine already uses, asked for sources instead.
write_source_lists() {
  for list in /etc/apt/sources.list.d/*.sources; do
    [ -f "$list" ] || continue
    sed 's/^Types:.*/Types: deb-src/' "$list" >"$1/$(basename "$list")"
  done
  for list in /etc/apt/sources.list /etc/apt/sources.list.d/*.list; do
    [ -f "$list" ] || continue
    sed -n 's/^deb /deb-src /p' "$list" >"$1/$(basename "$list" .list).list"
  done
}

# apt-get with lists and caches of its own in $work; needs no privileges.
apt_sources() {
  apt-get -q -o Dir::Etc::SourceList=/dev/null \
    -o Dir::Etc::SourceParts="$work/sources" \
    -o Dir::State::Lists="$work/lists" -o Dir::Cache="$work/cache" \
    -o APT::Sandbox::User="$(id -un)" -o Acquire::Retries=3 "$@"
}

fetch_source() {
  mkdir -p "$work/sources" "$work/lists/partial" "$work/cache"
  write_source_lists "$work/sources"
  apt_sources update && cd "$work" &&
    apt_sources --download-only --tar-only source actor-framework &&
    mkdir caf &&
    tar -xf actor-framework_*.orig.tar.* -C caf --strip-components=1
}

# "set -e" does not reach into a condition, hence the chain.
# Newer compilers want <limits>, which the sources forgot.
build_caf() {
  cmake -S "$work/caf" -B "$work/build" -G Ninja \
    -DCMAKE_BUILD_TYPE=RelWithDebInfo \
    -DCMAKE_CXX_FLAGS_RELWITHDEBINFO="-O1 -g1" \
    -DCMAKE_CXX_FLAGS="-fsanitize=thread -include limits" \
    -DCMAKE_SHARED_LINKER_FLAGS="-fsanitize=thread" \
    -DCMAKE_INSTALL_PREFIX="$caf" -DCMAKE_INSTALL_LIBDIR=lib \
    -DCAF_NO_AUTO_LIBCPP=ON -DCAF_NO_OPENCL=ON -DCAF_NO_PYTHON=ON \
    -DCAF_NO_TOOLS=ON -DCAF_NO_EXAMPLES=ON -DCAF_NO_UNIT_TESTS=ON &&
    cmake --build "$work/build" -j "$jobs" &&
    cmake --install "$work/build"
}

make_caf() {
  work=$(mktemp -d)
  trap 'rm -rf "$work"' EXIT
  sh tools/check/install_missing.sh g++ cmake ninja-build libssl-dev ||
    stop "packages are missing, see above"
  mkdir -p "$cache"
  echo "fetching the sources of CAF"
  (fetch_source) >"$cache/fetch.log" 2>&1 </dev/null || {
    tail -n 20 "$cache/fetch.log" >&2
    stop "no sources of CAF to be had (log: $cache/fetch.log)"
  }
  echo "building an instrumented CAF in $caf"
  rm -rf "$caf"
  build_caf >"$cache/build.log" 2>&1 </dev/null || {
    tail -n 40 "$cache/build.log" >&2
    stop "CAF did not build (log: $cache/build.log)"
  }
  touch "$caf/complete"
}

configure() {
  sh tools/check/quietly.sh build-tsan/configure.log \
    cmake --preset tsan -DCAF_ROOT="$caf" ||
    stop "build-tsan could not be configured"
}

# The sanitizer of GCC 12 stumbles over kernels that randomise addresses more
# than it expects.
run() {
  bits=$(cat /proc/sys/vm/mmap_rnd_bits 2>/dev/null || echo 28)
  if [ "$bits" -gt 28 ] && setarch "$(uname -m)" -R true 2>/dev/null; then
    setarch "$(uname -m)" -R "$@"
  else
    "$@"
  fi
}

run_tests() {
  echo "building the tests"
  sh tools/check/quietly.sh build-tsan/build.log \
    cmake --build build-tsan -j "$jobs" || stop "the tests did not build"
  run ctest --test-dir build-tsan -LE static -j "$jobs" --no-tests=error \
    --output-on-failure </dev/null ||
    stop "see above; again with: ctest --preset tsan --rerun-failed"
}

case ${1:-} in
  --where)
    echo "$caf"
    has_caf
    ;;
  --run)
    shift
    run "$@"
    ;;
  --caf) has_caf || make_caf ;;
  --configure)
    has_caf || stop "there is no $caf; run: sh tests/tsan.sh --caf"
    configure
    ;;
  "")
    has_caf || make_caf
    configure
    run_tests
    ;;
  *) stop "unknown option $1" ;;
esac
