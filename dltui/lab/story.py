"""The docstring of an exhibit, taken apart: what is seen, what to try, what to notice, and the rest."""

from __future__ import annotations

import inspect
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Story:
    """What an exhibit says of itself.

    Attributes:
        seen: What is on the screen, one sentence.
        attempt: What to try with the knobs.
        notice: What to notice then.
        body: The paragraphs after that.
    """

    seen: str
    attempt: str
    notice: str
    body: tuple[str, ...]

    @property
    def opening(self) -> tuple[str, str, str]:
        """The three lines with which the exhibit opens."""
        return self.seen, f"Try: {self.attempt}", f"Notice: {self.notice}"


def read_story(docstring: str | None, name: str) -> Story:
    """Return the parts of an exhibit's docstring.

    Args:
        docstring: First line what is seen, then paragraphs; one line starts with ``Try:`` and one with ``Notice:``,
            and each goes on until the next of them or a blank line.
        name: The exhibit's name, for the error.

    Returns:
        The parts; lines of one paragraph are joined.

    Raises:
        TypeError: If one of the three openings is missing.
    """
    paragraphs = [_split(block) for block in inspect.cleandoc(docstring or "").split("\n\n")]
    lines = [" ".join(line.split()) for block in paragraphs for line in block if line.strip()]
    attempt = next((line.removeprefix("Try: ") for line in lines if line.startswith("Try: ")), "")
    notice = next((line.removeprefix("Notice: ") for line in lines if line.startswith("Notice: ")), "")
    if not (lines and attempt and notice):
        raise TypeError(
            f"the docstring of exhibit {name!r} must open with one line of what is seen, "
            "a line 'Try: …' and a line 'Notice: …'"
        )
    body = tuple(line for line in lines[1:] if not line.startswith(("Try: ", "Notice: ")))
    return Story(lines[0], attempt, notice, body)


def _split(block: str) -> list[str]:
    """Return the paragraphs of a block: ``Try:`` and ``Notice:`` begin new ones without a blank line."""
    parts: list[str] = []
    for line in block.splitlines():
        if not parts or line.startswith(("Try: ", "Notice: ")):
            parts.append(line)
        else:
            parts[-1] += " " + line
    return parts
