"""What a step is measured by: norms of gradient and weights, and how far the weights moved.

All of it is a handful of operations on one flat vector, and one read-back a step; never one a parameter.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor, nn

FLAT = (
    50_000_000  # numbers up to which gradients and weights are laid out flat; beyond, memory counts for more
)

Sum = Callable[[Tensor], Tensor]  # over the processes that each hold a part of every tensor


class Norms:
    """Measures the trained parameters of a model, step by step.

    Args:
        parameters: What is trained.
        add: Adds up squares over the processes where each holds only a part; None where each holds all.
    """

    def __init__(self, parameters: Sequence[nn.Parameter], add: Sum | None = None) -> None:
        self.parameters = list(parameters)
        self._add = add
        self._flat = sum(p.numel() for p in parameters) <= FLAT
        self._before: Tensor | None = None

    def begin(self) -> None:
        """Take the weights as they are for those before the next step."""
        if self._flat:
            with torch.no_grad():
                self._before = self._laid_out()

    def gradient(self) -> Tensor:
        """Return the norm of the gradient, a scalar."""
        grads = [grad for p in self.parameters if (grad := p.grad) is not None]
        if not grads:
            return torch.zeros((), device=self.parameters[0].device)
        if self._add is not None:
            grads = [local(grad) for grad in grads]
        return self._whole(_norm(grads, flat=self._flat))

    def moved(self) -> tuple[Tensor, Tensor]:
        """Return, after a step, the norms of the weights before it and of the change; the latter 0 for huge models."""
        if self._before is None:
            weights = self._whole(_norm([local(p).detach() for p in self.parameters], flat=False))
            return weights, torch.zeros_like(weights)
        with torch.no_grad():
            after = self._laid_out()
        before, self._before = self._before, after
        norm = torch.linalg.vector_norm
        return self._whole(norm(before)), self._whole(norm(before.sub_(after)))

    def _laid_out(self) -> Tensor:
        """Return all weights that this process holds in one vector, a copy."""
        held: list[Any] = self.parameters if self._add is None else [local(p) for p in self.parameters]
        flat: Tensor = torch._C._nn.flatten_dense_tensors(held)
        return flat

    def _whole(self, norm: Tensor) -> Tensor:
        """Return the norm over all processes."""
        return norm if self._add is None else self._add(norm * norm).sqrt()


@torch.no_grad()
def shorten(parameters: Sequence[nn.Parameter], norm: Tensor, longest: float) -> None:
    """Scale the gradient down to the norm ``longest`` where it is longer, as torch's ``clip_grad_norm_`` does."""
    grads = [p.grad for p in parameters if p.grad is not None]
    torch._foreach_mul_(grads, (longest / (norm + 1e-6)).clamp(max=1.0))


@torch.no_grad()
def nonfinite_entries(parameters: Sequence[nn.Parameter]) -> int:
    """Return how many numbers of the gradient are NaN or infinite."""
    counts = [(~local(p.grad).isfinite()).sum() for p in parameters if p.grad is not None]
    return int(torch.stack(counts).sum()) if counts else 0


class Layers:
    """Measures every layer of a model at chosen steps.

    Args:
        module: The model.
    """

    def __init__(self, module: nn.Module) -> None:
        self._module = module
        self._named = [(name, p) for name, p in module.named_parameters() if p.requires_grad]
        self._before: list[Tensor] = []
        self._gradients: dict[str, float] = {}
        self._dead: dict[str, float] = {}

    @torch.no_grad()
    def before_step(self, inputs: Tensor) -> None:
        """Take norms of the gradients, and which units never fire on a batch, just before the optimiser moves."""
        self._before = [local(p).detach().clone() for _, p in self._named]
        found = [(name, local(p.grad)) for name, p in self._named if p.grad is not None]
        self._gradients = _named_norms(found)
        self._dead = dead_units(self._module, inputs)

    @torch.no_grad()
    def after_step(self) -> dict[str, Any]:
        """Return the row of the step that was just made."""
        now = [(name, local(p)) for name, p in self._named]
        weights = _named_norms(list(zip((name for name, _ in now), self._before, strict=True)))
        moves = [(name, p - old) for (name, p), old in zip(now, self._before, strict=True)]
        moved = _named_norms(moves)
        self._before = []
        ratios = {name: moved[name] / weights[name] if weights[name] else 0.0 for name in moved}
        return {
            "grad_norm": self._gradients,
            "weight_norm": weights,
            "update_ratio": ratios,
            "dead": self._dead,
        }


@torch.no_grad()
def dead_units(module: nn.Module, inputs: Tensor) -> dict[str, float]:
    """Return for every ReLU the share of its units that give 0 on every sample of a batch.

    A unit is a channel of a map (dimension 1 of what the layer gives), or a feature of a vector.

    Args:
        module: The model; its mode is left as found.
        inputs: A batch.

    Returns:
        Shares by the name of the layer; empty where the model has no ReLU module.
    """
    found: dict[str, float] = {}

    def listen(name: str) -> Callable[[nn.Module, Any, Tensor], None]:
        def hook(_: nn.Module, __: Any, outputs: Tensor) -> None:
            fires = (outputs > 0).transpose(0, 1).flatten(1).any(1)
            found[name] = float((~fires).double().mean())

        return hook

    kinds = (nn.ReLU, nn.ReLU6)
    handles = [
        m.register_forward_hook(listen(name)) for name, m in module.named_modules() if isinstance(m, kinds)
    ]
    was_training = module.training
    module.eval()
    try:
        if handles:
            module(inputs)
    finally:
        module.train(was_training)
        for handle in handles:
            handle.remove()
    return found


def local(tensor: Tensor) -> Tensor:
    """Return the part of a tensor that this process holds: all of it, unless it is sharded."""
    to_local: Callable[[], Tensor] | None = getattr(tensor, "to_local", None)
    return tensor if to_local is None else to_local()


def _norm(tensors: list[Tensor], *, flat: bool) -> Tensor:
    """Return the norm of some tensors taken together."""
    parts = torch._C._nn.flatten_dense_tensors(tensors) if flat else torch.stack(torch._foreach_norm(tensors))
    norm: Tensor = torch.linalg.vector_norm(parts)
    return norm


def _named_norms(named: list[tuple[str, Tensor]]) -> dict[str, float]:
    """Return norms by name, read back at once."""
    if not named:
        return {}
    norms = torch.stack(torch._foreach_norm([tensor for _, tensor in named])).tolist()
    return dict(zip((name for name, _ in named), norms, strict=True))
