"""The output of one layer as a picture that suits it: maps, one map, rows of numbers, a row."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from dltui.figures import Array, Bars, Figure, Heatmap, Images, Lines, Overlay, Prose, Series, number

if TYPE_CHECKING:
    from dltui.results.features import Features

PAGE = 32  # maps on a page
BEYOND = 0.005  # share of the values that are stronger than the ends of the colours: one unit shall not blot out all
FEW = 40  # units that are bars instead of a curve
SPELLED = {"\n": "newline", " ": "space", "\t": "tab"}  # tokens that could not be seen
Order = Literal["number", "strength"]


@dataclass(frozen=True)
class Wish:
    """How the output of a layer shall be seen.

    Attributes:
        page: Which page of maps, from 1.
        order: Units by their number, or the strongest first.
        alike: Whether all maps share one scale instead of each having its own.
        unit: The one unit whose map is shown large, by its place in the order, or −1 for a page of them.
    """

    page: int = 1
    order: Order = "number"
    alike: bool = False
    unit: int = -1


PLAIN = Wish()


def pages(found: Features, name: str) -> int:
    """Return how many pages of maps a call has."""
    return max(1, -(-units(found, name) // PAGE))


def units(found: Features, name: str) -> int:
    """Return how many maps a call has that were kept; 0 for one that gives none."""
    values = found.output(name)
    maps = None if values is None else _maps(values, found.axes[found.place(name)] - 1)
    return 0 if maps is None else len(maps)


def strongest(found: Features, name: str) -> Array:
    """Return the units of a kept output, the one with the largest root of the mean square first."""
    output = found.output(name)
    if output is None:
        return np.arange(0)
    values = np.moveaxis(output, found.axes[found.place(name)] - 1, 0)
    power = np.square(values.astype(float)).reshape(len(values), -1).mean(1)
    order: Array = np.argsort(-np.nan_to_num(power), kind="stable")
    return order


def output_figure(found: Features, name: str, wish: Wish = PLAIN) -> Figure:
    """Return the output of a call as a picture that suits it.

    Args:
        found: The result.
        name: The call.
        wish: Page, order and scale.

    Returns:
        Pictures for maps, a heat map for rows of numbers, bars or a curve for one row; words where it was not kept.
    """
    place = found.place(name)
    node = found.nodes[place]
    title = f"{name} · {found.title}"
    values, axis = found.output(name), found.axes[place] - 1
    if values is None:
        return Prose(
            title=title,
            text=f"The output of {name}, {node.size} numbers, was not kept: all together would be too large. "
            f"--layer {name} keeps it.",
        )
    if not values.ndim:
        values = values[None]
    order = strongest(found, name) if wish.order == "strength" else np.arange(values.shape[max(axis, 0)])
    maps = _maps(values, axis)
    if maps is not None and wish.unit >= 0:
        return _map(maps, int(order[min(wish.unit, len(order) - 1)]), title, node.kind)
    if maps is not None:
        return _pictures(maps, order, title, f"{node.kind}, {node.size}", wish)
    if values.ndim == 1:
        return _row(values, order, title, node.kind)
    return _sheet(found, values, axis, order, title)


def _maps(values: Array, axis: int) -> Array | None:
    """Return maps of shape (units, h, w), or None where there are none; of volumes the middle slice."""
    if values.ndim < 3 or axis < 0:
        return None
    maps: Array = np.moveaxis(values, axis, 0)
    while maps.ndim > 3:
        maps = maps[:, maps.shape[1] // 2]
    return maps if maps.shape[1] * maps.shape[2] > 1 else None


def _pictures(maps: Array, order: Array, title: str, told: str, wish: Wish) -> Images:
    """Return a page of maps."""
    count = -(-len(maps) // PAGE)
    page = min(max(1, wish.page), count)
    shown = order[(page - 1) * PAGE : page * PAGE]
    picked = maps[shown].astype(float)
    axes = None if wish.alike else (1, 2)
    whole = maps.astype(float) if wish.alike else picked
    low, high = (edge(whole, axis=axes, keepdims=True) for edge in (np.nanmin, np.nanmax))
    pixels = np.where(high > low, (picked - low) / np.where(high > low, high - low, 1), 0.0)
    scale = (
        f"all on one scale, {number(float(low.min()))} … {number(float(high.max()))}"
        if wish.alike
        else ("each from its least (dark) to its largest value (bright)")
    )
    tops = picked.max((1, 2))
    names = tuple(f"{unit} · {number(float(top), 2)}" for unit, top in zip(shown, tops, strict=True))
    leaf = f"; page {page} of {count}" if count > 1 else ""
    by = ", the strongest first" if wish.order == "strength" else ""
    return Images(
        title=title,
        caption=f"{told}: {len(maps)} maps{by}, {scale}; below each its number and largest value{leaf}",
        pixels=pixels,
        names=names,
    )


def _map(maps: Array, unit: int, title: str, kind: str) -> Heatmap:
    """Return the map of one unit, large and with its numbers."""
    values = maps[unit].astype(float)
    extreme = float(np.nanmax(np.abs(values), initial=0.0))
    signed = bool((values < 0).any())
    return Heatmap(
        title=f"unit {unit} of {title}",
        caption=f"{kind}: unit {unit} of 0 … {len(maps) - 1}",
        values=values,
        x=np.arange(float(values.shape[1])),
        y=np.arange(float(values.shape[0])),
        x_label="column",
        y_label="row",
        value_label="output",
        colormap="coolwarm" if signed else "viridis",
        limits=(-extreme, extreme) if signed and extreme > 0 else None,
        downwards=True,
    )


def laid_over(found: Features, name: str, wish: Wish) -> Overlay | None:
    """Return the map of the unit that is shown large over the picture, or None where there is none of them."""
    count = units(found, name)
    values = found.output(name)
    if found.picture is None or wish.unit < 0 or not count or values is None:
        return None
    maps = _maps(values, found.axes[found.place(name)] - 1)
    assert maps is not None, "there are units"
    order = strongest(found, name) if wish.order == "strength" else np.arange(count)
    unit = int(order[min(wish.unit, count - 1)])
    chosen = maps[unit].astype(float)
    return Overlay(
        title=f"Over the input · unit {unit} of {name}",
        caption="where the unit answers strongest, laid over what the network sees",
        picture=found.picture.astype(float) / 255,
        values=chosen[None],
        names=(f"unit {unit} of {name}",),
        value_label="output",
        colormap="coolwarm" if (chosen < 0).any() else "viridis",
    )


def _row(values: Array, order: Array, title: str, kind: str) -> Figure:
    """Return one row of numbers as bars, or as a curve where there are many."""
    caption = f"{kind}: one number for each of {len(values)} units"
    if len(values) <= FEW:
        return Bars(
            title=title,
            caption=caption,
            labels=tuple(str(unit) for unit in order),
            values=values[order].astype(float),
            value_label="output",
        )
    line = Series(name="output", x=np.arange(float(len(values))), y=values[order].astype(float))
    return Lines(title=title, caption=caption, series=(line,), x_label="unit", y_label="output")


def _sheet(found: Features, values: Array, axis: int, order: Array, title: str) -> Heatmap:
    """Return units at positions as colours: positions downwards, units across."""
    sheet = np.moveaxis(values, axis, -1).astype(float)
    sheet = sheet.reshape(-1, sheet.shape[-1])[:, order]
    pieces = tuple(found.pieces) if len(found.pieces) == len(sheet) else ()
    known = np.abs(sheet[np.isfinite(sheet)])
    extreme = float(np.quantile(known, 1 - BEYOND)) if known.size else 0.0
    signed = bool((sheet < 0).any()) and extreme > 0
    ends = f"; {BEYOND:.1%} of the values are beyond the ends of the colours" if signed else ""
    return Heatmap(
        title=title,
        caption=f"{sheet.shape[1]} units across, {len(sheet)} positions downwards{ends}",
        values=sheet,
        x=np.arange(float(sheet.shape[1])),
        y=np.arange(float(len(sheet))),
        x_label="unit",
        y_label="token" if pieces else "position",
        value_label="output",
        colormap="coolwarm" if (sheet < 0).any() else "viridis",
        limits=(-extreme, extreme) if signed else None,
        downwards=True,
        row_names=tuple(SPELLED.get(piece, piece) for piece in pieces),
    )
