"""Networks as people write them; the tests run each with PyTorch and follow the text of each without it."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
import torch.nn.functional as F  # noqa: N812
from torch import nn


class Small(nn.Module):
    """A pool used twice, functions beside modules, a view that asks for the batch."""

    def __init__(self, classes: int = 10):
        super().__init__()
        self.conv1 = nn.Conv2d(1, 6, kernel_size=5, padding=2)
        self.pool = nn.MaxPool2d(2, 2)
        self.conv2 = nn.Conv2d(6, 16, 5)
        self.dropout = nn.Dropout(0.5)
        self.fc1 = nn.Linear(16 * 5 * 5, 120)
        self.fc2 = nn.Linear(120, classes)

    def forward(self, x):
        x = self.pool(F.relu(self.conv1(x)))
        x = self.pool(torch.tanh(self.conv2(x)))
        x = x.view(x.size(0), -1)
        x = F.dropout(F.relu(self.fc1(x)), 0.2, training=self.training)
        return F.log_softmax(self.fc2(x), dim=1)


def conv3x3(inside: int, out: int, stride: int = 1) -> nn.Conv2d:
    return nn.Conv2d(inside, out, kernel_size=3, stride=stride, padding=1, bias=False)


class BasicBlock(nn.Module):
    """A residual block with a shortcut where sizes differ."""

    expansion = 1

    def __init__(self, inside, out, stride=1):
        super().__init__()
        self.conv1 = conv3x3(inside, out, stride)
        self.bn1 = nn.BatchNorm2d(out)
        self.conv2 = conv3x3(out, out)
        self.bn2 = nn.BatchNorm2d(out)
        self.relu = nn.ReLU(inplace=True)
        self.shortcut = None
        if stride != 1 or inside != out:
            self.shortcut = nn.Sequential(nn.Conv2d(inside, out, 1, stride, bias=False), nn.BatchNorm2d(out))

    def forward(self, x):
        identity = x
        out = self.relu(self.bn1(self.conv1(x)))
        out = self.bn2(self.conv2(out))
        if self.shortcut is not None:
            identity = self.shortcut(x)
        out += identity
        return self.relu(out)


class Residual(nn.Module):
    """Stages made by a method, with a counter kept on the object."""

    def __init__(self, layers=(2, 2), classes=10, width=16):
        super().__init__()
        self.inside = width
        self.stem = nn.Sequential(nn.Conv2d(3, width, 3, 1, 1, bias=False), nn.BatchNorm2d(width), nn.ReLU())
        stages = []
        for index, count in enumerate(layers):
            stages.append(self._stage(width * 2**index, count, stride=1 if index == 0 else 2))
        self.stages = nn.Sequential(*stages)
        self.pool = nn.AdaptiveAvgPool2d((1, 1))
        self.fc = nn.Linear(width * 2 ** (len(layers) - 1), classes)

    def _stage(self, out, count, stride):
        blocks = [BasicBlock(self.inside, out, stride)]
        self.inside = out * BasicBlock.expansion
        blocks += [BasicBlock(self.inside, out) for _ in range(1, count)]
        return nn.Sequential(*blocks)

    def forward(self, x):
        x = self.pool(self.stages(self.stem(x)))
        return self.fc(torch.flatten(x, 1))


class Hourglass(nn.Module):
    """Skips kept in a list and joined by channels."""

    def __init__(self, channels=(8, 16, 32), classes=2):
        super().__init__()
        self.down = nn.ModuleList()
        inside = 3
        for width in channels:
            self.down.append(self.double(inside, width))
            inside = width
        self.up = nn.ModuleList(nn.ConvTranspose2d(w * 2, w, 2, stride=2) for w in reversed(channels[:-1]))
        self.mix = nn.ModuleList([self.double(w * 2, w) for w in reversed(channels[:-1])])
        self.head = nn.Conv2d(channels[0], classes, 1)

    @staticmethod
    def double(inside, out):
        return nn.Sequential(
            nn.Conv2d(inside, out, 3, padding=1), nn.ReLU(), nn.Conv2d(out, out, 3, padding=1), nn.ReLU()
        )

    def forward(self, x):
        skips = []
        for i, stage in enumerate(self.down):
            x = stage(x)
            if i < len(self.down) - 1:
                skips.append(x)
                x = F.max_pool2d(x, 2)
        for up, mix, skip in zip(self.up, self.mix, reversed(skips), strict=True):
            x = mix(torch.cat([skip, up(x)], dim=1))
        return self.head(x)


class Vision(nn.Module):
    """A class token, learned places, an encoder, and the token read at the end."""

    def __init__(self, image_size=32, patch_size=8, dim=24, depth=2, heads=4, classes=10):
        super().__init__()
        count = (image_size // patch_size) ** 2
        self.patch = nn.Conv2d(3, dim, kernel_size=patch_size, stride=patch_size)
        self.cls_token = nn.Parameter(torch.zeros(1, 1, dim))
        self.places = nn.Parameter(torch.randn(1, count + 1, dim) * 0.02)
        layer = nn.TransformerEncoderLayer(dim, heads, dim * 4, activation="gelu", batch_first=True)
        self.encoder = nn.TransformerEncoder(layer, num_layers=depth)
        self.norm = nn.LayerNorm(dim)
        self.head = nn.Linear(dim, classes)

    def forward(self, x):
        n = x.shape[0]
        x = self.patch(x).flatten(2).transpose(1, 2)
        cls = self.cls_token.expand(n, -1, -1)
        x = torch.cat((cls, x), dim=1) + self.places
        x = self.encoder(x)
        return self.head(self.norm(x[:, 0]))


@dataclass
class Config:
    """Sizes of the language model."""

    block_size: int = 16
    vocab_size: int = 50
    n_layer: int = 2
    n_head: int = 3
    n_embd: int = 12
    bias: bool = False


class CausalSelfAttention(nn.Module):
    """Queries, keys and values of one projection, split and put into heads."""

    def __init__(self, config):
        super().__init__()
        assert config.n_embd % config.n_head == 0
        self.c_attn = nn.Linear(config.n_embd, 3 * config.n_embd, bias=config.bias)
        self.c_proj = nn.Linear(config.n_embd, config.n_embd, bias=config.bias)
        self.n_head = config.n_head
        self.n_embd = config.n_embd

    def forward(self, x):
        B, T, C = x.size()
        q, k, v = self.c_attn(x).split(self.n_embd, dim=2)
        k = k.view(B, T, self.n_head, C // self.n_head).transpose(1, 2)
        q = q.view(B, T, self.n_head, C // self.n_head).transpose(1, 2)
        v = v.view(B, T, self.n_head, C // self.n_head).transpose(1, 2)
        y = F.scaled_dot_product_attention(q, k, v, attn_mask=None, dropout_p=0, is_causal=True)
        y = y.transpose(1, 2).contiguous().view(B, T, C)
        return self.c_proj(y)


class GPTBlock(nn.Module):
    """Attention and a feed-forward network, norms in front."""

    def __init__(self, config):
        super().__init__()
        self.ln_1 = nn.LayerNorm(config.n_embd, bias=config.bias)
        self.attn = CausalSelfAttention(config)
        self.ln_2 = nn.LayerNorm(config.n_embd, bias=config.bias)
        self.mlp = nn.ModuleDict({
            "c_fc": nn.Linear(config.n_embd, 4 * config.n_embd),
            "gelu": nn.GELU(),
            "c_proj": nn.Linear(4 * config.n_embd, config.n_embd),
        })

    def forward(self, x):
        x = x + self.attn(self.ln_1(x))
        m = self.mlp
        return x + m["c_proj"](m["gelu"](m["c_fc"](self.ln_2(x))))


class GPT(nn.Module):
    """Words and places, blocks, a head that is the table."""

    def __init__(self, config=Config()):  # noqa: B008
        super().__init__()
        self.config = config
        self.wte = nn.Embedding(config.vocab_size, config.n_embd)
        self.wpe = nn.Parameter(torch.zeros(config.block_size, config.n_embd))
        self.h = nn.ModuleList([GPTBlock(config) for _ in range(config.n_layer)])
        self.ln_f = nn.LayerNorm(config.n_embd, bias=config.bias)
        self.lm_head = nn.Linear(config.n_embd, config.vocab_size, bias=False)

    def forward(self, idx):
        _, t = idx.size()
        assert t <= self.config.block_size
        x = self.wte(idx) * math.sqrt(self.config.n_embd) + self.wpe[:t]
        for block in self.h:
            x = block(x)
        return self.lm_head(self.ln_f(x))


class Tagger(nn.Module):
    """An LSTM both ways, its last states joined."""

    def __init__(self, vocab=30, width=8, hidden=6, classes=3):
        super().__init__()
        self.table = nn.Embedding(vocab, width)
        self.lstm = nn.LSTM(width, hidden, num_layers=2, bidirectional=True, batch_first=True)
        self.attend = nn.MultiheadAttention(2 * hidden, 3, batch_first=True)
        self.head = nn.Linear(4 * hidden, classes)

    def forward(self, words):
        out, (h, _) = self.lstm(self.table(words))
        mixed, _ = self.attend(out, out, out)
        last = torch.cat([h[-2], h[-1]], dim=-1)
        return self.head(torch.cat([mixed.mean(dim=1), last], dim=1))


NETWORKS = {
    "Small": (2, 1, 28, 28),
    "Residual": (2, 3, 16, 16),
    "Hourglass": (1, 3, 32, 32),
    "Vision": (2, 3, 32, 32),
    "GPT": (2, 9),
    "Tagger": (2, 7),
}
