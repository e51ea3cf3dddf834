"""Pooling: one number for each window."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import prod

from dltui.byhand.functions import largest, number, total
from dltui.byhand.operation import Ints, operation
from dltui.byhand.refusal import refuse
from dltui.byhand.sheet import Sheet
from dltui.byhand.tensor import Place, Tensor
from dltui.byhand.value import Value
from dltui.byhand.windows import as_given, inside, several, taps, windows, with_channels

PICTURE = [[1, 3, 2, 1], [4, 6, 5, 0], [7, 2, 9, 8], [1, 0, 3, 4]]
SEVEN = [[(7 * r + 3 * c) % 10 for c in range(7)] for r in range(7)]
Windows = tuple[tuple[int, ...], tuple[int, ...], tuple[int, ...], tuple[int, ...]]


@operation(
    formula="y(i) = max_k x(i·s − p + k·d)",
    examples={"row": {"x": [1, 3, 2, 5, 4, 0], "kernel_size": 2}},
)
def maxpool1d(
    sheet: Sheet,
    x: Tensor,
    *,
    kernel_size: Ints = 2,
    stride: Ints | None = None,
    padding: Ints = 0,
    dilation: Ints = 1,
    ceil_mode: bool = False,
) -> Tensor:
    """Max pooling over one axis: the largest number of each window.

    The gradient goes to the number that was the largest, to the first of equals; all others get nothing.

    Args:
        sheet: Where it is worked.
        x: (N, C, L), (C, L) or (L).
        kernel_size: Places in a window.
        stride: Places between windows; kernel_size by default.
        padding: Places added on each side, which never are the largest.
        dilation: Places between taps.
        ceil_mode: Also windows that hang over the end.

    Returns:
        As many dimensions as x.
    """
    return _largest(sheet, 1, x, (kernel_size, stride, padding, dilation), ceil=ceil_mode)


@operation(
    formula="y(i, j) = max over k, l of x(i·s − p + k·d, j·s − p + l·d)",
    examples={
        "picture": {"x": PICTURE, "kernel_size": 2},
        "d2": {"x": SEVEN, "kernel_size": 3},
        "d2-stride": {"x": SEVEN, "kernel_size": 3, "stride": 1},
    },
    remarks={
        "d2": "7 × 7 becomes 2 × 2, since the stride is the kernel when none is given",
        "d2-stride": "5 × 5",
    },
)
def maxpool2d(
    sheet: Sheet,
    x: Tensor,
    *,
    kernel_size: Ints = 2,
    stride: Ints | None = None,
    padding: Ints = 0,
    dilation: Ints = 1,
    ceil_mode: bool = False,
) -> Tensor:
    """Max pooling over a picture: the largest number of each window.

    The gradient goes to the number that was the largest, to the first of equals; all others get nothing.

    Args:
        sheet: Where it is worked.
        x: (N, C, H, W), (C, H, W) or (H, W).
        kernel_size: Places in a window, along each axis.
        stride: Places between windows; kernel_size by default.
        padding: Places added on each side, which never are the largest.
        dilation: Places between taps.
        ceil_mode: Also windows that hang over the end.

    Returns:
        As many dimensions as x.
    """
    return _largest(sheet, 2, x, (kernel_size, stride, padding, dilation), ceil=ceil_mode)


@operation(
    formula="y(i) = Σ_k x(i·s − p + k) / kernel",
    examples={"row": {"x": [1, 3, 2, 5, 4, 0], "kernel_size": 2}},
)
def avgpool1d(
    sheet: Sheet,
    x: Tensor,
    *,
    kernel_size: Ints = 2,
    stride: Ints | None = None,
    padding: Ints = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
) -> Tensor:
    """Average pooling over one axis: the mean of each window.

    Args:
        sheet: Where it is worked.
        x: (N, C, L), (C, L) or (L).
        kernel_size: Places in a window.
        stride: Places between windows; kernel_size by default.
        padding: Zeros added on each side.
        ceil_mode: Also windows that hang over the end.
        count_include_pad: Whether zeros of the padding count in the mean.

    Returns:
        As many dimensions as x.
    """
    steps = (kernel_size, stride, padding, 1)
    return _mean(sheet, 1, x, steps, ceil=ceil_mode, count_pad=count_include_pad)


@operation(
    formula="y(i, j) = Σ_k Σ_l x(i·s − p + k, j·s − p + l) / (kh·kw)",
    examples={"picture": {"x": PICTURE, "kernel_size": 2}},
)
def avgpool2d(
    sheet: Sheet,
    x: Tensor,
    *,
    kernel_size: Ints = 2,
    stride: Ints | None = None,
    padding: Ints = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
) -> Tensor:
    """Average pooling over a picture: the mean of each window.

    Args:
        sheet: Where it is worked.
        x: (N, C, H, W), (C, H, W) or (H, W).
        kernel_size: Places in a window, along each axis.
        stride: Places between windows; kernel_size by default.
        padding: Zeros added on each side.
        ceil_mode: Also windows that hang over the end.
        count_include_pad: Whether zeros of the padding count in the mean.

    Returns:
        As many dimensions as x.
    """
    steps = (kernel_size, stride, padding, 1)
    return _mean(sheet, 2, x, steps, ceil=ceil_mode, count_pad=count_include_pad)


def _largest(
    sheet: Sheet, axes: int, x: Tensor, steps: tuple[Ints, Ints | None, Ints, Ints], *, ceil: bool
) -> Tensor:
    """Work max pooling."""

    def pooled(found: list[Value], place: Place, size: Place, window: Windows) -> Value:  # noqa: ARG001
        return largest(*found)

    return _pool(sheet, f"max_pool{axes}d", axes, x, steps, ceil, pooled)


def _mean(
    sheet: Sheet,
    axes: int,
    x: Tensor,
    steps: tuple[Ints, Ints | None, Ints, Ints],
    *,
    ceil: bool,
    count_pad: bool,
) -> Tensor:
    """Work average pooling."""

    def pooled(found: list[Value], place: Place, size: Place, window: Windows) -> Value:
        count = _counted(place, size, window) if count_pad else len(found)
        return total(found) / number(count)

    return _pool(sheet, f"avg_pool{axes}d", axes, x, steps, ceil, pooled)


def _counted(place: Place, size: Place, window: Windows) -> int:
    """Return how many places of a window count: those within the padded input."""
    axes = zip(place, size, *window[:3], strict=True)
    return prod(min(i * s - p + k, n + p) - (i * s - p) for i, n, k, s, p in axes)


def _pool(
    sheet: Sheet,
    name: str,
    axes: int,
    x: Tensor,
    steps: tuple[Ints, Ints | None, Ints, Ints],
    ceil: bool,
    pooled: Callable[[list[Value], Place, Place, Windows], Value],
) -> Tensor:
    """Work any pooling: what lies in each window, handed to what makes one number of it."""
    whole = with_channels(name, x, axes)
    kernel = several("kernel_size", steps[0], axes, torch=f"{name}: kernel_size must be greater than zero")
    stride = (
        kernel if steps[1] is None else several("stride", steps[1], axes, torch="stride should not be zero")
    )
    padding = several("padding", steps[2], axes, 0, "pad must be non-negative")
    dilation = several("dilation", steps[3], axes, torch="dilation should be greater than zero")
    _check_padding(name, kernel, padding, dilation)
    size = whole.shape[2:]
    count = windows(size, kernel, stride, padding, dilation, ceil=ceil)
    if min(count) < 1:
        refuse(
            "kernel_size",
            f"a window of {' x '.join(map(str, kernel))} is larger than x, {' x '.join(map(str, size))}: "
            "pad more or take a smaller one",
        )
    y = sheet.tensor("y", (*whole.shape[:2], *count))
    for n, c, *place in y.places():
        spots = [spot for _, spot in taps(tuple(place), kernel, stride, padding, dilation)]
        found = [whole[(n, c, *spot)] for spot in spots if inside(spot, size)]
        missing = len(spots) - len(found)
        sheet.note(f"{missing} of {len(spots)} places lie outside" if missing else "")
        y[n, c, *place] = pooled(found, tuple(place), size, (kernel, stride, padding, dilation))
    return as_given(y, x, axes)


def _check_padding(name: str, kernel: Sequence[int], padding: Sequence[int], dilation: Sequence[int]) -> None:
    """Refuse windows that may lie in the padding alone."""
    for k, p, d in zip(kernel, padding, dilation, strict=True):
        most = (d * (k - 1) + 1) // 2
        if p > most:
            told = f"a window of {k} may have at most {most} places of padding on a side"
            half = "should be at most half of"
            said = f"pad {half} effective kernel size, but got pad={p}, kernel_size={k} and dilation={d}"
            if name == "max_pool1d":
                said = f"max_pool1d() padding {half} kernel size, but got padding={p} and kernel_size={k}"
            refuse("padding", f"{told}, or it could lie outside altogether; padding is {p}", said)
