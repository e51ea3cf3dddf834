"""A head to be scanned: the Shepp-Logan phantom in space, ten ellipsoids whose densities add up.

Places and sizes are those of Kak and Slaney 1988, ch. 3, the densities Toft's 1996, which can be told apart by eye.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Doubles = NDArray[np.float64]


@dataclass(frozen=True)
class Part:
    """One ellipsoid.

    Attributes:
        density: What it adds.
        axes: Its half axes.
        middle: Where it is.
        degrees: By how much it is turned around z, counter-clockwise.
    """

    density: float
    axes: tuple[float, float, float]
    middle: tuple[float, float, float]
    degrees: float = 0.0

    def share(self, x: Doubles, y: Doubles, z: Doubles, blur: float = 0.0) -> Doubles:
        """Return which share of what a scanner sees at places is within it: 1 or 0 without blur."""
        u, v, w = x - self.middle[0], y - self.middle[1], z - self.middle[2]
        c, s = math.cos(math.radians(self.degrees)), math.sin(math.radians(self.degrees))
        a, b, h = self.axes
        u, v, w = (c * u + s * v) / a, (c * v - s * u) / b, w / h
        far = np.sqrt(u**2 + v**2 + w**2)
        if not blur:
            return np.asarray(far <= 1, np.float64)
        steep = np.maximum(np.sqrt((u / a) ** 2 + (v / b) ** 2 + (w / h) ** 2), 1e-12)
        away = far * (far - 1) / steep  # nearly the distance
        found: Doubles = np.clip(0.5 - away / blur, 0, 1)
        return found


HEAD = (
    Part(1.0, (0.69, 0.92, 0.81), (0, 0, 0)),  # skull
    Part(-0.8, (0.6624, 0.874, 0.78), (0, -0.0184, 0)),  # brain
    Part(-0.2, (0.11, 0.31, 0.22), (0.22, 0, 0), -18),  # ventricles
    Part(-0.2, (0.16, 0.41, 0.28), (-0.22, 0, 0), 18),
    Part(0.1, (0.21, 0.25, 0.41), (0, 0.35, -0.15)),
    Part(0.1, (0.046, 0.046, 0.05), (0, 0.1, 0.25)),
    Part(0.1, (0.046, 0.046, 0.05), (0, -0.1, 0.25)),
    Part(0.1, (0.046, 0.023, 0.05), (-0.08, -0.605, 0)),
    Part(0.1, (0.023, 0.023, 0.02), (0, -0.606, 0)),
    Part(0.1, (0.023, 0.046, 0.02), (0.06, -0.605, 0)),
)


def head(x: Doubles, y: Doubles, z: Doubles, blur: float = 0.0) -> Doubles:
    """Return densities: 1 in bone, 0.2 in the brain, 0 in air.

    Args:
        x: Where, of any shape.
        y: The same.
        z: The same.
        blur: Width over which a scanner takes the mean, as its voxels are large; 0 for the density of the place itself.

    Returns:
        Of that shape.
    """
    total = np.zeros(np.shape(x))
    for part in HEAD:
        total += part.density * part.share(x, y, z, blur)
    return np.round(total, 12)
