#!/usr/bin/env bash
# Builds program and tests: scripts/build.sh [preset] (default release; see CMakePresets.json). The program: build/release/gtsa
# GTSA_TARGET=gtsa builds the program alone.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/common.sh

preset=${1:-release}
launcher=()
if command -v ccache >/dev/null; then launcher=(-DCMAKE_CXX_COMPILER_LAUNCHER=ccache); fi
if ! cmake --preset "$preset" "${launcher[@]}"; then
  echo "build: CMake could not configure; 'scripts/setup.sh' installs what is needed on Debian 12 and 13" >&2
  exit 1
fi
cmake --build --preset "$preset" --target "${GTSA_TARGET:-all}" --parallel "$(jobs_that_fit)"
