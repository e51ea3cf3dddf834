"""Real pixels that may lie over the cells of a picture."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from dltui.draw.canvas import Canvas

Bytes = NDArray[np.uint8]


@dataclass(frozen=True, slots=True, eq=False)
class Patch:
    """A picture over a rectangle of cells.

    Attributes:
        left: First column.
        top: First row.
        columns: Cells across.
        rows: Cells down.
        pixels: Red, green, blue and opacity, shape (rows · down, columns · across, 4) for any grain.
        glyph: The code points that the cells had when the picture was put over them, shape (rows, columns).
    """

    left: int
    top: int
    columns: int
    rows: int
    pixels: Bytes
    glyph: NDArray[np.uint32]

    def covered(self, canvas: Canvas) -> NDArray[np.bool_]:
        """Return the cells that show the picture, shape (rows, columns): those that nothing was written on since."""
        now = canvas.glyph[self.top : self.top + self.rows, self.left : self.left + self.columns]
        down, across = self.pixels.shape[0] // self.rows, self.pixels.shape[1] // self.columns
        filled = self.pixels[..., 3].reshape(self.rows, down, self.columns, across).any(axis=(1, 3))
        covered: NDArray[np.bool_] = (now == self.glyph) & filled
        return covered

    def shown(self, canvas: Canvas) -> Bytes:
        """Return the pixels, clear where a label or a mark stands on the canvas."""
        down, across = self.pixels.shape[0] // self.rows, self.pixels.shape[1] // self.columns
        covered = np.repeat(np.repeat(self.covered(canvas), down, axis=0), across, axis=1)
        shown = self.pixels.copy()
        shown[..., 3] *= covered
        return shown


def put_patch(
    canvas: Canvas,
    left: int,
    top: int,
    size: tuple[int, int],
    pixels: Bytes,
    seen: NDArray[np.bool_] | None = None,
) -> None:
    """Lay real pixels over the cells of a canvas; call it when these have been drawn, before labels are.

    Args:
        canvas: Where to.
        left: First column.
        top: First row.
        size: Columns and rows that are covered.
        pixels: Colours, shape (rows · down, columns · across, 3) for any grain.
        seen: Which pixels there are, or None for all.
    """
    columns, rows = size
    opaque = (
        np.full(pixels.shape[:2], 255, np.uint8) if seen is None else seen.astype(np.uint8) * np.uint8(255)
    )
    under = canvas.glyph[top : top + rows, left : left + columns].copy()
    canvas.patches.append(Patch(left, top, columns, rows, np.dstack([pixels, opaque]), under))
