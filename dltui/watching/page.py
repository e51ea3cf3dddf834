"""A dashboard as a page: for terminals that can't be painted on, for pipes and for scripts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from dltui.figures import Figure, Lines, Table
from dltui.results.gallery import Gallery
from dltui.runs import Run
from dltui.runs.compare import tints
from dltui.runs.curves import Sight
from dltui.watching.follow import Followed, follow
from dltui.watching.panes import diagnosis, panes, picture
from dltui.watching.source import RunSource

FIRST = 1  # pictures that have a row of their own


def page(runs: Sequence[Followed], sight: Sight) -> Gallery:
    """Return how runs stand by now.

    Args:
        runs: What is watched; the first one's layers are shown.
        sight: How to look at curves.

    Returns:
        What can be said in a line each, what is ill, then the pictures.
    """
    lead = runs[0]
    colours = colours_of(runs)
    shown: list[Figure] = [_standing(runs), diagnosis(runs)]
    named = panes(runs, lead)
    shown += [figure for name in named if _drawn(figure := picture(name, runs, lead, sight, colours))]
    pairs, odd = divmod(len(shown) - 2 - FIRST, 2)
    return Gallery(
        title=lead.source.name if len(runs) == 1 else f"{len(runs)} runs",
        shown=tuple(shown),
        rows=(1, 1, *[1] * FIRST, *[2] * pairs, *[1] * odd),
        numbers={"runs": [one.summary() for one in runs]},
    )


def with_diagnosis(told: Gallery, run: Run) -> Gallery:
    """Return what is told of a run with what is ill in it, after the first figure and among the numbers.

    Args:
        told: What is known of it.
        run: The run.

    Returns:
        One figure more.
    """
    runs = follow([RunSource(run.folder)])
    found = [finding.summary() for finding in runs[0].findings]
    shown = (*told.shown[:1], diagnosis(runs), *told.shown[1:])
    return replace(told, shown=shown, numbers=told.numbers | {"diagnosis": found})


def colours_of(runs: Sequence[Followed]) -> dict[str, int]:
    """Return the colour of each run, the same as wherever else runs are compared."""
    known = [(one.source.run, one.source.name) for one in runs]
    colours = tints([replace(run, name=name) for run, name in known if run is not None])
    free = (tint for tint in range(len(runs) + len(colours)) if tint not in colours.values())
    return colours | {one.source.name: next(free) for one in runs if one.source.name not in colours}


def _standing(runs: Sequence[Followed]) -> Table:
    """Return a line a run."""
    return Table(
        title="Runs" if len(runs) > 1 else f"Run {runs[0].source.name}",
        columns=("run", "how it stands"),
        rows=tuple(
            (one.source.name if len(runs) > 1 else one.source.title, " · ".join(one.headline)) for one in runs
        ),
    )


def _drawn(figure: Figure) -> bool:
    """Return whether there is anything in a figure."""
    return not isinstance(figure, Lines) or any(len(line.x) for line in figure.series)
