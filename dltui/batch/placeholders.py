"""Text in braces: ``{lr}`` of a matrix, ``{train.run}`` of another job; ``{{`` and ``}}`` are braces themselves."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from dltui.batch.plan import Scalar

BRACES = re.compile(r"\{\{|\}\}|\{([^{}]*)\}")


def inside(text: str) -> Iterator[str]:
    """Yield what stands in braces, in order.

    Args:
        text: A word of a command line.

    Yields:
        Names such as ``lr`` and ``train.run``.
    """
    for found in BRACES.finditer(text):
        if found.group(1) is not None:
            yield found.group(1).strip()


def filled(text: str, value: Callable[[str], str | None], *, last: bool = False) -> str:
    """Return a text with what stands in braces replaced.

    Args:
        text: A word of a command line.
        value: Returns what stands for a name, or None where it stays in braces for now.
        last: Whether this is the last time, so that doubled braces become single ones.

    Returns:
        The text.
    """

    def one(found: re.Match[str]) -> str:
        if found.group(1) is None:
            return found.group()[0] if last else found.group()
        told = value(found.group(1).strip())
        if told is None:
            return found.group()
        return told if last else told.replace("{", "{{").replace("}", "}}")

    return BRACES.sub(one, text)


def spelled(value: Scalar) -> str:
    """Return a value of a matrix as a person would type it on a command line."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        short = f"{value:g}"
        return short if float(short) == value else repr(value)
    return str(value)
