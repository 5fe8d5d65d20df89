#!/usr/bin/env bash
# Installs what gtsa is built from, on Debian 12 and 13, and makes sure the OpenMP build of OpenBLAS is the BLAS in use.
# Run it as often as you like: where nothing is missing it changes nothing and needs no rights.
#
#   scripts/setup.sh           install what is missing (as root, or through sudo)
#   scripts/setup.sh --check   change nothing; exit 1 and name what is missing
#   scripts/setup.sh --list    print the packages
#   scripts/setup.sh --browser as without, and Chromium with what drives it: the tests of gtsa report's pages need them
#   scripts/setup.sh --coverage   as without, and what scripts/coverage.sh needs
#   scripts/setup.sh --peers   as without, and the PyTorch that scripts/bench.sh compares with
# Words may come together: --list --browser --coverage.
set -euo pipefail

packages=(
  g++ cmake ninja-build pkg-config ccache                       # tools (ccache only saves time)
  libtorch-dev                                                  # LibTorch, and five that its CMake files and headers need
  libgflags-dev libgoogle-glog-dev libprotobuf-dev protobuf-compiler libgloo-dev
  libopenblas0-openmp libopenblas-openmp-dev                    # BLAS on LibTorch's own thread team
  libdnnl-dev                                                   # large matrix products
  libhwy-dev libjpeg-dev libpng-dev libwebp-dev                 # vector code, pictures
  libcli11-dev libtomlplusplus-dev libfmt-dev libspdlog-dev nlohmann-json3-dev
  libgtest-dev libgmock-dev libbenchmark-dev                    # tests, benchmarks
)
browser_packages=(chromium)
# Only where no other node and npm are there: many people have newer ones from elsewhere, which these would conflict with.
command -v npm >/dev/null || packages+=(nodejs npm)                # fetch uPlot, the charts of gtsa report
say() { printf 'setup: %s\n' "$*"; }
fail() { printf 'setup: %s\n' "$*" >&2; exit 1; }

mode=install
npm_options=(--omit=dev)
for word in "$@"; do
  case "$word" in
    --check) mode=check ;;
    --list) mode=list ;;
    --browser) packages+=("${browser_packages[@]}"); npm_options=() ;;
    --coverage) packages+=(gcovr) ;;
    --peers) packages+=(python3-torch python3-torchvision python3-pil python3-numpy) ;;
    *) fail "unknown option '$word'; known: --check, --list, --browser, --coverage, --peers" ;;
  esac
done
if [ "$mode" = list ]; then printf '%s\n' "${packages[@]}"; exit 0; fi

refuse_elsewhere() {
  local id="" version=""
  if [ -r /etc/os-release ]; then
    id=$(. /etc/os-release && printf '%s' "${ID:-}")
    version=$(. /etc/os-release && printf '%s' "${VERSION_ID:-}")
  fi
  case "$id:$version" in debian:12 | debian:13) return ;; esac
  {
    echo "setup: this script knows Debian 12 and 13, and this is '${id:-an unknown system} ${version}'. Nothing was changed."
    echo "setup: install by hand what these Debian packages bring, then run scripts/build.sh:"
    printf '  %s\n' "${packages[@]}"
    echo "setup: LibTorch may also come from PyTorch's own packages (CMAKE_PREFIX_PATH=.../torch/share/cmake);"
    echo "setup: then gflags, glog, protobuf, gloo and OpenBLAS are not needed."
  } >&2
  exit 1
}

missing_packages() {
  local name
  for name in "${packages[@]}"; do
    [ "$(dpkg-query -W -f='${db:Status-Status}' "$name" 2>/dev/null || true)" = installed ] || printf '%s\n' "$name"
  done
}

as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"; return; fi
  command -v sudo >/dev/null || fail "needs the rights of root for '$*': run it as root, or install sudo"
  sudo "$@"
}

# The reference BLAS is a hundred times slower, and OpenBLAS's pthread build runs a second pool of threads beside LibTorch's.
triplet() { dpkg-architecture -qDEB_HOST_MULTIARCH 2>/dev/null || gcc -print-multiarch; }
library_in_use() { readlink -f "/usr/lib/$(triplet)/$1" || true; }
wrong_libraries() {
  local library
  # OpenBLAS's libblas and liblapack load libopenblas.so.0, which is selected apart from them.
  for library in libblas.so.3 liblapack.so.3 libopenblas.so.0; do
    case "$(library_in_use "$library")" in */openblas-openmp/*) ;; *) printf '%s\n' "$library" ;; esac
  done
}
select_libraries() {
  local library folder
  folder="/usr/lib/$(triplet)"
  for library in $(wrong_libraries); do
    say "selecting the OpenMP build of OpenBLAS as $library (was $(library_in_use "$library"))"
    as_root update-alternatives --set "$library-$(triplet)" "$folder/openblas-openmp/$library"
  done
}

# web/package-lock.json names each version and its checksum; npm ci installs these or fails.
web=$(cd "$(dirname "$0")/../web" && pwd)
web_is_complete() {
  command -v npm >/dev/null && npm ls --prefix "$web" "${npm_options[@]}" >/dev/null 2>&1
}
install_web() {
  say "fetching the pages' libraries with npm ci"
  npm ci --prefix "$web" "${npm_options[@]}" --ignore-scripts --no-audit --no-fund --loglevel=error ||
    fail "npm could not fetch them; without a network, build with -DGTSA_WEB_ASSETS=DIR (a folder that holds uplot/) or -DGTSA_REPORT=OFF"
}

refuse_elsewhere
mapfile -t missing < <(missing_packages)
if [ "$mode" = check ]; then
  [ ${#missing[@]} = 0 ] || fail "missing: ${missing[*]}"
  [ -z "$(wrong_libraries)" ] || fail "not OpenBLAS's OpenMP build: $(wrong_libraries | tr '\n' ' ')"
  web_is_complete || fail "web/node_modules is not what web/package-lock.json says"
  say "everything is there"
  exit 0
fi
if [ ${#missing[@]} != 0 ]; then
  say "installing ${#missing[@]} packages: ${missing[*]}"
  export DEBIAN_FRONTEND=noninteractive
  as_root apt-get update -q
  as_root env DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends "${missing[@]}"
  mapfile -t missing < <(missing_packages)
  [ ${#missing[@]} = 0 ] || fail "still missing after apt-get: ${missing[*]}"
fi
select_libraries
[ -z "$(wrong_libraries)" ] || fail "could not select OpenBLAS's OpenMP build for: $(wrong_libraries | tr '\n' ' ')"
web_is_complete || install_web
say "everything is there; BLAS: $(library_in_use libblas.so.3)"
