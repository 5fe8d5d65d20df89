#!/usr/bin/env bash
# From nothing to tested: installs what is missing, builds the release preset, runs the tests.
#
#   scripts/test.sh          the quick tests (minutes)
#   scripts/test.sh --slow   the quick tests, the slow ones (hundreds of kills, long trainings), then the quick ones of
#                            every room under AddressSanitizer and UndefinedBehaviorSanitizer, of the rooms without
#                            LibTorch under ThreadSanitizer
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/common.sh

slow=no
case "${1:-}" in
  "") ;;
  --slow) slow=yes ;;
  *) echo "test: unknown option '$1'; known: --slow" >&2; exit 2 ;;
esac
scripts/setup.sh
scripts/build.sh release
ctest --preset release --parallel 2 --label-exclude slow --no-tests=error
if [ "$slow" = yes ]; then
  ctest --preset release --label-regex slow --no-tests=error
  tell_sanitizers
  scripts/build.sh asan-learn
  ctest --preset asan-learn --parallel 2 --label-exclude slow --no-tests=error
  scripts/build.sh tsan
  ctest --preset tsan --label-exclude slow --no-tests=error
fi
