"""Losses of numbers: squared, absolute and Huber's, and what an outlier does to each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations
from typing import Annotated

import numpy as np

from dltui.byhand import work
from dltui.figures import Lines, Series, Table
from dltui.instruments.byhand import steps_of
from dltui.lab import Choice, Frame, Slider, exhibit, near
from dltui.lab.byhand.curves import Array, curve

LOSSES = {"mse": "mseloss", "l1": "l1loss", "huber": "huberloss"}
KNOWN = (1.0, 2.0, 3.0, 4.0)  # the points beside the outlier


@exhibit(
    "regression-losses",
    family="byhand",
    covers=(
        "000a:l1-mae",
        "000a:l2-mse",
        "003:mse",
        "003:l1",
        "003:huber",
        "004:mse",
        "004:mse-outlier",
    ),
    kin={
        "dltui byhand huberloss --backward --torch": "one of them line by line",
        "dltui lab run ce-vs-mse": "why the squared error is not for classes",
    },
    sources=("Huber 1964, doi:10.1214/aoms/1177703732",),
)
def regression_losses(
    outlier: Annotated[float, Slider(-1000, 1000, help="the fifth point")] = 100.0,
    delta: Annotated[float, Slider(0.05, 10, log=True, help="δ of Huber's loss")] = 1.0,
    loss: Annotated[str, Choice(*LOSSES, help="which one is worked out")] = "mse",
) -> Iterator[Frame]:
    """Three losses and their slopes; the best constant and line for points with one far off.

    Try: --outlier 5, then 1000: the mean and the line of least squares go along, the median does not; --delta 0.2.
    Notice: the slope of the squared error grows with the residual, the others' does not: that is all there is to it.

    MSE = (1/n) Σ r², L1 = (1/n) Σ |r|, Huber = ½r² up to δ and δ(|r| − ½δ) beyond. The best constant is the mean for
    MSE and the median for L1. Some notes write 1/(2n) for MSE, so that its gradient is r/n; torch divides by n.
    """
    points = (*KNOWN, outlier)
    axis = np.linspace(-4, 4, 65)
    values, slopes = [], []
    for name in LOSSES:
        value, slope = over_residuals(name, axis, delta)
        values.append(Series(name=name, x=axis, y=value))
        slopes.append(Series(name=f"{name}′", x=axis, y=slope))
    worked = work(LOSSES[loss], {"x": [0.0] * 5, "target": [*points]} | _settings(loss, delta))
    constants = {name: best_constant(name, points, delta) for name in LOSSES}
    lines = {name: best_line(name, points, delta) for name in LOSSES}
    at = np.arange(5.0)
    rows = tuple((name, constants[name], *lines[name]) for name in LOSSES)
    yield Frame(
        figures=(
            Lines(title="Loss of a residual", series=tuple(values), x_label="residual", y_label="loss"),
            Lines(title="Its slope", series=tuple(slopes), x_label="residual", y_label="slope"),
            Lines(
                title="The best line by each",
                series=(
                    Series(name="points", x=at, y=np.array(points), marks=True),
                    *(Series(name=name, x=at, y=a + b * at) for name, (a, b) in lines.items()),
                ),
                x_label="x",
                y_label="y",
            ),
            Table(title="What is best", columns=("loss", "constant", "line at 0", "slope"), rows=rows),
            steps_of(worked.sheet.lines, worked.sheet.tensors, title=f"{loss} of the points against 0"),
        ),
        numbers={
            "constants": [*constants.values()],
            "slopes": [slope for _, slope in lines.values()],
            "loss": worked.output.numbers(),
        },
        caption=f"outlier {outlier:g}: mean {constants['mse']:.4g}, median {constants['l1']:.4g}",
        total=1,
    )


def _settings(name: str, delta: float) -> dict[str, float]:
    return {"delta": delta} if name == "huber" else {}


def over_residuals(name: str, axis: Array, delta: float) -> tuple[Array, Array]:
    """Return loss and slope of single residuals."""
    return curve(LOSSES[name], axis, target=[0.0] * len(axis), reduction="none", **_settings(name, delta))


def best_constant(name: str, points: Sequence[float], delta: float) -> float:
    """Return the constant with the least loss: mean, median, or where Huber's slopes cancel."""
    y = np.array(points)
    if name == "mse":
        return float(y.mean())
    if name == "l1":
        return float(np.median(y))
    low, high = float(y.min()), float(y.max())
    for _ in range(100):
        middle = (low + high) / 2
        low, high = (middle, high) if np.clip(y - middle, -delta, delta).sum() > 0 else (low, middle)
    return (low + high) / 2


def best_line(name: str, points: Sequence[float], delta: float) -> tuple[float, float]:
    """Return height at 0 and slope of the line with the least loss through points at 0, 1, 2 and so on."""
    y = np.array(points)
    x = np.arange(len(y), dtype=float)
    design = np.stack([np.ones_like(x), x], axis=1)
    if name == "l1":  # one of the best lines goes through two of the points
        pairs = [
            (y[i] - (y[j] - y[i]) / (j - i) * i, (y[j] - y[i]) / (j - i))
            for i, j in combinations(range(len(y)), 2)
        ]
        best = min(pairs, key=lambda one: float(np.abs(design @ np.array(one) - y).sum()))
        return float(best[0]), float(best[1])
    found = np.linalg.lstsq(design, y)[0]
    for _ in range(0 if name == "mse" else 400):  # weighted least squares again and again
        weight = np.minimum(1.0, delta / np.maximum(np.abs(design @ found - y), 1e-12))
        found = np.linalg.solve(design.T @ (weight[:, None] * design), design.T @ (weight * y))
    return float(found[0]), float(found[1])


@regression_losses.check
def the_notes_examples() -> None:
    """W11–W13 of notes 003: .0925, .275, Huber .04625 and .03625; residuals (1, −2, 3): 2 and 4.666667 (000a)."""
    for name, example, known in (
        ("mseloss", "w11", 0.0925), ("l1loss", "w12", 0.275), ("huberloss", "w13", 0.04625),
        ("huberloss", "small", 0.03625),
    ):  # fmt: skip
        near(f"{name}, {example}", work(name, example=example).output.numbers(), known)
    for name, total in (("mseloss", 0.37), ("l1loss", 1.1)):
        near(
            f"{name}, sum",
            work(name, {"reduction": "sum"}, example="w11" if name == "mseloss" else "w12").output.numbers(),
            total,
        )
    residuals = {"x": [1.0, -2.0, 3.0], "target": [0.0] * 3}
    near("l1", work("l1loss", residuals).output.numbers(), 2.0)
    near("mse", work("mseloss", residuals).output.numbers(), 14 / 3)
    near("an error of 10, of 100", over_residuals("mse", np.array([10.0, 100.0]), 1.0)[0], [100, 10_000])


@regression_losses.check
def best_constants() -> None:
    """1, 2, 3, 4, 100: mean 22, median 3 (notes 000a); Huber's is where no step to either side is better."""
    last = regression_losses.last()
    mean, median, middle = np.array(last.numbers["constants"], dtype=float)
    near("mean, median", [mean, median], [22, 3])
    around = [
        work("huberloss", {"x": [float(middle) + step] * 5, "target": [1.0, 2, 3, 4, 100]}).output.numbers()
        for step in (0.0, 1e-3, -1e-3)
    ]
    assert around[0] <= min(around[1:]), f"Huber's best constant is not best: {around}"


@regression_losses.check
def outliers_pull() -> None:
    """The outlier at 100, 1000: the slope of least squares grows tenfold, those of L1 and Huber stay (notes 004)."""
    slopes = []
    for outlier in (100.0, 1000.0):
        last = regression_losses.last(outlier=outlier)
        slopes.append(np.array(last.numbers["slopes"], dtype=float) - 1.0)
    near("growth of the slope's change", slopes[1][0] / slopes[0][0], (1000 - 5) / (100 - 5))
    near("slope by L1", slopes[1][1], slopes[0][1])
    near("slope by Huber", slopes[1][2], slopes[0][2], 1e-6)


@regression_losses.check
def halved_and_joined() -> None:
    """With 1/(2n) the gradient is (ŷ − y)/n (notes 004); Huber has no jump or kink at δ; torch agrees on all."""
    from dltui.instruments.byhand import torch_answer

    worked = work("mseloss", {"x": [1.0, 4.0], "target": [2.0, 1.0]})
    near("half the gradient", np.array(worked.gradients.of["x"].numbers()) / 2, [-0.5, 1.5])
    for delta in (0.2, 1.0, 3.0):
        value, slope = over_residuals("huber", np.array([delta - 1e-7, delta + 1e-7]), delta)
        near(f"jump at δ = {delta}", value[1] - value[0], 0.0, 1e-6)
        near(f"kink at δ = {delta}", slope[1] - slope[0], 0.0, 1e-6)
    for name in LOSSES.values():
        answer = torch_answer(work(name), backward=True)
        near(f"{name}, gradient beside torch", answer.gradient_difference, 0.0, 1e-12)
