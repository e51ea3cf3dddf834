"""What is shown of a thing before it is opened."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from textual.app import ComposeResult
from textual.containers import Vertical, VerticalScroll
from textual.widgets import Static

from dltui.tui.catalog import Glimpse
from dltui.tui.widgets.facts import Facts

if TYPE_CHECKING:
    from dltui.figures import Figure


class Preview(Vertical):
    """Title, picture, words and facts, one above the other; the picture can be taken hold of."""

    DEFAULT_CSS = """
    Preview {
        #title { text-style: bold; height: 1; margin: 0 0 1 0; text-wrap: nowrap; text-overflow: ellipsis; }
        #picture { height: 1fr; display: none; }
        #told { height: auto; max-height: 100%; }
        #words { height: auto; }
        Facts { margin: 1 0 0 0; }
        &.-picture #picture { display: block; }
        &.-picture #title { display: none; }
        &.-picture #told { max-height: 30%; margin: 1 0 0 0; }
    }
    """

    def compose(self) -> ComposeResult:
        """Lay out the parts; the picture's own widget comes with the first picture."""
        yield Static(id="title", markup=False)
        yield Vertical(id="picture")
        with VerticalScroll(id="told", can_focus=False):
            yield Static(id="words", markup=False)
            yield Facts()

    def show(self, glimpse: Glimpse | None) -> None:
        """Show another thing, or nothing."""
        shown = glimpse or Glimpse(title="")
        self.query_one("#title", Static).update(shown.title)
        self.query_one("#words", Static).update(shown.words)
        self.query_one(Facts).facts = shown.facts
        self.set_class(shown.figure is not None, "-picture")
        self._picture(shown)

    def say(self, title: str, trouble: str) -> None:
        """Show in words why there is nothing to show."""
        self.show(Glimpse(title=title, words=trouble))

    def _picture(self, glimpse: Glimpse) -> None:
        """Show the figure; numpy is loaded when there is the first one."""
        if glimpse.figure is None and not self.query("FigureView"):
            return
        from dltui.tui.widgets.figure_view import FigureView

        views = self.query(FigureView)
        if views:
            views.first().show_figure(_bare(glimpse.figure))
        elif glimpse.figure is not None:
            self.query_one("#picture").mount(FigureView(_bare(glimpse.figure)))


def _bare(figure: Figure | None) -> Figure | None:
    """Return a figure without its caption, for which there is no room here."""
    return None if figure is None else replace(figure, caption="")
