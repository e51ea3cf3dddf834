"""Which things are open, and the way that led through them; knows no widget."""

from __future__ import annotations

LONGEST = 100  # steps that are remembered


class Trail:
    """Places in the order of their tabs, and the steps between them, as a browser keeps them.

    Attributes:
        open: Names of the places that have a tab, the oldest first; the first one is home and stays.
    """

    def __init__(self, home: str) -> None:
        self.open: list[str] = [home]
        self._steps: list[str] = [home]
        self._at = 0

    @property
    def here(self) -> str:
        """Where one is."""
        return self._steps[self._at]

    def go(self, place: str) -> None:
        """Step to a place; what lay ahead is forgotten."""
        if place not in self.open:
            self.open.append(place)
        if place == self.here:
            return
        self._steps = [*self._steps[: self._at + 1], place][-LONGEST:]
        self._at = len(self._steps) - 1

    def back(self) -> str | None:
        """Step back and return the place, or None when there is no way back."""
        return self._step(-1)

    def forward(self) -> str | None:
        """Step forward again and return the place, or None when nothing lies ahead."""
        return self._step(1)

    def can(self, step: int) -> bool:
        """Return whether a step back (−1) or forward (1) leads anywhere."""
        return 0 <= self._at + step < len(self._steps)

    def beside(self, step: int) -> str:
        """Return the place whose tab is ``step`` tabs further on; the row is a ring."""
        return self.open[(self.open.index(self.here) + step) % len(self.open)]

    def close(self, place: str) -> str:
        """Forget a place and return where one is then; home can't be closed."""
        if place != self.open[0] and place in self.open:
            here = self.here
            left = self.open[max(0, self.open.index(place) - 1)]
            self.open.remove(place)
            before = [step for step in self._steps[: self._at + 1] if step != place]
            after = [step for step in self._steps[self._at + 1 :] if step != place]
            if here == place and (not before or before[-1] not in self.open):
                before.append(left)
            self._steps = _without_repeats([*before, *after])
            self._at = max(0, len(_without_repeats(before)) - 1)
        return self.here

    def _step(self, step: int) -> str | None:
        if not self.can(step):
            return None
        self._at += step
        return self.here


def _without_repeats(steps: list[str]) -> list[str]:
    """Return the steps without those that lead nowhere."""
    return [step for place, step in enumerate(steps) if place == 0 or step != steps[place - 1]]
