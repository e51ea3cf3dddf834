"""Laying one cloud upon another: iterative closest points (Besl and McKay 1992, Chen and Medioni 1992)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray

from dltui.errors import DltuiError
from dltui.progress import Report, silent
from dltui.scene.points.following import Follower
from dltui.scene.points.neighbours import Tree
from dltui.scene.points.normals import directions

Doubles = NDArray[np.float64]
FEW, MANY = 400, 20_000  # points by which a start is judged, and by which the motion is found
TRIES, STEPS = 12, 80  # iterations from every start, and from the best one
NEIGHBOURS = 12  # of a point of the fixed cloud, for the plane through it
FAR = 3.0  # times the median distance, beyond which a pair does not count
STILL = 1e-9  # of the extent: motion below which nothing is gained


@dataclass(frozen=True, eq=False)
class Motion:
    """A rotation and a translation that lay one cloud upon another.

    Attributes:
        matrix: Homogeneous, shape (4, 4): y = R x + t.
        rms: Root of the mean squared distance of the pairs that counted.
        share: Pairs that counted, of all.
        steps: Iterations.
    """

    matrix: Doubles
    rms: float
    share: float
    steps: int

    def __call__(self, places: NDArray[np.floating]) -> Doubles:
        """Return places moved."""
        return np.asarray(places, np.float64) @ self.matrix[:3, :3].T + self.matrix[:3, 3]


def register(
    moving: NDArray[np.floating], fixed: NDArray[np.floating], *, seed: int = 0, report: Report = silent
) -> Motion:
    """Find the rigid motion that lays one cloud upon another.

    It starts from where they are, from the middles laid upon each other, and from those turned in 24 ways, goes a few
    steps from each with few points, and on from the best with point-to-plane steps.

    Args:
        moving: Places, shape (n, 3).
        fixed: Places, shape (m, 3).
        seed: Seed of the draw of points, where there are many.
        report: Told after every start and step.

    Returns:
        The motion.

    Raises:
        DltuiError: If one of the clouds has fewer than three points.
    """
    one, other = np.asarray(moving, np.float64), np.asarray(fixed, np.float64)
    if min(len(one), len(other)) < 3:
        raise DltuiError(
            f"clouds of {len(one)} and {len(other)} points can't be laid upon each other: expected 3 or more"
        )
    numbers = np.random.default_rng(seed)
    middle = other.mean(axis=0)
    size = float(np.linalg.norm(other - middle, axis=1).max()) or 1.0
    one, other = (one - middle) / size, (other - middle) / size
    few, many = (
        one[np.sort(numbers.choice(len(one), min(len(one), most), replace=False))] for most in (FEW, MANY)
    )
    tree = Tree(other)
    starts = _starts(one, other)
    tried = []
    for done, start in enumerate(starts, 1):
        tried.append(_descend(few, other, tree, start, TRIES, None))
        report(done, len(starts) + STEPS)
    best = min(tried, key=lambda found: found.rms / max(found.share, 1e-3))
    normals = None
    if len(other) > NEIGHBOURS:
        _, number = tree.nearest(other, NEIGHBOURS)
        normals = directions(other, number)[0]
    found = _descend(many, other, tree, best.matrix, STEPS, normals)
    report(len(starts) + STEPS, len(starts) + STEPS)
    scale, back = np.diag([size, size, size, 1.0]), np.diag([1 / size, 1 / size, 1 / size, 1.0])
    scale[:3, 3], back[:3, 3] = middle, -middle / size
    return Motion(scale @ found.matrix @ back, found.rms * size, found.share, found.steps)


def approach(
    moving: NDArray[np.floating], fixed: NDArray[np.floating], *, steps: int, share: float = 1.0
) -> Iterator[Motion]:
    """Yield the motions of plain iterative closest points, one step after the other.

    Each point is paired with the nearest one; those pairs that are closest count (trimmed, Chetverikov et al. 2002),
    and the rigid motion with the least squares between them follows. The mean squared distance of the pairs that count
    can't grow: the motion lessens it, and so does pairing anew.

    Args:
        moving: Places, shape (n, 3).
        fixed: Places, shape (m, 3).
        steps: How many steps at most.
        share: Pairs that count, of all.

    Yields:
        The motion so far, at first none; it ends where a step moves nothing.
    """
    one, other = np.asarray(moving, np.float64), np.asarray(fixed, np.float64)
    follower, count = Follower(other, Tree(other)), max(3, round(share * len(one)))
    matrix, still = np.eye(4), STILL * (float(np.abs(other).max()) or 1.0)
    for step in range(steps + 1):
        here = one @ matrix[:3, :3].T + matrix[:3, 3]
        away, number = follower.nearest(here)
        kept = np.argsort(away, kind="stable")[:count]
        yield Motion(matrix, float(np.sqrt((away[kept] ** 2).mean())), share, step)
        gain = rigid(here[kept], other[number[kept]])
        if np.abs(gain - np.eye(4)).max() < still:
            return
        matrix = gain @ matrix


def rigid(one: Doubles, other: Doubles) -> Doubles:
    """Return the motion that lays points upon their partners with the least squares (Kabsch 1976).

    Args:
        one: Places, shape (n, 3).
        other: Where each belongs, shape (n, 3).

    Returns:
        A homogeneous matrix with a proper rotation, shape (4, 4).
    """
    a, b = one.mean(axis=0), other.mean(axis=0)
    left, _, right = np.linalg.svd((one - a).T @ (other - b))
    mirror = np.diag([1, 1, np.sign(np.linalg.det(left @ right)) or 1])
    found = np.eye(4)
    found[:3, :3] = (left @ mirror @ right).T
    found[:3, 3] = b - found[:3, :3] @ a
    return found


def _starts(one: Doubles, other: Doubles) -> list[Doubles]:
    """Return motions from which it is begun: none, the middles together, and 24 turns of the main axes."""
    shift = np.eye(4)
    shift[:3, 3] = other.mean(axis=0) - one.mean(axis=0)
    found = [np.eye(4), shift]
    mine, theirs = (
        np.linalg.svd(part - part.mean(axis=0), full_matrices=False)[2].T for part in (one, other)
    )
    for order in ((0, 1, 2), (1, 2, 0), (2, 0, 1), (0, 2, 1), (2, 1, 0), (1, 0, 2)):
        for signs in product((1, -1), repeat=3):
            turn = theirs[:, order] * np.array(signs) @ mine.T
            if np.linalg.det(turn) > 0:
                start = np.eye(4)
                start[:3, :3] = turn
                start[:3, 3] = other.mean(axis=0) - turn @ one.mean(axis=0)
                found.append(start)
    return found


def _descend(
    moving: Doubles, fixed: Doubles, tree: Tree, start: Doubles, steps: int, normals: Doubles | None
) -> Motion:
    """Pair and move until nothing is gained: by planes where normals are known, and by points in the end."""
    matrix, used, planes = start, 0, normals is not None
    follower = Follower(fixed, tree)
    pairs = _pairs(moving, matrix, fixed, follower)
    best = Motion(matrix, *_judged(pairs[2], pairs[3]), 0)
    while used < steps:
        used += 1
        here, there, _, kept, which = pairs
        step = (
            _by_planes(here[kept], there[kept], normals[which][kept])  # type: ignore[index]
            if planes
            else rigid(here[kept], there[kept])
        )
        matrix = step @ matrix
        pairs = _pairs(moving, matrix, fixed, follower)
        rms, share = _judged(pairs[2], pairs[3])
        moved = float(np.abs(step - np.eye(4)).max())
        if rms < best.rms or not planes:
            best = Motion(matrix, rms, share, used)
        if moved < STILL or (planes and rms > 2 * best.rms + STILL):
            if not planes:
                break
            planes, matrix = False, best.matrix  # what planes leave open, points decide
            pairs = _pairs(moving, matrix, fixed, follower)
    return Motion(best.matrix, best.rms, best.share, used)


Pairs = tuple[Doubles, Doubles, Doubles, NDArray[np.bool_], NDArray[np.int64]]


def _pairs(moving: Doubles, matrix: Doubles, fixed: Doubles, follower: Follower) -> Pairs:
    """Return points moved, the nearest ones, their distances, which pairs count, and the numbers of the nearest."""
    here = moving @ matrix[:3, :3].T + matrix[:3, 3]
    away, number = follower.nearest(here)
    kept = away <= FAR * np.median(away) + 1e-12
    if kept.sum() < 3:
        kept[:] = True
    there: Doubles = fixed[number]
    return here, there, away, kept, number


def _judged(away: Doubles, kept: NDArray[np.bool_]) -> tuple[float, float]:
    """Return the root mean square of the pairs that count, and their share."""
    return float(np.sqrt((away[kept] ** 2).mean())), float(kept.mean())


def _by_planes(here: Doubles, there: Doubles, normals: Doubles) -> Doubles:
    """Return the small motion after which points lie in the planes of their partners, by least squares."""
    rows = np.concatenate([np.cross(here, normals), normals], axis=1)
    wanted = np.einsum("ij,ij->i", there - here, normals)
    x = np.linalg.lstsq(rows, wanted, rcond=1e-6)[0]
    angle = float(np.linalg.norm(x[:3]))
    axis = x[:3] / angle if angle > 0 else np.zeros(3)
    cross = np.array([[0, -axis[2], axis[1]], [axis[2], 0, -axis[0]], [-axis[1], axis[0], 0]])
    found = np.eye(4)
    found[:3, :3] += np.sin(angle) * cross + (1 - np.cos(angle)) * cross @ cross
    found[:3, 3] = x[3:]
    return found
