"""Newton's method for roots: along the tangent, to where it is zero."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Annotated

import numpy as np

from dltui.figures import Lines, Series, Step, Steps, Table, number
from dltui.lab import Choice, Frame, Number, Slider, exhibit, near
from dltui.lab.optimisers.maps import signed

FAR = 1e6  # beyond this it does not come back
Real = Callable[[float], float]


@dataclass(frozen=True)
class Curve:
    """A function of one number, its derivative, and a root where it has one.

    Attributes:
        formula: How it is written.
        value: f.
        slope: f′.
        root: The root that is looked for.
        about: What happens on it.
    """

    formula: str
    value: Real
    slope: Real
    root: float
    about: str


CURVES = {
    "square": Curve(
        "x² − 2", lambda x: x * x - 2, lambda x: 2 * x, math.sqrt(2), "the root of 2, digits double"
    ),
    "cosine": Curve(
        "cos x − x",
        lambda x: math.cos(x) - x,
        lambda x: -math.sin(x) - 1,
        0.7390851332151607,
        "one root, any start",
    ),
    "cube": Curve(
        "x³", lambda x: x**3, lambda x: 3 * x * x, 0.0, "a triple root: a third is taken off each time"
    ),
    "cycle": Curve(
        "x³ − 2x + 2",
        lambda x: x**3 - 2 * x + 2,
        lambda x: 3 * x * x - 2,
        -1.7692923542386314,
        "from 0: 1, 0, 1, 0 …",
    ),
    "arctan": Curve("arctan x", math.atan, lambda x: 1 / (1 + x * x), 0.0, "beyond ±1.3917 it runs away"),
}


@dataclass(frozen=True)
class Search:
    """The way of Newton's method.

    Attributes:
        xs: All places, the start first.
        ended: Why it ended before its last step; empty where it did not.
    """

    xs: tuple[float, ...]
    ended: str = ""


def search(curve: Curve, start: float, steps: int) -> Search:
    """Return Newton's iterates x ← x − f(x)/f′(x)."""
    xs = [start]
    for k in range(1, steps + 1):
        x, slope = xs[-1], curve.slope(xs[-1])
        if curve.value(x) == 0:
            return Search(tuple(xs), f"f is 0 at step {k - 1}: nothing is left to do")
        if slope == 0:
            return Search(
                tuple(xs), f"the tangent at x = {number(x)} is level and meets no zero; try another start"
            )
        xs.append(x - curve.value(x) / slope)
        if abs(xs[-1]) > FAR:
            return Search(tuple(xs[:-1]), f"ran away at step {k}; try a start nearer to the root")
    return Search(tuple(xs))


@exhibit(
    "newton-root",
    family="optimisers",
    covers=("001:newton-root",),
    kin={
        "dltui lab run newton-step": "the same idea on a loss: a root of its gradient",
        "dltui hessian MODEL": "the second derivatives that Newton's method needs, of your own model",
    },
    sources=("Nocedal and Wright 2006, ch. 11",),
)
def newton_root(
    f: Annotated[str, Choice(*CURVES, help="function whose root is looked for")] = "square",
    start: Annotated[float, Slider(-4, 4, step=0.1, help="start x₀")] = 1.0,
    steps: Annotated[int, Slider(1, 30, help="steps at most")] = 6,
) -> Iterator[Frame]:
    """Tangent lines walk to a root: each is followed to where it is zero.

    Try: --start 0.1 overshoots first; --f cycle --start 0 goes round for ever; --f arctan --start 1.5 runs away; --f
    cube is slow.
    Notice: near a simple root the right digits double at each step, for the error is squared; far from it nothing is
    promised.

    The first-order expansion f(x + Δ) ≈ f(x) + f′(x)·Δ is 0 at Δ = −f(x)/f′(x), so x ← x − f(x)/f′(x). The error
    follows eₖ₊₁ ≈ f″/(2f′)·eₖ². At a root of order p it only falls by 1 − 1/p a step. Where f′ = 0 there is no step.
    """
    curve = CURVES[f]
    found = search(curve, start, steps)
    for last in range(len(found.xs)):
        ended = found.ended if last == len(found.xs) - 1 else ""
        yield _frame(curve, Search(found.xs[: last + 1], ended), len(found.xs))


def _frame(curve: Curve, found: Search, total: int) -> Frame:
    """Return pictures and numbers of the steps so far."""
    xs, x = found.xs, found.xs[-1]
    errors = [abs(one - curve.root) for one in xs]
    numbers: dict[str, Number] = {
        "steps": len(xs) - 1,
        "x": list(xs),
        "f": [curve.value(one) for one in xs],
        "error": errors,
        "ended": found.ended,
    }
    return Frame(
        figures=(_tangents(curve, found), _errors(errors), _worked(curve, x), _table(curve, found, errors)),
        numbers=numbers,
        caption=f"step {len(xs) - 1}: x = {x:.10g}, f(x) = {number(curve.value(x))}"
        + (f"; {found.ended}" if found.ended else ""),
        total=total,
    )


def _tangents(curve: Curve, found: Search) -> Lines:
    """Return the curve and the way along its tangents: up to the curve, down the tangent to zero."""
    xs = np.array(found.xs)
    low, high = min(xs.min(), curve.root), max(xs.max(), curve.root)
    edge = 0.15 * (high - low) or 1.0
    axis = np.linspace(low - edge, high + edge, 201)
    values = np.array([curve.value(one) for one in found.xs])
    along, up = np.repeat(xs, 2), np.stack((np.zeros(len(xs)), values), -1).ravel()
    return Lines(
        title=f"f = {curve.formula} and its tangents",
        caption=f"{curve.about}. {found.ended}".strip(),
        series=(
            Series(name="f", x=axis, y=np.array([curve.value(float(one)) for one in axis])),
            Series(name="up to f, down the tangent", x=along, y=up),
            Series(name="root", x=np.array([curve.root]), y=np.zeros(1), marks=True),
            Series(name="here", x=xs[-1:], y=values[-1:], marks=True),
        ),
        x_label="x",
        y_label="f",
        levels=((0.0, ""),),
    )


def _errors(errors: list[float]) -> Lines:
    """Return how far the root is at each step, in powers of ten."""
    size = np.array([one if one > 0 else np.nan for one in errors])
    step = np.arange(float(len(errors)))
    if np.isnan(size).all():
        size = np.full(len(errors), np.finfo(float).eps)
    return Lines(
        title="Distance from the root",
        caption="a curve that bends down doubles its digits; a straight one only adds digits",
        series=(Series(name="|x − root|", x=step, y=size),),
        x_label="step",
        y_label="|x − root|",
        y_scale="log",
    )


def _worked(curve: Curve, x: float) -> Steps:
    """Return the next step with its numbers."""
    value, slope = curve.value(x), curve.slope(x)
    after = (
        f"{number(x, 10)} − {signed(value)}/{signed(slope)} = {number(x - value / slope, 10)}"
        if slope
        else ""
    )
    return Steps(
        title="Worked out: the next step",
        steps=(
            Step(
                formula=f"f = {curve.formula} = {number(value)}, f′ = {number(slope)}",
                note=f"at x = {number(x, 10)}",
            ),
            Step(
                formula=f"x − f/f′ = {after}"
                if slope
                else "f′ = 0: the tangent is level, and there is no step"
            ),
        ),
    )


def _table(curve: Curve, found: Search, errors: list[float]) -> Table:
    """Return every iteration in numbers."""
    rows = []
    for k, x in enumerate(found.xs):
        slope = curve.slope(x)
        after = f"{x - curve.value(x) / slope:.10f}" if slope else "none"
        rows.append((k, f"{x:.10f}", curve.value(x), slope, after, errors[k]))
    return Table(
        title="x ← x − f(x)/f′(x), step by step",
        columns=("step", "x", "f(x)", "f′(x)", "next x", "error"),
        rows=tuple(rows),
    )


@newton_root.check
def root_of_two() -> None:
    """x² − 2 from 1: 1.5, 1.4166666667, 1.4142156863, 1.4142135624 (notes 001)."""
    found = newton_root.last(steps=4).numbers
    near("x", found["x"], (1, 1.5, 1.4166666667, 1.4142156863, 1.4142135624), 1e-10)


@newton_root.check
def derivatives_like_torch() -> None:
    """Each f′ against torch.autograd at nine places, to 1e-12."""
    import torch

    there: dict[str, Callable[[torch.Tensor], torch.Tensor]] = {
        "square": lambda x: x * x - 2, "cosine": lambda x: torch.cos(x) - x, "cube": lambda x: x**3,
        "cycle": lambda x: x**3 - 2 * x + 2, "arctan": torch.atan,
    }  # fmt: skip
    for name, one in there.items():
        for place in np.linspace(-4, 4, 9):
            x = torch.tensor(float(place), dtype=torch.float64, requires_grad=True)
            (slope,) = torch.autograd.grad(one(x), x)
            near(f"f of {name}", CURVES[name].value(float(place)), one(x).item(), 1e-12)
            near(f"f′ of {name}", CURVES[name].slope(float(place)), slope.item(), 1e-12)


@newton_root.check
def errors_are_squared() -> None:
    """Near √2: eₖ₊₁/eₖ² is f″/(2f′) = 0.35355; at the triple root of x³ eₖ₊₁/eₖ is 2/3."""
    errors = np.array(newton_root.last(steps=4, start=1.5).numbers["error"])
    near("eₖ₊₁/eₖ²", errors[2] / errors[1] ** 2, 1 / (2 * math.sqrt(2)), 1e-2)
    errors = np.array(newton_root.last(f="cube", steps=6).numbers["error"])
    near("eₖ₊₁/eₖ", errors[1:] / errors[:-1], np.full(6, 2 / 3), 1e-12)


@newton_root.check
def where_it_fails() -> None:
    """x³ − 2x + 2 from 0: 1, 0, 1, 0; arctan from 1.39 goes home and from 1.40 away; x² − 2 from 0 has no step."""
    near("cycle", newton_root.last(f="cycle", start=0, steps=4).numbers["x"], (0, 1, 0, 1, 0))
    near("arctan from 1.39", newton_root.last(f="arctan", start=1.39, steps=12).numbers["error"][-1], 0, 1e-6)  # type: ignore[index]
    assert "ran away" in str(newton_root.last(f="arctan", start=1.4, steps=30).numbers["ended"])
    assert "level" in str(newton_root.last(start=0).numbers["ended"])
