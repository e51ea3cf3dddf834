"""Networks of many kinds, built of torch.nn, small enough to run for real beside the peers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from dltui.models import build

Net = tuple[Callable[[], nn.Module], Callable[[], tuple[Any, ...]]]


def conv(i: int, o: int, k: int = 3, *, norm: bool = True, **more: Any) -> nn.Sequential:
    """Convolution that keeps the size, batch norm, ReLU."""
    layers: list[nn.Module] = [nn.Conv2d(i, o, k, padding=k // 2, bias=not norm, **more)]
    return nn.Sequential(*layers, *([nn.BatchNorm2d(o)] if norm else []), nn.ReLU(inplace=True))


class Bottleneck(nn.Module):
    """1 × 1, 3 × 3, 1 × 1 with a shortcut (He et al. 2016; ``groups`` as in ResNeXt)."""

    def __init__(self, i: int, w: int, stride: int = 1, groups: int = 1) -> None:
        super().__init__()
        o = 4 * w
        self.conv1, self.bn1 = nn.Conv2d(i, w, 1, bias=False), nn.BatchNorm2d(w)
        self.conv2 = nn.Conv2d(w, w, 3, stride, 1, groups=groups, bias=False)
        self.bn2 = nn.BatchNorm2d(w)
        self.conv3, self.bn3 = nn.Conv2d(w, o, 1, bias=False), nn.BatchNorm2d(o)
        self.relu = nn.ReLU(inplace=True)
        changes = stride != 1 or i != o
        self.downsample = (
            nn.Sequential(nn.Conv2d(i, o, 1, stride, bias=False), nn.BatchNorm2d(o)) if changes else None
        )

    def forward(self, x: Tensor) -> Tensor:
        h = self.relu(self.bn1(self.conv1(x)))
        h = self.bn3(self.conv3(self.relu(self.bn2(self.conv2(h)))))
        return self.relu(h + (x if self.downsample is None else self.downsample(x)))


class ResNet(nn.Module):
    """Stages of bottlenecks; width 64 and (3, 4, 6, 3) blocks are ResNet-50."""

    def __init__(self, width: int, blocks: Sequence[int], classes: int, groups: int = 1) -> None:
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(3, width, 7, 2, 3, bias=False), nn.BatchNorm2d(width)
        self.relu, self.maxpool = nn.ReLU(inplace=True), nn.MaxPool2d(3, 2, 1)
        channels = width
        stages = []
        for stage, count in enumerate(blocks):
            wide = width * 2**stage
            layers = []
            for place in range(count):
                layers.append(Bottleneck(channels, wide, 2 if stage and not place else 1, groups))
                channels = 4 * wide
            stages.append(nn.Sequential(*layers))
        self.layers = nn.Sequential(*stages)
        self.avgpool, self.fc = nn.AdaptiveAvgPool2d(1), nn.Linear(channels, classes)

    def forward(self, x: Tensor) -> Tensor:
        h = self.maxpool(self.relu(self.bn1(self.conv1(x))))
        return self.fc(torch.flatten(self.avgpool(self.layers(h)), 1))


def resnet50() -> nn.Module:
    """Return a network with the layers of ResNet-50."""
    return ResNet(64, (3, 4, 6, 3), 1000)


def alexnet() -> nn.Module:
    """Krizhevsky 2014, a quarter as wide."""
    return nn.Sequential(
        nn.Conv2d(3, 16, 11, 4, 2), nn.ReLU(), nn.MaxPool2d(3, 2), nn.Conv2d(16, 48, 5, padding=2), nn.ReLU(),
        nn.MaxPool2d(3, 2), nn.Conv2d(48, 96, 3, padding=1), nn.ReLU(), nn.Conv2d(96, 64, 3, padding=1), nn.ReLU(),
        nn.MaxPool2d(3, 2), nn.AdaptiveAvgPool2d(3), nn.Flatten(), nn.Dropout(), nn.Linear(576, 128), nn.ReLU(),
        nn.Dropout(), nn.Linear(128, 10),
    )  # fmt: skip


def vgg() -> nn.Module:
    """VGG-11, an eighth as wide."""
    layers: list[nn.Module] = []
    channels = 3
    for size in (8, 0, 16, 0, 32, 32, 0, 64, 64, 0, 64, 64, 0):
        layers += [conv(channels, size, norm=False)] if size else [nn.MaxPool2d(2)]
        channels = size or channels
    return nn.Sequential(*layers, nn.Flatten(), nn.Linear(64, 32), nn.ReLU(), nn.Linear(32, 10))


def mobilenet() -> nn.Module:
    """Depthwise and pointwise convolutions in turn."""
    pairs = [(8, 16, 1), (16, 32, 2), (32, 32, 1), (32, 64, 2)]
    blocks = [nn.Sequential(conv(i, i, groups=i, stride=s), conv(i, o, 1)) for i, o, s in pairs]
    return nn.Sequential(
        conv(3, 8, stride=2), *blocks, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(64, 10)
    )


class Dense(nn.Module):
    """Every layer reads all before it."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.ModuleList(conv(8 + 4 * place, 4) for place in range(4))
        self.head = nn.Conv2d(24, 10, 1)

    def forward(self, x: Tensor) -> Tensor:
        h = x
        for layer in self.layers:
            h = torch.cat([h, layer(h)], 1)
        return self.head(h).mean((2, 3))


class Inception(nn.Module):
    """Branches of several reaches, side by side."""

    def __init__(self) -> None:
        super().__init__()
        self.one, self.three, self.five = conv(8, 4, 1), conv(8, 4), conv(8, 4, 5)
        self.pool, self.head = nn.MaxPool2d(3, 1, 1), nn.Linear(20, 5)

    def forward(self, x: Tensor) -> Tensor:
        h = torch.cat([self.one(x), self.three(x), self.five(x), self.pool(x)], 1)
        return self.head(functional.adaptive_avg_pool2d(h, 1).flatten(1))


class UNet(nn.Module):
    """Down twice, up twice by transposed convolutions, with skips."""

    def __init__(self) -> None:
        super().__init__()
        self.d1, self.d2, self.middle = conv(3, 8), conv(8, 16), conv(16, 32)
        self.up2, self.u2 = nn.ConvTranspose2d(32, 16, 2, 2), conv(32, 16)
        self.up1, self.u1 = nn.ConvTranspose2d(16, 8, 2, 2), conv(16, 8)
        self.head = nn.Conv2d(8, 2, 1)

    def forward(self, x: Tensor) -> Tensor:
        a = self.d1(x)
        b = self.d2(functional.max_pool2d(a, 2))
        c = self.middle(functional.max_pool2d(b, 2))
        h = self.u2(torch.cat([self.up2(c), b], 1))
        return self.head(self.u1(torch.cat([self.up1(h), a], 1)))


def generator() -> nn.Module:
    """DCGAN's generator, small."""
    return nn.Sequential(
        nn.ConvTranspose2d(16, 32, 4, bias=False), nn.BatchNorm2d(32), nn.ReLU(),
        nn.ConvTranspose2d(32, 16, 4, 2, 1, bias=False), nn.BatchNorm2d(16), nn.ReLU(),
        nn.ConvTranspose2d(16, 3, 4, 2, 1), nn.Tanh(),
    )  # fmt: skip


def autoencoder() -> nn.Module:
    """Fully connected down to 4 numbers and back."""
    return nn.Sequential(
        nn.Linear(64, 16), nn.ReLU(), nn.Linear(16, 4), nn.Linear(4, 16), nn.ReLU(), nn.Linear(16, 64)
    )


def wavenet() -> nn.Module:
    """Dilated convolutions over time."""
    layers = [nn.Sequential(nn.Conv1d(8, 8, 2, dilation=2**p), nn.Tanh()) for p in range(5)]
    return nn.Sequential(nn.Conv1d(1, 8, 1), *layers, nn.Conv1d(8, 4, 1))


def volumes() -> nn.Module:
    """Convolutions over volumes."""
    return nn.Sequential(
        nn.Conv3d(1, 4, 3, padding=1), nn.BatchNorm3d(4), nn.ReLU(), nn.MaxPool3d(2), nn.Conv3d(4, 8, 3, groups=2),
        nn.AdaptiveAvgPool3d(1), nn.Flatten(), nn.Linear(8, 3),
    )  # fmt: skip


class Recurrent(nn.Module):
    """Embedding, a recurrent layer, a head on the last step."""

    def __init__(self, kind: type[nn.RNNBase], **more: Any) -> None:
        super().__init__()
        self.table = nn.Embedding(50, 12)
        self.rnn = kind(12, 16, batch_first=True, **more)  # type: ignore[call-arg]
        self.head = nn.Linear(16 * (2 if self.rnn.bidirectional else 1), 5)

    def forward(self, i: Tensor) -> Tensor:
        return self.head(self.rnn(self.table(i))[0][:, -1])


class Classifier(nn.Module):
    """Embedding with places, encoder layers, a head on the mean."""

    def __init__(self) -> None:
        super().__init__()
        self.table, self.place = nn.Embedding(50, 32), nn.Parameter(torch.zeros(1, 10, 32))
        layer = nn.TransformerEncoderLayer(32, 4, 64, batch_first=True)
        self.encoder = nn.TransformerEncoder(layer, 2, enable_nested_tensor=False)
        self.head = nn.Linear(32, 5)

    def forward(self, i: Tensor) -> Tensor:
        return self.head(self.encoder(self.table(i) + self.place).mean(1))


class Block(nn.Module):
    """Attention and a feed-forward network, each after a norm and beside a shortcut."""

    def __init__(self, width: int, heads: int, *, causal: bool) -> None:
        super().__init__()
        self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.qkv, self.out = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.mlp = nn.Sequential(nn.Linear(width, 4 * width), nn.GELU(), nn.Linear(4 * width, width))
        self.heads, self.causal = heads, causal

    def forward(self, x: Tensor) -> Tensor:
        b, n, d = x.shape
        q, k, v = self.qkv(self.norm1(x)).view(b, n, 3, self.heads, d // self.heads).permute(2, 0, 3, 1, 4)
        h = functional.scaled_dot_product_attention(q, k, v, is_causal=self.causal)
        x = x + self.out(h.transpose(1, 2).reshape(b, n, d))
        return x + self.mlp(self.norm2(x))


class ViT(nn.Module):
    """Patches of 8 × 8 as tokens beside a class token."""

    def __init__(self) -> None:
        super().__init__()
        self.patch, self.token = nn.Conv2d(3, 32, 8, 8), nn.Parameter(torch.zeros(1, 1, 32))
        self.blocks = nn.Sequential(*(Block(32, 4, causal=False) for _ in range(2)))
        self.head = nn.Linear(32, 10)

    def forward(self, x: Tensor) -> Tensor:
        h = self.patch(x).flatten(2).transpose(1, 2)
        return self.head(self.blocks(torch.cat([self.token.expand(len(h), -1, -1), h], 1))[:, 0])


class GPT(nn.Module):
    """Causal blocks whose head is the embedding's table."""

    def __init__(self) -> None:
        super().__init__()
        self.table, self.place = nn.Embedding(100, 32), nn.Embedding(16, 32)
        self.blocks = nn.ModuleList(Block(32, 4, causal=True) for _ in range(3))
        self.norm, self.head = nn.LayerNorm(32), nn.Linear(32, 100, bias=False)
        self.head.weight = self.table.weight

    def forward(self, i: Tensor) -> dict[str, Tensor]:
        h = self.table(i) + self.place(torch.arange(i.shape[1], device=i.device))
        for block in self.blocks:
            h = block(h)
        return {"logits": self.head(self.norm(h))}


class Mixer(nn.Module):
    """Linear layers over tokens and over channels in turn."""

    def __init__(self) -> None:
        super().__init__()
        self.tokens, self.channels = nn.Linear(16, 16), nn.Linear(12, 12)
        self.norm = nn.LayerNorm(12)

    def forward(self, x: Tensor) -> Tensor:
        x = x + self.tokens(self.norm(x).transpose(1, 2)).transpose(1, 2)
        return x + self.channels(self.norm(x))


class ConvNext(nn.Module):
    """A depthwise 7 × 7, then linear layers over channels that stand last."""

    def __init__(self) -> None:
        super().__init__()
        self.depth, self.norm = nn.Conv2d(8, 8, 7, padding=3, groups=8), nn.LayerNorm(8)
        self.wide, self.act, self.narrow = nn.Linear(8, 32), nn.GELU(), nn.Linear(32, 8)

    def forward(self, x: Tensor) -> Tensor:
        h = self.norm(self.depth(x).permute(0, 2, 3, 1))
        return x + self.narrow(self.act(self.wide(h))).permute(0, 3, 1, 2)


class PointNet(nn.Module):
    """The same layers on every point, then a maximum."""

    def __init__(self) -> None:
        super().__init__()
        self.each = nn.Sequential(nn.Conv1d(3, 16, 1), nn.BatchNorm1d(16), nn.ReLU(), nn.Conv1d(16, 32, 1))
        self.head = nn.Linear(32, 4)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.each(x).amax(2))


class Siamese(nn.Module):
    """Two inputs through one trunk."""

    def __init__(self) -> None:
        super().__init__()
        self.trunk, self.head = nn.Sequential(conv(1, 8), nn.Flatten(), nn.Linear(512, 16)), nn.Linear(16, 1)

    def forward(self, a: Tensor, b: Tensor) -> Tensor:
        return self.head((self.trunk(a) - self.trunk(b)).abs())


def floats(*shapes: tuple[int, ...]) -> Callable[[], tuple[Tensor, ...]]:
    """Return a maker of float inputs."""
    return lambda: tuple(torch.zeros(shape) for shape in shapes)


def tokens(*shape: int) -> Callable[[], tuple[Tensor, ...]]:
    """Return a maker of one input of indices."""
    return lambda: (torch.zeros(shape, dtype=torch.int64),)


def named(name: str) -> Net:
    """Return one of dltui's own networks."""
    return (lambda: build(name, (3, 16, 16), 10)), floats((2, 3, 16, 16))


ZOO: dict[str, Net] = {
    **{name: named(name) for name in ("mlp", "lenet", "resnet8", "resnet20", "resnet20-noskip")},
    "resnet50-like": (lambda: ResNet(8, (3, 4, 6, 3), 10), floats((2, 3, 64, 64))),
    "resnext-like": (lambda: ResNet(16, (1, 1), 10, groups=4), floats((2, 3, 32, 32))),
    "alexnet-like": (alexnet, floats((2, 3, 127, 127))),
    "vgg-like": (vgg, floats((2, 3, 32, 32))),
    "mobilenet-like": (mobilenet, floats((2, 3, 32, 32))),
    "densenet-like": (Dense, floats((2, 8, 16, 16))),
    "inception-like": (Inception, floats((2, 8, 16, 16))),
    "unet": (UNet, floats((2, 3, 16, 16))),
    "dcgan": (generator, floats((2, 16, 1, 1))),
    "autoencoder": (autoencoder, floats((2, 64))),
    "wavenet-like": (wavenet, floats((2, 1, 64))),
    "volumes": (volumes, floats((2, 1, 8, 8, 8))),
    "lstm": (lambda: Recurrent(nn.LSTM), tokens(2, 7)),
    "lstm, 2 layers, both ways": (lambda: Recurrent(nn.LSTM, num_layers=2, bidirectional=True), tokens(2, 7)),
    "gru": (lambda: Recurrent(nn.GRU), tokens(2, 7)),
    "rnn": (lambda: Recurrent(nn.RNN), tokens(2, 7)),
    "transformer encoder": (Classifier, tokens(2, 10)),
    "transformer": (
        lambda: nn.Transformer(32, 4, 1, 2, 64, batch_first=True),
        floats((2, 10, 32), (2, 7, 32)),
    ),
    "vit": (ViT, floats((2, 3, 32, 32))),
    "gpt": (GPT, tokens(2, 16)),
    "mixer": (Mixer, floats((2, 16, 12))),
    "convnext-like": (ConvNext, floats((2, 8, 16, 16))),
    "pointnet": (PointNet, floats((2, 3, 20))),
    "siamese": (Siamese, floats((2, 1, 8, 8), (2, 1, 8, 8))),
}
