"""Inputs of a model that takes several: tensors that go through everything together, row by row."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

import torch
from torch import Tensor, nn

from dltui.errors import UsageError


@dataclass(frozen=True, eq=False)
class Bundle:
    """Several tensors with a row for each sample, of which a model gets one argument each.

    Attributes:
        parts: The tensors, shape (N, ...) each.
    """

    parts: tuple[Tensor, ...]

    def __len__(self) -> int:
        """Return how many samples there are."""
        return len(self.parts[0])

    def __getitem__(self, rows: slice) -> Bundle:
        """Return some of the samples."""
        return Bundle(tuple(part[rows] for part in self.parts))

    @property
    def nbytes(self) -> int:
        """Bytes of all tensors together."""
        return sum(part.nbytes for part in self.parts)


def bundled(inputs: Tensor | Sequence[Tensor], title: str) -> Tensor:
    """Return a tensor as it is, and several ones bundled, which then pass for one.

    Args:
        inputs: One tensor, or one for each argument of the model.
        title: What to call the model in an error.

    Returns:
        The inputs.

    Raises:
        UsageError: If the tensors differ in their number of rows.
    """
    if isinstance(inputs, Tensor):
        return inputs
    rows = sorted({len(part) for part in inputs})
    if len(rows) != 1:
        raise UsageError(
            f"{title}: the inputs have {' and '.join(map(str, rows)) or 'no'} rows; "
            "expected tensors with a row for each sample"
        )
    return cast("Tensor", Bundle(tuple(inputs)))


def split(inputs: Tensor | Bundle, size: int) -> list[Tensor]:
    """Return the samples in blocks of ``size``, the last of which may be smaller."""
    if isinstance(inputs, Tensor):
        return list(torch.split(inputs, size))
    return [cast("Tensor", inputs[start : start + size]) for start in range(0, len(inputs), size)]


def placed(inputs: Tensor, device: torch.device, dtype: torch.dtype) -> Tensor:
    """Return the inputs on a device, the floating ones in a precision."""
    moved = [
        part.to(device, dtype) if part.is_floating_point() else part.to(device) for part in each_input(inputs)
    ]
    return moved[0] if isinstance(inputs, Tensor) else cast("Tensor", Bundle(tuple(moved)))


def moved_to(inputs: Tensor, device: torch.device) -> Tensor:
    """Return the inputs on a device, in the precision that they have."""
    parts = tuple(part.to(device) for part in each_input(inputs))
    return parts[0] if isinstance(inputs, Tensor) else cast("Tensor", Bundle(parts))


def finite(inputs: Tensor) -> bool:
    """Return whether no input is NaN or infinite."""
    return all(bool(part.isfinite().all()) for part in each_input(inputs) if part.is_floating_point())


def shapes(inputs: Tensor) -> str:
    """Return the shape of the inputs as an error tells it, such as ``(n, 3), (n, 7)``."""
    return ", ".join(f"({', '.join(['n', *map(str, part.shape[1:])])})" for part in each_input(inputs))


def take_apart(inputs: Tensor | Bundle, module: nn.Module) -> None:
    """Let a module get each tensor of a bundle as an argument of its own; other inputs change nothing."""
    if isinstance(inputs, Tensor):
        return

    def unpack(_: nn.Module, given: tuple[object, ...]) -> tuple[object, ...] | None:
        return given[0].parts if given and isinstance(given[0], Bundle) else None

    module.register_forward_pre_hook(unpack)


def each_input(inputs: Tensor | Bundle) -> tuple[Tensor, ...]:
    """Return the tensors that the model gets, one an argument."""
    return inputs.parts if isinstance(inputs, Bundle) else (inputs,)
