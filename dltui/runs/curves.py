"""The curves of a run, from whatever its rows of metrics hold."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from dltui.errors import UsageError
from dltui.figures import Array, Lines, Series, number
from dltui.runs.metrics import Row

Across = Literal["step", "epoch", "time"]

LOSS, ACCURACY, RATE, GRADIENT = "Loss", "Accuracy", "Learning rate", "Gradient norm"
ORDER = (LOSS, ACCURACY, RATE, GRADIENT)
KNOWN = {  # key of a row -> chart, name of the curve
    "loss": (LOSS, "batch"),
    "train_loss": (LOSS, "train"),
    "test_loss": (LOSS, "test"),
    "train_accuracy": (ACCURACY, "train"),
    "test_accuracy": (ACCURACY, "test"),
    "learning_rate": (RATE, "learning rate"),
    "gradient_norm": (GRADIENT, "gradient norm"),
    "grad_norm": (GRADIENT, "gradient norm"),
}
LABELS = {LOSS: "loss", ACCURACY: "share right", RATE: "learning rate", GRADIENT: "gradient norm"}
LOGARITHMIC = {LOSS, GRADIENT}
KINDS = ("step", "eval")  # rows that hold curves
PLACES = {"kind", "step", "epoch", "seconds"}  # keys that tell where a row stands
UNITS = ((3600.0, "h"), (60.0, "min"), (1.0, "s"))


@dataclass(frozen=True)
class Sight:
    """How curves are looked at.

    Attributes:
        across: What the abscissa counts.
        smooth: Weight of what came before in an exponential moving average, 0 for none, below 1.
        log: Losses and gradient norms are spaced by their logarithm.
    """

    across: Across = "step"
    smooth: float = 0.0
    log: bool = True

    def __post_init__(self) -> None:
        """Refuse a smoothing that would never move.

        Raises:
            UsageError: If it isn't at least 0 and below 1.
        """
        if not 0 <= self.smooth < 1:
            raise UsageError(f"--smooth {self.smooth:g} is out of range: expected 0 to below 1, such as 0.9")


PLAIN = Sight()


@dataclass(frozen=True, eq=False)
class Curve:
    """One quantity over a run.

    Attributes:
        key: What the rows call it.
        kind: Kind of the rows that it is read off.
        chart: The chart that it belongs to.
        name: Its name in the legend of that chart.
        step: Optimiser steps made, shape (n,).
        epoch: Epochs made, with their fractions, shape (n,); NaN where the run doesn't tell.
        seconds: Wall time, shape (n,); NaN where the run doesn't tell.
        value: The quantity, shape (n,); NaN where it was not finite.
    """

    key: str
    kind: str
    chart: str
    name: str
    step: Array
    epoch: Array
    seconds: Array
    value: Array

    def across(self, what: Across) -> Array:
        """Return the abscissae."""
        return {"step": self.step, "epoch": self.epoch, "time": self.seconds}[what]


def curves(rows: Sequence[Row]) -> list[Curve]:
    """Return every quantity that the rows of steps and epochs hold.

    Args:
        rows: The rows of a run, in order.

    Returns:
        Curves by chart; what stands in rows of steps is not told again from rows of epochs.
    """
    start = next((row for row in rows if row.get("kind") == "start"), {})
    steps, epochs = start.get("steps"), start.get("epochs")
    share = epochs / steps if _is_number(steps) and _is_number(epochs) and steps else math.nan
    found: dict[str, Curve] = {}
    for kind in KINDS:
        own = [row for row in rows if row.get("kind") == kind]
        keys = dict.fromkeys(key for row in own for key in row if key not in PLACES)
        for key in keys:
            holding = [row for row in own if key in row]
            if key not in found and any(_is_number(row[key]) for row in holding):
                found[key] = _curve(key, kind, holding, share)
    place = {chart: at for at, chart in enumerate(ORDER)}
    return sorted(found.values(), key=lambda curve: (place.get(curve.chart, len(ORDER)), curve.chart))


def charts(told: Sequence[Curve], sight: Sight, title: str, caption: str = "") -> list[Lines]:
    """Return one chart a quantity, curves of one kind together.

    Args:
        told: What ``curves`` returned.
        sight: How to look at them.
        title: What was trained on what.
        caption: What to know beside them.

    Returns:
        Loss first, then accuracy, learning rate, gradient norm, and what else there is.
    """
    named = dict.fromkeys(curve.chart for curve in told)
    return [
        chart(
            name, [(curve.name, curve, None) for curve in told if curve.chart == name], sight, title, caption
        )
        for name in named
    ]


def chart(
    name: str,
    parts: Sequence[tuple[str, Curve, int | None]],
    sight: Sight,
    title: str,
    caption: str = "",
) -> Lines:
    """Return some curves in one chart.

    Args:
        name: What the chart shows.
        parts: Name in the legend, the curve, and its colour or None for the one of its place.
        sight: How to look at them.
        title: What was trained on what.
        caption: What to know beside them.

    Returns:
        The chart; of curves that have no such abscissa none is drawn.
    """
    group = parts[0][1].chart
    weight = 0.0 if group == RATE else sight.smooth  # a plan has no noise to take away
    size, unit = _unit(parts) if sight.across == "time" else (1.0, "")
    series = tuple(
        Series(name=text, x=curve.across(sight.across) / size, y=smoothed(curve.value, weight), tint=tint)
        for text, curve, tint in parts
    )
    positive = all((line.y[np.isfinite(line.y)] > 0).all() for line in series)
    remarks = [caption, f"smoothed by {number(weight)}" if weight else ""]
    return Lines(
        title=f"{name} · {title}",
        caption="; ".join(remark for remark in remarks if remark),
        series=series,
        x_label=f"time ({unit})" if unit else sight.across,
        y_label=LABELS.get(group, name.lower()),
        y_scale="log" if sight.log and group in LOGARITHMIC and positive else "linear",
    )


def smoothed(values: Array, weight: float) -> Array:
    """Return an exponential moving average without the pull of its start.

    m_t = w·m_(t−1) + (1 − w)·y_t, divided by 1 − w^t (Kingma and Ba, *Adam*, 2015, section 3).

    Args:
        values: Shape (n,); values that aren't finite are passed over and stay as they are.
        weight: w, 0 for none.

    Returns:
        Shape (n,).
    """
    if not weight:
        return values
    out, mean, left = [], 0.0, 1.0
    for value in values.tolist():
        if math.isfinite(value):
            mean, left = weight * mean + (1 - weight) * value, left * weight
            out.append(mean / (1 - left))
        else:
            out.append(value)
    return np.array(out)


def _curve(key: str, kind: str, rows: Sequence[Row], share: float) -> Curve:
    """Return one quantity of some rows."""
    chart_name, name = KNOWN.get(key) or _called(key)
    step = _column(rows, "step")
    epoch = step * share if math.isfinite(share) else _column(rows, "epoch")
    return Curve(key, kind, chart_name, name, step, epoch, _column(rows, "seconds"), _column(rows, key))


def _called(key: str) -> tuple[str, str]:
    """Return chart and name of a quantity that is not known here."""
    words = key.replace("_", " ").replace("/", " ").strip()
    for part, chart_name in (("loss", LOSS), ("accuracy", ACCURACY)):
        if part in words.split():
            return chart_name, " ".join(word for word in words.split() if word != part) or part
    return words.capitalize(), words


def _column(rows: Iterable[Row], key: str) -> Array:
    """Return one value a row; what is no number becomes NaN."""
    return np.array([float(row[key]) if _is_number(row.get(key)) else math.nan for row in rows])


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _unit(parts: Sequence[tuple[str, Curve, int | None]]) -> tuple[float, str]:
    """Return the unit of time that suits the longest curve."""
    longest = max((float(np.nanmax(c.seconds, initial=0.0)) for _, c, _ in parts), default=0.0)
    return next((unit for unit in UNITS if longest >= 2 * unit[0]), UNITS[-1])
