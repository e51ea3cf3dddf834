"""What a model holds, laid out: its tensors as a tree, and pictures of the one under the cursor."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.timer import Timer
from textual.widgets import Input, Static

from dltui.commands import _model_pair
from dltui.commands._inspected import find_elsewhere
from dltui.commands._model_files import Beside, Glanced, Opened, file_of, glance_at, grown, open_file
from dltui.commands._model_looks import LOOKS, Asked, ask
from dltui.commands._model_told import answers, facts_of, head_of, offer, told_of
from dltui.contents import Contents
from dltui.contents.outline import Line, Outline
from dltui.figures import Figure, Prose
from dltui.tui.catalog.items import Item
from dltui.tui.screens.gallery import GalleryScreen
from dltui.tui.widgets.figure_view import FigureView
from dltui.tui.widgets.tab_line import TabLine
from dltui.tui.widgets.tensor_tree import TensorTree

REST = 0.05  # seconds that the cursor must rest before numbers are read


class ModelView(GalleryScreen):
    """A tree on the left, pictures on the right; a second file stands beside the first where one is put there."""

    AUTO_FOCUS = "TensorTree"
    DETAILS_FROM = 150
    shelf_title = "Models"

    def __init__(self, item: Item) -> None:
        super().__init__(item)
        self.contents: Contents | None = None
        self.opened: Opened | None = None
        self.other: Opened | None = None
        self.spec = item.key
        self.look = 0
        self._path = file_of(item)
        self._wanted = ""  # name of what shall be under the cursor
        self._results: dict[tuple[str, str], list[Figure]] = {}  # by look, and by what was asked
        self._asked: dict[str, tuple[str, str]] = {}  # jobs that run, by their names
        self._others: list[Figure] = []
        self._rest: Timer | None = None

    # layout

    def furnish(self) -> ComposeResult:
        """Lay out tabs, tree, picture, details and read-out."""
        yield Static(id="head", markup=False)
        with Horizontal(id="panes"):
            with Vertical(id="walk"):
                yield Input(placeholder="letters of a name", id="find", compact=True)
                yield TensorTree()
            with Vertical(id="stage"):
                yield TabLine(id="figures", first=10)
                with Vertical(id="pictures"):
                    yield FigureView()
                    with Vertical(id="other"):
                        yield FigureView()
                with VerticalScroll(id="spoken"):
                    yield Static(id="said", markup=False)
            with VerticalScroll(id="details", can_focus=False):
                yield from self.compose_details()
        yield Static(id="readout", markup=False)
        yield TabLine(*(look.name for look in LOOKS), id="looks")

    @property
    def tree_view(self) -> TensorTree:
        """The tensors."""
        return self.query_one(TensorTree)

    @property
    def line(self) -> Line | None:
        """What is under the cursor."""
        return self.tree_view.line if self.query(TensorTree) else None

    @property
    def asked(self) -> Asked | None:
        """What the verb of this tab would be asked about what is under the cursor."""
        line = self.line
        if line is None:
            return None
        look = LOOKS[self.look]
        return ask(look, self.file if look.runs else self.spec, line.path, tensor=line.entry is not None)

    @property
    def file(self) -> str:
        """How the verbs that look at files spell it."""
        return str(self._path) if self._path is not None else self.spec

    @property
    def command_line(self) -> str:
        """The command that shows the same, or more of it."""
        asked, contents = self.asked, self.contents
        answered = contents is not None and answers(LOOKS[self.look], contents)
        if asked is not None and answered and (self.look or (self.line and self.line.entry)):
            return shlex.join(["dltui", *asked.line])
        return shlex.join(["dltui", "inspect", self.spec])

    @property
    def steps(self) -> list[Path]:
        """The checkpoints of the run that the file belongs to, in their order; none for other files."""
        return self.opened.steps if self.opened is not None else []

    # what it holds

    def read(self) -> None:
        """List the tensors of a file in a thread, or those of a model in a process that has torch."""
        self.read_by(partial(open_file, self._path) if self._path else partial(find_elsewhere, self.spec))

    def received(self, found: object) -> None:
        """Take contents, a second file, or pictures."""
        if isinstance(found, Glanced):
            if self.line is not None and self.line.path == found.name and not self.look:
                self._others = found.others
                self._hang(found.figures)
        elif isinstance(found, Contents):
            self._take(found, grown(found.entries))
        elif isinstance(found, Opened) and found.path == self._path:
            self._let_go(self.opened)
            self.opened = found
            self._take(found.contents, found.outline)
        elif isinstance(found, Beside):
            self._let_go(self.other)
            self.other = found.opened
            self.add_class("-compare")
            self._plant(found.outline, found.remarks)

    def on_unmount(self) -> None:
        """Close the files."""
        self._let_go(self.opened)
        self._let_go(self.other)

    def _let_go(self, opened: Opened | None) -> None:
        """Close a file."""
        if opened is not None:
            opened.archive.close()

    def _take(self, contents: Contents, outline: Outline) -> None:
        """Show what the file holds."""
        self.contents = contents
        self.query_one("#head", Static).update(head_of(contents))
        if not contents.entries:
            self.hang(
                [Prose(title=contents.title, text="It holds no tensors.")], self._facts(), contents.format
            )
        self._plant(outline)

    def _plant(self, outline: Outline, remarks: _model_pair.Remarks | None = None) -> None:
        """Put the tensors of one file or of both into the tree."""
        self.tree_view.plant(outline, remarks)
        if self._wanted:
            self.tree_view.go_to(self._wanted)
            self._wanted = ""

    @on(TensorTree.Moved)
    def _moved(self) -> None:
        self.show_line()

    def show_line(self) -> None:
        """Show what is known of what is under the cursor; numbers are read once it rests."""
        if self._rest is not None:
            self._rest.stop()
        line, asked = self.line, self.asked
        if line is None or asked is None or self.contents is None:
            return
        look = LOOKS[self.look]
        figures = self._results.get((look.name, " ".join(asked.line))) or (
            next((one for key, one in self._results.items() if key[0] == look.name), None)
            if self.look
            else None
        )
        self._others = []
        if figures:
            self._hang(figures)
        elif self.look:
            told = offer(look, asked, self.contents)
            self._hang([Prose(title=f"{look.name.capitalize()} · {line.path}", text=told)])
        elif line.entry is None:
            self._hang(self._module(line))
        elif self.opened is not None:
            self._rest = self.set_timer(REST, partial(self._glance, line))
        else:
            self._hang([Prose(title=line.path, text=f"{told_of(line)}. {offer(look, asked, self.contents)}")])

    def _module(self, line: Line) -> list[Figure]:
        """Return the pictures of a module."""
        from dltui.commands._glance import inside

        assert self.contents is not None, "asked only then"
        outline = self.tree_view.outline
        shown: list[Figure] = [inside(line, outline.root.nbytes if outline else line.nbytes)]
        if self.other is not None:
            pair = self.contents, self.other.contents
            shown.insert(0, _model_pair.table(*pair, self.tree_view.remarks))
        return shown

    def _glance(self, line: Line) -> None:
        assert self.opened is not None, "asked only then"
        opened, other, name = self.opened, self.other, line.path
        self.read_by(lambda: glance_at(opened, other, name))  # Textual writes out whatever a partial holds

    def _hang(self, figures: Sequence[Figure]) -> None:
        self.hang(figures, self._facts(), self._remark())

    def _remark(self) -> str:
        """Return how things stand, for the top bar."""
        running = next((job for job in self.dltui.jobs if job.name in self._asked and not job.over), None)
        if running is not None:
            return f"{running.words[0]} runs"
        if self.other is not None and self.contents is not None:
            return _model_pair.sentence(self.contents, self.tree_view.remarks)
        return self.contents.format if self.contents else ""

    def _facts(self) -> tuple[tuple[str, str], ...]:
        """Return what is known of what is under the cursor, then of the file."""
        return facts_of(self.contents, self.line, self._path) if self.contents is not None else ()

    def _show(self, *, keep: bool = False) -> None:
        """Show the chosen figure, and that of the other file below it."""
        super()._show(keep=keep)
        other = self.query_one("#other")
        paired = self._others[self._shown] if self._shown < len(self._others) else None
        other.display = paired is not None and self.other is not None
        if paired is not None:
            other.query_one(FigureView).show_figure(paired, None)

    # memory

    def remember(self) -> dict[str, Any]:
        """Return what is under the cursor, and which tab is open, beside which figure is shown."""
        line = self.line
        tensor = self._wanted or (line.path if line else "")  # what is wanted is not there yet
        return super().remember() | {"tensor": tensor, "look": self.look}

    def recall(self, known: dict[str, Any]) -> None:
        """Go there again, as soon as it is read."""
        super().recall(known)
        tensor, look = known.get("tensor"), known.get("look")
        if isinstance(tensor, str):
            self._wanted = tensor
        if isinstance(look, int) and 0 <= look < len(LOOKS):
            self.look = look
            self.query_one("#looks", TabLine).active = look
