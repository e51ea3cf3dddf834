"""What the application knows and computes: shelves that threads read, and jobs in processes of their own."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING

from textual import on
from textual.app import App
from textual.driver import Driver
from textual.markup import escape
from textual.message import Message
from textual.message_pump import MessagePump
from textual.worker import Worker, WorkerState

from dltui.tui import catalog
from dltui.tui.catalog import SHELVES, Item, jobs
from dltui.tui.news import News
from dltui.tui.screens.base import FETCH, Room
from dltui.tui.trouble import sentence

if TYPE_CHECKING:
    from textual.notifications import SeverityLevel

    from dltui.jobs import Engine, Job
    from dltui.tui.tuning import Tuning
    from dltui.tui.usage import Usage

COUNT_AFTER = 0.5  # seconds after news of a job that the shelf of jobs is read again


class WorkingApp(App[int]):
    """Shelves and jobs, without a way from screen to screen.

    Attributes:
        folder: Where the user is.
        items: What stands on each shelf that has been read, by the shelf's name.
        unread: Why a shelf could not be read the last time, by its name.
        shelf_read: Tells the name of a shelf that was read.
        job_news: Tells a job that has news.
        tuning: What is set.
    """

    tuning: Tuning

    @dataclass(eq=False, repr=False)
    class JobNews(Message):
        """A job has news; posted from threads of the engine."""

        job: Job

        def can_replace(self, message: MessagePump | Message) -> bool:
            """Return whether an older message of the queue may be dropped for this one."""
            return isinstance(message, WorkingApp.JobNews) and message.job is self.job

    def __init__(self, folder: Path | None, driver: type[Driver] | None) -> None:
        """Make the application.

        Args:
            folder: Where the user is; the current folder when None.
            driver: What reads the terminal; Textual's own when None.
        """
        # Without colours the terminal's own are used, and not the greys that Textual would make of the theme.
        super().__init__(driver, ansi_color=True if os.environ.get("NO_COLOR") else None)
        self.folder = folder or Path.cwd()
        self.items: dict[str, list[Item]] = {}
        self.unread: dict[str, str] = {}
        self.shelf_read: News[str] = News(self, "shelf-read")
        self.job_news: News[Job] = News(self, "job-news")
        self._count_due = False
        self._ended_jobs: set[str] = set()
        jobs.follow(lambda: self.jobs)

    def on_unmount(self) -> None:
        """End every job, keeping what it knows."""
        if "engine" in self.__dict__:
            self.engine.close()

    # shelves

    def read_shelves(self) -> None:
        """Read every shelf in a thread of its own."""
        for shelf in SHELVES:
            self.read_shelf(shelf.name)

    def read_shelf(self, name: str) -> None:
        """Read one shelf again, in a thread."""
        (shelf,) = [one for one in SHELVES if one.name == name]
        work = partial(catalog.read, shelf, self.folder)
        group = f"shelf-{name}"
        self.run_worker(work, name=name, group=group, thread=True, exclusive=True, exit_on_error=False)

    def on_worker_state_changed(self, event: Worker.StateChanged) -> None:
        """Keep what was read, and tell the screens."""
        if not event.worker.group.startswith("shelf-"):
            return
        if event.state is WorkerState.SUCCESS:
            self.items[event.worker.name] = event.worker.result or []
            self.unread.pop(event.worker.name, None)
        elif event.state is WorkerState.ERROR:
            self.items.setdefault(event.worker.name, [])
            self.unread[event.worker.name] = sentence(event.worker.error)
            self.notify(self.unread[event.worker.name], severity="error", markup=False)
        else:
            return
        self.shelf_read.publish(event.worker.name)

    # jobs

    @cached_property
    def usage(self) -> Usage:
        """How often each thing was wanted, read when it is first asked for."""
        from dltui.tui.usage import Usage

        return Usage()

    @cached_property
    def engine(self) -> Engine:
        """What runs verbs and exhibits in processes of their own."""
        from dltui.jobs import Engine

        wished = self.tuning.settings
        threads = None if wished.threads == "auto" else wished.threads
        return Engine(wished.jobs, threads=threads, on_news=self._hear)

    def _warm_up(self) -> None:
        self.engine.start()

    def _hear(self, job: Job) -> None:
        """Pass news on to this thread; called from threads of the engine."""
        self.post_message(self.JobNews(job))

    def run_job(self, words: Sequence[str]) -> Job:
        """Run a command line in a process of its own.

        Args:
            words: What follows ``dltui``.

        Returns:
            The job; ``job_news`` tells how it goes.
        """
        return self.engine.run(words)

    @property
    def jobs(self) -> list[Job]:
        """The jobs of this session, the oldest first; asking starts no engine."""
        return self.engine.jobs if "engine" in self.__dict__ else []

    @on(JobNews)
    def _news(self, event: JobNews) -> None:
        if event.job.name in self._ended_jobs:  # older news, heard after the end
            return
        over = event.job.over  # as listeners are told, and not as it may be a moment later
        self.job_news.publish(event.job)
        if not self._count_due:
            self._count_due = True
            self.set_timer(COUNT_AFTER, self._count)
        if over:
            self._ended_jobs.add(event.job.name)
            self._ended(event.job)

    def _count(self) -> None:
        self._count_due = False
        self.read_shelf("jobs")

    def _ended(self, job: Job) -> None:
        """Read the shelf that its result went to, and tell whoever is elsewhere."""
        if not self.screen_stack:  # the application is just ending: there is nobody to tell
            return
        if job.path is not None:
            self.read_shelf("results" if job.state == "done" else "scratch")
        if job.words[:2] == FETCH:
            for shelf in ("models", "data"):
                self.read_shelf(shelf)
        room = self.screen_stack[0]
        if isinstance(room, Room) and room.watches(job):
            return
        severity: SeverityLevel = "error" if job.state == "failed" else "information"
        title = f"{jobs.MARKS[job.state]} {jobs.job_title(job)}"
        leads = f"[@click=app.show_job('{job.name}')]open it[/] or press F3"
        self.notify(f"{escape(jobs.told(job, short=True))}\n{leads}", title=title, severity=severity)

    def jobs_going(self) -> list[Item]:
        """Return the jobs that have not ended, as things."""
        return [jobs.job_item(job) for job in self.jobs if not job.over]

    def farewell(self) -> str:
        """Return where this session left something unfinished, in one line; empty when it left nothing."""
        ended = (job.path for job in self.jobs if job.state in {"cancelled", "failed"})
        count = sum(path is not None and path.exists() for path in ended)
        if not count:
            return ""
        from dltui.jobs import scratch_folder
        from dltui.tui.catalog.items import homely

        what = "1 unfinished result is" if count == 1 else f"{count} unfinished results are"
        return f"{what} in {homely(scratch_folder())}; `dltui` lists what is there on the shelf Scratch"
