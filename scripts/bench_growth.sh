#!/usr/bin/env bash
# How cost grows with the work: a training step of ViT-Ti over batches, views and patches, and the input over picture
# sizes. Prints tables; a cliff would show as a rate that falls, memory as a line. Five minutes on two quiet cores.
#
#   scripts/bench_growth.sh [THREADS]
set -euo pipefail
cd "$(dirname "$0")/.."
gtsa=build/release/gtsa
threads=${1:-$(nproc)}
[ -x "$gtsa" ] || { echo "bench_growth: $gtsa is missing: run scripts/build.sh" >&2; exit 2; }
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

number() { sed -E "s/^(.*[{,])?\"$1\":([-0-9.e+]+).*/\2/" <<<"$2"; }
step() {
  local name=$1 result
  shift
  result=$("$gtsa" bench step --model tiny --steps 2 --threads "$threads" --json "$@")
  printf '| %s | %.2f | %.3f | %.0f |\n' "$name" "$(number images_per_second "$result")" \
    "$(number utilisation "$result")" "$(number peak_rss_mb "$result")"
}

printf '| a step of ViT-Ti | images/s | utilisation | peak MiB |\n|---|---|---|---|\n'
for batch in 1 2 4 8 16 32 64; do step "batch $batch, 2 + 8 views, patch 16" --batch "$batch"; done
for locals in 2 4 8 18; do step "batch 8, 2 + $locals views, patch 16" --batch 8 --num-crops "2,$locals"; done
step "batch 4, 2 + 8 views, patch 8" --batch 4 --patch-size 8

printf '\n| photographs | megapixels | input, images/s | decoding, images/s | ratio |\n|---|---|---|---|---|\n'
for size in 366x274 640x480 1024x768 2048x1536 4000x3000; do
  "$gtsa" data synth --out "$folder/$size" --images 16 --size "$size" --threads "$threads" 2>/dev/null >/dev/null
  result=$("$gtsa" bench data --data "$folder/$size/images/training" --threads 1 --seconds 8 --json)
  input=$(number images_per_second "$result")
  decoding=$(number decode_images_per_second "$result")
  printf '| %s | %.2f | %.1f | %.1f | %.2f |\n' "$size" "$(number mean_megapixels "$result")" "$input" "$decoding" \
    "$(awk "BEGIN { print $decoding / $input }")"
done
