"""Chains as people write them: one layer a row, names for what skips ahead."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from dltui.shapes.report import ShapeError
from dltui.shapes.spelled import Spelled, read_layer, read_words

REPEAT = re.compile(r"(\d+)\s*[×x*]\s*\[")


@dataclass(frozen=True, slots=True)
class Row:
    """One layer of a chain.

    Attributes:
        text: As it was written.
        spelled: The layer and its settings.
        reads: Names of what goes in; ``_`` is the row before. Empty means the row before.
        name: What its output is called, for later rows; several names for several outputs.
        tied: Whether its parameters are those of another row and count no more.
    """

    text: str
    spelled: Spelled
    reads: tuple[str, ...] = ()
    name: str = ""
    tied: bool = field(default=False)


def read_rows(text: str) -> list[Row]:
    """Return the rows of a chain.

    Rows are parted by ``|`` or line ends, ``#`` begins a remark, ``3x[ … ]`` repeats what stands within. A row is a
    layer in either spelling, then perhaps ``tied``, ``< a b`` for what it reads (``_`` is the row before) and
    ``> name`` for what its output is called, ``> a b`` for two. Text that begins as PyTorch source is read as such.

    Args:
        text: The chain.

    Returns:
        At least one row.

    Raises:
        ShapeError: If a row can't be read; it is told which.
    """
    if looks_like_source(text):
        from dltui.shapes.source import layers_in

        return [Row(spell_row(spelled), spelled) for spelled in layers_in(text)]
    bare = "\n".join(line.partition("#")[0] for line in text.splitlines())
    rows = [_row(number, part) for number, part in enumerate(_parts(bare), 1)]
    if not rows:
        raise ShapeError("the chain is empty; expected something like: conv2d 64 7 2 3 | relu", "layer")
    return rows


def looks_like_source(text: str) -> bool:
    """Return whether a text is PyTorch source rather than rows."""
    return bool(
        re.search(r"Sequential\s*\(|^\s*(class|import|from)\s|^\s*[\w.]+\s*=\s*[\w.]+\(", text, re.MULTILINE)
    )


def spell_row(spelled: Spelled) -> str:
    """Return a layer in the short spelling."""
    words = [f"{key}={_word(value)}" for key, value in spelled.settings.items()]
    return " ".join([spelled.layer.name.lower(), *words])


def _word(value: object) -> str:
    """Return a value as one word."""
    if isinstance(value, tuple | list):
        return ",".join(map(str, value))
    return str(value).lower() if isinstance(value, bool) or value is None else str(value)


def _parts(text: str) -> list[str]:
    """Return the rows of a text with repetitions written out."""
    while found := REPEAT.search(text):
        depth, end = 1, found.end()
        while depth and end < len(text):
            depth += {"[": 1, "]": -1}.get(text[end], 0)
            end += 1
        if depth:
            raise ShapeError(f"{found.group()} has no closing bracket", "layer")
        if int(found[1]) > 1000:
            raise ShapeError(f"{found[1]} repetitions are too many; at most 1000", "layer")
        inner = text[found.end() : end - 1].strip().strip("|")
        text = text[: found.start()] + "\n".join([inner] * int(found[1])) + text[end:]
        if len(text) > 1_000_000:
            raise ShapeError("the chain is longer than a million characters when written out", "layer")
    return [part.strip() for part in re.split(r"[|\n;]", text) if part.strip()]


def _row(number: int, text: str) -> Row:
    """Return one row."""
    body, _, name = text.partition(">")
    body, _, reads = body.partition("<")
    words = body.split()
    tied = "tied" in words
    try:
        if "(" in body:
            spelled = read_layer(body.replace(" tied", ""))
        else:
            rest = [word for word in words if word != "tied"]
            if not rest:
                raise ShapeError("no layer is named", "layer")
            spelled = read_words(rest[0], rest[1:])
    except ShapeError as error:
        raise ShapeError(f"row {number}, {text}: {error}", error.argument) from None
    return Row(text, spelled, tuple(reads.replace(",", " ").split()), name.strip(), tied)
