"""Networks on cells: one tells which shape a grid holds, two others make grids of noise and judge them.

Shape letters in this file: B batch, C channels, D cells a side, K classes.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import pairwise

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from dltui.data.insides import INSIDES
from dltui.data.shapes3d_fields import BOX, placed
from dltui.device import seeded, threads
from dltui.lab.remembered import Remembered

Floats = NDArray[np.float32]

SORTS = ("sphere", "cube", "torus", "cylinder", "cone")
MADE = ("sphere", "cube", "torus")  # the shapes that are made
KERNELS = {
    "6-5-4": ((6, 2), (5, 2), (4, 1)),
    "3-3-3": ((3, 2), (3, 2), (3, 1)),
}  # kernel and stride of each layer
CHANNELS = (8, 16, 32)
SIDE, WIDE = 16, 32  # cells a side of what is made, and channels of its first layer
EACH, HELD = 24, 10  # grids of each class to learn from, and held out
BATCH, MANY, RATE, FRAMES = 20, 14, 2e-3, 4
STRETCH, TRUE = 0.35, 40  # and how many true grids of each class the judge sees
FAIR = 0.8  # the judge learns only while it is right less often, as in the paper of 3D-GAN


class Sorter(nn.Module):
    """Three convolutions over cells, then a perceptron: 3D ShapeNets in small."""

    def __init__(self, n: int, kernels: str) -> None:
        super().__init__()
        sizes = pairwise((1, *CHANNELS))
        self.cells = nn.ModuleList(
            nn.Conv3d(into, out, kernel, stride)
            for (into, out), (kernel, stride) in zip(sizes, KERNELS[kernels], strict=True)
        )
        with torch.no_grad():
            left = self.features(torch.zeros(1, 1, n, n, n))[-1].numel()
        self.head = nn.Sequential(nn.Flatten(), nn.Linear(left, 32), nn.ReLU(), nn.Linear(32, len(SORTS)))

    def features(self, x: Tensor) -> list[Tensor]:
        """Return what each convolution gives, (B, C, D, D, D)."""
        found = [x]
        for layer in self.cells:
            found.append(layer(found[-1]).relu())
        return found[1:]

    def forward(self, x: Tensor) -> Tensor:
        """Map grids to scores, (B, K)."""
        y: Tensor = self.head(self.features(x)[-1])
        return y


class Maker(nn.Module):
    """Transposed convolutions from numbers and a class to cells: the decoder of 3D-GAN in small."""

    def __init__(self, numbers: int) -> None:
        super().__init__()
        w = WIDE
        self.layers = nn.ModuleList([
            nn.Sequential(nn.ConvTranspose3d(numbers + len(MADE), w, 4), nn.BatchNorm3d(w), nn.ReLU()),
            nn.Sequential(nn.ConvTranspose3d(w, w // 2, 4, 2, 1), nn.BatchNorm3d(w // 2), nn.ReLU()),
            nn.ConvTranspose3d(w // 2, 1, 4, 2, 1),
        ])

    def forward(self, z: Tensor, label: Tensor) -> Tensor:
        """Map numbers, (B, Z), and classes, (B,), to the probability that each cell is full, (B, 1, D, D, D)."""
        given = nn.functional.one_hot(label, len(MADE)).to(z)
        h = torch.cat([z, given], dim=1)[..., None, None, None]
        for layer in self.layers:
            h = layer(h)
        return h.sigmoid()


class Judge(nn.Module):
    """Convolutions that tell made grids from true ones, told the class: a grid in, a score above 0 for true."""

    def __init__(self) -> None:
        super().__init__()
        w = WIDE // 2
        self.layers = nn.Sequential(
            nn.Conv3d(1 + len(MADE), w, 4, 2, 1), nn.LeakyReLU(0.2),
            nn.Conv3d(w, 2 * w, 4, 2, 1), nn.LeakyReLU(0.2), nn.Conv3d(2 * w, 1, 4),
        )  # fmt: skip

    def forward(self, x: Tensor, label: Tensor) -> Tensor:
        """Return scores, (B,)."""
        told = (
            nn.functional.one_hot(label, len(MADE)).to(x)[..., None, None, None].expand(-1, -1, *x.shape[2:])
        )
        y: Tensor = self.layers(torch.cat([x, told], dim=1)).flatten()
        return y


def cells(seed: int, names: tuple[str, ...], each: int, side: int) -> tuple[Tensor, Tensor]:
    """Return grids that are full where a solid lies, and its class.

    Args:
        seed: Seed of the stretches.
        names: The classes.
        each: Grids of each.
        side: Cells along each side.

    Returns:
        Grids, (B, 1, D, D, D), and classes, (B,), class by class in turns.
    """
    kinds = list(INSIDES)
    solids = placed(seed, each * len(kinds), STRETCH)
    line = (np.arange(side) + 0.5) * (2 * BOX / side) - BOX
    places = np.stack(np.meshgrid(line, line, line, indexing="ij"), axis=-1)
    chosen = [
        one for row in range(each) for one in (solids[row * len(kinds) + kinds.index(name)] for name in names)
    ]
    grids = np.stack([one.inside(places) for one in chosen])
    return torch.from_numpy(grids.astype(np.float32))[:, None], torch.arange(len(chosen)) % len(names)


@dataclass(frozen=True, eq=False)
class Look:
    """All three networks at one moment.

    Attributes:
        step: Batches that were learnt from.
        sorter: Tells shapes apart, in eval mode.
        maker: Makes them, in eval mode.
        held: Share of held-out grids told right, at each look.
        steps: Batches at each look.
        losses: Losses of sorter, maker and judge at every batch.
    """

    step: int
    sorter: Sorter
    maker: Maker
    held: list[float]
    steps: list[int]
    losses: dict[str, list[float]] = field(default_factory=dict)

    def made(self, z: Tensor, label: int) -> Floats:
        """Return the probabilities of the cells of grids that are made of numbers, (B, D, D, D)."""
        with torch.no_grad(), threads(1):
            found: Floats = self.maker(z, torch.full((len(z),), label))[:, 0].numpy()
        return found


@lru_cache(maxsize=8)
def training(n: int, kernels: str, numbers: int, steps: int, seed: int) -> Remembered[Look]:
    """Train the classifier, and maker and judge against each other.

    Args:
        n: Cells a side of the grids that are told apart.
        kernels: Which kernels the classifier has.
        numbers: How many numbers a made grid begins as.
        steps: Batches of maker and judge; the classifier learns at every second.
        seed: Seed of shapes, weights and noise.

    Returns:
        Looks before training, at some steps, and after the last one.
    """
    return Remembered(lambda: _training(n, kernels, numbers, steps, seed))


def _training(n: int, kernels: str, numbers: int, steps: int, seed: int) -> Iterator[Look]:
    """Yield the looks."""
    with seeded(seed):
        sorter, maker, judge = Sorter(n, kernels), Maker(numbers), Judge()
    rule = torch.optim.Adam(sorter.parameters(), RATE, foreach=True)
    rules = [
        torch.optim.Adam(net.parameters(), RATE, betas=(0.5, 0.9), foreach=True) for net in (maker, judge)
    ]
    learnt, held = cells(seed, SORTS, EACH, n), cells(seed + 1000, SORTS, HELD, n)
    true, draw = cells(seed + 2000, MADE, TRUE, SIDE), torch.Generator().manual_seed(seed)
    losses: dict[str, list[float]] = {"classifier": [], "maker": [], "judge": []}
    stops = np.unique(np.linspace(0, steps, min(FRAMES, steps) + 1).astype(int)).tolist()
    shares, seen = list[float](), list[int]()
    for step in range(steps + 1):
        with threads(1):
            if step:
                _make(maker, judge, rules, true, numbers, draw, losses)
                if step % 2 == 0:
                    losses["classifier"].append(_sort(sorter, rule, learnt, draw))
            if step in stops:
                with torch.no_grad():
                    right = [sorter(x).argmax(1) for x in torch.split(held[0], BATCH)]
                shares.append(float((torch.cat(right) == held[1]).float().mean()))
                seen.append(step)
        if step in stops:
            kept = {name: list(values) for name, values in losses.items()}
            yield Look(
                step,
                copy.deepcopy(sorter).eval(),
                copy.deepcopy(maker).eval(),
                list(shares),
                list(seen),
                kept,
            )


def _sort(
    net: Sorter, rule: torch.optim.Optimizer, learnt: tuple[Tensor, Tensor], draw: torch.Generator
) -> float:
    """Take one step of the classifier and return its loss."""
    rows = torch.randint(len(learnt[0]), (BATCH,), generator=draw)
    rule.zero_grad()
    loss = nn.functional.cross_entropy(net(learnt[0][rows]), learnt[1][rows])
    loss.backward()  # type: ignore[no-untyped-call]
    rule.step()
    return float(loss.detach())


def _make(
    maker: Maker, judge: Judge, rules: list[torch.optim.Adam], true: tuple[Tensor, Tensor], numbers: int,
    draw: torch.Generator, losses: dict[str, list[float]],
) -> None:  # fmt: skip
    """Take one step of the judge, where it is not right too often, and one of the maker; write both losses down."""
    rows = torch.randint(len(true[0]), (MANY,), generator=draw)
    real, label = true[0][rows], true[1][rows]
    made = maker(torch.randn(MANY, numbers, generator=draw), label)
    loss = nn.functional.binary_cross_entropy_with_logits
    scores = judge(torch.cat([real, made.detach()]), torch.cat([label, label]))
    wanted = torch.cat([torch.full((MANY,), 0.9), torch.zeros(MANY)])
    judged = loss(scores, wanted)
    if float(((scores > 0) == (wanted > 0.5)).float().mean()) < FAIR:
        rules[1].zero_grad()
        judged.backward()  # type: ignore[no-untyped-call]
        rules[1].step()
    rules[0].zero_grad()
    fooled = loss(judge(made, label), torch.ones(MANY))
    fooled.backward()  # type: ignore[no-untyped-call]
    rules[0].step()
    losses["judge"].append(float(judged.detach()))
    losses["maker"].append(float(fooled.detach()))
