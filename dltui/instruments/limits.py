"""Settings that make no sense, refused before anything is loaded; a form asks here as a person types."""

from __future__ import annotations

from math import isfinite

from dltui.errors import UsageError


def odd_steps(steps: int) -> int:
    """Return ``steps`` when that many points have a middle one.

    Args:
        steps: Points along a direction.

    Returns:
        The same number.

    Raises:
        UsageError: If it is even or below 3.
    """
    if steps < 3 or steps % 2 == 0:
        raise UsageError(
            f"can't scan {steps} steps: expected an odd number from 3, so that the middle one is the model itself; "
            f"try {max(3, steps + 1)}"
        )
    return steps


def above_zero(distance: float) -> float:
    """Return ``distance`` when it leads away from the model.

    Args:
        distance: How far to go to either side.

    Returns:
        The same number.

    Raises:
        UsageError: If it isn't finite or not above 0.
    """
    if not isfinite(distance) or distance <= 0:
        raise UsageError(f"can't scan a distance of {distance:g}: expected a number above 0; try 1")
    return distance


def below_one(tolerance: float) -> float:
    """Return ``tolerance`` when it is a share that can be reached.

    Args:
        tolerance: A relative residual.

    Returns:
        The same number.

    Raises:
        UsageError: If it isn't between 0 and 1.
    """
    if not 0 < tolerance < 1:
        raise UsageError(
            f"can't use a tolerance of {tolerance:g}: expected a number between 0 and 1; try 1e-4"
        )
    return tolerance
