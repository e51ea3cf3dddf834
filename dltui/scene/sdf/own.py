"""The user's own function of space as a node."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from dltui.errors import DltuiError
from dltui.scene.sdf.maths import NUMPY, Maths
from dltui.scene.sdf.nodes import FAR, Node
from dltui.spelling import load_function

STEEP = 1.001  # slopes up to which a function is taken for a distance
TRIALS = 4000


@dataclass(frozen=True)
class Own(Node):
    """A function f(x, y, z) of arrays, divided by how steep it was found to be.

    Attributes:
        name: How it is spelled.
        call: The function.
        steep: Its greatest slope among places that were tried.
    """

    name: str
    call: Callable[[Any, Any, Any], Any]
    steep: float = 1.0

    exact = False
    reach = FAR

    def at(self, x: Any, y: Any, z: Any, m: Maths = NUMPY) -> Any:  # noqa: ARG002
        """Return f over its steepest slope."""
        try:
            found = np.asarray(self.call(x, y, z), np.float64)
        except Exception as error:
            raise DltuiError(
                f"{self.name} failed: {type(error).__name__}: {error}; expected a function of arrays x, y and z"
            ) from error
        if found.shape != np.shape(x):
            raise DltuiError(
                f"{self.name} returned an array of shape {found.shape} for places of shape {np.shape(x)}: expected "
                "one number for each"
            )
        return found / self.steep

    @property
    def text(self) -> str:
        """How it is spelled."""
        return self.name


def own_function(spec: str, *, reach: float = 2.0) -> Node:
    """Return the user's function as a node; how steep it is is tried out in a cube.

    Args:
        spec: ``package.module:function``.
        reach: Half the side of the cube.

    Returns:
        The node.

    Raises:
        DltuiError: If it can't be loaded or called.
    """
    node = Own(spec, load_function("surface", spec))
    places = np.random.default_rng(0).uniform(-reach, reach, (TRIALS, 3))
    step = 1e-4
    with np.errstate(invalid="ignore", over="ignore"):  # where it is infinite it has no slope
        x, y, z = ((node(places + step * e) - node(places - step * e)) / (2 * step) for e in np.eye(3))
        size = np.hypot(np.hypot(x, y), z)  # whose squares don't overflow
    steep = float(np.max(size[np.isfinite(size)], initial=0))
    return Own(spec, node.call, steep * 1.05) if steep > STEEP else node
