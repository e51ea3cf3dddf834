"""Many questions at once: one JSON document a line in, one a line out, in order."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any

from dltui.shapes.layers import layer_named
from dltui.shapes.report import ShapeError, plain
from dltui.shapes.symbol import Scope, size

RESERVED = ("layer", "input", "inputs")


def answers(lines: Iterable[str]) -> Iterator[str]:
    """Yield an answer for each line; a line that can't be answered yields an error and stops nothing.

    In: ``{"layer": "conv2d", "input": [1, 3, 32, 32], "out_channels": 8, "kernel_size": 3}``, with ``inputs`` for
    several. Out: ``{"output": […], "parameters": n, "macs": n}``, with a list of shapes where there are several
    outputs, or ``{"error": "…", "argument": "…"}``.

    Args:
        lines: JSON documents; empty lines are skipped.

    Yields:
        JSON documents without a line end.
    """
    encode = json.JSONEncoder(ensure_ascii=False).encode
    decode = json.JSONDecoder().decode
    for line in lines:
        text = line.strip()
        if not text:
            continue
        try:
            question = decode(text)
        except (ValueError, RecursionError) as error:
            yield encode({"error": f"the line is no JSON: {error}", "argument": ""})
            continue
        yield encode(answer(question))


def answer(question: Any) -> dict[str, Any]:
    """Return the answer to one question.

    Args:
        question: ``layer``, ``input`` or ``inputs``, and PyTorch's arguments by name.

    Returns:
        ``output``, ``parameters`` and ``macs``; or ``error`` and ``argument``.
    """
    try:
        return _answered(question)
    except ShapeError as error:
        return {"error": str(error), "argument": error.argument}
    except (TypeError, ValueError, ArithmeticError, RecursionError, MemoryError) as error:
        return {"error": f"the question can't be read: {error}", "argument": ""}


def _answered(question: Any) -> dict[str, Any]:
    """Return the answer to one question, or raise."""
    if type(question) is not dict or "layer" not in question:
        raise ShapeError("a question is a JSON object with layer and input", "layer")
    if "inputs" in question:
        inputs = question["inputs"]
        if type(inputs) is not list:
            raise ShapeError(f"inputs must be a list of shapes, not {inputs!r}", "inputs")
    elif "input" in question:
        inputs = [question["input"]]
    else:
        raise ShapeError("the question has no input, a shape such as [1, 3, 32, 32]", "input")
    settings = {key: value for key, value in question.items() if key not in RESERVED}
    layer = layer_named(question["layer"])
    symbolic = False
    for shape in inputs:
        if type(shape) is list and str in map(type, shape):
            symbolic = True
    if symbolic:
        inputs = _letters(inputs)
    report = layer(*inputs, **settings)
    outputs = report.outputs
    found = {
        "output": outputs[0] if len(outputs) == 1 else outputs,
        "parameters": report.parameters,
        "macs": report.macs,
    }
    if symbolic:
        found = plain(found)
        if report.assumes:
            found["assumes"] = report.assumes
    return found


def _letters(inputs: list[Any]) -> list[Any]:
    """Return shapes with letters as symbols."""
    scope = Scope()

    def read(part: Any) -> Any:
        found = size(part, scope) if isinstance(part, str) else part
        if found is None:
            raise ShapeError(f"{part!r} is no size; expected a whole number or a letter", "input")
        return found

    return [[read(part) for part in shape] if isinstance(shape, list) else shape for shape in inputs]
