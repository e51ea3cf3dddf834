"""What is shown of a thing before it is opened."""

from __future__ import annotations

from rich.cells import cell_len
from textual.app import ComposeResult
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.widgets import Static

from dltui.tui.catalog import Glimpse


class Preview(Vertical):
    """Title, picture, words and facts, one above the other; the picture can be taken hold of."""

    DEFAULT_CSS = """
    Preview {
        #title { text-style: bold; height: 1; text-wrap: nowrap; text-overflow: ellipsis; }
        #picture { height: 1fr; margin: 1 0 0 0; display: none; }
        #told { height: auto; max-height: 100%; margin: 1 0 0 0; }
        #words { height: auto; }
        #facts { height: auto; margin: 1 0 0 0; }
        &.-picture #picture { display: block; }
        &.-picture #told { max-height: 30%; }
    }
    """

    def compose(self) -> ComposeResult:
        """Lay out the parts; the picture's own widget comes with the first picture."""
        yield Static(id="title", markup=False)
        yield Vertical(id="picture")
        with VerticalScroll(id="told", can_focus=False):
            yield Static(id="words", markup=False)
            yield Static(id="facts")

    def show(self, glimpse: Glimpse | None) -> None:
        """Show another thing, or nothing."""
        shown = glimpse or Glimpse(title="")
        self.query_one("#title", Static).update(shown.title)
        self.query_one("#words", Static).update(shown.words)
        facts = self.query_one("#facts", Static)
        facts.update(facts_table(shown.facts))
        facts.display = bool(shown.facts)
        self.set_class(shown.figure is not None, "-picture")
        self._picture(shown)

    def say(self, title: str, trouble: str) -> None:
        """Show in words why there is nothing to show."""
        self.show(Glimpse(title=title, words=trouble))

    def _picture(self, glimpse: Glimpse) -> None:
        """Show the figure; numpy is loaded when there is the first one."""
        from dltui.tui.widgets.figure_view import FigureView

        views = self.query(FigureView)
        if views:
            views.first().show_figure(glimpse.figure)
        elif glimpse.figure is not None:
            self.query_one("#picture").mount(FigureView(glimpse.figure))


def facts_table(facts: tuple[tuple[str, str], ...]) -> Content:
    """Return names and values in two columns."""
    wide = max((cell_len(name) for name, _ in facts), default=0)
    lines = [
        Content.assemble((f"{name}{' ' * (wide - cell_len(name))}  ", "$foreground 55%"), value)
        for name, value in facts
    ]
    return Content("\n").join(lines)
