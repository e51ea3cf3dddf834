"""Batches and sweeps: those that run, and those that have ended."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from dltui.batch.folder import LOG, Row, document, job_folder, last_lines, list_batches, progress, read_card
from dltui.batch.log import GOOD, Lines, Standing, Standings, running
from dltui.errors import DltuiError
from dltui.figures import Figure, number
from dltui.tui import register
from dltui.tui.catalog.items import Glimpse, Item, homely
from dltui.tui.catalog.jobs import lasting

SETTLED = GOOD | {"pruned"}
LAST = 12  # lines of a job's own words
SHOWN = {
    "kept": "done",
    "pruned": "stopped",
    "skipped": "stopped",
    "retrying": "running",
}  # as lists mark them


@dataclass(frozen=True)
class BatchStory:
    """What there is to see of a batch by now.

    Attributes:
        folder: Its folder.
        card: What its card tells.
        standings: How every job stands.
        alive: Whether somebody runs it.
        items: One entry a job.
        figures: The table, then pictures of what was collected, or of the trials of a sweep.
        said: The last words of each job that says something, by name.
    """

    folder: Path
    card: Row
    standings: Standings
    alive: bool
    items: tuple[Item, ...]
    figures: tuple[Figure, ...]
    said: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def state(self) -> str:
        """How it goes: ``running``, how it ended, or ``died`` where nobody runs it and no end is told."""
        return self.standings.state if self.alive or self.standings.state != "running" else "died"

    @property
    def remark(self) -> str:
        """Its state with counts."""
        jobs = self.standings.jobs
        return f"{self.state} · {self.standings.count(SETTLED)} of {len(jobs)} done"

    def facts(self, name: str) -> tuple[tuple[str, str], ...]:
        """Return what is known of one job."""
        job = self.standings.jobs.get(name)
        told: Row = next(
            (one for one in self.card["jobs"] if one["name"] == name), {"needs": [], "variables": {}}
        )
        if job is None:
            return ()
        rows = (
            ("job", job.name),
            ("state", job.state),
            ("because", job.reason),
            ("try", str(job.attempt) if job.attempt > 1 else ""),
            ("took", lasting(job.seconds) if job.seconds is not None and job.began else ""),
            ("where", job.place if job.state == "running" else ""),
            ("exit code", str(job.exit_code) if job.exit_code else ""),
            ("needs", ", ".join(told["needs"])),
            *((key, str(value)) for key, value in told["variables"].items()),
            ("folder", homely(job_folder(self.folder, name))),
        )
        return tuple((key, value) for key, value in rows if value)


@register.shelf(
    "batches",
    "Batches",
    place=95,
    nothing="No batches yet. A file with a [[job]] table a job makes one:",
    tries=("dltui batch jobs.toml",),
)
def read(folder: Path) -> list[Item]:
    """Return the batches, the one that moved last first.

    Args:
        folder: Where the user is; batches are kept elsewhere.

    Returns:
        One entry a batch that can be read.
    """
    del folder
    found = []
    for batch in list_batches():
        try:
            found.append(item_of(batch))
        except DltuiError:
            continue
    return found


@register.glimpse("batch")
def glimpse(item: Item) -> Glimpse:
    """Return the table of a batch.

    Args:
        item: A batch.

    Returns:
        What the home screen shows beside the list.

    Raises:
        DltuiError: If it is gone.
    """
    told = BatchFollower(item.path).look("")
    table = told.figures[0]
    facts = (
        ("state", told.remark),
        ("from", str(told.card.get("source", ""))),
        ("folder", homely(item.path)),
    )
    return Glimpse(title=item.name, figure=table, words=table.words(), facts=facts)


def item_of(batch: Path) -> Item:
    """Return the list entry of a batch.

    Raises:
        DltuiError: If it has no card, or a broken one.
    """
    card = read_card(batch)
    standings = Standings()
    for row in Lines(batch / LOG).new():
        standings.take(row)
    alive = running(batch)
    state = standings.state if alive or standings.state != "running" else "died"
    count = f"{standings.count(SETTLED)} of {len(standings.jobs)} done"
    command = str(card.get("command", ""))
    moved = standings.ended or standings.began
    return Item("batch", batch.name, f"{count} · {state}", str(batch), command, when=moved, state=state)


class BatchFollower:
    """Looks at a batch again and again, at its files only where they have changed."""

    def __init__(self, batch: Path) -> None:
        self._batch, self._lines = batch, Lines(batch / LOG)
        self._standings = Standings()
        self._rows: list[Row] = []  # of trials
        self._documents: dict[tuple[str, float | None], Any] = {}

    def look(self, chosen: str) -> BatchStory:
        """Return how it stands by now; called in a thread, one call at a time.

        Args:
            chosen: The job whose last words are wanted besides those of the jobs that run.

        Raises:
            DltuiError: If it is gone.
        """
        card = read_card(self._batch)
        for row in self._lines.new():
            self._standings.take(row)
            if row.get("kind") == "trial":
                self._rows.append(row)
        jobs = self._standings.jobs
        talking = [name for name, job in jobs.items() if job.state == "running" or name == chosen]
        said = {name: tuple(last_lines(job_folder(self._batch, name), LAST)) for name in talking}
        figures = self._sweep(card) if card.get("kind") == "sweep" else self._table(card)
        trials = {row["name"]: row for row in self._rows}
        for told in card["jobs"]:
            told["variables"] = told["variables"] or trials.get(told["name"], {}).get("values", {})
        items = tuple(
            self._item(job, said.get(job.name, ()), trials.get(job.name, {}).get("value"))
            for job in jobs.values()
        )
        return BatchStory(
            self._batch, card, self._standings, running(self._batch), items, tuple(figures), said
        )

    def _item(self, job: Standing, said: tuple[str, ...], value: float | None) -> Item:
        """Return the list entry of a job; of a trial, with what it came to."""
        folder = job_folder(self._batch, job.name)
        parts: list[str] = [job.state if job.state not in {"running", "done"} else ""]
        if value is not None:
            parts.insert(0, number(value))
        if job.state == "running" and (known := progress(folder)):
            parts.append(f"{100 * known[0] // known[1]} %")
        if job.seconds is not None and job.began and job.state not in {"waiting", "skipped"}:
            parts.append(lasting(job.seconds))
        parts.append(job.reason or (said[-1] if said and job.state == "running" else ""))
        state = SHOWN.get(job.state, job.state)
        return Item(
            "batch-job", job.name, " · ".join(filter(None, parts)), str(folder), job.command, state=state
        )

    def _table(self, card: Row) -> Iterable[Figure]:
        """Return the table of a batch, and bars of what was collected."""
        from dltui.batch.table import table_of

        for name, job in self._standings.jobs.items():
            if job.state in GOOD and (name, job.ended) not in self._documents:
                self._documents[name, job.ended] = document(job_folder(self._batch, name))
        documents = {name: found for (name, _), found in self._documents.items()}
        found = table_of(
            self._batch,
            card["name"],
            card["jobs"],
            self._standings.jobs,
            card["collect"],
            documents=documents,
        )
        return [found.table(), *found.pictures()]

    def _sweep(self, card: Row) -> Iterable[Figure]:
        """Return the pictures of a sweep."""
        from dltui.sweep.run import table_from

        return table_from(card, self._rows, self._batch).figures()
