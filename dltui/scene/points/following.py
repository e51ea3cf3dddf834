"""The nearest points of a cloud that moves step by step: most stay the nearest, and are not looked for again."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from dltui.scene.points.neighbours import Tree

Doubles = NDArray[np.float64]
Ints = NDArray[np.int64]
SAFE = 1 - 1e-12  # of a distance, so that rounding decides nothing


class Follower:
    """Nearest points of places that are asked for again and again.

    The second nearest point of a place lay s away; when the place has moved by m, every point but the nearest is at
    least s − m away. As long as the nearest one is nearer than that it is the nearest still (triangle inequality).

    Args:
        fixed: Where the points lie, shape (n, 3).
        tree: The same points as a tree.
    """

    def __init__(self, fixed: Doubles, tree: Tree) -> None:
        self._fixed, self._tree = fixed, tree
        self._at = np.zeros((0, 3))
        self._number = np.zeros(0, np.int64)
        self._second = np.zeros(0)

    def nearest(self, here: Doubles) -> tuple[Doubles, Ints]:
        """Return the distance and the number of the nearest point of each place.

        Args:
            here: Places, shape (m, 3); the same ones every time, but moved.

        Returns:
            Distances and numbers, shape (m,) each.
        """
        if len(self._at) != len(here):
            self._at, self._number, self._second = (
                here.copy(),
                np.zeros(len(here), np.int64),
                np.zeros(len(here)),
            )
        away = _apart(here, self._fixed[self._number])
        asked = np.flatnonzero(away + _apart(here, self._at) >= self._second * SAFE)
        if asked.size:
            far, number = self._tree.nearest(here[asked], min(2, self._tree.count))
            self._at[asked], self._number[asked] = here[asked], number[:, 0]
            self._second[asked] = far[:, 1] if far.shape[1] > 1 else np.inf
            away[asked] = far[:, 0]
        return away, self._number.copy()


def _apart(one: Doubles, other: Doubles) -> Doubles:
    """Return the distances of places in pairs, as a tree tells them."""
    return np.asarray(np.sqrt(((one - other) ** 2).sum(axis=1)))
