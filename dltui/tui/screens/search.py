"""Finding anything by a few letters."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal, Vertical
from textual.screen import ModalScreen
from textual.widgets import Input, Static

from dltui.tui.fuzzy import Candidate, Finder
from dltui.tui.usage import Use
from dltui.tui.widgets.item_list import ItemList
from dltui.tui.widgets.preview import Preview

NAMES = 64  # cells that the names of commands may take
KEEP = "enter opens · ↑ ↓ moves · esc goes back"


class SearchScreen(ModalScreen[Candidate | None]):
    """A question, what fits it, and a glimpse of what is chosen; answers with what was chosen."""

    BINDINGS = [  # noqa: RUF012 - as Textual declares it
        Binding("escape", "dismiss(None)", show=False),
        Binding("up,ctrl+p", "list('cursor_up')", show=False, priority=True),
        Binding("down,ctrl+n", "list('cursor_down')", show=False, priority=True),
        Binding("pageup", "list('page_up')", show=False, priority=True),
        Binding("pagedown", "list('page_down')", show=False, priority=True),
    ]
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (110, "-wide")]  # noqa: RUF012 - as Textual declares it
    DEFAULT_CSS = """
    SearchScreen {
        align: center top;
        & > Vertical {
            width: 100%; max-width: 180; height: 100%; padding: 0 1; background: $surface;
            border: round $primary; border-title-color: $text-primary; border-subtitle-color: $foreground 70%;
        }
        Input { border: none; height: 1; margin: 0 0 1 0; padding: 0 1; background: $foreground 6%; }
        Input:focus { border: none; }
        #hits { width: 1fr; }
        #glimpse { display: none; }
        #none { display: none; height: 1fr; padding: 0 1; color: $foreground 70%; }
        &.-nothing #none { display: block; }
        &.-nothing #panes { display: none; }
        &.-wide.-glimpses #glimpse {
            display: block; width: 1fr; padding: 0 1 0 2; border-left: solid $foreground 15%;
        }
        &.-short > Vertical { width: 92; max-width: 96%; height: auto; max-height: 80%; margin: 2 0 0 0; }
        &.-short #panes, &.-short #none { height: auto; }
        &.-short #hits { height: auto; max-height: 26; }
    }
    """

    def __init__(
        self,
        candidates: Sequence[Candidate],
        uses: Mapping[str, Use],
        *,
        title: str,
        ask: str,
        glimpses: bool,
    ) -> None:
        """Make the question.

        Args:
            candidates: What can be found.
            uses: How often things were opened.
            title: What is found here.
            ask: What stands in the field before anything is typed.
            glimpses: Show what is chosen beside the list, where there is room.
        """
        super().__init__()
        self._finder = Finder(candidates, uses, time.time())
        self._count = len(candidates)
        self._title, self._ask, self._glimpses = title, ask, glimpses
        self._hits: dict[str, Candidate] = {}

    def compose(self) -> ComposeResult:
        """Lay out the question and the answers."""
        with Vertical() as box:
            box.border_title = self._title
            box.border_subtitle = KEEP
            yield Input(placeholder=self._ask)
            with Horizontal(id="panes"):
                yield ItemList(badges=True, names=NAMES if not self._glimpses else None, id="hits")
                yield Preview(id="glimpse")
            yield Static(id="none", markup=False)

    def on_mount(self) -> None:
        """Show what is wanted most before anything is typed."""
        self.set_class(self._glimpses, "-glimpses")
        self.set_class(not self._glimpses, "-short")
        self._find("")

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        self._find(event.value)

    def _find(self, query: str) -> None:
        """Show what fits."""
        hits = self._finder.find(query)
        self._hits = {hit.candidate.item.place: hit.candidate for hit in hits}
        results = self.query_one("#hits", ItemList)
        rows = [hit.candidate.item for hit in hits]
        results.rewind()
        results.fill(rows, {hit.candidate.item.place: hit.places for hit in hits})
        self.set_class(not rows, "-nothing")
        if not rows:
            self.query_one("#none", Static).update(f"Nothing among {self._count} things fits {query!r}.")

    @on(ItemList.Moved)
    def _moved(self, event: ItemList.Moved) -> None:
        if self._glimpses and self.has_class("-wide"):
            self.query_one(Preview).look_at(event.item)

    @on(Input.Submitted)
    def _answer(self) -> None:
        self.query_one("#hits", ItemList).action_select()

    @on(ItemList.Opened)
    def _opened(self, event: ItemList.Opened) -> None:
        self.dismiss(self._hits.get(event.item.place))

    def action_list(self, name: str) -> None:
        """Move within the list while the letters go to the question."""
        getattr(self.query_one("#hits", ItemList), f"action_{name}")()
