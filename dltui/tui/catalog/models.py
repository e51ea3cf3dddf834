"""Networks that dltui knows by name, and checkpoints that lie about."""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterator
from pathlib import Path

from dltui.errors import DltuiError
from dltui.figures import Table
from dltui.models._names import NAMES
from dltui.runs import home
from dltui.tui import register
from dltui.tui.catalog.items import Glimpse, Item, homely
from dltui.tui.catalog.results import look_in

DEEPEST = 3  # folders below the current one
MOST = 200  # checkpoints listed
MOST_ENTRIES = 20_000  # directory entries looked at
ENDINGS = (".safetensors", ".pt", ".pth", ".ckpt")
SKIPPED = {"node_modules", "__pycache__", "site-packages", "venv", "build", "dist"}


@register.shelf("models", "Models", place=30, nothing="No models are known.")
def read(folder: Path) -> list[Item]:
    """Return the registered networks, then the checkpoints under ``folder``.

    Args:
        folder: Where the user is.

    Returns:
        The things; files are looked for three folders deep, hidden folders and environments are left out.
    """
    known = [
        Item("model", name, entry.summary, name, f"dltui landscape {name} --data digits")
        for name, entry in NAMES.items()
    ]
    return known + [_checkpoint(path, folder) for path in _checkpoints(folder)]


@register.glimpse("model", "checkpoint")
def glimpse(item: Item) -> Glimpse:
    """Return what is known of a network without building it, or of a checkpoint from its header.

    Args:
        item: A model or a checkpoint.

    Returns:
        A summary, or the table of tensors.

    Raises:
        DltuiError: If the header can't be read.
    """
    if item.kind == "model":
        entry = NAMES[item.key]
        return Glimpse(
            title=item.name,
            words=entry.summary,
            facts=(
                ("family", entry.family),
                ("train it", f"dltui train {item.name} --data digits"),
                ("its loss landscape", f"dltui landscape {item.name} --data digits"),
                ("its curvature", f"dltui hessian {item.name} --data digits"),
                ("code", entry.module),
            ),
        )
    size = ("size", _bytes(item.path.stat().st_size))
    if item.path.suffix != ".safetensors":
        return Glimpse(
            title=item.name,
            words="A checkpoint written by torch.save. Its contents are read by the commands, never in here.",
            facts=(size, ("file", homely(item.path))),
        )
    table, parameters = tensors(item.path)
    facts = (
        ("tensors", str(len(table.rows))),
        ("numbers", f"{parameters:,}"),
        size,
        ("file", homely(item.path)),
    )
    return Glimpse(title=item.name, figure=table, words=table.words(), facts=facts)


def tensors(path: Path) -> tuple[Table, int]:
    """Return the tensors of a ``.safetensors`` file, from its header alone.

    Args:
        path: The file.

    Returns:
        A table of name, shape, type and count, and how many numbers there are in all.

    Raises:
        DltuiError: If the header can't be read.
    """
    from safetensors import SafetensorError, safe_open

    rows: list[tuple[str, str, str, int]] = []
    try:
        with safe_open(path, framework="numpy") as file:
            for name in file.keys():  # noqa: SIM118 - the file is no mapping
                part = file.get_slice(name)
                shape = part.get_shape()
                rows.append((name, " × ".join(map(str, shape)) or "scalar", part.get_dtype(), _count(shape)))
    except (SafetensorError, OSError) as error:
        raise DltuiError(f"can't read {path}: {error}; expected a .safetensors file") from error
    table = Table(title=path.name, columns=("tensor", "shape", "type", "numbers"), rows=tuple(rows))
    return table, sum(row[3] for row in rows)


def _checkpoint(path: Path, folder: Path) -> Item:
    """Return the list entry of a checkpoint."""
    name = str(path.relative_to(folder))
    return Item(
        "checkpoint", name, _bytes(path.stat().st_size), str(path), f"dltui landscape {shlex.quote(name)}"
    )


def _checkpoints(folder: Path) -> list[Path]:
    """Return the files under ``folder`` that look like weights, the newest first."""
    found: list[Path] = []
    own = home().resolve()
    for looked_at, path in enumerate(_walk(folder, DEEPEST, own)):
        if looked_at >= MOST_ENTRIES or len(found) >= MOST:
            break
        if path.suffix in ENDINGS and not (path.suffix == ".safetensors" and look_in(path)):
            found.append(path)
    return sorted(found, key=lambda path: path.stat().st_mtime, reverse=True)


def _walk(folder: Path, deep: int, own: Path) -> Iterator[Path]:
    """Yield the files of a folder, then those of the folders in it, without dltui's own and those that are closed."""
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except OSError:
        return
    yield from (Path(entry.path) for entry in entries if entry.is_file())
    for entry in entries if deep else ():
        hidden = entry.name.startswith(".") or entry.name in SKIPPED
        if entry.is_dir(follow_symlinks=False) and not hidden and Path(entry.path).resolve() != own:
            yield from _walk(Path(entry.path), deep - 1, own)


def _count(shape: list[int]) -> int:
    """Return how many numbers a tensor holds."""
    total = 1
    for size in shape:
        total *= size
    return total


def _bytes(size: int) -> str:
    """Return a size of a file as people say it."""
    for unit in ("B", "kB", "MB", "GB"):
        if size < 1000 or unit == "GB":
            break
        size /= 1000  # type: ignore[assignment]
    return f"{size:.0f} {unit}" if size >= 10 or unit == "B" else f"{size:.1f} {unit}"
