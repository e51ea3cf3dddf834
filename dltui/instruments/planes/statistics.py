"""Running statistics of norm layers along a line or a plane: kept, interpolated, or estimated anew at every point.

A batch norm in eval mode divides by statistics that belong to one set of weights. Between two networks neither one's
are right: the mean activations of a mixture shrink, and the loss rises for that reason alone (Jordan et al. 2022,
"REPAIR", arXiv:2211.08403). Estimating them anew at every point is the cure.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal, Protocol, get_args

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

from dltui.errors import unknown
from dltui.objective import Twin
from dltui.objective.bundle import moved_to

BatchNorm = Literal["keep", "interpolate", "recalibrate"]
WAYS: tuple[str, ...] = get_args(BatchNorm)
BATCH = 256  # samples a batch when statistics are estimated

Buffers = Mapping[str, Tensor]


class Statistics(Protocol):
    """Puts the running statistics of a copy of the model right for the point where it stands."""

    told: str

    def settle(self, twin: Twin, steps: Sequence[float]) -> None:
        """Set the buffers of ``twin``, which stands at θ* + Σ steps·directions."""

    def on(self, device: torch.device) -> Statistics:
        """Return the same for copies on another device."""


class Interpolated:
    """The statistics move along directions of their own, as the weights do.

    Attributes:
        told: What to say beside the picture.
    """

    told = "batch-norm statistics interpolated"

    def __init__(self, start: Buffers, directions: Sequence[Buffers]) -> None:
        self._start, self._directions = start, directions

    def settle(self, twin: Twin, steps: Sequence[float]) -> None:
        """Set every floating buffer to start + Σ steps·directions; no variance falls below 0."""
        with torch.inference_mode():
            for name, buffer in floating(twin.module).items():
                value = self._start[name].clone()
                for direction, step in zip(self._directions, steps, strict=False):
                    value.add_(direction[name], alpha=float(step))
                buffer.copy_(value.clamp_(min=0) if name.endswith("running_var") else value)

    def on(self, device: torch.device) -> Interpolated:
        """Return the same for copies on another device."""
        return Interpolated(_on(device, self._start), [_on(device, one) for one in self._directions])


class Kept:
    """The statistics stay as they are; a copy that was used for something else gets them back.

    Attributes:
        told: What to say beside the picture: nothing.
    """

    told = ""

    def __init__(self, still: Buffers) -> None:
        self._still = still

    def settle(self, twin: Twin, steps: Sequence[float]) -> None:  # noqa: ARG002
        """Set every floating buffer to what it was."""
        with torch.inference_mode():
            for name, buffer in floating(twin.module).items():
                buffer.copy_(self._still[name])

    def on(self, device: torch.device) -> Kept:
        """Return the same for copies on another device."""
        return Kept(_on(device, self._still))


class Recalibrated:
    """The statistics are estimated anew at every point, from the inputs of training.

    Attributes:
        told: What to say beside the picture.
    """

    def __init__(self, inputs: Tensor) -> None:
        self._inputs, self._batches = inputs, _mixed(inputs)
        self.told = f"batch-norm statistics estimated anew at every point from {len(inputs)} training samples"

    def settle(self, twin: Twin, steps: Sequence[float]) -> None:  # noqa: ARG002
        """Let the samples through with batch statistics and keep their mean over the batches."""
        recalibrate(twin.module, self._batches)

    def on(self, device: torch.device) -> Recalibrated:
        """Return the same for copies on another device."""
        return Recalibrated(moved_to(self._inputs, device))


def statistics_of(
    way: str, model: nn.Module, inputs: Tensor, moving: Interpolated | None
) -> Statistics | None:
    """Return how the statistics of a model are put right, or None where nothing has to be done.

    Args:
        way: ``keep``, ``interpolate`` or ``recalibrate``.
        model: The model.
        inputs: The inputs of training, shape (N, ...).
        moving: How they are interpolated, where there is something to interpolate between.

    Returns:
        What settles them at a point; None for ``keep``, and for a model that keeps no statistics.

    Raises:
        UsageError: If ``way`` is none of the three.
    """
    if way not in WAYS:
        raise unknown("treatment of batch norm", way, WAYS)
    if way == "interpolate":
        return moving if floating(model) else None
    return Recalibrated(inputs) if way == "recalibrate" and norms(model) else None


def recalibrate(module: nn.Module, batches: Sequence[Tensor]) -> None:
    """Set the running statistics of every batch norm to the mean over batches; nothing else is in training mode.

    Args:
        module: The model, in eval mode; it is so again afterwards.
        batches: Inputs.
    """
    found = norms(module)
    momenta = [norm.momentum for norm in found]
    with torch.inference_mode():
        for norm in found:
            norm.reset_running_stats()
            norm.momentum = None  # the plain mean over batches
            norm.train()
        for batch in batches:
            module(batch)
    for norm, momentum in zip(found, momenta, strict=True):
        norm.momentum = momentum
        norm.eval()


def norms(module: nn.Module) -> list[_BatchNorm]:
    """Return the batch norms that keep running statistics."""
    return [
        part for part in module.modules() if isinstance(part, _BatchNorm) and part.running_mean is not None
    ]


def floating(module: nn.Module) -> dict[str, Tensor]:
    """Return the floating buffers that belong to the weights of a model, by name."""
    kept = module.state_dict(keep_vars=True).keys()
    return {name: b for name, b in module.named_buffers() if b.is_floating_point() and name in kept}


def _on(device: torch.device, buffers: Buffers) -> dict[str, Tensor]:
    """Return buffers on a device."""
    return {name: buffer.to(device) for name, buffer in buffers.items()}


def _mixed(inputs: Tensor) -> list[Tensor]:
    """Return the inputs in batches of like size, mixed, since a batch of one class has no fair statistics."""
    order = torch.randperm(len(inputs), generator=torch.Generator().manual_seed(0))
    return [inputs[rows] for rows in torch.tensor_split(order, max(1, round(len(inputs) / BATCH)))]
