"""A running mean of the weights, which is judged and kept instead of the weights themselves."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn


class Ema:
    """An exponential moving average of parameters and buffers (Polyak and Juditsky 1992).

    m ← m + (1 − d)·(θ − m) after each step, with d = min(decay, (1 + n) / (10 + n)) at the n-th, so that the first
    steps, taken from fresh weights, are soon forgotten. Whole-number buffers are taken as they are.

    Args:
        module: The model.
        decay: Weight of what came before, below 1.
    """

    def __init__(self, module: nn.Module, decay: float) -> None:
        self._decay = decay
        self._source = module.state_dict(keep_vars=False)  # its tensors share the model's memory
        self.mean = {name: tensor.detach().clone() for name, tensor in self._source.items()}
        self._floats = [name for name, tensor in self.mean.items() if tensor.is_floating_point()]
        self._rest = [name for name in self.mean if name not in set(self._floats)]

    @torch.no_grad()
    def follow(self, steps: int) -> None:
        """Take in the weights after ``steps`` steps."""
        decay = min(self._decay, (1 + steps) / (10 + steps))
        mean, now = ([part[name] for name in self._floats] for part in (self.mean, self._source))
        torch._foreach_lerp_(mean, now, 1 - decay)
        for name in self._rest:
            self.mean[name].copy_(self._source[name])

    @torch.no_grad()
    def restore(self, mean: dict[str, Tensor]) -> None:
        """Go on from a mean that was kept."""
        for name, tensor in self.mean.items():
            tensor.copy_(mean[name])

    @contextmanager
    def in_place(self) -> Iterator[None]:
        """Put the mean into the model while this lasts, and the weights back afterwards.

        Yields:
            Nothing.
        """
        with torch.no_grad():
            kept = {name: tensor.clone() for name, tensor in self._source.items()}
            _copy(self.mean, self._source)
        try:
            yield
        finally:
            with torch.no_grad():
                _copy(kept, self._source)


def _copy(source: dict[str, Tensor], target: dict[str, Tensor]) -> None:
    """Copy tensors by name."""
    for name, tensor in target.items():
        tensor.copy_(source[name])
