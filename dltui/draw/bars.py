"""Bars that lie, in eighths of a cell."""

from __future__ import annotations

import math

import numpy as np

from dltui.draw.canvas import Canvas, clip, text_width
from dltui.draw.colors import QUIET, contrast, series_color
from dltui.draw.layout import sheet
from dltui.draw.letters import clip_middle, padded
from dltui.draw.look import Depth, Look
from dltui.draw.scales import Axis, Floats, axis_of
from dltui.draw.view import Drawing, View
from dltui.figures import Bars, number
from dltui.plaintext import to_ascii

PARTS = " ▏▎▍▌▋▊▉█"


def draw_bars(figure: Bars, look: Look, view: View) -> Drawing:
    """Return one row a bar: name, bar, value; from the view's offset on."""
    values = np.asarray(figure.values, float).ravel()
    count = min(len(figure.labels), len(values))
    note = figure.value_label + (f" ({figure.scale} scale)" if figure.scale != "linear" else "")
    canvas, top, rows = sheet(figure, look, count + bool(note))
    head = bool(note) and rows >= 3
    if head:
        canvas.text(0, top, clip(note.strip(), canvas.width), QUIET)
    top, rows = top + head, rows - head
    first = max(0, min(view.offset, count - rows))
    shown = range(first, min(first + rows, count))
    texts = {i: _value_text(figure, i, values, look) for i in shown}
    left = min(max((text_width(figure.labels[i]) for i in shown), default=0), max(canvas.width * 2 // 5, 1))
    right = min(max(map(text_width, texts.values()), default=0), canvas.width // 3)
    room = max(canvas.width - left - right - 3, 1)
    axis = length_axis(values, figure)
    for row, i in enumerate(shown, top):
        canvas.text(0, row, padded(clip_middle(figure.labels[i], left), left, right=True))
        canvas.text(left, row, "│", QUIET)
        end = _bar(canvas, left + 1, row, room, values[i], axis)
        if figure.errors is not None and i < len(figure.errors):
            end = max(
                end, _whisker(canvas, left + 1, row, room, axis, values[i], float(figure.errors[i]), look)
            )
        canvas.text(min(end + 1, canvas.width - right), row, clip(texts[i], right))
    return Drawing(canvas)


def length_axis(values: Floats, figure: Bars) -> Axis:
    """Return the axis of the lengths: it holds 0, or on a log axis starts at the power of ten below all values."""
    errors = (
        np.zeros(len(values))
        if figure.errors is None
        else np.nan_to_num(np.asarray(figure.errors, float).ravel())
    )
    reach = np.resize(errors, len(values)) if errors.size else np.zeros(len(values))
    ends = np.concatenate([values - np.abs(reach), values + np.abs(reach)])
    if figure.scale == "log":
        axis = axis_of(values, "log")
        if axis.scale == "log":
            return Axis(10.0 ** math.floor(math.log10(axis.low) - 0.2), axis.high, "log")
    return axis_of(np.append(ends, 0.0), "symlog" if figure.scale == "symlog" else "linear")


def _value_text(figure: Bars, i: int, values: Floats, look: Look) -> str:
    """Return the value, with its error."""
    text = number(float(values[i]))
    if figure.errors is not None and i < len(figure.errors):
        text += f" ± {number(float(figure.errors[i]), 2)}"
    return to_ascii(text) if look.ascii else text


def _bar(canvas: Canvas, left: int, row: int, room: int, value: float, axis: Axis) -> int:
    """Draw one bar from the zero line, and return the column after it."""
    zero = 0 if axis.scale == "log" else round(float(axis.share(0.0)) * room)
    share = float(axis.share(value)) if not math.isinf(value) else (1.0 if value > 0 else 0.0)
    if not math.isfinite(share):
        return left + zero
    end = max(0.0, min(1.0, share)) * room
    if zero:
        canvas.text(left + zero - 1, row, "▕" if value >= 0 else " ", QUIET)
    if end >= zero:
        whole, part = divmod(round((end - zero) * 8), 8)
        text = "█" * whole + (PARTS[part] if part else "")
        return canvas.text(left + zero, row, text or ("▏" if value > 0 else ""), series_color(0))
    cells = max(1, round((zero - end) * 2))
    text = ("▐" if cells % 2 else "") + "█" * (cells // 2)
    canvas.text(left + zero - len(text), row, text, series_color(1))
    return left + zero


def _whisker(
    canvas: Canvas, left: int, row: int, room: int, axis: Axis, value: float, error: float, look: Look
) -> int:
    """Draw an error bar over a bar, and return the column after it."""
    low, high = (float(axis.share(end)) for end in (value - abs(error), value + abs(error)))
    if not (math.isfinite(high) and error):
        return 0
    start = int(max(0.0, min(1.0, low if math.isfinite(low) else 0.0)) * (room - 1))
    stop = int(max(0.0, min(1.0, high)) * (room - 1))
    middle = "─" * max(0, stop - start - 1)
    for column, glyph in enumerate(f"├{middle}┤" if stop > start else "┼", left + start):
        inside = canvas.glyph[row, column] == ord("█") and look.depth is not Depth.NONE
        if inside:
            behind = int(canvas.front[row, column])
            canvas.text(column, row, glyph, contrast(behind))
            canvas.back[row, column] = behind
        elif canvas.glyph[row, column] != ord("█"):
            canvas.text(column, row, glyph, QUIET)
    return left + stop + 1
