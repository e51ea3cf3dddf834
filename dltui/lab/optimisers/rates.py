"""What one learning rate can do: crawl, converge, oscillate, diverge; and why a ravine has no good one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

import numpy as np

from dltui.descent.plain import Gradient
from dltui.descent.rule import Vector
from dltui.descent.schedules import exponential
from dltui.descent.surface import Surface
from dltui.descent.surfaces import ravine
from dltui.descent.walk import Walk, walk
from dltui.figures import Lines, Series, Step, Steps, Table, number
from dltui.lab import Frame, Number, Slider, exhibit, near
from dltui.lab.optimisers.maps import ground, losses, moments, pair

START = (-10.0, 1.0)
GOAL = 1e-6  # loss that counts as done
ENOUGH = 1e-12
RANGE, NOISE = 120, 1.0  # steps of the range test, and noise of its slopes
PATH, MOMENTS = 12, 20  # steps on the map; pictures of a walk


def regime(lr: float, kappa: float) -> str:
    """Return what gradient descent does on ½(x² + κy²), by the factors 1 − η and 1 − ηκ of both axes."""
    steep = max(1.0, kappa)
    edge = lr * steep - 2
    if abs(edge) < ENOUGH:
        return "oscillates for ever"
    if edge > 0:
        return "diverges"
    if lr * steep > 1:
        return "converges in a zigzag"
    return "crawls" if lr * min(1.0, kappa) < 1e-3 else "converges"


def needed(lr: float, kappa: float, start: tuple[float, float] = START, goal: float = GOAL) -> int | None:
    """Return after how many steps the loss is below a goal, by the closed form; None where it never is.

    Args:
        lr: η.
        kappa: κ.
        start: Where it begins.
        goal: The loss below which it is done.

    Returns:
        The least t with ½(x₀²(1 − η)²ᵗ + κy₀²(1 − ηκ)²ᵗ) < goal.
    """
    factors = np.abs((1 - lr, 1 - lr * kappa))

    def left(t: float) -> float:
        parts = np.array((1.0, kappa)) * np.square(start) * factors ** (2 * t)
        return float(0.5 * parts.sum())

    if factors.max() >= 1:
        return None
    low, high = 0, 1
    while left(high) >= goal:
        low, high = high, 2 * high
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if left(middle) >= goal else (low, middle)
    return high


@exhibit(
    "lr-stability",
    family="optimisers",
    covers=("000a:learning-rate", "000a:convex-hard", "002a:learning-rate", "004:learning-rate"),
    kin={
        "dltui lab run gd-descent": "a single step, its gradient and its arrow",
        "dltui lab run ravine-zigzag": "the path in the ravine itself",
        "dltui lab run edge-of-stability": "λmax of a network rises until it meets 2/η",
        "dltui lab run lr-schedules": "a rate that changes on the way",
        "dltui hessian MODEL": "λmax of your own model, and so its 2/λmax",
    },
    sources=("Smith 2017, arXiv:1506.01186 (range test)", "Cohen et al. 2021, arXiv:2103.00065"),
)
def lr_stability(
    lr: Annotated[float, Slider(1e-4, 1, log=True, help="learning rate η")] = 0.0198,
    kappa: Annotated[float, Slider(1, 1000, log=True, help="curvature κ of the steep axis")] = 100.0,
    steps: Annotated[int, Slider(10, 2000, log=True, help="steps that are shown")] = 200,
) -> Iterator[Frame]:
    """One convex bowl, ½(x² + κy²), and the same descent with rates from far too small to too large.

    Try: --lr 0.02 swings for ever and --lr 0.0202 diverges; --lr 0.0001 needs 88,634 steps; --kappa 10 moves the limit.
    Notice: all is well up to 2/λmax, and one per cent above it nothing is; far below it the direction is right and the
    time runs out. No critical point is in the way: a convex surface is hard enough.

    Each step multiplies x by 1 − η and y by 1 − ηκ. Both must lie between −1 and 1, so η < 2/λmax with λmax = κ: below
    1/κ it creeps down, above it swings across, at 2/κ it stays at |y₀| for ever, beyond it grows. The range test raises
    η a little at every step, with some noise in the slopes as batches have it: the loss falls until the limit is
    passed, then rises without end.
    """
    surface, limit = ravine(kappa), 2 / max(1.0, kappa)
    way = walk(surface, Gradient(lr=lr), START, steps, remember=False)
    count, word = needed(lr, kappa), regime(lr, kappa)
    paths, curves = _paths(surface, lr, limit, steps), _sweep(surface, lr, limit, steps)
    fixed = (
        _ends(lr, kappa, limit, steps),
        _range(surface, limit),
        _worked(lr, kappa, limit),
        _table(lr, kappa, limit),
    )
    known: dict[str, Number] = {
        "limit": limit,
        "factor_x": 1 - lr,
        "factor_y": 1 - lr * kappa,
        "regime": word,
        "steps_to_1e-6": count,
        "best_lr": 2 / (1 + kappa),
        "range_test": _turn(surface, limit),
    }
    done = "" if count is None else f", {count:,} steps"
    told = moments(steps, MOMENTS)
    for now in told:
        figures = (
            ground(
                surface, paths, now=now, caption=f"the first {min(steps, PATH)} steps; κ = {number(kappa)}"
            ),
            losses(
                curves,
                now=now,
                title="Loss, step by step, for several η",
                caption=f"from {pair(START)} on {surface.formula}",
            ),
            *fixed,
        )
        numbers = known | {
            "step": now,
            "loss": float(way.values[min(now, way.steps)]),
            "ended": way.ended if now >= way.steps else "",
        }
        caption = f"η = {number(lr)} {word}{done}; step {now} of {steps}"
        yield Frame(figures=figures, numbers=numbers, caption=caption, total=len(told))


def _paths(surface: Surface, lr: float, limit: float, steps: int) -> dict[str, Walk]:
    """Return the paths of a rate that is too small, of one that is too large, and of the chosen one, on top."""
    small, large = limit / 200, 1.05 * limit
    rates = {
        f"too small, {number(small)}": small,
        f"too large, {number(large)}": large,
        f"chosen, {number(lr)}": lr,
    }
    return {
        name: walk(surface, Gradient(lr=rate), START, min(steps, PATH), remember=False)
        for name, rate in rates.items()
    }


def _sweep(surface: Surface, lr: float, limit: float, steps: int) -> dict[str, Walk]:
    """Return walks at rates around the limit, and at the chosen one."""
    rates = {
        f"{number(lr)}, chosen": lr,
        f"{number(limit / 200)}, 0.5 % of the limit": limit / 200,
        f"{number(limit / 4)}, a quarter": limit / 4,
        f"{number(0.99 * limit)}, 99 %": 0.99 * limit,
        f"{number(limit)}, the limit": limit,
        f"{number(1.01 * limit)}, 101 %": 1.01 * limit,
    }
    known = {f"{rate:.6g}": name for name, rate in reversed(rates.items())}  # each rate once
    return {
        f"η = {name}": walk(surface, Gradient(lr=rate), START, steps, remember=False)
        for name, rate in rates.items()
        if name in known.values()
    }


def _left(rates: Vector, kappa: float, steps: int) -> Vector:
    """Return the loss after some steps for each η, by the closed form."""
    found = np.zeros_like(rates)
    for curve, at in zip((1.0, kappa), START, strict=True):
        shrinks = np.log(np.maximum(np.abs(1 - rates * curve), 1e-9))
        found += 0.5 * curve * at**2 * np.exp(np.clip(2.0 * steps * shrinks, -100, 25))  # drawn no higher
    return np.maximum(found, 1e-16)


def _ends(lr: float, kappa: float, limit: float, steps: int) -> Lines:
    """Return the loss after all steps over η: a wall stands at the limit."""
    rates = np.geomspace(min(lr, limit / 300), max(1.5 * lr, 3 * limit), 161)
    ends = _left(rates, kappa, steps)
    wall = np.array((limit, limit))
    return Lines(
        title=f"Loss after {steps} steps, over η",
        caption=f"It turns up at 2/λmax = {number(limit)}.",
        series=(
            Series(name="L after all steps", x=rates, y=ends),
            Series(name="2/λmax", x=wall, y=np.array((ends.min(), ends.max()))),
            Series(name="chosen η", x=np.array([lr]), y=_left(np.array([lr]), kappa, steps), marks=True),
        ),
        x_label="η",
        y_label="L",
        x_scale="log",
        y_scale="log",
    )


def _tested(surface: Surface, limit: float) -> tuple[Vector, Vector]:
    """Return the rates of a range test and the loss before each step: η grows a little at every step."""
    rates = exponential(np.arange(RANGE), limit / 300, float(900 ** (1 / RANGE)))
    way = walk(surface, Gradient(), START, RANGE, rates=rates, noise=NOISE, remember=False)
    return rates[: way.steps], way.values[1:]


def _turn(surface: Surface, limit: float) -> float:
    """Return the rate at which the loss of the range test is lowest."""
    rates, ends = _tested(surface, limit)
    return float(rates[int(ends.argmin())])


def _range(surface: Surface, limit: float) -> Lines:
    """Return the range test."""
    rates, ends = _tested(surface, limit)
    return Lines(
        title="Range test: one run, η grows at every step",
        caption=f"lowest at η = {number(_turn(surface, limit))}; 2/λmax = {number(limit)}",
        series=(
            Series(name="L", x=rates, y=ends),
            Series(name="2/λmax", x=np.array((limit, limit)), y=np.array((ends.min(), ends.max()))),
        ),
        x_label="η",
        y_label="L",
        x_scale="log",
        y_scale="log",
    )


def _worked(lr: float, kappa: float, limit: float) -> Steps:
    """Return what a step multiplies each weight by, and the limit, with their numbers."""
    steep = max(1.0, kappa)
    return Steps(
        title="Worked out: what a step does",
        steps=(
            Step(
                formula=f"x ← (1 − η)·x = (1 − {number(lr)})·x = {number(1 - lr)}·x", note="along the floor"
            ),
            Step(
                formula=f"y ← (1 − η·κ)·y = (1 − {number(lr)}·{number(kappa)})·y = {number(1 - lr * kappa)}·y",
                note="across",
            ),
            Step(
                formula=f"η < 2/λmax = 2/{number(steep)} = {number(limit)}",
                note="holds" if lr < limit * (1 - ENOUGH) else "does not hold",
            ),
        ),
    )


def _table(lr: float, kappa: float, limit: float) -> Table:
    """Return what some rates do."""
    named = {
        "tiny": 1e-4,
        "1/κ": 1 / max(1.0, kappa),
        "best single": 2 / (1 + kappa),
        "99 %": 0.99 * limit,
        "2/λmax": limit,
        "101 %": 1.01 * limit,
        "chosen": lr,
    }
    rows = [
        (rate, name, 1 - rate, 1 - rate * kappa, needed(rate, kappa), regime(rate, kappa))
        for name, rate in sorted(named.items(), key=lambda one: one[1])
    ]
    return Table(
        title="What each η does",
        caption="A step multiplies x and y by these; in so many steps L < 1e-6. Best single: 2/(λmin + λmax).",
        columns=("η", "which", "x ×", "y ×", "steps", "the descent"),
        rows=tuple(rows),
    )


@lr_stability.check
def limit_of_the_notes() -> None:
    """½(x² + 100y²): 0.0198 converges, 0.02 keeps |y| = 1 for ever, 0.0202 diverges (notes 000a)."""
    ends = {}
    for lr in (0.0198, 0.02, 0.0202):
        way = walk(ravine(100), Gradient(lr=lr), START, 2000, remember=False)
        ends[lr] = abs(way.points[-1, 1])
        frame = lr_stability.last(lr=lr)
        near("the limit", frame.numbers["limit"], 0.02, 1e-12)
    assert ends[0.0198] < 1e-12, f"η = 0.0198 leaves y = {ends[0.0198]}"
    near("|y| at η = 0.02", ends[0.02], 1.0, 1e-9)
    assert ends[0.0202] > 1e5, f"η = 0.0202 ends at y = {ends[0.0202]}"
    words = [regime(lr, 100.0) for lr in (0.0198, 0.02, 0.0202)]
    assert words == ["converges in a zigzag", "oscillates for ever", "diverges"], f"{words}"


@lr_stability.check
def steps_of_a_tiny_rate() -> None:
    """η = 1e-4 needs 88,634 steps to a loss below 1e-6 (notes 000a: about 100,000); walking agrees."""
    frame = lr_stability.last(lr=1e-4)
    assert frame.numbers["steps_to_1e-6"] == 88634, f"{frame.numbers['steps_to_1e-6']} steps"
    for lr, kappa in ((0.01, 100.0), (0.015, 100.0), (0.09, 20.0)):
        walked = walk(ravine(kappa), Gradient(lr=lr), START, 3000, remember=False, below=GOAL).steps
        assert needed(lr, kappa) == walked, f"{needed(lr, kappa)} steps by the closed form, {walked} walked"


@lr_stability.check
def limit_by_torch() -> None:
    """torch.optim.SGD on ½ky² for k = 3 and 50: shrinks at 0.999·2/k, grows at 1.001·2/k (notes 002a, 004)."""
    import torch

    for k in (3.0, 50.0):
        for share, shrinks in ((0.999, True), (1.001, False)):
            y = torch.tensor([1.0], dtype=torch.float64, requires_grad=True)
            optimiser = torch.optim.SGD([y], lr=share * 2 / k)
            for _ in range(60):
                optimiser.zero_grad()
                (0.5 * k * y**2).sum().backward()  # type: ignore[no-untyped-call]
                optimiser.step()
            told = regime(share * 2 / k, k)
            assert (abs(y.item()) < 1) == shrinks, f"torch ends at {y.item()} for k = {k}, {share}"
            assert (told != "diverges") == shrinks, f"k = {k}, η = {share}·2/k: {told}"


@lr_stability.check
def range_test_turns_at_the_limit() -> None:
    """The loss of the range test is lowest within a factor of 2 of 2/λmax."""
    for kappa in (10.0, 100.0, 1000.0):
        frame = lr_stability.last(kappa=kappa)
        ratio = float(frame.numbers["range_test"]) / float(frame.numbers["limit"])  # type: ignore[arg-type]
        assert 0.5 < ratio < 2, f"κ = {kappa}: it turns at {ratio} of the limit"
