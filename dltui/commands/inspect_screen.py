"""The screen of a model or a checkpoint: its tensors as a tree, and what the one under the cursor is like."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.timer import Timer
from textual.widgets import Input, Static

from dltui.archives import open_archive
from dltui.commands import _model_pair
from dltui.commands._inspected import find_contents, find_elsewhere
from dltui.commands._model_looks import LOOKS, Asked, ask, known
from dltui.commands._names import VERBS
from dltui.contents import Contents
from dltui.contents.outline import Line
from dltui.contents.page import shape_text, size
from dltui.errors import DltuiError
from dltui.figures import Figure, Prose
from dltui.jobs import Job
from dltui.runs import runs_folder
from dltui.tui import actions
from dltui.tui.actions import Action
from dltui.tui.catalog.items import Item, homely
from dltui.tui.fuzzy import Candidate
from dltui.tui.register import screen
from dltui.tui.screens.gallery import GalleryScreen
from dltui.tui.widgets.figure_view import FigureView
from dltui.tui.widgets.tab_line import TabLine
from dltui.tui.widgets.tensor_tree import TensorTree

REST = 0.05  # seconds that the cursor must rest before numbers are read


class Glanced(NamedTuple):
    """Pictures of what was under the cursor, of one file or of two."""

    name: str
    figures: list[Figure]
    others: list[Figure]


class Opened(NamedTuple):
    """What a file holds, and which file."""

    path: Path
    contents: Contents


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
        self.other: Opened | None = None
        self.spec = item.key
        self.look = 0
        self._path: Path | None = item.path if item.kind == "checkpoint" else None
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
        return ask(LOOKS[self.look], self.spec, line.path, tensor=line.entry is not None)

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
        self.read_by(partial(_opened, self._path) if self._path else partial(find_elsewhere, self.spec))

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
            self._take(found)
        elif isinstance(found, Opened) and found.path == self._path:
            self._take(found.contents)
        elif isinstance(found, Opened):
            self.other = found
            self.add_class("-compare")
            self._plant()

    def _take(self, contents: Contents) -> None:
        """Show what the file holds."""
        self.contents = contents
        own = contents.own()
        told = f"{contents.format} · {len(contents.entries):,} tensors · {sum(one.elements for one in own):,} numbers"
        seems = f" · seems to be {contents.guess.guess}" if contents.guess else ""
        self.query_one("#head", Static).update(f"{told} · {size(sum(one.nbytes for one in own))}{seems}")
        if not contents.entries:
            self.hang(
                [Prose(title=contents.title, text="It holds no tensors.")], self._facts(), contents.format
            )
        self._plant()

    def _plant(self) -> None:
        """Put the tensors of one file or of both into the tree."""
        assert self.contents is not None, "asked only then"
        if self.other is None:
            self.tree_view.plant(self.contents.entries)
        else:
            self.tree_view.plant(*_model_pair.union(self.contents, self.other.contents))
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
            self._hang([Prose(title=f"{look.name.capitalize()} · {line.path}", text=self._offer(asked))])
        elif line.entry is None:
            self._hang(self._module(line))
        elif self._path is not None:
            self._rest = self.set_timer(REST, partial(self._glance, line))
        else:
            self._hang([Prose(title=line.path, text=f"{self._told(line)}. {self._offer(asked)}")])

    def _module(self, line: Line) -> list[Figure]:
        """Return the pictures of a module."""
        from dltui.commands._glance import inside

        assert self.contents is not None, "asked only then"
        shown: list[Figure] = [inside(line, sum(one.nbytes for one in self.contents.own()))]
        if self.other is not None:
            pair = self.contents, self.other.contents
            shown.insert(0, _model_pair.table(*pair, self.tree_view.remarks))
        return shown

    def _told(self, line: Line) -> str:
        entry = line.entry
        return (
            f"{shape_text(entry.shape)} {entry.dtype}, {size(entry.nbytes)}" if entry else size(line.nbytes)
        )

    def _offer(self, asked: Asked) -> str:
        """Return what the key of the tab would do."""
        look = LOOKS[self.look]
        if not known(look):
            return f"This dltui has no verb {look.verb}, which shows {look.words}."
        opens = "runs" if look.runs else "opens the form of"
        return f"m {opens}: {shlex.join(['dltui', *asked.line])}\n\nIt shows {look.words}; its result comes back here."

    def _glance(self, line: Line) -> None:
        assert self._path is not None, "asked only then"
        self.read_by(partial(_glanced, self._path, self.other.path if self.other else None, line.path))

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
        contents, line = self.contents, self.line
        if contents is None:
            return ()
        facts: list[tuple[str, str]] = []
        if line is not None:
            entry = line.entry
            facts.append(("tensor" if entry else "module", line.path))
            if entry is not None:
                facts += [
                    ("shape", shape_text(entry.shape)),
                    ("type", entry.dtype),
                    ("bytes", size(entry.nbytes)),
                ]
            facts.append(("numbers", f"{line.elements:,}"))
            if entry is not None and entry.shared:
                facts.append(("kept with", entry.shared))
        if contents.guess:
            facts += [("seems to be", contents.guess.guess), ("because", contents.guess.because)]
        facts += [(key, str(value)[:60]) for key, value in list(contents.scalars.items())[:12]]
        if self._path is not None:
            facts.append(("file", homely(self._path)))
        return tuple(facts)

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
        """Take what a job found that was asked about this model."""
        look = next((one for one in LOOKS if job.words and job.words[0] == one.verb), None)
        if look is None or self.spec not in job.words:
            return
        if job.result is not None and job.over:
            asked = self._asked.pop(job.name, (look.name, " ".join(job.words)))
            self._results = {asked: job.result.figures()} | {
                k: v for k, v in self._results.items() if k != asked
            }
            self.show_line()
        elif self.contents is not None:
            self.tell(self._remark())

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
            line = ["diff", self.spec, str(self.other.path), *asked.places[1:]]
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
            run = _run_of(self._path)
            self._run(
                ["weights", f"run:{run}", line.path, "--along-run"], (LOOKS[0].name, " ".join(asked.line))
            )

    @property
    def steps(self) -> list[tuple[int, Path]]:
        """The checkpoints of the run that the file belongs to, by their steps; none for other files."""
        return _steps(self._path) if self._path is not None else []

    def action_step(self, change: int) -> None:
        """Go to another checkpoint of the run."""
        paths = [path for _, path in self.steps]
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
            self.other, self._others = None, []
            self.remove_class("-compare")
            self.query_one("#other").display = False
            self._plant()
            return
        found = [path for _, path in self.steps if path != self._path]
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
        self.read_by(partial(_opened, path))

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


def _opened(path: Path) -> Opened:
    """Return what a file holds."""
    return Opened(path, find_contents(str(path)))


def _glanced(path: Path, other: Path | None, name: str) -> Glanced:
    """Return pictures of a tensor of one file, or of two."""
    from dltui.commands._glance import glance, paired

    found: list[list[Figure]] = []
    for file in [path, *([other] if other else [])]:
        with open_archive(file) as archive:
            entry = next((one for one in archive.entries if one.name == name), None)
            found.append(glance(archive, entry) if entry else [])
    if other is None:
        return Glanced(name, found[0], [])
    titles = (
        [path.name, other.name]
        if path.name != other.name
        else [str(path.parent.name), str(other.parent.name)]
    )
    one, two = (
        [replace(figure, title=figure.title.replace(" · ", f" · {title}: ", 1)) for figure in figures]
        for title, figures in zip(titles, found, strict=True)
    )
    return Glanced(name, *(paired(one, two) if one and two else (one or two, [])))


def _run_of(path: Path) -> str:
    """Return the name of the run that a checkpoint belongs to, or ""."""
    try:
        return path.resolve().relative_to(runs_folder().resolve()).parts[0]
    except (ValueError, IndexError):
        return ""


def _steps(path: Path) -> list[tuple[int, Path]]:
    """Return the checkpoints of the run that a file belongs to."""
    from dltui.runs import open_run

    name = _run_of(path)
    if not name:
        return []
    with suppress(DltuiError, OSError):
        run = open_run(runs_folder() / name)
        return [(step, run.checkpoint(step)) for step in run.steps()]
    return []


def _chosen(found: Candidate | None) -> None:
    """Do what was chosen."""
    if found is not None and found.run is not None:
        found.run()
