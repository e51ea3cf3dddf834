"""Convolutions (cross-correlations, as torch has them) over one and two axes."""

from __future__ import annotations

from itertools import groupby

from dltui.byhand.functions import group, number, total
from dltui.byhand.operation import Ints, operation
from dltui.byhand.refusal import refuse
from dltui.byhand.sheet import Sheet
from dltui.byhand.tensor import Place, Tensor
from dltui.byhand.value import Value
from dltui.byhand.windows import as_given, inside, several, taps, windows, with_channels

GRID = [[1, 2, 3], [4, 5, 6], [7, 8, 9]]
KERNEL = [[0.1, 0.2, 0.3], [0.4, 0.5, 0.6], [0.7, 0.8, 0.9]]
SIGNS = [[0.1, -0.1, 0.1], [0.2, -0.2, 0.2], [0.3, -0.3, 0.3]]
ZERO_STRIDE, ZERO_DILATION = "non-positive stride is not supported", "dilation should be greater than zero"


@operation(
    formula="y(o, i) = Σ_c Σ_k w(o, c, k)·x(c, i·s − p + k·d) + b(o)",
    examples={"w8": {"x": [1, 2, 3, 4, 5], "weight": [0.1, 0.2, 0.3], "bias": [1]}},
)
def conv1d(
    sheet: Sheet,
    x: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    *,
    stride: Ints = 1,
    padding: Ints = 0,
    dilation: Ints = 1,
    groups: int = 1,
) -> Tensor:
    """Convolution over one axis: the kernel moves along, products are added up, plus a bias.

    The kernel is not turned round: what torch calls convolution is cross-correlation.

    Args:
        sheet: Where it is worked.
        x: (N, C, L), (C, L) or (L).
        weight: (C_out, C_in / groups, k), or (k) for one channel.
        bias: (C_out).
        stride: Places between windows.
        padding: Zeros added on each side.
        dilation: Places between taps of the kernel.
        groups: Blocks of channels that do not see each other.

    Returns:
        As many dimensions as x.
    """
    return _convolve(sheet, 1, x, weight, bias, (stride, padding, dilation), groups)


@operation(
    formula="y(o, i, j) = Σ_c Σ_k Σ_l w(o, c, k, l)·x(c, i·s − p + k·d, j·s − p + l·d) + b(o)",
    examples={
        "w7": {"x": GRID, "weight": KERNEL, "bias": [1]},
        "w9": {"x": [GRID], "weight": [[KERNEL], [SIGNS]], "bias": [1, -1]},
        "w10": {"x": [GRID, GRID], "weight": [[KERNEL, SIGNS]], "bias": [1]},
        "edges": {
            "x": [[0, 0, 1, 1], [0, 0, 1, 1], [0, 0, 1, 1], [0, 0, 1, 1]],
            "weight": [[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]],
            "padding": 1,
        },
    },
    remarks={
        "w10": "the notes decompose 33.1 as (29.5 − 1) + (3.6 + 1) + 1, which is 34.1; right is 28.5 + 3.6 + 1",
        "edges": "the Sobel kernel finds the upright edge",
    },
)
def conv2d(
    sheet: Sheet,
    x: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    *,
    stride: Ints = 1,
    padding: Ints = 0,
    dilation: Ints = 1,
    groups: int = 1,
) -> Tensor:
    """Convolution over a picture: the kernel slides, products are added up, plus a bias.

    The kernel is not turned round: what torch calls convolution is cross-correlation. With several channels in, each
    has a slice of the kernel and gives a partial sum; the bias is added once.

    Args:
        sheet: Where it is worked.
        x: (N, C, H, W), (C, H, W) or (H, W).
        weight: (C_out, C_in / groups, kh, kw), or (kh, kw) for one channel.
        bias: (C_out).
        stride: Places between windows.
        padding: Zeros added on each side.
        dilation: Places between taps of the kernel.
        groups: Blocks of channels that do not see each other.

    Returns:
        As many dimensions as x.
    """
    return _convolve(sheet, 2, x, weight, bias, (stride, padding, dilation), groups)


def _convolve(
    sheet: Sheet,
    axes: int,
    x: Tensor,
    weight: Tensor,
    bias: Tensor | None,
    steps: tuple[Ints, Ints, Ints],
    groups: int,
) -> Tensor:
    """Work a convolution: a partial sum for each channel that goes in, then their sum with the bias."""
    whole = with_channels(f"conv{axes}d", x, axes)
    kernels = _kernels(weight, axes)
    stride = several("stride", steps[0], axes, torch=ZERO_STRIDE)
    padding = several("padding", steps[1], axes, 0, "negative padding is not supported")
    dilation = several("dilation", steps[2], axes, torch=ZERO_DILATION)
    _check_channels(whole, kernels, bias, groups, axes)
    outs, shared, *kernel = kernels.shape
    sizes = whole.shape[2:]
    count = windows(sizes, kernel, stride, padding, dilation)
    if min(count) < 1:
        _refuse_kernel(sizes, kernel, padding, dilation)
    y = sheet.tensor("y", (whole.shape[0], outs, *count))
    partial = sheet.tensor("s", (whole.shape[0], outs, shared, *count)) if shared > 1 else None
    for n, o, *place in y.places():
        first = o // (outs // groups) * shared
        sums: list[Value] = []
        for c in range(shared):
            found = list(taps(tuple(place), kernel, stride, padding, dilation))
            rows = _rows(whole, kernels, (n, first + c), (o, c), [t for t in found if inside(t[1], sizes)])
            missing = len(found) - sum(map(len, rows))
            sheet.note(f"{missing} of {len(found)} taps fall on the padding, which is 0" if missing else "")
            if partial is None:
                sums = _terms(rows)
            else:
                partial[n, o, c, *place] = total(_terms(rows))
                sums.append(partial[n, o, c, *place])
        y[n, o, *place] = total(sums) if bias is None else total([*sums, bias.view(outs)[o]])
    if partial is not None:
        sheet.sort(("s", "every channel by itself"), ("y", "the channels added up"))
    return as_given(y, x, axes)


def _terms(rows: list[list[Value]]) -> list[Value]:
    """Return what is added up: the rows in brackets, the products of a single row, 0 where no tap hits the input."""
    return [group(row) for row in rows] if len(rows) > 1 else rows[0] if rows else [number(0)]


def _rows(
    x: Tensor, weight: Tensor, channel: Place, kernel: Place, found: list[tuple[Place, Place]]
) -> list[list[Value]]:
    """Return the products of a window, a list for each row of the kernel."""
    return [
        [x[(*channel, *spot)] * weight[(*kernel, *tap)] for tap, spot in row]
        for _, row in groupby(found, key=lambda one: one[0][:-1])
    ]


def _kernels(weight: Tensor, axes: int) -> Tensor:
    """Return the weights as (C_out, C_in, …)."""
    if len(weight.shape) not in {axes, axes + 2}:
        refuse(
            "weight",
            f"weight must be (C_out, C_in, kernel) with {axes + 2} dimensions, or a bare kernel with {axes}, "
            f"not {weight.shape}",
        )
    return weight.lifted(axes + 2)


def _check_channels(x: Tensor, weight: Tensor, bias: Tensor | None, groups: int, axes: int) -> None:
    """Refuse channels that do not go together, as torch does."""
    outs, shared = weight.shape[:2]
    size = list(weight.shape)
    if groups < 1:
        refuse("groups", f"groups must be at least 1, not {groups}", "non-positive groups is not supported")
    if outs % groups:
        refuse(
            "groups",
            f"the {outs} kernels can't be split into {groups} groups: groups must divide C_out",
            f"Given groups={groups}, expected weight to be divisible by {groups} at dimension 0, but got weight of "
            f"size [{size}] instead"
            if outs >= groups
            else f"Given groups={groups}, expected weight to be at least {groups} at dimension 0, but got weight of "
            f"size {size} instead",
        )
    if x.shape[1] != shared * groups:
        refuse(
            "weight",
            f"x has {x.shape[1]} channels, but the kernels are made for {shared * groups}: weight must be "
            f"(C_out, {x.shape[1]}{f' / {groups}' if groups > 1 else ''}, {'k' if axes == 1 else 'kh, kw'})",
            f"Given groups={groups}, weight of size {size}, expected input{list(x.shape)} to have "
            f"{shared * groups} channels, but got {x.shape[1]} channels instead",
        )
    if bias is not None and len(bias.cells) != outs:
        refuse(
            "bias",
            f"every output channel adds one number, so bias must have {outs}, not {len(bias.cells)}",
            f"Given weight of size {size}, expected bias to be 1-dimensional with {outs} elements, but got bias of "
            f"size {list(bias.shape)} instead",
        )


def _refuse_kernel(
    sizes: tuple[int, ...], kernel: list[int], padding: tuple[int, ...], dilation: tuple[int, ...]
) -> None:
    """Refuse a kernel that is larger than what it slides over."""
    padded = " x ".join(str(n + 2 * p) for n, p in zip(sizes, padding, strict=True))
    spans = " x ".join(str(d * (k - 1) + 1) for k, d in zip(kernel, dilation, strict=True))
    refuse(
        "weight",
        f"the kernel spans {spans} places, but x with its padding has {padded}: pad more or take a smaller kernel",
        f"Calculated padded input size per channel: ({padded}). Kernel size: ({spans}). Kernel size can't be greater "
        "than actual input size",
    )
