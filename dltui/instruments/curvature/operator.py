"""What Lanczos needs of a symmetric matrix: its size and a product."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

import torch
from torch import Tensor

from dltui.errors import DltuiError
from dltui.objective import Slot


class Operator(Protocol):
    """A symmetric matrix A of shape (n, n) that is known by its products alone."""

    @property
    def size(self) -> int:
        """Number of rows n."""

    @property
    def like(self) -> Tensor:
        """Any tensor with the device and precision of the vectors."""

    def __call__(self, vector: Tensor) -> Tensor:
        """Return A·v for a vector of shape (n,)."""


class Matrix:
    """A matrix that is written out, shape (n, n)."""

    def __init__(self, values: Tensor) -> None:
        self.like = values
        self.size = len(values)

    def __call__(self, vector: Tensor) -> Tensor:
        """Return A·v."""
        return self.like @ vector


class Whole(Operator, Protocol):
    """A matrix that knows its diagonal blocks."""

    @property
    def slots(self) -> tuple[Slot, ...]:
        """Where each parameter tensor lies in a vector."""

    def within(self, inside: Sequence[int]) -> Operator:
        """Return the diagonal block of some parameter tensors."""


class Counted:
    """An operator that counts its products, those of its diagonal blocks too, and tells of each one."""

    def __init__(self, operator: Operator, tick: Callable[[int], None]) -> None:
        self.size, self.like = operator.size, operator.like
        self.products = 0
        self._operator, self._tick = operator, tick

    def __call__(self, vector: Tensor) -> Tensor:
        """Return A·v and tell how many products there have been.

        Raises:
            DltuiError: If the product is not finite.
        """
        product = self._operator(vector)
        if not bool(product.isfinite().all()):
            raise DltuiError(
                "a product with the Hessian is not finite; expected a loss with a finite second derivative; "
                "try --double, or check the weights"
            )
        self.products += 1
        self._tick(self.products)
        return product

    def within(self, operator: Operator) -> Counted:
        """Return a diagonal block, whose products are counted here as well."""

        def tick(_: int) -> None:
            self.products += 1
            self._tick(self.products)

        return Counted(operator, tick)


def gaussian(operator: Operator, generator: torch.Generator) -> Tensor:
    """Return a random vector of shape (n,) with independent N(0, 1) entries."""
    return torch.randn(operator.size, generator=generator, dtype=torch.float64).to(operator.like)


def signs(operator: Operator, generator: torch.Generator) -> Tensor:
    """Return a random vector of shape (n,) with entries −1 and +1 (Rademacher)."""
    bits = torch.randint(0, 2, (operator.size,), generator=generator)
    return (2 * bits - 1).to(operator.like)
