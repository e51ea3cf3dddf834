"""Settings that make no sense, refused before anything is loaded; a form asks here as a person types."""

from __future__ import annotations

from collections.abc import Sequence
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


def finite_steps(steps: Sequence[float]) -> tuple[float, ...]:
    """Return the steps along a line or a plane when they lead somewhere.

    Args:
        steps: α, or α and β; empty for the model itself.

    Returns:
        The same numbers.

    Raises:
        UsageError: If there are more than two, or one isn't finite.
    """
    if len(steps) > 2 or not all(map(isfinite, steps)):
        raise UsageError(
            f"can't go to {','.join(f'{step:g}' for step in steps)}: expected a finite α, or α,β; try 0.3,-0.2"
        )
    return tuple(steps)


def spelled_steps(text: str) -> tuple[float, ...]:
    """Return the steps that a text such as ``0.3,-0.2`` spells.

    Args:
        text: One number for a line, two with a comma for a plane.

    Returns:
        α, or α and β.

    Raises:
        UsageError: If it is spelled otherwise.
    """
    try:
        steps = [float(part) for part in text.replace("−", "-").split(",")]
    except ValueError:
        raise UsageError(f"can't read the place {text!r}: expected α, or α,β; try 0.3,-0.2") from None
    return finite_steps(steps)
