#!/usr/bin/env bash
# From nothing to a report: installs what is missing, builds the program, and runs gtsa demo with the given flags.
#
#   scripts/demo.sh                          five minutes on rendered scenes, into gtsa-demo/
#   scripts/demo.sh --images photos --out mine   the same on one's own photographs
set -euo pipefail
cd "$(dirname "$0")/.."

scripts/setup.sh
GTSA_TARGET=gtsa scripts/build.sh release
exec build/release/gtsa demo "$@"
