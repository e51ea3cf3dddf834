"""Transformer decoders, exactly as a fresh PyTorch module (in training mode) computes them on the CPU."""

from __future__ import annotations

from dltui.shapes.arguments import copies, flag
from dltui.shapes.families.block import Block, attend, block_report, stacked
from dltui.shapes.layer import Inferred, layer
from dltui.shapes.report import Shape, ShapeReport


def decoder_layer(
    tgt: Shape,
    memory: Shape | None = None,
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
    tgt_mask: Shape | None = None,
    memory_mask: Shape | None = None,
    tgt_key_padding_mask: Shape | None = None,
    memory_key_padding_mask: Shape | None = None,
    tgt_is_causal: bool = False,
    memory_is_causal: bool = False,
) -> ShapeReport:
    """Return what self-attention, attention to a memory and a feed-forward network do to a sequence.

    Args:
        tgt: (L, N, E), (N, L, E) with ``batch_first``, or (L, E).
        memory: (S, N, E) likewise, what the encoder found; the target's shape when left out.
        d_model: Features E; read off the input when left out.
        nhead: Heads, a divisor of E.
        dim_feedforward: Hidden features of the feed-forward network.
        dropout: Dropout after each part.
        activation: relu or gelu.
        layer_norm_eps: What the norms add to the variance.
        batch_first: Whether the batch stands first.
        norm_first: Whether norms stand before the parts instead of after the skips.
        bias: Whether linear layers and norms have biases.
        tgt_mask: Shape of a mask over pairs of target places.
        memory_mask: Shape of a mask over pairs of target and memory places.
        tgt_key_padding_mask: Shape of a mask over target places.
        memory_key_padding_mask: Shape of a mask over memory places.
        tgt_is_causal: A hint that the target's mask is causal.
        memory_is_causal: A hint that the memory's mask is causal.

    Returns:
        The target's shape, parameters, cost.

    Raises:
        ShapeError: If PyTorch would refuse the layer or the inputs.
    """
    memory = tgt if memory is None else memory
    block = Block(
        tgt,
        "tgt",
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
    own = attend(block, tgt, tgt, tgt_mask, tgt_key_padding_mask, tgt_is_causal, "tgt")
    other = attend(block, tgt, memory, memory_mask, memory_key_padding_mask, memory_is_causal, "memory")
    tensors = block.tensors(("self_attn", "multihead_attn"))
    return block_report(block, (tgt, memory), tgt, tensors, [block.cost(tgt, [own, other])], [own, other])


def decoder(
    tgt: Shape,
    memory: Shape | None = None,
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
    tgt_mask: Shape | None = None,
    memory_mask: Shape | None = None,
    tgt_key_padding_mask: Shape | None = None,
    memory_key_padding_mask: Shape | None = None,
) -> ShapeReport:
    """Return what a stack of equal decoder layers does to a sequence.

    Args:
        tgt: (L, N, E), (N, L, E) with ``batch_first``, or (L, E).
        memory: (S, N, E) likewise, what the encoder found; the target's shape when left out.
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
        tgt_mask: Shape of a mask over pairs of target places.
        memory_mask: Shape of a mask over pairs of target and memory places.
        tgt_key_padding_mask: Shape of a mask over target places.
        memory_key_padding_mask: Shape of a mask over memory places.

    Returns:
        The target's shape, parameters, cost.

    Raises:
        ShapeError: If PyTorch would refuse the layer or the inputs.
    """
    memory = tgt if memory is None else memory
    block = Block(
        tgt,
        "tgt",
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
    own = attend(block, tgt, tgt, tgt_mask, tgt_key_padding_mask, causal=False, name="tgt")
    other = attend(block, tgt, memory, memory_mask, memory_key_padding_mask, causal=False, name="memory")
    tensors = stacked(block.tensors(("self_attn", "multihead_attn")), num_layers)
    if flag("norm", norm):
        tensors |= block.norm("norm")
    costs = [block.cost(tgt, [own, other])] * num_layers
    return block_report(block, (tgt, memory), tgt, tensors, costs, [own, other])


transformerdecoderlayer = layer("TransformerDecoderLayer", decoder_layer)
transformerdecoder = layer("TransformerDecoder", decoder)
