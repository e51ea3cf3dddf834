"""Colours of what is in front: by value, by light, by distance; worked out for the pixels that are seen alone."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from dltui.draw.colors import QUIET, SERIES, paint, series_color
from dltui.draw.fields import Bar
from dltui.draw.look import Look
from dltui.draw.scales import Axis, axis_of
from dltui.draw.scene.eye import Eye
from dltui.draw.scene.front import Front, weights
from dltui.figures import Array, Scene

Floats = NDArray[np.float32]
Colours = NDArray[np.float32]
CLAY = (196, 184, 166)  # what has no colour of its own
AMBIENT, LAMP = 0.28, 0.72
WIRE = 0.7  # pixels that an edge is wide to either side
DARK = 0.22  # of a face between its edges
HAZE = 0.45  # how far the farthest of what has no light goes towards grey
GROOVE = 32.0  # how much eye-dome lighting darkens a step in depth
LINE = (150, 150, 158)
AXES = ((214, 72, 72), (66, 168, 82), (76, 128, 240))  # x, y and z: on dark and on light grounds
# Of classes: those of series but for the last bit, which keeps themes from putting their own colours in the place of
# the few that no light has changed; legend and faces would differ.
CLASSES = tuple((red, green, blue ^ 1) for red, green, blue in SERIES)


def bar_of_scene(figure: Scene, look: Look) -> Bar | None:
    """Return the colour bar, where colours tell a number."""
    if figure.values is None or figure.value_names or figure.shade in {"normal", "depth"}:
        return None
    return Bar(_axis(figure), look.map_of(figure.colormap), figure.value_label)


def lit(figure: Scene, front: Front, eye: Eye, seen: Floats, look: Look) -> Colours:
    """Return the colours of all pixels, 0…255, shape (height, width, 3); 0 where nothing is.

    Args:
        figure: What is looked at.
        front: What is in front; points are numbered first, then triangles, then lines.
        eye: Who looks.
        seen: Columns, rows and distances of the vertices, shape (3, v).
        look: Colours that may be used.

    Returns:
        The picture.
    """
    number, count = front.number, len(figure.points)
    picture = np.zeros((*number.shape, 3), np.float32)
    dots = (number >= 0) & (number < count)
    facets = (number >= count) & (number < count + len(figure.faces))
    lines = number >= count + len(figure.faces)
    if dots.any():
        picture[dots] = _of_points(figure, front, eye, dots, look)
    if facets.any():
        picture[facets] = _of_triangles(figure, front, eye, facets, seen, look)
    if lines.any():
        picture[lines] = _of_lines(figure, number[lines] - count - len(figure.faces))
    return picture


def _of_points(figure: Scene, front: Front, eye: Eye, where: Array, look: Look) -> Colours:
    """Return the colours of points: their own, those of their values, or faded by distance; dark in grooves."""
    which, far = front.number[where], front.distance[where]
    if figure.shade == "normal" and figure.normals is not None:
        colours = _of_directions(np.asarray(figure.normals[which], np.float32))
    elif figure.shade == "depth":
        colours = _of_depths(far)
    elif figure.point_rgb is not None:
        colours = np.asarray(figure.point_rgb[which], np.float32)
    elif figure.point_values is not None:
        colours = _of_values(figure, np.asarray(figure.point_values[which], float), look)
    else:
        colours = _hazy(np.tile(np.array(series_color(0), np.float32), (len(which), 1)), far)
    if figure.normals is not None and figure.shade in {"flat", "smooth"}:
        facing = np.abs(np.asarray(figure.normals[which], np.float32) @ eye.rotation[2])
        colours = colours * (AMBIENT + LAMP * facing)[:, None]
    return colours * grooves(front.distance)[where][:, None] if figure.relief else colours


def grooves(distance: Floats) -> Floats:
    """Return how bright pixels are whose neighbours lie nearer: eye-dome lighting over four neighbours."""
    known = np.isfinite(distance)
    if not known.any():
        return np.ones_like(distance)
    deep = np.where(known, np.log2(np.maximum(distance, 1e-12)), np.inf)
    spread = float(deep[known].max() - deep[known].min()) or 1.0
    ringed = np.pad(deep, 1, constant_values=np.inf)
    total = np.zeros_like(deep)
    for down, across in ((0, 1), (2, 1), (1, 0), (1, 2)):
        beside = ringed[down : down + deep.shape[0], across : across + deep.shape[1]]
        with np.errstate(invalid="ignore"):
            step = deep - beside
        total += np.where(np.isfinite(step), np.maximum(step, 0), 0)
    return np.exp(-GROOVE * total / spread / 4).astype(np.float32)


def _of_triangles(figure: Scene, front: Front, eye: Eye, where: Array, seen: Floats, look: Look) -> Colours:
    """Return the colours of triangles under a lamp at the eye."""
    face = front.number[where].astype(np.int64) - len(figure.points)
    corners = figure.triangles[:, face]
    row, column = np.nonzero(where)
    across, down = seen[0][corners], seen[1][corners]
    every = np.arange(face.size)
    shares = np.nan_to_num(weights(across, down, every, column + 0.5, row + 0.5), nan=1 / 3)
    shares = np.clip(shares, 0, 1)
    shares /= shares.sum(axis=0)
    if figure.shade == "depth":
        return _of_depths(front.distance[where])
    normal = _normals(figure, corners, shares)
    if figure.shade == "normal":
        return _of_directions(normal)
    colours: Colours = _paint_of(figure, corners, shares, look)
    if figure.shade == "plain":
        return _hazy(colours, front.distance[where])
    facing = np.abs(normal @ eye.rotation[2])
    colours = colours * (AMBIENT + LAMP * facing)[:, None]
    if figure.shade == "wire":
        colours = colours * np.where(_on_edge(across, down, shares), 1.0, DARK)[:, None]
    return colours


def _paint_of(figure: Scene, corners: Array, shares: Floats, look: Look) -> Colours:
    """Return the colours of places in triangles before light falls on them."""
    if figure.vertex_rgb is not None:
        own = np.asarray(figure.vertex_rgb, np.float32)
        return np.asarray(np.einsum("kn,knc->nc", shares, own[corners]), np.float32)
    if figure.vertex_values is not None:
        held = np.asarray(figure.vertex_values, float)
        return _of_values(figure, (held[corners] * shares).sum(axis=0), look)
    return np.tile(np.array(CLAY, np.float32), (corners.shape[1], 1))


def _normals(figure: Scene, corners: Array, shares: Floats) -> Floats:
    """Return unit normals of places in triangles: their own, or mixed from the corners'."""
    if figure.shade == "smooth":
        found = np.einsum("kn,knc->nc", shares, figure.vertex_normals[corners])
    else:
        a, b, c = (figure.corners.take(corner, axis=1) for corner in corners)
        (x, y, z), (u, v, w) = b - a, c - a
        found = np.stack([y * w - z * v, z * u - x * w, x * v - y * u], axis=1)
    length = np.linalg.norm(found, axis=1, keepdims=True)
    return np.asarray(found / np.where(length > 0, length, 1), np.float32)


def _on_edge(across: Floats, down: Floats, shares: Floats) -> Array:
    """Return which places lie within a part of a pixel of an edge of their triangle."""
    twice = np.abs(
        (across[1] - across[0]) * (down[2] - down[0]) - (across[2] - across[0]) * (down[1] - down[0])
    )
    near = np.full(shares.shape[1], np.inf, np.float32)
    for corner, (one, other) in enumerate(((1, 2), (2, 0), (0, 1))):
        length = np.hypot(across[other] - across[one], down[other] - down[one])
        near = np.minimum(near, shares[corner] * twice / np.where(length > 0, length, 1))
    return near < WIRE


def _of_lines(figure: Scene, which: Array) -> Colours:
    """Return the colours of lines; those of the box come after the others, and its axes last."""
    own = np.tile(np.array(LINE, np.float32), (len(figure.segments), 1))
    if figure.segment_rgb is not None:
        own = np.asarray(figure.segment_rgb, np.float32)
    return np.asarray(np.concatenate([own, np.array([QUIET, *AXES], np.float32)])[which], np.float32)


def _of_values(figure: Scene, values: Array, look: Look) -> Colours:
    """Return the colours of numbers, or of classes where they are such."""
    if figure.value_names:
        palette = np.array(CLASSES, np.float32)
        return np.asarray(palette[np.rint(np.nan_to_num(values)).astype(np.int64) % len(CLASSES)], np.float32)
    return np.asarray(paint(look.map_of(figure.colormap), _axis(figure).share(values)), np.float32)


def _axis(figure: Scene) -> Axis:
    """Return which numbers have which colours."""
    return axis_of(figure.value_ends, centred=figure.colormap == "coolwarm")


def _of_directions(normals: Floats) -> Colours:
    """Return directions as colours, x red, y green, z blue."""
    return (normals * 0.5 + 0.5) * np.float32(255)


def _of_depths(far: Floats) -> Colours:
    """Return distances as greys, near bright."""
    low, high = float(far.min()), float(far.max())
    bright = 1 - (far - low) / max(high - low, 1e-12) * 0.85
    return np.repeat((bright * 255)[:, None], 3, axis=1).astype(np.float32)


def _hazy(colours: Colours, far: Floats) -> Colours:
    """Return colours faded towards grey with distance."""
    low, high = float(far.min()), float(far.max())
    fade = ((far - low) / max(high - low, 1e-12) * HAZE)[:, None]
    return np.asarray(colours * (1 - fade) + np.array(QUIET, np.float32) * fade, np.float32)
