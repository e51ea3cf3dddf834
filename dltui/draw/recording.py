"""Drawings in motion: frames kept while they are shown, then written as GIF or as an asciinema recording."""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple, overload

import numpy as np
from numpy.typing import NDArray

from dltui.draw.canvas import Canvas
from dltui.draw.endings import check_moving
from dltui.draw.look import Depth
from dltui.draw.raster import CELL, FULL, INK, PAPER, filled, grounded
from dltui.draw.sixel import reduced
from dltui.errors import UsageError
from dltui.files import replacing, write_text

MOST = 600  # frames that are kept; when there are more, every second one goes and only every second is taken
HOLD = 1.0  # seconds that the last frame stays
SHORTEST = 0.02  # seconds of a frame of a GIF; viewers slow down shorter ones
SAMPLES = 40  # frames whose colours make the palette

Frames = Sequence[tuple[float, Canvas]]


class Packed(NamedTuple):
    """The cells of a frame in about a tenth of their memory; real pixels are left out, as they are not written.

    Attributes:
        at: When it was shown, seconds.
        width: Cells in a row.
        height: Number of rows.
        cells: Glyphs, both colours and weights, one after the other, deflated.
    """

    at: float
    width: int
    height: int
    cells: bytes

    @classmethod
    def of(cls, canvas: Canvas, at: float) -> Packed:
        """Pack a frame."""
        layers = (canvas.glyph, canvas.front, canvas.back, canvas.bold)
        cells = zlib.compress(b"".join(layer.tobytes() for layer in layers), 1)
        return cls(at, canvas.width, canvas.height, cells)

    def canvas(self) -> Canvas:
        """Return the cells."""
        found, cells, start = Canvas(self.width, self.height), zlib.decompress(self.cells), 0
        for layer in (found.glyph, found.front, found.back, found.bold):
            layer[:] = np.frombuffer(cells, layer.dtype, layer.size, start).reshape(layer.shape)
            start += layer.nbytes
        return found


class Reel(Frames):
    """Packed frames, unpacked one by one as they are looked at."""

    def __init__(self, packed: Sequence[Packed]) -> None:
        self._packed = packed

    def __len__(self) -> int:
        return len(self._packed)

    @overload
    def __getitem__(self, place: int) -> tuple[float, Canvas]: ...
    @overload
    def __getitem__(self, place: slice) -> Reel: ...
    def __getitem__(self, place: int | slice) -> tuple[float, Canvas] | Reel:
        if isinstance(place, slice):
            return Reel(self._packed[place])
        return self._packed[place].at, self._packed[place].canvas()


@dataclass
class Recording:
    """Frames with the seconds at which they were shown; memory is bounded.

    Attributes:
        paper: Packed colour behind cells that leave theirs to the terminal.
        ink: Packed colour of letters that do.
        every: One of so many frames is kept.
    """

    paper: int = PAPER
    ink: int = INK
    every: int = 1
    _kept: list[Packed] = field(default_factory=list)
    _seen: int = 0

    @property
    def frames(self) -> Frames:
        """Time and cells of each frame that was kept."""
        return Reel(self._kept)

    def add(self, canvas: Canvas, at: float) -> None:
        """Keep a frame."""
        if self._seen % self.every == 0:
            self._kept.append(Packed.of(canvas, at))
        self._seen += 1
        if len(self._kept) > MOST:
            self._kept = self._kept[::2]
            self.every *= 2

    @property
    def seconds(self) -> float:
        """How long it lasts, without the hold at the end."""
        return self._kept[-1].at - self._kept[0].at if self._kept else 0.0

    def save(self, path: Path) -> None:
        """Write the frames; the ending of the name says how.

        Args:
            path: A name that ends in ``.gif`` or ``.cast``.

        Raises:
            UsageError: If it ends in something else, or there is no frame.
            DltuiError: If Pillow is needed and missing, or the folder can't be written.
        """
        check_moving(path)
        if not self._kept:
            raise UsageError(f"there is no frame to write to {path.name!r}")
        if path.suffix.lower() == ".cast":
            write_text(path, "\n".join(cast_lines(self.frames)) + "\n")
        else:
            save_gif(self, path)


def cast_lines(frames: Frames) -> Iterator[str]:
    """Yield the lines of an asciinema recording, version 2; a frame writes only the rows that have changed."""
    width, height = _size(frames)
    yield json.dumps({"version": 2, "width": width, "height": height})
    start, before = frames[0][0], [""] * height
    for place, (at, canvas) in enumerate(frames):
        rows = canvas.lines(Depth.TRUE) + [""] * (height - canvas.height)
        changed = [
            f"\x1b[{row}H{line}\x1b[K"
            for row, (line, old) in enumerate(zip(rows, before, strict=True), start=1)
            if line != old
        ]
        head = "\x1b[?25l\x1b[2J" if place == 0 else ""
        if head or changed:
            yield json.dumps([round(at - start, 4), "o", head + "".join(changed)], ensure_ascii=False)
        before = rows
    yield json.dumps([round(frames[-1][0] - start + HOLD, 4), "o", "\x1b[?25h"])


def save_gif(recording: Recording, path: Path) -> None:
    """Write frames as an animated GIF that plays again and again.

    Args:
        recording: The frames and the ground that they stand on.
        path: Where to.
    """
    from PIL import Image

    frames = recording.frames
    size = _size(frames)
    palette, table = _palette(recording)

    def drawn() -> Iterator[Image.Image]:
        for _, canvas in frames:
            index = _indices(_filled_up(canvas, *size), table, recording)
            image = Image.fromarray(index, "P")
            image.putpalette(palette.tobytes())
            yield image

    pictures = drawn()
    with replacing(path) as temporary:
        next(pictures).save(
            temporary,
            format="GIF",
            save_all=True,
            append_images=pictures,
            duration=durations(frames),
            loop=0,
            optimize=False,
        )


def durations(frames: Frames) -> list[int]:
    """Return how long each frame of a GIF stays, in milliseconds; rounding does not add up."""
    marks = [round(at * 100) for at, _ in frames]
    shortest = round(SHORTEST * 100)
    return [10 * max(shortest, later - sooner) for sooner, later in pairwise(marks)] + [round(HOLD * 1000)]


def _size(frames: Frames) -> tuple[int, int]:
    """Return columns and rows that hold all frames."""
    return max(canvas.width for _, canvas in frames), max(canvas.height for _, canvas in frames)


def _filled_up(canvas: Canvas, width: int, height: int) -> Canvas:
    """Return a canvas with empty cells added on the right and below."""
    if (canvas.width, canvas.height) == (width, height):
        return canvas
    whole = Canvas(width, height)
    for part in ("glyph", "front", "back", "bold"):
        getattr(whole, part)[: canvas.height, : canvas.width] = getattr(canvas, part)
    return whole


def _palette(recording: Recording) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Return a palette for all frames, and the number of the nearest of its colours to every colour of 15 bits."""
    frames = recording.frames
    chosen = np.unique(np.linspace(0, len(frames) - 1, min(SAMPLES, len(frames))).astype(int))
    layers = [layer for i in chosen for layer in _layers(frames[i][1], recording)]
    packed = np.concatenate([layer.ravel() for layer in layers])
    rgb = np.stack([packed >> 16, packed >> 8 & 255, packed & 255], axis=1).astype(np.uint8)
    palette, _ = reduced(rgb[None], 256)
    steps = np.arange(1 << 15)
    known = np.stack([steps >> 10, steps >> 5 & 31, steps & 31], axis=1) * 8.0 + 4
    far = (palette.astype(float) ** 2).sum(axis=1) - 2 * known @ palette.T.astype(float)
    return palette, far.argmin(axis=1).astype(np.uint8)


def _layers(canvas: Canvas, recording: Recording) -> list[NDArray[np.uint32]]:
    """Return the colours behind, halfway, and in front of each cell."""
    front, back = grounded(canvas, recording.paper, recording.ink)
    half = (front >> 1 & 0x7F7F7F) + (back >> 1 & 0x7F7F7F)
    return [back, half, front]


def _indices(canvas: Canvas, table: NDArray[np.uint8], recording: Recording) -> NDArray[np.uint8]:
    """Return a frame as numbers of the palette's colours, shape (rows · down, columns · across)."""
    layers = [
        np.repeat(np.repeat(table[_keys(layer)], CELL[1], axis=0), CELL[0], axis=1)
        for layer in _layers(canvas, recording)
    ]
    levels = filled(canvas)
    return np.where(levels == 0, layers[0], np.where(levels == FULL, layers[2], layers[1]))


def _keys(packed: NDArray[np.uint32]) -> NDArray[np.uint32]:
    """Return packed colours cut to five bits a channel."""
    return np.asarray((packed >> 19 & 31) << 10 | (packed >> 11 & 31) << 5 | packed >> 3 & 31, np.uint32)
