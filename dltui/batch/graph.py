"""The jobs of a plan in an order that keeps what each needs; what is done already is not done again."""

from __future__ import annotations

import json
import shlex
import time
from collections.abc import Callable
from pathlib import Path

from dltui.batch.collect import dotted, spell
from dltui.batch.crew import RESULT
from dltui.batch.folder import document, job_folder, read_job
from dltui.batch.key import content_key
from dltui.batch.log import GOOD, OVER, Log, Standing
from dltui.batch.needs import spoken_of
from dltui.batch.placeholders import filled
from dltui.batch.plan import Job, Order, Plan
from dltui.errors import DltuiError


class Graph:
    """Offers each job once all that it needs is done.

    Args:
        plan: The jobs.
        batch: The folder of the batch.
        log: Takes what was kept or skipped.
        keep_going: Whether other jobs still begin after one has failed.
    """

    def __init__(self, plan: Plan, batch: Path, log: Log, *, keep_going: bool) -> None:
        self._plan, self._batch, self._log, self._keep_going = plan, batch, log, keep_going
        self._open = {job.name: job for job in plan.jobs}  # not yet offered
        self._keys: dict[str, str] = {}
        self._halted = False
        self._looked_at: set[str] = set()  # whether they are done already

    def next(self, room: Callable[[str], bool]) -> Order | None:
        """Return the first job of the file that can begin now, or None."""
        while self._settle():
            pass
        if self._halted:
            return None
        for job in list(self._open.values()):
            if self._ready(job) and room(job.device):
                del self._open[job.name]
                if (order := self._ordered(job)) is not None:
                    return order
        return None

    def take(self, order: Order, standing: Standing) -> None:  # noqa: ARG002
        """Take note of how a job ended."""
        if standing.state == "failed":
            self._halted = self._halted or not self._keep_going

    def over(self) -> bool:
        """Return whether nothing more will begin."""
        return self._halted or not self._open

    def _state(self, name: str) -> str:
        return self._log.standings.jobs[name].state

    def _ready(self, job: Job) -> bool:
        return all(self._state(name) in GOOD for name in job.needs)

    def _settle(self) -> bool:
        """Skip what can't begin any more and keep what is done; return whether anything changed."""
        before = len(self._open)
        for job in list(self._open.values()):
            lacking = [name for name in job.needs if self._state(name) in OVER - GOOD]
            if lacking:
                del self._open[job.name]
                self._note(job, "skipped", f"needs {lacking[0]}, which {_past(self._state(lacking[0]))}")
            elif job.name not in self._looked_at and self._ready(job):
                self._looked_at.add(job.name)
                if self._kept(job):
                    del self._open[job.name]
        return len(self._open) < before

    def _kept(self, job: Job) -> bool:
        """Return whether a job was done by an earlier run of this batch; if so, take note of it."""
        folder = job_folder(self._batch, job.name)
        known = read_job(folder)
        if known.get("state") not in GOOD or not (folder / "stdout.json").is_file():
            return False
        try:
            key = self._key(job, self._words(job))
        except DltuiError:
            return False
        if known.get("key") != key or self._lost(folder, known):
            return False
        self._keys[job.name] = key
        told = {name: known.get(name) for name in ("attempt", "exit_code", "began", "ended", "command")}
        self._log.write("job", job=job.name, state="kept", **told)
        return True

    def _lost(self, folder: Path, known: dict[str, object]) -> bool:
        """Return whether the result that a job saved in its folder is gone."""
        return (
            str(folder / RESULT) in shlex.split(str(known.get("command", "")))
            and not (folder / RESULT).is_file()
        )

    def _ordered(self, job: Job) -> Order | None:
        """Return a job with everything filled in; one of which something can't be is failed."""
        try:
            words = self._words(job)
            self._keys[job.name] = key = self._key(job, words)
        except (DltuiError, OSError) as error:
            self._note(job, "failed", str(error))
            self._halted = self._halted or not self._keep_going
            return None
        return Order(job, words, key)

    def _note(self, job: Job, state: str, reason: str) -> None:
        self._log.write("job", job=job.name, state=state, reason=reason, ended=time.time())

    def _key(self, job: Job, words: tuple[str, ...]) -> str:
        return content_key(job, words, {name: self._keys[name] for name in job.needs}, self._plan.folder)

    def _words(self, job: Job) -> tuple[str, ...]:
        """Return the words of a job with what is said of other jobs."""
        return tuple(filled(word, lambda name: self._said(job, name), last=True) for word in job.words)

    def _said(self, job: Job, name: str) -> str:
        """Return what ``{train.run}``, ``{train.folder}``, ``{train.save}`` or ``{train.json.a.b}`` stands for.

        Raises:
            DltuiError: If the other job's JSON holds nothing of that name.
        """
        group, _, part = name.partition(".")
        (other,) = spoken_of(job, group, self._plan.jobs)
        folder = job_folder(self._batch, other.name)
        if part == "folder":
            return str(folder)
        if part == "save":
            return str(saved(folder))
        found = document(folder)
        path = "run" if part == "run" else part.partition(".")[2]
        value = dotted(found, path)
        if value is None:
            raise DltuiError(f"{{{name}}} says nothing: the JSON of {other.name!r} has no {path!r}")
        return spell(value) if not isinstance(value, dict | list) else json.dumps(value)


def saved(folder: Path) -> Path:
    """Return the file in which a job saved its result."""
    words = shlex.split(str(read_job(folder).get("command", "")))
    for place, word in enumerate(words):
        if word.startswith("--save="):
            return Path(word.partition("=")[2])
        if word == "--save" and place + 1 < len(words):
            return Path(words[place + 1])
    return folder / RESULT


def _past(state: str) -> str:
    """Return what a state says of a job, such as ``failed``."""
    return {"skipped": "was skipped", "stopped": "was stopped"}.get(state, state)
