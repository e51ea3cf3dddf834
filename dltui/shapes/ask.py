"""One door to every layer: its name or spelling, the shapes that go in, PyTorch's arguments."""

from __future__ import annotations

from typing import Any

from dltui.shapes.layers import layer_named
from dltui.shapes.report import Shape, ShapeReport
from dltui.shapes.spelled import read_layer


def infer(layer: str, *inputs: Shape | None, **settings: Any) -> ShapeReport:
    """Return what a layer does to shapes.

    Args:
        layer: Class of PyTorch, case ignored, such as ``conv2d``; or a spelling such as ``Conv2d(3, 64, 7)``.
        *inputs: Shapes that go in, in the order of the layer's ``forward``.
        **settings: PyTorch's arguments by name; what the input tells, such as ``in_channels``, may be left out.

    Returns:
        Outputs, parameters, cost, receptive field and the formulas filled in.

    Raises:
        ShapeError: If there is no such layer, or PyTorch would refuse it; ``argument`` names what is at fault.
    """
    if "(" in layer or " " in layer:
        spelled = read_layer(layer)
        return spelled.layer(*inputs, **(spelled.settings | settings))
    return layer_named(layer)(*inputs, **settings)
