"""Which units of the ReLUs never fire, seen by hooks that look at a few batches only."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn

DIES = (nn.ReLU, nn.ReLU6)  # 0 with slope 0 on a whole half line
LOOKS = 4  # batches looked at in a row without firing, after which a unit is called dead


class Firing:
    """Counts for each unit how many of the batches looked at have passed since it fired.

    A unit is a channel of a convolution's output, or one number of a fully connected layer's.

    Args:
        model: Its ReLU modules get a forward hook each.
    """

    def __init__(self, model: nn.Module) -> None:
        self.looking = False
        self._channels = any(isinstance(module, nn.Conv1d) for module in model.modules())
        self._quiet: dict[str, Tensor] = {}
        self._calls: dict[str, int] = {}
        self._looked = 0
        self._hooks = [
            module.register_forward_hook(self._hook(name or "model"))
            for name, module in model.named_modules()
            if isinstance(module, DIES)
        ]

    @property
    def hooked(self) -> bool:
        """Whether the model has ReLU modules at all."""
        return bool(self._hooks)

    def see(self, silent: dict[str, Tensor]) -> None:
        """Take from elsewhere which units did not fire in a batch.

        Args:
            silent: Shape (units,) of truth values, by layer.
        """
        for name, quiet in silent.items():
            self._count(name, ~quiet)

    def looked(self) -> dict[str, float]:
        """End the look at one batch, and return the share of dead units by layer; empty after the first few looks."""
        self.looking, self._calls = False, {}
        self._looked += 1
        if self._looked < LOOKS:
            return {}
        return {name: float((quiet >= LOOKS).float().mean()) for name, quiet in self._quiet.items()}

    def close(self) -> None:
        """Take the hooks away."""
        for hook in self._hooks:
            hook.remove()
        self._hooks = []

    def _hook(self, name: str) -> Callable[[nn.Module, tuple[object, ...], object], None]:
        def look(module: nn.Module, inputs: tuple[object, ...], output: object) -> None:  # noqa: ARG001
            if self.looking and module.training and isinstance(output, Tensor) and output.ndim > 1:
                self._see(name, output.detach())

        return look

    @torch.no_grad()
    def _see(self, name: str, output: Tensor) -> None:
        """Count the units of one call; a module that is called several times has units for each."""
        call = self._calls[name] = self._calls.get(name, 0) + 1
        axis = 1 if output.ndim > 3 or (output.ndim == 3 and self._channels) else output.ndim - 1
        others = [place for place in range(output.ndim) if place != axis]
        self._count(name if call == 1 else f"{name} #{call}", output.amax(others) > 0)

    def _count(self, name: str, fired: Tensor) -> None:
        quiet = self._quiet.get(name)
        if quiet is None or quiet.shape != fired.shape:
            quiet = torch.zeros(fired.shape, dtype=torch.int32, device=fired.device)
        self._quiet[name] = torch.where(fired, 0, quiet + 1)
