"""The screen of critical points: the cloud shuffled, thinned out and turned, and what becomes of the answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dltui.figures import Figure
from dltui.tui import actions
from dltui.tui.actions import Action
from dltui.tui.register import screen
from dltui.tui.screens.result import ResultScreen

if TYPE_CHECKING:
    from dltui.results.critical import CriticalPoints, Way


@screen("result:critical")
class CriticalScreen(ResultScreen):
    """One cloud, and what a network bears."""

    BINDINGS = actions.register(
        "This cloud",
        Action("critical", "shuffle", ("x",), "shuffle", "Put the points into another order: the answer must stay."),
        Action("critical", "drop", ("d", "D"), "drop", "Drop half of the points, by chance or critical ones first.",
               ("'chance'", "'critical'"), shown=2),
        Action("critical", "rotate", ("t", "T"), "turn", "Turn the cloud further about y, or about x.",
               ("'y'", "'x'"), shown=2),
        Action("critical", "undo", ("o",), "as it was", "Show the cloud as it was."),
    )  # fmt: skip

    _found: CriticalPoints | None = None
    _way: Way = "shuffle"
    _at = -1  # which try of the way; below 0 for the cloud as it was

    def show_result(self, result: CriticalPoints, figures: list[Figure]) -> None:
        """Show the cloud as it was."""
        self._found, self._at = result, -1
        super().show_result(result, figures)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer what was tried."""
        if action in {"shuffle", "drop", "rotate", "undo"}:
            return self._found is not None and self._found.tries("shuffle") > 0
        return super().check_action(action, parameters)

    def action_shuffle(self) -> None:
        """Put the points into another order."""
        self._go_on("shuffle", first=0)

    def action_drop(self, way: Way) -> None:
        """Drop half of the points that are left."""
        self._go_on(way, first=1)

    def action_rotate(self, way: Way) -> None:
        """Turn the cloud further."""
        self._go_on(way, first=1)

    def _go_on(self, way: Way, *, first: int) -> None:
        """Go on with a way to change the cloud, or begin with it at its first try that changes anything."""
        if self._found is not None:
            count = self._found.tries(way)
            self._at = (self._at + 1 if way == self._way and self._at >= 0 else first) % count
            self._way = way
            self.put_figure(0, self._found.tried(way, self._at))

    def action_undo(self) -> None:
        """Show the cloud as it was."""
        if self._found is not None:
            self._at = -1
            self.put_figure(0, self._found.figures()[0])
