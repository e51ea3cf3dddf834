"""Something that can be fetched: what it is, its files, where it comes from; and the key that fetches it."""

from __future__ import annotations

from functools import partial

from dltui.data.fetch.places import is_here
from dltui.figures import Prose
from dltui.tui import actions, catalog
from dltui.tui.actions import Action
from dltui.tui.catalog import Glimpse, Item
from dltui.tui.catalog.fetchable import is_data
from dltui.tui.catalog.items import TO_FETCH
from dltui.tui.register import screen
from dltui.tui.screens.gallery import GalleryScreen


@screen("fetchable")
class FetchScreen(GalleryScreen):
    """A table of files with their hashes, and the facts beside it."""

    BINDINGS = actions.register(
        "This thing to fetch",
        Action(
            "fetch", "fetch", ("D",), "fetch", "Fetch it, beside everything else; it is kept in the cache."
        ),
        Action("fetch", "walk", ("o",), "walk through", "Walk through its tensors, once it is here."),
        Action("fetch", "deeds", ("a",), "act", "Choose what to do with it."),
    )

    def __init__(self, item: Item) -> None:
        super().__init__(item)
        self._here = item.group != TO_FETCH

    @property
    def shelf_title(self) -> str:
        """Models and data stand on shelves of their own."""
        return "Data" if is_data(self.item) else "Models"

    def on_mount(self) -> None:
        """Look again whenever the shelves are read: it may have come."""
        self.dltui.shelf_read.subscribe(self, lambda _: self.read())

    def read(self) -> None:
        """Read the manifest, and whether it is here, in a thread."""
        self.read_by(partial(_look, self.item))

    def received(self, found: tuple[Glimpse, bool]) -> None:
        """Show the files."""
        told, self._here = found
        figure = told.figure or Prose(title=told.title, text=told.words)
        self.hang([figure], told.facts, "fetched" if self._here else TO_FETCH)
        self.refresh_bindings()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer to fetch what isn't here and isn't on its way."""
        if action == "fetch":
            return not self._here and self.can_fetch(self.item)
        if action == "walk":
            return self._here and not is_data(self.item)
        return super().check_action(action, parameters)

    def action_fetch(self) -> None:
        """Fetch it in a process of its own."""
        self.fetch(self.item)

    def action_walk(self) -> None:
        """Open its weights."""
        name = self.item.key
        self.dltui.open_item(Item("model", name, self.item.note, name, f"dltui inspect {name}"))

    def action_deeds(self) -> None:
        """Ask what to do with it."""
        self.ask_deed(self.item)


def _look(item: Item) -> tuple[Glimpse, bool]:
    """Return what is known of a thing, and whether it is here."""
    return catalog.glimpse(item), is_here(item.key)
