"""Fine-tuning a ViT on labelled pictures as a PyTorch user writes it: what `gtsa finetune classify` and `gtsa eval
classify` are compared with. Input as in classify_data.py (worker processes beside the training), layer-wise decay,
torch's AdamW, cross-entropy with label smoothing.

  python3 classify.py --data fine-cls --model tiny --patch-size 8 --image-size 64 --batch 32 --steps 60 --json

`data` has train/CLASS/*.jpg and val/CLASS/*.jpg.
"""
import argparse
import json
import os
import resource
import statistics
import time
from pathlib import Path

import torch
import torch.nn.functional as F
from PIL import Image
from torch import nn
from torch.utils.data import DataLoader, Dataset

import classify_data
import networks


class Labelled(Dataset):
    def __init__(self, folder, evaluation):
        classes = sorted(path for path in Path(folder).iterdir() if path.is_dir())
        self.files = [(file, label) for label, path in enumerate(classes) for file in sorted(path.iterdir())]
        self.classes = len(classes)
        self.view = classify_data.make_view(evaluation)

    def __len__(self):
        return len(self.files)

    def __getitem__(self, index):
        file, label = self.files[index]
        with Image.open(file) as photo:
            return self.view(photo.convert("RGB")), label


class Classifier(nn.Module):
    """Mean of the patch tokens, LayerNorm, linear layer."""

    def __init__(self, arguments, classes):
        super().__init__()
        width, depth, heads, *_ = networks.SIZES[arguments.model]
        self.encoder = networks.Vit(arguments.image_size, arguments.patch_size, width, depth, heads, 0.1)
        self.norm = nn.LayerNorm(width)
        self.head = nn.Linear(width, classes)

    def forward(self, images):
        return self.head(self.norm(self.encoder(images).mean(1)))


def parameter_groups(model, decay=0.75):
    """A group a layer, and within it one with weight decay and one without."""
    depth = len(model.encoder.blocks)
    groups = {}
    for name, parameter in model.named_parameters():
        parts = name.split(".")
        layer = int(parts[2]) + 1 if parts[1] == "blocks" else 0 if parts[0] == "encoder" else depth + 1
        plain = parameter.ndim == 1 or name.endswith(("cls_token", "pos_embed"))
        group = groups.setdefault((layer, plain), {"params": [], "weight_decay": 0 if plain else 0.05})
        group["lr"] = 5e-4 * decay ** (depth + 1 - layer)
        group["params"].append(parameter)
    return list(groups.values())


def train(model, loader, steps):
    optimizer = torch.optim.AdamW(parameter_groups(model))
    model.train()
    seconds, begin = [], time.perf_counter()
    while len(seconds) < steps:
        for images, labels in loader:
            loss = F.cross_entropy(model(images), labels, label_smoothing=0.1)
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
def evaluate(model, loader):
    model.eval()
    right = 0
    for images, labels in loader:
        right += (model(images).argmax(1) == labels).sum().item()
    return right / len(loader.dataset)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", required=True)
    parser.add_argument("--model", default="small", choices=networks.SIZES)
    parser.add_argument("--patch-size", type=int, default=16)
    parser.add_argument("--image-size", type=int, default=224)
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--steps", type=int, default=60)
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    classify_data.SIZE = arguments.image_size
    torch.set_num_threads(arguments.threads)
    training, validation = (Labelled(Path(arguments.data) / split, split == "val") for split in ("train", "val"))
    model = Classifier(arguments, training.classes)
    common = {"batch_size": arguments.batch, "num_workers": arguments.workers, "persistent_workers": True}
    seconds = train(model, DataLoader(training, shuffle=True, drop_last=True, **common), arguments.steps)
    loader = DataLoader(validation, **common)
    evaluate(model, loader)  # start-up of the workers
    begin = time.perf_counter()
    evaluate(model, loader)
    result = {
        "threads": arguments.threads,
        "batch": arguments.batch,
        "training_images_per_second": arguments.batch / statistics.median(seconds[len(seconds) // 5 :]),
        "evaluation_images_per_second": len(validation) / (time.perf_counter() - begin),
        "peak_rss_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }
    print(json.dumps(result) if arguments.json else "\n".join(f"{key:30} {value}" for key, value in result.items()))


if __name__ == "__main__":
    main()
