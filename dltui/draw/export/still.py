"""A scene as a still picture, drawn by our own raster: the same pixels everywhere."""

from __future__ import annotations

import base64
import struct
import zlib
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from dltui.draw.look import Depth, Look
from dltui.draw.scene.drawing import named, picture, suited
from dltui.draw.scene.eye import first_view
from dltui.figures import Scene

CELLS = (96, 36)  # of the picture: 4 × 3
GRAIN = (10, 20)
BOLD = 4  # pixels of the picture for one of a terminal
LARGEST = 10  # pixels of a point whose size is not told


def still(figure: Scene, paper: tuple[int, int, int] = (255, 255, 255)) -> NDArray[np.uint8]:
    """Return a scene as it is first seen, 960 × 720 pixels, shape (720, 960, 3), on paper."""
    pixels, seen = _seen(figure)
    return np.where(seen[..., None], pixels, np.array(paper, np.uint8))


def names_of(figure: Scene) -> list[tuple[float, float]]:
    """Return columns and rows of that picture at which the names of the axes of its box stand."""
    return named(figure, first_view(figure), CELLS, GRAIN)


def png_of(pixels: NDArray[np.uint8]) -> bytes:
    """Return a picture, shape (height, width, 3 or 4), as a PNG file."""
    height, width, channels = pixels.shape
    lines = np.concatenate([np.zeros((height, 1), np.uint8), pixels.reshape(height, -1)], axis=1)
    head = struct.pack(">IIBBBBB", width, height, 8, 6 if channels == 4 else 2, 0, 0, 0)
    parts = ((b"IHDR", head), (b"IDAT", zlib.compress(lines.tobytes(), 6)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        for kind, body in parts
    )


def data_url(figure: Scene) -> str:
    """Return a scene as a picture with a clear ground, to be put into a page."""
    pixels, seen = _seen(figure)
    clear = np.dstack([pixels, seen.astype(np.uint8) * np.uint8(255)])
    return f"data:image/png;base64,{base64.b64encode(png_of(clear)).decode('ascii')}"


def _seen(figure: Scene) -> tuple[NDArray[np.uint8], NDArray[np.bool_]]:
    """Return the pixels of a scene, and on which there is anything; points that are told to be large stay so."""
    count, room = len(figure.points), CELLS[0] * GRAIN[0] * CELLS[1] * GRAIN[1]
    size = figure.size * BOLD or suited(count, room, LARGEST)
    large = replace(figure, size=size) if count else figure
    return picture(large, Look(depth=Depth.TRUE), first_view(figure), CELLS, GRAIN)
