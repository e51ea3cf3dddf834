"""Normalisations across devices and across channels, exactly as PyTorch computes them in one process on the CPU."""

from __future__ import annotations

from dltui.shapes.arguments import LARGEST, number, whole
from dltui.shapes.families.norm import batch_norm
from dltui.shapes.layer import Inferred, layer
from dltui.shapes.report import Shape, ShapeError, ShapeReport, show
from dltui.shapes.symbol import product


def sync_batch_norm(
    input: Shape,  # noqa: A002
    *,
    num_features: Inferred = None,
    eps: float = 1e-5,
    momentum: float | None = 0.1,
    affine: bool = True,
    track_running_stats: bool = True,
    bias: bool = True,
    training: bool = True,
) -> ShapeReport:
    """Return what batch normalisation over the batches of all devices does: shapes as on one device.

    Args:
        input: (N, C, …) with any number of places.
        num_features: Channels; read off the input when left out.
        eps: What is added to the variance.
        momentum: Weight of a new batch in the running statistics.
        affine: Whether each channel is scaled and shifted by learned numbers.
        track_running_stats: Whether running statistics are kept.
        bias: Whether there is a learned shift.
        training: Whether the batch's own statistics are used, as in a fresh module.

    Returns:
        Shapes, parameters, buffers and what is averaged.

    Raises:
        ShapeError: If PyTorch would refuse the layer or the input.
    """
    if len(input) < 2 or not input[1]:
        raise ShapeError(f"SyncBatchNorm takes N,C and any places; the input is {show(input)}")
    return batch_norm(
        max(len(input) - 2, 1),
        input,
        num_features=num_features,
        eps=eps,
        momentum=momentum,
        affine=affine,
        track_running_stats=track_running_stats,
        bias=bias,
        training=training,
    )


def cross_map_lrn(
    input: Shape,  # noqa: A002
    *,
    size: int,
    alpha: float = 1e-4,
    beta: float = 0.75,
    k: float = 1,
) -> ShapeReport:
    """Return what local response normalisation across the channels of pictures does, as Torch 7 had it.

    Args:
        input: (N, C, H, W).
        size: How many channels are looked at.
        alpha: Weight of the squares.
        beta: Exponent.
        k: What is added.

    Returns:
        The same shape.

    Raises:
        ShapeError: If PyTorch would refuse the layer or the input.
    """
    for name, value in (("alpha", alpha), ("beta", beta), ("k", k)):
        number(name, value)
    if whole("size", size, -LARGEST) == 0:
        raise ShapeError("size must not be 0; the squares are divided by it", "size")
    if len(input) != 4 or not input[1]:
        raise ShapeError(f"CrossMapLRN2d takes N,C,H,W; the input is {show(input)}")
    return ShapeReport(
        inputs=(input,),
        outputs=(input,),
        pointwise=(abs(size) + 4) * product(input),
        window=(),
        keeps="i",
        why=lambda: [f"each number / ({k} + {alpha}/{size} · Σ over {size} channels of squares)^{beta}"],
    )


syncbatchnorm = layer("SyncBatchNorm", sync_batch_norm)
crossmaplrn2d = layer("CrossMapLRN2d", cross_map_lrn)
