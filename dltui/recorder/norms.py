"""Sizes of gradients, weights and steps, of the whole model and by layer; nothing of the training is changed."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn


class Layers:
    """The parameters of a model that an optimiser moves, with the layer that each belongs to.

    Args:
        model: The model; a parameter belongs to the module that holds it.
        optimizer: Only what it moves is counted.
    """

    def __init__(self, model: nn.Module, optimizer: torch.optim.Optimizer) -> None:
        moved = {id(p) for group in optimizer.param_groups for p in group["params"]}
        named = [(name, p) for name, p in model.named_parameters() if id(p) in moved and not _odd(p)]
        self.parameters = [p for _, p in named]
        owners = [name.rpartition(".")[0] or name for name, _ in named]
        self.names = list(dict.fromkeys(owners))
        place = {name: number for number, name in enumerate(self.names)}
        self._owner = torch.tensor([place[owner] for owner in owners], dtype=torch.int64)
        self._modules = dict(model.named_modules())

    def gradients(self) -> list[Tensor | None]:
        """Return the gradients as they are now; None where there is none, or one that is sparse."""
        grads = [p.grad for p in self.parameters]
        return [None if grad is None or grad.is_sparse else grad for grad in grads]

    def copies(self) -> list[Tensor]:
        """Return copies of the weights."""
        return [p.detach().clone() for p in self.parameters]

    def by_layer(self, sizes: Tensor) -> Tensor:
        """Return the norm of each layer from those of its tensors, shape (layers,)."""
        squares = torch.zeros(len(self.names), dtype=torch.float64)
        return squares.index_add_(0, self._owner, sizes.double().cpu() ** 2).sqrt()

    def moved(self, before: Sequence[Tensor]) -> Tensor:
        """Return by how much each tensor differs from a copy, shape (tensors,)."""
        return norms([p.detach() - old for p, old in zip(self.parameters, before, strict=True)])

    def weight_sizes(self) -> Tensor:
        """Return the norm of each tensor, shape (tensors,)."""
        return norms([p.detach() for p in self.parameters])

    def silent_rows(self) -> dict[str, Tensor]:
        """Return which units of linear and convolutional layers got a gradient that is exactly 0, by layer.

        The gradient of the weights of a ReLU unit that fires for no sample is exactly 0 (notes 002a:dying-relu).
        """
        found = {}
        for name, module in self._modules.items():
            weight = getattr(module, "weight", None)
            if isinstance(module, nn.Linear | nn.modules.conv._ConvNd) and weight is not None:
                grad = weight.grad
                if grad is not None and not module.__class__.__name__.startswith("ConvTranspose"):
                    found[name] = (grad.detach().flatten(1) == 0).all(1)
        return found


def norms(tensors: Sequence[Tensor | None]) -> Tensor:
    """Return the 2-norm of each tensor, 0 for None, shape (tensors,).

    Args:
        tensors: Tensors of one device.

    Returns:
        Norms on that device.
    """
    known = [tensor for tensor in tensors if tensor is not None]
    if not known:
        return torch.zeros(len(tensors))
    sizes = torch.stack(torch._foreach_norm(known))
    if len(known) == len(tensors):
        return sizes
    places = [place for place, tensor in enumerate(tensors) if tensor is not None]
    return sizes.new_zeros(len(tensors)).index_copy_(0, torch.tensor(places, device=sizes.device), sizes)


def not_finite(tensors: Sequence[Tensor | None]) -> int:
    """Return how many entries of some tensors are NaN or infinite."""
    return sum(int((~tensor.isfinite()).sum()) for tensor in tensors if tensor is not None)


def _odd(parameter: Tensor) -> bool:
    """Return whether a parameter has no norm yet, or none that is a real number."""
    return nn.parameter.is_lazy(parameter) or parameter.is_complex()
