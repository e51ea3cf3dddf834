"""Shapes of one size, standing on z, that several exhibits look at."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from dltui.scene.geometry import Geometry
from dltui.scene.read import read_geometry

Doubles = NDArray[np.float64]
FINE = 3000  # vertices of a made mesh


@lru_cache(maxsize=16)
def solid(name: str, fine: int = FINE) -> Geometry:
    """Return a shipped or made mesh: z upwards, its middle at the origin, its farthest corner at 1.

    Args:
        name: Such as ``bunny`` or ``torus``.
        fine: About how many vertices a made one has.

    Returns:
        The mesh.
    """
    found = read_geometry(name if name in {"bunny", "teapot"} else f"{name}:n={fine}")
    places = found.vertices.astype(np.float64)
    if found.up == "y":
        places = places[:, [0, 2, 1]] * [1, -1, 1]
    places = places - (places.min(axis=0) + places.max(axis=0)) / 2
    return replace(
        found,
        vertices=(places / np.linalg.norm(places, axis=1).max()).astype(np.float32),
        up="z",
        channels={},
    )
