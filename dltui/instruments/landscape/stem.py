"""What goes into a traced network at the points of a row: samples, or what its first layer makes of them.

The first layer is linear in its weights, so that what it gives on a row is a sum of two or three tensors. Those before
powers of α are mostly the same on all rows and kept. The one before 1 is what the layer gives where α is 0: that is
computed at the beginning of a row, which takes a quarter of the time of a point, where to keep it for all rows would
take twice the memory.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from dltui.instruments.landscape.polynomial import Polynomial
from dltui.instruments.landscape.prefix import First

STEM_BYTES = 1 << 28  # of what is kept for all samples


@dataclass(frozen=True, eq=False)
class Stem:
    """What goes into a network, block by block.

    Attributes:
        blocks: The samples.
        layer: The first layer as a function of samples, weight and bias, where it is taken out of the network.
        weight: Its weight over the plane.
        bias: Its bias over the plane.
        kept: What it gives for each block before those powers of α where that is the same on all rows.
    """

    blocks: list[Tensor]
    layer: First | None = None
    weight: Polynomial | None = None
    bias: Polynomial | None = None
    kept: tuple[dict[int, Tensor], ...] = ()

    @classmethod
    def of(cls, blocks: list[Tensor], layer: First, weight: Polynomial, bias: Polynomial | None) -> Stem:
        """Return the stem of a network whose first layer was taken out."""
        bare = cls(blocks, layer, weight, bias)
        row, steady = bare._row(0.0), weight.steady
        kept, held = list[dict[int, Tensor]](), 0
        for block in blocks:
            with torch.no_grad():
                kept.append({power: layer(block, *row[power]) for power in steady})
            held += sum(term.nbytes for term in kept[-1].values())
            if held > STEM_BYTES:
                return bare
        return cls(blocks, layer, weight, bias, tuple(kept))

    @property
    def nbytes(self) -> int:
        """How many bytes are kept."""
        return sum(term.nbytes for block in self.kept for term in block.values())

    def on(self, beta: float) -> Callable[[int], list[Tensor]]:
        """Return the function from a block to what stands before 1, α and α² on a row; only as many as there are."""
        if self.layer is None:
            return lambda index: [self.blocks[index]]
        layer, row = self.layer, self._row(beta)

        def over(index: int) -> list[Tensor]:
            known = self.kept[index] if self.kept else {}
            return [
                known[power] if power in known else layer(self.blocks[index], *own)
                for power, own in enumerate(row)
            ]

        return over

    def _row(self, beta: float) -> list[tuple[Tensor, Tensor | None]]:
        """Return the weight and the bias of the first layer before each power of α."""
        assert self.weight is not None
        weights = self.weight.row(beta)
        biases = [None] * len(weights) if self.bias is None else self.bias.row(beta)
        return list(zip(weights, biases, strict=True))
