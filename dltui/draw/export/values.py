"""The numbers of figures, for other programs: tidy tables and JSON."""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import fields, is_dataclass
from typing import Any

import numpy as np

from dltui.figures import (
    Bars,
    Field,
    Figure,
    Graph,
    Histogram,
    Images,
    Lines,
    Overlay,
    Points,
    Prose,
    Scene,
    Steps,
    Table,
    Tokens,
)

Rows = Iterator[Sequence[Any]]


def to_json(figures: Sequence[Figure]) -> str:
    """Return figures as one JSON document: a list of objects, each with its ``kind``; NaN is null."""
    return json.dumps([plain(figure) for figure in figures], ensure_ascii=False, allow_nan=False)


def plain(thing: Any) -> Any:
    """Return a figure, or any part of one, as values that JSON knows.

    Args:
        thing: A figure, an array, a number, text, or tuples of such.

    Returns:
        Objects, lists, numbers and text; NaN becomes None, infinity the text ``Infinity`` or ``-Infinity``.
    """
    if is_dataclass(thing) and not isinstance(thing, type):
        parts = {part.name: plain(getattr(thing, part.name)) for part in fields(thing)}
        return {"kind": type(thing).__name__, **parts} if isinstance(thing, Figure) else parts
    if isinstance(thing, np.ndarray | np.generic):
        if np.issubdtype(thing.dtype, np.floating) and np.isfinite(thing).all():
            return thing.tolist()
        return plain(thing.tolist())
    if isinstance(thing, list | tuple):
        return [plain(part) for part in thing]
    if isinstance(thing, float) and not math.isfinite(thing):
        return None if math.isnan(thing) else ("Infinity" if thing > 0 else "-Infinity")
    return thing


def to_npz(figures: Sequence[Figure]) -> bytes:
    """Return the arrays of figures as a file for numpy, each called by its way through the figure.

    Args:
        figures: Whose arrays; with several of them each name begins with the figure's number, counted from 0.

    Returns:
        An ``.npz`` file without anything pickled.
    """
    stream = io.BytesIO()
    arrays = {
        (f"{place}.{name}" if len(figures) > 1 else name): array
        for place, figure in enumerate(figures)
        for name, array in _named_arrays(figure, "")
    }
    np.savez_compressed(stream, **arrays)  # type: ignore[arg-type]
    return stream.getvalue()


def _named_arrays(thing: Any, name: str) -> Iterator[tuple[str, np.ndarray[Any, Any]]]:
    """Yield the arrays of numbers in a figure or a part of one, with their names."""
    if isinstance(thing, np.ndarray) and thing.dtype != object:
        yield name, thing
    elif is_dataclass(thing) and not isinstance(thing, type):
        for part in fields(thing):
            yield from _named_arrays(getattr(thing, part.name), f"{name}.{part.name}".lstrip("."))
    elif isinstance(thing, tuple):
        for place, part in enumerate(thing):
            yield from _named_arrays(part, f"{name}.{place}")


def to_csv(figures: Sequence[Figure]) -> str:
    """Return figures as tidy tables, one row an observation; several are parted by a blank line and ``# title``."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    for place, figure in enumerate(figures):
        if len(figures) > 1:
            stream.write(
                "\n" * bool(place) + f"# {' '.join(figure.title.split()) or type(figure).__name__}\n"
            )
        writer.writerows(_rows(figure))
    return stream.getvalue()


def _rows(figure: Figure) -> Rows:
    """Return header and rows of one figure."""
    for kind, rows in _TABLES.items():
        if isinstance(figure, kind):
            return rows(figure)
    return iter(())


def _lines(figure: Lines) -> Rows:
    banded = any(line.low is not None or line.high is not None for line in figure.series)
    yield ["series", "x", "y", *(["low", "high"] if banded else [])]
    for line in figure.series:
        edges = [np.full(len(line.y), np.nan) if edge is None else edge for edge in (line.low, line.high)]
        for row in zip(line.x, line.y, *(edges if banded else []), strict=True):
            yield [line.name, *_numbers(row)]


def _bars(figure: Bars) -> Rows:
    yield ["label", "value", *(["error"] if figure.errors is not None else [])]
    columns = [figure.values] if figure.errors is None else [figure.values, figure.errors]
    for label, *row in zip(figure.labels, *columns, strict=True):
        yield [label, *_numbers(row)]


def _histogram(figure: Histogram) -> Rows:
    yield ["from", "to", "count"]
    for row in zip(figure.edges[:-1], figure.edges[1:], figure.counts, strict=True):
        yield _numbers(row)


def _field(figure: Field) -> Rows:
    yield ["x", "y", "value"]
    for y, line in zip(figure.y, figure.values, strict=True):
        for x, value in zip(figure.x, line, strict=True):
            yield _numbers((x, y, value))


def _images(figure: Images) -> Rows:
    colour = figure.pixels.ndim == 4
    yield ["image", "row", "column", *(["red", "green", "blue"] if colour else ["value"])]
    for image, row, column in np.ndindex(*figure.pixels.shape[:3]):
        pixel = np.atleast_1d(figure.pixels[image, row, column])
        yield [figure.names[image] if image < len(figure.names) else image, row, column, *_numbers(pixel)]


def _overlay(figure: Overlay) -> Rows:
    yield ["map", "row", "column", "value"]
    for place, row, column in np.ndindex(*figure.values.shape):
        yield [figure.name_of(place), row, column, *_numbers([figure.values[place, row, column]])]


def _points(figure: Points) -> Rows:
    dims = figure.position.shape[1]
    extra: list[tuple[list[str], Any]] = []
    if figure.value is not None:
        extra.append((["value"], figure.value[:, None]))
    if figure.group is not None:
        extra.append((
            ["group"],
            np.array([_group(figure, int(group)) for group in figure.group], object)[:, None],
        ))
    if figure.rgb is not None:
        extra.append((["red", "green", "blue"], figure.rgb))
    axes = [figure.axes[i] if i < len(figure.axes) else "xyz"[i] for i in range(dims)]
    yield [*axes, *(name for names, _ in extra for name in names)]
    for i, place in enumerate(figure.position):
        yield [*_numbers(place), *_numbers([cell for _, column in extra for cell in column[i]])]


def _scene(figure: Scene) -> Rows:
    parts = (
        ("point", figure.points, figure.point_values, figure.point_rgb),
        ("vertex", figure.vertices, figure.vertex_values, figure.vertex_rgb),
    )
    yield ["kind", "x", "y", "z", "value", "red", "green", "blue"]
    for kind, places, values, colours in parts:
        for i, place in enumerate(places):
            value = [""] if values is None else _numbers([values[i]])
            yield [
                kind,
                *_numbers(place),
                *value,
                *(["", "", ""] if colours is None else _numbers(colours[i])),
            ]


def _group(figure: Points, group: int) -> str | int:
    return figure.group_names[group] if 0 <= group < len(figure.group_names) else group


def _graph(figure: Graph) -> Rows:
    yield ["from", "to"]
    for start, end in figure.edges:
        yield [figure.nodes[start], figure.nodes[end]]


def _tokens(figure: Tokens) -> Rows:
    yield ["token", "weight"]
    for token, weight in zip(figure.tokens, figure.weights, strict=True):
        yield [token, *_numbers([weight])]


def _table(figure: Table) -> Rows:
    yield figure.columns
    for row in figure.rows:
        yield ["" if cell is None else cell for cell in row]


def _steps(figure: Steps) -> Rows:
    yield ["step", "formula", "note"]
    for place, step in enumerate(figure.steps, 1):
        yield [place, step.formula, step.note]


def _prose(figure: Prose) -> Rows:
    yield ["text"]
    for paragraph in figure.text.split("\n\n"):
        yield [" ".join(paragraph.split())]


def _numbers(row: Any) -> list[Any]:
    """Return numbers as Python writes them, so that no digit is lost."""
    return [cell.item() if isinstance(cell, np.generic) else cell for cell in row]


_TABLES: dict[type[Figure], Callable[[Any], Rows]] = {
    Lines: _lines,
    Bars: _bars,
    Histogram: _histogram,
    Field: _field,
    Images: _images,
    Overlay: _overlay,
    Points: _points,
    Scene: _scene,
    Graph: _graph,
    Tokens: _tokens,
    Table: _table,
    Steps: _steps,
    Prose: _prose,
}
