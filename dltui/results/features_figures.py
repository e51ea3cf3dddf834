"""How one input is seen on its way through a network: the input, counts of values, sizes, idle units, answers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from dltui.figures import (
    Array,
    Bars,
    Figure,
    Heatmap,
    Histogram,
    Images,
    Lines,
    Series,
    Table,
    Tokens,
    number,
)
from dltui.results.features_outputs import PLAIN, Wish, laid_over, output_figure
from dltui.results.modeltree import LOOKS, MOST, depth_of, fitting, nicknames

if TYPE_CHECKING:
    from dltui.results.features import Features

NAME = 16  # letters of a name in a table
GRID = np.linspace(-4, 4, 81)  # edges of the common bins, in roots of the mean square
FINE = 20  # parts of a bin while it is put into others
FAINT = 1e-3  # share of values below which a bin is as dark as can be


def figures_of(found: Features, name: str, wish: Wish = PLAIN) -> list[Figure]:
    """Return everything that is seen of a result.

    Args:
        found: The result.
        name: The call that is shown.
        wish: Which of its units.

    Returns:
        The output of the call, the input, and how numbers change on the way.
    """
    shown = [output_figure(found, one, wish) for one in (name, *found.others)]
    given = input_figure(found, name)
    shown += [given] if given is not None else []
    over = laid_over(found, name, wish)
    shown += [over] if over is not None else []
    shown.append(histogram(found, name))
    shown += [spreads(found), depth(found)]
    idle = idle_bars(found)
    shown += [idle] if idle is not None else []
    if found.answers:
        shown.append(_answers(found))
    return [*shown, _table(found)]


def input_figure(found: Features, name: str) -> Figure | None:
    """Return the input as the network sees it: the picture, or the tokens coloured by how strongly a call answers."""
    label = f"; its class is {found.label}" if found.label else ""
    if found.picture is not None:
        pixels = found.picture.astype(float) / 255
        return Images(
            title=f"Input · {found.given}",
            caption=f"as the network sees it, {pixels.shape[1]} × {pixels.shape[0]} pixels{label}",
            pixels=(pixels[..., 0] if pixels.shape[-1] == 1 else pixels)[None],
        )
    if not found.pieces:
        return None
    values = found.output(name)
    weights = np.full(len(found.pieces), np.nan)
    if values is not None and values.ndim == 2 and len(values) == len(weights):
        weights = np.linalg.norm(values.astype(float), axis=1)
    return Tokens(
        title=f"Input · {found.given}",
        caption=f"the tokens, coloured by the norm of what {name} gives at each{label}"
        + (f"; {found.remark}" if found.remark else ""),
        tokens=tuple(found.pieces),
        weights=weights,
        value_label=f"norm of {name}",
    )


def histogram(found: Features, name: str) -> Histogram:
    """Return how often values of a call's output fall where."""
    place = found.place(name)
    told = found.told(place)
    low, high = found.ranges[place].tolist()
    counts = np.nan_to_num(found.counts[place])
    words = [f"mean {_short(told['mean'])}, std {_short(told['std'])}, {_percent(told['zeros'])} are 0"]
    if told["silent"] is not None:
        words.append(f"{int(told['silent'])} of {int(told['units'] or 0)} units are silent on this input")
    if told["saturated"] is not None:
        words.append(
            f"{int(told['saturated'])} of {int(told['units'] or 0)} units are saturated on this input"
        )
    return Histogram(
        title=f"Values of {name} · {found.title}",
        caption="; ".join(words),
        edges=np.linspace(low, high, len(counts) + 1) if np.isfinite(low) else np.arange(len(counts) + 1.0),
        counts=counts,
        value_label="output",
        scale="log" if counts.max() > 100 * max(1.0, float(np.median(counts))) else "linear",
    )


def spreads(found: Features) -> Heatmap:
    """Return the histograms of all calls below each other, each in units of its own root mean square."""
    places = _leaves(found)
    rows = np.stack([_rebinned(found, place) for place in places])
    return Heatmap(
        title=f"Values by layer · {found.title}",
        caption="share of the values in each bin, a row for every call in the order of the pass; each row in units of "
        "the root of its own mean square, its ends hold what lies beyond; the darkest are 0.001 and less",
        values=np.maximum(rows, FAINT),
        x=(GRID[1:] + GRID[:-1]) / 2,
        y=np.arange(float(len(places))),
        x_label="value / rms",
        y_label="layer",
        value_label="share",
        scale="log",
        downwards=True,
        row_names=tuple(found.nodes[place].name for place in places),
    )


def _rebinned(found: Features, place: int) -> Array:
    """Return the counts of a call as shares in the bins of ``GRID``."""
    low, high = found.ranges[place]
    rms = found.told(place)["rms"]
    counts = np.nan_to_num(found.counts[place])
    if not np.isfinite(low) or not rms or not counts.sum():
        return np.zeros(len(GRID) - 1)
    spots = low + (high - low) * (np.arange(len(counts) * FINE) + 0.5) / (len(counts) * FINE)
    inside = np.clip(spots / rms, GRID[0], GRID[-1])
    shares, _ = np.histogram(inside, bins=GRID, weights=np.repeat(counts / FINE, FINE))
    return np.asarray(shares / counts.sum())


def depth(found: Features) -> Lines:
    """Return how large outputs are on the way through the network; the numbers of tokens are no sizes."""
    places = [place for place in _leaves(found) if not (found.pieces and found.nodes[place].kind == "input")]
    x = np.arange(float(len(places)))
    series = tuple(
        Series(name=label, x=x, y=found.statistics[places, column])
        for label, column in (("root mean square", 2), ("standard deviation", 1))
    )
    values = np.concatenate([line.y for line in series])
    known = values[np.isfinite(values) & (values > 0)]
    wide = known.size > 0 and known.max() > 30 * known.min()
    first, last = found.nodes[places[0]].name, found.nodes[places[-1]].name
    return Lines(
        title=f"Size through depth · {found.title}",
        caption=f"every call in the order of the pass, from {first} to {last}",
        series=series,
        x_label="call",
        y_label="output",
        y_scale="log" if wide else "linear",
    )


def idle_bars(found: Features) -> Bars | None:
    """Return which share of the units of each activation is silent or saturated, or None where none can be."""
    names, values, over = [], [], found.idle is not None and found.samples > 0
    for place in _leaves(found):
        told = found.told(place)
        quiet = found.idle[place] if over and found.idle is not None else (told["silent"], told["saturated"])
        for what, idle in zip(("silent", "saturated"), quiet, strict=True):
            if idle is not None and np.isfinite(idle):
                names.append(f"{found.nodes[place].name} {what}")
                values.append(float(idle) / max(1.0, told["units"] or 1.0))
    if not names:
        return None
    where = (
        f"on every one of {found.samples} samples" if over else "on this input; --samples counts over more"
    )
    return Bars(
        title=f"Idle units · {found.title}",
        caption=f"share of units that are never above 0 (ReLU) or flat everywhere (sigmoid, tanh) {where}",
        labels=tuple(names),
        values=np.array(values),
        value_label="share of units",
    )


def _answers(found: Features) -> Bars:
    """Return the likeliest answers."""
    right = f"; right would be {found.label}" if found.label else ""
    return Bars(
        title=f"Answer · {found.title}",
        caption=f"probability of the likeliest{right}; {found.weights}",
        labels=tuple(repr(one["name"])[1:-1] for one in found.answers),
        values=np.array([one["probability"] for one in found.answers]),
        value_label="probability",
    )


def _table(found: Features) -> Table:
    """Return the numbers of every call."""
    rows, names = [], nicknames(found.nodes, NAME)
    level, shown = depth_of(found.nodes), fitting(found.nodes, MOST, blocks=True)
    for place, node in enumerate(found.nodes):
        if node.name == "output" or node.kind in LOOKS or level[place] > shown:
            continue
        told = found.told(place)
        idle = told["silent"] if told["silent"] is not None else told["saturated"]
        rows.append((
            names[place],
            node.kind,
            node.size,
            *(_rounded(told[name]) for name in ("mean", "std")),
            _percent(told["zeros"]),
            None if idle is None else int(idle),
        ))
    return Table(
        title=f"Layers · {found.title}",
        caption="idle: units that are silent or saturated on this input; --json tells all numbers of all calls",
        columns=("layer", "kind", "output", "mean", "std", "zeros", "idle"),
        rows=tuple(rows),
    )


def _leaves(found: Features) -> list[int]:
    """Return the places of calls that hold nothing and of which the output is known."""
    return [
        place
        for place, node in enumerate(found.nodes)
        if not node.block
        and np.isfinite(found.statistics[place, 0])
        and node.name != "output"
        and node.kind not in LOOKS
    ]


def _rounded(value: float | None) -> float | None:
    """Return a number with three digits."""
    return None if value is None else float(f"{value:.3g}")


def _short(value: float | None) -> str:
    return "unknown" if value is None else number(value, 3)


def _percent(value: float | None) -> str:
    """Return a share as people write it."""
    return "" if value is None else f"{100 * value:.3g} %"
