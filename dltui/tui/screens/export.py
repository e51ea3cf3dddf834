"""The question for a file name."""

from __future__ import annotations

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Input, Label

ENDINGS = "png svg pdf html csv json"


class ExportScreen(ModalScreen[str | None]):
    """Asks where to write a figure; the ending says how."""

    BINDINGS = [Binding("escape", "dismiss(None)", "back")]  # noqa: RUF012 - as Textual declares it
    DEFAULT_CSS = """
    ExportScreen { align: center middle; }
    ExportScreen > Vertical {
        width: 60; height: auto; padding: 1 2; background: $surface; border: round $primary;
        border-subtitle-color: $foreground 70%;
    }
    ExportScreen Input { margin: 1 0; }
    ExportScreen #hint { color: $foreground 70%; }
    """

    def __init__(self, name: str) -> None:
        super().__init__()
        self._name = name

    def compose(self) -> ComposeResult:
        """Lay out the question."""
        with Vertical() as box:
            box.border_subtitle = "enter writes · esc goes back"
            yield Label("Write the figure to")
            yield Input(self._name, select_on_focus=False)
            yield Label(f"The ending tells how: {ENDINGS}.", id="hint")

    @on(Input.Submitted)
    def _answer(self, event: Input.Submitted) -> None:
        self.dismiss(event.value.strip() or None)
