"""Networks that make shapes: loose points, bent squares, and bent squares from one picture, trained side by side."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import torch
from torch import Tensor, nn

from dltui.data.shapes3d import clouds
from dltui.data.shapes3d_views import pictures
from dltui.data.solids import SOLIDS
from dltui.figures import Array
from dltui.lab.remembered import Remembered
from dltui.lab.scene3d.choices import HELD, LOSSES
from dltui.lab.scene3d.learner import Learner
from dltui.lab.scene3d.rooms import solid
from dltui.lab.scene3d.turntable import alone
from dltui.matching import assignment
from dltui.models.atlasnet import GOLDEN, Patch
from dltui.scene.points.thinning import spread
from dltui.training.losses import chamfer

CODE = 32  # numbers of a code
STEPS, PARTS = 160, 8  # of every network; moments that are shown
RATE, SOUP_RATE, READ_RATE, LAST = 1e-2, 3e-3, 4e-3, 0.02
QUICK = 0.3  # part of what batch normalisation remembers that each step renews: there are few steps
SAMPLES = 16  # draws of the target that are learnt from in turns
MATCHED = 96  # points that are matched one to one in a step
JUDGED = 600  # points of the target that are judged by, never learnt from
CLASSES, SHAPES, DENSE, LEARNT, SIDE = 5, 400, 1500, 128, 24
BATCH, SHEETS = 16, 4  # pictures of a step; sheets of the network that reads pictures


class Soup(nn.Module):
    """A perceptron that gives all coordinates at once."""

    def __init__(self, points: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Linear(CODE, 64), nn.ReLU(), nn.Linear(64, 128), nn.ReLU(), nn.Linear(128, 3 * points)
        )

    def forward(self, code: Tensor, uv: Tensor) -> Tensor:  # noqa: ARG002 - it has no square
        """Return its points, (1, 1, N, 3), whatever places of a square are asked for."""
        found: Tensor = self.layers(code).tanh().unflatten(1, (1, -1, 3))
        return found


class Atlas(nn.Module):
    """Some bent squares."""

    def __init__(self, patches: int, code: int = CODE) -> None:
        super().__init__()
        self.patches = nn.ModuleList(Patch(code) for _ in range(patches))
        for part in self.modules():
            if isinstance(part, nn.BatchNorm1d):
                part.momentum = QUICK

    def forward(self, code: Tensor, uv: Tensor) -> Tensor:
        """Return where places of the square lie on every patch, (B, K, M, 3)."""
        return torch.stack([patch(code, uv) for patch in self.patches], dim=1)


class FromPicture(nn.Module):
    """Reads a picture into a code, and lays bent squares where the code says."""

    def __init__(self) -> None:
        super().__init__()
        self.read = nn.Sequential(
            nn.Conv2d(1, 12, 3, 2, 1), nn.ReLU(), nn.Conv2d(12, 24, 3, 2, 1), nn.ReLU(),
            nn.Conv2d(24, 32, 3, 2, 1), nn.ReLU(), nn.Flatten(), nn.Linear(288, 2 * CODE),
        )  # fmt: skip
        self.atlas = Atlas(SHEETS, 2 * CODE)

    def forward(self, picture: Tensor, uv: Tensor) -> Tensor:
        """Return where places of the square lie, (B, K, M, 3)."""
        found: Tensor = self.atlas(self.read(picture), uv)
        return found


@dataclass(frozen=True, eq=False)
class Pictures:
    """Shapes, each with one picture.

    Attributes:
        labels: Which kind each is, shape (n,).
        seen: One picture of each, shape (n, 1, side, side).
        points: Points of each, shape (n, points, 3).
    """

    labels: Array
    seen: Tensor
    points: Tensor


@lru_cache(maxsize=2)
def shown(seed: int) -> Pictures:
    """Return shapes of a few kinds, stretched by chance, each seen once; the last ones are held out."""
    labels = np.arange(SHAPES + HELD) % CLASSES
    made = clouds(np.random.default_rng([seed, 5]), labels, DENSE, noise=0, stretch=0.35, rotation="none")
    seen = np.stack([pictures(cloud, 1, SIDE) for cloud in made])
    return Pictures(labels, torch.from_numpy(seen), torch.from_numpy(made[:, :LEARNT].copy()))


KINDS = tuple(list(SOLIDS)[:CLASSES])


@lru_cache(maxsize=2)
def mean_shapes(seed: int) -> Tensor:
    """Return for each kind the learnt-from cloud that is nearest to all others of it, shape (kinds, points, 3)."""
    known, found = shown(seed), []
    for kind in range(CLASSES):
        own = known.points[:SHAPES][torch.from_numpy(known.labels[:SHAPES] == kind)][:40]
        apart = torch.stack([distances(one.expand_as(own), own).mean() for one in own])
        found.append(own[apart.argmin()])
    return torch.stack(found)


def distances(one: Tensor, other: Tensor) -> Tensor:
    """Return the squared Chamfer distance of each pair of clouds, shape (B,)."""
    return torch.stack([
        chamfer(a[None].flatten(1), b[None].flatten(1)) for a, b in zip(one, other, strict=True)
    ])


@lru_cache(maxsize=64)
def target(name: str, count: int, seed: int) -> Tensor:
    """Return points drawn evenly from a shape, shape (1, count, 3)."""
    return torch.from_numpy(np.array(spread(solid(name), count, seed).vertices, np.float32))[None]


def spaced(count: int) -> Tensor:
    """Return places that fill the square evenly, shape (1, count, 2)."""
    return (torch.arange(1, count + 1)[:, None] * torch.tensor(GOLDEN)).frac()[None]


@torch.no_grad()
def laid(network: nn.Module, code: Tensor, uv: Tensor) -> Tensor:
    """Return what a network makes of places of the square when it isn't learning, (B, K, M, 3)."""
    network.eval()
    found: Tensor = network(code, uv.expand(len(code), -1, -1))
    network.train()
    return found


def matched(one: Tensor, other: Tensor) -> Tensor:
    """Return the mean square of the way when every point of one cloud is given its own of another one."""
    cost = ((one[:, None] - other[None]) ** 2).sum(2)
    own = torch.from_numpy(assignment(cost.detach().double().sqrt().numpy()))
    return cost[torch.arange(len(cost)), own].mean()


@dataclass(frozen=True, eq=False)
class Made:
    """What is known after some steps.

    Attributes:
        step: Steps made.
        networks: Soup, one patch, and K patches.
        away: Squared Chamfer distance of each to points of the target that were never learnt from, at every moment.
    """

    step: int
    networks: tuple[Soup, Atlas, Atlas]
    away: tuple[tuple[float, float, float], ...]


@lru_cache(maxsize=6)
def making(name: str, patches: int, points: int, loss: str, seed: int) -> Remembered[Made]:
    """Return the moments of three trainings."""
    return alone(lambda: _making(name, patches, points, loss, seed))


def code_of(seed: int) -> Tensor:
    """Return the one code that stands for the target, shape (1, code)."""
    return torch.randn(1, CODE, generator=torch.Generator().manual_seed(seed))


def _making(name: str, patches: int, points: int, loss: str, seed: int) -> Iterator[Made]:
    """Train soup, one patch and K patches, in turns."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        networks = Soup(points), Atlas(1), Atlas(patches)
    learners = [
        Learner(network, rate, LAST) for network, rate in zip(networks, (SOUP_RATE, RATE, RATE), strict=True)
    ]
    draw, code = torch.Generator().manual_seed(seed), code_of(seed)
    judged = target(name, JUDGED, 1000 + seed)
    away: list[tuple[float, float, float]] = []
    for step in range(STEPS + 1):
        if step % (STEPS // PARTS) == 0:
            one, two, three = (judge(network, code, judged) for network in networks)
            away.append((one, two, three))
            yield Made(step, copy.deepcopy(networks), tuple(away))
        if step == STEPS:
            return
        true = target(name, points, seed + step % SAMPLES)
        for learner, count in zip(learners, (1, 1, patches), strict=True):
            uv = torch.rand(1, -(-points // count), 2, generator=draw)
            out = learner.network(code, uv).flatten(1, 2)
            if loss == LOSSES[0]:
                wrong = chamfer(out.flatten(1), true.flatten(1))
            else:
                some = [torch.randperm(cloud.shape[1], generator=draw)[:MATCHED] for cloud in (out, true)]
                least = min(len(part) for part in some)
                wrong = matched(out[0, some[0][:least]], true[0, some[1][:least]])
            learner.step(wrong, step / STEPS)


@lru_cache(maxsize=4)
def reading(seed: int) -> Remembered[FromPicture]:
    """Return the network that reads pictures, as it is at each moment of its training."""
    return alone(lambda: _reading(seed))


def _reading(seed: int) -> Iterator[FromPicture]:
    """Train the reader of pictures."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        reader = FromPicture()
    learner, known = Learner(reader, READ_RATE, LAST), shown(seed % 4)
    draw = torch.Generator().manual_seed(seed)
    for step in range(STEPS + 1):
        if step % (STEPS // PARTS) == 0:
            yield copy.deepcopy(reader)
        rows = torch.randint(SHAPES, (BATCH,), generator=draw)
        uv = torch.rand(BATCH, LEARNT // SHEETS, 2, generator=draw)
        out = reader(known.seen[rows], uv)
        learner.step(chamfer(out.flatten(1), known.points[rows].flatten(1)), step / STEPS)


def judge(network: nn.Module, code: Tensor, judged: Tensor) -> float:
    """Return the squared Chamfer distance of a network's shape to points of the target."""
    patches = len(network.patches) if isinstance(network, Atlas) else 1
    found = laid(network, code, spaced(-(-JUDGED // patches)))
    return float(chamfer(found.flatten(1), judged.flatten(1)))


def grid(side: int) -> tuple[Tensor, Array]:
    """Return a grid over the square and its triangles.

    Args:
        side: Cells either way.

    Returns:
        Places, shape (1, (side + 1)², 2), and corners of triangles, shape (2·side², 3).
    """
    line = torch.linspace(0, 1, side + 1)
    at = np.arange((side + 1) ** 2).reshape(side + 1, side + 1)
    a, b, c, d = (part.ravel() for part in (at[:-1, :-1], at[1:, :-1], at[1:, 1:], at[:-1, 1:]))
    faces = np.concatenate([np.stack([a, b, c], axis=1), np.stack([a, c, d], axis=1)])
    return torch.cartesian_prod(line, line)[None], faces
