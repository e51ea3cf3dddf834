"""A run's loss in a few dozen numbers, read in a blink however long its file of metrics is."""

from __future__ import annotations

import json
import math
from contextlib import suppress

from dltui.runs.folder import Run

POINTS = 56  # values at most
WHOLE = 64_000  # bytes up to which a file is read from end to end
LINE = 4_000  # bytes read at each sampled place of a longer file
NAMES = ("loss", "train_loss")  # what rows of steps, and of epochs, call it


def loss_sketch(run: Run) -> tuple[float, ...]:
    """Return the loss of a run over its steps, thinned.

    Args:
        run: The run.

    Returns:
        At most ``POINTS`` values in order, NaN where the loss was not finite; empty before the first row. Of a run
        that wrote no steps, the loss of its epochs.
    """
    try:
        lines = _lines(run)
    except OSError:
        return ()
    found: dict[str, list[float]] = {name: [] for name in NAMES}
    for line in lines:
        with suppress(ValueError):
            row = json.loads(line)
            for name in NAMES if isinstance(row, dict) else ():
                if name in row:
                    found[name].append(_number(row[name]))
    return _thinned(next((values for values in found.values() if values), []))


def _lines(run: Run) -> list[bytes]:
    """Return the lines of the metrics, or of a long file those at evenly spaced places and the last."""
    with run.metrics.open("rb") as file:
        size = file.seek(0, 2)
        if size <= WHOLE:
            file.seek(0)
            return file.read().splitlines()
        lines: list[bytes] = []
        for part in range(POINTS + 1):
            file.seek(min(part * size // POINTS, size - LINE))
            inside = file.read(LINE).splitlines()[1:]  # the first may be cut
            lines += inside[-2:] if part == POINTS else inside[:1]
        return lines


def _number(value: object) -> float:
    """Return a number; null stands for one that was not finite."""
    return float(value) if isinstance(value, int | float) else math.nan


def _thinned(values: list[float]) -> tuple[float, ...]:
    """Return at most ``POINTS`` values, the last among them."""
    if len(values) <= POINTS:
        return tuple(values)
    return tuple(values[round(i * (len(values) - 1) / (POINTS - 1))] for i in range(POINTS))
