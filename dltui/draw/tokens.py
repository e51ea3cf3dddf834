"""Text coloured piece by piece."""

from __future__ import annotations

import numpy as np

from dltui.draw.canvas import Canvas, pack, text_width
from dltui.draw.colors import QUIET, contrast, paint
from dltui.draw.layout import sheet
from dltui.draw.letters import broken
from dltui.draw.look import Depth, Look
from dltui.draw.scales import Axis, Floats, axis_of
from dltui.draw.view import Drawing, View
from dltui.figures import ColorMap, Tokens, number
from dltui.plaintext import to_ascii

LOUD = 0.2  # share of the pieces that get their number when there is no colour
LOUDEST = 24  # pieces that get one at most: a long text shall stay readable
LEGEND = 24  # cells of the colour bar

Piece = tuple[int, int, str, int]  # row, column, text, number of the token


def draw_tokens(figure: Tokens, look: Look, view: View) -> Drawing:
    """Return the pieces wrapped, each on the colour of its weight, or the heaviest ones with their numbers."""
    weights = (
        np.resize(np.asarray(figure.weights, float).ravel(), len(figure.tokens))
        if len(figure.weights)
        else None
    )
    weights = np.zeros(len(figure.tokens)) if weights is None else weights
    signed = bool((weights < 0).any())
    axis = axis_of(weights, centred=signed)
    colormap = look.map_of("coolwarm" if signed else "viridis")
    loud = np.zeros(0, int) if look.depth is not Depth.NONE else _loudest(weights)
    texts = [_shown(token, weights[i] if i in loud else None, look) for i, token in enumerate(figure.tokens)]
    ends = frozenset(i for i, token in enumerate(figure.tokens) if "\n" in token)
    pieces = _laid(texts, max(look.width, 1), ends)
    lines = pieces[-1][0] + 1 if pieces else 1
    canvas, top, rows = sheet(figure, look, lines + 2)
    legend = rows >= 3
    first = max(0, min(view.offset, lines - max(1, rows - 2 * legend)))
    colours = pack(paint(colormap, axis.share(weights))) if len(weights) else np.zeros(0, np.uint32)
    for row, column, text, i in pieces:
        if first <= row < first + rows - 2 * legend or (not legend and first <= row < first + rows):
            _put(
                canvas,
                column,
                top + row - first,
                text,
                int(colours[i]),
                look,
                known=bool(np.isfinite(weights[i])),
            )
    if legend:
        _legend(canvas, top + rows - 1, axis, colormap, figure.value_label, look)
    return Drawing(canvas)


def _loudest(weights: Floats) -> np.ndarray[tuple[int], np.dtype[np.intp]]:
    """Return the numbers of the pieces with the largest weights, whatever their sign."""
    size = np.where(np.isfinite(weights), np.abs(weights), -1.0)
    most = max(1, min(LOUDEST, round(LOUD * len(weights))))
    chosen = np.argsort(-size, kind="stable")[:most]
    return chosen[size[chosen] > 0]


def _shown(token: str, weight: float | None, look: Look) -> str:
    """Return a piece as it is written: line breaks as a sign, and its weight where it is told."""
    text = token.replace("\n", "\\n" if look.ascii else "⏎").replace("\t", " ")
    if weight is None:
        return text
    told = number(float(weight), 2)
    return f"{text}({to_ascii(told) if look.ascii else told})"


def _laid(texts: list[str], width: int, ends: frozenset[int]) -> list[Piece]:
    """Return where every piece stands, each after the one before, as the model reads them; ``ends`` end a line."""
    pieces: list[Piece] = []
    row, column = 0, 0
    spaced = any(text[:1] in {" ", "▁", "Ġ"} for text in texts)
    for i, text in enumerate(texts):
        for part in broken(text, width) if text else []:
            wide = text_width(part)
            if column and column + wide > width:
                row, column = row + 1, 0
            pieces.append((row, column, part, i))
            column += wide + (not spaced)
        if i in ends:
            row, column = row + 1, 0
    return pieces


def _put(canvas: Canvas, column: int, row: int, text: str, colour: int, look: Look, *, known: bool) -> None:
    """Write one piece."""
    if look.depth is Depth.NONE or not known:
        canvas.text(column, row, text, None if known else QUIET)
        return
    end = canvas.text(column, row, text, contrast(colour))
    canvas.back[row, column:end] = colour


def _legend(canvas: Canvas, row: int, axis: Axis, colormap: ColorMap, label: str, look: Look) -> None:
    """Write the range of the weights, as a bar of colours where there are any."""
    low, high = number(axis.low), number(axis.high)
    if look.ascii:
        low, high = to_ascii(low), to_ascii(high)
    column = canvas.text(0, row, f"{label or 'weight'} {low} ", QUIET)
    if look.depth is Depth.NONE:
        canvas.text(column, row, f"... {high}" if look.ascii else f"… {high}", QUIET)
        return
    wide = max(0, min(LEGEND, canvas.width - column - text_width(high) - 1))
    canvas.back[row, column : column + wide] = pack(paint(colormap, np.linspace(0, 1, wide)))
    canvas.text(column + wide + 1, row, high, QUIET)
