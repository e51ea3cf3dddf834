"""Recordings that are made without a screen."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from dltui.commands._frame import Common

if TYPE_CHECKING:
    from dltui.figures import Figure

SIZE = (100, 32)  # cells of a recording: what fits a page, and any terminal that plays it


class Recorder:
    """Draws figures that come one after the other, and writes them to one file in the end.

    Args:
        path: Where to; a name that ends in ``.gif`` or ``.cast``.
    """

    def __init__(self, path: Path) -> None:
        from dltui.draw import Depth, Glyphs, Look
        from dltui.draw.recording import Recording

        # A GIF draws octants itself; players of terminals may have no font for them.
        glyphs = Glyphs.OCTANT if path.suffix.lower() == ".gif" else Glyphs.QUADRANT
        self.path = path
        self.look = Look(width=SIZE[0], height=SIZE[1], depth=Depth.TRUE, glyphs=glyphs)
        self.recording = Recording()

    def __call__(self, figure: Figure, at: float) -> None:
        """Draw a figure that is shown ``at`` seconds from the start."""
        from dltui.draw import draw

        self.recording.add(draw(figure, self.look).canvas, at)

    def save(self, common: Common) -> None:
        """Write the file and say so.

        Raises:
            UsageError: If no recording has such a name.
            DltuiError: If Pillow is missing, or the folder can't be written.
        """
        self.recording.save(self.path)
        common.note(f"recorded {self.path}")


def record_turn(figures: list[Figure], path: Path, common: Common) -> None:
    """Write a recording of the first figure in space, turned once around.

    Args:
        figures: What there is.
        path: Where to.
        common: The common options; progress and a remark go where they say.

    Raises:
        UsageError: If nothing stands in space, or no recording has such a name.
        DltuiError: If Pillow is missing, or the folder can't be written.
    """
    from dltui.draw.turntable import FRAMES, turned

    recorder = Recorder(path)
    for done, (at, canvas) in enumerate(turned(figures, recorder.look), start=1):
        recorder.recording.add(canvas, at)
        common.report(done, FRAMES)
    recorder.save(common)
