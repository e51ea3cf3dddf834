"""How far two clouds are apart: Chamfer distance, Hausdorff distance, earth mover's distance."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dltui.matching import Doubles, Ints, assignment
from dltui.scene.points.neighbours import Tree

MOVED = 1024  # points of each cloud between which earth is moved at most: the work grows with the cube
FEW = 1 << 14  # pairs of points up to which all are looked at, which is faster than a tree
TURNS = 30  # of Sinkhorn's in factors, before they become prices


@dataclass(frozen=True, kw_only=True)
class Apart:
    """How far cloud A is from cloud B.

    Attributes:
        there: Mean distance from a point of A to the nearest of B.
        back: Mean distance from a point of B to the nearest of A.
        chamfer: The sum of both.
        chamfer_squared: The sum of the means of the squared distances.
        hausdorff: The largest of all these distances.
        emd: Mean distance of the pairs when every point of A is given its own of B at the least cost.
        moved: Points of each cloud that took part in that.
    """

    there: float
    back: float
    chamfer: float
    chamfer_squared: float
    hausdorff: float
    emd: float
    moved: int


def apart(one: NDArray[np.floating], other: NDArray[np.floating], *, seed: int = 0) -> Apart:
    """Compare two clouds.

    Args:
        one: Places, shape (n, 3).
        other: Places, shape (m, 3).
        seed: Seed of the draw of the points that are moved, where there are too many, or unlike numbers of them.

    Returns:
        The distances.
    """
    found = links(one, other)
    there, back = found.there, found.back
    count = min(len(one), len(other), MOVED)
    some = [  # the same rows of both where there are as many, so that a cloud is at no distance from itself
        places if len(places) == count else places[np.sort(_drawn(len(places), count, seed))]
        for places in (one, other)
    ]
    return Apart(
        there=float(there.mean()),
        back=float(back.mean()),
        chamfer=float(there.mean() + back.mean()),
        chamfer_squared=float((there**2).mean() + (back**2).mean()),
        hausdorff=float(max(there.max(), back.max())),
        emd=earth_movers(*some),
        moved=count,
    )


def _drawn(total: int, count: int, seed: int) -> Ints:
    """Return the numbers of some points of so many."""
    return np.random.default_rng(seed).choice(total, count, replace=False)


@dataclass(frozen=True, eq=False)
class Links:
    """The nearest point of the other cloud, both ways.

    Attributes:
        to: For each point of A the number of the nearest of B, shape (n,).
        there: How far that is, shape (n,).
        fro: For each point of B the number of the nearest of A, shape (m,).
        back: How far that is, shape (m,).
    """

    to: Ints
    there: Doubles
    fro: Ints
    back: Doubles

    def chamfer(self, *, squared: bool = True, mean: bool = False) -> float:
        """Return the Chamfer distance: Σ min‖x − y‖² one way and the other.

        Args:
            squared: Add up squares, and not the distances themselves.
            mean: Divide either sum by the number of its points.

        Returns:
            The distance.
        """
        parts = [part**2 if squared else part for part in (self.there, self.back)]
        return float(sum(part.mean() if mean else part.sum() for part in parts))


def links(one: NDArray[np.floating], other: NDArray[np.floating]) -> Links:
    """Return the nearest neighbours of two clouds in each other.

    Args:
        one: Places, shape (n, d).
        other: Places, shape (m, d).

    Returns:
        Their numbers and distances.
    """
    if len(one) * len(other) <= FEW:
        every = between(one, other)
        to, fro = every.argmin(axis=1), every.argmin(axis=0)
        return Links(to, every[np.arange(len(to)), to], fro, every[fro, np.arange(len(fro))])
    there, to = Tree(other).nearest(one)
    back, fro = Tree(one).nearest(other)
    return Links(to[:, 0], there[:, 0], fro[:, 0], back[:, 0])


def earth_movers(one: NDArray[np.floating], other: NDArray[np.floating]) -> float:
    """Return the mean distance of the pairs of two clouds with as many points, at the least cost.

    Args:
        one: Places, shape (n, 3).
        other: Places, shape (n, 3).

    Returns:
        The least mean distance over all ways to pair them.
    """
    cost = between(one, other)
    return float(cost[np.arange(len(cost)), assignment(cost)].mean())


def between(one: NDArray[np.floating], other: NDArray[np.floating]) -> Doubles:
    """Return the distances of all points of a cloud from all of another, shape (n, m)."""
    apart: Doubles = np.asarray(one, np.float64)[:, None] - np.asarray(other, np.float64)[None]
    return np.asarray(np.sqrt((apart**2).sum(axis=2)))


def sinkhorn(cost: Doubles, epsilon: float, *, rounds: int = 300) -> Doubles:
    """Return a plan to move earth, blurred by entropy (Cuturi 2013), every place giving and getting the same.

    Rows and columns are scaled in turns, by factors that become prices every few turns so that a small ε does not
    underflow (Schmitzer 2019), and with a large ε first that is halved again and again. What is left over is put where
    it is missing (Altschuler et al. 2017), so that the plan is one, and costs no less than the best.

    Args:
        cost: Square matrix, finite, shape (n, n).
        epsilon: Weight of the entropy, above 0, in units of the cost; the smaller, the nearer to the best plan.
        rounds: Turns with the last ε; each before it has a tenth as many.

    Returns:
        What goes from each row to each column; rows and columns add up to 1/n each, shape (n, n).
    """
    count = len(cost)
    widest = max(float(cost.max()), epsilon)
    rows, columns = np.zeros((count, 1)), np.zeros((1, count))
    halvings = int(np.ceil(np.log2(widest / epsilon)))
    for e in [widest / 2**i for i in range(halvings)] + [epsilon]:
        turns = rounds if e == epsilon else max(1, rounds // 10)
        for done in range(0, turns, TURNS):
            rows, columns = _turned(cost, rows, columns, e, min(turns - done, TURNS))
    plan: Doubles = np.exp((rows + columns - cost) / epsilon)
    plan *= np.minimum(1, 1 / count / plan.sum(axis=1, keepdims=True))
    plan *= np.minimum(1, 1 / count / plan.sum(axis=0, keepdims=True))
    lacking = [np.maximum(1 / count - plan.sum(axis=axis, keepdims=True), 0) for axis in (1, 0)]
    left = float(lacking[0].sum())
    return plan + lacking[0] * lacking[1] / left if left > 0 else plan


def _turned(
    cost: Doubles, rows: Doubles, columns: Doubles, epsilon: float, turns: int
) -> tuple[Doubles, Doubles]:
    """Return the prices of rows and columns after some turns, in factors of what the plan was before them."""
    count = len(cost)
    kernel = np.exp((rows + columns - cost) / epsilon)
    one, other = np.ones(count), np.ones(count)
    for _ in range(turns):
        one = 1 / (count * (kernel @ other))
        other = 1 / (count * (one @ kernel))
    return rows + epsilon * np.log(one)[:, None], columns + epsilon * np.log(other)
