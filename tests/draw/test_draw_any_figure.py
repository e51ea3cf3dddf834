"""Whatever is drawn fits its width, and uses no more glyphs and colours than it may."""

import re

import pytest
from figure_samples import NAN, tame
from figure_strategies import figures
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from wcwidth import wcswidth

from dltui.draw import Depth, Look, View, draw
from dltui.draw.canvas import text_width

MOSAIC = re.compile("[\U0001cc00-\U0001cebf\U0001fb00-\U0001fbff]")  # newer than Python's tables may be
SGR = re.compile(r"\x1b\[[0-9;]*m")
views = st.builds(
    View,
    azimuth=st.floats(-720, 720),
    elevation=st.floats(-200, 200),
    zoom=st.sampled_from([0.0, 0.3, 1.0, 5.0, 1e6]),
    x_range=st.sampled_from([None, (0.0, 0.5), (1.0, 1.0), (NAN, 1.0), (5.0, -5.0), (-1e300, 1e300)]),
    y_range=st.sampled_from([None, (0.1, 0.2), (-1.0, 1.0)]),
    cursor=st.sampled_from([None, (0.0, 0.0), (1e9, -3.0), (NAN, NAN)]),
    offset=st.integers(-3, 40),
)
looks = st.builds(
    Look,
    width=st.one_of(st.integers(20, 240), st.sampled_from([1, 2, 60, 80])),
    height=st.sampled_from([None, 1, 2, 4, 7, 12, 24, 60]),
    depth=st.sampled_from(list(Depth)),
    ascii=st.booleans(),
)


@settings(max_examples=400, deadline=None, suppress_health_check=list(HealthCheck))
@given(figure=figures, look=looks, view=views)
def test_any_figure_fits_any_look(figure, look, view):
    drawing = draw(figure, look, view)
    lines = drawing.canvas.lines(look.depth)
    assert drawing.canvas.width == look.width
    assert look.height is None or drawing.canvas.height == look.height
    for line in lines:
        bare = SGR.sub("", line)
        assert text_width(bare) <= look.width
        assert wcswidth(bare) <= look.width
        assert MOSAIC.sub("", bare).isprintable()
        assert not look.ascii or bare.isascii()
        assert look.depth is not Depth.NONE or "\x1b" not in line


@pytest.mark.parametrize("figure", tame(), ids=lambda figure: type(figure).__name__)
@pytest.mark.parametrize("width", [60, 80, 120, 200])
def test_ordinary_figures_show_their_title_and_something_below(figure, width):
    lines = draw(figure, Look(width=width)).canvas.plain()
    assert lines[0] == figure.title
    assert sum(bool(line) for line in lines) >= 3
