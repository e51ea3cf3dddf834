"""Keeping runs in order: other names, tags, and what is told after something was done to them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from dltui.errors import DltuiError, UsageError
from dltui.figures import Table
from dltui.files import size_in_words
from dltui.results.gallery import Gallery
from dltui.runs.folder import Run
from dltui.runs.new import change, check_name
from dltui.runs.trash import Discarded
from dltui.runs.waste import Waste

TAG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.:+=-]{0,39}")


def rename(run: Run, name: str) -> Run:
    """Call a run otherwise; its folder, and with it its id, stays.

    Args:
        run: The run; it may go on.
        name: The new name.

    Returns:
        The run as it stands now.

    Raises:
        UsageError: If the name is taken or can't be one.
    """
    return run if name == run.name else change(run, name=name if name == run.id else check_name(name))


def tag(run: Run, tags: Sequence[str], *, remove: bool = False) -> Run:
    """Give a run tags, or take them away.

    Args:
        run: The run; it may go on.
        tags: Words.
        remove: Take them away.

    Returns:
        The run as it stands now.

    Raises:
        UsageError: If a word can't be a tag, or is taken away where it isn't.
    """
    for word in tags:
        if not TAG.fullmatch(word):
            raise UsageError(
                f"{word!r} can't be a tag: expected up to 40 letters, digits or _ . : + = -, such as baseline"
            )
        if remove and word not in run.tags:
            has = ", ".join(run.tags) or "no tags"
            raise UsageError(f"the run {run.name} has no tag {word!r}: it has {has}")
    kept = [word for word in run.tags if word not in tags]
    return change(run, tags=kept if remove else [*kept, *dict.fromkeys(tags)])


def check_ended(runs: Sequence[Run]) -> None:
    """Refuse runs that go on.

    Args:
        runs: What shall be put away.

    Raises:
        DltuiError: If one of them goes on.
    """
    for run in runs:
        if run.state_now() == "running":
            raise DltuiError(f"the run {run.name} is still going on: stop it before you put it away")


def told(runs: Sequence[Run]) -> Gallery:
    """Return what runs are called and tagged now."""
    rows = [
        {
            "id": run.id,
            "name": run.name,
            "tags": run.tags,
            "status": run.state_now(),
            "folder": str(run.folder),
        }
        for run in runs
    ]
    table = Table(
        title="Runs",
        columns=("name", "id", "tags", "status"),
        rows=tuple((run.name, run.id, ", ".join(run.tags), run.state_now()) for run in runs),
    )
    return Gallery(title="runs", shown=(table,), numbers={"runs": rows})


def written(run: Run, path: Path) -> Gallery:
    """Return what was exported where."""
    size = path.stat().st_size
    table = Table(
        title="Exported", columns=("run", "file", "size"), rows=((run.name, str(path), size_in_words(size)),)
    )
    return Gallery(
        title="exported", shown=(table,), numbers={"run": run.id, "file": str(path), "bytes": size}
    )


def moved(runs: Sequence[Run], gone: Sequence[Discarded]) -> Gallery:
    """Return what was moved to the trash."""
    rows = tuple((run.name, str(one.path)) for run, one in zip(runs, gone, strict=True))
    table = Table(title="Moved to the trash", columns=("run", "where it is now"), rows=rows)
    numbers = [
        {"run": run.id, "from": str(one.origin), "to": str(one.path)}
        for run, one in zip(runs, gone, strict=True)
    ]
    return Gallery(title="trash", shown=(table,), numbers={"moved": numbers})


def wasted(found: Sequence[Waste]) -> Gallery:
    """Return what was deleted."""
    rows = tuple(
        (one.run.name, len(one.steps), len(one.left), len(one.kept), size_in_words(one.size)) for one in found
    )
    table = Table(
        title="Deleted", columns=("run", "checkpoints", "leftovers", "checkpoints kept", "freed"), rows=rows
    )
    numbers = [
        {
            "run": one.run.id, "steps": list(one.steps), "left": [path.name for path in one.left], "bytes": one.size,
            "kept": {str(step): why for step, why in sorted(one.kept.items())},
        }
        for one in found
    ]  # fmt: skip
    return Gallery(
        title="deleted",
        shown=(table,),
        numbers={"bytes": sum(one.size for one in found), "deleted": numbers},
    )
