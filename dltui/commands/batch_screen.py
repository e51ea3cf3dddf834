"""The screen of a batch or a sweep: its jobs in a list, each with what it said last, and the table that they fill."""

from __future__ import annotations

import shlex
from functools import partial
from pathlib import Path

from textual import on
from textual.app import ComposeResult
from textual.content import Content
from textual.widgets import Static

from dltui.batch.crew import RESULT
from dltui.batch.folder import LOG, document
from dltui.batch.log import ask
from dltui.errors import DltuiError
from dltui.tui import actions
from dltui.tui.actions import Action
from dltui.tui.catalog import Item, results
from dltui.tui.catalog.batches import BatchFollower, BatchStory
from dltui.tui.register import screen
from dltui.tui.screens.gallery import GalleryScreen
from dltui.tui.widgets.facts import Facts
from dltui.tui.widgets.item_list import ItemList

EVERY = 0.5  # seconds between looks at the folder
MOVES = ("running", "retrying")


@screen("batch")
class BatchScreen(GalleryScreen):
    """Follows a batch; a job that is chosen tells what it said last, and opens as the result that it saved."""

    BINDINGS = actions.register(
        "This batch",
        Action(
            "batch", "open_job", ("o",), "open", "Open what the chosen job found: its run, or its result."
        ),
        Action("batch", "stop_job", ("c",), "stop job", "Stop the chosen job; what it knows by now is kept."),
        Action(
            "batch", "stop_batch", ("C",), "stop all", "Stop the batch; run again, it goes on from there."
        ),
        Action("batch", "go_on", ("R",), "run again", "Run the batch again: what is done is not done again."),
        Action("batch", "follow", ("f",), "follow", "Keep the cursor on what runs, or let it be."),
        Action("batch", "choose", ("tab",), "jobs", "Go to the list of jobs, and back to the table."),
    )
    DEFAULT_CSS = """
    BatchScreen {
        ItemList { width: 34; border-right: solid $foreground 15%; margin: 1 0 0 0; }
        &.-wide ItemList { width: 36; }
        &.-vast ItemList { width: 72; }
        &.-low ItemList { margin: 0; }
        #said-last { margin: 1 0 0 0; }
    }
    """
    AUTO_FOCUS = "ItemList"
    shelf_title = "Batches"

    def __init__(self, item: Item) -> None:
        super().__init__(item)
        self._follower = BatchFollower(item.path)
        self._story: BatchStory | None = None
        self._reading = self._following = False
        self._log_size = -1

    def beside(self) -> ComposeResult:
        """Yield the list of jobs."""
        yield ItemList(id="jobs")

    def compose_details(self) -> ComposeResult:
        """Lay out what is known of the chosen job, its command, and its last words."""
        yield Facts()
        yield Static(id="command")
        yield Static(id="said-last", markup=False)

    @property
    def list(self) -> ItemList:
        """The jobs."""
        return self.query_one("#jobs", ItemList)

    @property
    def chosen(self) -> Item | None:
        """The job under the cursor, once there is a list."""
        return self.list.chosen if self.query("#jobs") else None

    def on_mount(self) -> None:
        """Begin to follow the folder."""
        super().on_mount()
        self.set_interval(EVERY, self.read)

    def read(self) -> None:
        """Look at the folder in a thread, unless that is being done or nothing has happened there."""
        size = log_size(self.item.path)
        if not self._reading and (size != self._log_size or self._story is None or self._story.alive):
            self._log_size = size
            self._look()

    def _look(self) -> None:
        """Read how it stands, with the last words of the chosen job."""
        self._reading = True
        chosen = self.chosen
        self.read_by(partial(self._follower.look, chosen.name if chosen else ""))

    def received(self, found: BatchStory) -> None:
        """Show how it stands by now."""
        self._reading = False
        self._story = found
        self.list.fill(list(found.items))
        if self._following:
            self._go_to_what_runs()
        self.hang(list(found.figures), (), found.remark)
        self._tell_of_chosen()

    def fail(self, error: BaseException | None) -> None:
        """Tell why it can't be read."""
        self._reading = False
        super().fail(error)

    def _tell_of_chosen(self) -> None:
        """Write what is known of the chosen job."""
        chosen, story = self.chosen, self._story
        if chosen is None or story is None or not self.is_mounted:
            return
        self.query_one(Facts).facts = story.facts(chosen.name)
        self.query_one("#command", Static).update(
            Content.styled(f"$ {chosen.command}" if chosen.command else "", "$text-accent")
        )
        said = "\n".join(story.said.get(chosen.name, ()))
        self.query_one("#said-last", Static).update(Content.styled(said, "$foreground 70%"))
        self.refresh_bindings()

    def _go_to_what_runs(self) -> None:
        """Put the cursor on the first job that runs."""
        assert self._story is not None, "called only then"
        name = next((name for name, job in self._story.standings.jobs.items() if job.state in MOVES), "")
        item = next((item for item in self._story.items if item.name == name), None)
        if item is not None:
            self.list.choose(item.place)

    @on(ItemList.Moved)
    def _moved(self) -> None:
        self._tell_of_chosen()
        if self._story is not None and not self._story.alive and not self._reading:
            self._look()  # its last words have not been read yet

    @on(ItemList.Opened)
    def _opened(self) -> None:
        self.action_open_job()

    # keys

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer only what can be done with the batch and the chosen job as they stand."""
        story = self._story
        chosen = self.chosen if story is not None else None
        if action == "open_job":
            return chosen is not None and _found(chosen) is not None
        if action == "stop_job":
            job = story.standings.jobs.get(chosen.name) if chosen and story else None
            return bool(story and story.alive and job and job.state in MOVES)
        if action in {"stop_batch", "follow"}:
            return story is not None and story.alive
        if action == "go_on":
            return story is not None and not story.alive and bool(self.item.command)
        return super().check_action(action, parameters)

    def action_open_job(self) -> None:
        """Open what the chosen job found."""
        found = _found(self.chosen) if self.chosen else None
        if found is None:
            self.notify("This job has saved nothing yet.", severity="warning")
        else:
            self.dltui.open_item(found)

    def action_stop_job(self) -> None:
        """Stop the chosen job."""
        chosen = self.chosen
        if chosen is not None:
            self._ask(chosen.name)

    def action_stop_batch(self) -> None:
        """Stop the batch."""
        self._ask("")

    def _ask(self, job: str) -> None:
        """Ask whoever runs the batch to stop."""
        try:
            ask(self.item.path, "stop", job)
        except DltuiError as error:
            self.notify(str(error), severity="error", markup=False)
            return
        self.notify(f"{job or 'The batch'} is being stopped; what it knows is kept.", markup=False)

    def action_go_on(self) -> None:
        """Run the batch again as a job of this session."""
        words = shlex.split(self.item.command)[1:]
        self.dltui.run_job(words if "--folder" in words else [*words, "--folder", str(self.item.path)])

    def action_follow(self) -> None:
        """Keep the cursor on what runs, or let it be."""
        self._following = not self._following
        self.notify("The cursor follows what runs." if self._following else "The cursor stays where it is.")

    def action_choose(self) -> None:
        """Move between the list and the table."""
        self.set_focus(self.view if self.list.has_focus else self.list)


def log_size(batch: Path) -> int:
    """Return how many bytes the log of a batch has; 0 where there is none."""
    try:
        return (batch / LOG).stat().st_size
    except OSError:
        return 0


def _found(job: Item) -> Item | None:
    """Return what a job found as a thing that can be opened: a run, a result, or nothing."""
    folder = Path(job.key)
    if job.command.startswith("dltui train"):
        from dltui.runs import find_run
        from dltui.tui.catalog import runs

        told = document(folder)
        name = told.get("run", "") if isinstance(told, dict) else ""
        try:
            return runs.item_of(find_run(name)) if name else None
        except DltuiError:
            return None
    path = folder / RESULT
    return results.item_of(path, results.look_in(path)) if path.is_file() else None
