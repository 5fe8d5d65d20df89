#!/bin/sh
echo "SKIPPED: node is absent; scripts/setup.sh --browser brings it"
exit 77
