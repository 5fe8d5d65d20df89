"""Semantic FPN on a ViT as a PyTorch user writes it: what `gtsa finetune segment` and `gtsa eval segment` are compared
with. Same network (docs/segmentation.md), input as in segment_data.py (worker processes beside the training).

  python3 segment.py --data ade20k --model tiny --patch-size 8 --crop 128 --batch 8 --steps 30 --json
"""
import argparse
import json
import os
import resource
import statistics
import time

import torch
import torch.nn.functional as F
from torch import nn
from torch.utils.data import DataLoader

import networks
import segment_data


class Features(networks.Vit):
    """The raw tokens of four blocks as maps; position table for any grid."""

    def __init__(self, *arguments):
        super().__init__(*arguments)
        depth = len(self.blocks)
        self.taps = {(k + 1) * depth // 4 - 1 for k in range(4)}

    def forward(self, images):
        patch = self.patch_embed.proj.kernel_size[0]
        height, width = images.shape[2:]
        images = F.pad(images, (0, -width % patch, 0, -height % patch))
        x = self.patch_embed.proj(images)
        rows, columns = x.shape[2:]
        x = x.flatten(2).transpose(1, 2)
        x = torch.cat([self.cls_token.expand(len(x), -1, -1), x], 1)
        table = self.pos_embed
        if x.shape[1] != table.shape[1]:
            side = round((table.shape[1] - 1) ** 0.5)
            grid = table[:, 1:].transpose(1, 2).reshape(1, -1, side, side)
            grid = F.interpolate(grid, (rows, columns), mode="bicubic")
            table = torch.cat([table[:, :1], grid.flatten(2).transpose(1, 2)], 1)
        x = x + table
        maps = []
        for i, block in enumerate(self.blocks):
            x = block(x)
            if i in self.taps:
                maps.append(x[:, 1:].transpose(1, 2).reshape(len(x), -1, rows, columns))
        return maps


def unit(channels_in, channels_out):
    convolution = nn.Conv2d(channels_in, channels_out, 3, padding=1, bias=False)
    return nn.Sequential(convolution, nn.BatchNorm2d(channels_out), nn.ReLU(inplace=True))


class SemanticFpn(nn.Module):
    def __init__(self, arguments, classes):
        super().__init__()
        width, depth, heads, *_ = networks.SIZES[arguments.model]
        self.backbone = Features(arguments.crop, arguments.patch_size, width, depth, heads, 0.0)
        neck, head = arguments.neck_width, arguments.head_width
        self.lateral = nn.ModuleList(nn.Conv2d(width, neck, 1) for _ in range(4))
        self.output = nn.ModuleList(nn.Conv2d(neck, neck, 3, padding=1) for _ in range(4))
        self.scales = nn.ModuleList()
        for level in range(4):
            layers = []
            for k in range(max(1, level)):
                layers.append(unit(neck if k == 0 else head, head))
                if level > 0:
                    layers.append(nn.Upsample(scale_factor=2, mode="bilinear", align_corners=False))
            self.scales.append(nn.Sequential(*layers))
        self.dropout = nn.Dropout2d(0.1)
        self.classify = nn.Conv2d(head, classes, 1)

    def forward(self, images):
        maps = [lateral(x) for lateral, x in zip(self.lateral, self.backbone(images))]
        for i in (3, 2, 1):
            maps[i - 1] = maps[i - 1] + maps[i]
        levels = [scale(output(x)) for scale, output, x in zip(self.scales, self.output, maps)]
        size = levels[0].shape[2:]
        total = sum(F.interpolate(x, size, mode="bilinear", align_corners=False) for x in levels)
        return self.classify(self.dropout(total))


def train(model, loader, steps):
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-4, weight_decay=0.01)
    model.train()
    seconds, begin = [], time.perf_counter()
    while len(seconds) < steps:
        for images, labels in loader:
            logits = F.interpolate(model(images), labels.shape[1:], mode="bilinear", align_corners=False)
            loss = F.cross_entropy(logits, labels, ignore_index=segment_data.IGNORED, reduction="none").mean()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            now = time.perf_counter()
            seconds.append(now - begin)
            begin = now
            if len(seconds) == steps:
                break
    return seconds


@torch.inference_mode()
def evaluate(model, loader, classes):
    model.eval()
    confusion = torch.zeros(classes * classes, dtype=torch.int64)
    for images, labels in loader:
        logits = F.interpolate(model(images), images.shape[2:], mode="bilinear", align_corners=False)
        logits = F.interpolate(logits, labels.shape[1:], mode="bilinear", align_corners=False)
        counted = labels != segment_data.IGNORED
        confusion += torch.bincount(labels[counted] * classes + logits.argmax(1)[counted], minlength=classes**2)
    return confusion


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", required=True)
    parser.add_argument("--model", default="small", choices=networks.SIZES)
    parser.add_argument("--patch-size", type=int, default=16)
    parser.add_argument("--crop", type=int, default=512)
    parser.add_argument("--neck-width", type=int, default=256)
    parser.add_argument("--head-width", type=int, default=128)
    parser.add_argument("--classes", type=int, default=150)
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--steps", type=int, default=30)
    parser.add_argument("--evaluation-images", type=int, default=1 << 30, help="at most so many")
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    scale = (4 * arguments.crop, arguments.crop)
    training, validation = (
        segment_data.Segmented(segment_data.pairs(arguments.data, split), arguments.crop, scale, split == "validation")
        for split in ("training", "validation")
    )
    validation.files = validation.files[: arguments.evaluation_images]
    model = SemanticFpn(arguments, arguments.classes)
    common = {"num_workers": arguments.workers, "persistent_workers": True}
    loader = DataLoader(training, arguments.batch, shuffle=True, drop_last=True, **common)
    seconds = train(model, loader, arguments.steps)
    training_rss = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    loader = DataLoader(validation, 1, **common)
    evaluate(model, loader, arguments.classes)  # start-up of the workers
    begin = time.perf_counter()
    evaluate(model, loader, arguments.classes)
    result = {
        "threads": arguments.threads,
        "batch": arguments.batch,
        "training_images_per_second": arguments.batch / statistics.median(seconds[len(seconds) // 5 :]),
        "evaluation_images_per_second": len(validation) / (time.perf_counter() - begin),
        "peak_rss_mb": training_rss,
    }
    print(json.dumps(result) if arguments.json else "\n".join(f"{key:30} {value}" for key, value in result.items()))


if __name__ == "__main__":
    main()
