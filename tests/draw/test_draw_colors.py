"""Colours against matplotlib's maps, a search through the palette, and the definition of contrast."""

from typing import get_args

import matplotlib as mpl
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dltui.draw import Depth, Look, draw, look_of
from dltui.draw.canvas import Canvas, palette_index
from dltui.draw.colors import QUIET, SERIES, paint, ramp
from dltui.draw.escapes import canvas_of, palette_rgb
from dltui.draw.lines import ASCII_MARKERS, MARKERS
from dltui.draw.nearest import BASIC, HUE_FIRST, basic, oklab
from dltui.figures import ColorMap, Heatmap, Points


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


# How eyes without one kind of cones see linear light (Machado, Oliveira and Fernandes 2009, severity 1).
SIGHTS = {
    "normal": ((1, 0, 0), (0, 1, 0), (0, 0, 1)),
    "protanopia": ((0.152286, 1.052583, -0.204868), (0.114503, 0.786281, 0.099216), (-0.003882, -0.048116, 1.051998)),
    "deuteranopia": ((0.367322, 0.860646, -0.227968), (0.280085, 0.672501, 0.047413), (-0.01182, 0.04294, 0.968881)),
    "tritanopia": ((1.255528, -0.076749, -0.178779), (-0.078411, 0.930809, 0.147602), (0.004733, 0.691367, 0.3039)),
}  # fmt: skip
APART = [("normal", 0.09), ("protanopia", 0.09), ("deuteranopia", 0.09), ("tritanopia", 0.05)]
TEN_APART = [("normal", 0.08), ("protanopia", 0.08), ("deuteranopia", 0.08), ("tritanopia", 0.05)]


@pytest.mark.parametrize(
    ("sight", "least", "count"), [(*row, 8) for row in APART] + [(*row, 10) for row in TEN_APART]
)
def test_series_can_be_told_apart_by_every_eye(sight, least, count):
    share = np.array(SERIES[:count]) / 255
    linear = np.where(share <= 0.04045, share / 12.92, ((share + 0.055) / 1.055) ** 2.4)
    seen = np.clip(linear @ np.array(SIGHTS[sight]).T, 0, 1)
    lab = oklab(255 * np.where(seen <= 0.0031308, 12.92 * seen, 1.055 * seen ** (1 / 2.4) - 0.055))
    apart = np.linalg.norm(lab[:, None] - lab[None], axis=2) + 9 * np.eye(count)
    assert apart.min() >= least


def test_oklab_has_the_numbers_of_its_author():
    # B. Ottosson's table: XYZ of red, green and blue primaries of sRGB in OKLab
    found = oklab(np.array([[255, 255, 255], [255, 0, 0], [0, 255, 0], [0, 0, 255]]))
    wanted = [[1, 0, 0], [0.628, 0.2249, 0.1258], [0.8664, -0.2339, 0.1795], [0.452, -0.0325, -0.3115]]
    assert np.abs(found - wanted).max() < 2e-3


def test_basic_colours_are_the_most_alike():
    packed = np.array([(r << 16) | (g << 8) | b for r, g, b in BASIC], np.uint32)
    assert basic(packed).tolist() == list(range(16))
    rng = np.random.default_rng(0)
    colours = rng.integers(0, 256, (500, 3))
    off = oklab(colours)[:, None] - oklab(np.array(BASIC))
    far = np.sqrt(off**2 @ HUE_FIRST)
    found = basic((colours[:, 0] << 16 | colours[:, 1] << 8 | colours[:, 2]).astype(np.uint32))
    assert (far[np.arange(500), found] < far.min(axis=1) + 0.03).all()  # the table has five bits a channel


def test_ten_classes_have_a_colour_and_a_marker_each():
    assert len(set(SERIES)) == len(set(MARKERS)) == len(set(ASCII_MARKERS)) == 10


def test_series_stay_different_in_sixteen_colours():
    packed = np.array([(r << 16) | (g << 8) | b for r, g, b in SERIES], np.uint32)
    assert len(set(basic(packed).tolist())) == len(SERIES)


def test_sixteen_colours_are_written_and_read_back():
    canvas = Canvas(16, 1)
    canvas.text(0, 0, "x" * 16)
    for i, (red, green, blue) in enumerate(BASIC):
        canvas.front[0, i] = canvas.back[0, 15 - i] = red << 16 | green << 8 | blue
    (line,) = canvas.lines(Depth.BASIC)
    assert ";2;" not in line
    assert ";5;" not in line
    back = canvas_of([line])
    assert (back.front == canvas.front).all()
    assert (back.back == canvas.back).all()


class Tty:
    encoding = "utf-8"

    def isatty(self):
        return True


@pytest.mark.parametrize(
    ("environ", "depth"),
    [
        ({"TERM": "xterm"}, Depth.BASIC),
        ({"TERM": "linux"}, Depth.BASIC),
        ({"TERM": "screen"}, Depth.BASIC),
        ({"TERM": "rxvt-16color"}, Depth.BASIC),
        ({"TERM": "xterm-256color"}, Depth.PALETTE),
        ({"TERM": "alacritty"}, Depth.PALETTE),
        ({"TERM": "xterm", "COLORTERM": "truecolor"}, Depth.TRUE),
        ({"TERM": "xterm-direct"}, Depth.TRUE),
        ({"TERM": "xterm-256color", "NO_COLOR": "1"}, Depth.NONE),
        ({"TERM": "dumb"}, Depth.NONE),
    ],
)
def test_depth_is_what_the_terminal_says(environ, depth):
    assert look_of(Tty(), environ).depth is depth


def test_the_users_own_map_replaces_the_default_one_alone():
    grid = np.arange(6.0)
    field = np.add.outer(grid, grid)

    def colours(colormap, own):
        figure = Heatmap(values=field, x=grid, y=grid, colormap=colormap)
        canvas = draw(figure, Look(width=60, height=20, depth=Depth.TRUE, colormap=own)).canvas
        return set(np.concatenate([canvas.front, canvas.back]).ravel().tolist())

    assert colours("viridis", "cividis") == colours("cividis", None) != colours("viridis", None)
    assert colours("coolwarm", "cividis") == colours("coolwarm", None)
    cloud = Points(position=np.random.default_rng(0).normal(size=(500, 3)), value=np.arange(500.0))
    mine, theirs = (
        draw(cloud, Look(width=60, depth=Depth.TRUE, colormap=own)).canvas.front for own in ("magma", None)
    )
    assert (mine != theirs).any()
