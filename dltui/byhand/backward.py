"""Back-propagation by hand: the lines of a sheet walked backwards, the gradients themselves lines of another sheet."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import groupby

from dltui.byhand.functions import number, total
from dltui.byhand.rules import shares
from dltui.byhand.sheet import Line, Sheet
from dltui.byhand.tensor import Tensor
from dltui.byhand.value import Value

MARK = "∂"  # ∂x is short for ∂L/∂x
GIVEN = "given"  # what is given of the gradient of an output that later lines read, too


class Gradients:
    """What ``backward`` returns.

    Attributes:
        sheet: A line for each gradient, ∂x for ∂L/∂x; its inputs are the gradients of the outputs.
        of: Gradient of every input, a tensor of the same shape.
    """

    __slots__ = ("of", "sheet")

    def __init__(self, sheet: Sheet, of: dict[str, Tensor]) -> None:
        self.sheet = sheet
        self.of = of


def backward(
    sheet: Sheet, outputs: Mapping[str, Sequence[float]], inputs: Sequence[str] | None = None
) -> Gradients:
    """Return the gradients of a sheet's inputs by the chain rule.

    Args:
        sheet: What the forward pass wrote.
        outputs: ∂L/∂y of every output by the name of its tensor, row-major.
        inputs: The tensors whose gradients are wanted; by default all that the sheet was given.

    Returns:
        Gradients and the lines that lead to them.
    """
    back = Sheet()
    gathered: dict[int, list[Value]] = {}
    held = {id(cell) for name in sheet.held for cell in sheet.tensors[name].cells}
    read = {id(leaf) for line in sheet.lines for leaf in _names(line.expression)}
    for place, (name, upstream) in enumerate(outputs.items()):
        tensor = sheet.tensors[name]
        again = any(
            id(cell) in read for cell in tensor.cells
        )  # then what is given is a part of its gradient only
        symbol = GIVEN + "′" * place if again else MARK + tensor.symbol
        given = back.input(f"{GIVEN} {name}" if again else MARK + name, symbol, tensor.shape, [*upstream])
        for cell, gradient in zip(tensor.cells, given.cells, strict=True):
            gathered.setdefault(id(cell), []).append(gradient)
    for line in _reversed(sheet.lines):
        found = gathered.get(id(line.target))
        if found and id(line.target) not in held:
            _hand_down(line.target.parts[0], line.target, _written(back, sheet, line, found), gathered)
    # an input whose tensor is held (class indices, masks) has no gradient
    wanted = (
        [name for name, one in sheet.tensors.items() if one.write is None and name not in sheet.held]
        if inputs is None
        else inputs
    )
    return Gradients(back, {name: _of_input(back, sheet.tensors[name], gathered) for name in wanted})


def _reversed(lines: list[Line]) -> list[Line]:
    """Return lines from the last to the first; cells of one tensor that don't need each other in reading order."""
    found: list[Line] = []
    for _, run in groupby(reversed(lines), key=lambda line: (line.tensor, line.heading)):
        block = list(run)
        own = {id(line.target) for line in block}
        needed = any(id(leaf) in own for line in block for leaf in _names(line.expression))
        found += block if needed else reversed(block)
    return found


def _names(expression: Value) -> list[Value]:
    """Return the names in an expression."""
    if expression.op == "name":
        return [expression]
    return [name for part in expression.parts for name in _names(part)]


def _written(back: Sheet, sheet: Sheet, line: Line, found: list[Value]) -> Value:
    """Return the gradient of a line's result: what was given, or a line that adds up all that came back."""
    if (
        len(found) == 1
        and found[0].op == "name"
        and found[0].label
        and found[0].label.tensor == MARK + line.tensor
    ):
        return found[0]  # an output that nothing else reads: its gradient is given
    name, label = MARK + line.tensor, line.target.label
    assert label is not None
    whole = sheet.tensors[line.tensor]
    if name not in back.tensors:
        back.tensor(name, whole.shape, MARK + whole.symbol)
    back.heading(f"gradient of {whole.symbol}")
    place = _place(label.cell, whole.shape)
    back.tensors[name][place] = total(found)
    return back.tensors[name][place]


def _of_input(back: Sheet, tensor: Tensor, gathered: dict[int, list[Value]]) -> Tensor:
    """Write the gradient of every cell of an input."""
    gradient = back.tensor(MARK + tensor.name, tensor.shape, MARK + tensor.symbol)
    back.heading(f"gradient of {tensor.symbol}")
    for place, cell in zip(tensor.places(), tensor.cells, strict=True):
        found = gathered.get(id(cell), [])
        if not found:
            back.note("nothing that was computed reads it")
        gradient[place] = total(found) if found else number(0)
    return gradient


def _hand_down(node: Value, result: Value, upstream: Value, gathered: dict[int, list[Value]]) -> None:
    """Give an expression's gradient to the names it was made of."""
    if node.op == "name":
        gathered.setdefault(id(node), []).append(upstream)
    elif node.op != "number":
        for part, share in zip(node.parts, shares(node, result, upstream), strict=True):
            if share is not None:
                _hand_down(part, part, share, gathered)


def _place(cell: int, shape: tuple[int, ...]) -> tuple[int, ...]:
    """Return the index of a cell in row-major order."""
    found: list[int] = []
    for size in reversed(shape):
        found.append(cell % size)
        cell //= size
    return tuple(reversed(found))
