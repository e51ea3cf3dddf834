"""Something unfinished: looked at like a result, then kept or deleted."""

from __future__ import annotations

from functools import partial

from dltui.errors import DltuiError
from dltui.tui import actions
from dltui.tui.actions import Action
from dltui.tui.catalog import results, scratch
from dltui.tui.register import screen
from dltui.tui.screens.ask import Ask, AskName
from dltui.tui.screens.result import ResultScreen


@screen("scratch")
class ScratchScreen(ResultScreen):
    """A file of the scratch folder."""

    BINDINGS = actions.register(
        "Something unfinished",
        Action("scratch", "keep", ("m", "ctrl+s"), "keep", "Move it to the results, under a name."),
        Action("scratch", "delete", ("D", "delete"), "delete", "Delete it, after a question."),
    )
    shelf_title = "Scratch"

    def action_keep(self) -> None:
        """Ask for a name and move it to the results."""
        self.app.push_screen(AskName("Keep it among the results as", self.item.name), self._keep)

    def action_delete(self) -> None:
        """Ask, then delete it."""
        question = Ask(f"Delete {self.item.name}? It can't be got back.", yes="Delete", no="Leave it")
        self.app.push_screen(question, self._delete)

    async def _keep(self, name: str | None) -> None:
        if name is None:
            return
        try:
            path = scratch.keep(self.item.path, name)
        except DltuiError as error:
            self.notify(str(error), severity="error", markup=False)
            return
        await self._gone()
        self.dltui.read_shelf("results")
        self.dltui.open_item(results.item_of(path, results.look_in(path)))

    async def _delete(self, sure: bool | None) -> None:
        if not sure:
            return
        try:
            scratch.delete(self.item.path)
        except DltuiError as error:
            self.notify(str(error), severity="error", markup=False)
            return
        await self._gone()

    async def _gone(self) -> None:
        """Close the tab of what is no longer there."""
        self.dltui.read_shelf("scratch")
        self.dltui.call_later(partial(self.dltui.close_place, self.item.place))
