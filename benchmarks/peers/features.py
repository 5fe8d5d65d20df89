"""Frozen features of ViT in plain PyTorch: same flags and JSON as `gtsa bench features`.

  python3 features.py --model small --batch 32 --threads 2 --json
"""
import argparse
import json
import resource
import statistics
import time

import torch

import networks


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--model", default="small", choices=networks.SIZES)
    parser.add_argument("--patch-size", type=int, default=16)
    parser.add_argument("--image-size", type=int, default=224)
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--steps", type=int, default=5)
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    width, depth, heads, *_ = networks.SIZES[arguments.model]
    encoder = networks.Vit(arguments.image_size, arguments.patch_size, width, depth, heads, 0).eval()
    pictures = torch.randn(arguments.batch, 3, arguments.image_size, arguments.image_size)
    seconds = []
    with torch.inference_mode():
        for _ in range(arguments.steps + 1):
            begin = time.perf_counter()
            encoder(pictures)
            seconds.append(time.perf_counter() - begin)
    result = {
        "threads": arguments.threads,
        "batch": arguments.batch,
        "images_per_second": arguments.batch / statistics.median(seconds[1:]),
        "peak_rss_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }
    print(json.dumps(result) if arguments.json else "\n".join(f"{key:20} {value}" for key, value in result.items()))


if __name__ == "__main__":
    main()
