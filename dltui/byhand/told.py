"""Lines as they are written on paper: formula, numbers put in, worked out step by step, result."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby

from dltui.byhand.printing import UNICODE, Leaf, Unicode, symbolic, write
from dltui.byhand.rounding import SAME, Rounding
from dltui.byhand.sheet import Line
from dltui.byhand.value import Value

FIRST, LAST = 2, 1  # lines of a tensor that are shown when it is folded
TERMS = 12  # terms of a sum that are shown when it is folded


class Told:
    """One line, written out.

    Attributes:
        line: What it tells.
        name: What is computed.
        formula: With symbols.
        sides: What follows the formula: a sign, = or ≈, and a text; numbers put in first, the result last.
        running: The sums so far where many terms are added, as text; else none.
    """

    __slots__ = ("formula", "line", "name", "running", "sides")

    def __init__(
        self, line: Line, name: str, formula: str, sides: list[tuple[str, str]], running: list[str]
    ) -> None:
        self.line = line
        self.name = name
        self.formula = formula
        self.sides = sides
        self.running = running

    def text(self) -> str:
        """Return the whole line in one."""
        return " ".join([f"{self.name} = {self.formula}", *(f"{sign} {side}" for sign, side in self.sides)])


class Fold:
    """Lines that are not shown.

    Attributes:
        lines: Those.
    """

    __slots__ = ("lines",)

    def __init__(self, lines: list[Line]) -> None:
        self.lines = lines


def folded(lines: Sequence[Line], *, whole: bool = False) -> list[Line | Fold]:
    """Return lines with the middle of every long tensor folded away.

    Args:
        lines: Those of a sheet.
        whole: Fold nothing.

    Returns:
        The lines that are shown, and a fold where some are not.
    """
    if whole:
        return list(lines)
    found: list[Line | Fold] = []
    for _, run in groupby(lines, key=lambda line: (line.tensor, line.heading)):
        block = list(run)
        hidden = block[FIRST : len(block) - LAST]
        if len(hidden) < 2:
            found += block
        else:
            found += [*block[:FIRST], Fold(hidden), *block[len(block) - LAST :]]
    return found


def tell(
    lines: Sequence[Line], script: Unicode = UNICODE, *, rounding: Rounding | None = None, most: int = 0
) -> Iterator[Told]:
    """Write lines out.

    Args:
        lines: Those that are shown: every number gets one printed form for all of them.
        script: How symbols are spelled.
        rounding: How numbers are printed; made for these lines when None.
        most: Terms of a sum that are shown; 0 for all.

    Yields:
        One told line a line.
    """
    chosen = rounding or Rounding([line.target for line in lines])
    for line in lines:
        yield _told(line, script, chosen, most)


def _told(line: Line, script: Unicode, rounding: Rounding, most: int) -> Told:
    """Return one line written out."""
    target, root = line.target, line.expression
    assert target.label is not None
    formula = write(root, symbolic(script), script, most)
    exact = all(rounding.same(leaf, leaf.value) for leaf in rounding.stages(target)[0])
    sides: list[tuple[str, str]] = []
    before, last = (root.value if exact else None), formula
    for height in range(rounding.height(root) + 1):
        text = write(root, _numbers(rounding, script, height), script, most)
        now = rounding.redone(root, height)
        if text != last:
            alike = before is not None and _equal(before, now)
            sides.append(("=" if alike else script.near, text))
        before, last = now, text
    running = [script.number(text) for _, text in rounding.running(target)]
    return Told(line, script.name(target.label), formula, sides, running)


def _numbers(rounding: Rounding, script: Unicode, height: int) -> Leaf:
    """Return what shows everything up to a height as a number."""

    def leaf(node: Value) -> str | None:
        return script.number(rounding.text(node)) if rounding.height(node) <= height else None

    return leaf


def _equal(one: float, other: float) -> bool:
    """Return whether an equals sign may stand between two numbers."""
    return repr(one) == repr(other) or abs(one - other) <= SAME * max(abs(one), abs(other), 1e-6)
