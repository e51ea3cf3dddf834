"""The gradient of one parameter tensor for every sample of a block, kept in the form that costs least.

Legend of shapes: b samples, t positions, i inputs, o outputs.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import torch
from torch import Tensor


class Part(Protocol):
    """Gradients ∇ℓᵢ of one parameter tensor, one a sample."""

    def square(self) -> Tensor:
        """Return ‖∇ℓᵢ‖² of every sample, shape (b,)."""

    def along(self, direction: Tensor) -> Tensor:
        """Return ⟨∇ℓᵢ, direction⟩ of every sample, shape (b,); the direction has the shape of the parameter."""


@dataclass(frozen=True)
class Written:
    """Gradients that are written out; their lengths are computed once.

    Attributes:
        gradients: Shape (b, …), … being the shape of the parameter.
    """

    gradients: Tensor

    def square(self) -> Tensor:
        """Return ‖∇ℓᵢ‖² of every sample, shape (b,)."""
        return self._square

    @cached_property
    def _square(self) -> Tensor:
        return squared(self.gradients)

    def along(self, direction: Tensor) -> Tensor:
        """Return ⟨∇ℓᵢ, direction⟩ of every sample, shape (b,)."""
        return self.gradients.flatten(1) @ direction.flatten()


@dataclass(frozen=True, slots=True)
class Single:
    """Gradients g aᵀ of the weight of a linear map that is used once.

    Attributes:
        a: What went in, shape (b, i).
        g: Gradients at what came out, shape (b, o).
    """

    a: Tensor
    g: Written

    def square(self) -> Tensor:
        """Return ‖∇ℓᵢ‖² of every sample, shape (b,)."""
        return squared(self.a) * self.g.square()

    def along(self, direction: Tensor) -> Tensor:
        """Return ⟨∇ℓᵢ, direction⟩ = g · (direction a) of every sample, shape (b,)."""
        return ((self.a @ direction.T) * self.g.gradients).sum(1)


@dataclass(frozen=True, slots=True)
class Outer:
    """Gradients Σₜ gₜ aₜᵀ of the weight of a linear map that is used at T positions.

    Attributes:
        a: What went in, shape (b·groups, t, i).
        g: Gradients at what came out, shape (b·groups, t, o).
        groups: Blocks on the diagonal of the map, each with inputs and outputs of its own.
    """

    a: Tensor
    g: Tensor
    groups: int = 1

    def square(self) -> Tensor:
        """Return ‖∇ℓᵢ‖² of every sample, shape (b,)."""
        return outer(self.a, self.g).reshape(-1, self.groups).sum(1)

    def along(self, direction: Tensor) -> Tensor:
        """Return ⟨∇ℓᵢ, direction⟩ = Σₜ gₜ · (direction aₜ) of every sample, shape (b,)."""
        w_goi = direction.reshape(self.groups, self.g.shape[2], self.a.shape[2])
        a_bgti = self.a.reshape(-1, self.groups, *self.a.shape[1:])
        g_bgto = self.g.reshape(-1, self.groups, *self.g.shape[1:])
        return ((a_bgti @ w_goi.mT) * g_bgto).sum((1, 2, 3))


@dataclass(frozen=True, slots=True)
class Rows:
    """Gradients of a table whose rows are looked up; a row that a sample uses several times adds up first.

    Attributes:
        ids: Which row at which position, shape (b, t).
        g: Gradients at what was read, shape (b, t, o).
    """

    ids: Tensor
    g: Tensor

    def square(self) -> Tensor:
        """Return ‖∇ℓᵢ‖² of every sample, shape (b,)."""
        same_btt = self.ids.unsqueeze(1) == self.ids.unsqueeze(2)
        return ((self.g @ self.g.mT) * same_btt).sum((1, 2))

    def along(self, direction: Tensor) -> Tensor:
        """Return ⟨∇ℓᵢ, direction⟩ of every sample, shape (b,)."""
        return (self.g * direction[self.ids]).sum((1, 2))


def outer(a_bti: Tensor, g_bto: Tensor) -> Tensor:
    """Return ‖Σₜ gₜ aₜᵀ‖² for each sample, by the cheaper of the two ways.

    Args:
        a_bti: Inputs, shape (b, t, i).
        g_bto: Gradients at the outputs, shape (b, t, o).

    Returns:
        Squared norms, shape (b,).
    """
    positions, inputs, outputs = a_bti.shape[1], a_bti.shape[2], g_bto.shape[2]
    if positions == 1:
        return squared(a_bti) * squared(g_bto)
    if inputs * outputs <= positions * (inputs + outputs):
        return squared(a_bti.mT @ g_bto)
    return ((a_bti @ a_bti.mT) * (g_bto @ g_bto.mT)).sum((1, 2))


def squared(rows: Tensor) -> Tensor:
    """Return ‖·‖² of every row of a tensor of shape (b, …), shape (b,), without a tensor of squares in between."""
    norms: Tensor = torch.linalg.vector_norm(rows.flatten(1), dim=1)
    return norms.square()
