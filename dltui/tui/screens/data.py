"""One data set: its samples page by page, its classes, its values."""

from __future__ import annotations

from functools import partial

from dltui.data import Dataset, load
from dltui.data.overview import facts
from dltui.data.views import Leaf, is_points, pages, views
from dltui.figures import Figure
from dltui.tui import actions
from dltui.tui.actions import Action
from dltui.tui.catalog import Item
from dltui.tui.register import screen
from dltui.tui.screens.gallery import GalleryScreen

Found = tuple[Dataset, Leaf, list[Figure]]


@screen("data")
class DataScreen(GalleryScreen):
    """Pictures or points with their labels, the mean of each class, counts, values and features."""

    BINDINGS = actions.register(
        "This data set",
        Action("data", "page", ("greater_than_sign", "less_than_sign"), "page",
               "Show the next page of samples, or the one before.", ("1", "-1"), shown=2),
        Action("data", "only", ("f", "F"), "class", "Show the samples of one class after the other, or of all again.",
               ("1", "-1"), shown=1),
        Action("data", "deeds", ("a",), "act", "Choose what to do with it: train a model on it."),
    )  # fmt: skip
    shelf_title = "Data"

    def __init__(self, item: Item) -> None:
        super().__init__(item)
        self._dataset: Dataset | None = None
        self._leaf = Leaf()

    @property
    def command_line(self) -> str:
        """The command that shows the same samples."""
        parts = [self.item.command]
        parts += [f"--class {self._leaf.only}"] if self._leaf.only is not None else []
        parts += [f"--page {self._leaf.page}"] if self._leaf.page > 1 else []
        return " ".join(parts)

    def read(self) -> None:
        """Load the data and draw up its pictures in a thread."""
        self.read_by(partial(_look, self.item.key, self._dataset, self._leaf))

    def received(self, found: Found) -> None:
        """Show what was found."""
        self._dataset, leaf, figures = found
        if leaf == self._leaf:  # else a newer page is on its way
            where = (
                "" if is_points(self._dataset) else f"page {leaf.page} of {pages(self._dataset, leaf.only)}"
            )
            only = "" if leaf.only is None else f"class {leaf.only}"
            self.hang(
                figures, facts(self._dataset), " · ".join(part for part in (only, where) if part) or "data"
            )

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer pages and classes where there are several."""
        data = self._dataset
        if action == "page":
            return data is not None and not is_points(data) and pages(data, self._leaf.only) > 1
        if action == "only":
            return data is not None and data.task == "classes"
        return super().check_action(action, parameters)

    def action_page(self, step: int) -> None:
        """Show another page of samples; the row of pages is a ring."""
        if self._dataset is not None:
            last = pages(self._dataset, self._leaf.only)
            self._turn(Leaf((self._leaf.page - 1 + step) % last + 1, self._leaf.only))

    def action_only(self, step: int) -> None:
        """Show the samples of the next class alone, after the last those of all."""
        if self._dataset is not None:
            known = (None, *self._dataset.classes)
            self._turn(Leaf(1, known[(known.index(self._leaf.only) + step) % len(known)]))

    def action_deeds(self) -> None:
        """Ask what to do with it."""
        self.ask_deed(self.item)

    def _turn(self, leaf: Leaf) -> None:
        """Show other samples, first of all."""
        self._leaf, self._shown = leaf, 0
        self.read()


def _look(spec: str, known: Dataset | None, leaf: Leaf) -> Found:
    """Return the data set with its pictures."""
    dataset = known or load(spec)
    return dataset, leaf, views(dataset, leaf)
