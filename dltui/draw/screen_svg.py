"""A picture of a terminal: cells as SVG that looks the same with every font."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from xml.sax.saxutils import escape

from dltui.draw.braille import BITS, BLANK
from dltui.draw.canvas import NO_COLOUR, Canvas, text_width
from dltui.draw.escapes import canvas_of
from dltui.draw.export.letterpress import hexed, runs
from dltui.draw.mosaic import parts_of

WIDE, TALL = 8, 17  # units of a cell
BORDER, HEAD = 14, 34
PAPER, INK, FRAME = "#14141a", "#d8d8de", "#3a3a46"
LIGHTS = ("#ff5f57", "#febc2e", "#28c840")
LEFT_EIGHTHS = {ord(glyph): i for i, glyph in enumerate("▏▎▍▌▋▊▉█", 1)}
LOWER_EIGHTHS = {ord(glyph): i for i, glyph in enumerate("▁▂▃▄▅▆▇█", 1)}
SHADES = {ord("░"): 0.25, ord("▒"): 0.5, ord("▓"): 0.75}

Box = tuple[float, float, float, float]  # left, top, width, height


def svg_of(screen: Canvas | Sequence[str], title: str = "") -> str:
    """Return a terminal's screen as an SVG picture in a window frame.

    Args:
        screen: Cells, or lines with escape codes as they are sent to a terminal.
        title: What stands in the frame.

    Returns:
        An SVG document; blocks and braille are drawn as shapes, so that only letters need a font.
    """
    canvas = screen if isinstance(screen, Canvas) else canvas_of(screen)
    width, height = canvas.width * WIDE + 2 * BORDER, canvas.height * TALL + BORDER + HEAD
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}">',
        f"<title>{escape(title or 'terminal')}</title>",
        f'<rect x=".5" y=".5" width="{width - 1}" height="{height - 1}" rx="9" fill="{PAPER}" stroke="{FRAME}"/>',
        *(f'<circle cx="{18 + 18 * i}" cy="17" r="5.5" fill="{light}"/>' for i, light in enumerate(LIGHTS)),
        f'<text x="{width / 2:g}" y="21" fill="#9a9aa6" text-anchor="middle" font-family="system-ui,sans-serif"'
        f' font-size="12">{escape(title)}</text>',
        f'<g transform="translate({BORDER} {HEAD})">',
        *(
            f'<path fill="{colour}"{_opacity(opacity)} shape-rendering="crispEdges"'
            f' d="{"".join(map(_rectangle, boxes))}"/>'
            for colour, opacity, boxes in _shapes(canvas)
        ),
        '<g font-family="ui-monospace,SFMono-Regular,Menlo,Consolas,\'DejaVu Sans Mono\',monospace" font-size="13.3"'
        f' fill="{INK}" xml:space="preserve">',
        *_letters(canvas),
        "</g></g></svg>\n",
    ]
    return "\n".join(parts)


def _opacity(opacity: float) -> str:
    """Return the attribute that makes a shape translucent, if it shall be."""
    return f' fill-opacity="{opacity}"' if opacity < 1 else ""


def _rectangle(box: Box) -> str:
    """Return a box as a part of a path."""
    left, top, width, height = box
    return f"M{left:g} {top:g}h{width:g}v{height:g}h-{width:g}z"


def _shapes(canvas: Canvas) -> list[tuple[str, float, list[Box]]]:
    """Return colour, opacity and boxes to fill, in this order: grounds first, then blocks and dots."""
    grounds: dict[tuple[str, float], list[Box]] = defaultdict(list)
    blocks: dict[tuple[str, float], list[Box]] = defaultdict(list)
    for row, codes in enumerate(canvas.glyph.tolist()):
        for start, stop, _, _, back, _ in runs(canvas, row):
            if back != NO_COLOUR:
                grounds[hexed(back), 1.0].append((start * WIDE, row * TALL, (stop - start) * WIDE, TALL))
        for column, code in enumerate(codes):
            front = int(canvas.front[row, column])
            ink = INK if front == NO_COLOUR else hexed(front)
            for x, y, width, height in _boxes(code):
                _lay(blocks[ink, SHADES.get(code, 1.0)], (column * WIDE + x, row * TALL + y, width, height))
    return [
        (colour, opacity, boxes) for layer in (grounds, blocks) for (colour, opacity), boxes in layer.items()
    ]


def _lay(boxes: list[Box], box: Box) -> None:
    """Add a box, to the one before when it goes on where that ends."""
    left, top, width, height = box
    if boxes and boxes[-1][1] == top and boxes[-1][3] == height and boxes[-1][0] + boxes[-1][2] == left:
        box = (boxes[-1][0], top, boxes[-1][2] + width, height)
        boxes.pop()
    boxes.append(box)


def _boxes(code: int) -> list[Box]:
    """Return what a glyph fills of its cell, or nothing when it is a letter."""
    if code in SHADES:
        return [(0, 0, WIDE, TALL)]
    if code in LEFT_EIGHTHS:
        return [(0, 0, WIDE * LEFT_EIGHTHS[code] / 8, TALL)]
    if code in LOWER_EIGHTHS:
        tall = TALL * LOWER_EIGHTHS[code] / 8
        return [(0, TALL - tall, WIDE, tall)]
    if code in parts_of():
        glyphs, pattern = parts_of()[code]
        across, down = glyphs.grain
        wide, tall = WIDE / across, TALL / down
        parts = [divmod(i, across) for i in range(across * down) if pattern >> i & 1]
        return [(wide * column, tall * row, wide, tall) for row, column in parts]
    if BLANK < code < BLANK + 256:
        places = [
            (row, column) for row in range(4) for column in range(2) if (code - BLANK) & BITS[row][column]
        ]
        return [(1 + WIDE / 2 * column, 1.1 + TALL / 4 * row, 2, 2) for row, column in places]
    return []


def _letters(canvas: Canvas) -> list[str]:
    """Return the text of the screen, each stretch as wide as its cells."""
    found = []
    for row in range(canvas.height):
        for start, _, text, front, _, bold in runs(canvas, row):
            shown = "".join(" " if _boxes(ord(letter)) else letter for letter in text)
            inner = shown.strip()
            if not inner or not inner.isprintable():
                continue
            lead = len(shown) - len(shown.lstrip())
            colour = "" if front == NO_COLOUR else f' fill="{hexed(front)}"'
            weight = ' font-weight="bold"' if bold else ""
            found += [
                f'<text x="{(start + lead + at) * WIDE}" y="{row * TALL + 13}" textLength="{text_width(word) * WIDE}"'
                f"{colour}{weight}>{escape(word)}</text>"
                for at, word in _words(inner)
            ]
    return found


def _words(text: str) -> list[tuple[int, str]]:
    """Return the stretches between gaps of two or more spaces, each with its place."""
    found, at = [], 0
    for part in text.split("  "):
        lead = len(part) - len(part.lstrip())
        if part.strip():
            found.append((at + lead, part.strip()))
        at += text_width(part) + 2
    return found
