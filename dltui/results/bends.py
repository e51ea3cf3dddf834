"""How a scanned plane bends: the share of its cells in which the surface curves downwards some way.

At an inner cell the second differences of the grid, with steps h along α and k along β, make the Hessian of the slice

    H = [[L_αα, L_αβ], [L_αβ, L_ββ]],  L_αα = (L(α + h) − 2L(α) + L(α − h)) / h², and so on.

Its lower eigenvalue is negative where the slice is not convex. The coordinates are those of the picture: the sign of a
curvature does not depend on their scale, its size does.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from dltui.figures import Array

ROUNDING = 4 * float(np.finfo(np.float32).eps)  # of a loss that was summed from float32 terms


@dataclass(frozen=True)
class Bends:
    """How many cells of a plane bend downwards.

    Attributes:
        share: Share of the inner cells whose lower curvature is below what rounding can feign.
        cells: How many inner cells were judged; those beside a hole are not.
    """

    share: float
    cells: int

    def document(self) -> dict[str, Any]:
        """Return the numbers, with what they mean."""
        return {
            "share": self.share,
            "cells": self.cells,
            "definition": "share of inner grid cells where the lower eigenvalue of the 2 × 2 matrix of second "
            "differences of the loss is negative beyond float32 rounding",
        }

    def told(self) -> str:
        """Return the share as a caption says it."""
        return f"{self.share:.1%} of {self.cells} inner cells bend downwards (second differences)"


def bends(loss: Array, alphas: Array, betas: Array) -> Bends | None:
    """Judge the inner cells of a plane.

    Args:
        loss: The loss over the grid, shape (h, w); NaN is a hole.
        alphas: Equally spaced steps along d₁, shape (w,).
        betas: Equally spaced steps along d₂, shape (h,).

    Returns:
        What was found; None where no cell has all its neighbours.
    """
    wide, high = float(alphas[1] - alphas[0]), float(betas[1] - betas[0])
    middle = loss[1:-1, 1:-1]
    across = (loss[1:-1, 2:] - 2 * middle + loss[1:-1, :-2]) / wide**2
    along = (loss[2:, 1:-1] - 2 * middle + loss[:-2, 1:-1]) / high**2
    both = (loss[2:, 2:] - loss[2:, :-2] - loss[:-2, 2:] + loss[:-2, :-2]) / (4 * wide * high)
    half, spread = (across + along) / 2, np.hypot((across - along) / 2, both)
    lower = half - spread
    around = np.lib.stride_tricks.sliding_window_view(np.abs(loss), (3, 3)).max((2, 3))
    known = np.isfinite(lower) & np.isfinite(around)
    if not known.any():
        return None
    down = lower[known] < -ROUNDING * around[known] * 4 / min(wide, high) ** 2
    return Bends(share=float(down.mean()), cells=int(known.sum()))
