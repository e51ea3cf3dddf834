"""Encoder and decoder together, exactly as a fresh PyTorch module (in training mode) computes them on the CPU."""

from __future__ import annotations

from typing import Any

from dltui.shapes.arguments import copies, whole
from dltui.shapes.families.decoder import decoder
from dltui.shapes.families.encoder import encoder
from dltui.shapes.layer import layer
from dltui.shapes.report import Shape, ShapeError, ShapeReport, show


def transformer_(
    src: Shape,
    tgt: Shape | None = None,
    *,
    d_model: int = 512,
    nhead: int = 8,
    num_encoder_layers: int = 6,
    num_decoder_layers: int = 6,
    dim_feedforward: int = 2048,
    dropout: float = 0.1,
    activation: str = "relu",
    layer_norm_eps: float = 1e-5,
    batch_first: bool = False,
    norm_first: bool = False,
    bias: bool = True,
    src_mask: Shape | None = None,
    tgt_mask: Shape | None = None,
    memory_mask: Shape | None = None,
    src_key_padding_mask: Shape | None = None,
    tgt_key_padding_mask: Shape | None = None,
    memory_key_padding_mask: Shape | None = None,
) -> ShapeReport:
    """Return what encoder and decoder together do to a source and a target sequence.

    Args:
        src: (S, N, E), (N, S, E) with ``batch_first``, or (S, E).
        tgt: (T, N, E) likewise; the source's shape when left out.
        d_model: Features E.
        nhead: Heads, a divisor of E.
        num_encoder_layers: Layers of the encoder.
        num_decoder_layers: Layers of the decoder.
        dim_feedforward: Hidden features of the feed-forward networks.
        dropout: Dropout after each part.
        activation: relu or gelu.
        layer_norm_eps: What the norms add to the variance.
        batch_first: Whether the batch stands first.
        norm_first: Whether norms stand before the parts instead of after the skips.
        bias: Whether linear layers and norms have biases.
        src_mask: Shape of a mask over pairs of source places.
        tgt_mask: Shape of a mask over pairs of target places.
        memory_mask: Shape of a mask over pairs of target and source places.
        src_key_padding_mask: Shape of a mask over source places.
        tgt_key_padding_mask: Shape of a mask over target places.
        memory_key_padding_mask: Shape of a mask over source places in the decoder.

    Returns:
        The target's shape, parameters, cost.

    Raises:
        ShapeError: If PyTorch would refuse the layer or the inputs.
    """
    tgt = src if tgt is None else tgt
    shared: dict[str, Any] = {
        "d_model": whole("d_model", d_model),
        "nhead": nhead,
        "dim_feedforward": dim_feedforward,
        "dropout": dropout,
        "activation": activation,
        "layer_norm_eps": layer_norm_eps,
        "batch_first": batch_first,
        "norm_first": norm_first,
        "bias": bias,
        "norm": True,
    }
    copies("num_encoder_layers", num_encoder_layers)
    copies("num_decoder_layers", num_decoder_layers)
    if len(tgt) != len(src):
        raise ShapeError(f"tgt {show(tgt)} must have as many dimensions as src {show(src)}", "tgt")
    try:
        first = encoder(
            src,
            num_layers=num_encoder_layers,
            mask=src_mask,
            src_key_padding_mask=src_key_padding_mask,
            **shared,
        )
    except ShapeError as error:
        raise ShapeError(str(error), "src_mask" if error.argument == "mask" else error.argument) from None
    try:
        second = decoder(
            tgt,
            src,
            num_layers=num_decoder_layers,
            tgt_mask=tgt_mask,
            memory_mask=memory_mask,
            tgt_key_padding_mask=tgt_key_padding_mask,
            memory_key_padding_mask=memory_key_padding_mask,
            **shared,
        )
    except ShapeError as error:
        raise ShapeError(str(error), "tgt" if error.argument == "memory" else error.argument) from None
    tensors = {f"encoder.{name}": shape for name, shape in first.tensors.items()}
    tensors |= {f"decoder.{name}": shape for name, shape in second.tensors.items()}
    return ShapeReport(
        inputs=(src, tgt),
        outputs=(tgt,),
        tensors=tensors,
        macs=first.macs + second.macs,
        bias_adds=first.bias_adds + second.bias_adds,
        pointwise=first.pointwise + second.pointwise,
        why=lambda: [
            f"encoder: {num_encoder_layers} layers and a norm, {first.parameters:,} parameters, {first.macs:,} MACs",
            f"decoder: {num_decoder_layers} layers and a norm, {second.parameters:,} parameters, {second.macs:,} MACs",
        ],
    )


transformer = layer("Transformer", transformer_)
