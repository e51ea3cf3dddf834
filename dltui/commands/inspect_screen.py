"""The screen of a model or a checkpoint: what can be done with what it shows."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from textual import on
from textual.widgets import Input

from dltui.commands._model_files import open_beside, run_of
from dltui.commands._model_looks import LOOKS
from dltui.commands._model_told import answers
from dltui.commands._model_view import ModelView
from dltui.commands._names import VERBS
from dltui.contents.page import counted
from dltui.jobs import Job
from dltui.tui import actions
from dltui.tui.actions import Action
from dltui.tui.catalog.items import Item
from dltui.tui.fuzzy import Candidate
from dltui.tui.register import screen
from dltui.tui.widgets.tab_line import TabLine
from dltui.tui.widgets.tensor_tree import TensorTree


@screen("model", "checkpoint")
class ModelScreen(ModelView):
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

    # jobs

    def on_mount(self) -> None:
        """Hear of jobs, and begin to read."""
        self.dltui.job_news.subscribe(self, self._news)
        super().on_mount()

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
            return line is not None and self.contents is not None and answers(LOOKS[self.look], self.contents)
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
        if asked is None or self.contents is None or not answers(look, self.contents):
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


def _chosen(found: Candidate | None) -> None:
    """Do what was chosen."""
    if found is not None and found.run is not None:
        found.run()
