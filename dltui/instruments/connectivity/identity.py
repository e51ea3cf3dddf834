"""What tells two walks from one network to another apart."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256
from typing import TYPE_CHECKING

from torch import nn

from dltui.figures import Array
from dltui.instruments.landscape.identity import bytes_of, some_rows
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
    settings = (
        wishes.align,
        wishes.curve,
        wishes.batch_norm,
        wishes.seed,
        str(objective.dtype),
        wishes.weight_decay,
    )
    told = sha256(repr(settings).encode() + positions.tobytes())
    for module in (objective.model, other):
        for name, tensor in module.state_dict().items():
            told.update(f"{name} {tensor.dtype} {tuple(tensor.shape)}".encode() + bytes_of(tensor))
    for name, one in parts:
        told.update(f"{name} {one.criterion.name} {one.samples} {one.mode}".encode())
        told.update(some_rows(one.inputs) + some_rows(one.targets))
    if wishes.calibration is not None:
        told.update(some_rows(wishes.calibration))
    return told.hexdigest()[:32]
