"""A GTSA training step in plain PyTorch: same flags and JSON as `gtsa bench step`.

  python3 step.py --model small --batch 8 --threads 2 --json
  python3 step.py --check GOLDEN     compare with the vectors gtsa_step_tiny.* in a folder
"""
import argparse
import json
import resource
import statistics
import sys
import time

import torch

import golden
import losses
import networks


def parameter_groups(model):
    decayed, others = [], []
    for name, parameter in model.named_parameters():
        if parameter.requires_grad:
            (others if name.endswith(".bias") or parameter.ndim == 1 else decayed).append(parameter)
    return [{"params": decayed}, {"params": others, "weight_decay": 0.0}]


def clip_each(model, limit):
    for parameter in model.parameters():
        if parameter.grad is not None:
            factor = limit / (parameter.grad.norm(2) + 1e-6)
            if factor < 1:
                parameter.grad.mul_(factor)


def random_batch(batch, crops, counts):
    sides = [size for size, count in zip(crops, counts) for _ in range(count)]
    views = [torch.randn(batch, 3, side, side) for side in sides]
    total = len(sides)

    def boxes(side):
        corner = torch.rand(batch, 2) * 0.4 * side
        return torch.cat([corner, corner + side * (0.2 + 0.4 * torch.rand(batch, 2))], dim=1)

    boxes_global = torch.stack([torch.stack([boxes(crops[0]) for _ in sides], 1) for _ in range(counts[0])], 1)
    boxes_all = torch.stack([torch.stack([boxes(side) for _ in range(counts[0])], 1) for side in sides], 1)
    return views, boxes_global, boxes_all, torch.randint(0, 4, (total, batch))


def measure(arguments):
    torch.manual_seed(0)
    torch.set_num_threads(arguments.threads)
    crops, counts = arguments.crop_sizes, arguments.num_crops
    model = networks.make(arguments.model, arguments.patch_size, crops[0])
    optimizer = torch.optim.AdamW(parameter_groups(model), lr=1e-4, weight_decay=0.04)
    views, boxes_global, boxes_all, turns = random_batch(arguments.batch, crops, counts)
    grids = [side // arguments.patch_size for side in crops]
    sizes = [max(1, round(0.7 * grid)) for grid in grids]
    matches = [max(1, grid * grid // 2) for grid in grids]
    phases = dict.fromkeys(["forward_and_losses", "backward", "optimiser"], 0.0)

    def step():
        begin = time.perf_counter()
        model.update_teacher(0.996)
        crop, correspondence, rotation = losses.gtsa_losses(
            model, views, boxes_global, boxes_all, turns, counts[0], arguments.patch_size, sizes, matches, grids[1] ** 2
        )
        total = crop + 0.5 * correspondence + 0.5 * rotation
        total.item()
        forward = time.perf_counter()
        optimizer.zero_grad(set_to_none=True)
        total.backward()
        backward = time.perf_counter()
        clip_each(model, 3.0)
        optimizer.step()
        end = time.perf_counter()
        for name, seconds in zip(phases, (forward - begin, backward - forward, end - backward)):
            phases[name] += seconds
        return end - begin

    step()
    for name in phases:
        phases[name] = 0.0
    seconds = [step() for _ in range(arguments.steps)]
    return {
        "threads": arguments.threads,
        "batch": arguments.batch,
        "images_per_second": arguments.batch / statistics.median(seconds),
        "peak_rss_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        "phases": {name: value / arguments.steps for name, value in phases.items()},
    }


def check(folder):
    """Losses and every gradient of the recorded step."""
    facts, tensors = golden.load(folder, "gtsa_step_tiny")
    model = networks.Gtsa(facts["crops"][0], facts["patch"], facts["embed"], facts["depth"], facts["heads"],
                          facts["projector_dim"], facts["predictor_dim"], facts["out_dim"], facts["rot_hidden"],
                          facts["rot_mid"], 0)  # fmt: skip
    renamed = {f"blocks.{i}.conv.": f"blocks.{i}.0." for i in range(2)}

    def recorded_name(name):
        for ours, theirs in renamed.items():
            name = name.replace(ours, theirs) if "projector" in name or "predictor.blocks" in name else name
        return name

    with torch.no_grad():
        for name, parameter in model.named_parameters():
            parameter.copy_(tensors["param/" + recorded_name(name)])
    model.update_teacher(facts["momentum"])
    views = [tensors[f"view/{v}"] for v in range(sum(facts["num_crops"]))]
    turns = (tensors["angles"] / 90).long()
    parts = losses.gtsa_losses(model, views, tensors["bbox/gc"], tensors["bbox/all"], turns, facts["num_crops"][0],
                               facts["patch"], facts["roi_out"], facts["num_matches"])  # fmt: skip
    (parts[0] + facts["pc_coef"] * parts[1] + facts["rot_coef"] * parts[2]).backward()
    worst = 0.0
    for name, value in zip(("dense", "correspondence", "rotation"), parts):
        difference = abs(value.item() - tensors["loss/" + name].item())
        print(f"{name:16} {value.item():.7f}  differs by {difference:.1e}")
        if difference > 2e-6:
            sys.exit(f"{name} is wrong")
    for name, parameter in model.named_parameters():
        if not parameter.requires_grad:
            continue
        want = tensors["grad/" + recorded_name(name)]
        got = parameter.grad
        if name.endswith("qkv.bias"):  # the keys' third has no gradient but rounding
            third = len(want) // 3
            got, want = got.clone(), want.clone()
            got[third : 2 * third] = want[third : 2 * third] = 0
        worst = max(worst, ((got - want).norm() / want.norm()).item())
    print(f"gradients        differ by at most {worst:.1e} of their norm")
    if worst > 1e-4:
        sys.exit("a gradient is wrong")


def numbers(text):
    return [int(part) for part in text.split(",")]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--model", default="small", choices=networks.SIZES)
    parser.add_argument("--patch-size", type=int, default=16)
    parser.add_argument("--crop-sizes", type=numbers, default=[224, 96])
    parser.add_argument("--num-crops", type=numbers, default=[2, 8])
    parser.add_argument("--batch", type=int, default=8)
    parser.add_argument("--steps", type=int, default=3)
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--check", metavar="GOLDEN")
    arguments = parser.parse_args()
    if arguments.check:
        check(arguments.check)
        return
    result = measure(arguments)
    print(json.dumps(result) if arguments.json else "\n".join(f"{key:20} {value}" for key, value in result.items()))


if __name__ == "__main__":
    main()
