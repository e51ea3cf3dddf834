"""One job: how far it is, what is known by now, and where its result went."""

from __future__ import annotations

from functools import partial

from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Static

from dltui.figures import Figure
from dltui.jobs import Job, scratch_folder
from dltui.results import Result
from dltui.runs import runs_folder
from dltui.tui import actions
from dltui.tui.actions import Action
from dltui.tui.catalog import results
from dltui.tui.catalog.items import Item
from dltui.tui.catalog.jobs import by_name, standing, told
from dltui.tui.catalog.scratch import scratch_item
from dltui.tui.register import screen
from dltui.tui.screens.gallery import GalleryScreen
from dltui.tui.widgets.job_line import JobHead

EVERY = 0.5  # seconds between looks at the clock
APART = 0.2  # seconds between two pictures at least

Shown = tuple[Result, list[Figure]]


@screen("job")
class JobScreen(GalleryScreen):
    """Follows a job to its end; the picture is drawn again as it fills, from the view that was chosen."""

    BINDINGS = actions.register(
        "This job",
        Action("job", "cancel", ("c",), "cancel", "Stop the job; what it knows by now is kept."),
        Action("job", "open_result", ("o", "enter"), "open result", "Open the file where its result is kept."),
        Action("job", "watch", ("d",), "dashboard", "Watch the run that it trains."),
        Action("job", "retry", ("R",), "run again", "Run the same command again."),
    )  # fmt: skip
    DEFAULT_CSS = """
    JobScreen {
        #trouble { display: none; height: auto; max-height: 50%; margin: 1 1 0 1; padding: 0 1;
                   border-left: thick $error; }
        #trouble Static { height: auto; }
        &.-trouble #trouble { display: block; }
    }
    """
    shelf_title = "Jobs"

    def __init__(self, item: Item) -> None:
        super().__init__(item)
        self.job: Job | None = by_name(item.key)
        self._drawn: Result | None = None
        self._busy = False

    def furnish(self) -> ComposeResult:
        """Lay out how it goes above the pictures."""
        yield JobHead(self.job)
        with VerticalScroll(id="trouble"):
            yield Static(id="why", markup=False)
        yield from super().furnish()

    def on_mount(self) -> None:
        """Follow the job, once everything is in its place."""
        self.call_after_refresh(self._follow)

    def _follow(self) -> None:
        self.dltui.job_news.subscribe(self, self._news)
        self.set_interval(EVERY, self._tick)
        self._tick()
        self.read()

    def watches(self, job: Job) -> bool:
        """Return whether this screen tells how a job ends."""
        return job is self.job

    def read(self) -> None:
        """Take what is known, unless that is drawn already or being drawn."""
        job = self.job
        known = None if job is None else job.result or job.partial
        if known is not None and known is not self._drawn and not self._busy:
            self._busy, self._drawn = True, known
            self.read_by(partial(_figures, known))

    def received(self, found: Shown) -> None:
        """Show the pictures as they are by now; the next ones a little later at the earliest."""
        result, figures = found
        if not self._figures:
            self.remove_class("-words")
        self.hang(figures, self._facts(result), self._remark())
        self.set_timer(APART, self._rested)

    def fail(self, error: BaseException | None) -> None:
        """Tell that a picture can't be made; the job itself goes on."""
        self._busy = False
        super().fail(error)

    def _rested(self) -> None:
        self._busy = False
        self.read()

    def _news(self, job: Job) -> None:
        if job is self.job:
            self._tick()
            self.read()

    def _tick(self) -> None:
        """Write how it stands."""
        job, head = self.job, self.query_one(JobHead)
        head.note, head.keys = self._waiting(), self._offered()
        head.refresh()
        self.tell(self._remark())
        if job is None:
            return
        if not self._figures and not self._busy:
            self.query_one("#said", Static).update(_nothing_yet(job))
            self.add_class("-words")
        if job.failure is not None and not self.has_class("-trouble"):
            self.query_one("#why", Static).update(_why(job))
            self.add_class("-trouble")
        self.refresh_bindings()

    def _remark(self) -> str:
        return "no longer known" if self.job is None else standing(self.job)

    def _waiting(self) -> str:
        """Return what it waits for, or nothing."""
        job = self.job
        if job is None or job.state not in {"queued", "starting"}:
            return ""
        if job.state == "queued":
            return "waits for its turn"
        return (
            "starts"
            if self.dltui.engine.warm.is_set()
            else "torch is being loaded, which takes a few seconds once"
        )

    def _offered(self) -> str:
        """Return the keys that do something with the job now, since the footer is full of those of its picture."""
        offers = (
            ("cancel", "c cancels"),
            ("open_result", "o opens it"),
            ("watch", "d shows its dashboard"),
            ("retry", "R runs it again"),
        )
        return " · ".join(what for action, what in offers if self.check_action(action, ()))

    def _facts(self, result: Result) -> tuple[tuple[str, str], ...]:
        """Return how it was made, and what the verb remarked."""
        job = self.job
        assert job is not None, "what was read came from it"
        return results.facts(result, job.path) + tuple(("note", note) for note in job.notes[-3:])

    # keys

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer only what can be done with the job as it stands."""
        job = self.job
        if action == "cancel":
            return job is not None and not job.over and job.state != "cancelling"
        if action == "open_result":
            return job is not None and job.path is not None
        if action == "watch":
            return bool(self._run)
        if action == "retry":
            return job is not None and job.over
        return super().check_action(action, parameters)

    def action_cancel(self) -> None:
        """Stop it."""
        assert self.job is not None, "offered only then"
        self.job.cancel()
        self._tick()

    @property
    def _run(self) -> str:
        """The run that the job trains, as far as it told; empty when it trains none."""
        job = self.job
        return str(getattr(job.result or job.partial, "run", "") or "") if job is not None else ""

    def action_watch(self) -> None:
        """Open the dashboard of its run."""
        from dltui.commands.watch_screen import watch_item

        self.dltui.open_item(watch_item([str(runs_folder() / self._run)]))

    def action_open_result(self) -> None:
        """Open what it kept on its own screen."""
        self.dltui.open_kept(self.job)

    async def action_retry(self) -> None:
        """Run it again, in place of this one."""
        assert self.job is not None, "offered only then"
        place = self.item.place
        again = self.dltui.engine.retry(self.job)
        self.dltui.open_job(again)
        await self.dltui.close_place(place)


def kept_item(job: Job) -> Item:
    """Return the list entry of what a job kept: a result, or something unfinished."""
    assert job.path is not None, "asked only of jobs that kept something"
    if job.path.parent == scratch_folder():
        return scratch_item(job.path)
    return results.item_of(job.path, results.look_in(job.path))


def _figures(result: Result) -> Shown:
    """Return a result with its figures."""
    return result, result.figures()


def _nothing_yet(job: Job) -> str:
    """Return what is said in place of a picture."""
    if job.over:
        return told(job) if job.failure is None else ""
    return "The picture comes with the first numbers."


def _why(job: Job) -> Content:
    """Return why it failed, and the last lines of its process."""
    assert job.failure is not None, "asked only then"
    parts = [Content.styled(job.failure.sentence, "$text-error bold")]
    if job.failure.last_lines:
        parts.append(Content.styled("\n".join(job.failure.last_lines), "$foreground 70%"))
    if job.path is not None:
        parts.append(Content(f"What it knew is kept: {job.path.name} (o opens it)"))
    parts.append(Content.styled("R runs it again.", "$foreground 70%"))
    return Content("\n").join(parts)
