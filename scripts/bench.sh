#!/usr/bin/env bash
# Ours against the PyTorch programs in benchmarks/peers, in turn (A B A B ...): medians and ratios.
#
#   scripts/bench.sh --data photos              all three: input (one thread), a training step, frozen features
#   scripts/bench.sh --data photos --pairs 9    more pairs (7 by default)
#   scripts/bench.sh --only step --threads 2    one of data, step, features
#   scripts/bench.sh --only classify --data D   fine-tuning and evaluation of classify_tiny_cpu's network; D has train/
#                                               and val/ with a folder a class
#   scripts/bench.sh --only segment --data D    fine-tuning and evaluation of segment_tiny_cpu's network, and its input; D
#                                               is in ADE20K's layout
# Needs a build (scripts/build.sh) and scripts/setup.sh --peers. Wants a quiet machine; twenty minutes with the defaults.
set -euo pipefail
cd "$(dirname "$0")/.."
fail() { printf 'bench: %s\n' "$*" >&2; exit 2; }

data="" pairs=7 only="data step features" threads=$(nproc) seconds=20 steps=2
while [ $# != 0 ]; do
  [ $# -ge 2 ] || fail "$1 wants a value"
  case "$1" in
    --data) data=$2 ;;
    --pairs) pairs=$2 ;;
    --only) only=$2 ;;
    --threads) threads=$2 ;;
    --seconds) seconds=$2 ;;
    --steps) steps=$2 ;;
    *) fail "unknown option '$1'; known: --data, --pairs, --only, --threads, --seconds, --steps" ;;
  esac
  shift 2
done
gtsa=build/release/gtsa
[ -x "$gtsa" ] || fail "$gtsa is missing: run scripts/build.sh"
python3=${PYTHON:-/usr/bin/python3}  # Debian's own: the packages of setup.sh --peers belong to it
"$python3" -c 'import torch, torchvision' 2>/dev/null || fail "PyTorch is missing: run scripts/setup.sh --peers"

results=$(mktemp -d)
trap 'rm -rf "$results"' EXIT
for what in $only; do
  case "$what" in
    data)
      [ -n "$data" ] || fail "--data is missing: name a folder of photographs"
      flags=(--data "$data" --threads 1 --seconds "$seconds") ;;
    step) flags=(--model small --batch 8 --steps "$steps" --threads "$threads") ;;
    features) flags=(--model small --batch 32 --threads "$threads") ;;
    classify)
      [ -n "$data" ] || fail "--data is missing: name a folder with train/CLASS and val/CLASS"
      flags=(--data "$data" --model tiny --patch-size 8 --image-size 64 --batch 32 --steps 60 --threads "$threads") ;;
    *) fail "nothing is called '$what': data, step, features, classify" ;;
  esac
  for ((pair = 1; pair <= pairs; ++pair)); do
    printf 'bench: %s, pair %d of %d\n' "$what" "$pair" "$pairs" >&2
    if [ "$what" = classify ]; then
      "$gtsa" finetune classify --config classify_tiny_cpu "${flags[@]}" --workers 1 --eval-every 0 --out "$results/run" \
        --overwrite 2>/dev/null
      "$gtsa" eval classify --weights "$results/run" --data "$data" --threads "$threads" --workers 1 --micro-batch 32 \
        --json >"$results/eval.json" 2>/dev/null
      "$python3" benchmarks/peers/classify_ours.py "$results/run" "$results/eval.json" >>"$results/$what.ours"
    else
      "$gtsa" bench "$what" "${flags[@]}" --json >>"$results/$what.ours"
    fi
    "$python3" "benchmarks/peers/$what.py" "${flags[@]}" --json >>"$results/$what.peer"
  done
done
"$gtsa" --version
"$python3" benchmarks/peers/table.py "$results"
