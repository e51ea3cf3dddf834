"""Weight matching: the permutation of one network's units that brings its weights closest to another's.

Ainsworth, Hayase and Srinivasa 2022, "Git Re-Basin" (arXiv:2209.04836), algorithm 1: Σ⟨W_A, π(W_B)⟩ is maximised over
one group of units at a time, which is a linear sum assignment, until no group changes any more. The outcome depends on
the start. Two are tried and the better one is kept: the order as it is, and a sweep through the network that matches
each group by those weights alone whose other side is matched already, which finds a network that was merely permuted.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from dltui.instruments.connectivity.groups import Group, Permutation, Spec, resolved
from dltui.matching import Doubles, assignment
from dltui.progress import Report, silent

ROUNDS = 100  # sweeps over all groups at most

State = Mapping[str, Tensor]
Chosen = dict[Group, Permutation]


@dataclass(frozen=True, eq=False)
class Matched:
    """Units of B in the places of their partners in A.

    Attributes:
        chosen: For each group, which unit of B stands at each place.
        gain: Σ⟨W_A, π(W_B)⟩ over the tensors that follow.
        before: The same without a permutation.
        rounds: Sweeps until nothing changed.
    """

    chosen: Chosen
    gain: float
    before: float
    rounds: int


def match(
    spec: Spec, a: State, b: State, *, names: Sequence[str], seed: int = 0, report: Report = silent
) -> Matched:
    """Find the permutation of B's units that brings its weights closest to A's.

    Args:
        spec: Which units can be permuted.
        a: Tensors of A by name.
        b: Tensors of B by name.
        names: Which tensors are compared; running statistics are no weights.
        seed: Seed of the order in which groups are taken.
        report: Called after every sweep.

    Returns:
        The permutation, and how much closer it is.
    """
    kept = [name for name in names if name in spec.rows]
    pair = _Pair(
        spec, {n: a[n].double().cpu() for n in kept}, {n: b[n].double().cpu() for n in kept}, spec.groups()
    )
    still = {group: np.arange(group.size) for group in pair.groups}
    found = [pair.climbed(start, seed, report) for start in (still, pair.swept())]
    best, rounds = max(found, key=lambda one: pair.gain(one[0]))
    return Matched(best, pair.gain(best), pair.gain(still), rounds)


@dataclass(frozen=True, eq=False)
class _Pair:
    """Two sets of weights and the groups of units that both have."""

    spec: Spec
    a: State
    b: State
    groups: list[Group]

    def climbed(self, start: Chosen, seed: int, report: Report) -> tuple[Chosen, int]:
        """Match one group at a time, given the others, until nothing changes."""
        chosen, draw = dict(start), np.random.default_rng(seed)
        for turn in range(1, ROUNDS + 1):
            changed = False
            for index in draw.permutation(len(self.groups)):
                group = self.groups[index]
                gain = self.gains(group, chosen, self.a.keys())
                found = assignment(-gain)
                places = np.arange(group.size)
                better = gain[places, found].sum() - gain[places, chosen[group]].sum()
                if better > 1e-12 * max(1.0, float(np.abs(gain).max())):
                    chosen[group], changed = found, True
            report(turn, ROUNDS)
            if not changed:
                return chosen, turn
        return chosen, ROUNDS

    def swept(self) -> Chosen:
        """Match the groups in the order of the forward pass, each by what is matched already."""
        chosen: Chosen = {}
        left = list(self.groups)
        while left:
            group = max(left, key=lambda one: (bool(self._ready(one, chosen)), -left.index(one)))
            names = self._ready(group, chosen) or self.a.keys()
            rest = {other: np.arange(other.size) for other in left}
            chosen[group] = assignment(-self.gains(group, rest | chosen, names))
            left.remove(group)
        return chosen

    def _ready(self, group: Group, chosen: Chosen) -> list[str]:
        """Return the tensors that follow a group and no other one that is not matched yet."""
        found = []
        for name in self.a:
            groups = [s.group for row in self.spec.rows[name].values() for s in resolved(row)]
            others = {one for one in groups if one in self.groups} - {group} - chosen.keys()
            if group in groups and not others:
                found.append(name)
        return found

    def gains(self, group: Group, chosen: Chosen, names: Collection[str]) -> Doubles:
        """Return ⟨unit i of A, unit j of B⟩ summed over tensors, the other groups permuted as chosen."""
        total = np.zeros((group.size, group.size))
        for name in names:
            for dim, row in self.spec.rows[name].items():
                start = 0
                for one in resolved(row):
                    width = one.group.size * one.repeat
                    if one.group is group:
                        mine, theirs = self.a[name], self._moved(name, dim, chosen)
                        cut = [_units(t, dim, start, width, group.size) for t in (mine, theirs)]
                        total += (cut[0] @ cut[1].T).numpy()
                    start += width
        return total

    def _moved(self, name: str, but: int, chosen: Chosen) -> Tensor:
        """Return a tensor of B with every dimension but one permuted."""
        tensor = self.b[name]
        for dim, row in self.spec.rows[name].items():
            if dim != but:
                tensor = tensor.index_select(dim, torch.from_numpy(self.spec.index(row, chosen)))
        return tensor

    def gain(self, chosen: Chosen) -> float:
        """Return Σ⟨W_A, π(W_B)⟩."""
        moved = self.spec.permuted(self.b, chosen) if chosen else self.b
        return float(sum((self.a[name] * moved[name]).sum() for name in self.a))


def _units(tensor: Tensor, dim: int, start: int, width: int, size: int) -> Tensor:
    """Return a stretch of a dimension as one row a unit."""
    part = tensor.narrow(dim, start, width).movedim(dim, 0)
    return part.reshape(size, -1)
