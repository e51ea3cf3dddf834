"""Sizes that are letters, against the same layer asked with numbers."""

from __future__ import annotations

import random

import pytest
from test_fuzz_windows import draw_conv, draw_pool

from dltui.shapes.layers import layer_named
from dltui.shapes.report import ShapeError
from dltui.shapes.symbol import Scope, Symbol, evaluate

KINDS = {f"Conv{axes}d": draw_conv(axes, transposed=False) for axes in (1, 2, 3)}
KINDS |= {f"ConvTranspose{axes}d": draw_conv(axes, transposed=True) for axes in (1, 2, 3)}
KINDS |= {f"{kind}Pool{axes}d": draw_pool(kind, axes) for kind in ("Max", "Avg", "LP") for axes in (1, 2, 3)}


def at(size: int, letters: dict[str, int]) -> int:
    return size.at(**letters) if isinstance(size, Symbol) else size


@pytest.mark.parametrize("name", sorted(KINDS))
def test_letters_hold_at_numbers(name: str) -> None:
    layer, rng, compared = layer_named(name), random.Random(name), 0
    for _ in range(150):
        case = KINDS[name](rng)
        axes, shape = int(name[-2]), list(case["inputs"][0])
        if len(shape) < axes + 1 or 0 in shape:
            continue
        scope = Scope()
        letters = {letter: rng.randint(1, 40) for letter in "DHW"[3 - axes :]}
        shape[-axes:] = [scope.letter(letter) for letter in letters]
        try:
            report = layer(tuple(shape), **case["settings"])
        except ShapeError:
            continue
        if any(evaluate(expression, letters) < 0 for expression, _ in scope.noted):
            continue  # what the answer takes for granted does not hold
        numbers = layer(tuple(at(size, letters) for size in shape), **case["settings"])
        assert tuple(at(size, letters) for size in report.output) == numbers.output, (case, letters)
        assert at(report.macs, letters) == numbers.macs
        assert at(report.pointwise, letters) == numbers.pointwise
        compared += 1
    assert compared > 20
