"""Normalisation over batches, groups, places and features, exactly as PyTorch computes it on the CPU."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from dltui.shapes.arguments import AXES, LARGEST, flag, number, whole
from dltui.shapes.layer import Inferred, layer, layer_nd
from dltui.shapes.report import Shape, ShapeError, ShapeReport, show
from dltui.shapes.symbol import product

PER_NUMBER = 4  # subtract, multiply, scale, shift


def _learned(features: Shape, affine: bool, bias: bool = True) -> dict[str, Shape]:
    """Return weight and bias."""
    if not affine:
        return {}
    return {"weight": features, "bias": features} if bias else {"weight": features}


def _kept(features: int, tracked: bool) -> dict[str, Shape]:
    """Return the running statistics."""
    if not tracked:
        return {}
    return {"running_mean": (features,), "running_var": (features,), "num_batches_tracked": ()}


def _channels(name: str, axes: int, shape: Shape, given: int | None, bound: bool) -> int:
    """Return the channels of a batch; ``bound`` where tensors of that length must meet the input."""
    if len(shape) != axes + 2 and not (axes == 1 and len(shape) == 2):
        letters = "N,C or N,C,L" if axes == 1 else f"N,C,{','.join(AXES[axes])}"
        raise ShapeError(f"{name} takes {letters}; the input {show(shape)} has {len(shape)} dimensions")
    if given is not None and given != shape[1]:
        whole("num_features", given, 0)
        if not bound or 0 in shape:  # PyTorch compares nothing with an empty batch
            return shape[1]
        raise ShapeError(
            f"num_features is {given}, but the input has {shape[1]} channels; make them equal", "num_features"
        )
    return shape[1]


def batch_norm(
    axes: int,
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
    """Return what batch normalisation does: each channel gets mean 0 and variance 1 over batch and places.

    Args:
        axes: Spatial axes.
        input: (N, C, …).
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
    _common(eps, momentum, affine, track_running_stats)
    flag("training", training)
    channels = _channels(f"BatchNorm{axes}d", axes, input, num_features, affine or track_running_stats)
    averaged = product((input[0], *input[2:]))
    if (training or not track_running_stats) and averaged == 1:
        raise ShapeError(
            "training needs more than one number a channel, and this batch has 1: "
            "take a larger batch, or training=False",
            "input",
        )
    kept = channels if num_features is None else num_features
    if affine and not kept and 0 in input:
        raise ShapeError("an affine layer needs at least one channel", "num_features")
    tensors = _learned((kept,), affine, flag("bias", bias))
    return ShapeReport(
        inputs=(input,),
        outputs=(input,),
        tensors=tensors,
        buffers=_kept(kept, track_running_stats),
        pointwise=PER_NUMBER * product(input),
        window=() if len(input) > 2 else None,
        keeps="i",
        extra=((2 * channels, 0),) if training else (),
        why=lambda: [
            f"{channels} means and variances, each over {averaged:,} numbers (batch and places)",
            f"parameters = {len(tensors)} × {channels} = {len(tensors) * channels:,}",
        ],
        told={"num_features": channels},
    )


def _common(eps: float, momentum: float | None, affine: bool, track: bool) -> None:
    """Read what batch and instance normalisation share."""
    number("eps", eps)
    if momentum is not None:
        number("momentum", momentum)
    flag("affine", affine)
    flag("track_running_stats", track)


def instance_norm(
    axes: int,
    input: Shape,  # noqa: A002
    *,
    num_features: Inferred = None,
    eps: float = 1e-5,
    momentum: float = 0.1,
    affine: bool = False,
    track_running_stats: bool = False,
    bias: bool = True,
    training: bool = True,
) -> ShapeReport:
    """Return what instance normalisation does: each channel of each sample gets mean 0 and variance 1.

    Args:
        axes: Spatial axes.
        input: (N, C, …), or (C, …) without a batch.
        num_features: Channels; read off the input when left out.
        eps: What is added to the variance.
        momentum: Weight of a new batch in the running statistics.
        affine: Whether each channel is scaled and shifted by learned numbers.
        track_running_stats: Whether running statistics are kept.
        bias: Whether there is a learned shift.
        training: Whether the input's own statistics are used where running ones are kept.

    Returns:
        Shapes, parameters, buffers and what is averaged.

    Raises:
        ShapeError: If PyTorch would refuse the layer or the input.
    """
    _common(eps, momentum, affine, track_running_stats)
    flag("bias", bias)
    flag("training", training)
    if len(input) not in {axes + 1, axes + 2}:
        letters = ",".join(AXES[axes])
        raise ShapeError(
            f"InstanceNorm{axes}d takes N,C,{letters} or C,{letters}; the input is {show(input)}"
        )
    channels, places = input[-axes - 1], product(input[-axes:])
    if num_features is not None and num_features != channels:
        whole("num_features", num_features, 0)
        if affine or (track_running_stats and (training or 0 not in input)):
            raise ShapeError(
                f"num_features is {num_features}, but the input has {channels} channels; make them equal",
                "num_features",
            )
    kept = channels if num_features is None else num_features
    if (training or not track_running_stats) and places == 1:
        raise ShapeError(
            "InstanceNorm needs more than one place to average over, the input has 1 a channel", "input"
        )
    if affine and 0 in input[:-axes]:
        raise ShapeError("an affine layer needs at least one channel of one sample", "input")
    return ShapeReport(
        inputs=(input,),
        outputs=(input,),
        tensors=_learned((kept,), affine, bias),
        buffers=_kept(kept, track_running_stats),
        pointwise=PER_NUMBER * product(input),
        window=None,
        keeps="i",
        why=lambda: [f"a mean and a variance for each channel of each sample, over {places:,} places"],
        told={"num_features": channels},
    )


def group_norm(
    input: Shape,  # noqa: A002
    *,
    num_groups: int,
    num_channels: Inferred = None,
    eps: float = 1e-5,
    affine: bool = True,
    bias: bool = True,
) -> ShapeReport:
    """Return what group normalisation does: each group of channels of each sample gets mean 0 and variance 1.

    Args:
        input: (N, C, …).
        num_groups: Groups of channels (Wu and He 2018, arXiv:1803.08494).
        num_channels: Channels; read off the input when left out.
        eps: What is added to the variance.
        affine: Whether each channel is scaled and shifted by learned numbers.
        bias: Whether there is a learned shift.

    Returns:
        Shapes, parameters and what is averaged.

    Raises:
        ShapeError: If PyTorch would refuse the layer or the input.
    """
    number("eps", eps)
    flag("affine", affine)
    flag("bias", bias)
    whole("num_groups", num_groups)
    if len(input) < 2:
        raise ShapeError(f"GroupNorm takes N,C,…; the input is {show(input)}")
    channels = input[1]
    for count in (num_channels, channels):
        if count is not None and count % num_groups:
            raise ShapeError(
                f"{count} channels don't split into {num_groups} groups; take a divisor", "num_groups"
            )
    if num_channels is not None and num_channels != channels:
        whole("num_channels", num_channels, 0)
        if affine:
            raise ShapeError(
                f"num_channels is {num_channels}, but the input has {channels}; make them equal",
                "num_channels",
            )
    averaged = product((channels // num_groups, *input[2:]))
    if input[0] * averaged == 1:
        raise ShapeError("GroupNorm needs more than one number a group, and this input has 1", "num_groups")
    return ShapeReport(
        inputs=(input,),
        outputs=(input,),
        tensors=_learned((channels if num_channels is None else num_channels,), affine, bias),
        pointwise=PER_NUMBER * product(input),
        keeps="i",
        extra=((2 * input[0] * num_groups, 0),),
        why=lambda: [f"{num_groups} means and variances a sample, each over {averaged:,} numbers"],
        told={"num_channels": channels},
    )


def _last(name: str, shape: Shape, normalized_shape: int | Sequence[int] | None) -> Shape:
    """Return the last dimensions, which are normalised together."""
    if normalized_shape is None:
        if not shape:
            raise ShapeError(f"{name} takes at least one dimension")
        return shape[-1:]
    asked = tuple(normalized_shape) if isinstance(normalized_shape, list | tuple) else (normalized_shape,)
    for size in asked:
        whole("normalized_shape", size, 0)
    if not asked:
        raise ShapeError("normalized_shape must have at least one dimension", "normalized_shape")
    if len(shape) < len(asked) or shape[len(shape) - len(asked) :] != asked:
        raise ShapeError(
            f"normalized_shape {show(asked)} must be the last dimensions of the input {show(shape)}",
            "normalized_shape",
        )
    return asked


def layer_norm(
    input: Shape,  # noqa: A002
    *,
    normalized_shape: int | Sequence[int] | None = None,
    eps: float = 1e-5,
    elementwise_affine: bool = True,
    bias: bool = True,
) -> ShapeReport:
    """Return what layer normalisation does: the last dimensions of each sample get mean 0 and variance 1.

    Args:
        input: (…, normalized_shape).
        normalized_shape: The last dimensions; the very last when left out.
        eps: What is added to the variance.
        elementwise_affine: Whether each number is scaled and shifted by learned ones.
        bias: Whether there is a learned shift.

    Returns:
        Shapes, parameters and what is averaged.

    Raises:
        ShapeError: If PyTorch would refuse the layer or the input.
    """
    number("eps", eps)
    last = _last("LayerNorm", input, normalized_shape)
    rows = product(input[: len(input) - len(last)])
    return ShapeReport(
        inputs=(input,),
        outputs=(input,),
        tensors=_learned(last, flag("elementwise_affine", elementwise_affine), flag("bias", bias)),
        pointwise=PER_NUMBER * product(input),
        window=() if len(input) == 3 and len(last) == 1 else None,
        keeps="i",
        extra=((2 * rows, 0),),
        why=lambda: [f"{rows:,} means and variances, each over {show(last)} = {product(last):,} numbers"],
        told={"normalized_shape": last},
    )


def rms_norm(
    input: Shape,  # noqa: A002
    *,
    normalized_shape: int | Sequence[int] | None = None,
    eps: float | None = None,
    elementwise_affine: bool = True,
) -> ShapeReport:
    """Return what root-mean-square normalisation does: x / √(mean x²), without a mean or a shift.

    Args:
        input: (…, normalized_shape).
        normalized_shape: The last dimensions; the very last when left out.
        eps: What is added to the mean square.
        elementwise_affine: Whether each number is scaled by a learned one.

    Returns:
        Shapes, parameters and what is averaged.

    Raises:
        ShapeError: If PyTorch would refuse the layer or the input.
    """
    if eps is not None:
        number("eps", eps)
    last = _last("RMSNorm", input, normalized_shape)
    rows = product(input[: len(input) - len(last)])
    return ShapeReport(
        inputs=(input,),
        outputs=(input,),
        tensors={"weight": last} if flag("elementwise_affine", elementwise_affine) else {},
        pointwise=3 * product(input),
        window=() if len(input) == 3 and len(last) == 1 else None,
        keeps="i",
        extra=((rows, 0),),
        why=lambda: [f"{rows:,} root mean squares, each over {show(last)} = {product(last):,} numbers"],
        told={"normalized_shape": last},
    )


def local_response_norm(
    input: Shape,  # noqa: A002
    *,
    size: int,
    alpha: float = 1e-4,
    beta: float = 0.75,
    k: float = 1.0,
) -> ShapeReport:
    """Return what local response normalisation does: each number is divided by those of neighbouring channels.

    Args:
        input: (N, C, …) with at least one spatial axis.
        size: How many channels are looked at.
        alpha: Weight of the squares.
        beta: Exponent.
        k: What is added.

    Returns:
        Shapes; b = a / (k + α/size·Σ a²)^β (Krizhevsky et al. 2012).

    Raises:
        ShapeError: If PyTorch would refuse the layer or the input.
    """
    for name, value in (("alpha", alpha), ("beta", beta), ("k", k)):
        number(name, value)
    if len(input) < 3:
        raise ShapeError(f"LocalResponseNorm takes N,C and places; the input is {show(input)}")
    whole("size", size, -LARGEST if 0 in input else 1)

    def why() -> Iterator[str]:
        yield f"each number / ({k} + {alpha}/{size} · Σ over {size} channels of squares)^{beta}"

    return ShapeReport(
        inputs=(input,), outputs=(input,), pointwise=(size + 4) * product(input), window=(), why=why
    )


batchnorm1d = layer_nd("BatchNorm1d", batch_norm, 1)
batchnorm2d = layer_nd("BatchNorm2d", batch_norm, 2)
batchnorm3d = layer_nd("BatchNorm3d", batch_norm, 3)
instancenorm1d = layer_nd("InstanceNorm1d", instance_norm, 1)
instancenorm2d = layer_nd("InstanceNorm2d", instance_norm, 2)
instancenorm3d = layer_nd("InstanceNorm3d", instance_norm, 3)
groupnorm = layer("GroupNorm", group_norm)
layernorm = layer("LayerNorm", layer_norm)
rmsnorm = layer("RMSNorm", rms_norm)
localresponsenorm = layer("LocalResponseNorm", local_response_norm)
