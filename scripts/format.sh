#!/usr/bin/env bash
# Shows how clang-format would change the given C++ files; with --write, changes them.
set -euo pipefail
cd "$(dirname "$0")/.."

if [ "${1:-}" = --write ]; then
  shift
  clang-format -i "$@"
  exit 0
fi
for file in "$@"; do
  diff -u --label "$file" --label "$file (formatted)" "$file" <(clang-format "$file") || true
done
