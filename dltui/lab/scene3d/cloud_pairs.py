"""Pairs of clouds that are compared, and what is known of how far apart they are."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from dltui.matching import Ints, Matching, matching, rematched
from dltui.scene.made import made
from dltui.scene.points.distances import Links, between, links, sinkhorn

Doubles = NDArray[np.float64]
EXAMPLE = np.array([(0, 0, 0), (1, 0, 0)], float), np.array([(0, 0, 0), (0, 2, 0)], float)
BLIND = np.array([(0, 0, 0)] * 3 + [(1, 0, 0)], float), np.array([(0, 0, 0)] + [(1, 0, 0)] * 3, float)
PAIRS = ("example", "density-blind", "ring and disc", "ball and cube")


def pair_of(name: str, n: int, seed: int) -> tuple[Doubles, Doubles]:
    """Return two clouds.

    Args:
        name: Which pair.
        n: Points of each, where they are drawn by chance.
        seed: Seed of that.

    Returns:
        Places, shape (n, 3) each.
    """
    if name in {"example", "density-blind"}:
        one, other = EXAMPLE if name == "example" else BLIND
        return one.copy(), other.copy()
    draw = np.random.default_rng(seed)
    if name == "ring and disc":
        turn, out = draw.uniform(0, 2 * np.pi, (2, n)), np.stack([np.ones(n), np.sqrt(draw.uniform(0, 1, n))])
        flat = np.stack([out * np.cos(turn), out * np.sin(turn), np.zeros((2, n))], axis=-1)
        return flat[0], flat[1]
    first, second = (
        made(f"{shape}:n={n}", seed=seed + i, points=True).vertices.astype(np.float64)
        for i, shape in enumerate(("sphere", "cube"))
    )
    return first, second


@dataclass(frozen=True, eq=False)
class Pair:
    """Two clouds with as many points.

    Attributes:
        one: Cloud A, shape (n, 3).
        other: Cloud B, shape (n, 3).
        squared: Whether Chamfer adds up squares.
        mean: Whether sums are divided by n.
        before: The matching before one point of A was moved, and which one; None where nothing is known.
    """

    one: Doubles
    other: Doubles
    squared: bool
    mean: bool
    before: tuple[Matching, int] | None = None

    @property
    def count(self) -> int:
        """Points of each cloud."""
        return len(self.one)

    @cached_property
    def links(self) -> Links:
        """The nearest neighbours, both ways."""
        return links(self.one, self.other)

    @property
    def chamfer(self) -> float:
        """The Chamfer distance."""
        return self.links.chamfer(squared=self.squared, mean=self.mean)

    @cached_property
    def cost(self) -> Doubles:
        """Distances of all pairs, shape (n, n)."""
        return between(self.one, self.other)

    @cached_property
    def matching(self) -> Matching:
        """The pairs one-to-one with the least sum; mended where they are known but for one point."""
        return matching(self.cost) if self.before is None else rematched(self.cost, *self.before)

    @property
    def given(self) -> Ints:
        """For each point of A the one of B that it is given, at the least sum."""
        return self.matching.column_of

    def with_point(self, number: int, place: Doubles) -> Pair:
        """Return the pair with one point of A elsewhere; the matching is mended, and not found anew."""
        one = self.one.copy()
        one[number] = place
        return replace(self, one=one, before=(self.matching, number))

    @property
    def emd(self) -> float:
        """The earth mover's distance."""
        return self.moved(self.given)

    def moved(self, given: Ints) -> float:
        """Return the cost of a matching."""
        total = float(self.cost[np.arange(self.count), given].sum())
        return total / self.count if self.mean else total

    @cached_property
    def _plans(self) -> dict[float, Doubles]:
        """The blurred plans that are known."""
        return {}

    def plan(self, epsilon: float) -> Doubles:
        """Return the blurred plan, rows and columns of which add up to 1/n."""
        if epsilon not in self._plans:
            self._plans[epsilon] = sinkhorn(self.cost, epsilon)
        return self._plans[epsilon]

    def blurred(self, epsilon: float) -> float:
        """Return the cost of the blurred plan, comparable to ``emd``."""
        cost = float((self.plan(epsilon) * self.cost).sum())
        return cost if self.mean else cost * self.count
