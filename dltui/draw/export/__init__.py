"""Figures as files, chosen by the ending of the name."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from dltui.draw.look import Depth, Look
from dltui.errors import UsageError
from dltui.figures import Figure
from dltui.files import write_bytes, write_text

__all__ = ["SUFFIXES", "save"]

Write = Callable[[Sequence[Figure], Path, Look], None]


def save(figures: Sequence[Figure], path: Path, look: Look | None = None) -> None:
    """Write figures to one file; its ending says which kind.

    ``.png``, ``.svg`` and ``.pdf`` are drawn by matplotlib, ``.html`` is one page that needs nothing else, ``.csv``
    and ``.json`` hold the numbers, ``.txt`` is what the terminal shows without colours.

    Args:
        figures: What to draw; several are stacked (pages in a PDF, sections in a CSV).
        path: Where to; replaced whole or not at all.
        look: Width of text; 100 cells without colour when None.

    Raises:
        UsageError: If the ending is none of these, or there is nothing to draw.
        DltuiError: If the folder can't be written, or matplotlib is needed and missing.
    """
    write = _WRITERS.get(path.suffix.lower())
    if write is None:
        raise UsageError(f"can't draw to {path.name!r}: its name must end in one of {', '.join(SUFFIXES)}")
    if not figures:
        raise UsageError(f"there is no figure to draw to {path.name!r}")
    write(figures, path, look or Look(width=100))


def _plates(figures: Sequence[Figure], path: Path, look: Look) -> None:  # noqa: ARG001
    from dltui.draw.export.plates import save_plates

    save_plates(figures, path)


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


_WRITERS: dict[str, Write] = {
    ".png": _plates,
    ".svg": _plates,
    ".pdf": _plates,
    ".html": _page,
    ".csv": _csv,
    ".json": _json,
    ".txt": _text,
}
SUFFIXES = tuple(_WRITERS)
