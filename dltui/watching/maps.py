"""Quantities by layer and step as maps, what the model made, and the log."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace

import numpy as np

from dltui.errors import DltuiError
from dltui.figures import Cell, Figure, Heatmap, Prose, Table
from dltui.results.store import load
from dltui.runs.curves import Sight
from dltui.watching.charts import Colours, Make
from dltui.watching.follow import Followed
from dltui.watching.telling import duration

NOTHING = 1e-38  # stands for 0 where colours go by the logarithm
ROWS = 60  # lines of the log at most


def by_layer(
    key: str, title: str, label: str, caption: str, limits: tuple[float, float], *, log: bool
) -> Make:
    """Return what makes the map of one quantity by layer and step."""

    def make(runs: Sequence[Followed], lead: Followed, sight: Sight, colours: Colours) -> Figure:
        del sight, colours
        table = lead.course.layers[key]
        kept, names = _weights(table.names)
        values = table.values[kept]
        if log:
            values = np.where(values == 0, NOTHING, values)
        return Heatmap(
            title=f"{title} · {lead.source.name}" if len(runs) > 1 else title,
            caption=caption,
            values=values,
            x=table.steps,
            y=np.arange(float(len(names))),
            row_names=tuple(names),
            x_label="step",
            y_label="layer",
            value_label=label,
            scale="log" if log else "linear",
            limits=limits,
            colormap="coolwarm" if log else "magma",
            downwards=True,
        )

    return make


def _weights(names: Sequence[str]) -> tuple[list[int], list[str]]:
    """Return which rows stand for layers, and what they are called: a bias beside weights has no row of its own."""
    known = set(names)
    kept = [
        place
        for place, name in enumerate(names)
        if not name.endswith(".bias") or f"{name.removesuffix('.bias')}.weight" not in known
    ]
    return kept, [names[place].removesuffix(".weight") for place in kept]


def sample(runs: Sequence[Followed], lead: Followed, sight: Sight, colours: Colours) -> Figure:
    """Return what the model made last: the picture that was kept of it, or its text."""
    del runs, sight, colours
    row = lead.course.samples[-1]
    title = f"Sample · step {row.get('step', 0):,}"
    with suppress(DltuiError, IndexError):
        figure = load(lead.source.folder / str(row.get("file", ""))).figures()[0]
        return replace(figure, title=title)
    return Prose(title=title, text=str(row.get("text", "")))


def said(runs: Sequence[Followed], lead: Followed, sight: Sight, colours: Colours) -> Figure:
    """Return what was said, the newest first."""
    del runs, sight, colours
    rows: list[tuple[Cell, ...]] = [(line,) for line in reversed(lead.said[-ROWS:])]
    if not rows:
        rows = [
            (f"{duration(float(row.get('seconds') or 0))}  {row.get('text', '')}",)
            for row in reversed(lead.course.notes[-ROWS:])
        ]
    return Table(title="Log", columns=("newest first",), rows=tuple(rows))
