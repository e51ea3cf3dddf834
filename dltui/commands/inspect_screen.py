"""The screen of a model or a checkpoint: its tensors as a tree, and what the one under the cursor is like."""

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
from dltui.commands._model_files import (
    Beside,
    Glanced,
    Opened,
    file_of,
    glance_at,
    grown,
    open_beside,
    open_file,
    run_of,
)
from dltui.commands._model_looks import LOOKS, Asked, ask, known
from dltui.commands._model_told import facts_of, head_of, offer, told_of
from dltui.commands._names import VERBS
from dltui.contents import Contents
from dltui.contents.outline import Line, Outline
from dltui.contents.page import counted
from dltui.figures import Figure, Prose
from dltui.jobs import Job
from dltui.tui import actions
from dltui.tui.actions import Action
from dltui.tui.catalog.items import Item
from dltui.tui.fuzzy import Candidate
from dltui.tui.register import screen
from dltui.tui.screens.gallery import GalleryScreen
from dltui.tui.widgets.figure_view import FigureView
from dltui.tui.widgets.tab_line import TabLine
from dltui.tui.widgets.tensor_tree import TensorTree

REST = 0.05  # seconds that the cursor must rest before numbers are read


@screen("model", "checkpoint")
class ModelScreen(GalleryScreen):
    """A tree on the left, pictures on the right; tabs ask the verbs that look at weights and models."""

    BINDINGS = actions.register(
        "This model",
        Action("model", "measure", ("m",), "measure", "Ask the verb of this tab about what is under the cursor."),
        Action("model", "find", ("f",), "find", "List only tensors whose names hold some letters."),
        Action("model", "choose", ("tab",), "look closer", "Go from the tree to the picture, and back."),
        Action("model", "turn", ("right", "left"), "open", "Open the module under the cursor, or close it.",
               ("1", "-1"), shown=2),
        Action("model", "step", ("greater_than_sign", "less_than_sign"), "step",
               "Go to the next checkpoint of the run, or the one before; the tensor stays.", ("1", "-1"), shown=2),
        Action("model", "along", ("l",), "along the run", "Follow the tensor through all steps of the run."),
        Action("model", "compare", ("c",), "compare", "Put another checkpoint beside this one, or take it away."),
        Action("model", "deeds", ("a",), "act", "Choose what to do with it: train, landscape, Hessian, gradients."),
        Action("model", "unfilter", ("escape",), "", "Show the whole tree again, or go back.", shown=0),
    )  # fmt: skip
    CSS = """
    ModelScreen {
        #looks { dock: top; margin: 1 0 0 0; }
        #head {
            height: 1; margin: 0 0 1 0; padding: 0 1; color: $foreground 70%;
            text-wrap: nowrap; text-overflow: ellipsis;
        }
        #walk { width: 38; border-right: solid $foreground 15%; }
        #stage { margin: 0 1; }
        #figures { margin: 0 0 1 0; padding: 0; }
        #find { display: none; height: 1; border: none; padding: 0 1; background: $foreground 6%; }
        #find:focus { border: none; }
        #other { display: none; }
        #pictures { height: 1fr; }
        #pictures > * { width: 1fr; }
        &.-words #pictures { display: none; }
        &.-finding #find { display: block; }
        &.-compare #other { display: block; height: 1fr; }
        &.-wide #walk { width: 48; }
        &.-vast #walk { width: 64; }
        &.-vast #pictures { layout: horizontal; }
        &.-low #looks { margin: 0; }
        &.-low #figures { margin: 0; }
        &.-low #head { display: none; }
    }
    """
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
        asked = self.asked
        if asked is not None and known(LOOKS[self.look]) and (self.look or (self.line and self.line.entry)):
            return shlex.join(["dltui", *asked.line])
        return shlex.join(["dltui", "inspect", self.spec])

    # what it holds

    def read(self) -> None:
        """List the tensors of a file in a thread, or those of a model in a process that has torch."""
        self.read_by(partial(open_file, self._path) if self._path else partial(find_elsewhere, self.spec))

    def on_mount(self) -> None:
        """Hear of jobs, and begin to read."""
        self.dltui.job_news.subscribe(self, self._news)
        super().on_mount()

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
            self._hang([
                Prose(title=f"{look.name.capitalize()} · {line.path}", text=offer(LOOKS[self.look], asked))
            ])
        elif line.entry is None:
            self._hang(self._module(line))
        elif self.opened is not None:
            self._rest = self.set_timer(REST, partial(self._glance, line))
        else:
            self._hang([Prose(title=line.path, text=f"{told_of(line)}. {offer(LOOKS[self.look], asked)}")])

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

    # jobs

    def _news(self, job: Job) -> None:
        """Take what a job found that was asked about this model, from here or elsewhere."""
        look = next((one for one in LOOKS if job.words and job.words[0] == one.verb), LOOKS[0])
        ours = job.words[:1] == (look.verb,) and {self.spec, self.file} & set(job.words)
        if self.contents is None or not (ours or job.name in self._asked):
            return
        if not job.over:
            self.tell(self._remark())
            return
        asked = self._asked.pop(job.name, (look.name, " ".join(job.words)))
        if job.result is not None:
            self._results.pop(asked, None)
            self._results = {asked: job.result.figures(), **self._results}
        self.show_line()

    def watches(self, job: Job) -> bool:
        """Return whether this screen tells how a job ends."""
        return job.name in self._asked and job.failure is None

    # keys

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer only what can be done with what is under the cursor."""
        line = self.line if self.contents is not None else None
        if action == "measure":
            return line is not None and known(LOOKS[self.look])
        if action == "turn":
            return self.tree_view.has_focus if self.query(TensorTree) else False
        if action in {"step", "along"}:
            return len(self.steps) > 1 and (
                action == "step" or bool(line and line.entry and "weights" in VERBS)
            )
        if action == "unfilter":
            return self.has_class("-finding")
        if action == "compare":
            return self._path is not None
        return super().check_action(action, parameters)

    def action_figure(self, number: int) -> None:
        """Go to a tab by its number, counted from 1."""
        if 1 <= number <= len(LOOKS) and number - 1 != self.look:
            self.look = number - 1
            self.query_one("#looks", TabLine).active = self.look
            self.show_line()
            self.refresh_bindings()

    def action_next_figure(self) -> None:
        """Show the next figure."""
        super().action_figure((self._shown + 1) % len(self._figures) + 1)

    def action_previous_figure(self) -> None:
        """Show the previous figure."""
        super().action_figure((self._shown - 1) % len(self._figures) + 1)

    @on(TabLine.Chosen)
    def _tab_chosen(self, event: TabLine.Chosen) -> None:
        event.prevent_default()
        if event.line.id == "looks":
            self.action_figure(event.index + 1)
        else:
            super().action_figure(event.index + 1)

    @on(TensorTree.Opened)
    def _looked_closer(self) -> None:
        self.action_measure()

    def action_measure(self) -> None:
        """Run the verb of this tab, or open its form where it needs an input."""
        asked, look = self.asked, LOOKS[self.look]
        if asked is None or not known(look):
            return
        if not look.runs:
            self.dltui.open_form(asked.verb, dict(asked.fields))
            return
        line = asked.line
        if self.other is not None and "diff" in VERBS:
            line = ["diff", self.file, str(self.other.path), *asked.places[1:]]
        self._run(line, (look.name, " ".join(asked.line)))

    def _run(self, words: list[str], asked: tuple[str, str]) -> None:
        """Run a command whose result comes back here."""
        job = self.dltui.run_job(words)
        self._asked[job.name] = asked
        self.tell(self._remark())

    def action_along(self) -> None:
        """Follow the tensor through the run."""
        line, asked = self.line, self.asked
        if line is not None and line.entry is not None and asked is not None and self._path is not None:
            run = run_of(self._path)
            self._run(
                ["weights", f"run:{run}", line.path, "--along-run"], (LOOKS[0].name, " ".join(asked.line))
            )

    @property
    def steps(self) -> list[Path]:
        """The checkpoints of the run that the file belongs to, in their order; none for other files."""
        return self.opened.steps if self.opened is not None else []

    def action_step(self, change: int) -> None:
        """Go to another checkpoint of the run."""
        paths = self.steps
        if self._path not in paths:
            return
        at = paths.index(self._path) + change
        if not 0 <= at < len(paths):
            self.notify("This is the last checkpoint." if change > 0 else "This is the first checkpoint.")
            return
        self._wanted = self.line.path if self.line else ""
        self._path, self.spec = paths[at], str(paths[at])
        self.read()

    def action_compare(self) -> None:
        """Ask for another checkpoint, or take the second one away."""
        if self.other is not None:
            self._let_go(self.other)
            self.other, self._others = None, []
            self.remove_class("-compare")
            self.query_one("#other").display = False
            if self.opened is not None:
                self._plant(self.opened.outline)
            return
        found = [path for path in self.steps if path != self._path]
        items = [item for item in self.dltui.items.get("models") or () if item.kind == "checkpoint"]
        others = [Item("checkpoint", path.parent.name, "of the same run", str(path), "") for path in found]
        listed = [
            Candidate(item, partial(self.put_beside, item.path))
            for item in [*others, *items]
            if item.path != self._path
        ]
        if not listed:
            self.notify("There is no other checkpoint here to compare with.", severity="warning")
            return
        from dltui.tui.screens.search import SearchScreen

        question = SearchScreen(listed, {}, title=self.item.name, ask="compare with", glimpses=False)
        self.app.push_screen(question, _chosen)

    def put_beside(self, path: Path) -> None:
        """Read a second file, to be walked through with the first.

        Args:
            path: The file.
        """
        if self.contents is not None:
            contents = self.contents
            self.read_by(lambda: open_beside(contents, path))

    def action_turn(self, change: int) -> None:
        """Open or close a module."""
        self.tree_view.turn(opened=change > 0)

    def action_choose(self) -> None:
        """Move between the tree and the picture."""
        self.set_focus(self.view if self.tree_view.has_focus else self.tree_view)

    def action_deeds(self) -> None:
        """Ask what to do with it."""
        self.ask_deed(self.item)

    def action_find(self) -> None:
        """Type letters of a name."""
        self.add_class("-finding")
        self.query_one("#find").focus()

    def action_unfilter(self) -> None:
        """Show the whole tree again."""
        self.query_one("#find", Input).value = ""
        self.remove_class("-finding")
        self.tree_view.filter("")
        self.set_focus(self.tree_view)

    @on(Input.Changed, "#find")
    def _typed(self, event: Input.Changed) -> None:
        self.tree_view.filter(event.value)
        outline = self.tree_view.outline
        if outline is not None and outline.wanted:
            more = (
                f", the first {len(outline.lines):,} are listed" if outline.found > len(outline.lines) else ""
            )
            self.tell(f"{counted(outline.found, 'tensor')}{more}")

    @on(Input.Submitted, "#find")
    def _found(self) -> None:
        self.set_focus(self.tree_view)

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


def _chosen(found: Candidate | None) -> None:
    """Do what was chosen."""
    if found is not None and found.run is not None:
        found.run()
