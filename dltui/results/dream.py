"""What a network dreams of: the inputs to which its units answer most."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np

from dltui.figures import Array, Bars, Figure, Images, Lines, Series, Table, number
from dltui.results.base import Result

NONE = np.zeros(0)
FEW = 40  # numbers of an input that are drawn as bars


@dataclass(frozen=True, eq=False, kw_only=True)
class Dream(Result):
    """Inputs that have climbed from noise, one for each unit.

    Attributes:
        layer: Whose units; empty for the scores of the classes.
        units: Their numbers; empty for the whole layer.
        names: What they are called, where they have names.
        cell: Row and column of the map, or None for all.
        objective: What is climbed, in words.
        image: Whether the inputs are pictures.
        paint: What was moved: ``fourier``, ``pixels`` or ``numbers``.
        priors: Weights of ``l2``, ``tv``, pixels of ``jitter`` and ``blur``.
        rate: Size of the steps.
        total: Steps that there shall be.
        values: The inputs as the network takes them, shape (n, …).
        pictures: As they are seen, shape (n, h, w) or (n, h, w, 3), 0 … 1; other inputs as they are.
        steps: When the climb was measured, shape (t,).
        climbed: Activation or score then, without jitter and priors, shape (n, t).
        variation: Total variation of the pictures then, shape (n, t).
        chances: Probability of the class then, shape (n, t); None where no class is climbed.
        frames: Pictures on the way, shape (f, n, …).
        frame_steps: Steps after which they were taken, shape (f,).
        asleep: Places of units that felt no gradient from any start.
        count: How many units the layer has.
        layers: The layers on the way through the network, where others can be dreamt of.
        weights_unchanged: Whether all weights are the same bits as before; None while it goes on.
        complete: Whether all steps were made.
    """

    schema: ClassVar[str] = "dream/1"

    layer: str = ""
    units: list[int] = field(default_factory=list)
    names: list[str] = field(default_factory=list)
    cell: list[int] | None = None
    objective: str = ""
    image: bool = True
    paint: str = "fourier"
    priors: dict[str, float] = field(default_factory=dict)
    rate: float = 0.05
    total: int = 0
    values: Array = field(default_factory=lambda: NONE)
    pictures: Array = field(default_factory=lambda: NONE)
    steps: Array = field(default_factory=lambda: NONE)
    climbed: Array = field(default_factory=lambda: NONE)
    variation: Array = field(default_factory=lambda: NONE)
    chances: Array | None = None
    frames: Array = field(default_factory=lambda: NONE)
    frame_steps: Array = field(default_factory=lambda: NONE)
    asleep: list[int] = field(default_factory=list)
    count: int = 0
    layers: list[str] = field(default_factory=list)
    weights_unchanged: bool | None = None
    complete: bool = True

    def called(self, place: int) -> str:
        """Return what stands for a picture: the class, the unit, or the layer."""
        if not self.units:
            return self.layer
        name = self.names[place] if place < len(self.names) else ""
        return name or f"unit {self.units[place]}"

    @property
    def where(self) -> str:
        """Which layer, in words."""
        return self.layer or "classes"

    def summary(self) -> dict[str, Any]:
        """Return one entry a picture, with the whole climb."""
        return {
            "layer": self.layer or None,
            "objective": self.objective,
            "cell": self.cell,
            "paint": self.paint,
            "priors": self.priors,
            "rate": self.rate,
            "steps": self.total,
            "complete": self.complete,
            "weights_unchanged": self.weights_unchanged,
            "measured_at": self.steps.tolist(),
            "dreams": [self._one(place) for place in range(len(self.pictures))],
        }

    def _one(self, place: int) -> dict[str, Any]:
        climb = self.climbed[place]
        return {
            "unit": self.units[place] if self.units else None,
            "name": self.called(place),
            "start": float(climb[0]),
            "end": float(climb[-1]),
            "climb": climb.tolist(),
            "total_variation": float(self.variation[place, -1]) if self.image else None,
            "probability": None if self.chances is None else float(self.chances[place, -1]),
            "asleep": place in self.asleep,
        }

    def figures(self) -> list[Figure]:
        """Return the pictures, the climb, the way there, and the numbers."""
        found: list[Figure] = [self.seen(), self.curve()]
        if self.image and len(self.frames) > 1:
            found.append(self.film(0))
        return [*found, self._table()]

    def seen(self) -> Figure:
        """Return the inputs as they are by now."""
        title = f"Dream of {self.where} · {self.title}"
        if self.image:
            return Images(title=title, caption=self._caption(), pixels=self.pictures, names=self._names())
        flat = self.pictures.reshape(len(self.pictures), -1)
        if len(flat) == 1 and flat.shape[1] <= FEW:
            labels = tuple(f"x{i}" for i in range(flat.shape[1]))
            return Bars(
                title=title, caption=self._caption(), labels=labels, values=flat[0], value_label="input"
            )
        x = np.arange(flat.shape[1], dtype=float)
        series = tuple(
            Series(name=self.called(i), x=x, y=row, marks=len(x) < FEW) for i, row in enumerate(flat)
        )
        return Lines(title=title, caption=self._caption(), series=series, x_label="number", y_label="input")

    def curve(self) -> Lines:
        """Return the climb of every unit."""
        count = len(self.climbed)
        kept = self.chances if self.chances is not None else None
        series = tuple(
            Series(name=self.called(i), x=self.steps.astype(float), y=self.climbed[i]) for i in range(count)
        )
        told = "" if kept is None else f"; probability {_spread(kept[:, -1])} at the end"
        return Lines(
            title=f"Climb · {self.title}",
            caption=f"{self.objective}; measured on the picture as it is, without jitter and penalties{told}",
            series=series,
            x_label="step",
            y_label="score" if not self.layer else "activation",
        )

    def film(self, place: int) -> Images:
        """Return the pictures of one unit on the way."""
        named = tuple(f"step {int(step)}" for step in self.frame_steps)
        return Images(
            title=f"On the way · {self.title}",
            caption=f"{self.called(place)} of {self.where}, from noise to the end",
            pixels=self.frames[:, place],
            names=named,
        )

    def _names(self) -> tuple[str, ...]:
        ends = self.climbed[:, -1]
        return tuple(f"{self.called(i)}  {number(float(end), 3)}" for i, end in enumerate(ends))

    def _caption(self) -> str:
        """Return what is climbed, how, how far, and what became of the weights."""
        held = [f"{name} {number(weight)}" for name, weight in self.priors.items() if weight]
        told = [
            f"{self.objective}, after {int(self.steps[-1])} of {self.total} steps",
            f"{number(float(self.climbed[:, 0].mean()), 3)} → {number(float(self.climbed[:, -1].mean()), 3)}"
            + (" on average" if len(self.climbed) > 1 else ""),
            f"moved by {self.paint}" + (f", held by {', '.join(held)}" if held else ", held by nothing"),
        ]
        if self.asleep:
            names = ", ".join(self.called(place) for place in self.asleep[:6])
            told.append(f"{names} felt no gradient from any start: dead, or asleep")
        if self.weights_unchanged is not None:
            told.append(
                "weights bit-identical afterwards" if self.weights_unchanged else "THE WEIGHTS HAVE CHANGED"
            )
        return "; ".join(told)

    def _table(self) -> Table:
        columns = ["what", "at the start", "at the end"]
        if self.chances is not None:
            columns.append("probability")
        if self.image:
            columns.append("total variation")
        rows = []
        for i in range(len(self.climbed)):
            row: list[str | float] = [self.called(i), float(self.climbed[i, 0]), float(self.climbed[i, -1])]
            if self.chances is not None:
                row.append(float(self.chances[i, -1]))
            if self.image:
                row.append(float(self.variation[i, -1]))
            rows.append(tuple(row))
        return Table(title=f"Numbers · {self.title}", columns=tuple(columns), rows=tuple(rows))


def _spread(values: Array) -> str:
    """Return the least and the largest of some numbers, or the only one."""
    low, high = number(float(values.min()), 3), number(float(values.max()), 3)
    return low if low == high else f"{low} … {high}"
