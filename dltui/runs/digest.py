"""What the rows of a run come to by now: curves in few numbers however many rows there are, and rare rows whole."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from contextlib import suppress
from typing import Any, TypeGuard

import numpy as np

from dltui.figures import Array
from dltui.runs.levels import Levels
from dltui.runs.metrics import Row

MANY = {"step", "layers", "device"}  # kinds of rows that are not kept whole
CURVED = {"step", "eval", "layers", "device", "probe"}  # kinds whose numbers become curves
PLACES = {"kind", "step", "epoch", "seconds", "nonfinite_fields"}  # keys that tell where a row stands
NUMBERS = {int, float, type(None)}

Key = tuple[str, str]  # kind of the rows, name of the quantity


class Digest:
    """Grows with the rows of a run.

    A run that was gone on with from step s makes the steps after s again: what was told of them before counts no more.

    Attributes:
        rows: The rows of rare kinds, in order.
        series: Every quantity, by kind and name; parts of a dictionary are named ``grad_norm/fc1``.
        count: Rows that were taken in.
        step: The last step that was told of.
        seconds: The time of the last row; NaN before the first.
    """

    def __init__(self) -> None:
        self.rows: list[Row] = []
        self.series: dict[Key, Levels] = {}
        self.count = 0
        self.step = 0
        self.seconds = math.nan
        self.cuts = 0  # how often it was gone on with

    @property
    def start(self) -> Row:
        """The row with which the run, or its last attempt, began; empty before it."""
        return next((row for row in reversed(self.rows) if row.get("kind") == "start"), {})

    def of_kind(self, kind: str) -> list[Row]:
        """Return the rows of a rare kind."""
        return [row for row in self.rows if row.get("kind") == kind]

    def take(self, rows: Sequence[Row]) -> None:
        """Take in rows that follow those before.

        Args:
            rows: In order.
        """
        part: list[Row] = []
        for row in rows:
            if row.get("kind") == "start" and is_number(row.get("resumed_from")):
                self._take(part)
                part = []
                self._cut(row["resumed_from"])
            part.append(row)
        self._take(part)

    def _take(self, rows: Sequence[Row]) -> None:
        """Take in rows of one attempt."""
        if not rows:
            return
        self.count += len(rows)
        kinds: dict[str, list[Row]] = {}
        for row in rows:
            told = row.get("kind")
            kind = told if isinstance(told, str) else ""
            kinds.setdefault(kind, []).append(row)
            if kind not in MANY:
                self.rows.append(row)
        share = _share(self.start)
        for kind, own in kinds.items():
            if kind in CURVED:
                self._add(kind, own, share)
        steps = [row["step"] for row in rows if is_number(row.get("step"))]
        self.step = max(self.step, *steps) if steps else self.step
        times = (row["seconds"] for row in reversed(rows) if is_number(row.get("seconds")))
        self.seconds = next(times, self.seconds)

    def _add(self, kind: str, rows: list[Row], share: float) -> None:
        """Add the numbers of rows of one kind to their series."""
        alike = len(set(map(tuple, rows))) == 1  # all have the same names, as those of one kind mostly do
        nested = any(type(value) is dict for row in (rows[:1] if alike else rows) for value in row.values())
        plain = [flat(row) for row in rows] if nested else rows
        step, seconds = column(plain, "step"), column(plain, "seconds")
        epoch = step * share if math.isfinite(share) else column(plain, "epoch")
        for name in _names(plain[:1] if alike and not nested else plain):
            has = None if alike and not nested else np.array([name in row for row in plain])
            holding = plain if has is None or has.all() else [row for row in plain if name in row]
            if (kind, name) not in self.series and not any(_is_or_was_number(row, name) for row in holding):
                continue
            levels, value = self.series.setdefault((kind, name), Levels()), column(holding, name)
            if holding is plain:
                levels.add(step, epoch, seconds, value)
            else:
                levels.add(step[has], epoch[has], seconds[has], value)

    def _cut(self, step: float) -> None:
        """Forget what was told of the steps after one."""
        self.cuts += 1
        self.series = {key: levels.until(step) for key, levels in self.series.items()}
        self.rows = [
            row for row in self.rows if row.get("kind") == "start" or not _is_after(row.get("step"), step)
        ]
        self.step = min(self.step, int(step))


def digest_of(rows: Iterable[Row]) -> Digest:
    """Return what some rows come to.

    Args:
        rows: The rows of a run, in order.
    """
    found = Digest()
    found.take([*rows])
    return found


def column(rows: Sequence[Row], key: str) -> Array:
    """Return one value a row; what is no number becomes NaN.

    Args:
        rows: The rows.
        key: Name of the value.

    Returns:
        Shape (n,).
    """
    values = [row.get(key) for row in rows]
    if set(map(type, values)) <= NUMBERS:
        with suppress(OverflowError):
            return np.array(values, dtype=np.float64)
    return np.array([_float(value) for value in values])


def is_number(value: object) -> TypeGuard[int | float]:
    """Return whether a value of a row is a number."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_or_was_number(row: Row, name: str) -> bool:
    """Return whether a row holds a number, or tells that it was not finite."""
    lost = row.get("nonfinite_fields")
    return is_number(row[name]) or (row[name] is None and isinstance(lost, list) and name in lost)


def _names(rows: Sequence[Row]) -> list[str]:
    """Return the names of quantities in rows, in the order of their first appearance."""
    return [name for name in dict.fromkeys(name for row in rows for name in row) if name not in PLACES]


def _float(value: object) -> float:
    """Return a number; NaN for what is none or too large."""
    try:
        return float(value) if is_number(value) else math.nan
    except OverflowError:
        return math.nan


def flat(row: Row) -> Row:
    """Return a row with the parts of its dictionaries beside the rest, as ``grad_norm/fc1``."""
    found: Row = {}
    for name, value in row.items():
        if isinstance(value, dict):
            found |= {f"{name}/{part}": inner for part, inner in value.items()}
        else:
            found[name] = value
    return found


def _share(start: Row) -> float:
    """Return which share of an epoch one step makes; NaN where it isn't told."""
    steps, epochs = start.get("steps"), start.get("epochs")
    return float(epochs / steps) if is_number(steps) and is_number(epochs) and steps else math.nan


def _is_after(value: Any, step: float) -> bool:
    """Return whether a row stands after a step."""
    return bool(is_number(value) and value > step)
