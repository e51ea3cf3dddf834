"""A computation written out under the pictures of an exhibit, with the numbers of the moment put in."""

from __future__ import annotations

from dltui.figures import Step, Steps


def written(*lines: tuple[str, str], title: str = "Worked out", caption: str = "") -> Steps:
    """Return a computation, line by line.

    Args:
        lines: Each line, and a word on it; it may be empty.
        title: What is computed.
        caption: What is to be said below.

    Returns:
        The figure.
    """
    return Steps(
        title=title, caption=caption, steps=tuple(Step(formula=line, note=note) for line, note in lines)
    )
