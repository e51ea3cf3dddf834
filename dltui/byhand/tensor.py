"""Tensors of values: a shape and named cells, row-major."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import product
from math import prod
from typing import Any

from dltui.byhand.value import Label, Value

Place = tuple[int, ...]


class Tensor:
    """Cells in a shape. Assigning to a cell of a tensor that a sheet has made writes a line.

    Attributes:
        name: What the operation calls it: the parameter, or what ``sheet.tensor`` was given.
        symbol: What its cells are called in formulas.
        shape: Its sizes; () for one number.
        cells: The values in row-major order; None where nothing has been written yet.
    """

    __slots__ = ("cells", "name", "shape", "symbol", "write")

    def __init__(
        self,
        name: str,
        symbol: str,
        shape: Place,
        cells: list[Any],
        write: Callable[[Tensor, Place, Value], Value] | None = None,
    ) -> None:
        self.name = name
        self.symbol = symbol
        self.shape = shape
        self.cells = cells
        self.write = write

    def __getitem__(self, place: Place | int) -> Value:
        found: Value = self.cells[self.offset(place)]
        return found

    def __setitem__(self, place: Place | int, expression: Value) -> None:
        assert self.write is not None, "inputs are not written to"
        whole = place if isinstance(place, tuple) else (place,)
        self.cells[self.offset(whole)] = self.write(self, whole, expression)

    def __len__(self) -> int:
        return self.shape[0]

    def offset(self, place: Place | int) -> int:
        """Return where a cell lies in row-major order."""
        whole = place if isinstance(place, tuple) else (place,)
        assert len(whole) == len(self.shape), f"{self.name} has {len(self.shape)} dimensions"
        found = 0
        for index, size in zip(whole, self.shape, strict=True):
            assert 0 <= index < size, f"no cell {whole} in {self.name} {self.shape}"
            found = found * size + index
        return found

    def places(self) -> Iterator[Place]:
        """Return the index of every cell, the last dimension running fastest."""
        return product(*map(range, self.shape))

    def row(self, *place: int) -> list[Value]:
        """Return the cells below the leading indices, in row-major order."""
        size = prod(self.shape[len(place) :])
        start = 0
        for index, width in zip(place, self.shape, strict=False):
            start = start * width + index
        return self.cells[start * size : (start + 1) * size]

    def view(self, *shape: int) -> Tensor:
        """Return the same cells in another shape."""
        assert prod(shape) == len(self.cells), f"{self.shape} can't be seen as {shape}"
        return Tensor(self.name, self.symbol, shape, self.cells, self.write)

    def lifted(self, dimensions: int) -> Tensor:
        """Return the same cells with dimensions of size 1 in front, until there are so many."""
        return self.view(*(1,) * (dimensions - len(self.shape)), *self.shape)

    def numbers(self) -> Any:
        """Return the numbers as nested lists, or one number where there are no dimensions."""
        return nested([cell.value for cell in self.cells], self.shape)


def named(name: str, symbol: str, shape: Place, numbers: Sequence[float]) -> Tensor:
    """Return a tensor of inputs.

    Args:
        name: Name of the parameter.
        symbol: What its cells are called.
        shape: Its sizes.
        numbers: Row-major.

    Returns:
        Cells that are names.
    """
    found = Tensor(name, symbol, shape, [])
    found.cells = [
        Value("name", (), float(number), label(found, place))
        for place, number in zip(found.places(), numbers, strict=True)
    ]
    return found


def label(tensor: Tensor, place: Place) -> Label:
    """Return what a cell is called; dimensions of size 1 need no index."""
    kept = tuple(index for index, size in zip(place, tensor.shape, strict=True) if size > 1)
    return Label(tensor.symbol, kept, tensor.name, tensor.offset(place))


def nested(flat: Sequence[Any], shape: Place) -> Any:
    """Return a flat row-major list as nested lists."""
    if not shape:
        return flat[0]
    size = prod(shape[1:])
    return [nested(flat[i * size : (i + 1) * size], shape[1:]) for i in range(shape[0])]
