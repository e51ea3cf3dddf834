"""Where a surface is level: finding such points, and saying of what kind they are."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from dltui.lab.geometry.jets import Array
from dltui.lab.geometry.surfaces import Surface

STARTS = 15  # along each side of the window
ROUNDS = 80  # steps of Levenberg and Marquardt at most
LEVEL = 1e-7  # a slope below this, relative to the curvature around, counts as none
FLAT = 1e-6  # an eigenvalue below this, relative to the largest one around, counts as 0
CLOSE = 2e-3  # of the window: points nearer than this are one
MOST = 12  # more points than this are a line of them
AROUND = 0.02  # of the window: radius of the ring on which an undecided point is looked at
RING = 360
ROUND = 1e-14  # of the curvature: values below it are rounding


@dataclass(frozen=True)
class Point:
    """A point where the gradient vanishes.

    Attributes:
        at: Its place, shape (2,).
        value: f there.
        values: λ₋ and λ₊ of the Hessian.
        vectors: Their unit eigenvectors as rows, shape (2, 2).
        by_signs: What the signs of the eigenvalues say.
        around: What the values on a small ring say.
    """

    at: Array
    value: float
    values: Array
    vectors: Array
    by_signs: str
    around: str


def kind_of(values: ArrayLike, flat: float = 0.0) -> str:
    """Return what the eigenvalues of the Hessian say of a stationary point.

    Args:
        values: Eigenvalues, any number.
        flat: Those not larger than this in size count as 0.

    Returns:
        ``minimum``, ``maximum``, ``saddle`` or ``undecided``. Where both signs occur it is a saddle, whatever else is
        0: along one eigenvector the surface falls, along another it rises.
    """
    known = np.asarray(values, np.float64)
    up, down = bool((known > flat).any()), bool((known < -flat).any())
    if up and down:
        return "saddle"
    if (np.abs(known) <= flat).any() or not known.size:
        return "undecided"
    return "minimum" if up else "maximum"


def stationary(surface: Surface, edge: float) -> list[Point]:
    """Find the stationary points of a surface within a window.

    From each of a grid of starts ‖∇f‖² is brought down by Levenberg and Marquardt's rule,
    (H² + μ)δ = −H∇f, which also comes to rest where H is singular.

    Args:
        surface: The surface.
        edge: Half the width of the window.

    Returns:
        The points from the lowest to the highest. Where they fill a line there are many of them.
    """
    axis = np.linspace(-edge, edge, STARTS) * (1 + 1e-9)
    places = np.stack(np.meshgrid(axis, axis), -1).reshape(-1, 2)
    places = _descended(surface, places)
    jet = surface(places[:, 0], places[:, 1])
    size = np.abs(surface(axis[None, :], axis[:, None]).hessian)
    scale = float(np.median(size[np.isfinite(size)])) if np.isfinite(size).any() else 0.0
    scale = max(scale, float(np.nanmax(np.where(np.isfinite(jet.hessian), np.abs(jet.hessian), 0.0))), 1e-300)
    slopes = np.linalg.norm(jet.gradient, axis=-1)
    good = (slopes <= LEVEL * scale * edge) & (np.abs(places) <= edge * (1 + 1e-6)).all(1)
    good &= np.isfinite(jet.hessian).all((1, 2)) & np.isfinite(jet.value)
    kept: list[Array] = []
    for at in places[good][np.argsort(slopes[good], kind="stable")]:
        if all(np.abs(at - other).max() > CLOSE * edge for other in kept):
            kept.append(np.where(np.abs(at) < 1e-4 * CLOSE * edge, 0.0, at))
    found = [_point(surface, at, FLAT * scale, edge) for at in kept]
    return sorted(found, key=lambda one: (round(one.value, 9), *one.at.round(6)))


def _descended(surface: Surface, places: Array) -> Array:
    """Return where the gradient is smallest near each start."""
    damping = np.full(len(places), 1e-3)
    slopes = _slopes(surface, places)
    for _ in range(ROUNDS):
        jet = surface(places[:, 0], places[:, 1])
        g, h = np.nan_to_num(jet.gradient), np.nan_to_num(jet.hessian)
        square = np.einsum("nij,njk->nik", h, h)
        weight = damping * np.maximum(np.trace(square, axis1=1, axis2=2), 1e-12)
        slant = np.einsum("nij,nj->ni", h, g)
        step = np.linalg.solve(square + weight[:, None, None] * np.eye(2), -slant[..., None])
        ahead = places + step[..., 0]
        there = _slopes(surface, ahead)
        better = there < slopes
        places = np.where(better[:, None], ahead, places)
        slopes = np.where(better, there, slopes)
        damping = np.clip(np.where(better, damping / 5, damping * 4), 1e-14, 1e6)
        if not better.any() and (damping > 1).all():
            break
    return places


def _slopes(surface: Surface, places: Array) -> Array:
    """Return ‖∇f‖ at each place, infinite where it is not a number."""
    g = surface(places[:, 0], places[:, 1]).gradient
    found: Array = np.linalg.norm(g, axis=-1)
    return np.where(np.isfinite(found), found, np.inf)


def _point(surface: Surface, at: Array, flat: float, edge: float) -> Point:
    """Return all that is known of a stationary point."""
    jet = surface(*at)
    values, vectors = np.linalg.eigh(jet.hessian)
    values = np.where(np.abs(values) <= flat, 0.0, values)
    value = float(jet.value)
    return Point(
        at=at,
        value=value if abs(value) > ROUND * flat / FLAT else 0.0,
        values=values,
        vectors=vectors.T,
        by_signs=kind_of(values),
        around=around(surface, at, AROUND * edge),
    )


def around(surface: Surface, at: Array, radius: float) -> str:
    """Return what a ring of values around a point says.

    Args:
        surface: The surface.
        at: The middle of the ring, shape (2,).
        radius: Of the ring.

    Returns:
        ``minimum`` (higher all around), ``maximum``, ``valley`` (level in places, else higher), ``ridge``, ``level``,
        ``slope`` (one way down, one up) or a saddle with as many valleys as there are.
    """
    turn = np.arange(RING) * (2 * np.pi / RING)
    ring = surface(at[0] + radius * np.cos(turn), at[1] + radius * np.sin(turn)).value
    rise = ring - surface(*at).value
    size = float(np.nanmax(np.abs(rise)))
    rounding = 1e-12 * max(1.0, float(np.abs(surface(*at).value)))
    signs = np.where(np.abs(rise) <= max(1e-3 * size, rounding), 0, np.sign(rise)).astype(int)
    if size <= rounding:
        return "level"
    strict = signs[signs != 0]
    changes = int((strict != np.roll(strict, 1)).sum())
    if not changes:
        level = len(_runs(signs == 0)) > 0
        up = strict[0] > 0
        return ("valley" if up else "ridge") if level else ("minimum" if up else "maximum")
    valleys = changes // 2
    return "slope" if valleys == 1 else "saddle" if valleys == 2 else f"saddle with {valleys} valleys"


def _runs(mask: NDArray[np.bool_]) -> list[int]:
    """Return where runs of true entries begin on a ring."""
    return [int(i) for i in np.flatnonzero(mask & ~np.roll(mask, 1))]
