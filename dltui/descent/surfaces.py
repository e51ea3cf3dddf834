"""The surfaces by which optimisers are told apart: bowl, ravine, saddles, valley, plateau, rugged ground, cliff."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike

from dltui.descent.rule import Vector
from dltui.descent.surface import Surface

WELL = 1.0  # width of the hole in the plateau
WAVE, DEPTH, BOWL = (
    3.0,
    0.5,
    0.1,
)  # rugged ground: waves a unit, their half height, curvature of the bowl below
HEIGHT, STEEP = 2.0, 20.0  # of the cliff


def quadratic(matrix: ArrayLike, name: str = "quadratic", formula: str = "½·θᵀAθ") -> Surface:
    """Return ½·θᵀAθ for a symmetric matrix, with its minimum, saddle or maximum at the origin.

    Args:
        matrix: A, shape (d, d).
        name: What it is called.
        formula: How it is written.

    Returns:
        The surface.

    Raises:
        ValueError: If the matrix is not symmetric.
    """
    a = np.asarray(matrix, dtype=np.float64)
    if a.ndim != 2 or a.shape[0] != a.shape[1] or not np.array_equal(a, a.T):
        raise ValueError(f"a quadratic needs a symmetric matrix, not one of shape {a.shape}")
    d = len(a)
    return Surface(
        name,
        formula,
        "the same curvature everywhere",
        lambda w: 0.5 * ((w @ a) * w).sum(-1),
        lambda w: w @ a,
        lambda w: np.broadcast_to(a, (*w.shape[:-1], d, d)),
        (1.0,) * d,
        (-2.0,) * d,
        (2.0,) * d,
        ((0.0,) * d,),
    )


def ravine(kappa: float = 100.0) -> Surface:
    """Return ½(x² + κy²): one axis κ times as steep as the other."""
    made = quadratic(np.diag((1.0, kappa)), "ravine", f"½(x² + {kappa:g}·y²)")
    return _placed(made, "steep walls, a flat floor", (-10.0, 1.0), (-11.0, -1.5), (11.0, 1.5))


def bowl(k: float = 1.0) -> Surface:
    """Return ½k(x² + y²): the same in all directions."""
    made = quadratic(np.diag((k, k)), "bowl", f"½·{k:g}·(x² + y²)" if k != 1 else "½(x² + y²)")
    return _placed(made, "round: every gradient leads straight to the minimum", (1.5, -1.0), (-2, -2), (2, 2))


def parabola(k: float = 2.0) -> Surface:
    """Return ½k·x², a curve of one weight; x² by default."""
    made = quadratic([[k]], "parabola", "x²" if k == 2 else f"½·{k:g}·x²")
    return _placed(made, "one weight", (1.0,), (-1.5,), (1.5,))


def two_weights() -> Surface:
    """Return (1 − w₁w₂)², the loss of ŷ = w₁w₂x at x = 1 with target 1: minima along w₁w₂ = 1, a saddle at 0."""

    def gradient(w: Vector) -> Vector:
        return -2.0 * (1.0 - w[..., 0] * w[..., 1])[..., None] * w[..., ::-1]

    def hessian(w: Vector) -> Vector:
        mixed = 4.0 * w[..., 0] * w[..., 1] - 2.0
        return _square(2.0 * w[..., 1] ** 2, mixed, 2.0 * w[..., 0] ** 2)

    return Surface(
        "two-weights",
        "(1 − w₁w₂)²",
        "a saddle between two curved valleys",
        lambda w: (1.0 - w[..., 0] * w[..., 1]) ** 2,
        gradient,
        hessian,
        (0.1, 0.2),
        (-2.0, -2.0),
        (2.0, 2.0),
    )


def saddle() -> Surface:
    """Return x² − y² + ½y⁴: a saddle at the origin, minima at (0, ±1)."""
    return Surface(
        "saddle",
        "x² − y² + ½y⁴",
        "a saddle with a way out along y",
        lambda w: w[..., 0] ** 2 - w[..., 1] ** 2 + 0.5 * w[..., 1] ** 4,
        lambda w: np.stack((2 * w[..., 0], -2 * w[..., 1] + 2 * w[..., 1] ** 3), -1),
        lambda w: _square(_all(w, 2.0), _all(w, 0.0), -2 + 6 * w[..., 1] ** 2),
        (1.0, 1e-3),
        (-1.5, -1.5),
        (1.5, 1.5),
        ((0.0, 1.0), (0.0, -1.0)),
    )


def pass_saddle() -> Surface:
    """Return x² − y², the plainest saddle; it has no floor."""
    made = quadratic(np.diag((2.0, -2.0)), "pass", "x² − y²")
    return _placed(made, "a saddle without a floor", (1.0, 0.0), (-2, -2), (2, 2), ())


def monkey() -> Surface:
    """Return x³ − 3xy²: at the origin slope and curvature are both 0, and there are three ways down."""

    def gradient(w: Vector) -> Vector:
        x, y = w[..., 0], w[..., 1]
        return np.stack((3 * x**2 - 3 * y**2, -6 * x * y), -1)

    return Surface(
        "monkey-saddle",
        "x³ − 3xy²",
        "a saddle whose Hessian is 0",
        lambda w: w[..., 0] ** 3 - 3 * w[..., 0] * w[..., 1] ** 2,
        gradient,
        lambda w: _square(6 * w[..., 0], -6 * w[..., 1], -6 * w[..., 0]),
        (1.0, 0.1),
        (-1.5, -1.5),
        (1.5, 1.5),
    )


def himmelblau() -> Surface:
    """Return (x² + y − 11)² + (x + y² − 7)²: four minima of 0, four saddles, one hill."""

    def parts(w: Vector) -> tuple[Vector, Vector, Vector, Vector]:
        x, y = w[..., 0], w[..., 1]
        return x, y, x**2 + y - 11, x + y**2 - 7

    def value(w: Vector) -> Vector:
        _, _, a, b = parts(w)
        return a**2 + b**2

    def gradient(w: Vector) -> Vector:
        x, y, a, b = parts(w)
        return np.stack((4 * x * a + 2 * b, 2 * a + 4 * y * b), -1)

    def hessian(w: Vector) -> Vector:
        x, y, a, b = parts(w)
        return _square(4 * a + 8 * x**2 + 2, 4 * x + 4 * y, 2 + 4 * b + 8 * y**2)

    minima = (
        (3.0, 2.0),
        (-2.805118086952745, 3.131312518250573),
        (-3.779310253377747, -3.283185991286170),
        (3.584428340330492, -1.848126526964404),
    )
    return Surface(
        "himmelblau",
        "(x² + y − 11)² + (x + y² − 7)²",
        "four minima, as deep as each other",
        value,
        gradient,
        hessian,
        (0.0, -1.0),
        (-5.0, -5.0),
        (5.0, 5.0),
        minima,
    )


def valley() -> Surface:
    """Return (1 − x)² + 100(y − x²)², Rosenbrock's bent valley, with its minimum at (1, 1)."""

    def gradient(w: Vector) -> Vector:
        x, off = w[..., 0], w[..., 1] - w[..., 0] ** 2
        return np.stack((-2 * (1 - x) - 400 * x * off, 200 * off), -1)

    def hessian(w: Vector) -> Vector:
        x, y = w[..., 0], w[..., 1]
        return _square(2 - 400 * y + 1200 * x**2, -400 * x, _all(w, 200.0))

    return Surface(
        "valley",
        "(1 − x)² + 100(y − x²)²",
        "a narrow valley that bends (Rosenbrock)",
        lambda w: (1 - w[..., 0]) ** 2 + 100 * (w[..., 1] - w[..., 0] ** 2) ** 2,
        gradient,
        hessian,
        (-1.2, 1.0),
        (-2.0, -1.0),
        (2.0, 3.0),
        ((1.0, 1.0),),
    )


def plateau() -> Surface:
    """Return 1 − exp(−½(x² + y²)): a hole in a plain on which there is hardly a slope."""

    def hole(w: Vector) -> Vector:
        found: Vector = np.exp(-0.5 * (w**2).sum(-1) / WELL**2)
        return found

    def hessian(w: Vector) -> Vector:
        outer = w[..., :, None] * w[..., None, :] / WELL**2
        return hole(w)[..., None, None] / WELL**2 * (np.eye(2) - outer)

    return Surface(
        "plateau",
        "1 − exp(−½(x² + y²))",
        "flat ground around a hole",
        lambda w: 1 - hole(w),
        lambda w: hole(w)[..., None] * w / WELL**2,
        hessian,
        (2.5, 1.5),
        (-3.0, -3.0),
        (3.0, 3.0),
        ((0.0, 0.0),),
    )


def rugged(dims: int = 2) -> Surface:
    """Return a bowl full of holes, the deepest of them at the origin.

    Args:
        dims: Weights, 1 or more.

    Returns:
        The surface Σ 0.1·w² + 0.5·(1 − cos 3w).
    """

    def hessian(w: Vector) -> Vector:
        bends = 2 * BOWL + DEPTH * WAVE**2 * np.cos(WAVE * w)
        return bends[..., None] * np.eye(dims)

    return Surface(
        "rugged",
        "Σ 0.1·w² + 0.5·(1 − cos 3w)",
        "a bowl full of holes",
        lambda w: (BOWL * w**2 + DEPTH * (1 - np.cos(WAVE * w))).sum(-1),
        lambda w: 2 * BOWL * w + DEPTH * WAVE * np.sin(WAVE * w),
        hessian,
        (4.0,) if dims == 1 else (4.0, -2.5, *(1.0,) * (dims - 2)),
        (-5.0,) * dims,
        (5.0,) * dims,
        ((0.0,) * dims,),
    )


def cliff() -> Surface:
    """Return 2/(1 + e^(−20x)) + 0.05(x + 1)² + 0.05y²: two gentle slopes with a step between them."""

    def edge(x: Vector) -> Vector:
        return 0.5 * (1 + np.tanh(STEEP * x / 2))

    def gradient(w: Vector) -> Vector:
        high = edge(w[..., 0])
        return np.stack((HEIGHT * STEEP * high * (1 - high) + 0.1 * (w[..., 0] + 1), 0.1 * w[..., 1]), -1)

    def hessian(w: Vector) -> Vector:
        high = edge(w[..., 0])
        bend = HEIGHT * STEEP**2 * high * (1 - high) * (1 - 2 * high) + 0.1
        return _square(bend, _all(w, 0.0), _all(w, 0.1))

    return Surface(
        "cliff",
        "2/(1 + e^(−20x)) + 0.05(x + 1)² + 0.05y²",
        "a cliff: one huge gradient between two small ones",
        lambda w: HEIGHT * edge(w[..., 0]) + 0.05 * (w[..., 0] + 1) ** 2 + 0.05 * w[..., 1] ** 2,
        gradient,
        hessian,
        (1.5, 1.0),
        (-3.0, -2.0),
        (2.0, 2.0),
        ((-1.0, 0.0),),
    )


SURFACES: dict[str, Callable[[], Surface]] = {
    "bowl": bowl,
    "ravine": ravine,
    "saddle": saddle,
    "pass": pass_saddle,
    "monkey-saddle": monkey,
    "two-weights": two_weights,
    "himmelblau": himmelblau,
    "valley": valley,
    "plateau": plateau,
    "rugged": rugged,
    "cliff": cliff,
    "parabola": parabola,
}


def _placed(
    made: Surface,
    about: str,
    start: tuple[float, ...],
    low: tuple[float, ...],
    high: tuple[float, ...],
    minima: tuple[tuple[float, ...], ...] | None = None,
) -> Surface:
    """Return a quadratic with a map and a start of its own."""
    kept = made.minima if minima is None else minima
    return Surface(
        made.name, made.formula, about, made.value, made.gradient, made.hessian, start, low, high, kept
    )


def _square(a: Vector, b: Vector, d: Vector) -> Vector:
    """Return the symmetric matrices [[a, b], [b, d]], shape (…, 2, 2)."""
    return np.stack((np.stack((a, b), -1), np.stack((b, d), -1)), -2)


def _all(w: Vector, value: float) -> Vector:
    """Return one value at every point, shape (…)."""
    return np.full(w.shape[:-1], value)
