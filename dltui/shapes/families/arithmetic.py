"""Tensors added, multiplied and put through a matrix product, exactly as PyTorch does it."""

from __future__ import annotations

from functools import reduce

from dltui.shapes.families.broadcast import broadcast
from dltui.shapes.layer import layer
from dltui.shapes.report import Shape, ShapeError, ShapeReport, show
from dltui.shapes.symbol import product


def add_(*inputs: Shape) -> ShapeReport:
    """Return tensors added, as a skip connection does.

    Args:
        *inputs: Shapes with a common one.

    Returns:
        The common shape.

    Raises:
        ShapeError: If there is none.
    """
    return _spread("+", inputs)


def mul_(*inputs: Shape) -> ShapeReport:
    """Return tensors multiplied number by number, as a gate does.

    Args:
        *inputs: Shapes with a common one.

    Returns:
        The common shape.

    Raises:
        ShapeError: If there is none.
    """
    report = _spread("·", inputs)
    report.keeps = "i"
    return report


def _spread(sign: str, inputs: tuple[Shape, ...]) -> ShapeReport:
    """Return the report of an operation number by number."""
    if not inputs:
        raise ShapeError("at least one input is needed")
    output = reduce(lambda one, other: broadcast("input", one, other), inputs)
    return ShapeReport(
        inputs=inputs,
        outputs=(output,),
        pointwise=(len(inputs) - 1) * product(output),
        window=(),
        why=lambda: [f" {sign} ".join(f"({show(shape)})" for shape in inputs) + f" = ({show(output)})"],
    )


def matmul_(input: Shape, other: Shape) -> ShapeReport:  # noqa: A002
    """Return the matrix product of the last two dimensions, those before spread to a common shape.

    Args:
        input: (…, n, m), or (m).
        other: (…, m, p), or (m).

    Returns:
        (…, n, p) and the cost.

    Raises:
        ShapeError: If the inner sizes differ.
    """
    if not input or not other:
        raise ShapeError(
            "matmul takes at least one dimension of each input", "input" if not input else "other"
        )
    left = input if len(input) > 1 else (1, *input)
    right = other if len(other) > 1 else (*other, 1)
    if left[-1] != right[-2]:
        raise ShapeError(f"the inner sizes differ: {show(input)} against {show(other)}", "other")
    front = broadcast("other", left[:-2], right[:-2])
    rows = left[-2:-1] if len(input) > 1 else ()
    columns = right[-1:] if len(other) > 1 else ()
    macs = product((*front, left[-2], left[-1], right[-1]))
    return ShapeReport(
        inputs=(input, other),
        outputs=((*front, *rows, *columns),),
        macs=macs,
        keeps="i",
        why=lambda: [
            f"({show(input)}) · ({show(other)}): MACs = {show((*front, left[-2], left[-1], right[-1]))} = {macs:,}"
        ],
    )


add = layer("add", add_)
mul = layer("mul", mul_)
matmul = layer("matmul", matmul_)
