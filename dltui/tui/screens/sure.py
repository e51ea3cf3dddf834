"""A question that is answered with yes or no."""

from __future__ import annotations

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Label, Static


class SureScreen(ModalScreen[bool]):
    """Asks before something is done; no is the answer of everything but y, enter and a click on yes."""

    BINDINGS = [  # noqa: RUF012 - as Textual declares it
        Binding("y,enter", "dismiss(True)", show=False),
        Binding("n,escape,q,backspace", "dismiss(False)", show=False),
    ]
    DEFAULT_CSS = """
    SureScreen { align: center middle; }
    SureScreen > Vertical {
        width: 70; max-width: 96%; height: auto; padding: 1 2; background: $surface; border: round $primary;
    }
    SureScreen #remark { color: $foreground 70%; margin: 1 0; }
    SureScreen .answer { width: auto; color: $text-accent; }
    """

    def __init__(self, question: str, remark: str, yes: str) -> None:
        """Make the question.

        Args:
            question: What is asked.
            remark: What to know before answering.
            yes: What yes does, in a word or two.
        """
        super().__init__()
        self._question, self._remark, self._yes = question, remark, yes

    def compose(self) -> ComposeResult:
        """Lay out question and answers."""
        with Vertical():
            yield Label(self._question, markup=False)
            yield Static(self._remark, id="remark", markup=False)
            yield Label(f"y  {self._yes}", id="yes", classes="answer", markup=False)
            yield Label("n  leave it", id="no", classes="answer", markup=False)

    @on(events.Click, "#yes")
    def _yes_clicked(self) -> None:
        self.dismiss(True)

    @on(events.Click, "#no")
    def _no_clicked(self) -> None:
        self.dismiss(False)
