"""Photographs and label maps to segmentation's training crops with Pillow, numpy and torchvision: same flags and JSON
as `gtsa bench data --recipe segment` (or segment-evaluate).

  python3 segment_data.py --data ade20k --threads 2 --seconds 10 --json

Training: decode, resize by a ratio in 0.5..2 (bilinear, labels nearest), crop with a bound on one class's share, flip,
photometric distortion in OpenCV's order, normalise, pad. With --evaluation: decode, resize, normalise. `data` has
images/SPLIT/*.jpg and annotations/SPLIT/*.png; `threads` are the DataLoader's worker processes.
"""
import argparse
import json
import os
import random
import resource
import time
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch.utils.data import DataLoader, Dataset
from torchvision.transforms import functional as TF

MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
IGNORED = 255


def pairs(data, split):
    """Pictures with their label maps, sorted."""
    images = sorted((Path(data) / "images" / split).iterdir())
    return [(image, Path(data) / "annotations" / split / (image.stem + ".png")) for image in images]


def rescaled(size, scale):
    """Largest size of the same ratio within `scale`, whichever way it lies."""
    factor = min(max(scale) / max(size), min(scale) / min(size))
    return tuple(int(side * factor + 0.5) for side in size)


def photometric(photo):
    """Brightness, contrast, saturation and hue, each with probability 1/2, contrast before or after the other two."""
    if random.random() < 0.5:
        photo = TF.adjust_brightness(photo, random.uniform(0.875, 1.125))
    contrast_first = random.random() < 0.5
    if contrast_first and random.random() < 0.5:
        photo = TF.adjust_contrast(photo, random.uniform(0.5, 1.5))
    if random.random() < 0.5:
        photo = TF.adjust_saturation(photo, random.uniform(0.5, 1.5))
    if random.random() < 0.5:
        photo = TF.adjust_hue(photo, random.uniform(-0.1, 0.1))
    if not contrast_first and random.random() < 0.5:
        photo = TF.adjust_contrast(photo, random.uniform(0.5, 1.5))
    return photo


def draw_crop(labels, side, bound=0.75):
    """A corner whose crop no class fills, if ten tries find one."""
    height, width = labels.shape
    for _ in range(10):
        y, x = random.randint(0, max(height - side, 0)), random.randint(0, max(width - side, 0))
        values, counts = np.unique(labels[y : y + side, x : x + side], return_counts=True)
        counts = counts[values != IGNORED]
        if len(counts) > 1 and counts.max() / counts.sum() < bound:
            break
    return y, x


class Segmented(Dataset):
    def __init__(self, files, crop, scale, evaluation=False, endless=False):
        self.files, self.crop, self.scale, self.evaluation, self.endless = files, crop, scale, evaluation, endless

    def __len__(self):
        return 1 << 30 if self.endless else len(self.files)

    def __getitem__(self, index):
        image, annotation = self.files[index % len(self.files)]
        with Image.open(image) as file:
            photo = file.convert("RGB")
        labels = np.asarray(Image.open(annotation)) - np.uint8(1)  # 0 becomes 255: not counted
        if self.evaluation:
            photo = photo.resize(rescaled(photo.size, self.scale), Image.Resampling.BILINEAR)
            return TF.normalize(TF.to_tensor(photo), MEAN, STD), torch.from_numpy(labels.astype(np.int64))
        return self.training_crop(photo, labels)

    def training_crop(self, photo, labels):
        ratio = random.uniform(0.5, 2)
        size = rescaled(photo.size, [int(side * ratio) for side in self.scale])
        photo = photo.resize(size, Image.Resampling.BILINEAR)
        labels = np.asarray(Image.fromarray(labels).resize(size, Image.Resampling.NEAREST))
        y, x = draw_crop(labels, self.crop)
        photo = photo.crop((x, y, min(x + self.crop, size[0]), min(y + self.crop, size[1])))
        labels = labels[y : y + self.crop, x : x + self.crop]
        if random.random() < 0.5:
            photo, labels = TF.hflip(photo), labels[:, ::-1]
        view = TF.normalize(TF.to_tensor(photometric(photo)), MEAN, STD)
        below, right = self.crop - view.shape[1], self.crop - view.shape[2]
        labels = np.pad(labels, ((0, below), (0, right)), constant_values=IGNORED)
        return torch.nn.functional.pad(view, (0, right, 0, below)), torch.from_numpy(labels.astype(np.int64))


def measure(arguments):
    torch.set_num_threads(1)
    split = "validation" if arguments.evaluation else "training"
    scale = (4 * arguments.crop, arguments.crop)
    dataset = Segmented(pairs(arguments.data, split), arguments.crop, scale, arguments.evaluation, endless=True)
    batch = 1 if arguments.evaluation else arguments.batch
    loader = iter(DataLoader(dataset, batch_size=batch, num_workers=arguments.threads))
    for _ in range(2 * arguments.threads):  # start-up, and what is made ahead
        next(loader)
    images, begin = 0, time.perf_counter()
    while time.perf_counter() - begin < arguments.seconds:
        next(loader)
        images += batch
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
    parser.add_argument("--crop", type=int, default=512)
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    result = measure(arguments)
    print(json.dumps(result) if arguments.json else "\n".join(f"{key:26} {value}" for key, value in result.items()))


if __name__ == "__main__":
    main()
