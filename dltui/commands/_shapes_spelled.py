"""``dltui shapes "Conv2d(3, 64, 7)"``: a layer as PyTorch spells it."""

from __future__ import annotations

from typing import Annotated

import typer

from dltui.commands._frame import Common, verb, verb_app
from dltui.commands._shapes_layer import ShapeAnswer, answer
from dltui.shapes.spelled import read_layer

app = verb_app()


@verb(app)
def spelled(
    layer: Annotated[str, typer.Argument(help="A layer as PyTorch spells it.")],
    input_shape: Annotated[
        str,
        typer.Option("--input", "-i", metavar="SHAPE", help="Shape that goes in; again for several."),
    ],
    flops: Annotated[
        str, typer.Option(metavar="mac|matmul|bias|all", help="How FLOPs are counted.")
    ] = "bias",
    dtype: Annotated[str, typer.Option(metavar="TYPE", help="Type of weights and activations.")] = "float32",
    *,
    common: Common,  # noqa: ARG001
) -> ShapeAnswer:
    """Tell what a layer as PyTorch spells it does to a shape."""
    found = read_layer(layer)
    return answer(found.layer, input_shape.split(";"), found.settings, flops, dtype)
