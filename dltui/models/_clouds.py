"""What networks on clouds of points have in common."""

from __future__ import annotations

from dltui.errors import UsageError


def of_clouds(name: str, input_shape: tuple[int, ...]) -> None:
    """Refuse samples that are no clouds of points.

    Args:
        name: The network.
        input_shape: Shape of one sample.

    Raises:
        UsageError: If it isn't (N, 3).
    """
    if len(input_shape) != 2 or input_shape[1] != 3:
        told = f"shape {input_shape}"
        raise UsageError(f"{name} needs clouds of points (N, 3), but each sample here has {told}: try mlp")
