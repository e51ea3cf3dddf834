"""What a forward pass keeps for the backward pass, in bytes, and which module keeps it."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd.graph import saved_tensors_hooks

from dltui.instruments.summary.fused import FusedKernels
from dltui.instruments.summary.inputs import Inputs
from dltui.instruments.summary.kernels import Quickly


class Kept:
    """Counts the storages that autograd saves; those of weights are not activations.

    Attributes:
        by_module: Bytes that a module's calls were the first to save, by its id, modules inside included.
    """

    def __init__(self, weights: set[int]) -> None:
        self.by_module: dict[int, int] = {}
        self._weights = weights
        self._common: dict[int, Any] = {}  # storages are held, so that no address is used twice
        self._plain: dict[int, Any] = {}  # what attention saves when it is computed step by step
        self._fused: set[int] = set()  # what fused attention saves
        self._others: set[int] = set()  # what anything else saves
        self._total = 0
        self._running: list[tuple[int, int]] = []

    @property
    def total(self) -> int:
        """Bytes saved, with fused attention where the CPU fuses."""
        return self._total

    @property
    def plain_total(self) -> int:
        """Bytes saved where attention is computed step by step."""
        only_fused = self._fused - self._others
        found = {key: s for key, s in self._common.items() if key not in only_fused} | self._plain
        return sum(storage.nbytes() for storage in found.values())

    def run(self, model: nn.Module, inputs: Inputs) -> None:
        """Run a private copy of a model and count.

        Args:
            model: The copy.
            inputs: What goes in.
        """
        for module in model.modules():
            module.register_forward_pre_hook(self._enter, prepend=True)
            module.register_forward_hook(self._leave, always_call=True)
        with ExitStack() as stack:
            stack.enter_context(torch.enable_grad())
            stack.enter_context(saved_tensors_hooks(self._pack, _same))
            stack.enter_context(FusedKernels(self._beside, self._around))
            stack.enter_context(Quickly())  # type: ignore[no-untyped-call]
            model(*inputs.args, **inputs.kwargs)

    def _pack(self, tensor: Tensor) -> Tensor:
        """Count a tensor that autograd saves."""
        self._others.add(self._count(tensor, self._common))
        return tensor

    def _count(self, tensor: Tensor, into: dict[int, Any]) -> int:
        """Remember a storage once, and return its address."""
        try:
            storage = tensor.untyped_storage()
        except (NotImplementedError, RuntimeError):  # sparse and nested tensors have none
            return 0
        key: int = storage._cdata
        if key not in self._weights and key not in into:
            into[key] = storage
            if into is self._common:
                self._total += storage.nbytes()
        return key

    def _beside(self, plain: Callable[[], Any]) -> None:
        """Compute attention step by step, only to see what that saves."""

        def pack(tensor: Tensor) -> Tensor:
            self._count(tensor, self._plain)
            return tensor

        with saved_tensors_hooks(pack, _same):
            plain()

    def _around(self, fused: Callable[[], Any]) -> Any:
        """Compute fused attention, and see what only that saves."""

        def pack(tensor: Tensor) -> Tensor:
            self._fused.add(self._count(tensor, self._common))
            return tensor

        with saved_tensors_hooks(pack, _same):
            return fused()

    def _enter(self, module: nn.Module, args: Any) -> None:  # noqa: ARG002
        """Note that a module begins."""
        self._running.append((id(module), self._total))

    def _leave(self, module: nn.Module, args: Any, out: Any) -> None:  # noqa: ARG002
        """Note that a module ends; a call inside one of the same module counts once."""
        key, before = self._running.pop()
        if all(other != key for other, _ in self._running):
            self.by_module[key] = self.by_module.get(key, 0) + self._total - before


def _same(tensor: Tensor) -> Tensor:
    """Return a tensor that was packed as it is."""
    return tensor
