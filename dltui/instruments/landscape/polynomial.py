"""A tensor that moves over a plane as a polynomial of α and β.

Weights are affine in α and β. Where the scale of a batch norm moves too and is folded into the weights before it, they
are products of two affine tensors, so six terms are enough: 1, α, β, α², αβ, β².
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True, eq=False)
class Polynomial:
    """Σ terms[p, q] · αᵖ · βᵠ.

    Attributes:
        terms: The tensors by the powers of α and β; those that are left out are 0.
    """

    terms: dict[tuple[int, int], Tensor]

    @classmethod
    def through(cls, value: Callable[[float, float], Tensor], *, dimensions: int, affine: bool) -> Polynomial:
        """Return the polynomial that takes given values, exact for what is affine or quadratic.

        Args:
            value: The tensor at α and β; best in float64.
            dimensions: 1 when β never moves.
            affine: Whether the squares are known to be 0.

        Returns:
            Its terms.
        """
        center, plane = value(0, 0), dimensions == 2
        terms = {(0, 0): center}
        for axis, (a, b) in enumerate([(1, 0), (0, 1)][:dimensions]):
            ahead, power = value(a, b), (1, 0) if axis == 0 else (0, 1)
            behind = 2 * center - ahead if affine else value(-a, -b)
            terms[power] = (ahead - behind) / 2
            if not affine:
                terms[2 * power[0], 2 * power[1]] = (ahead + behind) / 2 - center
        if plane and not affine:
            terms[1, 1] = value(1, 1) - sum(terms.values())
        return cls(terms)

    def mapped(self, change: Callable[[Tensor], Tensor]) -> Polynomial:
        """Return the polynomial whose terms went through a linear map."""
        return Polynomial({power: change(term) for power, term in self.terms.items()})

    @property
    def steady(self) -> list[int]:
        """The powers of α before which the same tensor stands on all rows."""
        moving = {p for p, q in self.terms if q}
        return sorted({p for p, _ in self.terms} - moving)

    def row(self, beta: float) -> list[Tensor]:
        """Return what stands before 1, α and α² where β is fixed; only as many as there are."""
        found: list[Tensor] = []
        for power in range(1 + max(p for p, _ in self.terms)):
            parts = [
                (q, term)
                for (p, q), term in sorted(self.terms.items(), key=lambda item: item[0])
                if p == power
            ]
            total = parts[0][1]
            for q, term in parts[1:]:
                total = torch.add(total, term, alpha=beta**q)
            found.append(total)
        return found


def along(row: Sequence[Tensor], alpha: float, out: Tensor) -> Tensor:
    """Return Σ row[p]·αᵖ, written to ``out``."""
    torch.add(row[0], row[1], alpha=alpha, out=out)
    for power, term in enumerate(row[2:], start=2):
        out.add_(term, alpha=alpha**power)
    return out
