"""The receptive field along a chain: how far an output looks back, and in what steps.

Size, jump and start follow Araujo, Norris and Sim 2019 (distill.pub 10.23915/distill.00021): r += (k − 1)·d·j,
start += ((k − 1)·d/2 − p)·j, j *= s.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from dltui.shapes.report import ShapeReport


@dataclass(frozen=True, slots=True)
class Axis:
    """One axis.

    Attributes:
        size: Places that an output looks at, from the first to the last.
        jump: Distance of the windows of neighbouring outputs.
        left: Where the first window begins, counted from the first place; below 0 in the border.
    """

    size: int = 1
    jump: int = 1
    left: int = 0

    @property
    def start(self) -> float:
        """The middle of the first window."""
        return self.left + (self.size - 1) / 2


@dataclass(frozen=True, slots=True)
class Field:
    """The receptive field of one output.

    Attributes:
        axes: One entry an axis; empty while every output looks at its own place only.
        aligned: Whether all branches that met had the same jump.
    """

    axes: tuple[Axis, ...] = ()
    aligned: bool = True

    @classmethod
    def first(cls) -> Field:
        """Return the field of an input: each place sees itself."""
        return cls()

    def document(self) -> dict[str, Any]:
        """Return plain lists."""
        axes = self.axes or (Axis(),)
        return {
            "size": [axis.size for axis in axes],
            "jump": [axis.jump for axis in axes],
            "start": [axis.start for axis in axes],
            "aligned": self.aligned,
        }

    def text(self) -> str:
        """Return the sizes as a person writes them, once where they are equal."""
        sizes = [axis.size for axis in self.axes] or [1]
        return str(sizes[0]) if len(set(sizes)) == 1 else "×".join(map(str, sizes))


def grown(field: Field | None, report: ShapeReport) -> Field | None:
    """Return the field after one more layer.

    Args:
        field: The field before it; None when places have lost their meaning.
        report: The layer.

    Returns:
        The field after it; None when it mixes all places.
    """
    if field is None or report.window is None:
        return None
    if not report.window:
        return field
    axes = field.axes or (Axis(),) * len(report.window)
    if len(axes) != len(report.window):
        return None
    grown_axes = tuple(
        Axis(axis.size + (reach - 1) * axis.jump, axis.jump * stride, axis.left - left * axis.jump)
        for axis, (reach, stride, left) in zip(axes, report.window, strict=True)
    )
    return Field(grown_axes, field.aligned)


def merged(fields: list[Field | None]) -> Field | None:
    """Return the field of what branches give together: the least start, the greatest end.

    Args:
        fields: One a branch.

    Returns:
        The field that covers all; None when one of them has none.
    """
    known = [field for field in fields if field is not None]
    if len(known) != len(fields):
        return None
    if len(known) == 1:
        return known[0]
    count = max(len(field.axes) for field in known)
    rows = [field.axes or (Axis(),) * count for field in known]
    if any(len(row) != count for row in rows):
        return None
    axes, aligned = [], all(field.aligned for field in known)
    for column in zip(*rows, strict=True):
        left = min(axis.left for axis in column)
        right = max(axis.left + axis.size for axis in column)
        aligned = aligned and len({axis.jump for axis in column}) == 1
        axes.append(Axis(right - left, column[0].jump, left))
    return Field(tuple(axes), aligned)
