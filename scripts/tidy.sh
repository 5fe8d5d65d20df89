#!/usr/bin/env bash
# Runs clang-tidy (.clang-tidy) on the given sources, by default on all of src, with the compile commands of build/release.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/common.sh

if [ $# = 0 ]; then mapfile -t sources < <(find src -name '*.cpp' | sort); else sources=("$@"); fi
printf '%s\0' "${sources[@]}" | xargs -0 -n 1 -P "$(jobs_that_fit)" clang-tidy --quiet -p build/release
