"""Figures for paper: PNG, SVG and PDF by matplotlib, which is an extra."""

from __future__ import annotations

import textwrap
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from dltui.draw.export.axes import each_row_of, panes_of, plate, said, title_lines
from dltui.figures import Bars, Figure, Graph, Images, Overlay, Prose, Steps, Surface, Table, Tokens
from dltui.files import replacing

WIDTH = 7.2  # inches: the text width of a page
STYLE: Any = {
    "font.size": 9,
    "axes.titlesize": 11,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "legend.frameon": False,
    "svg.fonttype": "none",
    "svg.hashsalt": "dltui",
    "pdf.fonttype": 42,
    "savefig.dpi": 200,
}


def save_plates(figures: Sequence[Figure], path: Path) -> None:
    """Write figures below each other, or one a page in a PDF.

    Args:
        figures: What to draw.
        path: A name that ends in ``.png``, ``.svg`` or ``.pdf``.
    """
    import matplotlib as mpl
    from matplotlib.backends.backend_pdf import PdfPages

    # Fonts without a glyph and constant fields without contours are no reason to bother anyone.
    with warnings.catch_warnings(), mpl.rc_context(STYLE), replacing(path) as temporary:
        warnings.simplefilter("ignore")
        kind = path.suffix[1:].lower()
        if kind == "pdf":
            with PdfPages(temporary, metadata={"CreationDate": None}) as pages:
                for figure in figures:
                    pages.savefig(_sheet([figure]))
        else:
            _sheet(figures).savefig(
                temporary, format=kind, metadata={"Date": None} if kind == "svg" else None
            )
        if kind == "svg":
            _keep_spaces(temporary)


def _keep_spaces(path: Path) -> None:
    """Let rows of columns stand as they are: a viewer makes one space of several unless it is told not to."""
    text = path.read_text(encoding="utf-8")
    # what most viewers know, then what browsers go by
    text = text.replace("<svg ", '<svg xml:space="preserve" ', 1)
    text = text.replace('<style type="text/css">', '<style type="text/css">text{white-space: pre} ', 1)
    path.write_text(text, encoding="utf-8")


def _sheet(figures: Sequence[Figure]) -> Any:
    """Return a matplotlib figure with a plate for each of ours."""
    from matplotlib.figure import Figure as Sheet

    heights = [_height(figure) for figure in figures]
    sheet = Sheet(figsize=(WIDTH, sum(heights)), layout="constrained")
    parts = sheet.subfigures(len(figures), 1, height_ratios=heights, squeeze=False)
    for part, figure in zip(parts[:, 0], figures, strict=True):
        if figure.caption:
            caption = textwrap.fill(figure.caption, 110)
            part.supxlabel(said(caption), x=0.01, ha="left", fontsize=7.5, color="0.4")
        plate(part, figure)
    return sheet


def _height(figure: Figure) -> float:
    """Return the inches a figure needs."""
    caption = 0.16 * len(textwrap.wrap(figure.caption, 110)) + 0.18 * max(len(title_lines(figure)) - 1, 0)
    if isinstance(figure, Surface):
        return 5.2 + caption
    if isinstance(figure, Bars):
        return max(1.6, 0.7 + 0.24 * len(figure.labels)) + caption
    if isinstance(figure, Images):
        count, tall, wide = (int(size) for size in figure.pixels.shape[:3])
        each_row = each_row_of(figure)
        rows = -(-count // each_row)
        return min(20.0, max(1.5, 0.6 + rows * (WIDTH / each_row * tall / max(wide, 1) + 0.25))) + caption
    if isinstance(figure, Overlay):
        across, down = panes_of(figure)
        tall, wide = (int(size) for size in figure.picture.shape[:2])
        return (
            min(20.0, max(1.8, 0.6 + down * ((WIDTH - 0.9) / across * tall / max(wide, 1) + 0.25))) + caption
        )
    if isinstance(figure, Graph | Tokens | Table | Steps | Prose):
        from dltui.draw.export.letterpress import inches

        return inches(figure, WIDTH) + caption
    return 3.9 + caption
