"""The same network, never trained: what its shape alone makes readable."""

from __future__ import annotations

import copy

import torch
from torch import nn

from dltui.device import seeded


def untrained(module: nn.Module, seed: int) -> nn.Module:
    """Return a copy of a network with fresh weights.

    Every layer that can draws its own (``reset_parameters``); what no layer draws keeps its numbers, in another order.

    Args:
        module: The network, which is left as found.
        seed: Seed of the draws.

    Returns:
        The copy.
    """
    twin = copy.deepcopy(module)
    drawn: set[int] = set()
    with seeded(seed), torch.no_grad():
        for part in twin.modules():
            reset = getattr(part, "reset_parameters", None) or getattr(part, "_reset_parameters", None)
            if callable(reset):
                reset()
                drawn |= {
                    id(tensor) for tensor in part.parameters(recurse=isinstance(part, nn.MultiheadAttention))
                }
        for parameter in twin.parameters():
            if id(parameter) not in drawn:
                flat = parameter.reshape(-1)
                parameter.copy_(
                    flat[torch.randperm(len(flat), device="cpu").to(flat.device)].view_as(parameter)
                )
    return twin
