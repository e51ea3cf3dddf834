"""Which cells a line reads, as small grids with those cells lit."""

from __future__ import annotations

from collections.abc import Mapping
from math import prod

from dltui.byhand.printing import Unicode
from dltui.byhand.rounding import Rounding
from dltui.byhand.sheet import Line
from dltui.byhand.tensor import Tensor
from dltui.byhand.value import Label

SLICES = 3  # of one tensor that are shown beside a line


class Picture:
    """A row or a plane of a tensor.

    Attributes:
        name: Symbol, with the indices of the plane.
        rows: The numbers as printed.
        lit: Rows and columns of the cells that are read.
    """

    __slots__ = ("lit", "name", "rows")

    def __init__(self, name: str, rows: list[list[str]], lit: frozenset[tuple[int, int]]) -> None:
        self.name = name
        self.rows = rows
        self.lit = lit


def pictures(
    line: Line, tensors: Mapping[str, Tensor], rounding: Rounding, script: Unicode, *, every: bool = False
) -> list[Picture]:
    """Return the tensors that a line reads several cells of, those cells lit.

    Args:
        line: What is worked out.
        tensors: All tensors by name.
        rounding: How numbers are printed.
        script: How symbols are spelled.
        every: Also those of which one cell is read, or all of a row.

    Returns:
        One picture a plane, the first few of each tensor.
    """
    read: dict[str, list[int]] = {}
    for label in line.reads():
        read.setdefault(label.tensor, []).append(label.cell)
    return [
        picture
        for name, cells in read.items()
        if name in tensors and len(tensors[name].cells) > 1
        if every or _telling(tensors[name], cells)
        for picture in _planes(tensors[name], set(cells), rounding, script)
    ]


def picture(tensor: Tensor, rounding: Rounding, script: Unicode) -> list[Picture]:
    """Return all planes of a tensor, nothing lit."""
    return _planes(tensor, set(range(len(tensor.cells))), rounding, script, lit=False)


def _telling(tensor: Tensor, cells: list[int]) -> bool:
    """Return whether a picture tells more than the line."""
    wide = sum(size > 1 for size in tensor.shape)
    return len(cells) > 1 and (wide > 1 or len(cells) < len(tensor.cells))


def _planes(
    tensor: Tensor, cells: set[int], rounding: Rounding, script: Unicode, *, lit: bool = True
) -> list[Picture]:
    """Return the planes that hold some cells."""
    shape = tensor.shape or (1,)
    height, width = (1, shape[0]) if len(shape) == 1 else shape[-2:]
    size = height * width
    found = []
    for plane in sorted({cell // size for cell in cells})[: SLICES if lit else None]:
        rows = [
            [_text(tensor, plane * size + r * width + c, rounding, script) for c in range(width)]
            for r in range(height)
        ]
        inside = (cell - plane * size for cell in cells if cell // size == plane)
        marked = frozenset((cell // width, cell % width) for cell in inside) if lit else frozenset()
        found.append(Picture(script.name(_plane_label(tensor, plane)), rows, marked))
    return found


def _text(tensor: Tensor, cell: int, rounding: Rounding, script: Unicode) -> str:
    """Return a cell as printed; a dot where nothing was written."""
    value = tensor.cells[cell]
    return script.dot.strip() if value is None else script.number(rounding.text(value))


def _plane_label(tensor: Tensor, plane: int) -> Label:
    """Return what a plane is called: the symbol with the leading indices."""
    place: list[int] = []
    lead = tensor.shape[:-2]
    assert plane < max(prod(lead), 1)
    for size in reversed(lead):
        if size > 1:
            place.append(plane % size)
        plane //= size
    return Label(tensor.symbol, tuple(reversed(place)))
