"""Several runs beside each other: their curves in one chart each, and what their settings differ in."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping, Sequence
from typing import Any

from dltui.figures import Cell, Figure, Table
from dltui.results.gallery import Gallery
from dltui.runs.curves import IOU, Curve, Sight, chart, curves_of
from dltui.runs.folder import Run
from dltui.runs.follow import read_digest

COLOURS = 8  # curves that a palette tells apart
FIRST = ("test_loss", "train_loss", "test_accuracy", "loss")  # charts that are looked at first


def tints(runs: Sequence[Run]) -> dict[str, int]:
    """Return the colour of each run.

    A run's name decides its colour, so that it has the same one everywhere; where two would share one, the younger
    run takes the next that is free. Runs that are added later never change the colours of older ones.

    Args:
        runs: The runs that are seen together.

    Returns:
        Places in the palette of curves by the names of the runs.
    """
    found: dict[str, int] = {}
    for run in sorted(runs, key=lambda run: (run.started, run.name)):
        wanted = int(hashlib.sha256(run.name.encode()).hexdigest()[:8], 16) % COLOURS
        taken = set(found.values())
        free = [(wanted + step) % COLOURS for step in range(COLOURS)]
        found[run.name] = next((tint for tint in free if tint not in taken), wanted)
    return found


def overlay(told: Mapping[str, Sequence[Curve]], colours: Mapping[str, int], sight: Sight) -> list[Figure]:
    """Return one chart for each quantity, with a curve for each run that has it.

    Args:
        told: The curves of each run, by its name, in the order of the legend.
        colours: The colour of each run.
        sight: How to look at them.

    Returns:
        Held-out loss first.
    """
    first = {key: at for at, key in enumerate(FIRST)}
    named = {curve.key: curve for own in told.values() for curve in own}
    title = f"{len(told)} runs"
    shown: list[Figure] = []
    for key in sorted(named, key=lambda key: first.get(key, len(first))):
        curve = named[key]
        quantity = curve.chart if curve.chart == IOU else curve.chart.lower()
        name = (
            curve.chart if curve.name == quantity else f"{curve.name[:1].upper()}{curve.name[1:]} {quantity}"
        )
        parts = [(run, own, colours[run]) for run, every in told.items() for own in every if own.key == key]
        shown.append(chart(name, parts, sight, title))
    return shown


def differences(runs: Sequence[Run]) -> Table:
    """Return what runs differ in, one column a run.

    Args:
        runs: The runs; the first one is what the others are compared with.

    Returns:
        A row for each setting that is not the same in all of them.
    """
    facts = [_facts(run) for run in runs]
    names = dict.fromkeys(name for own in facts for name in own)
    rows = [(name.replace("_", " "), *(own.get(name) for own in facts)) for name in names]
    differing = tuple(row for row in rows if len({str(cell) for cell in row[1:]}) > 1)
    alike = len(rows) - len(differing)
    return Table(
        title="Settings that differ",
        caption=f"{alike} settings are the same in all",
        columns=("setting", *(run.name for run in runs)),
        rows=differing,
    )


def comparison(runs: Sequence[Run], sight: Sight) -> Gallery:
    """Return runs beside each other.

    Args:
        runs: The runs.
        sight: How to look at their curves.

    Returns:
        What their settings differ in, then their curves.
    """
    told = {run.name: curves_of(read_digest(run)) for run in runs}
    table = differences(runs)
    numbers: dict[str, Any] = {
        "runs": [run.name for run in runs],
        "differences": {str(row[0]): list(row[1:]) for row in table.rows},
        "last": {name: {curve.key: _last(curve) for curve in own} for name, own in told.items()},
    }
    shown = (table, *overlay(told, tints(runs), sight))
    return Gallery(title=f"{len(runs)} runs", shown=shown, numbers=numbers)


def _facts(run: Run) -> dict[str, Cell]:
    """Return what a run was made of, by name."""
    return {"model": run.model, "data": run.data, "seed": run.seed, **run.knobs}


def _last(curve: Curve) -> float | None:
    """Return where a curve stands; None when its last value was not finite."""
    return curve.last if math.isfinite(curve.last) else None
