"""One model or checkpoint: what is known of it without running anything."""

from __future__ import annotations

from functools import partial

from dltui.figures import Prose
from dltui.tui import actions, catalog
from dltui.tui.actions import Action
from dltui.tui.catalog import Glimpse
from dltui.tui.register import screen
from dltui.tui.screens.gallery import GalleryScreen


@screen("model", "checkpoint")
class CardScreen(GalleryScreen):
    """A card with the commands that go with it."""

    BINDINGS = actions.register(
        "This card",
        Action(
            "card", "deeds", ("a",), "act", "Choose what to do with it: train, landscape, Hessian, gradients."
        ),
    )
    shelf_title = "Models"

    def read(self) -> None:
        """Read headers and tables in a thread."""
        self.read_by(partial(catalog.glimpse, self.item))

    def received(self, found: Glimpse) -> None:
        """Show the table of tensors, or what the thing is in words."""
        figure = found.figure or Prose(title=found.title, text=found.words)
        self.hang([figure], found.facts, self.item.kind)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer verbs for what they can be done to."""
        if action == "deeds":
            return self.item.kind != "exhibit"
        return super().check_action(action, parameters)

    def action_deeds(self) -> None:
        """Ask what to do with it."""
        self.ask_deed(self.item)
