"""The curves of a run, from whatever its rows of metrics hold."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from dltui.errors import UsageError
from dltui.figures import Array, Lines, Series, number
from dltui.runs import levels
from dltui.runs.digest import Digest, digest_of
from dltui.runs.index import POINTS
from dltui.runs.metrics import Row

Across = Literal["step", "epoch", "time"]

LOSS, ACCURACY, RATE, GRADIENT = "Loss", "Accuracy", "Learning rate", "Gradient norm"
WEIGHT, UPDATE, SPEED, MEMORY, IOU = "Weight norm", "Update / weight", "Throughput", "Memory", "IoU"
ORDER = (LOSS, ACCURACY, IOU, RATE, GRADIENT, WEIGHT, UPDATE, SPEED, MEMORY)
KNOWN = {  # key of a row -> chart, name of the curve
    "loss": (LOSS, "batch"),
    "train_loss": (LOSS, "train"),
    "test_loss": (LOSS, "test"),
    "train_accuracy": (ACCURACY, "train"),
    "test_accuracy": (ACCURACY, "test"),
    "test_iou": (IOU, "test"),
    "learning_rate": (RATE, "learning rate"),
    "gradient_norm": (GRADIENT, "gradient norm"),
    "grad_norm": (GRADIENT, "gradient norm"),
    "weight_norm": (WEIGHT, "weight norm"),
    "update_ratio": (UPDATE, "|Δw| / |w|"),
    "rate": (SPEED, "samples a second"),
    "memory": (MEMORY, "process"),
    "memory_used": (MEMORY, "device"),
}
LABELS = {
    LOSS: "loss", ACCURACY: "share right", RATE: "learning rate", GRADIENT: "gradient norm", WEIGHT: "weight norm",
    UPDATE: "|Δw| / |w|", SPEED: "samples / s", MEMORY: "bytes", IOU: "intersection over union",
}  # fmt: skip
LOGARITHMIC = {LOSS, GRADIENT, UPDATE}
KINDS = ("step", "eval", "probe", "device")  # rows that hold curves, those that tell first in front
SEEN_UNLESS_ZERO = {"nonfinite"}
UNSEEN = {"memory_total", "residual"}
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
    """One quantity over a run; of a long run one value for many rows.

    Attributes:
        key: What the rows call it.
        kind: Kind of the rows that it is read off.
        chart: The chart that it belongs to.
        name: Its name in the legend of that chart.
        step: Optimiser steps made, shape (n,).
        epoch: Epochs made, with their fractions, shape (n,); NaN where the run doesn't tell.
        seconds: Wall time, shape (n,); NaN where the run doesn't tell.
        value: The quantity, the mean where a value stands for many rows, shape (n,); NaN where it was not finite.
        low: The smallest of those rows, shape (n,).
        high: The largest of those rows, shape (n,).
        rows: How many rows each value stands for, shape (n,).
        last: Where it stands now; NaN where that was not finite.
    """

    key: str
    kind: str
    chart: str
    name: str
    step: Array
    epoch: Array
    seconds: Array
    value: Array
    low: Array
    high: Array
    rows: Array
    last: float

    def across(self, what: Across) -> Array:
        """Return the abscissae."""
        return {"step": self.step, "epoch": self.epoch, "time": self.seconds}[what]

    def drawn(self, what: Across, weight: float) -> tuple[Array, Array]:
        """Return what is drawn of it.

        Args:
            what: What the abscissa counts.
            weight: Of what came before in a moving average over rows, 0 for none.

        Returns:
            Abscissae and ordinates; without smoothing both ends of what each value stands for, so that no peak is lost.
        """
        x = self.across(what)
        if weight:
            return x, smoothed(self.value, weight, self.rows)
        if (self.rows == 1).all():
            return x, self.value
        return np.repeat(x, 2), np.column_stack([self.low, self.high]).ravel()


def curves(rows: Sequence[Row]) -> list[Curve]:
    """Return every quantity that the rows hold.

    Args:
        rows: The rows of a run, in order.

    Returns:
        Curves by chart.
    """
    return curves_of(digest_of(rows))


def curves_of(digest: Digest, most: int = POINTS) -> list[Curve]:
    """Return every quantity of a digest.

    Args:
        digest: What the rows of a run come to.
        most: Values of a curve of a very long run.

    Returns:
        Curves by chart; what stands in rows of steps is not told again from rows of evaluations.
    """
    found: dict[str, Curve] = {}
    for kind in KINDS:
        for (of_kind, key), series in digest.series.items():
            if of_kind == kind and key not in found and key not in UNSEEN:
                curve = _curve(key, kind, series.buckets(most))
                if key not in SEEN_UNLESS_ZERO or np.nan_to_num(curve.high).any():
                    found[key] = curve
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
        Series(name=text, x=x / size, y=y, tint=tint)
        for text, curve, tint in parts
        for x, y in [curve.drawn(sight.across, weight)]
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


def smoothed(values: Array, weight: float, rows: Array | None = None) -> Array:
    """Return an exponential moving average without the pull of its start.

    m_t = w·m_(t−1) + (1 − w)·y_t, divided by 1 − w^t (Kingma and Ba, *Adam*, 2015, section 3). A value that is the mean
    of n rows counts as n equal ones.

    Args:
        values: Shape (n,); values that aren't finite are passed over and stay as they are.
        weight: w, 0 for none.
        rows: How many rows each value stands for, shape (n,); one when None.

    Returns:
        Shape (n,).
    """
    if not weight:
        return values
    weights = (np.full(len(values), weight) if rows is None else weight**rows).tolist()
    out, mean, left = [], 0.0, 1.0
    for value, keep in zip(values.tolist(), weights, strict=True):
        if math.isfinite(value):
            mean, left = keep * mean + (1 - keep) * value, left * keep
            out.append(mean / (1 - left))
        else:
            out.append(value)
    return np.array(out)


def _curve(key: str, kind: str, buckets: Array) -> Curve:
    """Return one quantity from its buckets."""
    chart_name, name = KNOWN.get(key) or _called(key)
    finite = buckets[:, levels.FINITE]
    mean = np.divide(buckets[:, levels.SUM], finite, out=np.full(len(finite), np.nan), where=finite > 0)
    return Curve(
        key=key,
        kind=kind,
        chart=chart_name,
        name=name,
        step=buckets[:, levels.LAST],
        epoch=buckets[:, levels.EPOCH],
        seconds=buckets[:, levels.SECONDS],
        value=mean,
        low=buckets[:, levels.LOW],
        high=buckets[:, levels.HIGH],
        rows=buckets[:, levels.ROWS],
        last=float(buckets[-1, levels.END]) if len(buckets) else math.nan,
    )


def _called(key: str) -> tuple[str, str]:
    """Return chart and name of a quantity that is not known here."""
    words = key.replace("_", " ").replace("/", " ").strip()
    for part, chart_name in (("loss", LOSS), ("accuracy", ACCURACY)):
        if part in words.split():
            return chart_name, " ".join(word for word in words.split() if word != part) or part
    return words.capitalize(), words


def _unit(parts: Sequence[tuple[str, Curve, int | None]]) -> tuple[float, str]:
    """Return the unit of time that suits the longest curve."""
    longest = max((float(np.nanmax(c.seconds, initial=0.0)) for _, c, _ in parts), default=0.0)
    return next((unit for unit in UNITS if longest >= 2 * unit[0]), UNITS[-1])
