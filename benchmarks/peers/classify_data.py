"""Photographs to classification's batches with Pillow and torchvision: same flags and JSON as
`gtsa bench data --recipe classify` (or evaluate).

  python3 classify_data.py --data photos --threads 2 --seconds 10 --json

Training: decode, random resized crop (bicubic), flip, RandAugment rand-m9-mstd0.5-inc1, normalise, random erasing.
With --evaluation: decode, shorter side to 256, centre crop, normalise. `threads` are the DataLoader's worker processes.
"""
import argparse
import json
import math
import os
import random
import resource
import time
from pathlib import Path

import torch
from PIL import Image, ImageEnhance, ImageOps
from torch.utils.data import DataLoader, Dataset
from torchvision import transforms

SIZE = 224
FILL = (124, 116, 104)
EXTENSIONS = {".jpg", ".jpeg", ".png", ".webp"}


def affine(photo, matrix):
    kind, bicubic = Image.Transform.AFFINE, Image.Resampling.BICUBIC
    return photo.transform(photo.size, kind, matrix, resample=bicubic, fillcolor=FILL)


def solarize_add(photo, add):
    return photo.point([min(255, v + add) if v < 128 else v for v in range(256)] * 3)


def enhance(kind):
    return lambda photo, m: kind(photo).enhance(max(0.1, 1 + signed(0.09 * m)))


def signed(value):
    return -value if random.random() > 0.5 else value


OPERATIONS = [
    lambda photo, m: ImageOps.autocontrast(photo),
    lambda photo, m: ImageOps.equalize(photo),
    lambda photo, m: ImageOps.invert(photo),
    lambda photo, m: photo.rotate(signed(3 * m), resample=Image.Resampling.BICUBIC, fillcolor=FILL),
    lambda photo, m: ImageOps.posterize(photo, 4 - int(0.4 * m)),
    lambda photo, m: ImageOps.solarize(photo, 256 - int(25.6 * m)),
    lambda photo, m: solarize_add(photo, int(11 * m)),
    enhance(ImageEnhance.Color),
    enhance(ImageEnhance.Contrast),
    enhance(ImageEnhance.Brightness),
    enhance(ImageEnhance.Sharpness),
    lambda photo, m: affine(photo, (1, signed(0.03 * m), 0, 0, 1, 0)),
    lambda photo, m: affine(photo, (1, 0, 0, signed(0.03 * m), 1, 0)),
    lambda photo, m: affine(photo, (1, 0, signed(0.045 * m) * photo.width, 0, 1, 0)),
    lambda photo, m: affine(photo, (1, 0, 0, 0, 1, signed(0.045 * m) * photo.height)),
]


def rand_augment(photo):
    for operation in random.choices(OPERATIONS, k=2):
        if random.random() > 0.5:
            continue
        photo = operation(photo, min(10, max(0, random.gauss(9, 0.5))))
    return photo


def erase(view):
    """Random erasing, mode pixel, one box."""
    if random.random() > 0.25:
        return view
    _, height, width = view.shape
    for _ in range(10):
        area = random.uniform(0.02, 1 / 3) * height * width
        ratio = math.exp(random.uniform(math.log(0.3), math.log(1 / 0.3)))
        h, w = round(math.sqrt(area * ratio)), round(math.sqrt(area / ratio))
        if h < height and w < width:
            top, left = random.randint(0, height - h), random.randint(0, width - w)
            view[:, top : top + h, left : left + w] = torch.empty(3, h, w).normal_()
            return view
    return view


def make_view(evaluation):
    normalize = [transforms.ToTensor(), transforms.Normalize((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))]
    bicubic = transforms.InterpolationMode.BICUBIC
    if evaluation:
        return transforms.Compose(
            [transforms.Resize(int(SIZE / 0.875), bicubic), transforms.CenterCrop(SIZE)] + normalize
        )
    return transforms.Compose(
        [transforms.RandomResizedCrop(SIZE, interpolation=bicubic), transforms.RandomHorizontalFlip(), rand_augment]
        + normalize
        + [erase]
    )


class Photographs(Dataset):
    def __init__(self, files, evaluation):
        self.files = files
        self.view = make_view(evaluation)

    def __len__(self):
        return 1 << 30  # as long as one looks

    def __getitem__(self, index):
        with Image.open(self.files[index % len(self.files)]) as photo:
            return self.view(photo.convert("RGB")), 0


def measure(arguments):
    files = sorted(path for path in Path(arguments.data).rglob("*") if path.suffix.lower() in EXTENSIONS)
    torch.set_num_threads(1)
    photographs = Photographs(files, arguments.evaluation)
    loader = iter(DataLoader(photographs, batch_size=arguments.batch, num_workers=arguments.threads))
    for _ in range(2 * arguments.threads):  # start-up, and what is made ahead
        next(loader)
    images, begin = 0, time.perf_counter()
    while time.perf_counter() - begin < arguments.seconds:
        next(loader)
        images += arguments.batch
    rate = images / (time.perf_counter() - begin)
    return {
        "threads": arguments.threads,
        "images_per_second": rate,
        "images": images,
        "peak_rss_mb": (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
                        + resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss) / 1024,
    }  # fmt: skip


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", required=True)
    parser.add_argument("--evaluation", action="store_true")
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    result = measure(arguments)
    print(json.dumps(result) if arguments.json else "\n".join(f"{key:26} {value}" for key, value in result.items()))


if __name__ == "__main__":
    main()
