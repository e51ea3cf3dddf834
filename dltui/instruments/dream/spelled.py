"""How units, cells and classes are spelled; a form asks here as a person types, so that torch is not needed."""

from __future__ import annotations

import re
from collections.abc import Sequence

from dltui.errors import UsageError, unknown

WHOLE = "whole"  # stands for all of a layer at once
ALL = "all"
MOST = 64  # pictures at once
SPAN = re.compile(r"(\d+)(?:(?:-|\.\.)(\d+))?")


def spelled_units(text: str) -> tuple[int, ...]:
    """Return the units that a text such as ``3``, ``0-15`` or ``0,4,9`` spells; none for ``whole``.

    Args:
        text: Numbers and spans with commas, or ``whole``.

    Returns:
        The units, in the order in which they are told.

    Raises:
        UsageError: If it is spelled otherwise, or there are too many.
    """
    if text.strip() == WHOLE:
        return ()
    units: list[int] = []
    for part in text.split(","):
        found = SPAN.fullmatch(part.strip())
        if found is None:
            raise UsageError(
                f"can't read the units {text!r}: expected numbers such as 3, 0-15 or 0,4,9, or whole"
            )
        first, last = int(found[1]), int(found[2] or found[1])
        if last - first >= MOST or last < first:
            raise UsageError(
                f"can't dream of the units {part.strip()}: expected 1 to {MOST} of them, as in 0-15"
            )
        units.extend(range(first, last + 1))
    if len(units) > MOST:
        raise UsageError(f"can't dream of {len(units)} units at once: expected at most {MOST}; try 0-15")
    return tuple(dict.fromkeys(units))


def spelled_cell(text: str) -> tuple[int, int]:
    """Return row and column that a text such as ``3,4`` spells.

    Args:
        text: Two numbers with a comma.

    Returns:
        Row and column, from 0.

    Raises:
        UsageError: If it is spelled otherwise.
    """
    parts = text.split(",")
    if len(parts) != 2 or not all(part.strip().isdecimal() for part in parts):
        raise UsageError(f"can't read the cell {text!r}: expected row and column, such as 3,4")
    return int(parts[0]), int(parts[1])


def spelled_classes(text: str, classes: Sequence[str], outputs: int) -> tuple[int, ...]:
    """Return the classes that a text names.

    Args:
        text: Names or numbers with commas, or ``all``.
        classes: Their names; may be empty.
        outputs: How many there are.

    Returns:
        Their numbers.

    Raises:
        UsageError: If there is no such class, or there are too many.
    """
    if text.strip() == ALL:
        return tuple(range(min(outputs, MOST)))
    if text in classes:  # a name may have a comma in it
        return (list(classes).index(text),)
    found = []
    for word in (part.strip() for part in text.split(",")):
        if word in classes:
            found.append(list(classes).index(word))
        elif word.isdecimal() and int(word) < outputs:
            found.append(int(word))
        elif classes:
            raise unknown("class", word, classes)
        else:
            raise UsageError(f"unknown class {word!r}: expected a number from 0 to {outputs - 1}")
    if len(found) > MOST:
        raise UsageError(f"can't dream of {len(found)} classes at once: expected at most {MOST}")
    return tuple(dict.fromkeys(found))
