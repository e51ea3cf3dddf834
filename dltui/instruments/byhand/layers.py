"""Layers as torch computes them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dltui.instruments.byhand.answer import witness

if TYPE_CHECKING:
    from torch import Tensor


@witness("linear")
def linear(x: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
    """Return torch's linear layer."""
    from torch.nn import functional

    return functional.linear(x, weight, bias)
