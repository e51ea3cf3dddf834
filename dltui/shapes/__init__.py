"""The calculus of shapes: what a layer does to a size, in plain integers, without torch or numpy.

``conv2d((1, 3, 224, 224), out_channels=64, kernel_size=7)`` and likewise every layer of the table in
``dltui.shapes.layers``, by its PyTorch class in lower case; ``infer("Conv2d(3, 64, 7)", (1, 3, 224, 224))`` for a
spelling; ``chain("conv2d 64 7 | relu", (1, 3, 224, 224))`` for several in a row; ``solve("conv2d", 32, 16)`` for the
settings that lead from one size to another, ``stacks("conv2d", 31)`` for layers in a row that look so far back;
``plan(read_decoder("llama3-8b"), work=Work(tokens=4096))`` for the memory of training. Only what is asked for is
imported.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from dltui.shapes.report import ShapeError, ShapeReport

if TYPE_CHECKING:
    from dltui.shapes.ask import infer
    from dltui.shapes.cost import AttentionCost, attention_cost
    from dltui.shapes.decoder import Decoder, read_decoder
    from dltui.shapes.families.attention import multiheadattention, scaleddotproductattention
    from dltui.shapes.families.conv import conv1d, conv2d, conv3d
    from dltui.shapes.families.linear import embedding, linear
    from dltui.shapes.families.norm import batchnorm2d, layernorm
    from dltui.shapes.families.pool import avgpool2d, maxpool2d
    from dltui.shapes.families.recurrent import gru, lstm, rnn
    from dltui.shapes.families.transformer import transformer
    from dltui.shapes.families.transposed import convtranspose2d
    from dltui.shapes.inverse import Bounds, solve
    from dltui.shapes.planned import Layout, Plan, Precision, Work, plan
    from dltui.shapes.stacked import stacks
    from dltui.shapes.walk import Chain, chain

__all__ = [
    "AttentionCost",
    "Bounds",
    "Chain",
    "Decoder",
    "Layout",
    "Plan",
    "Precision",
    "ShapeError",
    "ShapeReport",
    "Work",
    "attention_cost",
    "avgpool2d",
    "batchnorm2d",
    "chain",
    "conv1d",
    "conv2d",
    "conv3d",
    "convtranspose2d",
    "embedding",
    "gru",
    "infer",
    "layernorm",
    "linear",
    "lstm",
    "maxpool2d",
    "multiheadattention",
    "plan",
    "read_decoder",
    "rnn",
    "scaleddotproductattention",
    "solve",
    "stacks",
    "transformer",
]
DOORS = {"infer": "ask", "chain": "walk", "Chain": "walk", "solve": "inverse", "Bounds": "inverse"}
DOORS |= {"stacks": "stacked"}
DOORS |= dict.fromkeys(("Layout", "Plan", "Precision", "Work", "plan"), "planned")
DOORS |= {"AttentionCost": "cost", "attention_cost": "cost", "Decoder": "decoder", "read_decoder": "decoder"}


def __getattr__(name: str) -> Any:
    """Import a layer or a door when it is asked for."""
    if name in DOORS:
        return getattr(import_module(f"dltui.shapes.{DOORS[name]}"), name)
    from dltui.shapes.layers import LAYERS, layer_named

    if name in LAYERS:
        return layer_named(name)
    raise AttributeError(f"module 'dltui.shapes' has no attribute {name!r}")
