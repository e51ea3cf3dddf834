"""The engine: runs verbs and exhibits in processes of their own, so many at a time."""

from __future__ import annotations

import atexit
import threading
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from secrets import token_hex
from weakref import WeakSet

from dltui.errors import DltuiError
from dltui.jobs.exhibit import LiveExhibit
from dltui.jobs.job import Job
from dltui.jobs.keep import scratch_folder
from dltui.jobs.order import Order
from dltui.runs import results_folder

SIZE = 2  # jobs at a time: a short one is not kept waiting by a long one
TIDY = 0.5  # seconds that closing waits for the thread of a job that has ended
GRACE = 5.0  # seconds that closing waits for jobs to keep what they know


def _answer() -> None:
    """Do nothing, which shows that a process can be made."""


def _ignore(job: Job) -> None:
    """Tell nobody."""


class Engine:
    """Starts jobs, lines up those that must wait, and ends them all with the application.

    Attributes:
        jobs: Every job that was asked for, in order.
        warm: Set once the server has torch loaded; jobs asked for before then wait for it.
    """

    def __init__(
        self, size: int = SIZE, *, threads: int | None = None, on_news: Callable[[Job], None] = _ignore
    ) -> None:
        """Make an engine; nothing is started yet.

        Args:
            size: Jobs that run at a time.
            threads: Threads inside one operation of torch, in every job; None for as many as the command line
                takes, so that the numbers are the same. Waiting threads sleep, so that two jobs share the cores.
            on_news: Called from a thread of the engine whenever a job has news; must not wait.
        """
        self.jobs: list[Job] = []
        self.warm = threading.Event()
        self._size, self._threads, self._on_news = size, threads, on_news
        self._queue: deque[Job] = deque()
        self._attendants: WeakSet[threading.Thread] = WeakSet()
        self._running: dict[str, Job] = {}
        self._exhibits: list[LiveExhibit] = []
        self._lock = threading.Lock()
        self._closed = self._bound = False

    def start(self) -> None:
        """Begin to load torch in the background; returns at once."""
        threading.Thread(target=self._warm_up, name="dltui-warm-up", daemon=True).start()

    def submit(self, verb: str, arguments: Mapping[str, object] | None = None) -> Job:
        """Run a verb as a job.

        Args:
            verb: Its words, such as ``landscape``, ``data show`` or ``lab run two-weight-saddle``.
            arguments: Values by name of the argument, seed and device among them; the others stand at their
                defaults.

        Returns:
            The job.

        Raises:
            UsageError: If there is no such verb or argument, or a required one is missing.
        """
        from dltui.commands._forms import form
        from dltui.commands._spelled import words

        return self.run(words(form(verb), arguments or {}))

    def run(self, words: Sequence[str]) -> Job:
        """Run a command line as a job.

        Args:
            words: What follows ``dltui``. What is wrong with them is told by the job.

        Returns:
            The job.

        Raises:
            DltuiError: If the engine was closed.
        """
        job = Job(token_hex(3), tuple(words), self._on_news)
        with self._lock:
            if self._closed:
                raise DltuiError("the engine was closed and takes no more jobs")
            self.jobs.append(job)
            self._queue.append(job)
        self._pump()
        return job

    def retry(self, job: Job) -> Job:
        """Run the command line of a job again, as a new job."""
        return self.run(job.words)

    def open_exhibit(self, name: str, on_news: Callable[[LiveExhibit], None] | None = None) -> LiveExhibit:
        """Return an exhibit that answers whenever one of its knobs is turned.

        Args:
            name: The exhibit.
            on_news: Called from a thread whenever it has a new picture; must not wait.

        Returns:
            The exhibit; it shows nothing until ``set`` is called.

        Raises:
            UsageError: If there is no such exhibit; it suggests the nearest.
        """
        exhibit = LiveExhibit(name, on_news)
        with self._lock:
            self._exhibits = [one for one in self._exhibits if not one.closed] + [exhibit]
        return exhibit

    def close(self) -> None:
        """Stop every job, keep what is known by now, and end every process."""
        with self._lock:
            self._closed = True
            jobs, exhibits = list(self.jobs), list(self._exhibits)
            self._queue.clear()
        for exhibit in exhibits:
            exhibit.close()
        for job in jobs:
            job.cancel()
        for job in jobs:
            job.wait(GRACE)
        for thread in list(self._attendants):
            thread.join(
                GRACE
            )  # a process that a thread still puts away must not meet multiprocessing's own end
        atexit.unregister(self.close)

    def _warm_up(self) -> None:
        """Start the server and wait until it answers."""
        from dltui.jobs import server

        self._close_at_exit()
        try:
            process = server.fork(_answer)
        except (OSError, EOFError, ValueError):
            return  # the first job tells what is wrong
        process.join()
        process.close()
        self.warm.set()

    def _close_at_exit(self) -> None:
        """Be closed when the application ends.

        Called once multiprocessing is imported, whose own exit handler waits for every process: the handler that was
        registered last runs first.
        """
        with self._lock:
            if not self._bound and not self._closed:
                atexit.register(self.close)
                self._bound = True

    def _pump(self) -> None:
        """Start as many jobs of the queue as may run."""
        while True:
            with self._lock:
                if not self._queue or len(self._running) >= self._size:
                    return
                job = self._queue.popleft()
                if not job.starting():
                    continue
                self._running[job.name] = job
            thread = threading.Thread(target=self._attend, args=(job,), name=f"dltui-{job.name}", daemon=True)
            self._attendants.add(thread)
            thread.start()

    def _attend(self, job: Job) -> None:
        """See a job through, and make room for the next."""
        from dltui.jobs.attend import attend

        self._close_at_exit()
        try:
            attend(job, Order(job.name, job.words, results_folder(), scratch_folder()), self._threads)
        finally:
            with self._lock:
                del self._running[job.name]
            self._pump()
