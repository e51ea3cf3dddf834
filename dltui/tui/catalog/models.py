"""Networks that dltui knows by name, and checkpoints that lie about."""

from __future__ import annotations

import json
import shlex
from pathlib import Path

from dltui.archives import open_archive
from dltui.contents import Contents
from dltui.figures import Table
from dltui.files import size_in_words
from dltui.models import NAMES
from dltui.models.spelled import suits
from dltui.tui import register
from dltui.tui.catalog.fetchable import fetchables
from dltui.tui.catalog.files import MOST, files_under, newest_first
from dltui.tui.catalog.items import Glimpse, Item, homely
from dltui.tui.catalog.results import look_in

ENDINGS = (".safetensors", ".pt", ".pth", ".ckpt", ".gguf", ".onnx", ".h5", ".keras")
MOST_ROWS = 2000  # of a table
HERE = "checkpoints here"  # heading of what lies under the current folder
TOLD = "dltui-model"  # key of a header under which dltui tells which model the weights are of


@register.shelf("models", "Models", place=30, nothing="No models are known.")
def read(folder: Path) -> list[Item]:
    """Return the checkpoints under ``folder``, then the registered networks by family, then real weights to fetch.

    Args:
        folder: Where the user is.

    Returns:
        The things; files are looked for three folders deep, hidden folders and environments are left out.
    """
    known = [
        Item(
            "model",
            name,
            entry.summary,
            name,
            f"dltui landscape {name} --data {suits(name)}",
            group=entry.family,
        )
        for name, entry in NAMES.items()
    ]
    return [_checkpoint(path, folder) for path in _checkpoints(folder)] + known + fetchables("model")


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
        entry, data = NAMES[item.key], suits(item.key)
        return Glimpse(
            title=item.name,
            words=entry.summary,
            facts=(
                ("family", entry.family),
                ("train it", f"dltui train {item.name} --data {data}"),
                ("its loss landscape", f"dltui landscape {item.name} --data {data}"),
                ("its curvature", f"dltui hessian {item.name} --data {data}"),
                ("its gradients", f"dltui gradients {item.name} --data {data}"),
                ("code", entry.module),
            ),
        )
    contents = contents_of(item.path)
    table = tensors(contents)
    seems = (("seems to be", contents.guess.guess),) if contents.guess else ()
    facts = (
        *about(item.path),
        *seems,
        ("format", contents.format),
        ("tensors", f"{len(contents.entries):,}"),
        ("numbers", f"{sum(one.elements for one in contents.own()):,}"),
        ("size", size_in_words(item.path.stat().st_size)),
        ("file", homely(item.path)),
    )
    return Glimpse(title=item.name, figure=table, words=table.words(), facts=facts)


def contents_of(path: Path) -> Contents:
    """Return what a file of weights holds, from its header alone; nothing in it is executed.

    Args:
        path: The file.

    Returns:
        Its tensors and what is told of them.

    Raises:
        DltuiError: If it can't be read, or would run code when read.
    """
    with open_archive(path) as archive:
        return Contents.of(path.name, archive.format, archive.entries, archive.scalars, archive.metadata)


def tensors(contents: Contents) -> Table:
    """Return the tensors of a file as a table of name, shape, type and count."""
    rows = tuple(
        (one.name, " × ".join(map(str, one.shape)) or "scalar", one.dtype, one.elements)
        for one in contents.entries[:MOST_ROWS]
    )
    left = len(contents.entries) - len(rows)
    caption = f"{left:,} more are not shown" if left else ""
    return Table(
        title=contents.title, caption=caption, columns=("tensor", "shape", "type", "numbers"), rows=rows
    )


def about(path: Path) -> tuple[tuple[str, str], ...]:
    """Return what a ``.safetensors`` file of dltui says of its weights, by name; nothing of other files.

    Args:
        path: The file.

    Returns:
        Model, shape of a sample, run and step, as far as the header tells them.
    """
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, framework="numpy") as file:
            told = json.loads((file.metadata() or {}).get(TOLD, "{}"))
        rows = (
            ("model", str(told.get("model", ""))),
            ("one sample", " × ".join(str(size) for size in told.get("input_shape", ()))),
            ("run", str(told.get("run", ""))),
            ("step", f"{told['step']:,}" if isinstance(told.get("step"), int) else ""),
        )
    except (SafetensorError, OSError, ValueError, TypeError, AttributeError):
        return ()  # a header that someone wrote by hand; the table tells what is wrong with a broken file
    return tuple((name, value) for name, value in rows if value)


def checkpoint_item(path: Path, name: str, note: str = "") -> Item:
    """Return the list entry of a file of weights.

    Args:
        path: The file.
        name: What the list calls it.
        note: What is known of it; its size when empty.

    Returns:
        The entry.
    """
    known = path.stat()
    return Item(
        "checkpoint",
        name,
        note or size_in_words(known.st_size),
        str(path),
        f"dltui landscape {shlex.quote(str(path))}",
        when=known.st_mtime,
        group=HERE,
    )


def _checkpoint(path: Path, folder: Path) -> Item:
    """Return the list entry of a checkpoint below the current folder."""
    return checkpoint_item(path, str(path.relative_to(folder)))


def _checkpoints(folder: Path) -> list[Path]:
    """Return the files under ``folder`` that look like weights, the newest first."""
    found: list[Path] = []
    for path in files_under(folder):
        if len(found) >= MOST:
            break
        if path.suffix in ENDINGS and not (path.suffix == ".safetensors" and look_in(path)):
            found.append(path)
    return newest_first(found)
