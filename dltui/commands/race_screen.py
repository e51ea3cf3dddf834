"""The screen of a race: both pictures beside the truth, and below them how both came there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.app import ComposeResult

from dltui.figures import Figure
from dltui.tui.register import screen
from dltui.tui.screens.result import ResultScreen
from dltui.tui.widgets.figure_view import FigureView

if TYPE_CHECKING:
    from dltui.results.nerf_race import Race


@screen("result:nerf-race")
class RaceScreen(ResultScreen):
    """A field against splats."""

    DETAILS_FROM = 200  # both figures need the room

    DEFAULT_CSS = """
    RaceScreen {
        #climb { height: 40%; margin: 0 1; }
        &.-alone #climb { display: none; }
    }
    """

    @property
    def view(self) -> FigureView:
        """The widget that shows the chosen figure, not the curves below it."""
        return self.query_one("#stage FigureView", FigureView)

    def furnish(self) -> ComposeResult:
        """Lay out the pictures, and the curves below them."""
        yield from super().furnish()
        climb = FigureView()
        climb.id = "climb"
        yield climb

    def show_result(self, result: Race, figures: list[Figure]) -> None:
        """Show both pictures, and both curves below."""
        self.query_one("#climb", FigureView).show_figure(result.climb())
        super().show_result(result, figures)

    def _show(self, *, keep: bool = False) -> None:
        """Leave the curves out where they are the figure itself."""
        super()._show(keep=keep)
        self.set_class(self._shown == 1, "-alone")
