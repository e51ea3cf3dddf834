"""Where numbers stop being finite in a forward pass."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from dltui.objective.twin import Twin


def first_place(twin: Twin, x: Tensor) -> str:
    """Return where a model first gives NaN or infinite numbers, in words.

    Args:
        twin: A copy of the model, of no other use from now on.
        x: A block of inputs.

    Returns:
        The parameter that holds such numbers, else the module that first gives them, else the loss itself.
    """
    for slot in twin.slots:
        if not bool(slot.of(twin.flat).isfinite().all()):
            return f"{slot.name} holds such numbers"
    found: list[str] = []

    def listen(path: str) -> Any:
        def hook(module: nn.Module, _: object, output: object) -> None:
            if not found and isinstance(output, Tensor) and not bool(output.isfinite().all()):
                found.append(
                    f"{path or 'the model'} ({type(module).__name__}) is the first that gives such numbers"
                )

        return hook

    for path, module in twin.module.named_modules():
        module.register_forward_hook(listen(path))
    with torch.no_grad():
        twin.module(x)
    return found[0] if found else "every layer gives finite numbers, the loss does not"
