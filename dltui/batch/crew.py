"""Runs jobs, so many at a time, each to its end: timeouts, retries, and whoever wants one stopped."""

from __future__ import annotations

import json
import os
import shlex
import signal
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from dltui.batch.ended import Ended, ended
from dltui.batch.folder import CONTROL, job_folder, read_job
from dltui.batch.log import Lines, Log, Standing
from dltui.batch.place import Place, Running, Task
from dltui.batch.plan import Limits, Order
from dltui.errors import Cancelled, DltuiError
from dltui.files import write_text
from dltui.ranks import cores
from dltui.training.launch.again import gone_on_with

PAUSE = 0.02  # seconds between looks at what runs
GRACE = 10.0  # seconds between one signal and the next, harder one
ASKED = (signal.SIGINT, signal.SIGTERM, signal.SIGKILL)  # someone wants it stopped: what it knows is kept
LATE = (signal.SIGTERM, signal.SIGKILL)  # its time is over
RESULT = "result.safetensors"

Tell = Callable[[], None]


class Source(Protocol):
    """Says which job comes next."""

    def next(self, room: Callable[[str], bool]) -> Order | None:
        """Return a job that can begin now, or None.

        Args:
            room: Says whether one more job may start on a device.
        """

    def take(self, order: Order, standing: Standing) -> None:
        """Take note of how a job ended."""

    def over(self) -> bool:
        """Return whether nothing more will begin, however what runs now will end."""


@dataclass
class _Active:
    """A job that runs."""

    order: Order
    running: Running
    folder: Path
    deadline: float
    label: str
    signals: tuple[int, ...] = ()  # still to be sent
    next_signal: float = 0.0
    why: str = ""  # ``late``, ``asked`` or ``pruned``, once it is being stopped


class Crew:
    """Runs what a source offers until there is nothing left.

    Args:
        batch: The folder of the batch.
        work: The folder that jobs run in.
        place: Where they run.
        source: Which come next.
        limits: How many at once.
        log: Takes what happens.
        tell: Called after every look; may raise ``Cancelled``.
    """

    def __init__(
        self,
        batch: Path,
        work: Path,
        *,
        place: Place,
        source: Source,
        limits: Limits,
        log: Log,
        tell: Tell,
    ) -> None:
        self.batch, self.work = batch, work
        self._place, self._source, self._limits, self._log, self._tell = place, source, limits, log, tell
        self._active: dict[str, _Active] = {}
        self._later: list[tuple[float, Order]] = []  # retries, each with its time
        control = batch / CONTROL
        self._requests = Lines(control, control.stat().st_size if control.is_file() else 0)
        self._threads = max(1, cores() // max(1, limits.jobs))

    def run(self) -> None:
        """Run everything.

        Raises:
            KeyboardInterrupt: After Ctrl-C, once every job has been stopped.
            Cancelled: When somebody asked for the end, likewise.
        """
        try:
            while True:
                self._hear()
                self._look()
                self._begin()
                self._tell()
                if not self._active and not self._later and self._source.over():
                    return
                time.sleep(PAUSE)
        except BaseException:
            self._stop_all()
            raise

    def stop(self, name: str, why: str = "asked") -> None:
        """Stop one job; what it knows by now is kept.

        Args:
            name: The job.
            why: ``asked`` or ``pruned``.
        """
        if name in self._active:
            self._press(self._active[name], ASKED, why)

    # beginning

    def _begin(self) -> None:
        """Begin as many jobs as may run."""
        for when, order in [*self._later]:
            if when <= time.monotonic() and self._room(order.job.device):
                self._later.remove((when, order))
                self._start(order)
        while (ready := self._source.next(self._room)) is not None:
            self._start(ready)

    def _room(self, device: str) -> bool:
        return self._limits.room(device, [one.order.job.device for one in self._active.values()])

    def _start(self, order: Order) -> None:
        job, folder = order.job, job_folder(self.batch, order.job.name)
        standing = self._log.standings.jobs.get(job.name, Standing(job.name))
        attempt = standing.attempt + 1
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "progress").unlink(missing_ok=True)
        words = completed(order.words, folder)
        known = read_job(folder)
        same = known.get("key") == order.key
        if same:
            words = gone_on_with(words)
        left = same and known.get("state") == "running"
        task = Task(
            job.name, words, folder, self.work, self._env(job.env, folder), attempt > 1, job.slurm, left
        )
        try:
            running = self._place.start(task)
        except DltuiError as error:
            self._write(order, state="failed", attempt=attempt, reason=str(error), ended=time.time())
            self._source.take(order, self._log.standings.jobs[job.name])
            return
        deadline = time.monotonic() + job.timeout if job.timeout else float("inf")
        self._active[job.name] = _Active(order, running, folder, deadline, running.label)
        self._write(
            order, state="running", attempt=attempt, began=time.time(), ended=None, exit_code=None, reason="",
            place=running.label, command=shlex.join(["dltui", *words]),
        )  # fmt: skip

    def _env(self, own: Mapping[str, str], folder: Path) -> dict[str, str]:
        """Return the environment of a job: threads so that all jobs together fill the cores, and no more."""
        threads = os.environ.get("OMP_NUM_THREADS", str(self._threads))
        return {"OMP_NUM_THREADS": threads, "DLTUI_PROGRESS": str(folder / "progress"), **own}

    # looking after what runs

    def _look(self) -> None:
        """See which jobs have ended, and which have had their time."""
        for active in list(self._active.values()):
            code = active.running.poll()
            if code is not None:
                self._end(active, code)
                continue
            if active.running.label != active.label:
                active.label = active.running.label
                self._write(active.order, place=active.label)
            if not active.why and time.monotonic() > active.deadline:
                self._press(active, LATE, "late")
            elif active.signals and time.monotonic() >= active.next_signal:
                self._next_signal(active)

    def _end(self, active: _Active, code: int) -> None:
        """Take note of how a job ended, and try it again where that is wanted."""
        order = active.order
        del self._active[order.job.name]
        attempt = self._log.standings.jobs[order.job.name].attempt
        how = ended(order.job, code, active.why, active.folder, attempt)
        if how.again_in is not None:
            self._later.append((time.monotonic() + how.again_in, order))
        self._write(order, **told(how, code))
        if how.again_in is None:
            self._source.take(order, self._log.standings.jobs[order.job.name])

    def _press(self, active: _Active, signals: tuple[int, ...], why: str) -> None:
        """Begin to stop a job, softly first."""
        if not active.why:
            active.why, active.signals = why, signals
            self._next_signal(active)

    def _next_signal(self, active: _Active) -> None:
        number, *rest = active.signals
        active.running.signal(number)
        active.signals, active.next_signal = tuple(rest), time.monotonic() + GRACE

    # stopping

    def _hear(self) -> None:
        """Do what others ask for.

        Raises:
            Cancelled: If they ask for the end of the batch.
        """
        for row in self._requests.new():
            if row.get("ask") == "stop" and not row.get("job"):
                raise Cancelled("the batch was asked to stop; the same command goes on from here")
            if row.get("ask") == "stop":
                self._drop(str(row["job"]))

    def _drop(self, name: str) -> None:
        """Stop a job, or its retry."""
        self.stop(name)
        for when, order in [*self._later]:
            if order.job.name == name:
                self._later.remove((when, order))
                self._write(order, state="stopped", ended=time.time(), reason="was stopped")
                self._source.take(order, self._log.standings.jobs[name])

    def _stop_all(self) -> None:
        """Stop every job and wait for it; a second Ctrl-C ends them at once."""
        self._later.clear()
        try:
            for active in self._active.values():
                self._press(active, ASKED, "asked")
            while self._active:
                self._look()
                time.sleep(PAUSE)
        except KeyboardInterrupt:
            for active in self._active.values():
                active.running.signal(signal.SIGKILL)
            while self._active:
                self._look()
                time.sleep(PAUSE)

    def _write(self, order: Order, **row: object) -> None:
        """Write to the log, and into the job's folder how it stands."""
        name = order.job.name
        self._log.write("job", job=name, **row)
        standing = self._log.standings.jobs[name]
        card = {**vars(standing), "key": order.key, "variables": dict(order.job.variables)}
        write_text(
            job_folder(self.batch, name) / "job.json", json.dumps(card, indent=2, ensure_ascii=False) + "\n"
        )


def told(how: Ended, code: int) -> dict[str, object]:
    """Return the row of the log for a job that has ended."""
    return {"state": how.state, "reason": how.reason, "exit_code": code, "ended": time.time()}


def completed(words: tuple[str, ...], folder: Path) -> tuple[str, ...]:
    """Return a command line with the options that every job gets: its JSON, and a place for its result.

    Args:
        words: What follows ``dltui``.
        folder: The job's folder.

    Returns:
        The words; options stand before a ``--``, behind which nothing is an option.
    """
    options = [] if "--json" in words else ["--json"]
    if not any(word == "--save" or word.startswith("--save=") for word in words):
        options += ["--save", str(folder / RESULT)]
    place = words.index("--") if "--" in words else len(words)
    return (*words[:place], *options, *words[place:])
