"""A network followed through the source of its ``forward``: read as a tree and stepped through with shapes, never run.

What is understood is what most networks are written in: layers and blocks made in ``__init__``, loops and conditions
over plain values, functions of torch, methods of tensors, skips. What is not is told with its line.
"""

from __future__ import annotations

import ast
from contextlib import suppress

from dltui.shapes.follow.record import Recorder, Stopped
from dltui.shapes.follow.statements import Interpreter
from dltui.shapes.follow.things import Tensor
from dltui.shapes.report import Shape, ShapeError
from dltui.shapes.rows import Row
from dltui.spelling import parsed


def traced(text: str, inputs: tuple[Shape, ...]) -> list[Row]:
    """Return the rows that ``forward`` of the last class of a source runs through.

    Args:
        text: Python source.
        inputs: Shapes that go in, in the order of ``forward``.

    Returns:
        Rows with names for what is read again; the last one is refused when shapes do not meet.

    Raises:
        ShapeError: If the source can't be parsed, or a line can't be followed; the line is named.
    """
    try:
        tree = parsed(text)
    except SyntaxError as error:
        raise ShapeError(f"the source can't be parsed: {error.msg} in line {error.lineno}", "layer") from None
    recorder = Recorder(inputs)
    reader = Interpreter(recorder)
    reader.read(tree)
    classes = [
        one
        for one in tree.body
        if isinstance(one, ast.ClassDef) and reader.method(one, "forward") is not None
    ]
    if not classes:
        raise ShapeError("the source holds no class with a forward", "layer")
    module = reader.made(classes[-1], [], {}, classes[-1])
    names = [f"in{i}" for i in range(1, len(inputs) + 1)]
    tensors = [Tensor(name, shape) for name, shape in zip(names, inputs, strict=True)]
    with suppress(Stopped):
        reader.call(module, tensors, {}, classes[-1])
    if not recorder.rows:
        raise ShapeError(f"forward of {classes[-1].name} calls no layer", "layer")
    return recorder.rows
