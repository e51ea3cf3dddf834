"""Resampling to another size, exactly as PyTorch computes it on the CPU."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import floor, isfinite

from dltui.shapes.arguments import AXES, Ints, flag, number, several
from dltui.shapes.layer import layer
from dltui.shapes.report import Shape, ShapeError, ShapeReport, show
from dltui.shapes.symbol import Symbol, product

Scales = float | Sequence[float]
# How many neighbours a mode mixes along one axis, and for how many axes it is there.
MODES = {
    "nearest": (1, {1, 2, 3}),
    "nearest-exact": (1, {1, 2, 3}),
    "area": (1, {1, 2, 3}),
    "linear": (2, {1}),
    "bilinear": (2, {2}),
    "bicubic": (4, {2}),
    "trilinear": (2, {3}),
}
CORNERS = ("linear", "bilinear", "bicubic", "trilinear")


def upsample_(
    input: Shape,  # noqa: A002
    *,
    size: Ints | None = None,
    scale_factor: Scales | None = None,
    mode: str = "nearest",
    align_corners: bool | None = None,
    recompute_scale_factor: bool | None = None,
) -> ShapeReport:
    """Return what resampling to a size, or by a factor, does to a shape: n_out = ⌊n · scale⌋.

    Args:
        input: (N, C, …) with one to three spatial axes.
        size: Sizes that come out; either this or the factor.
        scale_factor: Factor of each axis.
        mode: nearest, nearest-exact, area, linear (one axis), bilinear, bicubic (two), trilinear (three).
        align_corners: Whether the corners keep their numbers; not for nearest and area.
        recompute_scale_factor: Whether the factor is computed again from the sizes; only with a factor.

    Returns:
        Shapes and the formulas filled in.

    Raises:
        ShapeError: If PyTorch would refuse the layer or the input.
    """
    if mode not in MODES:
        raise ShapeError(f"mode {mode!r} is unknown; expected {', '.join(MODES)}", "mode")
    axes = len(input) - 2
    if axes not in {1, 2, 3} or 0 in input[2 if mode == "area" and axes < 3 else 1 :]:
        raise ShapeError(f"Upsample takes N,C and one to three spatial axes; the input is {show(input)}")
    if align_corners is not None:
        flag("align_corners", align_corners)
        if mode not in CORNERS:
            raise ShapeError(
                f"align_corners goes with {', '.join(CORNERS)} only, not with {mode}", "align_corners"
            )
    taps, allowed = MODES[mode]
    if axes not in allowed:
        raise ShapeError(f"mode {mode} is for {max(allowed)} spatial axes, the input has {axes}", "mode")
    if (
        recompute_scale_factor is not None
        and flag("recompute_scale_factor", recompute_scale_factor)
        and size is not None
    ):
        raise ShapeError(
            "recompute_scale_factor goes with scale_factor, not with size", "recompute_scale_factor"
        )
    sizes = input[2:]
    places = _places(sizes, size, scale_factor, 0 if mode == "area" else 1)
    output = (*input[:2], *places)

    def why() -> Iterator[str]:
        factors = scale_factor if isinstance(scale_factor, list | tuple) else (scale_factor,) * axes
        for axis, n, o, factor in zip(AXES[axes], sizes, places, factors, strict=True):
            yield f"{axis}_out = {o}" if size is not None else f"{axis}_out = ⌊{n} · {factor}⌋ = {o}"

    return ShapeReport(
        inputs=(input,),
        outputs=(output,),
        pointwise=2 * product(output) * taps**axes if taps > 1 else 0,
        why=why,
    )


def _places(sizes: Shape, size: Ints | None, scale_factor: Scales | None, least: int) -> tuple[int, ...]:
    """Return the sizes that come out."""
    if (size is None) == (scale_factor is None):
        raise ShapeError(
            "give either size or scale_factor", "size" if scale_factor is None else "scale_factor"
        )
    if size is not None:
        return several("size", size, len(sizes), least)
    scales = scale_factor if isinstance(scale_factor, list | tuple) else [scale_factor] * len(sizes)
    if len(scales) != len(sizes):
        raise ShapeError(f"scale_factor takes one number or {len(sizes)}, not {len(scales)}", "scale_factor")
    return tuple(_scaled(n, scale, least) for n, scale in zip(sizes, scales, strict=True))


def _scaled(n: int, scale: float | None, least: int) -> int:
    """Return ⌊n · scale⌋."""
    factor = number("scale_factor", scale)  # type: ignore[arg-type]
    if isinstance(n, Symbol):
        share = float(factor).as_integer_ratio()
        return n * share[0] // share[1]
    if not isfinite(factor) or floor(float(n) * factor) < least:
        raise ShapeError(f"nothing is left of {n} at a scale of {factor:g}", "scale_factor")
    return floor(float(n) * factor)


def upsampling_nearest(
    input: Shape,  # noqa: A002
    *,
    size: Ints | None = None,
    scale_factor: Scales | None = None,
) -> ShapeReport:
    """Return what resampling a picture by its nearest places does to a shape.

    Args:
        input: (N, C, H, W).
        size: Sizes that come out; either this or the factor.
        scale_factor: Factor of each axis.

    Returns:
        Shapes and the formulas filled in.

    Raises:
        ShapeError: If PyTorch would refuse the layer or the input.
    """
    return upsample_(input, size=size, scale_factor=scale_factor, mode="nearest")


def upsampling_bilinear(
    input: Shape,  # noqa: A002
    *,
    size: Ints | None = None,
    scale_factor: Scales | None = None,
) -> ShapeReport:
    """Return what bilinear resampling of a picture, corners aligned, does to a shape.

    Args:
        input: (N, C, H, W).
        size: Sizes that come out; either this or the factor.
        scale_factor: Factor of each axis.

    Returns:
        Shapes and the formulas filled in.

    Raises:
        ShapeError: If PyTorch would refuse the layer or the input.
    """
    try:
        return upsample_(input, size=size, scale_factor=scale_factor, mode="bilinear", align_corners=True)
    except ShapeError as error:
        if error.argument == "mode":
            raise ShapeError(f"UpsamplingBilinear2d takes N,C,H,W; the input is {show(input)}") from None
        raise


upsample = layer("Upsample", upsample_)
interpolate = layer("interpolate", upsample_)
upsamplingnearest2d = layer("UpsamplingNearest2d", upsampling_nearest)
upsamplingbilinear2d = layer("UpsamplingBilinear2d", upsampling_bilinear)
