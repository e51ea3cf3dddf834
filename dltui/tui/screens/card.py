"""One model, checkpoint or exhibit: what is known of it without running anything."""

from __future__ import annotations

from functools import partial

from dltui.figures import Prose
from dltui.tui import catalog
from dltui.tui.catalog import Glimpse
from dltui.tui.register import screen
from dltui.tui.screens.gallery import GalleryScreen


@screen("model", "checkpoint", "exhibit")
class CardScreen(GalleryScreen):
    """A card with the commands that go with it."""

    @property
    def shelf_title(self) -> str:
        """The shelf that such things stand on."""
        return "Lab" if self.item.kind == "exhibit" else "Models"

    def read(self) -> None:
        """Read headers and tables in a thread."""
        self.read_by(partial(catalog.glimpse, self.item))

    def received(self, found: Glimpse) -> None:
        """Show the table of tensors, or what the thing is in words."""
        figure = found.figure or Prose(title=found.title, text=found.words)
        self.hang([figure], found.facts, self.item.kind)
