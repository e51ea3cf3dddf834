"""Transposed convolutions: every number of the input lays down a copy of the kernel, overlaps are added up."""

from __future__ import annotations

from itertools import product

from dltui.byhand.functions import group, number, total
from dltui.byhand.operation import Ints, operation
from dltui.byhand.refusal import refuse
from dltui.byhand.sheet import Sheet
from dltui.byhand.tensor import Place, Tensor
from dltui.byhand.value import Value
from dltui.byhand.windows import as_given, several, with_channels

WIDER = [[1, 0.5], [0.5, 0.25]]


@operation(
    formula="y(o, i) = Σ_c Σ x(c, q)·w(c, o, k) + b(o) over all q, k with q·s + k·d = i + p",
    examples={"wider": {"x": [1, 2, 3], "weight": [1, 0.5, 0.25], "stride": 2, "bias": [0]}},
)
def convtranspose1d(
    sheet: Sheet,
    x: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    *,
    stride: Ints = 1,
    padding: Ints = 0,
    output_padding: Ints = 0,
    dilation: Ints = 1,
    groups: int = 1,
) -> Tensor:
    """Transposed convolution over one axis: every number lays down the kernel, overlaps are added up.

    It is the gradient of a convolution by its input: the size goes from ⌊(n − k)/s⌋ + 1 back to n.

    Args:
        sheet: Where it is worked.
        x: (N, C, L), (C, L) or (L).
        weight: (C_in, C_out / groups, k), or (k) for one channel.
        bias: (C_out).
        stride: Places between the copies of the kernel.
        padding: Places cut off on each side.
        output_padding: Places added on the right.
        dilation: Places between taps of the kernel.
        groups: Blocks of channels that do not see each other.

    Returns:
        As many dimensions as x.
    """
    return _lay_down(sheet, 1, x, weight, bias, (stride, padding, output_padding, dilation), groups)


@operation(
    formula="y(o, i, j) = Σ_c Σ x(c, q, r)·w(c, o, k, l) + b(o) over all q·s + k·d = i + p, r·s + l·d = j + p",
    examples={"wider": {"x": [[1, 2], [3, 4]], "weight": WIDER, "stride": 1, "bias": [0]}},
)
def convtranspose2d(
    sheet: Sheet,
    x: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    *,
    stride: Ints = 1,
    padding: Ints = 0,
    output_padding: Ints = 0,
    dilation: Ints = 1,
    groups: int = 1,
) -> Tensor:
    """Transposed convolution over a picture: every number lays down the kernel, overlaps are added up.

    It is the gradient of a convolution by its input. Where the stride does not divide the kernel, some places get
    more copies than others: the checkerboard of generated pictures.

    Args:
        sheet: Where it is worked.
        x: (N, C, H, W), (C, H, W) or (H, W).
        weight: (C_in, C_out / groups, kh, kw), or (kh, kw) for one channel.
        bias: (C_out).
        stride: Places between the copies of the kernel.
        padding: Places cut off on each side.
        output_padding: Places added below and on the right.
        dilation: Places between taps of the kernel.
        groups: Blocks of channels that do not see each other.

    Returns:
        As many dimensions as x.
    """
    return _lay_down(sheet, 2, x, weight, bias, (stride, padding, output_padding, dilation), groups)


def _lay_down(
    sheet: Sheet,
    axes: int,
    x: Tensor,
    weight: Tensor,
    bias: Tensor | None,
    steps: tuple[Ints, Ints, Ints, Ints],
    groups: int,
) -> Tensor:
    """Work a transposed convolution, for each output the copies that reach it."""
    whole = with_channels(f"conv_transpose{axes}d", x, axes)
    kernels = weight.lifted(axes + 2) if len(weight.shape) == axes else weight
    stride = several("stride", steps[0], axes, torch="non-positive stride is not supported")
    padding = several("padding", steps[1], axes, 0, "negative padding is not supported")
    extra = several("output_padding", steps[2], axes, 0, "negative output_padding is not supported")
    dilation = several("dilation", steps[3], axes, torch="dilation should be greater than zero")
    _check(whole, kernels, bias, groups, axes)
    _check_extra(extra, stride, dilation)
    kernel, sizes = kernels.shape[2:], whole.shape[2:]
    spans = zip(sizes, stride, padding, dilation, kernel, extra, strict=True)
    count = [(n - 1) * s - 2 * p + d * (k - 1) + e + 1 for n, s, p, d, k, e in spans]
    if min(count) < 1:
        told = " x ".join(map(str, count))
        refuse(
            "padding", f"so much padding cuts everything off: the output would be {told}; take less padding"
        )
    inward, each = kernels.shape[0] // groups, kernels.shape[1]
    y = sheet.tensor("y", (whole.shape[0], each * groups, *count))
    for n, o, *place in y.places():
        sums: list[Value] = []
        reached = list(_reached(tuple(place), sizes, kernel, (stride, padding, dilation)))
        for c in range(o // each * inward, (o // each + 1) * inward):
            terms = [whole[(n, c, *spot)] * kernels[(c, o % each, *tap)] for spot, tap in reached]
            sums += [group(terms)] if inward > 1 and terms else terms
        if not sums:
            sums = [number(0)]
            sheet.note("no copy of the kernel reaches here")
        elif len(reached) > 1:
            sheet.note(f"{len(reached)} copies of the kernel overlap here")
        y[n, o, *place] = total(sums) if bias is None else total([*sums, bias.view(each * groups)[o]])
    return as_given(y, x, axes)


def _reached(
    place: Place, sizes: Place, kernel: Place, steps: tuple[Place, Place, Place]
) -> list[tuple[Place, Place]]:
    """Return every number of the input whose kernel reaches a place, with the tap that does."""
    ways: list[list[tuple[int, int]]] = []
    for i, n, k, s, p, d in zip(place, sizes, kernel, *steps, strict=True):
        ways.append([(q, tap) for q in range(n) for tap in range(k) if q * s + tap * d == i + p])
    return [(tuple(q for q, _ in way), tuple(tap for _, tap in way)) for way in product(*ways)]


def _check(x: Tensor, weight: Tensor, bias: Tensor | None, groups: int, axes: int) -> None:
    """Refuse channels that do not go together, as torch does."""
    if len(weight.shape) != axes + 2:
        refuse(
            "weight",
            f"weight must be (C_in, C_out, kernel) with {axes + 2} dimensions, or a bare kernel with {axes}, "
            f"not {weight.shape}",
        )
    size = list(weight.shape)
    if groups < 1:
        refuse("groups", f"groups must be at least 1, not {groups}", "non-positive groups is not supported")
    if weight.shape[0] % groups or x.shape[1] != weight.shape[0]:
        refuse(
            "weight",
            f"x has {x.shape[1]} channels, but the first dimension of weight is made for {weight.shape[0]}"
            f"{f' in {groups} groups' if groups > 1 else ''}: "
            f"weight must be (C_in = {x.shape[1]}, C_out / groups, {'k' if axes == 1 else 'kh, kw'})",
            f"Given transposed=1, weight of size {size}, expected input{list(x.shape)} to have {weight.shape[0]} "
            f"channels, but got {x.shape[1]} channels instead"
            if weight.shape[0] % groups == 0
            else "",
        )
    outs = weight.shape[1] * groups
    if bias is not None and len(bias.cells) != outs:
        refuse(
            "bias",
            f"every output channel adds one number, so bias must have {outs}, not {len(bias.cells)}",
            f"Given transposed=1, weight of size {size}, expected bias to be 1-dimensional with {outs} elements, but "
            f"got bias of size {list(bias.shape)} instead",
        )


def _check_extra(extra: Place, stride: Place, dilation: Place) -> None:
    """Refuse an output padding that would be a whole step."""
    if any(e >= max(s, d) for e, s, d in zip(extra, stride, dilation, strict=True)):
        refuse(
            "output_padding",
            f"output_padding chooses between sizes that one stride leads to, so it must be below the stride or the "
            f"dilation, not {max(extra)}",
        )
