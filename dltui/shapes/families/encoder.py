"""Transformer encoders, exactly as a fresh PyTorch module (in training mode) computes them on the CPU."""

from __future__ import annotations

from dltui.shapes.arguments import copies, flag
from dltui.shapes.families.block import Block, attend, block_report, stacked
from dltui.shapes.layer import Inferred, layer
from dltui.shapes.report import Shape, ShapeError, ShapeReport


def encoder_layer(
    src: Shape,
    *,
    d_model: Inferred = None,
    nhead: int,
    dim_feedforward: int = 2048,
    dropout: float = 0.1,
    activation: str = "relu",
    layer_norm_eps: float = 1e-5,
    batch_first: bool = False,
    norm_first: bool = False,
    bias: bool = True,
    src_mask: Shape | None = None,
    src_key_padding_mask: Shape | None = None,
    is_causal: bool = False,
) -> ShapeReport:
    """Return what self-attention and a feed-forward network, each with a skip and a norm, do to a sequence.

    Args:
        src: (L, N, E), (N, L, E) with ``batch_first``, or (L, E).
        d_model: Features E; read off the input when left out.
        nhead: Heads, a divisor of E.
        dim_feedforward: Hidden features of the feed-forward network.
        dropout: Dropout after each part.
        activation: relu or gelu.
        layer_norm_eps: What the norms add to the variance.
        batch_first: Whether the batch stands first.
        norm_first: Whether norms stand before the parts instead of after the skips.
        bias: Whether linear layers and norms have biases.
        src_mask: Shape of a mask over pairs.
        src_key_padding_mask: Shape of a mask over places.
        is_causal: A hint that the mask is causal.

    Returns:
        The same shape, parameters, cost.

    Raises:
        ShapeError: If PyTorch would refuse the layer or the inputs.
    """
    block = Block(
        src,
        "src",
        d_model,
        nhead,
        dim_feedforward,
        dropout,
        activation,
        layer_norm_eps,
        batch_first,
        norm_first,
        bias,
    )
    part = attend(block, src, src, src_mask, src_key_padding_mask, is_causal, "src")
    return block_report(block, (src,), src, block.tensors(("self_attn",)), [block.cost(src, [part])], [part])


def encoder(
    src: Shape,
    *,
    d_model: Inferred = None,
    nhead: int,
    num_layers: int,
    dim_feedforward: int = 2048,
    dropout: float = 0.1,
    activation: str = "relu",
    layer_norm_eps: float = 1e-5,
    batch_first: bool = False,
    norm_first: bool = False,
    bias: bool = True,
    norm: bool = False,
    mask: Shape | None = None,
    src_key_padding_mask: Shape | None = None,
) -> ShapeReport:
    """Return what a stack of equal encoder layers does to a sequence.

    Args:
        src: (L, N, E), (N, L, E) with ``batch_first``, or (L, E).
        d_model: Features E; read off the input when left out.
        nhead: Heads, a divisor of E.
        num_layers: Layers on top of each other.
        dim_feedforward: Hidden features of the feed-forward networks.
        dropout: Dropout after each part.
        activation: relu or gelu.
        layer_norm_eps: What the norms add to the variance.
        batch_first: Whether the batch stands first.
        norm_first: Whether norms stand before the parts instead of after the skips.
        bias: Whether linear layers and norms have biases.
        norm: Whether a layer norm stands at the end.
        mask: Shape of a mask over pairs.
        src_key_padding_mask: Shape of a mask over places.

    Returns:
        The same shape, parameters, cost.

    Raises:
        ShapeError: If PyTorch would refuse the layer or the inputs.
    """
    block = Block(
        src,
        "src",
        d_model,
        nhead,
        dim_feedforward,
        dropout,
        activation,
        layer_norm_eps,
        batch_first,
        norm_first,
        bias,
    )
    copies("num_layers", num_layers)
    try:
        part = attend(block, src, src, mask, src_key_padding_mask, causal=False, name="src")
    except ShapeError as error:
        raise ShapeError(str(error), "mask" if error.argument == "src_mask" else error.argument) from None
    tensors = stacked(block.tensors(("self_attn",)), num_layers)
    if flag("norm", norm):
        tensors |= block.norm("norm")
    return block_report(block, (src,), src, tensors, [block.cost(src, [part])] * num_layers, [part])


transformerencoderlayer = layer("TransformerEncoderLayer", encoder_layer)
transformerencoder = layer("TransformerEncoder", encoder)
