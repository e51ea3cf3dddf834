"""Classifiers of clouds that are trained side by side on the same five shapes, and what they stand.

Shape letters in this file: B batch, N points, F features, K classes.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal, cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from dltui.data.shapes3d import clouds
from dltui.device import seeded, threads
from dltui.lab.remembered import Remembered
from dltui.models import build
from dltui.models.pointnet import MaxOverPoints, PointNet, TNet
from dltui.results.critical import rotation

Pooling = Literal["max", "mean", "sum"]
Floats = NDArray[np.float32]

CLASSES = ("sphere", "cube", "torus", "cylinder", "cone")  # the first of `shapes3d`
BATCH, HELD, MOST, RATE = 30, 100, 2048, 3e-3
FRAMES = 6
NOISE, STRETCH = 0.02, 0.35
GRAPH_POINTS, NEAR = 48, 6  # DGCNN learns from so many of the points: a graph costs more
POOLS = ("max", "mean", "sum")
PUSH = 0.3  # how far a cloud is moved, along x


class Pool(nn.Module):
    """The mean or the sum of each feature over all points."""

    def __init__(self, kind: Pooling) -> None:
        super().__init__()
        self.kind = kind

    def forward(self, h: Tensor) -> Tensor:
        """Map (B, N, F) to (B, F)."""
        return over_points(h, self.kind)


def over_points(h: Tensor, kind: str) -> Tensor:
    """Return the largest, the mean or the sum of each feature over all points: (B, N, F) to (B, F)."""
    if kind == "max":
        return h.amax(dim=1)
    return h.mean(dim=1) if kind == "mean" else h.sum(dim=1)


def pointnet(pool: str, tnet: bool) -> PointNet:
    """Return a narrow PointNet whose points are pooled in one of three ways, in its T-Nets too."""
    net = build(f"pointnet:width=8,tnet={str(tnet).lower()},dropout=0", (MOST, 3), len(CLASSES))
    assert isinstance(net, PointNet)
    if pool != "max":
        for part in net.modules():
            if isinstance(part, PointNet | TNet):
                part.pool = cast(MaxOverPoints, Pool(cast(Pooling, pool)))
    return net


@dataclass(eq=False)
class Contestant:
    """A network in the race.

    Attributes:
        name: Such as ``PointNet``.
        net: The network, in eval mode between two looks.
        points: How many points of each cloud it learns from.
        held: Share of the held-out clouds that it tells right, before training and at each look.
    """

    name: str
    net: nn.Module
    points: int
    held: list[float]

    @property
    def parameters(self) -> int:
        """How many weights it has."""
        return sum(one.numel() for one in self.net.parameters())

    def likely(self, cloud: Floats) -> Floats | None:
        """Return the probabilities of the classes, (K,), or None where it takes no such number of points."""
        x = torch.from_numpy(np.ascontiguousarray(cloud, np.float32))[None]
        with torch.no_grad(), threads(1):
            try:
                return cast(Floats, self.net(x)[0].softmax(0).numpy())
            except RuntimeError:  # a matrix that was made for another number of points
                return None


@dataclass(frozen=True, eq=False)
class Look:
    """The race at one moment.

    Attributes:
        step: Batches that were learnt from.
        nets: The contestants as they are at this moment; PointNet is the first, the flatten-MLP the second.
    """

    step: int
    nets: tuple[Contestant, ...]

    @property
    def net(self) -> PointNet:
        """The PointNet."""
        found = self.nets[0].net
        assert isinstance(found, PointNet)
        return found


@lru_cache(maxsize=64)
def stand(shape: str, seed: int) -> Floats:
    """Return the cloud that is looked at, (2048, 3); its points are in any order, so that the first N are a cloud."""
    draw = np.random.default_rng([seed, 7])
    label = np.array([CLASSES.index(shape)])
    found: Floats = clouds(draw, label, MOST, noise=NOISE, stretch=STRETCH, rotation="y")[0]
    return found


@lru_cache(maxsize=8)
def race(pool: str, tnet: bool, n: int, steps: int, seed: int) -> Remembered[Look]:
    """Train all networks on the same fresh clouds.

    Args:
        pool: How PointNet pools its points.
        tnet: Whether it has T-Nets.
        n: Points of a cloud.
        steps: Batches.
        seed: Seed of weights and clouds.

    Returns:
        Looks before training, at some steps, and after the last one.
    """
    return Remembered(lambda: _race(pool, tnet, n, steps, seed))


def _race(pool: str, tnet: bool, n: int, steps: int, seed: int) -> Iterator[Look]:
    """Yield the looks."""
    nets = _nets(pool, tnet, n, seed)
    rules = [torch.optim.Adam(one.net.parameters(), RATE, foreach=True) for one in nets]
    draw, labels = np.random.default_rng([seed, 8]), np.arange(BATCH) % len(CLASSES)
    answers = np.arange(HELD) % len(CLASSES)
    held = clouds(np.random.default_rng([seed, 9]), answers, n, noise=NOISE, stretch=STRETCH, rotation="y")
    stops = np.unique(np.linspace(0, steps, min(FRAMES, steps) + 1).astype(int)).tolist()
    for step in range(steps + 1):
        with threads(1):
            if step:
                x = clouds(draw, labels, n, noise=NOISE, stretch=STRETCH, rotation="y")
                for one, rule in zip(nets, rules, strict=True):
                    _learn(one, rule, torch.from_numpy(x), torch.from_numpy(labels), 1 - (step - 1) / steps)
            if step in stops:
                for one in nets:
                    one.held.append(_right(one, torch.from_numpy(held), torch.from_numpy(answers)))
        if step in stops:
            yield Look(step, copy.deepcopy(nets))


def _nets(pool: str, tnet: bool, n: int, seed: int) -> tuple[Contestant, ...]:
    """Return the contestants, freshly drawn, each from the seed."""
    found = []
    few = min(n, GRAPH_POINTS)
    for name, points in (("PointNet", n), ("flatten-MLP", n), ("DGCNN", few), ("voxel CNN", n)):
        specs = {
            "flatten-MLP": "mlp:width=64,depth=2",
            "DGCNN": f"dgcnn:width=8,neighbours={min(NEAR, few)},dropout=0",
            "voxel CNN": "voxnet:side=12,width=16",
        }
        with seeded(seed):
            net = pointnet(pool, tnet) if name == "PointNet" else build(specs[name], (n, 3), len(CLASSES))
        for part in net.modules():
            if isinstance(part, nn.Dropout):
                part.p = 0.0  # so that nothing is drawn while training
        found.append(Contestant(name, net, points, []))
    return tuple(found)


def _learn(one: Contestant, rule: torch.optim.Optimizer, x: Tensor, y: Tensor, share: float) -> None:
    """Take one step at a share of the learning rate."""
    one.net.train()
    rule.param_groups[0]["lr"] = RATE * share
    rule.zero_grad()
    nn.functional.cross_entropy(one.net(x[:, : one.points]), y).backward()  # type: ignore[no-untyped-call]
    rule.step()


def _right(one: Contestant, x: Tensor, y: Tensor) -> float:
    """Return the share of clouds that are told right, in eval mode."""
    one.net.eval()
    with torch.no_grad():
        return float((one.net(x[:, : one.points]).argmax(1) == y).float().mean())


def trials(shape: str, n: int, degrees: float, drop: float, seed: int) -> dict[str, tuple[Floats, Floats]]:
    """Return what is done to the cloud on the stand: by name the cloud before and after.

    Args:
        shape: Which cloud.
        n: Points of it.
        degrees: How far it is turned.
        drop: Share of the points that is dropped.
        seed: Seed of all draws.

    Returns:
        Pairs of clouds, (N, 3) and (M, 3).
    """
    whole, draw = stand(shape, seed), np.random.default_rng([seed, 10])
    cloud = whole[:n]
    kept = draw.permutation(n)[: max(1, round(n * (1 - drop)))]
    push = np.array([PUSH, 0, 0], np.float32)
    return {
        "other order": (cloud, cloud[draw.permutation(n)]),
        "other points": (cloud, whole[n : 2 * n]),
        f"turned {degrees:g}° about y": (cloud, (cloud @ rotation("y", degrees).T).astype(np.float32)),
        f"turned {degrees:g}° about x": (cloud, (cloud @ rotation("x", degrees).T).astype(np.float32)),
        f"moved by {PUSH:g}": (cloud, cloud + push),
        f"{n - len(kept)} dropped": (cloud, cloud[np.sort(kept)]),
        "twice the points": (cloud, whole[: 2 * n]),
    }


def change(one: Contestant, before: Floats, after: Floats) -> float | None:
    """Return the largest change of any probability, or None where the network takes no such cloud."""
    first, second = one.likely(before), one.likely(after)
    return None if first is None or second is None else float(np.abs(first - second).max())


def features(net: PointNet, cloud: Floats) -> Tensor:
    """Return the features of every point before they are pooled, (N, F)."""
    with torch.no_grad(), threads(1):
        h: Tensor = net.points(net.align(net.first(net.turn(torch.from_numpy(cloud)[None]))))
    return h[0]


def alignment(net: PointNet, cloud: Floats) -> Floats | None:
    """Return the 3×3 matrix that the first T-Net makes of a cloud, or None where there is none."""
    if not isinstance(net.turn, TNet):
        return None
    with torch.no_grad(), threads(1):
        return cast(Floats, net.turn.matrix(torch.from_numpy(cloud)[None])[0].numpy())


def convolved(net: PointNet, cloud: Floats) -> tuple[Tensor, Tensor, int, int]:
    """Return the first shared layer on a cloud, the same weights as a 1×1 convolution on it, and how many each has."""
    shared = net.first.linear
    conv = nn.Conv1d(shared.in_features, shared.out_features, 1)
    with torch.no_grad(), threads(1):
        conv.weight.copy_(shared.weight[:, :, None])
        conv.bias.copy_(shared.bias)  # type: ignore[union-attr]
        x = torch.from_numpy(cloud)
        pair = shared(x), conv(x.T[None])[0].T
    counts = [sum(one.numel() for one in layer.parameters()) for layer in (shared, conv)]
    return *pair, counts[0], counts[1]
