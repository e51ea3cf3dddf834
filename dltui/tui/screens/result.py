"""One saved result."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

from dltui.figures import Figure
from dltui.results import Result, load
from dltui.tui.catalog.results import facts
from dltui.tui.register import screen
from dltui.tui.screens.gallery import GalleryScreen

Found = tuple[Result, list[Figure]]


@screen("result")
class ResultScreen(GalleryScreen):
    """The figures of a result, and how it was made."""

    def read(self) -> None:
        """Load the file in a thread."""
        self.read_by(partial(_load, self.item.path))

    def received(self, found: Found) -> None:
        """Show what was loaded."""
        self.show_result(*found)

    def show_result(self, result: Any, figures: list[Figure]) -> None:
        """Show the figures of a result and how it was made."""
        self.hang(figures, facts(result, self.kept), result.title)

    @property
    def kept(self) -> Path | None:
        """The file of what is shown; None while it is not kept."""
        return self.item.path


def _load(path: Path) -> Found:
    """Return a result and its figures."""
    result = load(path)
    return result, result.figures()
