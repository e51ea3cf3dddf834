"""What eigenvalues say in a word: outliers, effective rank, condition number, minimum or saddle."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dltui.figures import number

Vector = NDArray[np.float64]

FLAT = 1e-3  # share of the largest |λ| below which an eigenvalue counts as flat
CRITICAL = 1e-3  # ‖∇L‖ up to which a point counts as critical


@dataclass(frozen=True)
class Answer:
    """One question about a spectrum with its answer.

    Attributes:
        question: What is asked.
        answer: The answer, with its error where it is an estimate.
        meaning: Definition and tolerance.
    """

    question: str
    answer: str
    meaning: str


@dataclass(frozen=True)
class Gap:
    """Where the largest eigenvalues break off.

    Attributes:
        outliers: How many lie above the gap.
        ratio: The last of them over the next eigenvalue.
    """

    outliers: int
    ratio: float


def largest_gap(values: Vector) -> Gap | None:
    """Return the largest relative gap between neighbours among the largest eigenvalues.

    Args:
        values: Largest eigenvalues, descending, all of them converged, shape (k,).

    Returns:
        The gap, or None where fewer than three are above 0.
    """
    positive = values[values > 0]
    if len(positive) < 3:
        return None
    ratios = positive[:-1] / positive[1:]
    return Gap(int(ratios.argmax()) + 1, float(ratios.max()))


def effective_rank(places: Vector, weights: Vector, size: int) -> float:
    """Return exp of the entropy of |λ| / Σ|λ| (Roy and Vetterli 2007): how many eigenvalues carry the matrix.

    Args:
        places: Points of the spectrum, shape (m,).
        weights: Shares of all eigenvalues that each stands for, shape (m,).
        size: How many eigenvalues there are.

    Returns:
        A number from 1 to ``size``; 0 where all of them are 0.
    """
    counts, sizes = size * weights, np.abs(places)
    total = float(counts @ sizes)
    if total == 0:
        return 0.0
    shares = sizes / total
    logs = np.log(np.where(shares > 0, shares, 1.0))
    return float(np.exp(-(counts * shares) @ logs))


def shares(places: Vector, weights: Vector) -> tuple[float, float]:
    """Return the share of eigenvalues that are next to 0, and of those clearly below."""
    edge = FLAT * float(np.abs(places).max(initial=0.0))
    flat = weights[np.abs(places) <= edge].sum()
    return float(flat), float(weights[places < -edge].sum())


@dataclass(frozen=True)
class Standing:
    """Where a point stands.

    Attributes:
        word: ``minimum``, ``saddle``, …, or ``not known``.
        why: In numbers.
    """

    word: str
    why: str


def standing(
    lowest: tuple[float, float] | None,
    highest: tuple[float, float] | None,
    slope: float,
    critical: float = CRITICAL,
) -> Standing:
    """Say what kind of point the weights are at.

    Args:
        lowest: Smallest eigenvalue of the Hessian and the bound on its error; None where it has not converged.
        highest: The largest, likewise.
        slope: ‖∇L‖.
        critical: ‖∇L‖ up to which the point counts as critical.

    Returns:
        The verdict; eigenvalues within 0.1 % of the largest size of 0 count as flat.
    """
    at_rest = slope <= critical
    compared = "≤" if at_rest else ">"
    still = f"‖∇L‖ {number(slope)} {compared} {number(critical)}"
    if lowest is None or highest is None:
        return Standing("not known", f"the smallest or the largest eigenvalue has not converged; {still}")
    edge = FLAT * max(abs(lowest[0]), abs(highest[0]))
    below, above = lowest[0] + lowest[1] < -edge, highest[0] - highest[1] > edge
    steep = lowest[0] - lowest[1] > edge
    seen = f"λ from {number(lowest[0])} to {number(highest[0])}, flat up to ±{number(edge, 2)}; {still}"
    if not at_rest:
        bends = "upwards and downwards" if below and above else "downwards" if below else "nowhere downwards"
        return Standing("no critical point", f"the loss bends {bends}: {seen}")
    if below and above:
        return Standing("saddle", seen)
    if below:
        return Standing("maximum, or flat", seen)
    if steep:
        return Standing("strict minimum", seen)
    return Standing("minimum with flat directions" if above else "flat", seen)


def condition(places: Vector | None, size: int, eps: float, least: float, largest: float) -> tuple[str, str]:
    """Return |λ|max / |λ|min in words, and what it is of.

    Args:
        places: Every eigenvalue, or None where only some are known.
        size: How many there are.
        eps: Precision of the products.
        least: Bound on the smallest known |λ|, error included; NaN where none is known.
        largest: The largest |λ|; NaN where it is not known.

    Returns:
        The number or a bound, and why it is no more than that.
    """
    if places is None:
        why = "the smallest |λ| of a matrix that is not written out can't be resolved"
        known = np.isfinite(least) and np.isfinite(largest) and least > 0
        return (f"at least {number(largest / least, 2)}" if known else "not known"), why
    sizes = np.abs(places)
    floor = size * eps * sizes.max(initial=0.0)
    if not sizes.max(initial=0.0):
        return "not known", "all eigenvalues are 0"
    if sizes.min() <= floor:
        return "∞ to rounding", f"|λ|min is below n·ε·|λ|max = {number(floor, 2)}: the matrix is singular"
    return number(float(sizes.max() / sizes.min())), "|λ|max / |λ|min of all eigenvalues"


def eigenvalue_name(rank: int) -> str:
    """Return what the eigenvalue of a rank is called, such as λ₁ for the largest."""
    return f"λ{rank}".translate(str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉"))
