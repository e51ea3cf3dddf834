"""Fields side by side: one range for all, and the difference of two on one grid."""

import numpy as np
import pytest

from dltui.draw.fields import bar_of
from dltui.figures import Field, Heatmap, Lines, Series, Surface, difference, on_one_scale, same_grid

X = np.linspace(-1, 1, 5)


def field(values: np.ndarray, kind: type = Heatmap, **more) -> Field:
    return kind(title="f", values=values, x=X[: values.shape[1]], y=X[: values.shape[0]], **more)


def test_fields_on_one_scale_reach_from_the_least_to_the_largest_of_all() -> None:
    low, high = np.full((2, 3), -3.0), np.full((2, 3), 8.0)
    low[0, 0] = np.nan
    curve = Lines(series=(Series(name="c", x=X, y=X),))
    one, other, kept = on_one_scale([field(low), field(high, Surface), curve])
    assert isinstance(one, Heatmap)
    assert isinstance(other, Surface)
    assert one.limits == other.limits == (-3.0, 8.0)
    assert kept is curve
    axes = [bar_of(shown, "viridis").axis for shown in (one, other)]
    assert axes[0] == axes[1]
    assert (axes[0].low, axes[0].high) == (-3.0, 8.0)


@pytest.mark.parametrize(
    ("scales", "scale", "limits"),
    [(("log", "log"), "log", (1.0, 8.0)), (("log", "linear"), "linear", (0.0, 8.0))],
)
def test_scales_that_differ_become_linear(scales, scale, limits) -> None:
    values = [np.array([[0.0, 1.0], [2.0, 4.0]]), np.array([[5.0, 6.0], [7.0, 8.0]])]
    shown = on_one_scale([field(v, scale=s) for v, s in zip(values, scales, strict=True)])
    assert [one.scale for one in shown] == [scale] * 2
    assert [one.limits for one in shown] == [limits] * 2


def test_fields_without_a_number_stay_as_they_are() -> None:
    empty = field(np.full((2, 2), np.nan))
    assert on_one_scale([empty]) == [empty]
    assert on_one_scale([]) == []


def test_signed_colours_are_centred_on_the_common_range() -> None:
    (one,) = on_one_scale([field(np.array([[-1.0, 4.0]]), colormap="coolwarm")])
    axis = bar_of(one, "coolwarm").axis
    assert (axis.low, axis.high) == (-4.0, 4.0)


def test_the_difference_is_the_second_less_the_first() -> None:
    one = field(np.arange(6.0).reshape(2, 3), Surface, value_label="loss", scale="log")
    other = field(np.arange(6.0).reshape(2, 3) ** 2, Surface, value_label="loss", scale="log")
    other.values[0, 0] = np.nan
    gap = difference(one, other, ("a", "b"))
    assert gap.title == "Difference · b − a"
    assert (gap.scale, gap.colormap, gap.value_label) == ("linear", "coolwarm", "difference of loss")
    assert np.isnan(gap.values[0, 0])
    np.testing.assert_allclose(gap.values[1], [9 - 3, 16 - 4, 25 - 5])


def test_grids_are_the_same_when_shapes_and_places_are() -> None:
    values = np.zeros((2, 3))
    one = field(values)
    moved = Heatmap(values=values, x=X[:3] + 0.1, y=X[:2])
    assert same_grid(one, field(values + 1))
    assert not same_grid(one, moved)
    assert not same_grid(one, field(np.zeros((3, 2))))
