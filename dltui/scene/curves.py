"""Smooth curves and patches by a few control points: Bézier, B-splines, and NURBS with weights."""

from __future__ import annotations

from math import comb

import numpy as np
from numpy.typing import ArrayLike, NDArray

Doubles = NDArray[np.float64]


def de_casteljau(points: ArrayLike, t: float) -> list[Doubles]:
    """Return all levels of de Casteljau's construction.

    Args:
        points: Control points, shape (n + 1, d).
        t: Where on the curve, 0…1.

    Returns:
        The control points, then the n points that part their sides as t to 1 − t, then those between these, and so on;
        the last level is the point of the curve, shape (1, d).
    """
    levels = [np.asarray(points, np.float64)]
    while len(levels[-1]) > 1:
        levels.append((1 - t) * levels[-1][:-1] + t * levels[-1][1:])
    return levels


def bernstein(degree: int, t: ArrayLike) -> Doubles:
    """Return C(n, i)·tⁱ·(1 − t)ⁿ⁻ⁱ for i = 0…n, shape (…, n + 1)."""
    at = np.asarray(t, np.float64)[..., None]
    i = np.arange(degree + 1)
    times = np.array([comb(degree, k) for k in range(degree + 1)], np.float64)
    return np.asarray(times * at**i * (1 - at) ** (degree - i))


def clamped(count: int, degree: int) -> Doubles:
    """Return evenly spaced knots of so many control points; both ends are repeated, so that the curve begins there."""
    inner = np.linspace(0, 1, count - degree + 1)[1:-1]
    return np.concatenate([np.zeros(degree + 1), inner, np.ones(degree + 1)])


def basis(knots: ArrayLike, degree: int, t: ArrayLike) -> Doubles:
    """Return the B-spline functions of a degree (Cox and de Boor 1972).

    N_{i,0} is 1 from knot i to knot i + 1; N_{i,p} = (t − kᵢ)/(kᵢ₊ₚ − kᵢ)·N_{i,p−1} + (kᵢ₊ₚ₊₁ − t)/(kᵢ₊ₚ₊₁ −
    kᵢ₊₁)·N_{i+1,p−1}, where a quotient by 0 counts as 0.

    Args:
        knots: Never falling, shape (m,).
        degree: p.
        t: Places from the first knot to the last, shape (k,).

    Returns:
        Values, shape (k, m − p − 1); each row adds up to 1 between knots p and m − p − 1.
    """
    k, at = np.asarray(knots, np.float64), np.asarray(t, np.float64)[:, None]
    last = k[:-1].searchsorted(k[-1]) - 1  # the interval that ends with the last knot holds it too
    level = ((at >= k[:-1]) & (at < k[1:])).astype(np.float64)
    level[at[:, 0] >= k[-1], last] = 1
    for p in range(1, degree + 1):
        rise, fall = k[p:-1] - k[: -p - 1], k[p + 1 :] - k[1:-p]
        one = np.where(rise > 0, (at - k[: -p - 1]) / np.where(rise > 0, rise, 1), 0)
        other = np.where(fall > 0, (k[p + 1 :] - at) / np.where(fall > 0, fall, 1), 0)
        level = one * level[:, :-1] + other * level[:, 1:]
    return level


def rational(functions: Doubles, weights: ArrayLike) -> Doubles:
    """Return functions weighed and made to add up to 1: wᵢNᵢ/Σ wⱼNⱼ, shape (k, n)."""
    weighed = functions * np.asarray(weights, np.float64)
    return np.asarray(weighed / weighed.sum(axis=-1, keepdims=True))


def patch(points: ArrayLike, u: ArrayLike, v: ArrayLike, weights: ArrayLike | None = None) -> Doubles:
    """Return places of a Bézier patch.

    Args:
        points: A net of control points, shape (m + 1, n + 1, 3).
        u: Places along its rows, shape (k,).
        v: Places along its columns, shape (k,).
        weights: Of the control points, shape (m + 1, n + 1); 1 when None.

    Returns:
        Σ Bᵢ(u)·Bⱼ(v)·pᵢⱼ, weighed and divided by the sum of what it was weighed by, shape (k, 3).
    """
    net = np.asarray(points, np.float64)
    heavy = np.ones(net.shape[:2]) if weights is None else np.asarray(weights, np.float64)
    rows, columns = bernstein(net.shape[0] - 1, u), bernstein(net.shape[1] - 1, v)
    over = np.einsum("ki,kj,ij,ijd->kd", rows, columns, heavy, net)
    return np.asarray(over / np.einsum("ki,kj,ij->k", rows, columns, heavy)[:, None])
