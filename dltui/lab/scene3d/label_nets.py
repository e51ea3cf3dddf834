"""Networks that give every point of a cloud a class, trained side by side on parts, rooms or rough places.

Shape letters in this file: B batch, N points, S centres, C channels, K classes.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from dltui.device import seeded, threads
from dltui.lab.remembered import Remembered
from dltui.models.dgcnn import EdgeConv
from dltui.models.pointnet import PointLayer
from dltui.models.pointnet2 import SetAbstraction, gathered
from dltui.scene.furniture import CLASSES, PARTS, Labelled, bumpy, furniture, room

LOCAL, GLOBAL = 32, 1024  # features of a point, and of the whole cloud, in the PointNet
EDGES, WHOLE, HEAD = 24, 128, 64
BATCH, HELD, RATE, FRAMES = 8, 24, 4e-3, 4
MOST = 12  # points of a ball at most
SHOWN = 1024
NAMES = ("PointNet", "PointNet++", "EdgeConv")
TASKS: dict[str, tuple[Callable[[np.random.Generator, int], Labelled], tuple[str, ...]]] = {
    "parts": (furniture, PARTS),
    "room": (room, CLASSES),
    "roughness": (bumpy, ("wavy", "rough")),
}
SCALE = {"parts": 1.0, "room": 2.0, "roughness": 1.0}  # a room is divided by it, so that radii mean the same


class PointNetLabels(nn.Module):
    """PointNet for segmentation: the features of the whole cloud stand beside those of every point."""

    def __init__(self, classes: int) -> None:
        super().__init__()
        self.local = nn.Sequential(PointLayer(3, LOCAL), PointLayer(LOCAL, LOCAL))
        self.wide = PointLayer(LOCAL, GLOBAL)
        self.head = nn.Sequential(PointLayer(LOCAL + GLOBAL, HEAD), nn.Linear(HEAD, classes))

    def joined(self, x: Tensor) -> Tensor:
        """Return what the head reads, (B, N, local + global)."""
        h = self.local(x)
        whole = self.wide(h).amax(dim=1, keepdim=True)
        return torch.cat([h, whole.expand(-1, x.shape[1], -1)], dim=-1)

    def forward(self, x: Tensor) -> Tensor:
        """Map clouds, (B, N, 3), to scores, (B, N, K)."""
        y: Tensor = self.head(self.joined(x))
        return y


class EdgeLabels(nn.Module):
    """Two edge convolutions, the second on a graph found anew among features, and the whole cloud's maximum."""

    def __init__(self, classes: int, neighbours: int) -> None:
        super().__init__()
        self.edges = nn.ModuleList(EdgeConv(into, EDGES, neighbours=neighbours) for into in (3, EDGES))
        self.wide = PointLayer(2 * EDGES, WHOLE)
        self.head = nn.Sequential(PointLayer(2 * EDGES + WHOLE, HEAD), nn.Linear(HEAD, classes))

    def features(self, x: Tensor) -> list[Tensor]:
        """Return the places, and the features after each edge convolution, each (B, N, C)."""
        found = [x]
        for edge in self.edges:
            found.append(edge(found[-1]))
        return found

    def forward(self, x: Tensor) -> Tensor:
        """Map clouds, (B, N, 3), to scores, (B, N, K)."""
        h = torch.cat(self.features(x)[1:], dim=-1)
        whole = self.wide(h).amax(dim=1, keepdim=True)
        y: Tensor = self.head(torch.cat([h, whole.expand(-1, x.shape[1], -1)], dim=-1))
        return y


class BallLabels(nn.Module):
    """PointNet++ for segmentation: balls around far points, level by level, and their features brought back down."""

    def __init__(self, classes: int, points: int, levels: int, radius: float) -> None:
        super().__init__()
        sizes = [0, *(EDGES * 2**level for level in range(levels))]
        self.down = nn.ModuleList(
            SetAbstraction(
                sizes[at], (EDGES, sizes[at + 1]), centres=max(points >> 2 * (at + 1), 1),
                radius=radius * 2**at, most=MOST,
            )
            for at in range(levels)
        )  # fmt: skip
        self.up = nn.ModuleList(
            PointLayer(sizes[at + 1] + sizes[at] + 3, sizes[at] or EDGES) for at in range(levels)
        )
        self.head = nn.Sequential(PointLayer(EDGES, HEAD), nn.Linear(HEAD, classes))

    def levels(self, x: Tensor) -> list[tuple[Tensor, Tensor | None]]:
        """Return places and features of the cloud and of each level's centres."""
        found: list[tuple[Tensor, Tensor | None]] = [(x, None)]
        for part in self.down:
            found.append(part(*found[-1]))
        return found

    def forward(self, x: Tensor) -> Tensor:
        """Map clouds, (B, N, 3), to scores, (B, N, K)."""
        found = self.levels(x)
        places, h = found[-1]
        assert h is not None
        for at in reversed(range(len(self.down))):
            to, own = found[at]
            parts = [spread(to, places, h), to, *([own] if own is not None else [])]
            places, h = to, self.up[at](torch.cat(parts, dim=-1))
        y: Tensor = self.head(h)
        return y


def spread(to: Tensor, places: Tensor, h: Tensor) -> Tensor:
    """Return features at other places: the mean of the three nearest by 1 / distance² (Qi et al. 2017).

    Args:
        to: Where they are wanted, (B, N, 3).
        places: Where they are known, (B, S, 3).
        h: What is known there, (B, S, C).

    Returns:
        Features, (B, N, C).
    """
    apart = torch.cdist(to, places, compute_mode="donot_use_mm_for_euclid_dist")
    near, at = apart.topk(min(3, places.shape[1]), dim=-1, largest=False)
    weight = 1 / (near.square() + 1e-8)
    return (gathered(h, at) * (weight / weight.sum(-1, keepdim=True))[..., None]).sum(dim=2)


@dataclass(eq=False)
class Labeller:
    """A network in the race.

    Attributes:
        name: Such as ``EdgeConv``.
        net: The network, in eval mode between two looks.
        scores: Mean intersection over union of the classes on held-out clouds, before training and at each look.
        each: That of each class at the last look; NaN where there is no such point.
    """

    name: str
    net: nn.Module
    scores: list[float]
    each: NDArray[np.float64]

    @property
    def parameters(self) -> int:
        """How many weights it has."""
        return sum(one.numel() for one in self.net.parameters())

    def labels(self, places: NDArray[np.floating], n: int) -> NDArray[np.int64]:
        """Return the class of every point, (M,), looking at ``n`` of them at a time, as many as it learnt from."""
        x = torch.from_numpy(places.astype(np.float32)).view(-1, n, 3)
        with torch.no_grad(), threads(1):
            found: NDArray[np.int64] = self.net(x).argmax(-1).flatten().numpy()
        return found


@dataclass(frozen=True, eq=False)
class Look:
    """The race at one moment.

    Attributes:
        step: Batches that were learnt from.
        nets: PointNet, PointNet++ and EdgeConv as they are at this moment.
    """

    step: int
    nets: tuple[Labeller, ...]


def drawn(task: str, draw: np.random.Generator, n: int) -> Labelled:
    """Return a labelled cloud of a task, in the size that the networks see."""
    found = TASKS[task][0](draw, n)
    return Labelled(found.places / SCALE[task], found.label, found.instance, found.names)


@lru_cache(maxsize=8)
def stand(task: str, kind: str, n: int, seed: int) -> Labelled:
    """Return the cloud that is looked at: about a thousand points in any order, a multiple of ``n``.

    Args:
        task: Whose.
        kind: Which piece of furniture, where it is one.
        n: Points that a network sees at a time.
        seed: Seed of everything that is drawn.

    Returns:
        The cloud, in the size that the networks see.
    """
    draw, count = np.random.default_rng([seed, 23]), n * (SHOWN // n)
    found = furniture(draw, count, kind) if task == "parts" else drawn(task, draw, count)
    order = draw.permutation(count)
    return Labelled(found.places[order], found.label[order], found.instance[order], found.names)


@lru_cache(maxsize=8)
def race(
    task: str,
    n: int,
    k: int,
    radius: float,
    levels: int,
    steps: int,
    seed: int,
    names: tuple[str, ...] = NAMES,
) -> Remembered[Look]:
    """Train networks on the same fresh clouds.

    Args:
        task: ``parts``, ``room`` or ``roughness``.
        n: Points of a cloud.
        k: Neighbours of a point in EdgeConv.
        radius: Of the first balls of PointNet++.
        levels: Levels of PointNet++.
        steps: Batches.
        seed: Seed of weights and clouds.
        names: Which of the networks.

    Returns:
        Looks before training, at some steps, and after the last one.
    """
    return Remembered(lambda: _race(task, n, k, radius, levels, steps, seed, names))


def _race(
    task: str, n: int, k: int, radius: float, levels: int, steps: int, seed: int, names: tuple[str, ...]
) -> Iterator[Look]:
    """Yield the looks."""
    classes = len(TASKS[task][1])
    makers: dict[str, Callable[[], nn.Module]] = {
        "PointNet": lambda: PointNetLabels(classes),
        "PointNet++": lambda: BallLabels(classes, n, levels, radius),
        "EdgeConv": lambda: EdgeLabels(classes, k),
    }
    nets: list[Labeller] = []
    for name in names:
        with seeded(seed):
            nets.append(Labeller(name, makers[name](), [], np.full(classes, np.nan)))
    rules = [torch.optim.Adam(one.net.parameters(), RATE, foreach=True) for one in nets]
    draw, held = np.random.default_rng([seed, 21]), _batch(task, np.random.default_rng([seed, 22]), HELD, n)
    stops = np.unique(np.linspace(0, steps, min(FRAMES, steps) + 1).astype(int)).tolist()
    for step in range(steps + 1):
        with threads(1):
            if step:
                x, y = _batch(task, draw, BATCH, n)
                for one, rule in zip(nets, rules, strict=True):
                    _learn(one.net, rule, x, y, RATE * (1 - (step - 1) / steps))
            if step in stops:
                for one in nets:
                    _look(one, *held, classes)
        if step in stops:
            yield Look(step, tuple(copy.deepcopy(nets)))


def _batch(task: str, draw: np.random.Generator, count: int, n: int) -> tuple[Tensor, Tensor]:
    """Return clouds, (B, N, 3), and the classes of their points, (B, N)."""
    found = [drawn(task, draw, n) for _ in range(count)]
    x, y = np.stack([one.places for one in found]), np.stack([one.label for one in found])
    return torch.from_numpy(x.astype(np.float32)), torch.from_numpy(y)


def _learn(net: nn.Module, rule: torch.optim.Optimizer, x: Tensor, y: Tensor, rate: float) -> None:
    """Take one step."""
    net.train()
    rule.param_groups[0]["lr"] = rate
    rule.zero_grad()
    nn.functional.cross_entropy(net(x).flatten(0, 1), y.flatten()).backward()  # type: ignore[no-untyped-call]
    rule.step()


def _look(one: Labeller, x: Tensor, y: Tensor, classes: int) -> None:
    """Write down how well held-out points are told."""
    one.net.eval()
    with torch.no_grad():
        told = one.net(x).argmax(-1)
    one.each = unions(told.numpy(), y.numpy(), classes)
    one.scores.append(float(np.nanmean(one.each)))


def unions(told: NDArray[np.int64], right: NDArray[np.int64], classes: int) -> NDArray[np.float64]:
    """Return intersection over union of each class over all points, NaN where neither has one, shape (K,)."""
    counts = np.bincount((right * classes + told).ravel(), minlength=classes**2).reshape(classes, classes)
    both, either = np.diag(counts), counts.sum(0) + counts.sum(1) - np.diag(counts)
    return np.where(either > 0, both / np.maximum(either, 1), np.nan)
