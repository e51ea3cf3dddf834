"""A scene on a canvas: one z-buffer, then light, then cells."""

from __future__ import annotations

from itertools import combinations
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from dltui.draw.blocks import put_shades
from dltui.draw.braille import BLANK, cells_of
from dltui.draw.canvas import Canvas
from dltui.draw.fields import Bar, put_bar
from dltui.draw.layout import Key, Plot, put_keys, sheet
from dltui.draw.look import Depth, Look
from dltui.draw.mosaic import put_mosaic
from dltui.draw.patches import put_patch
from dltui.draw.scales import Axis
from dltui.draw.scene.eye import Eye, eye_of
from dltui.draw.scene.front import Floats, Front, Ints
from dltui.draw.scene.light import AXES, CLASSES, bar_of_scene, lit
from dltui.draw.view import Drawing, View
from dltui.figures import Scene
from dltui.figures.space import apart

Bytes = NDArray[np.uint8]
ROWS = 24
NOWHERE = Axis(0.0, 1.0)
FILLED = 0.12  # share of the pixels that points shall cover at least, as far as size does it
LARGEST = 4  # pixels of a point
DITHER = np.array([[0, 8, 2, 10], [12, 4, 14, 6], [3, 11, 1, 9], [15, 7, 13, 5]], np.float32)
CLOSER = 1 - 1e-3  # lines on a surface are seen
SAMPLES = 4096  # points along one line at most
BEYOND = 1.06  # of its length, where the name of an axis stands
SLACK = 2  # cells outside the picture from which such a name is drawn in
_FEWER: WeakKeyDictionary[Scene, tuple[Ints, Floats]] = WeakKeyDictionary()  # of scenes that move


def draw_scene(figure: Scene, look: Look, view: View) -> Drawing:
    """Return points, triangles and lines from one eye, what is behind hidden."""
    canvas, top, rows, width, bar = room(figure, look)
    plot = Plot(canvas, 0, top, width, rows, NOWHERE, NOWHERE)
    if look.depth is Depth.NONE:
        _put_tones(plot, figure, look, view)
    else:
        pixels, seen = picture(figure, look, view, (width, rows), look.glyphs.grain)
        put_mosaic(canvas, 0, top, pixels, seen, look.glyphs)
        if look.pixels is not None:
            fine = picture(figure, look, view, (width, rows), look.pixels.grain(width, rows))
            put_patch(canvas, 0, top, (width, rows), *fine)
    _put_names(plot, figure, view)
    if bar is not None:
        put_bar(plot, bar, look)
    return Drawing(canvas)


def room(figure: Scene, look: Look) -> tuple[Canvas, int, int, int, Bar | None]:
    """Return the canvas with all that surrounds the picture, the picture's first row, rows and columns, and its bar."""
    bar = bar_of_scene(figure, look) if look.depth is not Depth.NONE else None
    canvas, top, rows = sheet(figure, look, ROWS)
    head = put_keys(canvas, top, keys_of(figure)) if rows >= 8 else 0
    width = max(1, canvas.width - (bar.columns(canvas.width) if bar is not None else 0))
    return canvas, top + head, rows - head, width, bar


def picture(
    figure: Scene, look: Look, view: View, size: tuple[int, int], grain: tuple[int, int]
) -> tuple[Bytes, NDArray[np.bool_]]:
    """Return a scene as pixels.

    Args:
        figure: What is looked at.
        look: Colours, and how many points may be drawn.
        view: From where.
        size: Columns and rows of cells.
        grain: Pixels of a cell across and down.

    Returns:
        Colours, shape (rows · down, columns · across, 3), and the pixels on which there is anything.
    """
    eye = eye_of(figure, view, size, grain)
    front, seen = _laid(figure, look.budget, eye)
    pixels = np.clip(lit(figure, front, eye, seen, look), 0, 255).astype(np.uint8)
    return pixels, front.number >= 0


def front_of(figure: Scene, view: View, size: tuple[int, int], grain: tuple[int, int]) -> tuple[Front, Eye]:
    """Return what is in front at each pixel, to point at it and to measure."""
    eye = eye_of(figure, view, size, grain)
    return _laid(figure, None, eye)[0], eye


def _laid(figure: Scene, budget: int | None, eye: Eye) -> tuple[Front, Floats]:
    """Return what is in front, of no more points than the budget, and where the vertices are seen."""
    front = Front(eye.width, eye.height)
    count = len(figure.points)
    if count:
        size = figure.size or suited(count, eye.width * eye.height, LARGEST)
        if budget is None or count <= budget:
            front.put_points(figure.columns, eye, size=size)
        else:
            numbers, columns = _fewer(figure, budget)
            front.put_points(columns, eye, size=size)
            front.renumber(numbers)
    seen = eye.see(figure.corners) if len(figure.vertices) else np.zeros((3, 0), np.float32)
    if len(figure.faces):
        front.put_triangles(seen, figure.triangles, eye, first=count)
    _put_lines(figure, front, eye, count + len(figure.faces))
    return front, seen


def _fewer(figure: Scene, budget: int) -> tuple[Ints, Floats]:
    """Return numbers and columns of some of the points, remembered as long as the scene is."""
    known = _FEWER.get(figure)
    if known is None or len(known[0]) != budget:
        numbers = figure.some(budget)
        columns = np.ascontiguousarray(np.asarray(figure.points[numbers], np.float32).T)
        known = _FEWER[figure] = numbers, columns
    return known


def suited(count: int, room: int, largest: int) -> int:
    """Return how large points are, so that few of them are seen on so many pixels."""
    return int(np.clip(round((FILLED * room / max(count, 1)) ** 0.5), 1, largest))


def _put_lines(figure: Scene, front: Front, eye: Eye, first: int) -> None:
    """Put lines as points that lie close enough on the screen; edges of the box share a number, its axes have three."""
    ends = np.asarray(figure.segments, np.float32).reshape(-1, 2, 3)
    own = np.arange(len(ends))
    if figure.box:
        low, high = figure.bounds
        corners = np.array([[x, y, z] for x in (0, 1) for y in (0, 1) for z in (0, 1)], np.float32)
        edges = [(a, b) for a, b in combinations(range(8), 2) if np.abs(corners[a] - corners[b]).sum() == 1]
        axes = [(0, 4), (0, 2), (0, 1)]  # from the lowest corner along x, y and z
        edges = [*(edge for edge in edges if edge not in axes), *axes]
        ends = np.concatenate([ends, (low + corners * (high - low))[np.array(edges)].astype(np.float32)])
        own = np.concatenate([own, len(own) + np.array([0] * (len(edges) - len(axes)) + [1, 2, 3])])
    if not len(ends):
        return
    seen = eye.see(np.ascontiguousarray(ends.reshape(-1, 3).T)).reshape(3, -1, 2)
    with np.errstate(invalid="ignore"):
        steps = np.nan_to_num(np.abs(np.diff(seen[:2], axis=2)).max(axis=(0, 2)), nan=0, posinf=0)
    count = np.clip(np.ceil(steps) + 1, 2, SAMPLES).astype(np.int64)
    whose = np.repeat(np.arange(len(ends)), count)
    share = (np.arange(whose.size) - np.repeat(np.cumsum(count) - count, count)) / (count[whose] - 1)
    along = ends[whose, 0] + share[:, None].astype(np.float32) * (ends[whose, 1] - ends[whose, 0])
    spots = eye.see(np.ascontiguousarray(along.T.astype(np.float32)))
    spots[2] *= np.float32(CLOSER)
    front.put_spots(spots, own[whose] + first)


def _put_tones(plot: Plot, figure: Scene, look: Look, view: View) -> None:
    """Draw without colours: brightness as dots, or as characters of ASCII."""
    size = plot.width, plot.height
    grain = (1, 1) if look.ascii else (2, 4)
    pixels, seen = picture(figure, look, view, size, grain)
    tone = pixels.astype(np.float32) @ np.array([0.299, 0.587, 0.114], np.float32) / 255
    if look.ascii:
        put_shades(plot.canvas, plot.left, plot.top, np.where(seen, np.clip(tone, 0.05, 1), np.nan), look)
        return
    limit = np.tile((DITHER + 0.5) / 16, (seen.shape[0] // 4 + 1, seen.shape[1] // 4 + 1))
    bright = seen & (tone > limit[: seen.shape[0], : seen.shape[1]])
    if not len(figure.faces):
        bright = seen  # dots are few enough to be told apart
    pattern = cells_of(bright).astype(np.uint32)
    area = np.s_[plot.top : plot.top + plot.height, plot.left : plot.left + plot.width]
    plot.canvas.glyph[area] = np.where(pattern > 0, BLANK + pattern, plot.canvas.glyph[area])


def _put_names(plot: Plot, figure: Scene, view: View) -> None:
    """Write the names of the axes of the box beyond their ends."""
    if not figure.box:
        return
    for name, colour, (column, row) in zip(
        "xyz", AXES, named(figure, view, (plot.width, plot.height), (1, 1)), strict=True
    ):
        if -SLACK <= column < plot.width + SLACK and -SLACK <= row < plot.height + SLACK:
            left, top = min(max(int(column), 0), plot.width - 1), min(max(int(row), 0), plot.height - 1)
            plot.canvas.text(plot.left + left, plot.top + top, name, colour, bold=True)


def named(
    figure: Scene, view: View, size: tuple[int, int], grain: tuple[int, int]
) -> list[tuple[float, float]]:
    """Return columns and rows, in pixels, at which the names of the axes of the box stand; −∞ for one unseen."""
    low, high = figure.bounds
    ends = low + np.diag((high - low) * np.float32(BEYOND))
    seen = eye_of(figure, view, size, grain).see(np.ascontiguousarray(ends.T, np.float32))
    return [
        (float(x), float(y)) if np.isfinite([x, y, far]).all() else (-np.inf, -np.inf) for x, y, far in seen.T
    ]


def keys_of(figure: Scene) -> list[Key]:
    """Return the legend of classes, and of the axes of a box, with where they begin and end."""
    keys: list[Key] = []
    if figure.value_names and figure.shade not in {"normal", "depth"}:
        keys += [Key("■", name, CLASSES[i % len(CLASSES)]) for i, name in enumerate(figure.value_names[:24])]
    if figure.box:
        spans = zip("xyz", AXES, figure.spans(), strict=True)
        keys += [Key("■", f"{name} {apart(*ends)}", colour) for name, colour, ends in spans]
    return keys
