"""The third witness: gradients by central differences of the operation itself."""

from __future__ import annotations

from typing import Any

from dltui.byhand.tensor import nested
from dltui.byhand.worked import UPSTREAM, Worked

STEP = 1e-5


def differences(worked: Worked) -> dict[str, Any]:
    """Return ∂L/∂x ≈ (L(x + h) − L(x − h)) / 2h for every number of every input, L = Σ ∂y·y.

    Args:
        worked: What was worked.

    Returns:
        Nested lists by parameter; those of inputs without a gradient are missing.
    """
    plain = {name: [cell.value for cell in one.cells] for name, one in worked.inputs.items()}
    upstream = worked.upstream
    found: dict[str, Any] = {}
    for name in worked.gradients.of:
        slopes = []
        for place, value in enumerate(plain[name]):
            step = STEP * max(1.0, abs(value))
            ends = [_loss(worked, plain, name, place, value + side * step, upstream) for side in (1, -1)]
            slopes.append((ends[0] - ends[1]) / (2 * step))
        found[name] = nested(slopes, worked.inputs[name].shape)
    return found


def _loss(
    worked: Worked,
    plain: dict[str, list[float]],
    name: str,
    place: int,
    value: float,
    upstream: dict[str, list[float]],
) -> float:
    """Return Σ ∂y·y with one number of one input replaced."""
    changed = [*plain[name]]
    changed[place] = value
    given = {key: nested(flat, worked.inputs[key].shape) for key, flat in (plain | {name: changed}).items()}
    again = Worked(worked.operation, given | worked.settings | {UPSTREAM: None}, "", ())
    return sum(
        float(gradient * cell.value)
        for one in again.outputs
        for gradient, cell in zip(upstream[one.name], one.cells, strict=True)
    )
