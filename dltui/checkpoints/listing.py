"""The tensors of a live model, as a file of its weights would hold them."""

from __future__ import annotations

import torch
from torch import nn

from dltui.contents import Entry


def list_module(module: nn.Module) -> list[Entry]:
    """Return the parameters and buffers of a model, without their numbers.

    Args:
        module: The model, on any device, also on meta.

    Returns:
        The tensors of its ``state_dict`` in order; tied ones tell whose numbers they share.
    """
    first: dict[int, str] = {}
    entries = []
    for name, tensor in module.state_dict(keep_vars=True).items():
        if not isinstance(tensor, torch.Tensor):
            continue  # a module's extra state
        shared = first.setdefault(id(tensor), name)
        entries.append(
            Entry(
                name,
                tuple(tensor.shape),
                str(tensor.dtype).removeprefix("torch."),
                tensor.numel() * tensor.element_size(),
                shared if shared != name else "",
            )
        )
    return entries
