"""Rules about gradients, steps and units, by layer."""

from __future__ import annotations

import math

import numpy as np

from dltui.figures import number
from dltui.results.depth import TOLERANCE
from dltui.watching.course import Course
from dltui.watching.finding import Finding
from dltui.watching.layers import LayerMap
from dltui.watching.rules.measure import middle, stretch
from dltui.watching.track import Floats

LOOKS = 5  # newest looks at the layers that are judged together
GROWN = 100.0  # times that the gradient has grown since the start
HUGE = 1e4  # a norm of the gradient that no step survives
NOTHING = 1e-6  # ratio of first to last layer below which the first layers stand still
DEAD, MOST_DEAD = 0.7, 0.9  # shares of a layer's units that never fire
LARGE, SMALL = 0.1, 1e-6  # update / weight; about 1e-3 is usual


def _typical(table: LayerMap) -> tuple[list[str], Floats]:
    """Return layers with a number each: the geometric mean of the newest looks; bare biases are left out."""
    values = table.newest(LOOKS)
    if not values.size:
        return [], np.zeros(0)
    with np.errstate(divide="ignore", invalid="ignore"):
        known = np.isfinite(values)
        logs = np.where(known, np.log(np.where(known, values, 1.0)), 0.0).sum(1) / known.sum(1)
    kept = [
        place for place, name in enumerate(table.names) if known[place].any() and not name.endswith("bias")
    ]
    return [table.names[place] for place in kept], np.exp(logs[kept])


def vanishing(course: Course) -> Finding | None:
    """Return what is wrong where ‖∇₁‖ / ‖∇_L‖ of the first and the last layer is below 1/100."""
    names, sizes = _typical(course.layers["grad_norm"])
    if len(names) < 3 or not sizes[-1] > 0:
        return None
    ratio = float(sizes[0] / sizes[-1])
    if not ratio < 1 / TOLERANCE:
        return None
    if not ratio:
        told = f"no gradient at all reaches {names[0]}"
    else:
        told = f"that of {names[0]} is {number(ratio, 2)} × that of {names[-1]}, × "
        told += f"{number(ratio ** (1 / (len(names) - 1)), 2)} a layer over {len(names) - 1} steps"
    return Finding(
        rule="vanishing-gradients",
        severity="error" if ratio < NOTHING else "warning",
        sentence=f"Gradients vanish: {told}; 1/{TOLERANCE:g} is tolerated.",
        advice="ReLU in place of sigmoid, He initialisation, batch or layer norm, skip connections.",
        note="000a:vanishing-gradient",
    )


def exploding(course: Course) -> Finding | None:
    """Return what is wrong where gradients explode, through the depth or over the steps.

    ‖∇₁‖ / ‖∇_L‖ > 100 with ‖∇₁‖ > 1, or the median norm of the last tenth above 10 000, or 100 times that of the
    first tenth and above 10.
    """
    return _through_depth(course) or _over_steps(course)


def _through_depth(course: Course) -> Finding | None:
    names, sizes = _typical(course.layers["grad_norm"])
    if len(names) < 3 or not sizes[-1] > 0:
        return None
    ratio = float(sizes[0] / sizes[-1])
    if not (ratio > TOLERANCE and sizes[0] > 1):
        return None
    return _exploding(
        f"that of {names[0]} is {number(float(sizes[0]), 3)}, {number(ratio, 3)} × that of {names[-1]}, "
        f"× {number(ratio ** (1 / (len(names) - 1)), 3)} a layer over {len(names) - 1} steps"
    )


def _over_steps(course: Course) -> Finding | None:
    track = course.steps.get("grad_norm")
    if track is None or track.count < 10:
        return None
    start, now = middle(stretch(track, 0.0, 0.1)), middle(stretch(track, 0.9))
    if now > HUGE:
        return _exploding(f"their norm is {number(now, 3)} (median of the last tenth)")
    if start > 0 and now > 10 and now / start > GROWN:
        return _exploding(
            f"their norm has grown from {number(start, 3)} to {number(now, 3)}, × {number(now / start, 3)}"
        )
    return None


def _exploding(told: str) -> Finding:
    return Finding(
        rule="exploding-gradients",
        severity="error",
        sentence=f"Gradients explode: {told}.",
        advice="Clip them, warm up, start with smaller weights (He), or put a norm between the layers.",
        note="000a:exploding-gradient",
    )


def dead_units(course: Course) -> Finding | None:
    """Return what is wrong where more than 70 % of a layer's ReLUs never fire."""
    table = course.layers["dead"]
    values = table.newest(1)
    if not values.size or not np.isfinite(values).any():
        return None
    shares = np.where(np.isfinite(values[:, -1]), values[:, -1], 0.0)
    worst, hit = int(shares.argmax()), int((shares > DEAD).sum())
    if not hit:
        return None
    share, name = f"{100 * shares[worst]:.0f} %", table.names[worst]
    more = f"; in {hit} layers so many are" if hit > 1 else ""
    return Finding(
        rule="dead-units",
        severity="error" if shares[worst] > MOST_DEAD else "warning",
        sentence=f"{share} of the units of {name} never fire and get no gradient{more}.",
        advice="A smaller learning rate, biases that don't start negative, or leaky ReLU, ELU or GELU.",
        note="002a:dying-relu",
    )


def large_steps(course: Course) -> Finding | None:
    """Return what is wrong where a step moves the weights by more than a tenth: the median of ‖Δw‖ / ‖w‖ so far."""
    return _steps(course, large=True)


def small_steps(course: Course) -> Finding | None:
    """Return what is wrong where steps hardly move the weights: the median of ‖Δw‖ / ‖w‖ so far is below 1e-6."""
    return _steps(course, large=False)


def _steps(course: Course, *, large: bool) -> Finding | None:
    ratio = middle(stretch(course.steps.get("update_ratio"), 0.1))
    if not math.isfinite(ratio) or course.step < 20 or (ratio <= LARGE if large else ratio >= SMALL):
        return None
    return Finding(
        rule="large-steps" if large else "small-steps",
        severity="warning",
        sentence=f"A step moves the weights by {number(ratio, 2)} of their size (median); about 0.001 is usual.",
        advice=f"A {'smaller' if large else 'larger'} learning rate.",
        note="002a:learning-rate",
    )
