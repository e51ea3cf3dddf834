"""Points as rows of a text: XYZ, PTS, ASC, TXT and CSV, with or without a line of names."""

from __future__ import annotations

import re
from io import BytesIO
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from dltui.errors import DltuiError
from dltui.scene.columns import named, unnamed
from dltui.scene.geometry import Array, Geometry
from dltui.scene.hints import Hints
from dltui.scene.readers._bytes import bytes_of

MARKS = (b"#", b"//", b"%")


def read_rows(path: Path, hints: Hints) -> Geometry:
    """Read points that stand one a line.

    Args:
        path: Where they are.
        hints: Names of the columns; without them the first line tells, or they are guessed.

    Returns:
        The points.

    Raises:
        DltuiError: If a line has another number of columns than the first, or something is no number.
    """
    body = bytes_of(path, "rows of x, y and z")
    names, body = _head(body)
    if not body.strip():
        raise DltuiError(f"{path} has no rows of numbers: expected x, y and z in each")
    break_ = next((mark for mark in (b";", b",") if mark in body[:4096]), None)
    kind = path.suffix.lower().lstrip(".") or "text"
    told = hints.columns or names
    words = _words(body, break_, told)
    if words:
        kept = [i for i in range(len(told)) if i not in words]
        table = _table(body, break_, path, kept)
        remark = f"left out, as they hold words: {', '.join(told[i] for i in words)}"
        columns: dict[str, Array] = {
            told[i]: table[:, place] for place, i in enumerate(kept) if told[i] != "-"
        }
        return named(columns, title=path.name, format=kind, remarks=(remark,))
    table = _table(body, break_, path)
    if hints.columns or not names:
        return unnamed(table, hints.columns, title=path.name, format=kind)
    if len(names) != table.shape[1]:
        raise DltuiError(f"{path} names {len(names)} columns and has {table.shape[1]}: {', '.join(names)}")
    return named({name: table[:, i] for i, name in enumerate(names)}, title=path.name, format=kind)


def _head(body: bytes) -> tuple[tuple[str, ...], bytes]:
    """Return the names that the first line gives, and what follows; a line with the count alone is skipped."""
    names: tuple[str, ...] = ()
    while body:
        line, _, rest = body.partition(b"\n")
        bare = line.strip().lstrip(b"\xef\xbb\xbf")
        words = _cells(bare.lstrip(b"#/% "))
        marked = bare.startswith(MARKS)
        numbers = [_number(word) for word in words]
        if words and not marked and all(number is not None for number in numbers) and len(words) > 1:
            return names, body
        texts = tuple(word.decode("utf-8", "replace").strip("\"'").lower() for word in words)
        if {"x", "y", "z"} <= set(texts):
            names = texts
        elif words and not marked and len(words) > 1:
            return names, body  # what is wrong with it is told where the numbers are read
        body = rest
    return names, body


def _words(body: bytes, break_: bytes | None, told: tuple[str, ...]) -> list[int]:
    """Return which of the columns that have names hold words in the first row; none where a place would be one."""
    first = body.partition(b"\n")[0].strip()
    cells = first.split(break_) if break_ else first.split()
    found = [i for i, cell in enumerate(cells) if cell.strip() and _number(cell) is None]
    return found if len(told) == len(cells) and not {told[i] for i in found} & {"x", "y", "z"} else []


def _cells(line: bytes) -> list[bytes]:
    """Return what stands between the commas or semicolons of a line, or else between its spaces; nothing empty."""
    mark = next((mark for mark in (b";", b",") if mark in line), None)
    return [cell for part in (line.split(mark) if mark else line.split()) if (cell := part.strip())]


def _number(word: bytes) -> float | None:
    """Return a word as a number, or None."""
    try:
        return float(word)
    except ValueError:
        return None


def _table(
    body: bytes, break_: bytes | None, path: Path, columns: list[int] | None = None
) -> NDArray[np.float64]:
    """Return the numbers of some columns or all, one line a row; empty fields are NaN."""
    text = body
    if break_ is not None:
        text = re.sub(
            rb"(?<=[;,])[ \t]*(?=[;,\r\n])", b"nan", re.sub(rb"[;,]\s*$", lambda m: m[0][:1] + b"nan", text)
        )
    try:
        return np.loadtxt(
            BytesIO(text),
            comments=["#", "//", "%"],
            delimiter=break_.decode() if break_ else None,
            ndmin=2,
            usecols=columns,
            encoding="utf-8",
        )
    except ValueError as error:
        told = re.search(r"number of columns changed from (\d+) to (\d+) at row (\d+)", str(error))
        if told:
            raise DltuiError(
                f"{path} has {told[2]} columns in row {told[3]} of its numbers, and {told[1]} before it"
            ) from None
        told = re.search(r"could not convert string '(.*)' to float64 at row (\d+)", str(error))
        shown = f"{told[1]!r} in row {int(told[2]) + 1} of its numbers" if told else "something"
        decimal = r"\d\s+[-+]?\d" if break_ == b"," else r"\d,\d"  # between two numbers, or within one
        commas = told and re.search(decimal, told[1])
        hint = "; if commas stand for decimal points there, write points" if commas else ""
        raise DltuiError(f"{path} holds {shown} where a number was expected{hint}") from None
