"""What the screens of measured models share: asking further questions about the same model, and showing the answers."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol

from textual.worker import Worker, WorkerState

from dltui.errors import DltuiError
from dltui.tui.onward import Origin, origin
from dltui.tui.screens.result import ResultScreen
from dltui.tui.trouble import sentence

if TYPE_CHECKING:
    from dltui.jobs import Job


class Shower(Protocol):
    """Shows what a job knows by now."""

    def __call__(self, found: Any, *, first: bool) -> None:
        """Show a partial or the final result; ``first`` for the first one of a job."""


class MeasuredScreen(ResultScreen):
    """A result that was measured on a model; others can be asked for from here."""

    _job: Job | None = None  # the one that goes
    _asked: Job | None = None  # the last one, also when it has ended
    _shower: Shower | None = None
    _began = False
    _purpose = _answer = ""

    def on_mount(self) -> None:
        """Follow the jobs that are started from here."""
        super().on_mount()
        self.dltui.job_news.subscribe(self, self._job_told)

    def watches(self, job: Job) -> bool:
        """Return whether this screen tells how a job ends: the one whose answer it shows."""
        return job is self._asked

    @property
    def holds(self) -> bool:
        """Whether something was asked from here."""
        return self._asked is not None

    # asking further

    def look_on(self, verb: str, **changes: object) -> None:
        """Run another verb on the same model in a job, and open that job."""
        self._with_words(verb, changes, self._open_job)

    def ask(self, verb: str, purpose: tuple[str, str], show: Shower, **changes: object) -> None:
        """Run a verb on the same model in a job whose answer is shown here, as it comes.

        Args:
            verb: The verb.
            purpose: What is being done, and what is shown once it is done, for the top bar.
            show: Shows a partial or the final result.
            **changes: Arguments that differ from those that made this result.
        """
        self.stop_asking()
        self._shower, self._began = show, False
        self._purpose, self._answer = purpose
        self._with_words(verb, changes, self._start)

    def stop_asking(self) -> None:
        """Stop the job whose answer is shown here; what it knows by then is kept among the unfinished."""
        if self._job is not None and not self._job.over:
            self._job.cancel()
        self._job = None

    def _with_words(self, verb: str, changes: dict[str, object], then: Callable[[list[str]], None]) -> None:
        work = partial(_words, self.item.command, verb, changes)
        self._then = then
        self.run_worker(work, thread=True, exclusive=True, group="onward", exit_on_error=False)

    def _start(self, words: list[str]) -> None:
        self._job = self._asked = self.dltui.run_job(words)
        self.tell(f"{self._purpose} …")

    def _open_job(self, words: list[str]) -> None:
        self.dltui.open_job(self.dltui.run_job(words))

    def _job_told(self, job: Job) -> None:
        """Show what the job of this screen knows by now, or why it has ended."""
        if job is not self._job or self._shower is None:
            return
        over = job.over  # before its result: it may end at any moment, and is told of once more then
        found = job.result or job.partial
        if found is not None:
            self._shower(found, first=not self._began)
            self._began = True
        if over and job.failure is not None:
            self.notify(job.failure.sentence, title=job.line, severity="error", markup=False)
        if over:
            self._job = None
            self.tell(self._answer if job.state == "done" else job.state)
        elif job.progress is not None:
            self.tell(f"{self._purpose} · {job.progress.done} of {job.progress.total}")

    def on_worker_state_changed(self, event: Worker.StateChanged) -> None:
        """Take the command line that was put together; the gallery's own handler takes all else."""
        if event.worker.group != "onward":
            return
        event.prevent_default()
        event.stop()
        if event.state is WorkerState.SUCCESS and event.worker.result is not None:
            self._then(event.worker.result)
        elif event.state is WorkerState.ERROR:
            self.notify(sentence(event.worker.error), severity="error", markup=False)


def _words(command: str, verb: str, changes: dict[str, object]) -> list[str]:
    """Return the command line that asks a verb about the model of another command."""
    known: Origin = origin(command)
    try:
        return known.onward(verb, **changes)
    except DltuiError as error:
        raise DltuiError(f"`dltui {verb}` can't be asked from here: {error}") from error
