"""Photographs to GTSA's ten views with Pillow and torchvision: same flags and JSON as `gtsa bench data`.

  python3 data.py --data photos --threads 2 --seconds 10 --json

`threads` are the DataLoader's worker processes.
"""
import argparse
import json
import os
import random
import resource
import time
from multiprocessing import Pool
from pathlib import Path

import torch
from PIL import Image, ImageFilter
from torch.utils.data import DataLoader, Dataset
from torchvision import transforms
from torchvision.transforms import functional as F

SIZES = (224, 96)
COUNTS = (2, 8)
AREAS = ((0.3, 1.0), (0.1, 0.3))
LEAST_OVERLAP = 0.01
EXTENSIONS = {".jpg", ".jpeg", ".png", ".webp"}


def intersection(a, b):
    height = min(a[0] + a[2], b[0] + b[2]) - max(a[0], b[0])
    width = min(a[1] + a[3], b[1] + b[3]) - max(a[1], b[1])
    return max(0, height) * max(0, width)


class Views:
    """Ten views of a photograph, their turns and the boxes of their overlaps."""

    def __init__(self):
        self.colour = transforms.Compose([
            transforms.RandomApply([transforms.ColorJitter(0.8, 0.8, 0.8, 0.2)], p=0.8),
            transforms.RandomGrayscale(0.2),
        ])  # fmt: skip
        self.normalize = transforms.Compose([
            transforms.ToTensor(),
            transforms.Normalize((0.485, 0.456, 0.406), (0.229, 0.224, 0.225)),
        ])  # fmt: skip

    def crop(self, photo, area, globals_, is_global):
        least = int(photo.width * photo.height * LEAST_OVERLAP) * (2 if is_global else 1)
        while True:
            crop = transforms.RandomResizedCrop.get_params(photo, area, (3 / 4, 4 / 3))
            if all(intersection(crop, other) > least for other in globals_):
                return crop

    def __call__(self, photo):
        views, crops, turns = [], [], []
        for size, count, area in zip(SIZES, COUNTS, AREAS):
            for _ in range(count):
                is_global = size == SIZES[0]
                crop = self.crop(photo, area, crops[: COUNTS[0]], is_global)
                view = self.colour(F.resized_crop(photo, *crop, (size, size), F.InterpolationMode.BILINEAR))
                if random.random() < 0.2:
                    view = view.filter(ImageFilter.GaussianBlur(random.uniform(0.1, 2.0)))
                turn = random.randrange(4)
                views.append(self.normalize(F.rotate(view, 90 * turn)))
                crops.append(crop)
                turns.append(turn)
        return views, torch.tensor(turns), self.boxes(crops, turns)

    @staticmethod
    def boxes(crops, turns):
        """Overlap of every global view with every view, in both views' pixels: [2, G, V, 4]."""
        rectangles = torch.tensor([(left, top, left + width, top + height) for top, left, height, width in crops],
                                  dtype=torch.float32)  # fmt: skip
        sides = torch.tensor([float(size) for size, count in zip(SIZES, COUNTS) for _ in range(count)])
        result = torch.empty(2, COUNTS[0], len(crops), 4)
        for q in range(COUNTS[0]):
            for v in range(len(crops)):
                overlap = torch.cat([torch.maximum(rectangles[q, :2], rectangles[v, :2]),
                                     torch.minimum(rectangles[q, 2:], rectangles[v, 2:])])  # fmt: skip
                for place, k in enumerate((q, v)):
                    origin, extent = rectangles[k, :2], rectangles[k, 2:] - rectangles[k, :2]
                    x1, y1, x2, y2 = (sides[k] * ((overlap.view(2, 2) - origin) / extent)).flatten()
                    side = sides[k]
                    result[place, q, v] = torch.stack([
                        (x1, y1, x2, y2), (y1, side - x2, y2, side - x1),
                        (side - x2, side - y2, side - x1, side - y1), (side - y2, x1, side - y1, x2),
                    ][turns[k]])  # fmt: skip
        return result


def files_of(folder):
    return sorted(path for path in Path(folder).rglob("*") if path.suffix.lower() in EXTENSIONS)


def decode(path):
    with Image.open(path) as photo:
        return photo.convert("RGB")


class Photographs(Dataset):
    def __init__(self, files):
        self.files = files
        self.views = Views()

    def __len__(self):
        return 1 << 30  # as long as one looks

    def __getitem__(self, index):
        return self.views(decode(self.files[index % len(self.files)]))


def pixels_of(path):
    photo = decode(path)
    return photo.width * photo.height


def measure(arguments):
    files = files_of(arguments.data)
    torch.set_num_threads(1)
    loader = iter(DataLoader(Photographs(files), batch_size=8, num_workers=arguments.threads))
    ahead = 2 * arguments.threads
    for _ in range(ahead):  # start-up, and what is made ahead
        next(loader)
    images, begin = 0, time.perf_counter()
    while time.perf_counter() - begin < arguments.seconds / 2:
        next(loader)
        images += 8
    rate = images / (time.perf_counter() - begin)
    del loader
    decoded, pixels = 0, 0
    with Pool(arguments.threads) as pool:
        pool.map(pixels_of, files[: arguments.threads])
        begin = time.perf_counter()
        while time.perf_counter() - begin < arguments.seconds / 2:
            some = pool.map(pixels_of, [files[(decoded + i) % len(files)] for i in range(64 * arguments.threads)])
            decoded += len(some)
            pixels += sum(some)
        decode_rate = decoded / (time.perf_counter() - begin)
    return {
        "threads": arguments.threads,
        "images_per_second": rate,
        "decode_images_per_second": decode_rate,
        "mean_megapixels": 1e-6 * pixels / decoded,
        "images": images,
        "peak_rss_mb": (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
                        + resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss) / 1024,
    }  # fmt: skip


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", required=True)
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    result = measure(arguments)
    print(json.dumps(result) if arguments.json else "\n".join(f"{key:26} {value}" for key, value in result.items()))


if __name__ == "__main__":
    main()
