"""Colours against matplotlib's maps, a search through the palette, and the definition of contrast."""

from typing import get_args

import matplotlib as mpl
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dltui.draw.canvas import palette_index
from dltui.draw.colors import QUIET, SERIES, paint, ramp
from dltui.draw.escapes import palette_rgb
from dltui.figures import ColorMap


@pytest.mark.parametrize("name", get_args(ColorMap))
def test_maps_are_those_of_matplotlib(name):
    theirs = mpl.colormaps[name](np.arange(256))[:, :3] * 255
    assert np.abs(ramp(name).astype(float) - theirs).max() < 6


def test_shares_outside_take_the_ends():
    shares = np.array([-np.inf, -1.0, 0.0, 1.0, 2.0, np.inf])
    assert (paint("viridis", shares)[:3] == ramp("viridis")[0]).all()
    assert (paint("viridis", shares)[3:] == ramp("viridis")[255]).all()


def luminance(rgb):
    """Return the relative luminance of WCAG 2."""
    parts = [c / 255 / 12.92 if c / 255 <= 0.03928 else ((c / 255 + 0.055) / 1.055) ** 2.4 for c in rgb]
    return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]


@pytest.mark.parametrize("colour", [*SERIES, QUIET])
def test_series_can_be_read_on_black_and_on_white(colour):
    light = luminance(colour)
    assert (light + 0.05) / 0.05 >= 3
    assert 1.05 / (light + 0.05) >= 3


@given(st.tuples(*[st.integers(0, 255)] * 3))
def test_palette_index_is_the_nearest_of_all(rgb):
    def far(index):
        return sum((a - b) ** 2 for a, b in zip(palette_rgb(index), rgb, strict=True))

    found = palette_index((rgb[0] << 16) | (rgb[1] << 8) | rgb[2])
    assert far(found) == min(far(index) for index in range(16, 256))
