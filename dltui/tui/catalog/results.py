"""Saved results: those of the results folder, and those of the current folder."""

from __future__ import annotations

import shlex
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path

from dltui.results import Made, Result, load, peek
from dltui.results.store import Peek
from dltui.runs import results_folder
from dltui.tui import register
from dltui.tui.catalog.items import Glimpse, Item, homely

ENDING = "*.safetensors"


@register.shelf(
    "results",
    "Results",
    place=10,
    nothing="No saved results yet. Two commands that make some:",
    tries=("dltui quickstart", "dltui landscape lenet --data digits --save bowl.safetensors"),
)
def read(folder: Path) -> list[Item]:
    """Return the saved results, the newest first.

    Args:
        folder: Where the user is; its own files count, not those of its folders.

    Returns:
        Results of the results folder and of ``folder``. Files of the results folder that can't be read are listed
        too, since someone will look for them.
    """
    kept = results_folder()
    found = {path.resolve(): path for path in _files(kept)}
    others = {path.resolve(): path for path in _files(folder)}
    seen = [(path, look_in(path)) for path in found.values()]
    seen += [(path, known) for key, path in others.items() if key not in found and (known := look_in(path))]
    dated = sorted(seen, key=lambda pair: pair[1].made.when if pair[1] else "", reverse=True)
    return [item_of(path, known) for path, known in dated]


@register.glimpse("result")
def glimpse(item: Item) -> Glimpse:
    """Return the main figure of a result with its words.

    Args:
        item: A saved result.

    Returns:
        What the home screen shows beside the list.

    Raises:
        DltuiError: If the file can't be read.
    """
    result = load(item.path)
    figures = result.figures()
    return Glimpse(
        title=result.title or item.name,
        figure=figures[0] if figures else None,
        words=figures[0].words() if figures else "This result has no figure.",
        facts=facts(result, item.path),
    )


def facts(result: Result, path: Path | None) -> tuple[tuple[str, str], ...]:
    """Return how a result was made, by name.

    Args:
        result: The result.
        path: Its file; None while it is not kept.

    Returns:
        Pairs of a name and a value; what is not known is left out.
    """
    made = result.made
    versions = ", ".join(f"{name} {version}" for name, version in made.versions.items())
    rows = (
        ("kind", result.schema.partition("/")[0]),
        ("made", _moment(made)),
        ("took", f"{made.seconds:.1f} s on {made.device}" if made.seconds else made.device),
        ("seed", "" if made.seed is None else str(made.seed)),
        ("with", versions),
        ("machine", made.machine),
        ("file", "" if path is None else homely(path)),
    )
    return tuple((name, value) for name, value in rows if value)


def look_in(path: Path) -> Peek | None:
    """Return what the header of a file tells, or None when it is no result or is broken."""
    try:
        return peek(path)
    except (AttributeError, KeyError, TypeError, ValueError):  # a header that someone wrote by hand
        return None


def item_of(path: Path, known: Peek | None = None) -> Item:
    """Return the list entry of a result file.

    Args:
        path: The file.
        known: What its header tells; None when it can't be read.

    Returns:
        The entry; opening that of a broken file tells what is wrong with it.
    """
    again = f"dltui open {shlex.quote(str(path))}"
    if known is None:
        return Item("result", path.stem, "can't be read", str(path), again)
    schema = known.schema.partition("/")[0]
    note = f"{schema} · {known.title}" if known.title else schema
    command = known.made.command or again
    return Item("result", path.stem, note, str(path), command, schema, when=moment(known.made.when))


def moment(when: str) -> float:
    """Return a stored time in seconds since 1970; 0 when it can't be read."""
    try:
        return datetime.fromisoformat(when).timestamp()
    except ValueError:
        return 0.0


def _files(folder: Path) -> Iterable[Path]:
    """Return the files of a folder that could be results; none when it is not there or closed."""
    try:
        return sorted(path for path in folder.glob(ENDING) if path.is_file())
    except OSError:
        return []


def _moment(made: Made) -> str:
    """Return when it was made, in the time of this place."""
    try:
        return datetime.fromisoformat(made.when).astimezone().strftime("%Y-%m-%d %H:%M")
    except ValueError:
        return made.when
