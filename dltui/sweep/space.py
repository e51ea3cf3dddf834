"""What a sweep searches: fields of a recipe, each over a range or a few values."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np

from dltui.batch.placeholders import spelled
from dltui.errors import UsageError

if TYPE_CHECKING:
    from dltui.training.recipe import Recipe

DIGITS = 4  # of a drawn number, so that its command line can be read and typed again
EXAMPLE = "optimizer.lr=log:1e-4..1e-1, batch_size=16|32|64 or schedule.warmup=0..100"

Value = str | int | float
Values = dict[str, Value]


@dataclass(frozen=True, kw_only=True)
class Parameter:
    """One field that is searched.

    Attributes:
        name: The field, such as ``optimizer.lr``.
        choices: The values it may have; empty for a range.
        low: The least value of a range.
        high: The greatest.
        log: Whether a range is spaced by its logarithm.
        whole: Whether a range has whole numbers alone.
        points: How many points of a range a grid takes, or 0 where that was not said.
    """

    name: str
    choices: tuple[Value, ...] = ()
    low: float = 0.0
    high: float = 0.0
    log: bool = False
    whole: bool = False
    points: int = 0

    def at(self, place: float) -> Value:
        """Return the value at a place.

        Args:
            place: From 0, the lower end, up to 1, the upper end.
        """
        if self.choices:
            return self.choices[min(int(place * len(self.choices)), len(self.choices) - 1)]
        if self.log:
            value = math.exp(math.log(self.low) + place * (math.log(self.high) - math.log(self.low)))
        else:
            value = self.low + place * (self.high - self.low)
        return self.rounded(value)

    def rounded(self, value: float) -> Value:
        """Return a number of the range as it is written on a command line."""
        if self.whole:
            return int(min(max(round(value), self.low), self.high))
        return min(max(float(f"{value:.{DIGITS}g}"), self.low), self.high)

    def place(self, value: Value) -> float:
        """Return where a value stands, from 0 to 1: the inverse of ``at``."""
        if self.choices:
            return self.choices.index(value) / max(1, len(self.choices) - 1)
        number = float(value)
        if self.high == self.low:
            return 0.0
        if self.log:
            return math.log(number / self.low) / math.log(self.high / self.low)
        return (number - self.low) / (self.high - self.low)

    def every(self) -> list[Value]:
        """Return the values that a grid takes.

        Raises:
            UsageError: If it is a range and nobody said how many.
        """
        if self.choices:
            return list(self.choices)
        if not self.points:
            told = f"{'log:' if self.log else ''}{self.low:g}..{self.high:g}"
            raise UsageError(
                f"a grid needs to know how many points of {self.name} it takes: write {self.name}={told}/5"
            )
        places = [place / max(1, self.points - 1) for place in range(self.points)]
        return list(dict.fromkeys(self.at(place) for place in places))

    def told(self) -> dict[str, Any]:
        """Return it as plain values."""
        if self.choices:
            return {"name": self.name, "choices": list(self.choices)}
        return {"name": self.name, "low": self.low, "high": self.high, "log": self.log, "whole": self.whole}


def read_space(texts: Sequence[str], recipe: Recipe) -> tuple[Parameter, ...]:
    """Return what some texts ask to search.

    Args:
        texts: Such as ``optimizer.lr=log:1e-4..1e-1`` (a range, spaced by its logarithm), ``dropout=0..0.5``,
            ``optimizer.lr=log:1e-4..1e-1/5`` (five points for a grid), ``batch_size=16|32|64``.
        recipe: The recipe whose fields they are; it refuses what it doesn't take.

    Returns:
        One parameter a text.

    Raises:
        UsageError: If there is none, one can't be read, or the recipe doesn't take it.
    """
    if not texts:
        raise UsageError(f"there is nothing to search: give --search once or more, such as {EXAMPLE}")
    found = tuple(_parameter(text, recipe) for text in texts)
    names = [one.name for one in found]
    if twice := next((name for name in names if names.count(name) > 1), ""):
        raise UsageError(f"{twice} is searched twice: give it one --search")
    return found


def grid(space: Sequence[Parameter]) -> list[Values]:
    """Return every combination, the last parameter fastest.

    Raises:
        UsageError: If a range doesn't say how many of its points are taken.
    """
    return [
        dict(zip([one.name for one in space], v, strict=True))
        for v in product(*(one.every() for one in space))
    ]


def drawn(space: Sequence[Parameter], seed: int, number: int) -> Values:
    """Return one combination drawn at random; the same for the same seed and number, whatever was drawn before."""
    random = np.random.default_rng([seed, number])
    return {one.name: one.at(float(random.random())) for one in space}


def assignments(values: Values) -> list[str]:
    """Return values as ``--set`` takes them."""
    return [f"{name}={spelled(value)}" for name, value in values.items()]


def _parameter(text: str, recipe: Recipe) -> Parameter:
    """Return one parameter."""
    name, equals, spec = (part.strip() for part in text.partition("="))
    if not equals or not name or not spec:
        raise UsageError(f"can't read --search {text!r}: expected a field and its values, such as {EXAMPLE}")
    known = recipe.flat().get(name)
    if ".." not in spec:
        choices = tuple(_value(part.strip()) for part in spec.split("|"))
        for choice in choices:
            recipe.set(f"{name}={spelled(choice)}")
        if len(set(choices)) < 2:
            raise UsageError(
                f"--search {text!r} leaves nothing to choose: give two values at least, such as {name}=16|32"
            )
        return Parameter(name=name, choices=tuple(dict.fromkeys(choices)))
    log, spec = spec.startswith("log:"), spec.removeprefix("log:")
    ends, _, points = spec.partition("/")
    low, high = (_number(text, part) for part in ends.split("..", 1))
    if low >= high or (log and low <= 0):
        wanted = "two ends above 0, the lower first" if log else "the lower end first"
        raise UsageError(f"can't search {low:g} … {high:g} in --search {text!r}: expected {wanted}")
    whole = low.is_integer() and high.is_integer() and isinstance(known, int) and not isinstance(known, bool)
    found = Parameter(name=name, low=low, high=high, log=log, whole=whole, points=_points(text, points))
    for place in (0.0, 1.0):
        recipe.set(f"{name}={spelled(found.at(place))}")
    return found


def _points(text: str, points: str) -> int:
    """Return how many points a grid takes; 0 where nothing is said."""
    if not points:
        return 0
    if not points.isdecimal() or int(points) < 2:
        raise UsageError(
            f"can't take {points!r} points in --search {text!r}: expected a whole number of at least 2"
        )
    return int(points)


def _number(text: str, part: str) -> float:
    """Return one end of a range."""
    try:
        value = float(part)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise UsageError(f"can't read {part!r} in --search {text!r}: expected a number, as in log:1e-4..1e-1")
    return value


def _value(text: str) -> Value:
    """Return a choice as the number that it spells, or as the word that it is."""
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text
