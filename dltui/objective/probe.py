"""Trying a model on its first inputs: does it take them, and how much memory does a sample need?"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from dltui.errors import UsageError
from dltui.objective.bundle import shapes
from dltui.objective.twin import Twin
from dltui.objective.undisturbed import same_randomness


def first_outputs(twin: Twin, x: Tensor, title: str) -> tuple[Tensor, int]:
    """Return the outputs for a few inputs, and the size of the largest activation.

    Args:
        twin: A copy of the model, of no use afterwards.
        x: The first inputs, shape (b, ...).
        title: What to call the model in an error.

    Returns:
        Outputs of shape (b, ...), and bytes a sample of the largest activation.

    Raises:
        UsageError: If the model can't take such inputs or gives no tensor with a row for each.
    """
    sizes = [1, x.nbytes // len(x)]

    def weigh(_: nn.Module, __: object, found: object) -> None:
        if isinstance(found, Tensor):
            sizes.append(found.nbytes // len(x))

    for module in twin.module.modules():
        module.register_forward_hook(weigh)
    try:
        with same_randomness(), torch.no_grad():
            outputs = twin.module(x)
    except (RuntimeError, ValueError, IndexError, TypeError) as error:
        reason = str(error).strip().partition("\n")[0]
        raise UsageError(f"{title}: the model can't take inputs of shape {shapes(x)}: {reason}") from error
    if not isinstance(outputs, Tensor) or not outputs.ndim or len(outputs) != len(x):
        kind = f"shape {tuple(outputs.shape)}" if isinstance(outputs, Tensor) else type(outputs).__name__
        raise UsageError(
            f"{title}: {len(x)} inputs give {kind}; expected one tensor with a row for each input"
        )
    return outputs, max(sizes)
