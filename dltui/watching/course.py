"""The course of a run: what its rows have told so far, kept small, and grown row by row."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from dltui.runs.metrics import Row
from dltui.watching.layers import LayerMap
from dltui.watching.track import Floats, Track

PLACES = ("step", "epoch", "seconds")
APART = {"kind", "step", "epoch", "seconds", "nonfinite_fields"}  # keys of a row that are no quantity
LAYERED = ("grad_norm", "weight_norm", "update_ratio", "dead")
FIRST = 10  # losses of the first steps that are kept one by one
SAID = 200  # notes that are kept
RECENT = 200  # steps whose times give the pace of now


class Course:
    """What is known of a run.

    Attributes:
        start: The newest row of kind ``start``.
        end: The row of kind ``end``; empty while the run goes on.
        step: Steps made.
        seconds: Wall time at the newest row.
        steps: Quantities of single steps, by their keys.
        evals: Quantities of evaluations.
        device: What the accelerator was doing.
        probes: Quantities that were probed, such as ``top_eigenvalue``.
        layers: Tables by layer and step: ``grad_norm``, ``weight_norm``, ``update_ratio``, ``dead``.
        first: Steps and losses of the first rows.
        bad: Step and kind of the first value that was not finite, how often that was, and the last step of it.
        notes: What was said: seconds, level, text.
        samples: The newest text that was generated, by name.
        version: Grows with everything that is told.
    """

    def __init__(self) -> None:
        self.start: Row = {}
        self.end: Row = {}
        self.step = 0
        self.seconds = 0.0
        self.steps: dict[str, Track] = {}
        self.evals: dict[str, Track] = {}
        self.device: dict[str, Track] = {}
        self.probes: dict[str, Track] = {}
        self.layers: dict[str, LayerMap] = {name: LayerMap() for name in LAYERED}
        self.first: list[tuple[int, float]] = []
        self.bad: dict[str, Any] = {}
        self.notes: deque[tuple[float, str, str]] = deque(maxlen=SAID)
        self.samples: dict[str, Row] = {}
        self.saved: list[int] = []
        self.version = 0
        self._recent: deque[tuple[int, float]] = deque(maxlen=RECENT)

    def add(self, rows: Sequence[Row]) -> None:
        """Take in rows, in the order in which they were written."""
        begun = 0
        for place, row in enumerate(rows):  # rows of one kind that follow each other are taken together
            if row.get("kind") != rows[begun].get("kind"):
                self._take(rows[begun:place])
                begun = place
        if begun < len(rows):
            self._take(rows[begun:])
        self.version += bool(rows)

    @property
    def classes(self) -> int | None:
        """Number of classes of a cross-entropy, or None."""
        told = self.start.get("classes")
        return told if isinstance(told, int) and told > 1 else None

    @property
    def total(self) -> int | None:
        """Steps that there will be, or None."""
        told = self.start.get("steps")
        return told if isinstance(told, int) and told > 0 else None

    @property
    def pace(self) -> float:
        """Seconds a step, of the last steps; NaN before there are two."""
        if len(self._recent) < 2:
            return math.nan
        (first, then), (last, now) = self._recent[0], self._recent[-1]
        return (now - then) / (last - first) if last > first else math.nan

    @property
    def left(self) -> float:
        """Seconds that are left by the pace of now; NaN where that isn't known."""
        if self.end or self.total is None:
            return math.nan
        return max(0, self.total - self.step) * self.pace

    def _take(self, rows: Sequence[Row]) -> None:
        """Take in rows of one kind."""
        kind = rows[0].get("kind")
        last = rows[-1]
        self.step = max([self.step, *(row["step"] for row in rows[-1:] if isinstance(row.get("step"), int))])
        self.seconds = _number(last.get("seconds"), self.seconds)
        if kind == "start":
            self._begin(last)
        elif kind == "step":
            self._count_steps(rows)
        elif kind in {"eval", "epoch"}:
            _grow(self.evals, rows)
        elif kind == "device":
            _grow(self.device, rows)
        elif kind == "probe":
            _grow(self.probes, rows)
        elif kind == "layers":
            self._see_layers(rows)
        elif kind == "end":
            self.end = last
        else:
            self._hear(rows)

    def _begin(self, row: Row) -> None:
        """Begin, or begin again from a checkpoint: what came after that one is no longer true."""
        self.start, self.end = row, {}
        again = row.get("resumed_from")
        self._recent.clear()
        if not isinstance(again, int):
            return
        self.step = again
        for tracks in (self.steps, self.evals, self.device, self.probes):
            for track in tracks.values():
                track.cut("step", again)
        for table in self.layers.values():
            table.cut(again)

    def _count_steps(self, rows: Sequence[Row]) -> None:
        """Take in rows of steps."""
        _grow(self.steps, rows)
        if len(self.first) < FIRST:
            missing = FIRST - len(self.first)
            self.first += [(int(row.get("step", 0)), _number(row.get("loss"))) for row in rows[:missing]]
        self._recent.extend(
            (row["step"], row["seconds"]) for row in rows[-RECENT:] if "step" in row and "seconds" in row
        )
        for row in rows:
            broken = row.get("loss", 0.0) is None
            if broken or row.get("nonfinite"):
                self._spoil(row, "loss" if broken else "gradient")

    def _spoil(self, row: Row, what: str) -> None:
        """Remember that something was not finite."""
        step = row.get("step", 0)
        if not self.bad:
            self.bad = {"first": step, "what": what, "entries": row.get("nonfinite"), "rows": 0}
        self.bad |= {"last": step, "rows": self.bad["rows"] + 1}
        self.bad["loss"] = self.bad.get("loss", False) or what == "loss"

    def _see_layers(self, rows: Sequence[Row]) -> None:
        for row in rows:
            for name in LAYERED:
                told = row.get(name)
                if isinstance(told, dict) and told:
                    self.layers[name].add(_number(row.get("step"), 0.0), told)

    def _hear(self, rows: Sequence[Row]) -> None:
        """Take in notes, samples and checkpoints."""
        for row in rows:
            kind, seconds = row.get("kind"), _number(row.get("seconds"), 0.0)
            if kind == "note":
                self.notes.append((seconds, str(row.get("level", "info")), str(row.get("text", ""))))
            elif kind == "sample":
                self.samples[str(row.get("name", "sample"))] = row
            elif kind == "checkpoint" and isinstance(row.get("step"), int):
                self.saved.append(row["step"])


def course_of(rows: Sequence[Row]) -> Course:
    """Return the course that rows tell."""
    course = Course()
    course.add(rows)
    return course


def _grow(tracks: dict[str, Track], rows: Sequence[Row]) -> None:
    """Let tracks grow by the numbers of rows."""
    keys = dict.fromkeys(key for row in rows for key in row if key not in APART)
    for key in keys:
        holding = [row for row in rows if key in row] if len(rows) > 1 else rows
        values = _column(holding, key)
        if key not in tracks:
            if not np.isfinite(values).any() and not all(row[key] is None for row in holding):
                continue
            tracks[key] = Track(PLACES)
        tracks[key].extend({place: _column(holding, place) for place in PLACES}, values)


def _column(rows: Iterable[Row], key: str) -> Floats:
    return np.array([_number(row.get(key)) for row in rows])


def _number(value: object, otherwise: float = math.nan) -> float:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else otherwise
