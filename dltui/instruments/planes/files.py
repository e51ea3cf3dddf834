"""A direction in the space of weights that the user brings, as a file of tensors named as the model's."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor

from dltui.checkpoints import read_weights
from dltui.checkpoints.fit import first_of, mismatches
from dltui.errors import DltuiError
from dltui.objective import Twin


def read_direction(path: Path, twin: Twin) -> Tensor:
    """Return the direction that a file holds, as one flat vector.

    Args:
        path: ``.safetensors`` with a tensor for every parameter that is trained, by the model's own names; running
            statistics are passed over.
        twin: Tells names and shapes.

    Returns:
        The direction in float64 on the CPU, shape (n,).

    Raises:
        DltuiError: If a tensor is missing, unexpected or of another shape, or the direction is 0 or not finite.
    """
    state = read_weights(path).state
    buffers = {name for name, _ in twin.module.named_buffers()}
    wanted = {slot.name: slot.shape for slot in twin.slots}
    wrong = mismatches(wanted, {n: tuple(t.shape) for n, t in state.items() if n not in buffers})
    if wrong:
        raise DltuiError(
            f"the direction {path} does not fit the model: {first_of(wrong)}; expected one tensor for each trained "
            "parameter"
        )
    flat = torch.cat([state[slot.name].reshape(-1).to(torch.float64) for slot in twin.slots])
    if not bool(flat.isfinite().all()):
        raise DltuiError(f"the direction {path} holds NaN or infinite numbers; expected finite ones")
    if not bool(flat.any()):
        raise DltuiError(f"the direction {path} is 0 everywhere; expected numbers that lead somewhere")
    return flat
