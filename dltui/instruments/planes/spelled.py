"""How the directions of a landscape are spelled, read before anything is loaded."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from dltui.errors import UsageError

Kind = Literal["random", "eigen", "gradient", "file"]

TRAJECTORY = "trajectory"
ENDING = ".safetensors"
WORDS = (
    "random, eigen:K (K = 1 for the largest eigenvalue of the Hessian, −1 for the lowest), gradient, trajectory, or a "
    "file such as direction.safetensors"
)


@dataclass(frozen=True)
class Term:
    """One direction, as it is asked for.

    Attributes:
        kind: What it is.
        number: Which eigenvector.
        path: Which file.
    """

    kind: Kind
    number: int = 0
    path: Path = Path()

    @property
    def name(self) -> str:
        """How it is spelled."""
        return {"eigen": f"eigen:{self.number}", "file": str(self.path)}.get(self.kind, self.kind)


def spelled_directions(text: str) -> tuple[Term, ...]:
    """Return the directions that a text such as ``gradient,eigen:1`` names.

    Args:
        text: One or two of ``random``, ``eigen:K``, ``gradient`` and names of files, or ``trajectory`` alone.

    Returns:
        The directions; empty for ``trajectory``.

    Raises:
        UsageError: If it is spelled otherwise.
    """
    parts = [part.strip() for part in text.replace("−", "-").split(",")]
    if parts == [TRAJECTORY]:
        return ()
    terms = tuple(_term(part, text) for part in parts)
    repeated = len(set(terms) - {Term("random")}) < sum(term.kind != "random" for term in terms)
    if len(terms) > 2 or repeated:
        raise _wrong(text, "one direction, or two different ones")
    return terms


def _term(part: str, text: str) -> Term:
    """Return one direction."""
    if part == "random":
        return Term("random")
    if part == "gradient":
        return Term("gradient")
    if part.endswith(ENDING):
        return Term("file", path=Path(part).expanduser())
    head, _, number = part.partition(":")
    if head == "eigen" and number.removeprefix("-").isdecimal() and int(number):
        return Term("eigen", int(number))
    raise _wrong(text, WORDS)


def _wrong(text: str, expected: str) -> UsageError:
    """Return the error for a spelling that can't be read."""
    return UsageError(f"can't scan along {text!r}: expected {expected}; try eigen:1,eigen:2")
