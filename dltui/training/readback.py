"""Numbers that come back from a device: at once from the CPU, one step later from a GPU, which is not waited for."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

Take = Callable[[list[float]], None]


class Readback:
    """Reads a handful of numbers a step.

    Args:
        device: Where they are.
    """

    def __init__(self, device: torch.device) -> None:
        self._late = device.type == "cuda"
        self._waiting: tuple[Tensor, torch.cuda.Event, Take] | None = None

    def push(self, scalars: Sequence[Tensor], take: Take) -> None:
        """Give the numbers to ``take``: now, or on a GPU when the next ones are pushed or all are settled.

        Args:
            scalars: The numbers, one a tensor.
            take: What becomes of them.
        """
        if not self._late:
            take([float(scalar) for scalar in scalars])
            return
        numbers = torch.stack([*scalars])
        host = torch.empty(numbers.shape, dtype=numbers.dtype, pin_memory=True)
        host.copy_(numbers, non_blocking=True)
        event = torch.cuda.Event()  # type: ignore[no-untyped-call]
        event.record()
        self.settle()
        self._waiting = (host, event, take)

    def settle(self) -> None:
        """Wait for the numbers that are still on their way."""
        if self._waiting is not None:
            (host, event, take), self._waiting = self._waiting, None
            event.synchronize()
            take(host.tolist())
