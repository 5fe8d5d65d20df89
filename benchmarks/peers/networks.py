"""GTSA's networks as a PyTorch user writes them: timm-like ViT, convolutional heads (docs/method.md 2)."""
import math

import torch
import torch.nn.functional as F
from torch import nn

SIZES = {"tiny": (192, 12, 3, 192, 384, 384), "small": (384, 12, 6, 384, 768, 768), "base": (768, 12, 12, 384, 768, 768)}


class DropPath(nn.Module):
    def __init__(self, rate):
        super().__init__()
        self.rate = rate

    def forward(self, x):
        if self.rate == 0 or not self.training:
            return x
        keep = torch.rand(x.shape[0], 1, 1, device=x.device) >= self.rate
        return x * keep / (1 - self.rate)


class Attention(nn.Module):
    def __init__(self, width, heads):
        super().__init__()
        self.heads = heads
        self.scale = (width // heads) ** -0.5
        self.qkv = nn.Linear(width, 3 * width)
        self.proj = nn.Linear(width, width)

    def forward(self, x):
        n, t, c = x.shape
        q, k, v = self.qkv(x).reshape(n, t, 3, self.heads, c // self.heads).permute(2, 0, 3, 1, 4).unbind(0)
        attention = (q @ k.transpose(-2, -1) * self.scale).softmax(dim=-1)
        return self.proj((attention @ v).transpose(1, 2).reshape(n, t, c))


class Mlp(nn.Module):
    def __init__(self, width, hidden):
        super().__init__()
        self.fc1 = nn.Linear(width, hidden)
        self.fc2 = nn.Linear(hidden, width)

    def forward(self, x):
        return self.fc2(F.gelu(self.fc1(x)))


class Block(nn.Module):
    def __init__(self, width, heads, drop_path):
        super().__init__()
        self.norm1 = nn.LayerNorm(width, eps=1e-6)
        self.attn = Attention(width, heads)
        self.norm2 = nn.LayerNorm(width, eps=1e-6)
        self.mlp = Mlp(width, 4 * width)
        self.drop_path = DropPath(drop_path)

    def forward(self, x):
        x = x + self.drop_path(self.attn(self.norm1(x)))
        return x + self.drop_path(self.mlp(self.norm2(x)))


class PatchEmbed(nn.Module):
    def __init__(self, patch, width):
        super().__init__()
        self.proj = nn.Conv2d(3, width, patch, patch)

    def forward(self, x):
        return self.proj(x).flatten(2).transpose(1, 2)


class Vit(nn.Module):
    """images [n, 3, S, S] -> patch tokens [n, T, C], normed."""

    def __init__(self, image, patch, width, depth, heads, drop_path):
        super().__init__()
        self.patch = patch
        self.patch_embed = PatchEmbed(patch, width)
        self.cls_token = nn.Parameter(torch.randn(1, 1, width) * 0.02)
        self.pos_embed = nn.Parameter(torch.randn(1, 1 + (image // patch) ** 2, width) * 0.02)
        rates = [drop_path * i / max(1, depth - 1) for i in range(depth)]
        self.blocks = nn.Sequential(*[Block(width, heads, rate) for rate in rates])
        self.norm = nn.LayerNorm(width, eps=1e-6)

    def positions(self, height, width):
        stored = self.pos_embed.shape[1] - 1
        rows, columns = height // self.patch, width // self.patch
        if rows * columns == stored and height == width:
            return self.pos_embed
        side = int(math.sqrt(stored))
        patches = self.pos_embed[:, 1:].reshape(1, side, side, -1).permute(0, 3, 1, 2)
        patches = F.interpolate(
            patches, scale_factor=((rows + 0.1) / side, (columns + 0.1) / side), mode="bicubic"
        )
        return torch.cat([self.pos_embed[:, :1], patches.permute(0, 2, 3, 1).flatten(1, 2)], dim=1)

    def forward(self, images):
        x = self.patch_embed(images)
        x = torch.cat([self.cls_token.expand(len(x), -1, -1), x], dim=1)
        x = x + self.positions(*images.shape[2:])
        return self.norm(self.blocks(x))[:, 1:]


class ConvBlock(nn.Module):
    def __init__(self, width_in, width_out):
        super().__init__()
        self.conv = nn.Conv2d(width_in, width_out, 3, padding=1)

    def forward(self, x):
        y = self.conv(x).permute(0, 2, 3, 1)
        return F.gelu(F.layer_norm(y, y.shape[-1:])).permute(0, 3, 1, 2)


class ConvHead(nn.Module):
    """maps [n, in, g, g] -> [n, out, g, g]."""

    def __init__(self, width_in, hidden, out, blocks, residual):
        super().__init__()
        self.blocks = nn.ModuleList(ConvBlock(width_in if i == 0 else hidden, hidden) for i in range(blocks))
        self.proj = nn.Conv2d(hidden, out, 1)
        self.residual = residual

    def forward(self, x):
        for block in self.blocks:
            y = block(x)
            x = x + y if self.residual and x.shape == y.shape else y
        return self.proj(x)


def rotation_head(width, hidden, bottleneck):
    return nn.Sequential(
        nn.Linear(width, hidden), nn.LayerNorm(hidden), nn.GELU(), nn.Linear(hidden, hidden), nn.LayerNorm(hidden),
        nn.GELU(), nn.Linear(hidden, bottleneck), nn.LayerNorm(bottleneck), nn.Linear(bottleneck, 4),
    )  # fmt: skip


class Gtsa(nn.Module):
    def __init__(self, image=224, patch=16, width=384, depth=12, heads=6, projector=384, predictor=768, out=768,
                 rotation=768, bottleneck=128, drop_path=0.1):  # fmt: skip
        super().__init__()
        self.base_encoder = Vit(image, patch, width, depth, heads, drop_path)
        self.base_projector = ConvHead(width, projector, out, 2, True)
        self.base_predictor = ConvHead(out, predictor, out, 1, False)
        self.momentum_encoder = Vit(image, patch, width, depth, heads, 0)
        self.momentum_projector = ConvHead(width, projector, out, 2, True)
        self.rot_predictor = rotation_head(width, rotation, bottleneck)
        for student, teacher in self.pairs():
            teacher.data.copy_(student.data)
            teacher.requires_grad = False

    def pairs(self):
        """(student's, teacher's) parameters that correspond."""
        yield from zip(self.base_encoder.parameters(), self.momentum_encoder.parameters())
        yield from zip(self.base_projector.parameters(), self.momentum_projector.parameters())

    @torch.no_grad()
    def update_teacher(self, momentum):
        for student, teacher in self.pairs():
            teacher.data = teacher.data * momentum + student.data * (1 - momentum)

    def student(self, views):
        tokens = self.base_encoder(views)
        side = int(math.sqrt(tokens.shape[1]))
        maps = tokens.transpose(1, 2).reshape(len(tokens), -1, side, side)
        return self.base_predictor(self.base_projector(maps)), self.rot_predictor(tokens.mean(dim=1))

    @torch.no_grad()
    def teacher(self, views):
        tokens = self.momentum_encoder(views)
        side = int(math.sqrt(tokens.shape[1]))
        return self.momentum_projector(tokens.transpose(1, 2).reshape(len(tokens), -1, side, side))


def make(model, patch=16, image=224):
    width, depth, heads, projector, predictor, out = SIZES[model]
    return Gtsa(image, patch, width, depth, heads, projector, predictor, out)
