"""How much work is put into a spectrum, and the numbers that are refused."""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite
from typing import Literal, get_args

from dltui.errors import UsageError
from dltui.instruments.curvature.traces import TraceMethod
from dltui.instruments.limits import below_one
from dltui.results.smoothing import LEAST, MOST

By = Literal["", "layer", "block"]

FEW = 5  # eigenvalues of either end that are looked for when nobody says how many


@dataclass(frozen=True)
class Plan:
    """How much work is put into a spectrum; see ``spectrum``."""

    top: int
    bottom: int
    probes: int
    steps: int
    tolerance: float
    trace: TraceMethod
    trace_probes: int
    smoothing: float
    by: By
    critical: float
    seed: int


def check(plan: Plan, size: int, title: str) -> None:
    """Refuse numbers that make no sense.

    Args:
        plan: What was asked for.
        size: Rows of the matrix.
        title: What is looked at.

    Raises:
        UsageError: If a number makes no sense, or there are not so many eigenvalues.
    """
    for name, value, least in (
        ("top", plan.top, 0),
        ("bottom", plan.bottom, 0),
        ("probes", plan.probes, 1),
        ("trace-probes", plan.trace_probes, 2),
        ("lanczos-steps", plan.steps, 2),
    ):
        if value < least:
            raise UsageError(f"can't use {name} = {value}: expected a whole number from {least}")
    for name, value in (("top", plan.top), ("bottom", plan.bottom)):
        if value > size:
            raise UsageError(
                f"can't find the {name} {value} eigenvalues of {title}, whose matrix has {size}: "
                f"expected at most {size}"
            )
    below_one(plan.tolerance)
    if not LEAST <= plan.smoothing <= MOST:
        raise UsageError(
            f"can't use a bandwidth of {plan.smoothing:g}: expected {LEAST:g} to {MOST:g}, the width of a point of "
            "the density as a share of its eigenvalue; try 0.03"
        )
    if not isfinite(plan.critical) or plan.critical < 0:
        raise UsageError(
            f"can't use a gradient norm of {plan.critical:g} as critical: expected a number from 0"
        )
    for kind, word, known in (("estimator", plan.trace, TraceMethod), ("grouping", plan.by, By)):
        if word not in get_args(known):
            raise UsageError(f"unknown {kind} {word!r}: expected {', '.join(filter(None, get_args(known)))}")
