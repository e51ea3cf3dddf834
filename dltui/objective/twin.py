"""A private copy of a model whose parameters are views of one flat vector."""

from __future__ import annotations

import copy
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from dltui.errors import DltuiError


@dataclass(frozen=True)
class Slot:
    """Where one parameter tensor lies in the flat vector θ.

    Attributes:
        name: Its name in the model, such as ``features.0.weight``.
        shape: Its shape.
        start: Index of its first number in θ.
        fans: (groups, transposed): how a convolution's filters lie in the tensor; (1, False) for all others.
    """

    name: str
    shape: tuple[int, ...]
    start: int
    fans: tuple[int, bool] = (1, False)

    @property
    def stop(self) -> int:
        """Index after its last number in θ."""
        return self.start + torch.Size(self.shape).numel()

    def of(self, flat: Tensor) -> Tensor:
        """Return the part of a flat vector that belongs to this tensor, as a view in its shape."""
        return flat[self.start : self.stop].view(self.shape)


class Twin:
    """A copy of the model that may be bent at will; the model itself is never touched.

    Parameters that are trained (``requires_grad``) are views of ``flat``, so that writing θ there moves the copy;
    where no parameter is trained, all of them are.

    Attributes:
        module: The copy, in eval mode.
        flat: θ, shape (n,).
        slots: Where each parameter tensor lies in θ, in the order of the model.
    """

    def __init__(self, model: nn.Module, *, device: torch.device, dtype: torch.dtype) -> None:
        try:
            self.module = copy.deepcopy(model)
        except (RuntimeError, TypeError) as error:
            raise DltuiError(
                f"{type(model).__name__} can't be copied ({error}); expected a plain nn.Module"
            ) from error
        self.module.to(device=device, dtype=dtype).eval()
        every = list(self.module.named_parameters())
        named = [(name, p) for name, p in every if p.is_floating_point()]
        named = [(name, p) for name, p in named if p.requires_grad] or named
        if not named:
            found = f"only integer parameters ({every[0][1].dtype})" if every else "no parameters"
            raise DltuiError(
                f"{type(model).__name__} has {found}; expected a model with floating-point weights"
            )
        self.flat = torch.cat([p.detach().reshape(-1) for _, p in named])
        self.slots = _slots(self.module, named)
        self.parameters = [p.requires_grad_() for _, p in named]
        for slot, parameter in zip(self.slots, self.parameters, strict=True):
            parameter.data = slot.of(self.flat)

    def parts(self, flat: Tensor) -> list[Tensor]:
        """Return a flat vector of shape (n,) cut into views in the shapes of the parameters."""
        return [slot.of(flat) for slot in self.slots]


def _slots(module: nn.Module, named: list[tuple[str, nn.Parameter]]) -> tuple[Slot, ...]:
    """Return where each named parameter lies when all are laid end to end."""
    fans = {id(p): _fans(owner) for owner in module.modules() for p in owner.parameters(recurse=False)}
    slots: list[Slot] = []
    for name, parameter in named:
        start = slots[-1].stop if slots else 0
        slots.append(Slot(name, tuple(parameter.shape), start, fans[id(parameter)]))
    return tuple(slots)


def _fans(owner: nn.Module) -> tuple[int, bool]:
    """Return groups of a transposed convolution, whose filters don't lie along the first dimension."""
    if isinstance(owner, nn.ConvTranspose1d | nn.ConvTranspose2d | nn.ConvTranspose3d):
        return owner.groups, True
    return 1, False
