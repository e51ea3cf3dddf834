"""Classic networks as chains, read from the files that ship with dltui."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from dltui.errors import unknown
from dltui.shapes.report import ShapeError

FOLDER = Path(__file__).parent.parent / "assets" / "chains"


@dataclass(frozen=True, slots=True)
class Named:
    """A network that ships.

    Attributes:
        name: What it is called.
        title: One line: what it is, and where it comes from.
        inputs: Shapes that it is usually given, as text.
        text: Its rows.
    """

    name: str
    title: str
    inputs: tuple[str, ...]
    text: str


def named_chains() -> list[str]:
    """Return the names of the networks that ship, in order."""
    return sorted(path.stem for path in FOLDER.glob("*.chain"))


def read_named(name: str) -> Named:
    """Return a network that ships.

    Args:
        name: Such as ``resnet50``.

    Returns:
        Its rows and its usual input.

    Raises:
        ShapeError: If there is none of that name; it suggests the nearest.
    """
    known = named_chains()
    if name not in known:
        raise ShapeError(str(unknown("chain", name, known)), "layer")
    text = (FOLDER / f"{name}.chain").read_text(encoding="utf-8")
    remarks = [line.lstrip("#").strip() for line in text.splitlines() if line.startswith("#")]
    inputs = tuple(line.removeprefix("input:").strip() for line in remarks if line.startswith("input:"))
    title = next((line for line in remarks if not line.startswith("input:")), "")
    return Named(name, title, inputs, text)
