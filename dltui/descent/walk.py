"""Walking: an optimiser on a surface, or on gradients that are given."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import ArrayLike

from dltui.descent.clip import clipped
from dltui.descent.rule import Here, Lost, Memory, Rule, Vector
from dltui.descent.surface import Surface

FAR = 1e6  # a walk that is so far out does not come back


@dataclass(frozen=True)
class Walk:
    """The way of an optimiser.

    Attributes:
        points: All points, the start included, shape (n + 1, …, d).
        gradients: The gradient by which each step was made, noise and clipping included, shape (n, …, d).
        values: Value of the surface at each point, shape (n + 1, …); empty where only gradients were given.
        memory: What the rule remembered after each step, by symbol, with one entry a step in front.
        ended: Why it ended before its last step, as a sentence; empty when it did not.
    """

    points: Vector
    gradients: Vector
    values: Vector
    memory: dict[str, Vector] = field(default_factory=dict)
    ended: str = ""

    @property
    def steps(self) -> int:
        """How many steps were made."""
        return len(self.gradients)

    @property
    def norms(self) -> Vector:
        """The length of every gradient, shape (n, …)."""
        return np.asarray(np.linalg.norm(self.gradients, axis=-1))

    def first(self, reached: Callable[[Walk], ArrayLike]) -> int | None:
        """Return the first step after which something holds.

        Args:
            reached: Tells it for all points of the walk at once, such as ``lambda walk: walk.values < 1e-6``.

        Returns:
            0 for the start, 1 after the first step and so on; None where it never holds.
        """
        holds = np.asarray(reached(self), dtype=bool)
        return int(holds.argmax()) if holds.any() else None


def walk(
    surface: Surface,
    rule: Rule,
    start: ArrayLike | None = None,
    steps: int = 100,
    *,
    rates: Sequence[float] | Vector | None = None,
    noise: float = 0.0,
    seed: int = 0,
    clip: float | None = None,
    below: float = -np.inf,
    remember: bool = True,
) -> Walk:
    """Walk down a surface.

    Args:
        surface: What is walked on.
        rule: The optimiser.
        start: Where it begins, shape (…, d), such as (walkers, d); the surface's own start by default.
        steps: Steps to make.
        rates: Learning rate η of every step, of a schedule; the rule's own by default.
        noise: Standard deviation of the noise that every component of the gradient gets, as from small batches.
        seed: Seed of the noise.
        clip: Longest gradient; longer ones are shortened to it.
        below: Value at which it stops.
        remember: Keep what the rule remembers at each step; a long walk does without.

    Returns:
        The walk; it ends before its time, and says why, where it runs away or the rule has no next step.
    """
    w = np.array(surface.start if start is None else start, dtype=np.float64)
    draw, memory = np.random.default_rng(seed), rule.begin(w)
    points, gradients, kept, ended = [w], [], [], ""
    for t in range(1, steps + 1):
        g = surface.gradient(w)
        if not np.isfinite(g).all():
            ended = f"stopped before step {t}: L has no slope there; try a smaller rate"
            break
        g = g + noise * draw.standard_normal(w.shape) if noise else g
        g = g if clip is None else clipped(g, clip)
        rule = rule if rates is None else replace(rule, lr=float(rates[t - 1]))
        try:
            w, memory = rule.step(Here(w, g, t, surface.hessian(w) if rule.curved else None), memory)
        except Lost as error:
            ended = f"stopped before step {t}: {error}"
            break
        if not np.abs(w).max() < FAR:
            ended = f"ran away at step {t}; try a smaller rate"
            break
        points.append(w)
        gradients.append(g)
        if remember:
            kept.append(memory)
        if below > -np.inf and np.all(surface.value(w) < below):
            break
    way = np.array(points)
    return Walk(way, np.array(gradients).reshape(-1, *w.shape), surface.value(way), _stacked(kept), ended)


def fed(rule: Rule, gradients: ArrayLike, start: ArrayLike | None = None) -> Walk:
    """Return what a rule makes of gradients that are given, whatever it does with them.

    Args:
        rule: The optimiser.
        gradients: One a step, shape (n, d).
        start: Where it begins, shape (d,); 0 by default.

    Returns:
        The walk, without values.
    """
    given = np.asarray(gradients, dtype=np.float64)
    w = np.zeros(given.shape[1:]) if start is None else np.array(start, dtype=np.float64)
    points, kept, memory = [w], [], rule.begin(w)
    for t, g in enumerate(given, start=1):
        w, memory = rule.step(Here(w, g, t), memory)
        points.append(w)
        kept.append(memory)
    return Walk(np.array(points), given, np.empty(0), _stacked(kept))


def _stacked(kept: list[Memory]) -> dict[str, Vector]:
    """Return memories as arrays by symbol; those that change their size from step to step are left out."""
    found = {}
    for symbol in kept[-1] if kept else ():
        each = [one[symbol] for one in kept if symbol in one]
        if len(each) == len(kept) and len({one.shape for one in each}) == 1:
            found[symbol] = np.array(each)
    return found
