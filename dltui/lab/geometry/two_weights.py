"""The smallest net with a saddle: ŷ = w₁w₂x with x = 1 and target 1, so L(w) = (1 − w₁w₂)².

Everything is in closed form: gradient g = −2(1 − w₁w₂)·(w₂, w₁), Hessian
H = [[2w₂², 4w₁w₂ − 2], [4w₁w₂ − 2, 2w₁²]], minima on the hyperbola w₁w₂ = 1, one saddle at the origin.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from dltui.descent.surfaces import two_weights

Vector = NDArray[np.float64]

ROUND = 1e-12  # a slope below this is round-off
STILL = 1e-2  # a gradient shorter than this counts as zero, a curvature as flat
GROUND = two_weights()
FAR = 1e3  # beyond this a descent has left for good: L grows like the fourth power of the distance


def loss(w1: ArrayLike, w2: ArrayLike) -> Vector:
    """Return L = (1 − w₁w₂)², elementwise."""
    return GROUND.value(np.stack(np.broadcast_arrays(w1, w2), axis=-1).astype(np.float64))


def gradient(w: Vector) -> Vector:
    """Return ∂L/∂w = −2(1 − w₁w₂)·(w₂, w₁) at each point of ``w``, shape (…, 2)."""
    return GROUND.gradient(w)


def hessian(w: Vector) -> Vector:
    """Return the second derivatives of L at ``w``, shape (2, 2)."""
    return GROUND.hessian(w)


@dataclass(frozen=True, slots=True)
class Curvature:
    """The eigenpairs of the Hessian at a point.

    Attributes:
        low: λ₋, the smaller eigenvalue.
        high: λ₊, the larger eigenvalue.
        v_low: Unit eigenvector of λ₋, shape (2,), pointing downhill, or to w₁ + w₂ > 0 where the slope across is 0.
        v_high: Unit eigenvector of λ₊, shape (2,).
    """

    low: float
    high: float
    v_low: Vector
    v_high: Vector


def curvature(w: Vector) -> Curvature:
    """Return the eigenpairs of H at ``w``; the sign of v₋ is the one that leads down."""
    values, vectors = np.linalg.eigh(hessian(w))
    v_low, v_high = vectors.T
    slope = float(gradient(w) @ v_low)
    turn = -1.0 if slope > ROUND or (abs(slope) <= ROUND and v_low.sum() < 0) else 1.0
    return Curvature(float(values[0]), float(values[1]), turn * v_low, v_high)


def verdict(w: Vector) -> str:
    """Return what gradient and eigenvalues say of a point: saddle, valley of minima, or slope."""
    still, low = np.linalg.norm(gradient(w)) < STILL, curvature(w).low
    if low < -STILL:
        return "saddle" if still else "slope, bent down along v₋"
    return "valley of minima, flat along v₋" if still else "slope, bent down nowhere"


def change(w: Vector, direction: Vector, length: ArrayLike) -> Vector:
    """Return L(w + αv) − L(w) for a direction v of shape (2,) and each length α."""
    far = np.asarray(length, dtype=np.float64)
    return loss(w[0] + far * direction[0], w[1] + far * direction[1]) - loss(*w)


def expansion(slope: float, bend: float, length: ArrayLike) -> Vector:
    """Return what the second-order expansion says of the same: α·gᵀv + ½α²·vᵀHv, for each length α."""
    far = np.asarray(length, dtype=np.float64)
    return far * slope + 0.5 * far**2 * bend


def minima(edge: float) -> tuple[Vector, Vector]:
    """Return both branches of w₁w₂ = 1 within ±``edge``, NaN between them, as abscissae and ordinates."""
    branch = np.linspace(1 / edge, edge, 40)
    x = np.concatenate((-branch, (np.nan,), branch))
    return x, 1 / x


def descend(start: ArrayLike, lr: float, steps: int, noise: float = 0.0, seed: int = 0) -> Vector:
    """Return the way of gradient descent, w ← w − η(g + σξ) with ξ ~ N(0, 1).

    Args:
        start: Where it begins, shape (2,).
        lr: Learning rate η.
        steps: Steps to take.
        noise: Standard deviation σ of the noise on each component of the gradient.
        seed: Seed of the noise.

    Returns:
        All points, the start included, shape (steps + 1, 2); fewer when it runs away beyond ‖w‖ = 1000.
    """
    random = np.random.default_rng(seed)
    way = [np.asarray(start, dtype=np.float64)]
    for _ in range(steps):
        push = noise * random.standard_normal(2) if noise else 0.0
        way.append(way[-1] - lr * (gradient(way[-1]) + push))
        if np.linalg.norm(way[-1]) > FAR:
            break
    return np.array(way)
