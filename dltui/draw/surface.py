"""Fields seen from the side: a shaded landscape in its box."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from dltui.draw.blocks import put_shades
from dltui.draw.box import put_box
from dltui.draw.braille import BLANK, cells_of
from dltui.draw.camera import Camera, camera_of
from dltui.draw.colors import paint
from dltui.draw.fields import Bar, bar_of, put_bar, spaced
from dltui.draw.landmarks import landmark_keys, put_landmarks
from dltui.draw.layout import Plot, put_keys, sheet
from dltui.draw.look import Depth, Look
from dltui.draw.mosaic import put_mosaic
from dltui.draw.patches import put_patch
from dltui.draw.relief import Relief, lay, light, relief_of
from dltui.draw.scales import Floats
from dltui.draw.view import Drawing, View
from dltui.draw.zbuffer import Hits
from dltui.figures import Surface

ROWS = 24
UNDERSIDE = 0.78  # how bright the land is from below against from above
COLOUR_MESH = (10.8, 3.4)  # cells across and down that a mesh of the net takes at least
DOTTED_MESH = (9.6, 1.5)
NET = 0.8  # how bright the lines of the net are against the ground between them


def draw_surface(figure: Surface, look: Look, view: View) -> Drawing:
    """Return a field as a landscape, hidden parts hidden."""
    bar = bar_of(figure, look.map_of(figure.colormap))
    canvas, top, rows = sheet(figure, look, ROWS)
    head = put_keys(canvas, top, landmark_keys(figure, look)) if rows >= 8 else 0
    top, rows = top + head, rows - head
    width = max(1, canvas.width - bar.columns(canvas.width))
    x, y = spaced(np.asarray(figure.x, float)), spaced(np.asarray(figure.y, float))
    plot = Plot(canvas, 0, top, width, rows, x, y)
    roomy = width >= 40 and rows >= 12
    relief = relief_of(figure, bar, x, y)
    camera = camera_of(view, width, rows, relief.half_height, (6, 1) if roomy else (0, 0))
    across, down = _grain(look)
    hits = lay(relief, camera, width * across, rows * down, (across, down))
    if look.depth is not Depth.NONE:
        shape = width, rows
        put_mosaic(canvas, 0, top, _lit(relief, camera, hits, bar, shape), hits.seen, look.glyphs)
        if look.pixels is not None:
            fine = look.pixels.grain(*shape)
            sharp = lay(relief, camera, width * fine[0], rows * fine[1], fine)
            put_patch(canvas, 0, top, shape, _lit(relief, camera, sharp, bar, shape), sharp.seen)
    elif look.ascii:
        tone = relief.at(hits, light(relief, camera)) * (0.25 + 0.75 * relief.at(hits, relief.share))
        put_shades(canvas, 0, top, np.where(hits.seen, _spread(hits, tone), np.nan), look)
    else:
        _put_net(plot, hits, relief)
    put_box(plot, camera, bar.axis, relief.half_height, (figure.x_label, figure.y_label), labelled=roomy)
    put_landmarks(plot, figure, view, relief, camera, hits, look)
    put_bar(plot, bar, look)
    return Drawing(canvas)


def _lit(relief: Relief, camera: Camera, hits: Hits, bar: Bar, shape: tuple[int, int]) -> NDArray[np.uint8]:
    """Return the land in its colours under the lamp, with the lines of the net, shape (height, width, 3)."""
    colours = paint(bar.colormap, _spread(hits, relief.at(hits, relief.share)))
    lit = np.where(hits.turned, UNDERSIDE, 1.0) * relief.at(hits, light(relief, camera))
    tone = _spread(hits, lit) * np.where(_net(hits, relief, shape, COLOUR_MESH), NET, 1.0)
    return np.clip(colours * tone[..., None], 0, 255).astype(np.uint8)


def _grain(look: Look) -> tuple[int, int]:
    """Return how many pixels a cell has across and down."""
    if look.depth is not Depth.NONE:
        return look.glyphs.grain
    return (1, 1) if look.ascii else (2, 4)


def _spread(hits: Hits, values: Floats) -> Floats:
    """Return values of the seen pixels as a picture, 0 where nothing is seen."""
    picture = np.zeros(hits.seen.shape)
    picture[hits.seen] = values
    return picture


def _net(hits: Hits, relief: Relief, shape: tuple[int, int], mesh: tuple[float, float]) -> NDArray[np.bool_]:
    """Return the pixels on the lines of a net that lies on the land.

    Args:
        hits: What is seen.
        relief: The land.
        shape: Columns and rows of cells that it fills.
        mesh: Cells across and rows down that a mesh shall have at least.

    Returns:
        True on the lines, shape of the picture.
    """
    line = np.zeros(hits.seen.shape, np.bool_)
    meshes = np.clip(min(shape[0] / mesh[0], shape[1] / mesh[1]), 4, 24)
    for places, vertices in ((relief.x, relief.across), (relief.y, relief.along)):
        if len(places) < 2:
            continue
        stride = max(1, round((len(places) - 1) / meshes))
        lane = _spread(hits, np.floor(relief.at(hits, vertices) / stride + 1e-6) + 1)
        for one, other in ((np.s_[:-1], np.s_[1:]), (np.s_[:, :-1], np.s_[:, 1:])):
            line[one] |= (lane[one] != lane[other]) & hits.seen[one] & hits.seen[other]
    return line


def _put_net(plot: Plot, hits: Hits, relief: Relief) -> None:
    """Draw the land as a net of braille lines: what has no colour is told by its form."""
    line = _net(hits, relief, (plot.width, plot.height), DOTTED_MESH)
    deep = np.where(hits.seen, hits.depth, 9.0)
    for one, other in ((np.s_[:-1], np.s_[1:]), (np.s_[:, :-1], np.s_[:, 1:])):
        edge = np.abs(deep[one] - deep[other]) > 0.25
        line[one] |= edge & hits.seen[one]
        line[other] |= edge & hits.seen[other]
    pattern = cells_of(line)
    covered = hits.seen.reshape(plot.height, 4, plot.width, 2).any(axis=(1, 3))
    area = np.s_[plot.top : plot.top + plot.height, plot.left : plot.left + plot.width]
    plot.canvas.glyph[area] = np.where(covered, BLANK + pattern.astype(np.uint32), plot.canvas.glyph[area])
