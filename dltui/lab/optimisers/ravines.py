"""The ravine: a path that swings across steep walls and creeps along the floor, and what one rate for all costs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

import numpy as np

from dltui.descent.adam import Adam
from dltui.descent.adaptive import AdaGrad, RmsProp
from dltui.descent.plain import Gradient, Momentum
from dltui.descent.rule import Rule, Vector
from dltui.descent.surfaces import pass_saddle, ravine
from dltui.descent.walk import Walk, walk
from dltui.figures import Figure, Lines, Series, Step, Steps, Table, number
from dltui.lab import Frame, Number, Slider, Switch, exhibit, near
from dltui.lab.optimisers.maps import ground, losses, moments, signed, slopes

START = (10.0, 1.0)
MANY = 200  # steps of the notes


def flips(points: Vector) -> int:
    """Return how often consecutive moves in y change their sign, for points of shape (n, 2)."""
    moves = np.sign(np.diff(points[:, 1]))
    return int((moves[1:] * moves[:-1] < 0).sum())


def single(kappa: float) -> tuple[float, float]:
    """Return the best single η for curvatures 1 and κ, 2/(1 + κ), and the rate that it leaves, (κ − 1)/(κ + 1)."""
    low, high = sorted((1.0, kappa))
    return 2 / (low + high), (high - low) / (high + low)


def rivals(lr: float, kappa: float) -> dict[str, Rule]:
    """Return the optimisers that are set beside plain descent, each at a rate that suits it."""
    return {
        "GD": Gradient(lr=lr),
        "momentum": Momentum(lr=min(lr, 1 / max(1.0, kappa))),
        "AdaGrad": AdaGrad(lr=0.5),
        "RMSProp": RmsProp(lr=0.1, alpha=0.9),
        "Adam": Adam(lr=0.1),
    }


@exhibit(
    "ravine-zigzag",
    family="optimisers",
    covers=(
        "000a:gd-failure-ravine",
        "000a:gd-failure-single-lr",
        "000c:sgd-limits",
        "002a:narrow-valley",
    ),
    kin={
        "dltui lab run momentum-ball": "inertia damps the swinging and speeds up the floor",
        "dltui lab run adaptive-steps": "a rate of its own for every parameter",
        "dltui lab run lr-stability": "the limit 2/λmax by itself",
        "dltui lab run feature-scale-valley": "how unscaled data make such a ravine, and how to undo it",
        "dltui hessian MODEL": "eigenvalues of your own model: how narrow is its ravine?",
    },
    sources=("Goodfellow, Bengio, Courville 2016, ch. 8.2.1", "Goh 2017, distill.pub/2017/momentum"),
)
def ravine_zigzag(
    kappa: Annotated[float, Slider(1, 1000, log=True, help="condition number κ")] = 100.0,
    lr: Annotated[float, Slider(1e-4, 2, log=True, help="learning rate η")] = 0.019,
    x: Annotated[float, Slider(-10, 10, step=0.5, help="start, along the floor")] = -10.0,
    y: Annotated[float, Slider(-2, 2, step=0.1, help="start, across")] = 1.0,
    steps: Annotated[int, Slider(1, 400, log=True, help="steps")] = 60,
    others: Annotated[bool, Switch(help="also draw the paths of other optimisers")] = False,
) -> Iterator[Frame]:
    """Gradient descent in the ravine ½(x² + κy²): to and fro between its walls, hardly along the floor.

    Try: --lr 0.021 diverges, --kappa 10 makes it mild; --others lets momentum and Adam run beside it.
    Notice: the steep axis forbids a larger η and the flat axis would need one. Every step flips the sign of y, while x
    shrinks by two per cent; with 1/λ for each axis of its own a single step would do.

    y is multiplied by 1 − ηκ at each step and x by 1 − η: for κ = 100 and η = 0.019 by −0.9 and 0.981. The best that a
    single η = 2/(1 + κ) leaves is (κ − 1)/(κ + 1) of the distance, every step. κ is the condition number λmax/λmin of
    the Hessian. The other limit of plain descent is shown below: on the saddle x² − y² it stops where the slope ends.
    """
    surface = ravine(kappa)
    walks = {name: walk(surface, rule, (x, y), steps) for name, rule in rivals(lr, kappa).items()}
    way = walks["GD"]
    drawn = walks if others else {"GD": way}
    told = moments(way.steps)
    stall = _stalled()
    for now in told:
        caption = _caption(way, now, steps)
        figures: tuple[Figure, ...] = (
            ground(surface, drawn, now=now, caption=f"{surface.about}; {caption}"),
            _axes(way, kappa, now),
            _worked(way, kappa, lr, now),
            losses(walks, now=now, title="Loss, step by step, beside others"),
            _table(kappa, lr),
            stall,
        )
        yield Frame(figures=figures, numbers=_numbers(way, kappa, lr, now), caption=caption, total=len(told))


def _caption(way: Walk, now: int, steps: int) -> str:
    """Return what this moment is."""
    ended = f"; {way.ended}" if way.ended and now == way.steps else ""
    return f"step {now} of {steps}: {flips(way.points[: now + 1])} flips, L = {number(float(way.values[now]))}{ended}"


def _numbers(way: Walk, kappa: float, lr: float, now: int) -> dict[str, Number]:
    """Return what ``--json`` tells of one moment."""
    best, rate = single(kappa)
    return {
        "step": now,
        "loss": float(way.values[now]),
        "flips": flips(way.points[: now + 1]),
        "path": way.points[: now + 1].tolist(),
        "factor_x": 1 - lr,
        "factor_y": 1 - lr * kappa,
        "best_lr": best,
        "best_rate": rate,
        "eigenvalues": [1.0, kappa],
        "condition": max(kappa, 1 / kappa),
        "ended": way.ended,
    }


def _axes(way: Walk, kappa: float, now: int) -> Lines:
    """Return |x| and |y| over the steps, with one η and with 1/λ for each axis."""
    best, _ = single(kappa)
    alone = walk(ravine(kappa), Gradient(lr=best), way.points[0], way.steps, remember=False)
    count = np.arange(float(now + 1))
    own = np.abs(way.points[0])[None, :] * (count[:, None] == 0)  # one step of 1/λ ends at 0
    both = np.abs(np.concatenate((way.points[: now + 1], alone.points[: now + 1])))
    floor = max(1e-9, 0.1 * float(np.min(both, where=both > 0, initial=1.0)))  # 0 has no logarithm
    lines = [
        Series(
            name=f"|{axis}|, {name}",
            x=count[: len(points)],
            y=np.maximum(np.abs(points[: now + 1, place]), floor),
        )
        for name, points in (("this η", way.points), ("best η", alone.points), ("1/λ for each", own))
        for place, axis in enumerate("xy")
    ]
    return Lines(
        title="Distance along each axis",
        caption=f"best single η = 2/(1 + κ) = {number(best)}; with 1/λ for each both are 0 after one step, "
        "drawn at the bottom",
        series=tuple(lines),
        x_label="step",
        y_label="|x|, |y|",
        y_scale="log",
    )


def _worked(way: Walk, kappa: float, lr: float, now: int) -> Steps:
    """Return the next step of both weights, and what the best single η would leave, with their numbers."""
    x, y = (float(one) for one in way.points[now])
    along, across = 1 - lr, 1 - lr * kappa
    best, rate = single(kappa)
    return Steps(
        title="Worked out: the next step",
        steps=(
            Step(
                formula=f"x ← (1 − η)·x = {number(along)}·{signed(x)} = {number(along * x)}",
                note="along the floor",
            ),
            Step(
                formula=f"y ← (1 − η·κ)·y = {number(across)}·{signed(y)} = {number(across * y)}",
                note="across: it swings" if across < 0 else "across",
            ),
            Step(
                formula=f"η = 2/(1 + κ) = {number(best)} leaves (κ − 1)/(κ + 1) = {number(rate)}",
                note="the best that a single η can do",
            ),
        ),
    )


def _table(kappa: float, lr: float) -> Table:
    """Return what one η makes of each eigenvalue of the Hessian, and what each would want."""
    best, rate = single(kappa)
    rows = tuple(
        (axis, value, 1 - lr * value, 1 / value, 2 / value, 1 - best * value)
        for axis, value in (("x", 1.0), ("y", kappa))
    )
    return Table(
        title="Each axis wants its own η",
        caption=f"condition number {number(max(kappa, 1 / kappa))}; best single η {number(best)} leaves "
        f"{number(rate)} of the distance a step",
        columns=("axis", "λ", "× a step, this η", "its best η", "its limit", "× a step, best η"),
        rows=rows,
    )


def _stalled() -> Lines:
    """Return the slope along descents on the saddle x² − y² from its ridge, and from beside it."""
    surface = pass_saddle()
    walks = {
        f"from (1, {number(y)})": walk(surface, Gradient(lr=0.05), (1.0, y), 120, remember=False)
        for y in (0.0, 1e-6, 1e-3)
    }
    return slopes(
        walks,
        title="The other limit: slope on the saddle x² − y²",
        caption="η = 0.05; exactly on the ridge, y = 0, it never leaves",
    )


@ravine_zigzag.check
def first_steps_of_the_notes() -> None:
    """κ = 100, η = 0.019 from (−10, 1): y −0.9, 0.81, −0.729; x −9.81, −9.62361, −9.440761 (notes 000a)."""
    path = np.array(ravine_zigzag.last(steps=3).numbers["path"])
    near("y", path[1:, 1], (-0.9, 0.81, -0.729), 1e-12)
    near("x", path[1:, 0], (-9.81, -9.62361, -9.440761), 1e-6)
    near(
        "factors",
        (ravine_zigzag.last(steps=1).numbers["factor_x"], ravine_zigzag.last(steps=1).numbers["factor_y"]),
        (0.981, -0.9),
        1e-12,
    )


@ravine_zigzag.check
def flips_of_the_notes() -> None:
    """From (10, 1), 200 steps: loss 0.02326 with 199 of 199 flips; η = 0.021 diverges to 1.8e18 (notes 000c, D15)."""
    shown = ravine_zigzag.last(x=10, steps=MANY).numbers
    assert shown["flips"] == 199, f"{shown['flips']} flips"
    near("loss", shown["loss"], 0.02326, 1e-4)
    over = 0.5 * (100 * (1 - 0.021) ** (2 * MANY) + 100 * (1 - 2.1) ** (2 * MANY))
    near("loss of η = 0.021, over 1.8e18", over / 1.8e18, 1, 0.02)
    gone = ravine_zigzag.last(lr=0.021, x=10, steps=MANY).numbers
    assert "ran away" in str(gone["ended"]), f"η = 0.021 is told to end {gone['ended']!r}"
    ended = {
        name: walk(ravine(100), rule, START, MANY).values[-1] for name, rule in rivals(0.019, 100).items()
    }
    for name, known in (("AdaGrad", 0.614), ("RMSProp", 0.124), ("Adam", 0.0121)):
        near(f"loss of {name} over what is known", ended[name] / known, 1, 5e-3)


@ravine_zigzag.check
def narrow_valley_of_the_notes() -> None:
    """κ = 50: flips at every step at η = 0.03, diverges at 0.041 > 2/50 (notes 002a)."""
    assert ravine_zigzag.last(kappa=50, lr=0.03, steps=40).numbers["flips"] == 39, "not every step flips"
    far = ravine_zigzag.last(kappa=50, lr=0.041, steps=400).numbers
    near(
        "|y| at η = 0.041",
        abs(np.array(far["path"])[-1, 1]) / 1.05 ** (len(np.array(far["path"])) - 1),
        1,
        1e-9,
    )


@ravine_zigzag.check
def best_single_rate() -> None:
    """(κ − 1)/(κ + 1) is the least that any single η leaves, by a search over 200,001 values of η."""
    for kappa in (3.0, 100.0, 900.0):
        rates = np.linspace(0, 2, 200_001) / kappa
        left = np.maximum(np.abs(1 - rates), np.abs(1 - rates * kappa))
        shown = ravine_zigzag.last(kappa=kappa, steps=1).numbers
        near(f"rate at κ = {kappa}", shown["best_rate"], left.min(), 1e-5)
        near(f"η at κ = {kappa}", shown["best_lr"], rates[left.argmin()], 1e-5)
    way = walk(ravine(100), Gradient(lr=single(100)[0]), START, 50)
    near(
        "what is left after 50 steps",
        np.abs(way.points[-1] / way.points[0]),
        np.full(2, (99 / 101) ** 50),
        1e-12,
    )
