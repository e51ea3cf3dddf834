"""What the screen of a model says in words."""

from __future__ import annotations

import shlex
from pathlib import Path

from dltui.commands._model_looks import Asked, Look, known
from dltui.contents import Contents
from dltui.contents.facts import attends
from dltui.contents.outline import Line
from dltui.contents.page import counted, shape_text, size
from dltui.tui.catalog.items import homely

MOST_VALUES = 12  # plain values of a file that are told
LONGEST = 60  # characters of one


def head_of(contents: Contents) -> str:
    """Return what a file holds, in a line."""
    own = contents.own()
    numbers, nbytes = sum(one.elements for one in own), sum(one.nbytes for one in own)
    seems = f" · seems to be {contents.guess.guess}" if contents.guess else ""
    tensors = counted(len(contents.entries), "tensor")
    return f"{contents.format} · {tensors} · {numbers:,} numbers · {size(nbytes)}{seems}"


def told_of(line: Line) -> str:
    """Return shape, type and size of what is under the cursor."""
    entry = line.entry
    return f"{shape_text(entry.shape)} {entry.dtype}, {size(entry.nbytes)}" if entry else size(line.nbytes)


def answers(look: Look, contents: Contents) -> bool:
    """Return whether the verb of a tab is there and finds something to look at."""
    return known(look) and (look.verb != "attention" or attends(contents.entries))


def offer(look: Look, asked: Asked, contents: Contents) -> str:
    """Return what the key of a tab would do, or that there is nothing for it to look at.

    Args:
        look: The tab.
        asked: The verb with what is known of its arguments.
        contents: What the file holds.
    """
    if not known(look):
        return f"This dltui has no verb {look.verb}, which shows {look.words}."
    if not answers(look, contents):
        return "It has no attention, by its tensors: none is named attn, qkv or query, as those of gpt and vit are."
    opens = "runs" if look.runs else "opens the form of"
    return f"m {opens}: {shlex.join(['dltui', *asked.line])}\n\nIt shows {look.words}; its result comes back here."


def facts_of(contents: Contents, line: Line | None, path: Path | None) -> tuple[tuple[str, str], ...]:
    """Return what is known of what is under the cursor, then of the file.

    Args:
        contents: What the file holds.
        line: What is under the cursor, or None.
        path: The file, or None for a network that is only built.
    """
    facts: list[tuple[str, str]] = []
    if line is not None:
        entry = line.entry
        facts.append(("tensor" if entry else "module", line.path))
        if entry is not None:
            facts += [
                ("shape", shape_text(entry.shape)),
                ("type", entry.dtype),
                ("bytes", size(entry.nbytes)),
            ]
        facts.append(("numbers", f"{line.elements:,}"))
        if entry is not None and entry.shared:
            facts.append(("kept with", entry.shared))
    if contents.guess:
        facts += [("seems to be", contents.guess.guess), ("because", contents.guess.because)]
    facts += [(key, str(value)[:LONGEST]) for key, value in list(contents.scalars.items())[:MOST_VALUES]]
    if path is not None:
        facts.append(("file", homely(path)))
    return tuple(facts)
