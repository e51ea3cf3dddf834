"""A network that looks at a shape from all around, what it learns from, and which view wins."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from dltui.data.shapes3d import clouds
from dltui.data.shapes3d_views import pictures
from dltui.figures import Array
from dltui.lab.remembered import Remembered
from dltui.lab.scene3d.choices import VIEWS
from dltui.lab.scene3d.learner import Learner
from dltui.lab.scene3d.turntable import alone
from dltui.lab.scene3d.views import CLASSES
from dltui.models.mvcnn import Mvcnn

SIDE, DENSE = 16, 1024  # pixels of a picture; points of a shape
LEARNT, HELD = 240, 60  # shapes
WIDTH, RATE, BATCH, STEPS, EVERY = 6, 5e-3, 12, 160, 20
LEAST = 16  # points that are left of a shape


@dataclass(frozen=True, eq=False)
class Rings:
    """Shapes as rings of pictures.

    Attributes:
        clouds: Points of each, shape (n, points, 3), y upwards.
        seen: Pictures, shape (n, views, 1, side, side).
        labels: Classes.
    """

    clouds: Array
    seen: Tensor
    labels: Tensor


def spoilt(cloud: Array, missing: float, noise: float, seed: int) -> Array:
    """Return a cloud as a scanner leaves it: the part with the largest x is missing, and points are off."""
    order = np.argsort(cloud[:, 0], kind="stable")
    kept = cloud[np.sort(order[: max(LEAST, round((1 - missing) * len(cloud)))])]
    found = kept + np.random.default_rng(seed).normal(0, 1, kept.shape) * noise
    return np.asarray(found / max(1.0, float(np.linalg.norm(found, axis=1).max())), np.float32)


@lru_cache(maxsize=2)
def rings(seed: int, held: bool) -> Rings:
    """Return shapes to learn from, or those that are held out."""
    count = HELD if held else LEARNT
    labels = np.arange(count) % len(CLASSES)
    made = clouds(np.random.default_rng([seed, 9, held]), labels, DENSE, noise=0, stretch=0.3, rotation="y")
    seen = np.stack([pictures(cloud, VIEWS, SIDE) for cloud in made])[:, :, None]
    return Rings(made, torch.from_numpy(seen), torch.from_numpy(labels))


@lru_cache(maxsize=16)
def damaged(seed: int, missing: float, noise: float) -> Tensor:
    """Return pictures of the held-out shapes after they are spoilt."""
    known = rings(seed, held=True)
    if not missing and not noise:
        return known.seen
    some = [spoilt(cloud, missing, noise, i) for i, cloud in enumerate(known.clouds)]
    return torch.from_numpy(np.stack([pictures(cloud, VIEWS, SIDE) for cloud in some])[:, :, None])


def fresh() -> Mvcnn:
    """Return an untrained network."""
    return Mvcnn((VIEWS, 1, SIDE, SIDE), len(CLASSES), width=WIDTH, dropout=0.0)


@dataclass(frozen=True, eq=False)
class Learnt:
    """The network after some steps.

    Attributes:
        step: Steps made.
        state: Its weights.
        loss: Cross-entropy at every moment so far.
        right: Share of held-out shapes that are told right, likewise.
    """

    step: int
    state: dict[str, Tensor]
    loss: tuple[float, ...]
    right: tuple[float, ...]

    def network(self) -> Mvcnn:
        """Return the network with these weights, no longer learning."""
        found = fresh()
        found.load_state_dict(self.state)
        return found.eval()


@lru_cache(maxsize=4)
def learning(seed: int) -> Remembered[Learnt]:
    """Return the moments of a training."""
    return alone(lambda: _learning(seed))


def _learning(seed: int) -> Iterator[Learnt]:
    """Train the network on clean shapes, and keep it now and then."""
    known, held = rings(seed % 4, held=False), rings(seed % 4, held=True)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        network = fresh()
    draw = torch.Generator().manual_seed(seed)
    learner = Learner(network, RATE)
    loss: list[float] = []
    right: list[float] = []
    for step in range(STEPS + 1):
        rows = torch.randint(LEARNT, (BATCH,), generator=draw)
        views = torch.randperm(VIEWS, generator=draw)[
            : 1 + step % VIEWS
        ]  # so that any number of them will do
        wrong = functional.cross_entropy(network(known.seen[rows][:, views]), known.labels[rows])
        if step % EVERY == 0:
            loss.append(float(wrong.detach()))
            right.append(accuracy(network, held.seen, held.labels))
            yield Learnt(
                step,
                {name: part.clone() for name, part in network.state_dict().items()},
                tuple(loss),
                tuple(right),
            )
        learner.step(wrong, step / STEPS)


@torch.no_grad()
def accuracy(network: Mvcnn, seen: Tensor, labels: Tensor) -> float:
    """Return the share of shapes that are told right."""
    learning_ = network.training
    network.eval()
    found = float((network(seen).argmax(1) == labels).float().mean())
    network.train(learning_)
    return found


@torch.no_grad()
def features(network: Mvcnn, seen: Tensor) -> Tensor:
    """Return what the shared layers make of each picture of one shape, shape (views, features)."""
    found: Tensor = network.view(seen)
    return found


def winners(found: Tensor) -> Tensor:
    """Return which view has the largest value of each feature, −1 where all are alike, shape (features,)."""
    return torch.where(found.amax(dim=0) > found.amin(dim=0), found.argmax(dim=0), -1)


EXAMPLE = ((1.0, 5.0), (3.0, 2.0), (2.0, 4.0))


def pooled(rows: Tensor) -> Tensor:
    """Return what the network's own pooling makes of features, shape (features,).

    Args:
        rows: A row a view, shape (views, features).

    Returns:
        The largest over the views.
    """
    bare = fresh()
    bare.view, bare.whole = nn.Sequential(), nn.Sequential()
    found: Tensor = bare(rows[None])[0]
    return found
