"""Two checkpoints in one tree: what was added, removed, or has another shape."""

from __future__ import annotations

from collections.abc import Mapping

from dltui.contents import Contents, Entry
from dltui.contents.page import shape_text, size
from dltui.figures import Table

Remarks = Mapping[str, tuple[str, str]]


def union(one: Contents, other: Contents) -> tuple[list[Entry], Remarks]:
    """Return the tensors of both, and what stands beside those that differ.

    Args:
        one: The first file.
        other: The second.

    Returns:
        The tensors of the first, then those that only the second has; remarks by name.
    """
    second = {entry.name: entry for entry in other.entries}
    first = {entry.name for entry in one.entries}
    remarks: dict[str, tuple[str, str]] = {}
    for entry in one.entries:
        match = second.get(entry.name)
        if match is None:
            remarks[entry.name] = f"− {shape_text(entry.shape)}", "removed"
        elif match.shape != entry.shape:
            remarks[entry.name] = f"{shape_text(entry.shape)} → {shape_text(match.shape)}", "changed"
        elif match.dtype != entry.dtype:
            remarks[entry.name] = f"{entry.dtype} → {match.dtype}", "changed"
    added = [entry for entry in other.entries if entry.name not in first]
    remarks |= {entry.name: (f"+ {shape_text(entry.shape)}", "added") for entry in added}
    return [*one.entries, *added], remarks


def sentence(one: Contents, remarks: Remarks) -> str:
    """Return in a line how two files differ in what they hold."""
    kinds = [kind for _, kind in remarks.values()]
    told = [f"{kinds.count(kind)} {kind}" for kind in ("added", "removed", "changed") if kind in kinds]
    shared = len(one.entries) - kinds.count("removed")
    return f"{shared:,} tensors in both, " + (", ".join(told) if told else "of the same shapes and types")


def table(one: Contents, other: Contents, remarks: Remarks) -> Table:
    """Return what differs as a table."""
    first = {entry.name: entry for entry in one.entries}
    second = {entry.name: entry for entry in other.entries}
    rows = tuple(
        (
            name,
            kind,
            _told(first.get(name)),
            _told(second.get(name)),
        )
        for name, (_, kind) in remarks.items()
    )
    sizes = [size(sum(entry.nbytes for entry in contents.own())) for contents in (one, other)]
    return Table(
        title=f"Differences · {one.title} and {other.title}",
        caption=f"{sentence(one, remarks)}; {sizes[0]} and {sizes[1]}",
        columns=(
            "tensor",
            "what",
            one.title,
            other.title if other.title != one.title else f"{other.title} (2)",
        ),
        rows=rows,
    )


def _told(entry: Entry | None) -> str | None:
    """Return shape and type of a tensor."""
    return f"{shape_text(entry.shape)} {entry.dtype}" if entry else None
