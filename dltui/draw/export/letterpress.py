"""Text figures on paper: the cells of the terminal, printed."""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np

from dltui.draw.canvas import NO_COLOUR, Canvas
from dltui.draw.look import Depth, Look
from dltui.draw.pictures import draw
from dltui.figures import Figure

COLUMNS = 100
WORDS = re.compile(r"[^ ]+(?: [^ ]+)*")  # what no two spaces part
TALL = 1.165  # height of a line over the size of its letters


def print_cells(part: Any, figure: Figure) -> None:
    """Print what a terminal would show of a figure, title and caption left out.

    Args:
        part: The matplotlib subfigure to print on.
        figure: A figure made of text.
    """
    canvas = _cells(figure)
    axes = part.add_subplot()
    axes.set_xlim(0, COLUMNS)
    axes.set_ylim(max(canvas.height, 1), 0)
    axes.axis("off")
    width = part.bbox.width / part.figure.dpi * 72  # points
    size = 0.98 * width / COLUMNS / 0.602  # a letter of DejaVu Sans Mono is 0.602 as wide as tall
    for row in range(canvas.height):
        for start, stop, text, front, back, bold in runs(canvas, row):
            if back != NO_COLOUR:
                axes.fill_between((start, stop), row, row + 1, color=hexed(back), lw=0)
            for words in WORDS.finditer(text):  # each where its cells are: letters are narrower than those
                axes.text(
                    start + words.start(),
                    row + 0.5,
                    words[0].replace(" ", "\u00a0").replace("$", r"\$"),
                    family="monospace",
                    size=size,
                    va="center_baseline",
                    weight="bold" if bold else "normal",
                    in_layout=False,  # a long line would make the axes narrower, and part it from what is below it
                    color="black" if front == NO_COLOUR else hexed(front),
                )


def inches(figure: Figure, width: float) -> float:
    """Return how tall a printed figure is when it is ``width`` inches wide."""
    return 0.5 + _cells(figure).height * width / COLUMNS / 0.602 * TALL


def runs(canvas: Canvas, row: int) -> list[tuple[int, int, str, int, int, bool]]:
    """Return the stretches of one style in a row: first column, column after, text, front, back, bold."""
    styles = np.stack([canvas.front[row], canvas.back[row], canvas.bold[row].astype(np.uint32)])
    change = np.flatnonzero((np.diff(styles.astype(np.int64), axis=1) != 0).any(axis=0)) + 1
    found = []
    for start, stop in pairwise([0, *change.tolist(), canvas.width]):
        text = "".join(chr(code) for code in canvas.glyph[row, start:stop].tolist() if code)
        front, back = int(canvas.front[row, start]), int(canvas.back[row, start])
        if text.strip() or back != NO_COLOUR:
            found.append((start, stop, text, front, back, bool(canvas.bold[row, start])))
    return found


def hexed(packed: int) -> str:
    """Return a packed colour as #rrggbb."""
    return f"#{packed:06x}"


def _cells(figure: Figure) -> Canvas:
    """Return a figure drawn without its title and caption."""
    return draw(replace(figure, title="", caption=""), Look(width=COLUMNS, depth=Depth.TRUE)).canvas
