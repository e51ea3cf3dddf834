"""Any shape as a cloud that networks on points know: so many points around 0, the farthest at distance 1, y up."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from dltui.errors import UsageError
from dltui.scene.geometry import Geometry
from dltui.scene.points.thinning import spread


def unit_cloud(geometry: Geometry, count: int, *, seed: int = 0) -> NDArray[np.float32]:
    """Return points of a shape, moved and scaled as the data set ``shapes3d`` does it.

    Args:
        geometry: Points, or triangles from which points are drawn.
        count: How many points.
        seed: Seed of the draw.

    Returns:
        Places, shape (count, 3).

    Raises:
        UsageError: If a cloud has fewer points, or all are at one place.
    """
    if not geometry.is_mesh and len(geometry.vertices) < count:
        raise UsageError(
            f"{geometry.title} has {len(geometry.vertices)} points, but the model takes {count}: try a larger cloud"
        )
    places = spread(geometry, count, seed).vertices.astype(np.float64)
    if geometry.up == "z":
        places = np.stack([places[:, 0], places[:, 2], -places[:, 1]], axis=1)
    places -= places.mean(axis=0)
    size = float(np.linalg.norm(places, axis=1).max())
    if not size:
        raise UsageError(f"all points of {geometry.title} are at one place: expected a shape")
    return (places / size).astype(np.float32)
