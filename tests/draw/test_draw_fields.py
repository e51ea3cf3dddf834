"""Heat maps against colours computed cell by cell, and frames against the axes they invert."""

from dataclasses import replace

import numpy as np
import pytest
from figure_samples import field

from dltui.draw import Depth, Look, View, draw
from dltui.draw.blocks import HOLE
from dltui.draw.canvas import NO_COLOUR
from dltui.draw.colors import packed_of, ramp
from dltui.draw.fields import resample
from dltui.draw.glyphs import Glyphs
from dltui.draw.heatmap import BETWEEN
from dltui.figures import Heatmap, Lines, Mark, Series

TRUE = Look(width=80, height=24, depth=Depth.TRUE)


def expected(value, low, high, name="viridis"):
    """Return the packed colour of one value."""
    red, green, blue = (int(part) for part in ramp(name)[int((value - low) / (high - low) * 255 + 0.5)])
    return (red << 16) | (green << 8) | blue


@pytest.mark.parametrize("downwards", [False, True])
def test_each_half_cell_has_the_colour_of_the_value_below_it(downwards):
    values = np.random.default_rng(0).random((6, 9))
    figure = Heatmap(values=values, x=np.arange(9.0), y=np.arange(6.0), downwards=downwards)
    drawing = draw(figure, TRUE)
    frame, canvas = drawing.frame, drawing.canvas
    for row in range(frame.top, frame.top + frame.height):
        for column in range(frame.left, frame.left + frame.width):
            upper, lower = int(canvas.front[row, column]), int(canvas.back[row, column])
            if canvas.glyph[row, column] == ord(" "):
                upper = lower
            for half, colour in ((0.25, upper), (0.75, lower)):
                i = int((column - frame.left + 0.5) / frame.width * 9)
                j = int((row - frame.top + half) / frame.height * 6)
                value = values[j if downwards else 5 - j, i]
                assert colour == expected(value, values.min(), values.max())


def test_a_hole_is_hatched_and_has_no_ground():
    values = np.ones((4, 4))
    values[1:3, 1:3] = np.nan
    values[0, 0] = 0
    drawing = draw(Heatmap(values=values, x=np.arange(4.0), y=np.arange(4.0)), TRUE)
    frame = drawing.frame
    column, row = frame.left + frame.width // 2, frame.top + frame.height // 2
    assert drawing.canvas.glyph[row, column] == HOLE
    assert drawing.canvas.back[row, column] == NO_COLOUR


@pytest.mark.parametrize("colormap", ["coolwarm"])
def test_signed_values_are_centred_on_zero(colormap):
    values = np.array([[-1.0, 0.0, 4.0]])
    drawing = draw(Heatmap(values=values, x=np.arange(3.0), y=np.zeros(1), colormap=colormap), TRUE)
    frame = drawing.frame
    middle = drawing.canvas.back[frame.top + 1, frame.left + frame.width // 2]
    assert middle == expected(0.0, -4.0, 4.0, colormap)


def test_many_cells_in_a_pixel_show_their_mean():
    values = np.random.default_rng(1).random((60, 80))
    x, y = np.arange(80.0), np.arange(60.0)
    small = resample(values, x, y, np.linspace(-0.5, 79.5, 9), np.linspace(-0.5, 59.5, 7), smooth=False)
    np.testing.assert_allclose(small, values.reshape(6, 10, 8, 10).mean(axis=(1, 3)))


def test_smooth_pixels_are_bilinear():
    from scipy.interpolate import RegularGridInterpolator

    x, y, values = field()
    ends_x, ends_y = np.linspace(-1, 1, 91), np.linspace(-1, 1, 71)
    ours = resample(values, x, y, ends_x, ends_y, smooth=True)
    middle = np.meshgrid((ends_y[1:] + ends_y[:-1]) / 2, (ends_x[1:] + ends_x[:-1]) / 2, indexing="ij")
    np.testing.assert_allclose(ours, RegularGridInterpolator((y, x), values)(np.stack(middle, axis=-1)))


@pytest.mark.parametrize("scale", ["linear", "log", "symlog"])
def test_frames_lead_back_to_the_data(scale):
    x = np.linspace(1, 50, 40)
    figure = Lines(series=(Series(name="a", x=x, y=x**2),), x_scale=scale, y_scale=scale)
    drawing = draw(figure, TRUE)
    frame = drawing.frame
    for column, row in ((frame.left, frame.top), (frame.left + 20, frame.top + 9)):
        there = frame.data_at(column, row)
        marked = draw(figure, TRUE, View(cursor=there)).canvas
        assert (marked.glyph[frame.top : frame.top + frame.height, column] == ord("│")).any()
    assert frame.data_at(frame.left - 1, frame.top) is None


def test_the_cursor_reads_the_value_below_it():
    x, y, values = field()
    figure = Heatmap(values=values, x=x, y=y, x_label="α", y_label="β", value_label="loss")
    text = "\n".join(draw(figure, Look(width=100), View(cursor=(float(x[3]), float(y[5])))).canvas.plain())
    assert f"loss {values[5, 3]:.4g}" in text


def test_marks_stand_where_they_belong():
    x, y, values = field()
    figure = Heatmap(values=values, x=x, y=y, marks=(Mark(name="θ*", x=0.5, y=-0.5),))
    drawing = draw(figure, TRUE)
    area = drawing.canvas.glyph[drawing.frame.top : drawing.frame.top + drawing.frame.height]
    row, column = np.argwhere(area == ord("●"))[0]
    there = drawing.frame.data_at(int(column), int(row) + drawing.frame.top)
    assert there == pytest.approx((0.5, -0.5), abs=0.06)


def tiles(count=4, size=6, gap=2):
    """Return small fields side by side, with a gap between two."""
    values = np.ones((size, count * (size + gap) - gap))
    values[:, [i for i in range(values.shape[1]) if i % (size + gap) >= size]] = np.nan
    x = (np.arange(values.shape[1]) - (size - 1) / 2) / (size + gap)
    names = tuple(f"H{i}" for i in range(count))
    return Heatmap(
        values=values, x=x, y=np.arange(size, dtype=float), column_names=names, fine=True, limits=(0.0, 1.0)
    )


@pytest.mark.parametrize("glyphs", [Glyphs.HALF, Glyphs.QUADRANT, Glyphs.SEXTANT])
@pytest.mark.parametrize("width", [33, 40, 57])
def test_small_fields_stay_apart_at_any_width(glyphs, width):
    drawing = draw(tiles(), Look(width, 14, Depth.TRUE, glyphs=glyphs), View())
    frame = drawing.frame
    area = np.s_[frame.top : frame.top + frame.height, frame.left : frame.left + frame.width]
    whole = drawing.canvas.back[area] == drawing.canvas.back[area].max()
    assert (drawing.canvas.back[area] == packed_of(BETWEEN)).any()
    assert whole.any(axis=1).all()
    stretches = np.flatnonzero(np.diff(np.concatenate([[0], whole[0].astype(int)])) == 1)
    assert len(stretches) == 4
    assert not (drawing.canvas.glyph[area] == HOLE).any()  # a gap has its own colour and is not hatched


@pytest.mark.parametrize("width", range(40, 60))
def test_small_fields_are_as_wide_as_each_other(width):
    figure = tiles(count=5, size=13, gap=3)
    values = np.pad(figure.values, ((0, 0), (0, 3)), constant_values=np.nan)
    figure = replace(figure, values=values, x=(np.arange(values.shape[1]) - 6) / 16)
    drawing = draw(figure, Look(width, 14, Depth.TRUE, glyphs=Glyphs.HALF), View())
    canvas, frame = drawing.canvas, drawing.frame
    row = canvas.back[frame.top, frame.left : frame.left + frame.width]
    ends = np.flatnonzero(np.diff(row == packed_of(BETWEEN), prepend=True))
    assert len(set(np.diff(ends[::2]).tolist())) == 1
    assert len(set((ends[1::2] - ends[::2][:5]).tolist())) == 1


def test_columns_bear_their_names():
    drawing = draw(tiles(), Look(60, 14, Depth.TRUE), View(cursor=(2.1, 1.0)))
    text = "\n".join("".join(map(chr, row)) for row in drawing.canvas.glyph.tolist())
    assert all(name in text for name in ("H0", "H1", "H2", "H3"))
    assert "┼ H2  y 1" in text
