"""Pictures resized, turned, cut and flipped: the same as torch for random inputs, and lines that can be redone."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dltui.byhand import work
from dltui.byhand.differences import differences
from dltui.byhand.operations.interpolation import _single

from .agree import agree, many  # noqa: TID252 - the tests of this folder share it
from .draws import numbers, sizes  # noqa: TID252


def pictures(data: st.DataObject, least: int = 0, most: int = 2) -> tuple[int, ...]:
    """Draw the shape of one or several pictures."""
    return data.draw(sizes(least, most, 2)) + data.draw(st.tuples(*[st.integers(1, 4)] * 2))


def hold(data: st.DataObject, name: str, case: dict[str, Any]) -> None:
    """Hold an operation with a gradient drawn at random against torch."""
    shape = work(name, case).output.shape
    agree(name, case | {"upstream": data.draw(numbers(*shape))})


@pytest.mark.parametrize("mode", ["bilinear", "nearest"])
@many
@given(st.data())
def test_interpolate(mode: str, data: st.DataObject) -> None:
    case = {"x": data.draw(numbers(*pictures(data))), "mode": mode, "align_corners": False}
    case["size"] = data.draw(st.integers(1, 5) | st.tuples(*[st.integers(1, 5)] * 2))
    if mode == "bilinear":
        case["align_corners"] = data.draw(st.booleans())
    hold(data, "interpolate", case)


@pytest.mark.parametrize(("old", "new"), [(26, 22), (14, 46), (39, 33), (3, 147), (2, 98), (30, 26), (7, 3)])
def test_nearest_takes_what_torch_takes(old: int, new: int) -> None:
    """Torch keeps the ratio in float32, which now and then takes the number before."""
    worked = agree("interpolate", {"x": [[*map(float, range(old))]], "size": (1, new), "mode": "nearest"})
    exact = [i * old // new for i in range(new)]
    assert (worked.output.numbers() == [exact]) is all(_single(i, old, new) == exact[i] for i in range(new))
    notes = [line.note for line in worked.sheet.lines if "float32" in line.note]
    assert len(notes) == sum(_single(i, old, new) != exact[i] for i in range(new))


@many
@given(st.data())
def test_affine_grid(data: st.DataObject) -> None:
    case = {
        "theta": data.draw(numbers(*data.draw(sizes(0, 1, 2)), 2, 3)),
        "size": data.draw(st.tuples(*[st.integers(2, 4)] * 2)),
        "align_corners": data.draw(st.booleans()),
    }
    hold(data, "affinegrid", case)


@pytest.mark.parametrize("mode", ["bilinear", "nearest"])
@pytest.mark.parametrize("padding", ["zeros", "border"])
@many
@given(st.data())
def test_grid_sample(mode: str, padding: str, data: st.DataObject) -> None:
    shape = pictures(data)
    batch = shape[:1] if len(shape) == 4 else ()
    grid = (*batch, *data.draw(st.tuples(*[st.integers(1, 3)] * 2)), 2)
    near = st.floats(-1.5, 1.5, width=32) | st.integers(-15, 15).map(lambda n: n / 10)
    case = {
        "x": data.draw(numbers(*shape)),
        "grid": data.draw(numbers(*grid, cell=near)),
        "mode": mode,
        "padding_mode": padding,
        "align_corners": data.draw(st.booleans()),
    }
    hold(data, "gridsample", case)


@many
@given(st.data())
def test_crop(data: st.DataObject) -> None:
    *_, high, wide = shape = pictures(data)
    top, left = data.draw(st.integers(0, high - 1)), data.draw(st.integers(0, wide - 1))
    case = {
        "x": data.draw(numbers(*shape)),
        "top": top,
        "left": left,
        "height": data.draw(st.integers(1, high - top)),
        "width": data.draw(st.integers(1, wide - left)),
    }
    hold(data, "crop", case)


@many
@given(st.data())
def test_flip(data: st.DataObject) -> None:
    shape = data.draw(sizes(1, 4))
    dims = data.draw(st.lists(st.integers(0, len(shape) - 1), min_size=1, unique=True))
    signed = tuple(one - len(shape) * data.draw(st.integers(0, 1)) for one in dims)
    hold(data, "flip", {"x": data.draw(numbers(*shape)), "dims": signed})


@many
@given(st.data())
def test_normalize(data: st.DataObject) -> None:
    shape = pictures(data, 1)
    case = {
        "x": data.draw(numbers(*shape)),
        "mean": data.draw(numbers(shape[-3])),
        "std": data.draw(numbers(shape[-3], cell=st.integers(1, 300).map(lambda n: n / 100))),
    }
    hold(data, "normalize", case)


def test_a_grid_has_a_slope_between_places() -> None:
    worked = work("gridsample")
    for name, slopes in differences(worked).items():
        found = [cell.value for cell in worked.gradients.of[name].cells]
        assert found == pytest.approx([*flat(slopes)], abs=1e-8)
    taken = work("gridsample", example="nearest").gradients.of["grid"].cells
    assert [cell.value for cell in taken] == [0] * 4


def flat(value: Any) -> list[float]:
    """Return nested lists as one."""
    return [number for part in value for number in flat(part)] if isinstance(value, list) else [value]
