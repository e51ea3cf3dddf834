"""A picture straight to the terminal, past Textual's compositor, while nothing lies over it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from rich.console import Console, RenderableType
from textual._compositor import CompositorUpdate
from textual.app import App
from textual.geometry import Region
from textual.widget import Widget


class Straight(CompositorUpdate):
    """Rows of escape text, each at its place; Textual's compositor takes eight times as long to say the same."""

    def __init__(self, texts: Sequence[str], place: Region) -> None:
        """Make an update.

        Args:
            texts: A row each, as wide as the place.
            place: Where on the screen.
        """
        self._texts, self._place = texts, place

    def render_segments(self, console: Console) -> str:  # noqa: ARG002
        """Return what is written to the terminal."""
        column = self._place.x + 1
        return "".join([
            f"\x1b[{row};{column}H{text}" for row, text in enumerate(self._texts, self._place.y + 1)
        ])  # fmt: skip


def free(widget: Widget, part: Region) -> bool:
    """Return whether a widget is the uppermost in every cell of a part of the terminal."""
    screen = widget.screen
    if screen is not screen.app.screen or not screen.region.contains_region(part):
        return False
    for other, (region, clip) in screen._compositor.visible_widgets.items():  # the uppermost first
        if other is widget:
            return region.contains_region(part) and clip.contains_region(part)
        if region.intersection(clip).overlaps(part):
            return False
    return False


def write_rows(widget: Widget, texts: Sequence[str], place: Region) -> None:
    """Write rows of escape text to the terminal at once.

    Args:
        widget: Whose rows they are; its ``render_lines`` must return the same from now on.
        texts: A row each, as wide as the place.
        place: Where on the screen; the widget must be free there.
    """
    app: App[object] = widget.app
    app._display(widget.screen, cast("RenderableType", Straight(texts, place)))
