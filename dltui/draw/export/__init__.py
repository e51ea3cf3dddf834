"""Figures as files, chosen by the ending of the name."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

from dltui.draw.endings import check_figure
from dltui.draw.look import Depth, Look
from dltui.errors import UsageError
from dltui.figures import Figure, Heatmap, Overlay, Surface
from dltui.files import write_bytes, write_text

__all__ = ["WRITERS", "save"]

Write = Callable[[Sequence[Figure], Path, Look], None]


def save(figures: Sequence[Figure], path: Path, look: Look | None = None) -> None:
    """Write figures to one file; its ending says which kind.

    ``.png``, ``.svg`` and ``.pdf`` are drawn by matplotlib, ``.html`` is one page that needs nothing else, ``.csv``,
    ``.json`` and ``.npz`` hold the numbers, ``.txt`` is what the terminal shows without colours. Without matplotlib
    an ``.svg`` shows the cells of the terminal.

    Args:
        figures: What to draw; several are stacked (pages in a PDF, sections in a CSV).
        path: Where to; replaced whole or not at all.
        look: Width of text and colours of fields; 100 cells, without colour and in viridis when None.

    Raises:
        UsageError: If the ending is none of these, or there is nothing to draw.
        DltuiError: If the folder can't be written, or matplotlib is needed and missing.
    """
    check_figure(path)
    if not figures:
        raise UsageError(f"there is no figure to draw to {path.name!r}")
    look = look or Look(width=100)
    write = WRITERS[path.suffix.lower()]
    write([_in_colours_of(figure, look) for figure in figures], path, look)


def _in_colours_of(figure: Figure, look: Look) -> Figure:
    """Return a field in the user's own colours, where it does not want others."""
    if isinstance(figure, Heatmap | Overlay | Surface):
        return replace(figure, colormap=look.map_of(figure.colormap))
    return figure


def _plates(figures: Sequence[Figure], path: Path, look: Look) -> None:
    if path.suffix.lower() == ".svg" and find_spec("matplotlib") is None:
        _cells(figures, path, look)
        return
    from dltui.draw.export.plates import save_plates

    save_plates(figures, path)


def _cells(figures: Sequence[Figure], path: Path, look: Look) -> None:
    from dltui.draw.pictures import draw
    from dltui.draw.screen_svg import svg_of

    bright = replace(look, depth=Depth.TRUE, pixels=None)
    lines = [line for figure in figures for line in [*draw(figure, bright).canvas.lines(Depth.TRUE), ""]]
    write_text(path, svg_of(lines[:-1], title=figures[0].title))


def _arrays(figures: Sequence[Figure], path: Path, look: Look) -> None:  # noqa: ARG001
    from dltui.draw.export.values import to_npz

    write_bytes(path, to_npz(figures))


def _page(figures: Sequence[Figure], path: Path, look: Look) -> None:  # noqa: ARG001
    from dltui.draw.export.page import page

    write_text(path, page(figures))


def _csv(figures: Sequence[Figure], path: Path, look: Look) -> None:  # noqa: ARG001
    from dltui.draw.export.values import to_csv

    write_bytes(path, to_csv(figures).encode("utf-8"))


def _json(figures: Sequence[Figure], path: Path, look: Look) -> None:  # noqa: ARG001
    from dltui.draw.export.values import to_json

    write_text(path, to_json(figures) + "\n")


def _text(figures: Sequence[Figure], path: Path, look: Look) -> None:
    from dltui.draw.pictures import draw

    plain = Look(width=look.width, height=look.height, depth=Depth.NONE, ascii=look.ascii)
    write_text(path, "\n\n".join("\n".join(draw(figure, plain).canvas.plain()) for figure in figures) + "\n")


WRITERS: dict[str, Write] = {
    ".png": _plates,
    ".svg": _plates,
    ".pdf": _plates,
    ".html": _page,
    ".csv": _csv,
    ".json": _json,
    ".npz": _arrays,
    ".txt": _text,
}
