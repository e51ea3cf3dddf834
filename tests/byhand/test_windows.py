"""Convolutions and pooling against torch, with channels, strides, padding, dilation and groups."""

from __future__ import annotations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from dltui.byhand import work

from .agree import agree, many  # noqa: TID252 - the tests of this folder share it
from .draws import numbers, sizes  # noqa: TID252

AXES = (1, 2)


def lead(data: st.DataObject, channels: int) -> list[int]:
    """Draw what stands before the places: nothing for one channel, channels, or batch and channels."""
    kinds = [[channels], [1, channels], [2, channels], *([[]] if channels == 1 else [])]
    return data.draw(st.sampled_from(kinds))


def steps(data: st.DataObject, axes: int, least: int, most: int) -> int | tuple[int, ...]:
    """Draw one number, or one an axis."""
    return data.draw(st.integers(least, most) | st.tuples(*[st.integers(least, most)] * axes))


@pytest.mark.parametrize("axes", AXES)
@many
@given(st.data())
def test_convolution(axes: int, data: st.DataObject) -> None:
    groups = data.draw(st.integers(1, 2))
    shared, each = data.draw(st.integers(1, 2)), data.draw(st.integers(1, 2))
    size, kernel = data.draw(sizes(axes, axes, 4)), data.draw(sizes(axes, axes, 3))
    bare = groups * shared == each == groups == 1 and data.draw(st.booleans())
    case = {
        "x": data.draw(numbers(*lead(data, groups * shared), *size)),
        "weight": data.draw(numbers(*([] if bare else [groups * each, shared]), *kernel)),
        "bias": data.draw(st.none() | numbers(groups * each)),
        "stride": steps(data, axes, 1, 2),
        "padding": steps(data, axes, 0, 2),
        "dilation": steps(data, axes, 1, 2),
        "groups": groups,
    }
    padding, dilation = (_each(case[key], axes) for key in ("padding", "dilation"))
    assume(all(n + 2 * p > d * (k - 1) for n, p, d, k in zip(size, padding, dilation, kernel, strict=True)))
    shape = work(f"conv{axes}d", case).output.shape
    agree(f"conv{axes}d", case | {"upstream": data.draw(numbers(*shape))})


@pytest.mark.parametrize("axes", AXES)
@many
@given(st.data())
def test_transposed_convolution(axes: int, data: st.DataObject) -> None:
    groups = data.draw(st.integers(1, 2))
    inward, each = data.draw(st.integers(1, 2)), data.draw(st.integers(1, 2))
    size, kernel = data.draw(sizes(axes, axes)), data.draw(sizes(axes, axes))
    stride = data.draw(st.integers(1, 3))
    padding = data.draw(st.integers(0, 1))
    dilation = data.draw(st.integers(1, 2))
    extra = data.draw(st.integers(0, max(stride, dilation) - 1))
    assume(
        all(
            (n - 1) * stride - 2 * padding + dilation * (k - 1) + extra >= 0
            for n, k in zip(size, kernel, strict=True)
        )
    )
    case = {
        "x": data.draw(numbers(*lead(data, groups * inward), *size)),
        "weight": data.draw(numbers(groups * inward, each, *kernel)),
        "bias": data.draw(st.none() | numbers(groups * each)),
        "stride": stride, "padding": padding, "dilation": dilation, "output_padding": extra, "groups": groups,
    }  # fmt: skip
    shape = work(f"convtranspose{axes}d", case).output.shape
    agree(f"convtranspose{axes}d", case | {"upstream": data.draw(numbers(*shape))})


@pytest.mark.parametrize("axes", AXES)
@pytest.mark.parametrize("kind", ["maxpool", "avgpool"])
@many
@given(st.data())
def test_pooling(kind: str, axes: int, data: st.DataObject) -> None:
    size = data.draw(st.tuples(*[st.integers(2, 5)] * axes))
    kernel = data.draw(st.integers(1, 3))
    case = {
        "x": data.draw(numbers(*lead(data, data.draw(st.integers(1, 2))), *size)),
        "kernel_size": kernel,
        "stride": data.draw(st.none() | st.integers(1, 3)),
        "padding": data.draw(st.integers(0, kernel // 2)),
        "ceil_mode": data.draw(st.booleans()),
    }
    if kind == "maxpool":
        case["dilation"] = data.draw(st.integers(1, 2))
    else:
        case["count_include_pad"] = data.draw(st.booleans())
    reach = case.get("dilation", 1) * (kernel - 1) + 1
    assume(min(size) + 2 * case["padding"] >= reach)
    shape = work(f"{kind}{axes}d", case).output.shape
    agree(f"{kind}{axes}d", case | {"upstream": data.draw(numbers(*shape))})


@many
@given(st.data())
def test_flatten(data: st.DataObject) -> None:
    shape = data.draw(sizes(1, 4))
    first = data.draw(st.integers(0, len(shape) - 1))
    last = data.draw(st.integers(first, len(shape) - 1))
    case = {"x": data.draw(numbers(*shape)), "start_dim": first, "end_dim": last - len(shape)}
    agree("flatten", case)


def _each(value: int | tuple[int, ...], axes: int) -> tuple[int, ...]:
    return value if isinstance(value, tuple) else (value,) * axes
