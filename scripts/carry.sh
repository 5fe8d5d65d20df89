#!/usr/bin/env bash
# Fills carry/ with the headers and libraries that a bare machine lacks, so that one with CMake, a compiler, CUDA and PyTorch's
# Python package can build and test this very tree: copy the tree and carry/ there, run scripts/gpu_check.sh.
#
#   scripts/carry.sh                 fill carry/ (at most 64 MiB together with the tree)
#   scripts/carry.sh FILE.tar.gz     and pack both into one file
#
# Run it on Debian 12, after scripts/setup.sh: its libraries then ask for no newer C library than the other machine's.
set -euo pipefail
cd "$(dirname "$0")/.."

most_mib=64
headers=(hwy CLI toml++ fmt spdlog nlohmann webp libpng16 png.h pngconf.h pnglibconf.h jpeglib.h jmorecfg.h jerror.h zlib.h zconf.h)
# Each under the name that programs ask for when they start; those that CMake itself looks for also under the linker's name.
libraries=(libhwy.so.1 libwebp.so.7 libjpeg.so.62 libpng16.so.16 libz.so.1)
linked=(libjpeg.so libpng16.so libz.so)
# OpenBLAS is as large as all the rest: packed, and unpacked by gpu_check.sh. (oneDNN stays behind: products are then OpenBLAS's.)
packed=(openblas-openmp/libopenblas.so.0 libgfortran.so.5 libquadmath.so.0)
fail() { printf 'carry: %s\n' "$*" >&2; exit 1; }

case "${1:-}" in -*) fail "unknown option '$1'; known: a file to pack into" ;; esac
triplet=$(gcc -print-multiarch)
rm -rf carry
mkdir -p carry/include carry/lib carry/googletest
for name in "${headers[@]}"; do
  [ -e "/usr/include/$name" ] || fail "/usr/include/$name is missing; run scripts/setup.sh"
  cp -rL "/usr/include/$name" carry/include/
done
cp "/usr/include/$triplet/jconfig.h" carry/include/
cp "/usr/include/$triplet/openblas-openmp/"*.h carry/include/ || fail "OpenBLAS's headers are missing; run scripts/setup.sh"
for name in "${libraries[@]}" "${linked[@]}"; do
  file=$(readlink -e "/usr/lib/$triplet/$name" || readlink -e "/lib/$triplet/$name") || fail "$name is missing; run scripts/setup.sh"
  cp "$file" "carry/lib/$name"
done
for name in "${packed[@]}"; do
  file=$(readlink -e "/usr/lib/$triplet/$name") || fail "$name is missing; run scripts/setup.sh"
  gzip -9 <"$file" >"carry/lib/$(basename "$name").gz"
done
for part in googletest googlemock; do
  mkdir "carry/googletest/$part"
  cp -r "/usr/src/googletest/$part/include" "/usr/src/googletest/$part/src" "carry/googletest/$part/"
done

tree_files() { git ls-files --cached --others --exclude-standard -z; }
kib=$(( $(tree_files | du -ck --files0-from=- 2>/dev/null | tail -n 1 | cut -f 1) + $(du -sk carry | cut -f 1) ))
[ "$kib" -le $((most_mib * 1024)) ] || fail "tree and carry/ take $((kib / 1024)) MiB, more than $most_mib"
echo "carry: carry/ holds $(du -sh carry | cut -f 1); with the tree $((kib / 1024)) MiB of at most $most_mib"
if [ -n "${1:-}" ]; then
  { tree_files; find carry -type f -print0; } | tar -czf "$1" --null -T - --transform 's,^,gtsa/,'
  echo "carry: packed into $1"
fi
