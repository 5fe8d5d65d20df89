#!/usr/bin/env bash
# Ours against the PyTorch programs in benchmarks/peers, in turn (A B A B ...): medians and ratios.
#
#   scripts/bench.sh --data photos              all three: input (one thread), a training step, frozen features
#   scripts/bench.sh --data photos --pairs 9    more pairs (7 by default)
#   scripts/bench.sh --only step --threads 2    one of data, step, features
#   scripts/bench.sh --only classify --data D   fine-tuning and evaluation of classify_tiny_cpu's network; D has train/
#                                               and val/ with a folder a class
#   scripts/bench.sh --only segment --data D    fine-tuning and evaluation of segment_tiny_cpu's network; D is in ADE20K's
#                                               layout. segment_data: its input for crops of 512 pixels, one thread
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

# The rates of a short run of `gtsa finetune $what` by a recipe, and of its evaluation, for which there may be flags.
finetune_and_evaluate() {
  local recipe=$1
  shift
  "$gtsa" finetune "$what" --config "$recipe" "${flags[@]}" --workers 1 --eval-every 0 --out "$results/run" \
    --overwrite 2>/dev/null
  "$gtsa" eval "$what" --weights "$results/run" --data "$data" --threads "$threads" --workers 1 "$@" \
    --json >"$results/eval.json" 2>/dev/null
  "$python3" benchmarks/peers/run_rates.py "$results/run" "$results/eval.json" >>"$results/$what.ours"
}

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
    segment)
      [ -f "$data/classes.txt" ] || fail "--data is missing: name a folder in ADE20K's layout with classes.txt"
      flags=(--data "$data" --model tiny --patch-size 8 --crop 128 --batch 8 --steps 40 --threads "$threads") ;;
    segment_data)
      [ -n "$data" ] || fail "--data is missing: name a folder in ADE20K's layout"
      flags=(--data "$data" --crop 512 --threads 1 --seconds "$seconds") ;;
    *) fail "nothing is called '$what': data, step, features, classify, segment, segment_data" ;;
  esac
  for ((pair = 1; pair <= pairs; ++pair)); do
    printf 'bench: %s, pair %d of %d\n' "$what" "$pair" "$pairs" >&2
    more=()
    case "$what" in
      classify) finetune_and_evaluate classify_tiny_cpu --micro-batch 32 ;;
      segment)
        finetune_and_evaluate segment_tiny_cpu
        more=(--neck-width 64 --head-width 64 --classes "$(wc -l <"$data/classes.txt")") ;;
      segment_data) "$gtsa" bench data --recipe segment "${flags[@]}" --json >>"$results/$what.ours" ;;
      *) "$gtsa" bench "$what" "${flags[@]}" --json >>"$results/$what.ours" ;;
    esac
    "$python3" "benchmarks/peers/$what.py" "${flags[@]}" "${more[@]}" --json >>"$results/$what.peer"
  done
done
"$gtsa" --version
"$python3" benchmarks/peers/table.py "$results"
