"""Units that can change places without a change of the function, and the tensors that must follow them.

The channels of an activation are a row of segments; all channels of a segment belong to one *group*, whose permutation
they share. A residual sum joins the groups of its terms; padding and concatenation put segments side by side; where
segments of unlike sizes meet, the larger ones are cut. Groups that touch something whose order matters (the inputs, the
classes, an operation that is not known here) are *fixed*.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

Permutation = NDArray[np.intp]


class Group:
    """Some units that are permuted together.

    Attributes:
        size: How many.
        fixed: Whether their order matters.
    """

    def __init__(self, size: int, *, fixed: bool = False) -> None:
        self.size, self.fixed = size, fixed
        self._same: Group | None = None
        self._cut: tuple[Group, Group] | None = None

    def parts(self) -> list[Group]:
        """Return the groups that this one stands for by now, in order."""
        if self._same is not None:
            return self._same.parts()
        if self._cut is not None:
            return [part for half in self._cut for part in half.parts()]
        return [self]

    def join(self, other: Group) -> None:
        """Let a group of the same size be this one; both stand for themselves."""
        if other is not self:
            other._same = self
            self.fixed |= other.fixed

    def cut(self, at: int) -> None:
        """Let the first ``at`` units be a group of their own."""
        self._cut = Group(at, fixed=self.fixed), Group(self.size - at, fixed=self.fixed)


@dataclass(frozen=True, eq=False)
class Segment:
    """Neighbouring channels that belong to one group.

    Attributes:
        group: The group.
        repeat: How many neighbouring numbers each unit has, as a flattened map has one for every pixel.
    """

    group: Group
    repeat: int = 1


Row = tuple[Segment, ...]


def resolved(row: Iterable[Segment]) -> list[Segment]:
    """Return a row in the groups that exist by now."""
    return [Segment(part, one.repeat) for one in row for part in one.group.parts()]


def join(first: Row, second: Row) -> bool:
    """Let two rows of as many channels be permuted alike.

    Args:
        first: One row.
        second: The other.

    Returns:
        Whether that could be done; rows of unlike length or repeats are fixed instead.
    """
    left, right = resolved(first), resolved(second)
    if sum(s.group.size * s.repeat for s in left) != sum(s.group.size * s.repeat for s in right):
        return _apart(first, second)
    while left and right:
        a, b = left.pop(0), right.pop(0)
        if a.repeat != b.repeat:
            return _apart(first, second)
        if a.group.size == b.group.size:
            a.group.join(b.group)
        elif a.group.size > b.group.size:
            a.group.cut(b.group.size)
            left, right = resolved([a, *left]), resolved([b, *right])
        else:
            b.group.cut(a.group.size)
            left, right = resolved([a, *left]), resolved([b, *right])
    return True


def _apart(first: Row, second: Row) -> bool:
    """Fix two rows that can't be permuted alike."""
    fix(first)
    fix(second)
    return False


def fix(row: Iterable[Segment]) -> None:
    """Say that the order of the units in a row matters."""
    for one in resolved(row):
        one.group.fixed = True


@dataclass(eq=False)
class Spec:
    """Which units of a network can be permuted, and how its tensors follow.

    Attributes:
        rows: For each tensor by name, its dimensions that follow, each with its row.
        order: Groups in the order of the forward pass.
    """

    rows: dict[str, dict[int, Row]] = field(default_factory=dict)
    order: list[Group] = field(default_factory=list)

    def claim(self, name: str, dim: int, row: Row) -> None:
        """Say that a dimension of a tensor follows a row; a tensor that is used twice joins both."""
        known = self.rows.setdefault(name, {}).get(dim)
        if known is None:
            self.rows[name][dim] = row
        else:
            join(known, row)

    def groups(self) -> list[Group]:
        """Return the groups of two units and more that are free to be permuted, in the order of the forward pass."""
        found: dict[Group, None] = {}
        for group in self.order:
            found.update(dict.fromkeys(part for part in group.parts() if not part.fixed and part.size > 1))
        return list(found)

    def index(self, row: Row, chosen: Mapping[Group, Permutation]) -> Permutation:
        """Return where the channels of a row come from, when some groups are permuted."""
        places, start = [], 0
        for one in resolved(row):
            units = chosen.get(one.group, np.arange(one.group.size))
            places.append(start + (units[:, None] * one.repeat + np.arange(one.repeat)).ravel())
            start += one.group.size * one.repeat
        return np.concatenate(places)

    def permuted(self, state: Mapping[str, Tensor], chosen: Mapping[Group, Permutation]) -> dict[str, Tensor]:
        """Return a state dict with units in other places: unit i is the former unit ``chosen[group][i]``.

        Args:
            state: Tensors by name.
            chosen: A permutation for some of the groups.

        Returns:
            Tensors by name; the function of the network is the same.
        """
        found = dict(state)
        for name in self.rows.keys() & state.keys():
            rows, tensor = self.rows[name], state[name]
            for dim, row in rows.items():
                tensor = tensor.index_select(dim, torch.from_numpy(self.index(row, chosen)).to(tensor.device))
            found[name] = tensor
        return found
