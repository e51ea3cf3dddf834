"""Leaving what is looked at as it was found, also after an exception or Ctrl-C."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn


@contextmanager
def undisturbed(model: nn.Module) -> Iterator[nn.Module]:
    """Give back ``model`` exactly as it was: values, device, flags, gradients, buffers and random state.

    Args:
        model: A module that the body may move, switch, differentiate or overwrite.

    Yields:
        The same module.
    """
    modules = list(model.modules())
    training = [module.training for module in modules]
    homes: list[Any] = [home for module in modules for home in (module._parameters, module._buffers)]
    slots = [(home, dict(home)) for home in homes]
    tensors = {id(t): t for _, kept in slots for t in kept.values() if t is not None}
    found = [_Found(tensor) for tensor in tensors.values()]
    with same_randomness():
        try:
            yield model
        finally:
            for module, flag in zip(modules, training, strict=True):
                module.training = flag
            for live, kept in slots:
                live.clear()
                live.update(kept)
            for one in found:
                one.restore()


@contextmanager
def same_randomness() -> Iterator[None]:
    """Give the random generators of Python, NumPy and torch back in the state they were found in."""
    python, numpy, cpu = random.getstate(), np.random.get_state(), torch.get_rng_state()
    cuda = torch.cuda.get_rng_state_all() if torch.cuda.is_initialized() else None  # type: ignore[no-untyped-call]
    try:
        yield
    finally:
        random.setstate(python)
        np.random.set_state(numpy)
        torch.set_rng_state(cpu)
        if cuda is not None:
            torch.cuda.set_rng_state_all(cuda)


class _Found:
    """One parameter, buffer or gradient as it was found: its storage, its numbers, its own gradient."""

    def __init__(self, tensor: Tensor) -> None:
        self._tensor = tensor
        self._data = tensor.data
        self._copy = tensor.detach().clone()
        self._requires_grad = tensor.requires_grad
        grad = tensor.grad if tensor.is_leaf else None
        self._grad = None if grad is None else _Found(grad)

    def restore(self) -> Tensor:
        """Put everything back into the same storage, so that views of it stay true, and return the tensor."""
        with torch.no_grad():
            self._data.copy_(self._copy)
            if self._tensor.is_leaf:
                self._tensor.grad = None
                self._tensor.data = self._data
                self._tensor.requires_grad_(self._requires_grad)
                self._tensor.grad = None if self._grad is None else self._grad.restore()
        return self._tensor
