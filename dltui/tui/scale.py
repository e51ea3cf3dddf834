"""Numbers on a line between two ends, and the next number on the way; knows no widget."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

STEPS = 50  # of a scale that has no step of its own
FAR = 5  # steps of a far move
DIGITS = 3  # of a number that is reached by powers
ROUND = (1.0, 2.0, 5.0)  # numbers of a decade where nothing bounds a scale
TRIES = 4  # neighbours that are tried when the next number is refused


@dataclass(frozen=True, slots=True)
class Scale:
    """What a number may be, and how far one step goes.

    Attributes:
        low: Smallest value, or None.
        high: Largest value, or None.
        step: How far one step goes, or None for a fiftieth of the way.
        log: Steps multiply instead of add.
        whole: Only whole numbers.
        accepts: Whether a text is taken; numbers that aren't are stepped over.
    """

    low: float | None = None
    high: float | None = None
    step: float | None = None
    log: bool = False
    whole: bool = False
    accepts: Callable[[str], bool] = lambda _: True

    @property
    def bounded(self) -> bool:
        """Whether it has two ends, so that it can be drawn."""
        return self.low is not None and self.high is not None

    def share(self, value: float) -> float:
        """Return how far along the way a value lies, from 0 to 1."""
        assert self.low is not None, "only a scale with ends has a way"
        assert self.high is not None, "only a scale with ends has a way"
        if self.log:
            if value <= 0:
                return 0.0
            part = math.log(value / self.low) / math.log(self.high / self.low)
        else:
            part = (value - self.low) / (self.high - self.low)
        return min(1.0, max(0.0, part))

    def at(self, share: float) -> float:
        """Return the value at a part of the way, rounded to a step."""
        assert self.low is not None, "only a scale with ends has a way"
        assert self.high is not None, "only a scale with ends has a way"
        share = min(1.0, max(0.0, share))
        if share in {0.0, 1.0}:
            return self._rounded(self.high if share else self.low)
        if self.log:
            return self._rounded(_short(self.low * (self.high / self.low) ** share))
        return self._stepped(self.low + share * (self.high - self.low))

    def beside(self, value: float | None, steps: int) -> float:
        """Return the number some steps away; refused ones are stepped over, the ends are not.

        Args:
            value: Where to start, or None for nowhere yet.
            steps: How many, below 0 for smaller numbers.

        Returns:
            The number.
        """
        if value is None:
            return self._rounded(self._kept(self.low if self.low is not None else 1.0))
        for more in range(TRIES):
            found = self._rounded(self._kept(self._moved(value, steps + int(math.copysign(more, steps)))))
            if self.accepts(self.spell(found)):
                return found
        return value

    def spell(self, value: float) -> str:
        """Return a number as a person would type it."""
        return str(int(value)) if self.whole and math.isfinite(value) else f"{value:.6g}"

    def _moved(self, value: float, steps: int) -> float:
        """Return the number some steps away, wherever that is."""
        if self.log and self.bounded:
            assert self.low is not None and self.high is not None, "bounded"  # noqa: PT018 - for the type checker
            factor = (self.high / self.low) ** (1 / STEPS)
            exact = max(value, self.low) * factor**steps
            near = _short(exact)
            return near if near != value else exact
        if self.bounded or self.step is not None:
            return self._stepped(value + steps * self._step())
        return value + steps if self.whole else _decade(value, steps)

    def _step(self) -> float:
        """Return how far one step goes."""
        if self.step is not None:
            return self.step
        assert self.low is not None and self.high is not None, "bounded"  # noqa: PT018 - for the type checker
        step = (self.high - self.low) / STEPS
        return max(1.0, round(step)) if self.whole else step

    def _stepped(self, value: float) -> float:
        """Return the nearest number that is so many whole steps from the start."""
        start, step = self.low or 0.0, self._step()
        return float(f"{start + round((value - start) / step) * step:.12g}")

    def _kept(self, value: float) -> float:
        """Return a number within the ends."""
        value = value if self.low is None else max(self.low, value)
        return value if self.high is None else min(self.high, value)

    def _rounded(self, value: float) -> float:
        return float(round(value)) if self.whole else value


def _short(value: float) -> float:
    """Return a number with a few digits."""
    return float(f"{value:.{DIGITS - 1}e}")


def _decade(value: float, steps: int) -> float:
    """Return a number of the row … 1, 2, 5, 10, 20 …, so many places away; below 0 it is mirrored."""
    if value < 0:
        return -_decade(-value, -steps)
    if value == 0:
        return 0.1 if steps > 0 else -0.1
    power = math.floor(math.log10(value))
    lead = value / 10.0**power
    lower = max(place for place, one in enumerate(ROUND) if one <= lead + 1e-9)
    exact = math.isclose(ROUND[lower], lead, rel_tol=1e-9)
    place = 3 * power + lower + steps + (1 if steps < 0 and not exact else 0)
    return float(f"{ROUND[place % 3] * 10.0 ** (place // 3):.6g}")
