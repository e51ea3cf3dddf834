"""Attention as figures: thumbnails of all heads, one head large, rows of it over tokens or over a picture."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from dltui.figures import Array, Figure, Heatmap, Overlay, Table, Tokens, number
from dltui.results.attention import MEASURES

if TYPE_CHECKING:
    from dltui.results.attention import AttentionMaps

SMALL = 24  # cells along a thumbnail at most
BRIGHT = (
    0.6  # share of a head's largest weight that is as bright as can be: small maps are read by their pattern
)


def thumbnails(found: AttentionMaps) -> Heatmap:
    """Return every head of every layer as a small map, each spread to its own largest weight.

    Args:
        found: The attention.

    Returns:
        Layers downwards, heads to the right, with a gap after each of several.
    """
    depth, heads = found.depth, found.heads
    small = _shrunk(found.attention)
    peaks = small.max(axis=(-2, -1), keepdims=True)
    small = small / np.where(peaks > 0, peaks, 1)
    tall, wide = small.shape[-2:]
    gap = max(2, wide // 6)  # so wide that it is seen where a thumbnail has only a few pixels
    field = np.full((depth, tall + gap, heads, wide + gap), np.nan)
    field[:, :tall, :, :wide] = small.transpose(0, 2, 1, 3)
    field = field.reshape(depth * (tall + gap), heads * (wide + gap))
    field = field[: tall if depth == 1 else None, : wide if heads == 1 else None]
    return Heatmap(
        title=f"Heads · {found.title}",
        caption=_joined(
            f"{depth} layers × {heads} heads, queries downwards and keys to the right in each; every head is spread to "
            "its own largest weight",
            found.note,
            f"not shown, of another size: {', '.join(found.left_out)}" if found.left_out else "",
        ),
        values=field,
        x=places(field.shape[1], wide, gap),
        y=places(field.shape[0], tall, gap),
        x_label="head",
        y_label="layer",
        value_label="share of the head's largest weight",
        limits=(0.0, BRIGHT),
        colormap="magma",
        downwards=True,
        row_names=_lettered("L", depth),
        column_names=_lettered("H", heads),
        fine=True,
    )


def places(count: int, size: int, gap: int) -> Array:
    """Return the abscissae of cells such that head n has its middle at n."""
    return np.asarray((np.arange(count) - (size - 1) / 2) / (size + gap))


def head_map(found: AttentionMaps, layer: int, head: int) -> Heatmap:
    """Return one head large.

    Args:
        found: The attention.
        layer: Which layer.
        head: Which of its heads.

    Returns:
        Queries downwards, keys to the right, each by its name where there is room.
    """
    values = found.attention[layer, head]
    return Heatmap(
        title=f"{named(layer, head)} · {found.title}",
        caption=_joined(found.why, f"in {found.layers[layer]}", found.head_in_words(layer, head)),
        values=values,
        x=np.arange(values.shape[1], dtype=float),
        y=np.arange(values.shape[0], dtype=float),
        x_label="key",
        y_label="query",
        value_label="attention",
        limits=(0.0, max(float(values.max()), 1e-6)),
        colormap="magma",
        downwards=True,
        row_names=_numbered(found.queries),
        column_names=_numbered(found.keys),
    )


def taken(found: AttentionMaps, layer: int, head: int, query: int) -> Figure:
    """Return what one query takes from the keys: over the text, or over the picture.

    Args:
        found: The attention.
        layer: Which layer.
        head: Which of its heads; over a picture all heads of the layer are shown beside it.
        query: Which query.

    Returns:
        Tokens, or a picture under heat maps.
    """
    title = f"From {_quoted(found, query)}, {named(layer, head)} · {found.title}"
    if not _over_picture(found):
        return _over_text(found, title, found.attention[layer, head, query], "attention", "")
    maps = found.attention[layer, :, query, found.prefix :]
    order = [head, *(one for one in range(found.heads) if one != head)]
    return _overlay(
        found,
        title,
        np.stack([maps[order].mean(axis=0), *maps[order]]),
        ("mean", *(f"head {one}" for one in order)),
        "attention",
        f"layer {layer}; what goes to {_before(found)} is not on the picture"
        if found.prefix
        else f"layer {layer}",
    )


def rolled(found: AttentionMaps, layer: int, query: int) -> Figure:
    """Return how much of each input is in one position after a layer, by rollout.

    Args:
        found: The attention.
        layer: After which layer.
        query: Which position.

    Returns:
        Tokens, or a picture under a heat map.
    """
    title = f"Rollout from {_quoted(found, query)} · {found.title}"
    caption = f"after layer {layer}: heads averaged, half of each layer is what was there before"
    row = found.rollout[layer, query]
    if not _over_picture(found):
        return _over_text(found, title, row, "share", caption)
    return _overlay(found, title, row[None, found.prefix :], ("rollout",), "share", caption)


def score_map(found: AttentionMaps, measure: str) -> Heatmap:
    """Return one measure of every head.

    Args:
        found: The attention.
        measure: Which.

    Returns:
        Layers downwards, heads to the right.
    """
    values = found.score(measure)
    layer, head, most = found.strongest(measure)
    return Heatmap(
        title=f"{measure.capitalize()} by head · {found.title}",
        caption=f"{told(found, measure)}; most in {named(layer, head)}, {number(most, 3)}",
        values=values,
        x=np.arange(values.shape[1], dtype=float),
        y=np.arange(values.shape[0], dtype=float),
        x_label="head",
        y_label="layer",
        value_label=measure,
        limits=None if measure in {"entropy", "distance"} else (0.0, 1.0),
        downwards=True,
        row_names=_lettered("L", found.depth),
        column_names=_lettered("H", found.heads),
    )


def strongest_table(found: AttentionMaps) -> Table:
    """Return for every measure the head that has most of it, and the mean over all heads."""
    rows = []
    for measure in found.known:
        layer, head, most = found.strongest(measure)
        mean = float(np.nanmean(found.score(measure)))
        rows.append((measure, told(found, measure), named(layer, head), round(most, 4), round(mean, 4)))
    return Table(
        title=f"Strongest heads · {found.title}",
        columns=("measure", "what it tells", "head", "most", "mean of all"),
        rows=tuple(rows),
    )


def named(layer: int, head: int) -> str:
    """Return how papers write a head: layer and head from 0."""
    return f"L{layer}H{head}"


def told(found: AttentionMaps, measure: str) -> str:
    """Return what a measure is, in the words of what the positions are."""
    text = MEASURES[measure]
    if measure == "distance":
        return f"{text}, in {'patches' if found.grid else 'tokens'}"
    return text.replace("token", "position") if found.kind != "tokens" else text


def _over_picture(found: AttentionMaps) -> bool:
    """Return whether keys are patches of a picture."""
    return bool(found.grid) and found.picture is not None


def _over_text(found: AttentionMaps, title: str, row: Array, label: str, caption: str) -> Tokens:
    """Return a row over the tokens."""
    text = found.note if not caption else _joined(caption, found.note)
    return Tokens(title=title, caption=text, tokens=tuple(found.keys), weights=row, value_label=label)


def _overlay(
    found: AttentionMaps, title: str, maps: Array, names: tuple[str, ...], label: str, caption: str
) -> Overlay:
    """Return rows over the picture, each map spread to its own largest value."""
    assert found.picture is not None
    pixels = found.picture.astype(np.float32) / 255
    fields = maps.reshape(len(maps), *found.grid)
    return Overlay(
        title=title,
        caption=_joined(caption, found.note),
        picture=pixels[..., 0] if pixels.shape[-1] == 1 else pixels,
        values=fields,
        names=names,
        value_label=label,
        limits=tuple((0.0, max(float(one.max()), 1e-6)) for one in fields),
        colormap="magma",
    )


def _quoted(found: AttentionMaps, query: int) -> str:
    """Return a query as titles name it: its word, or where its patch is."""
    name = found.queries[query]
    return f"“{name.strip() or name}”" if found.kind == "tokens" else name


def _before(found: AttentionMaps) -> str:
    """Return what stands before the patches."""
    return found.keys[0] if found.prefix == 1 else f"the {found.prefix} positions before the patches"


def _numbered(names: list[str]) -> tuple[str, ...]:
    """Return the names of rows or columns; none where they would only be numbers."""
    return () if all(name.isdigit() for name in names) else tuple(name.strip() or "␣" for name in names)


def _shrunk(attention: Array) -> Array:
    """Return maps of at most ``SMALL`` cells a side, each cell the largest weight within it."""
    for axis in (-2, -1):
        count = attention.shape[axis]
        size = min(SMALL, count)
        starts = np.arange(size) * count // size
        attention = np.maximum.reduceat(attention, starts, axis=axis)
    return attention


def _lettered(letter: str, count: int) -> tuple[str, ...]:
    """Return the names of layers or heads, as ``named`` puts them together."""
    return tuple(f"{letter}{place}" for place in range(count))


def _joined(*parts: str) -> str:
    """Return what is told, without the empty parts."""
    return "; ".join(part for part in parts if part)
