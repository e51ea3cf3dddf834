"""What is told of one layer: its output, its parameters, its cost, and the formulas with numbers put in."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import prod
from typing import Any

from dltui.errors import UsageError

Shape = tuple[int, ...]


class ShapeError(UsageError):
    """A layer that PyTorch would refuse, with the reason and the way out."""


@dataclass(frozen=True, slots=True)
class ShapeReport:
    """One layer applied to one shape.

    Attributes:
        layer: The layer as PyTorch spells it.
        input: Shape that goes in.
        output: Shape that comes out.
        tensors: Parameter tensors by name with their shapes.
        macs: Multiply-accumulate operations of one forward pass, biases not counted.
        bias_adds: Additions of biases.
        formulas: Lines of the computation, with the numbers put in.
    """

    layer: str
    input: Shape
    output: Shape
    tensors: dict[str, Shape] = field(default_factory=dict)
    macs: int = 0
    bias_adds: int = 0
    formulas: tuple[str, ...] = ()

    @property
    def parameters(self) -> int:
        """Numbers that are learned."""
        return sum(prod(shape) for shape in self.tensors.values())

    @property
    def flops(self) -> int:
        """Floating-point operations: two for each multiply-accumulate, one for each bias added."""
        return 2 * self.macs + self.bias_adds

    def document(self) -> dict[str, Any]:
        """Return the JSON document; bytes are those of float32."""
        return {
            "schema": "shape/1",
            "layer": self.layer,
            "input": list(self.input),
            "output": list(self.output),
            "parameters": self.parameters,
            "tensors": {name: list(shape) for name, shape in self.tensors.items()},
            "macs": self.macs,
            "flops": self.flops,
            "output_bytes": 4 * prod(self.output),
            "parameter_bytes": 4 * self.parameters,
            "formulas": list(self.formulas),
        }


def show(shape: Shape) -> str:
    """Return a shape as a person writes it."""
    return " × ".join(map(str, shape))
