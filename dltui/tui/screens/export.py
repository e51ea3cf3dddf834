"""The question for a file name."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.suggester import Suggester
from textual.widgets import Input, Label, Static

from dltui.draw.endings import EXTRA, KINDS, missing

Question = tuple[str, bool]  # what is said below the name, and whether enter may go on


class ExportScreen(ModalScreen[str | None]):
    """Asks where to write something; the ending says how.

    Args:
        name: What it is called at first.
        folder: Where names without a folder lead to; the current one when None.
        kinds: The endings that there are, and what each writes.
        what: What is written, for the question.
    """

    BINDINGS = [  # noqa: RUF012 - as Textual declares it
        Binding("escape", "dismiss(None)", "back"),
        Binding("tab", "complete", "complete", priority=True),
    ]
    DEFAULT_CSS = """
    ExportScreen { align: center middle; }
    ExportScreen > Vertical {
        width: 72; max-width: 100%; height: auto; padding: 1 2; background: $surface; border: round $primary;
        border-subtitle-color: $foreground 70%;
    }
    ExportScreen Input { margin: 1 0 0 0; }
    ExportScreen #said { height: 2; color: $text-warning; margin: 0 1; }
    """

    def __init__(
        self,
        name: str,
        folder: Path | None = None,
        kinds: Mapping[str, str] = KINDS,
        what: str = "figure",
    ) -> None:
        super().__init__()
        self._proposed = name
        self._folder = folder or Path.cwd()
        self._kinds = dict(kinds)
        self._what = what
        self._agreed = ""

    def compose(self) -> ComposeResult:
        """Lay out the question."""
        with Vertical() as box:
            box.border_subtitle = "enter writes · tab completes · esc goes back"
            yield Label(
                Content.assemble(f"Write the {self._what} to ", (str(self._folder), "$foreground 70%"))
            )
            yield Input(
                self._proposed, select_on_focus=False, suggester=Names(self._folder, tuple(self._kinds))
            )
            yield Static(id="said", markup=False)
            yield Static(id="kinds")

    def on_mount(self) -> None:
        """Put the cursor before the ending, which is right more often than the name."""
        field = self.query_one(Input)
        field.cursor_position = len(self._proposed) - len(Path(self._proposed).suffix)
        self._tell(self._proposed)

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        self._agreed = ""
        self.query_one("#said", Static).update("")
        self._tell(event.value)

    @on(Input.Submitted)
    def _answer(self, event: Input.Submitted) -> None:
        name = event.value.strip()
        said = self._objection(name) if name else ""
        if not said:
            self.dismiss(name or None)
            return
        self._agreed = name
        self.query_one("#said", Static).update(said)

    def action_complete(self) -> None:
        """Take what is suggested."""
        field = self.query_one(Input)
        field.action_end()
        field.action_cursor_right()

    def _objection(self, name: str) -> str:
        """Return why a name is not taken yet, or nothing."""
        path = self._folder / Path(name).expanduser()
        ending = path.suffix.lower()
        if ending not in self._kinds:
            return f"The name must end in one of {', '.join(self._kinds)}."
        if package := missing(ending):
            return f"{ending} needs {package}: pip install 'dltui[figures]'. {self._instead(ending)}"
        if path.is_dir():
            return f"{path.name} is a folder; add a name for the file."
        if path.exists() and self._agreed != name:
            return f"{path.name} exists. Press enter again to replace it, or change the name."
        return ""

    def _instead(self, ending: str) -> str:
        """Return which endings work without the packages that this one needs."""
        others = [kind for kind in self._kinds if kind != ending and kind not in EXTRA]
        return f"Without it: {', '.join(others)}."

    def _tell(self, name: str) -> None:
        """Show the endings, the chosen one bright."""
        chosen = Path(name.strip()).suffix.lower()
        lines = []
        for ending, writes in self._kinds.items():
            style = "$text-accent bold" if ending == chosen else "$foreground 70%"
            lines.append(Content.styled(f"{ending:<6} {writes}", style))
        self.query_one("#kinds", Static).update(Content("\n").join(lines))


class Names(Suggester):
    """Completes folders, files, and the ending."""

    def __init__(self, folder: Path, endings: tuple[str, ...]) -> None:
        super().__init__(use_cache=False, case_sensitive=True)
        self._folder = folder
        self._endings = endings

    async def get_suggestion(self, value: str) -> str | None:
        """Return the first folder or ending that goes on like ``value``.

        Args:
            value: What has been typed.

        Returns:
            The whole name, or None.
        """
        if not value:
            return None
        head, slash, tail = value.rpartition("/")
        place = self._folder / Path(head + slash).expanduser()
        try:
            inside = sorted(entry.name for entry in place.iterdir() if entry.is_dir()) if tail else []
        except OSError:
            inside = []
        folder = next((name for name in inside if name.startswith(tail)), None)
        if folder:
            return f"{head}{slash}{folder}/"
        stem, dot, ending = tail.rpartition(".")
        if not dot:
            return f"{value}{self._endings[0]}" if tail else None
        found = next((known for known in self._endings if known.startswith(f".{ending}")), None)
        return f"{head}{slash}{stem}{found}" if found and stem else None
