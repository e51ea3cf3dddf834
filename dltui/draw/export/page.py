"""One HTML page that holds its figures: no network, no library, light and dark."""

from __future__ import annotations

import base64
import html
import json
from collections.abc import Sequence
from dataclasses import replace
from importlib.resources import files
from typing import Any, get_args

import numpy as np

from dltui.draw.blending import bright, common_range
from dltui.draw.canvas import pack
from dltui.draw.colors import QUIET, SERIES, contrast, packed_of, paint, ramp
from dltui.draw.export.letterpress import hexed
from dltui.draw.export.still import data_url
from dltui.draw.export.values import plain
from dltui.draw.histogram import finite_bins
from dltui.draw.look import Look
from dltui.draw.pictures import draw
from dltui.draw.scales import axis_of
from dltui.draw.scene.drawing import keys_of
from dltui.draw.scene.light import bar_of_scene
from dltui.figures import (
    Array,
    Cell,
    ColorMap,
    Figure,
    Graph,
    Grid,
    Histogram,
    Images,
    Overlay,
    Prose,
    Scene,
    Steps,
    Table,
    Tokens,
    number,
)

SCRIPTS = ("axes.js", "flat.js", "space.js", "overlay.js", "page.js")
FRAME = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>
{style}</style>
</head>
<body>
{sections}
<script type="application/json" id="series">{series}</script>
<script type="application/json" id="maps">{maps}</script>
<script type="application/json" id="figures">{figures}</script>
<script>
{script}</script>
</body>
</html>
"""


def page(figures: Sequence[Figure]) -> str:
    """Return a page with all figures: charts answer the mouse, landscapes and clouds turn.

    Args:
        figures: What to show, from top to bottom.

    Returns:
        An HTML document that loads nothing.
    """
    return FRAME.format(
        title=html.escape(figures[0].title or "dltui"),
        style=_asset("page.css"),
        sections="\n".join(_section(place, figure) for place, figure in enumerate(figures)),
        series=_embedded([hexed(packed_of(colour)) for colour in SERIES]),
        maps=_embedded({name: ramp(name).tobytes().hex() for name in get_args(ColorMap)}),
        figures=_embedded([None if _written(figure) is not None else _data(figure) for figure in figures]),
        script="\n".join(_asset(name) for name in SCRIPTS),
    )


def _section(place: int, figure: Figure) -> str:
    """Return one figure with title, caption and words."""
    body = _written(figure)
    if body is None:
        body = f'<div class="plot" data-figure="{place}"></div>'
    caption = f'<p class="caption">{html.escape(figure.caption)}</p>' if figure.caption else ""
    words = (
        ""
        if isinstance(figure, Prose)
        else f"<details><summary>In words</summary>{html.escape(figure.words())}</details>"
    )
    return f"<section>\n<h2>{html.escape(figure.title)}</h2>\n{body}\n{caption}\n{words}\n</section>"


def _data(figure: Figure) -> Any:
    """Return what the script needs of a figure."""
    if isinstance(figure, Images):
        known = np.clip(np.nan_to_num(np.asarray(figure.pixels, float)), 0, 1)
        colour = known if known.ndim == 4 else np.repeat(known[..., None], 3, axis=-1)
        packed = _packed((colour * 255).round().astype(np.uint8))
        return {"kind": "Images", "shape": list(colour.shape[:3]), "rgb": packed, "names": list(figure.names)}
    if isinstance(figure, Overlay):
        return _overlay(figure)
    if isinstance(figure, Histogram):
        edges, counts = finite_bins(figure)
        return plain(replace(figure, edges=edges, counts=counts))
    return plain(figure)


def _overlay(figure: Overlay) -> Any:
    """Return what the script needs of maps over a picture: the bytes of the picture, and the maps as they are."""
    axis, label = common_range(figure)
    return {
        "kind": "Overlay",
        "size": list(figure.picture.shape[:2]),
        "rgb": _packed((bright(figure.picture) * 255).round().astype(np.uint8)),
        "shape": list(figure.values.shape),
        "values": _packed(np.asarray(figure.values, "<f4")),
        "names": [figure.name_of(place) for place in range(len(figure.values))],
        "ranges": plain(figure.ranges()),
        "bar": plain((axis.low, axis.high)),
        "label": label,
        "colormap": figure.colormap,
        "opacity": plain(float(figure.opacity)),
        "bare": figure.bare,
        "veiled": figure.veiled,
        "marks": plain(figure.marks),
    }


def _packed(array: Array) -> str:
    """Return the bytes of an array as text."""
    return base64.b64encode(np.ascontiguousarray(array).tobytes()).decode("ascii")


def _written(figure: Figure) -> str | None:
    """Return the HTML of a figure made of text, or None for one that is drawn."""
    if isinstance(figure, Prose):
        return "\n".join(f"<p>{html.escape(part)}</p>" for part in figure.text.split("\n\n"))
    if isinstance(figure, Scene):
        return f'<img class="scene" alt="{html.escape(figure.words())}" src="{data_url(figure)}">{_legend(figure)}'
    if isinstance(figure, Steps):
        items = "".join(
            f"<li>{_grids(step.grids)}<code>{html.escape(step.formula)}</code>"
            f'<span class="note">{html.escape(step.note)}</span></li>'
            for step in figure.steps
        )
        return f"<ol>{items}</ol>"
    if isinstance(figure, Table):
        return _table(figure)
    if isinstance(figure, Tokens):
        return _tokens(figure)
    if isinstance(figure, Graph):
        lines = draw(replace(figure, title="", caption=""), Look(width=110)).canvas.plain()
        return f"<pre>{html.escape(chr(10).join(lines))}</pre>"
    return None


def _legend(figure: Scene) -> str:
    """Return what the colours of a scene stand for: a bar of numbers, classes, the axes of its box; empty for none."""
    parts = [
        f'<span style="color:#{packed_of(key.colour or QUIET):06x}">{key.glyph}</span> {html.escape(key.text)}'
        for key in keys_of(figure)
    ]
    bar = bar_of_scene(figure, Look())
    if bar is not None:
        stops = ", ".join(
            f"rgb({r},{g},{b})" for r, g, b in paint(bar.colormap, np.linspace(0, 1, 9)).tolist()
        )
        ends = f"{number(bar.axis.low)} ", f" {number(bar.axis.high)}"
        tinted = f'<span style="background:linear-gradient(to right, {stops})">{"&emsp;" * 8}</span>'
        parts.insert(0, f"{html.escape(bar.label)} {ends[0]}{tinted}{ends[1]}")
    return f"<p>{' &ensp; '.join(parts)}</p>" if parts else ""


def _grids(grids: Sequence[Grid]) -> str:
    """Return grids side by side as HTML, what is read marked."""
    found = ""
    for grid in grids:
        lit = set(grid.lit)
        rows = "".join(
            "<tr>"
            + "".join(
                f'<td class="{"lit" if (r, c) in lit else "number"}">{html.escape(text)}</td>'
                for c, text in enumerate(row)
            )
            + "</tr>"
            for r, row in enumerate(grid.rows)
        )
        found += f"<table><caption>{html.escape(grid.name)}</caption>{rows}</table>"
    return f'<div class="grids">{found}</div>' if found else ""


def _table(figure: Table) -> str:
    """Return a table as HTML."""
    head = "".join(f"<th>{html.escape(name)}</th>" for name in figure.columns)
    rows = "".join(f"<tr>{''.join(_cell(cell) for cell in row)}</tr>" for row in figure.rows)
    return f'<div class="scroll"><table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>'


def _cell(cell: Cell) -> str:
    """Return one cell of a table."""
    if isinstance(cell, bool) or cell is None or isinstance(cell, str):
        text = "–" if cell is None else ("yes" if cell else "no") if isinstance(cell, bool) else cell
        return f"<td>{html.escape(text)}</td>"
    return f'<td class="number">{number(cell) if isinstance(cell, float) else cell}</td>'


def _tokens(figure: Tokens) -> str:
    """Return a text whose pieces stand on the colours of their weights."""
    weights = np.asarray(figure.weights, float)
    signed = bool((weights < 0).any())
    colours = pack(
        paint("coolwarm" if signed else "viridis", axis_of(weights, centred=signed).share(weights))
    )
    pieces = []
    for token, weight, colour in zip(figure.tokens, weights.tolist(), colours.tolist(), strict=False):
        style = f"background:{hexed(colour)};color:{hexed(packed_of(contrast(colour)))}"
        told = html.escape(f"{figure.value_label} {number(weight)}".strip())
        pieces.append(f'<span style="{style}" title="{told}">{html.escape(token)}</span>')
    return f'<p class="tokens">{" ".join(pieces)}</p>'


def _embedded(data: Any) -> str:
    """Return JSON that can stand inside of a script element: nothing in it ends the element or opens a comment."""
    return json.dumps(data, ensure_ascii=True, allow_nan=False, separators=(",", ":")).replace("<", "\\u003c")


def _asset(name: str) -> str:
    """Return a file that is shipped beside this one."""
    return files("dltui.draw.export").joinpath("web", name).read_text("utf-8")
