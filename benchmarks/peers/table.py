"""Prints the table of scripts/bench.sh from a folder of WHAT.ours and WHAT.peer, JSON lines of equal length."""
import json
import statistics
import sys
from pathlib import Path


def spread(values):
    return f"{statistics.median(values):.4g} ({min(values):.4g} to {max(values):.4g})"


def main(folder):
    print("| | ours | peer | ratio |\n|---|---|---|---|")
    for path in sorted(Path(folder).glob("*.ours")):
        ours = [json.loads(line) for line in path.read_text().splitlines()]
        peer = [json.loads(line) for line in path.with_suffix(".peer").read_text().splitlines()]
        for key in ours[0]:
            a = [result[key] for result in ours]
            if key in ("threads", "batch", "images") or not isinstance(a[0], (int, float)):
                continue
            if key in peer[0]:
                b = [result[key] for result in peer]
                print(f"| {path.stem} {key} | {spread(a)} | {spread(b)} | {spread([x / y for x, y in zip(a, b)])} |")
            else:
                print(f"| {path.stem} {key} | {spread(a)} | | |")
        if "decode_images_per_second" in ours[0]:
            ratio = [result["decode_images_per_second"] / result["images_per_second"] for result in ours]
            print(f"| {path.stem} whole time / decoding alone | {spread(ratio)} | | |")


if __name__ == "__main__":
    main(sys.argv[1])
