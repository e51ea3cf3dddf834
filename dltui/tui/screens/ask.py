"""Short questions: yes or no, and a name."""

from __future__ import annotations

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal, Vertical
from textual.screen import ModalScreen
from textual.widgets import Button, Input, Label

BOX = """
    align: center middle;
    & > Vertical {
        width: 64; max-width: 100%; height: auto; padding: 1 2; background: $surface; border: round $primary;
        border-subtitle-color: $foreground 70%;
    }
    Label { width: 100%; }
"""


class Ask(ModalScreen[bool]):
    """A question with two answers; escape is the careful one."""

    BINDINGS = [  # noqa: RUF012 - as Textual declares it
        Binding("escape,n", "dismiss(False)", "no"),
        Binding("y", "dismiss(True)", "yes"),
        Binding("left,right,h,l", "app.focus_next", show=False),
    ]
    DEFAULT_CSS = f"""
    Ask {{ {BOX}
        Horizontal {{ height: 1; margin: 1 0 0 0; }}
        Button {{ margin: 0 2 0 0; }}
    }}
    """
    AUTO_FOCUS = "#no"

    def __init__(self, question: str, *, yes: str, no: str) -> None:
        """Make it.

        Args:
            question: What is asked.
            yes: What is written on the button that does it.
            no: What is written on the button that leaves all as it is.
        """
        super().__init__()
        self._question, self._yes, self._no = question, yes, no

    def compose(self) -> ComposeResult:
        """Lay out question and answers."""
        with Vertical() as box:
            box.border_subtitle = "y does it · esc leaves it"
            yield Label(self._question, markup=False)
            with Horizontal():
                yield Button(self._no, id="no", compact=True)
                yield Button(self._yes, id="yes", variant="error", compact=True)

    @on(Button.Pressed)
    def _answer(self, event: Button.Pressed) -> None:
        self.dismiss(event.button.id == "yes")


class AskName(ModalScreen[str | None]):
    """The question for a name."""

    BINDINGS = [Binding("escape", "dismiss(None)", "back")]  # noqa: RUF012 - as Textual declares it
    DEFAULT_CSS = f"""
    AskName {{ {BOX}
        Input {{ margin: 1 0 0 0; }}
    }}
    """

    def __init__(self, question: str, name: str) -> None:
        """Make it.

        Args:
            question: What is asked.
            name: What is proposed.
        """
        super().__init__()
        self._question, self._name = question, name

    def compose(self) -> ComposeResult:
        """Lay out the question."""
        with Vertical() as box:
            box.border_subtitle = "enter takes it · esc goes back"
            yield Label(self._question, markup=False)
            yield Input(self._name)

    @on(Input.Submitted)
    def _answer(self, event: Input.Submitted) -> None:
        self.dismiss(event.value.strip() or None)
