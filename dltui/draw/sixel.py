"""Pictures as sixel: bands of six rows, one stretch of letters a colour and band."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from dltui.draw.canvas import Canvas
from dltui.draw.patches import Patch

COLOURS = 255  # one number of the 256 stays free for what is clear
BAND = 6

Bytes = NDArray[np.uint8]


def encode(pixels: Bytes) -> str:
    """Return a picture as one sixel sequence; clear pixels are left as they are on the screen.

    Args:
        pixels: Red, green, blue and opacity, shape (h, w, 4).

    Returns:
        The sequence, without moves of the cursor.
    """
    height, width = pixels.shape[:2]
    colours, index = reduced(pixels[..., :3])
    index = np.where(pixels[..., 3] > 127, index, -1)
    index = np.pad(index, ((0, -height % BAND), (0, 0)), constant_values=-1)
    percent = (colours.astype(int) * 100 + 127) // 255
    palette = "".join(f"#{i};2;{r};{g};{b}" for i, (r, g, b) in enumerate(percent.tolist()))
    bands = [_band(index[top : top + BAND]) for top in range(0, len(index), BAND)]
    return f'\x1bP0;1;0q"1;1;{width};{height}{palette}{"-".join(bands)}\x1b\\'


def as_sixel(canvas: Canvas, patch: Patch, cell: tuple[int, int]) -> str:
    """Return a patch of a canvas at the size of its cells, clear where something was written over it."""
    width, height = patch.columns * cell[0], patch.rows * cell[1]
    return encode(stretched(patch.shown(canvas), width, height))


def stretched(pixels: Bytes, width: int, height: int) -> Bytes:
    """Return a picture with every pixel repeated until it is ``width`` × ``height``."""
    rows = np.arange(height) * pixels.shape[0] // height
    columns = np.arange(width) * pixels.shape[1] // width
    picked: Bytes = pixels[rows][:, columns]
    return picked


def reduced(rgb: Bytes, most: int = COLOURS) -> tuple[Bytes, NDArray[np.int64]]:
    """Return a palette for a picture and the number of each pixel's colour in it (median cut, Heckbert 1982).

    Args:
        rgb: Colours, shape (h, w, 3).
        most: How many colours the palette may have.

    Returns:
        The palette, shape (n, 3), and the numbers, shape (h, w).
    """
    fine = rgb.reshape(-1, 3).astype(np.int64)
    keys = (fine[:, 0] >> 3) << 10 | (fine[:, 1] >> 3) << 5 | fine[:, 2] >> 3
    count = np.bincount(keys, minlength=1 << 15)
    bins = np.flatnonzero(count)
    mean = np.stack([np.bincount(keys, fine[:, i], 1 << 15)[bins] / count[bins] for i in range(3)], axis=1)
    boxes = _cut(mean, count[bins].astype(float), most)
    table = np.zeros(1 << 15, np.int64)
    palette = np.zeros((len(boxes), 3), np.uint8)
    for number, box in enumerate(boxes):
        palette[number] = np.average(mean[box], axis=0, weights=count[bins][box]).round()
        table[bins[box]] = number
    return palette, table[keys].reshape(rgb.shape[:2])


def _cut(colours: NDArray[np.float64], weight: NDArray[np.float64], most: int) -> list[NDArray[np.int64]]:
    """Return groups of like colours: the group with the largest error is cut at its mean, again and again."""
    boxes = [np.arange(len(colours))]
    errors = [_spread(colours, weight)]
    while len(boxes) < most:
        worst = int(np.argmax([error for error, _ in errors]))
        error, axis = errors[worst]
        if error <= 0:
            break
        box = boxes.pop(worst)
        errors.pop(worst)
        along = colours[box, axis]
        high = along > np.average(along, weights=weight[box])
        for part in (box[high], box[~high]):
            boxes.append(part)
            errors.append(_spread(colours[part], weight[part]))
    return boxes


def _spread(colours: NDArray[np.float64], weight: NDArray[np.float64]) -> tuple[float, int]:
    """Return the summed squared deviation along the axis where it is largest, and that axis."""
    if len(colours) < 2:
        return 0.0, 0
    deviation = ((colours - np.average(colours, axis=0, weights=weight)) ** 2 * weight[:, None]).sum(axis=0)
    axis = int(np.argmax(deviation))
    return float(deviation[axis]), axis


def _band(index: NDArray[np.int64]) -> str:
    """Return six rows: for each colour in them the columns as letters, with repeats counted."""
    present = np.unique(index[index >= 0])
    if not present.size:
        return ""
    number = np.searchsorted(present, index)
    letters = np.zeros((len(present), index.shape[1]), np.uint8)
    columns = np.broadcast_to(np.arange(index.shape[1]), index.shape)
    bit = np.broadcast_to((1 << np.arange(BAND, dtype=np.uint8))[:, None], index.shape)
    filled = index >= 0
    np.add.at(letters, (number[filled], columns[filled]), bit[filled])
    parts = [f"#{colour}{_counted(line)}" for colour, line in zip(present.tolist(), letters, strict=True)]
    return "$".join(parts)


def _counted(line: Bytes) -> str:
    """Return the letters of one colour, runs of four and more as a count; what is empty at the end is left out."""
    starts = np.flatnonzero(np.r_[True, line[1:] != line[:-1]])
    lengths = np.diff(np.r_[starts, len(line)]).tolist()
    values = line[starts].tolist()
    if values[-1] == 0:
        values, lengths = values[:-1], lengths[:-1]
    return "".join(
        f"!{length}{chr(63 + value)}" if length > 3 else chr(63 + value) * length
        for value, length in zip(values, lengths, strict=True)
    )
