"""tr A and tr A² of a matrix that is known by its products, each with its standard error.

All estimators rest on E[zᵀAz] = tr A and E[‖Az‖²] = tr A² for random signs z (Hutchinson 1989). Their noise comes from
the large eigenvalues, so two of them take a subspace Q that holds those out of the chance:

    tr A = tr QᵀAQ + E[wᵀAw],   tr A² = ‖AQ‖² + E[‖Aw‖²],   w = (I − QQᵀ) z,

exact for any orthonormal Q. Hutch++ (Meyer, Musco, Musco and Woodruff 2021) spends a third of its products on a random
Q, a third on AQ, a third on probes; the deflated estimator has eigenvectors, or what one Lanczos run has explored.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
import torch
from torch import Tensor

from dltui.errors import UsageError
from dltui.instruments.curvature.lanczos import lanczos
from dltui.instruments.curvature.operator import Operator, gaussian, signs

TraceMethod = Literal["deflated", "hutchinson", "hutch++"]

FEWEST = 3  # products for each third of an estimate; two probes at least, or there is no standard error


@dataclass(frozen=True)
class Trace:
    """An estimate of tr A and tr A².

    Attributes:
        trace: tr A.
        trace_stderr: Its standard error, never below what rounding does to it; NaN for a single probe.
        square: tr A².
        square_stderr: Its standard error.
        method: How it was found.
        probes: Random vectors behind the standard errors.
    """

    trace: float
    trace_stderr: float
    square: float
    square_stderr: float
    method: TraceMethod
    probes: int


Sample = tuple[float, float]  # wᵀAw and ‖Aw‖² of one probe


def trace(
    operator: Operator,
    *,
    method: TraceMethod = "deflated",
    products: int = 30,
    generator: torch.Generator,
) -> Trace:
    """Estimate tr A and tr A² within a number of products.

    Args:
        operator: A, symmetric, shape (n, n).
        method: ``deflated`` (half of the products explore the largest eigenvalues by Lanczos), ``hutch++`` or
            ``hutchinson``.
        products: How many products to spend, at least 9.
        generator: Source of the random vectors.

    Returns:
        The estimate with its standard errors.

    Raises:
        UsageError: If there are too few products, or no such method.
    """
    if products < 3 * FEWEST:
        raise UsageError(f"can't estimate a trace from {products} products: expected at least {3 * FEWEST}")
    third = products // 3
    if method == "hutchinson":
        return hutchinson(operator, products, generator)
    if method == "hutch++":
        return hutch_plus_plus(operator, third, third, generator)
    if method != "deflated":
        raise UsageError(f"unknown estimator {method!r}: expected {', '.join(get_args(TraceMethod))}")
    run = lanczos(operator, gaussian(operator, generator), products // 2)
    diagonal, beyond = np.diag(run.table), np.append(np.diag(run.table, 1), run.beyond)
    # ‖A qⱼ‖² is the sum of squares of column j of T, which ends one row below it
    squares = float((diagonal**2).sum() + (beyond**2).sum() + (beyond[:-1] ** 2).sum())
    samples = probe(operator, run.basis, products - run.products, generator, projected=False)
    return together((float(diagonal.sum()), squares), samples, operator, "deflated")


def hutchinson(operator: Operator, probes: int, generator: torch.Generator) -> Trace:
    """Estimate tr A and tr A² from random signs alone.

    Args:
        operator: A, shape (n, n).
        probes: How many, one product each.
        generator: Source of the signs.

    Returns:
        The estimate.
    """
    nothing = operator.like.new_empty(0, operator.size)
    return together((0.0, 0.0), probe(operator, nothing, probes, generator), operator, "hutchinson")


def hutch_plus_plus(operator: Operator, rank: int, probes: int, generator: torch.Generator) -> Trace:
    """Estimate tr A and tr A² by Hutch++.

    Args:
        operator: A, shape (n, n).
        rank: Columns of Q; two products each.
        probes: Further probes of one product each.
        generator: Source of the signs.

    Returns:
        The estimate.
    """
    rank = min(rank, operator.size)
    sketch = torch.stack([operator(signs(operator, generator)) for _ in range(rank)])
    q = torch.linalg.qr(sketch.T).Q.T
    images = torch.stack([operator(row) for row in q])
    known = float((images.double() * q.double()).sum()), float(images.double().square().sum())
    return together(known, probe(operator, q, probes, generator, projected=False), operator, "hutch++")


def probe(
    operator: Operator, away: Tensor, count: int, generator: torch.Generator, *, projected: bool = True
) -> list[Sample]:
    """Return wᵀAw and ‖Aw‖² for random signs without their part along some vectors.

    Args:
        operator: A, shape (n, n).
        away: Orthonormal rows, shape (k, n).
        count: How many probes, one product each.
        generator: Source of the signs.
        projected: Take the part along these vectors out of Aw as well, as for eigenvectors, where it is only rounding.

    Returns:
        A pair for each probe.
    """
    samples = []
    for _ in range(count):
        w = outside(signs(operator, generator), away)
        image = operator(w)
        first = float(w.double() @ image.double())
        image = outside(image, away) if projected else image
        samples.append((first, float(image.double().square().sum())))
    return samples


def outside(vector: Tensor, away: Tensor) -> Tensor:
    """Return a vector without its part along orthonormal rows."""
    return vector - (away @ vector) @ away


def together(
    known: Sample, samples: Sequence[Sample], operator: Operator, method: TraceMethod, scale: float = 0.0
) -> Trace:
    """Put what is known and the mean of the probes together.

    Args:
        known: tr and tr of the square that chance has no part in.
        samples: One pair for each probe.
        operator: A; its precision bounds the errors from below.
        method: What to call it.
        scale: Sum of the sizes of what is known, for its rounding; the size of ``known`` otherwise.

    Returns:
        The estimate.
    """
    firsts, squares = np.array(samples).T if len(samples) else np.zeros((2, 1))
    count = max(1, len(samples))
    first, square = firsts.mean(), squares.mean()
    spreads = [
        float(each.std(ddof=1) / np.sqrt(count)) if count > 1 else float("nan") for each in (firsts, squares)
    ]
    rounding = float(torch.finfo(operator.like.dtype).eps)
    sizes = (max(scale, abs(known[0])) + abs(first), known[1] + square)
    return Trace(
        trace=float(known[0] + first),
        trace_stderr=float(np.hypot(spreads[0], rounding * sizes[0])),
        square=float(known[1] + square),
        square_stderr=float(np.hypot(spreads[1], 2 * rounding * sizes[1])),
        method=method,
        probes=len(samples),
    )
