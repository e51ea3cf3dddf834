"""What every operation must do: equal torch, and print lines that can be redone with the printed numbers alone."""

from __future__ import annotations

import math
import os
import random
import re
import string
from collections.abc import Mapping
from typing import Any

import torch
from hypothesis import Phase, settings

from dltui.byhand import Worked, work
from dltui.byhand.printing import UNICODE
from dltui.byhand.sheet import Line, leaves
from dltui.byhand.told import tell
from dltui.instruments.byhand import torch_answer

# random inputs a test; DLTUI_BYHAND_EXAMPLES=500 for the long run
EXAMPLES = int(os.environ.get("DLTUI_BYHAND_EXAMPLES", "10"))
TOLERANCE = 1e-10
# the inputs are small already: making a failing one smaller would take minutes
many = settings(max_examples=EXAMPLES, deadline=None, phases=(Phase.explicit, Phase.generate))
READ = 10  # lines of a sheet that are re-read, drawn anew each time

LETTERS = {*map(chr, range(ord("α"), ord("ω") + 1)), *map(chr, range(ord("Α"), ord("Ω") + 1)), *"∂ℓ′_"}
LETTERS |= {*string.ascii_letters, *string.digits}
BEFORE, AFTER = LETTERS | {"."}, LETTERS | {*"₀₁₂₃₄₅₆₇₈₉‚"}
POWERS = {"²": "2", "³": "3", "⁴": "4"}
KNOWN: dict[str, Any] = {
    "E": math.e,
    "inf": math.inf,
    "nan": math.nan,
    "sqrt": math.sqrt,
    "log": math.log,
    "tanh": math.tanh,
    "erf": math.erf,
    "sin": math.sin,
    "cos": math.cos,
    "abs": abs,
    "floor": math.floor,
    "max": max,
    "min": min,
    "sign": lambda x: float((x > 0) - (x < 0)),
    "sigmoid": lambda x: 1 / (1 + math.exp(-x)),
}


def agree(name: str, given: Mapping[str, Any], *, backward: bool = True) -> Worked:
    """Hold an operation on given inputs against torch, and its printed lines against themselves."""
    worked = work(name, given)
    torch.set_num_threads(1)
    answer = torch_answer(worked, backward=backward)
    size = max([
        1.0,
        *(abs(cell.value) for one in worked.outputs for cell in one.cells if math.isfinite(cell.value)),
    ])
    assert answer.difference <= TOLERANCE * size, f"{name}: values are {answer.difference:g} apart"
    check_lines(worked.sheet.lines)
    if backward:
        slopes = [abs(cell.value) for one in worked.gradients.of.values() for cell in one.cells]
        size = max([1.0, *filter(math.isfinite, slopes)])
        assert answer.gradient_difference is not None
        assert answer.gradient_difference <= TOLERANCE * size, f"{name}: {answer.gradient_difference:g} apart"
        check_lines(worked.gradients.sheet.lines)
    return worked


def check_lines(lines: list[Line]) -> None:
    """Redo printed lines: formulas with the values of the names, every other side with the numbers that stand there."""
    draws = random.Random(len(lines))
    chosen = lines if len(lines) <= READ else sorted(draws.sample(lines, READ), key=lines.index)
    for told in tell(chosen):
        check_formula(told.line, told.formula)
        check_sides(told.text(), [text for _, text in told.sides], [sign for sign, _ in told.sides])


def check_formula(line: Line, formula: str) -> None:
    """Assert that the formula, read with the exact value of every name, gives the value of the line."""
    names = {UNICODE.name(one.label): one.value for one in leaves(line.expression) if one.label is not None}
    places = {f"v{i}": value for i, value in enumerate(names.values())}
    text = spelled(formula, {name: f" v{i} " for i, name in enumerate(names)})
    found = redo(text, places)
    want = line.target.value
    if found is not None and math.isfinite(want):
        assert math.isclose(found, want, rel_tol=1e-9, abs_tol=1e-9), f"{formula} is {found}, not {want}"


def spelled(formula: str, names: Mapping[str, str]) -> str:
    """Return a formula with other names; ``x₁`` is not found in ``x₁₂``, nor ``a`` in ``max``."""
    known = sorted(names, key=len, reverse=True)
    found, at = "", 0
    while at < len(formula):
        free = at == 0 or formula[at - 1] not in BEFORE
        for name in known:
            end = at + len(name)
            if free and formula.startswith(name, at) and formula[end : end + 1] not in AFTER:
                found, at = found + names[name], end
                break
        else:
            found, at = found + formula[at], at + 1
    return found


def check_sides(whole: str, sides: list[str], signs: list[str]) -> None:
    """Assert that every side gives the last one, to its shown digits, and exactly where an equals sign stands."""
    values = [redo(side, {}) for side in sides]
    if not values or None in values or not all(map(math.isfinite, values)):  # type: ignore[arg-type]
        return
    last = values[-1]
    room = 0.5 * 10.0 ** -shown_decimals(sides[-1]) * (1 + 1e-6) + 1e-12 * max(1.0, abs(last))
    for side, value in zip(sides, values, strict=True):
        assert abs(value - last) <= room, f"{side} is {value}, not {sides[-1]}: {whole}"  # type: ignore[operator]
    for sign, before, after in zip(signs[1:], values, values[1:], strict=False):
        if sign == "=":
            assert math.isclose(before, after, rel_tol=1e-8, abs_tol=1e-12), (
                f"{before} is not {after}: {whole}"
            )  # type: ignore[arg-type]


def shown_decimals(text: str) -> int:
    """Return how many decimals count: those that are shown, zeros that were left out up to the fourth."""
    mantissa, _, power = text.replace("−", "-").partition("e")
    shown = len(mantissa.partition(".")[2]) - int(power or 0)
    return shown if power else max(shown, 4)


def redo(text: str, names: Mapping[str, float]) -> float | None:
    """Return what a reader gets for a printed text; None where it can't be computed (0/0, overflow)."""
    plain = re.sub(r"(?<![\w.])e\^", "E^", text)
    for glyph, spelled in (
        ("−", "-"),
        ("·", "*"),
        ("∞", "inf"),
        ("√", "sqrt"),
        ("σ(", "sigmoid("),
        ("ln(", "log("),
        ("⌊", "floor("),
        ("⌋", ")"),
    ):
        plain = plain.replace(glyph, spelled)
    plain = re.sub("[²³⁴]", lambda found: f"**{POWERS[found[0]]}", plain).replace("^", "**")
    plain = re.sub(r"\|([^|]*)\|", r"abs(\1)", plain)
    try:
        found = eval(plain, {"__builtins__": {}}, KNOWN | dict(names))
    except (ZeroDivisionError, OverflowError, ValueError):
        return None
    return float(found) if isinstance(found, int | float) else None
