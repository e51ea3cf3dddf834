"""What tells two walks from one network to another apart."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256
from typing import TYPE_CHECKING

from torch import Tensor, nn

from dltui.figures import Array
from dltui.instruments.landscape.identity import ROWS
from dltui.objective import Objective

if TYPE_CHECKING:
    from dltui.instruments.connectivity.connect import Wishes


def identity(
    objective: Objective,
    other: nn.Module,
    parts: Sequence[tuple[str, Objective]],
    positions: Array,
    wishes: Wishes,
) -> str:
    """Return a fingerprint of everything that the positions of a walk depend on.

    Args:
        objective: The loss of A.
        other: B.
        parts: The samples, by name.
        positions: t of every position.
        wishes: How both are connected.

    Returns:
        Letters and digits; two walks with the same ones have the same losses.
    """
    settings = (wishes.align, wishes.curve, wishes.batch_norm, wishes.seed, str(objective.dtype))
    told = sha256(repr(settings).encode() + positions.tobytes())
    for module in (objective.model, other):
        for name, tensor in module.state_dict().items():
            told.update(f"{name} {tensor.dtype} {tuple(tensor.shape)}".encode() + _bytes(tensor))
    for name, one in parts:
        told.update(f"{name} {one.criterion.name} {one.samples} {one.mode}".encode())
        every = -(-one.samples // ROWS)
        told.update(_bytes(one.inputs[::every]) + _bytes(one.targets[::every]))
    if wishes.calibration is not None:
        told.update(_bytes(wishes.calibration[:: -(-len(wishes.calibration) // ROWS)]))
    return told.hexdigest()[:32]


def _bytes(tensor: Tensor) -> bytes:
    """Return the numbers of a tensor as they lie in memory."""
    return tensor.detach().cpu().contiguous().numpy().tobytes()
