"""Sizes that are letters: whole numbers that remember how they were computed.

A ``Symbol`` is a whole number with a value that stands for it (large, with many divisors, another for each letter)
and an expression. Arithmetic carries the expression along; a comparison is decided by the stand-in and noted as a
condition, so that the calculus needs no second copy of its formulas.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from math import prod
from typing import Any

STAND_IN = 40320  # 8! splits into everything that layers are usually split into
PRIMES = (11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71)

Atom = Any  # a letter, or ("floor" | "mod" | "min" | "group", expression[, expression])
Expression = tuple[tuple[tuple[Atom, ...], int], ...]  # sum of coefficient × atoms, in the order of writing


class Scope:
    """The letters of one question, and what its answer takes for granted."""

    def __init__(self) -> None:
        self.letters: dict[str, Symbol] = {}
        self.noted: dict[tuple[Expression, str], None] = {}

    def letter(self, name: str) -> Symbol:
        """Return the size called ``name``; the same one each time."""
        if name not in self.letters:
            stand_in = STAND_IN * PRIMES[len(self.letters) % len(PRIMES)]
            self.letters[name] = Symbol.make(stand_in, (((name,), 1),), self)
        return self.letters[name]

    def note(self, expression: Expression, relation: str) -> None:
        """Remember that ``expression`` stands in a relation to 0."""
        self.noted[expression, relation] = None

    def conditions(self) -> list[str]:
        """Return what must hold, each once, trivial ones left out."""
        ones = dict.fromkeys(self.letters, 1)
        lines = [
            _condition(expression, relation)
            for expression, relation in self.noted
            if relation == "= 0" or evaluate(expression, ones) < 0
        ]
        return list(dict.fromkeys(lines))


class Symbol(int):
    """A whole number that remembers its expression."""

    expression: Expression
    scope: Scope

    @classmethod
    def make(cls, value: int, expression: Expression, scope: Scope) -> Symbol:
        """Return a symbol with a stand-in value."""
        symbol = cls(value)
        symbol.expression = expression
        symbol.scope = scope
        return symbol

    def at(self, **letters: int) -> int:
        """Return the number that comes out when the letters are given numbers."""
        return evaluate(self.expression, letters)

    def _new(self, value: int, expression: Expression) -> Symbol | int:
        if all(not atoms for atoms, _ in expression):
            return value if not expression else expression[0][1]
        return Symbol.make(value, expression, self.scope)

    def __add__(self, other: int) -> int:
        return self._new(int(self) + int(other), add(self.expression, expression_of(other)))

    __radd__ = __add__

    def __neg__(self) -> int:
        return self._new(-int(self), scale(self.expression, -1))

    def __sub__(self, other: int) -> int:
        return self._new(int(self) - int(other), add(self.expression, scale(expression_of(other), -1)))

    def __rsub__(self, other: int) -> int:
        return self._new(int(other) - int(self), add(expression_of(other), scale(self.expression, -1)))

    def __mul__(self, other: int) -> int:
        if not isinstance(other, int):
            return NotImplemented
        return self._new(int(self) * int(other), times(self.expression, expression_of(other)))

    __rmul__ = __mul__

    def __floordiv__(self, other: int) -> int:
        return self._new(int(self) // int(other), floor(self.expression, expression_of(other)))

    def __rfloordiv__(self, other: int) -> int:
        return self._new(int(other) // int(self), floor(expression_of(other), self.expression))

    def __mod__(self, other: int) -> int:
        if isinstance(other, Symbol) or any(factor % other for _, factor in self.expression):
            return self._new(
                int(self) % int(other), (((("mod", self.expression, expression_of(other)),), 1),)
            )
        return 0

    def __bool__(self) -> bool:
        if not int(self):
            self.scope.note(self.expression, "= 0")
        return int(self) != 0

    def __lt__(self, other: int) -> bool:
        return self._decide(int(self) < int(other), other, 1)

    def __gt__(self, other: int) -> bool:
        return self._decide(int(self) > int(other), other, -1)

    def __le__(self, other: int) -> bool:
        return not self > other

    def __ge__(self, other: int) -> bool:
        return not self < other

    def __eq__(self, other: object) -> bool:
        return int(self) == other

    def __ne__(self, other: object) -> bool:
        return int(self) != other

    __hash__ = int.__hash__

    def _decide(self, holds: bool, other: int, sign: int) -> bool:
        """Note the condition under which ``self < other`` (sign 1) or ``self > other`` (−1) stays as it is."""
        difference = add(self.expression, scale(expression_of(other), -1))
        if holds:
            self.scope.note(add(scale(difference, -sign), expression_of(-1)), "≥ 0")
        else:
            self.scope.note(scale(difference, sign), "≥ 0")
        return holds

    def __str__(self) -> str:
        return write(self.expression)

    __repr__ = __str__

    def __format__(self, spec: str) -> str:
        return format(str(self), "" if spec == "," else spec)


def least(first: int, second: int) -> int:
    """Return the smaller of two sizes, as a minimum where a letter decides."""
    if type(first) is int and type(second) is int:
        return first if first < second else second
    if expression_of(first) == expression_of(second):
        return first
    for one in (first, second):
        if isinstance(one, Symbol):
            atom = ("min", expression_of(first), expression_of(second))
            return Symbol.make(min(int(first), int(second)), (((atom,), 1),), one.scope)
    return first if first < second else second


def product(sizes: Iterable[int]) -> int:
    """Return the product of sizes; sums of letters stay in brackets."""
    sizes = tuple(sizes)
    for size in sizes:
        if type(size) is not int:
            break
    else:
        return prod(sizes)
    numbers = prod(size for size in sizes if not isinstance(size, Symbol))
    letters = [size for size in sizes if isinstance(size, Symbol)]
    if not numbers or not letters:
        return numbers
    atoms: tuple[Atom, ...] = ()
    for letter in letters:
        grouped, factor = _grouped(letter.expression)
        atoms += grouped
        numbers *= factor
    return Symbol.make(prod(map(int, sizes)), ((atoms, numbers),), letters[0].scope)


def expression_of(value: int) -> Expression:
    """Return the expression of a number or a symbol."""
    if isinstance(value, Symbol):
        return value.expression
    return (((), int(value)),) if value else ()


def add(first: Expression, second: Expression) -> Expression:
    """Return a sum with like terms put together, the bare number last."""
    terms: dict[tuple[Atom, ...], int] = {}
    for atoms, factor in (*first, *second):
        terms[atoms] = terms.get(atoms, 0) + factor
    number = terms.pop((), 0)
    kept = [(atoms, factor) for atoms, factor in terms.items() if factor]
    return (*kept, ((), number)) if number else tuple(kept)


def scale(expression: Expression, factor: int) -> Expression:
    """Return an expression times a number."""
    return tuple((atoms, coefficient * factor) for atoms, coefficient in expression) if factor else ()


def times(first: Expression, second: Expression) -> Expression:
    """Return a product; sums of several terms become brackets unless a bare number multiplies them."""
    for one, other in ((first, second), (second, first)):
        if all(not atoms for atoms, _ in other):
            return scale(one, other[0][1] if other else 0)
    left, left_factor = _grouped(first)
    right, right_factor = _grouped(second)
    return ((left + right, left_factor * right_factor),)


def _grouped(expression: Expression) -> tuple[tuple[Atom, ...], int]:
    """Return an expression as atoms and a factor."""
    if len(expression) == 1:
        return expression[0]
    return (("group", expression),), 1


def floor(top: Expression, bottom: Expression) -> Expression:
    """Return ⌊top / bottom⌋, with what divides evenly taken out and floors of floors made one."""
    if any(atoms for atoms, _ in bottom):
        return (((("floor", top, bottom),), 1),)
    divisor = bottom[0][1]
    if divisor == 1:
        return top
    even = tuple((atoms, factor // divisor) for atoms, factor in top if atoms and factor % divisor == 0)
    rest = tuple((atoms, factor) for atoms, factor in top if atoms and factor % divisor)
    number = sum(factor for atoms, factor in top if not atoms)
    if not rest:
        return add(even, expression_of(number // divisor))
    whole = -(
        -number // divisor
    )  # the number that stays lies within 1 − divisor … 0, as in ⌊(H − 1) / 2⌋ + 1
    number -= whole * divisor
    if len(rest) == 1 and rest[0][1] == 1 and _is_floor(rest[0][0]):
        _, inner, below = rest[0][0][0]
        joined = floor(add(inner, expression_of(number * below[0][1])), expression_of(divisor * below[0][1]))
        return add(add(even, joined), expression_of(whole))
    atom = ("floor", (*rest, ((), number)) if number else rest, bottom)
    return add((*even, ((atom,), 1)), expression_of(whole))


def _is_floor(atoms: tuple[Atom, ...]) -> bool:
    """Return whether atoms are one floor over a bare number."""
    return len(atoms) == 1 and atoms[0][0] == "floor" and not any(inner for inner, _ in atoms[0][2])


def evaluate(expression: Expression, letters: Mapping[str, int]) -> int:
    """Return the number of an expression."""
    return sum(factor * prod(_value(atom, letters) for atom in atoms) for atoms, factor in expression)


def _value(atom: Atom, letters: Mapping[str, int]) -> int:
    """Return the number of an atom."""
    if isinstance(atom, str):
        return letters[atom]
    kind, *parts = atom
    numbers = [evaluate(part, letters) for part in parts]
    if kind == "floor":
        return numbers[0] // numbers[1]
    if kind == "mod":
        return numbers[0] % numbers[1]
    return min(numbers)  # a group has one part


def write(expression: Expression) -> str:
    """Return an expression as mathematics writes it."""
    text = "".join(f"{'−' if factor < 0 else '+'}{_term(atoms, abs(factor))}" for atoms, factor in expression)
    return text.removeprefix("+") or "0"


def _term(atoms: tuple[Atom, ...], factor: int) -> str:
    """Return coefficient and atoms joined by dots."""
    numbers = [str(factor)] if factor != 1 or not atoms else []
    return "·".join([*numbers, *map(_atom, atoms)])


def _atom(atom: Atom) -> str:
    """Return an atom as text."""
    if isinstance(atom, str):
        return atom
    kind, *parts = atom
    texts = [write(part) for part in parts]
    if kind == "floor":
        top = texts[0] if len(parts[0]) == 1 else f"({texts[0]})"
        return f"⌊{top}/{texts[1] if len(parts[1]) == 1 else f'({texts[1]})'}⌋"
    if kind == "mod":
        return f"({texts[0]} mod {texts[1]})"
    return f"min({texts[0]}, {texts[1]})" if kind == "min" else f"({texts[0]})"


def _condition(expression: Expression, relation: str) -> str:
    """Return a condition, solved for the letter where there is only one of it."""
    if relation == "= 0" and len(expression) == 1 and expression[0][0][0][0] == "mod":
        _, top, bottom = expression[0][0][0]
        return f"{write(top)} divisible by {write(bottom)}"
    number = sum(factor for atoms, factor in expression if not atoms)
    terms = [(atoms, factor) for atoms, factor in expression if atoms]
    if len(terms) == 1 and terms[0][1] > 0 and relation == "≥ 0":
        return f"{_term(terms[0][0], 1)} ≥ {-(number // terms[0][1])}"
    positive = tuple(term for term in expression if term[1] > 0)
    negative = scale(tuple(term for term in expression if term[1] < 0), -1)
    return f"{write(positive)} {relation[0]} {write(negative)}"


def size(text: str, scope: Scope) -> int | None:
    """Return a size from its spelling.

    Args:
        text: A whole number or a letter such as ``H`` or ``L_q``.
        scope: Where letters are kept.

    Returns:
        The number or the symbol; None when it is neither.
    """
    text = text.strip()
    if re.fullmatch(r"[0-9]+", text):
        return int(text)
    return scope.letter(text) if re.fullmatch(r"[^\W\d]\w*", text) else None
