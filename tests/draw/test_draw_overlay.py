"""Heat maps over pictures: what is seen through, where the cursor stands, what is written to files."""

import csv
import json
import shutil
import subprocess
from dataclasses import replace
from importlib.resources import files
from pathlib import Path

import numpy as np
import pytest

from dltui.draw import draw, save
from dltui.draw.blending import DIM, blended, part_of, strength
from dltui.draw.colors import ramp
from dltui.draw.export.axes import plate
from dltui.draw.export.page import _data
from dltui.draw.look import Depth, Look
from dltui.draw.overlay import Grid, arranged, reading
from dltui.draw.view import View
from dltui.figures import Mark, Overlay

VALUES = np.array([[[0.0, 1.0], [-1.0, np.nan]], [[0.0, 0.25], [0.5, 0.75]]])
FIGURE = Overlay(
    title="Why",
    picture=np.full((4, 6), 0.8),
    values=VALUES,
    names=("signed", "other"),
    value_label="attribution",
    colormap="coolwarm",
    opacity=1.0,
)


def test_the_picture_is_seen_where_a_map_is_weak() -> None:
    colours = blended(FIGURE, 0, (2, 2))
    grey = np.full(3, 0.8 * DIM)
    assert np.allclose(colours[0, 0], grey)  # 0 is the quiet middle
    assert np.allclose(colours[0, 1], ramp("coolwarm")[-1] / 255)
    assert np.allclose(colours[1, 0], ramp("coolwarm")[0] / 255)
    assert np.allclose(colours[1, 1], grey)  # NaN
    assert np.allclose(blended(replace(FIGURE, opacity=0.0), 0, (2, 2)), grey)


def test_a_picture_alone_keeps_its_colours_and_needs_no_bar() -> None:
    red = replace(FIGURE, picture=np.broadcast_to([1.0, 0.0, 0.0], (4, 6, 3)), opacity=0.0, bare=False)
    canvas = draw(red, Look(width=40, height=12, depth=Depth.TRUE)).canvas
    assert "attribution" not in "".join(canvas.plain())
    assert (canvas.back == 0xFF0000).any()


def test_half_opacity_is_half_way() -> None:
    half = blended(replace(FIGURE, opacity=0.5), 0, (2, 2))[0, 1]
    assert np.allclose(half, (0.8 * DIM + ramp("coolwarm")[-1] / 255) / 2)


def test_unsigned_maps_are_quiet_at_their_low_end() -> None:
    assert strength(np.array([0.0, 0.5, 1.0, np.nan]), "viridis").tolist() == [0, 0.5, 1, 0]
    assert strength(np.array([0.0, 0.5, 1.0]), "coolwarm").tolist() == [1, 0, 1]


def test_maps_share_a_range_unless_each_has_its_own() -> None:
    assert FIGURE.ranges() == ((-1.0, 1.0), (-1.0, 1.0))
    own = replace(FIGURE, limits=((-2.0, 2.0), (-1.0, 1.0)))
    told = "\n".join(draw(own, Look(width=80, height=20, depth=Depth.TRUE)).canvas.plain())
    assert "attribution, of its largest" in told
    assert "of its largest" not in "\n".join(draw(FIGURE, Look(width=80, height=20)).canvas.plain())


def test_the_cursor_is_on_the_same_spot_of_every_pane() -> None:
    drawn = draw(FIGURE, Look(width=80, height=20, depth=Depth.TRUE), View(cursor=(1.0, 0.0)))
    lines = drawn.canvas.plain()
    assert "signed 1  other 0.25" in lines[1]
    marks = [
        (row, place) for row, line in enumerate(lines[2:]) for place, sign in enumerate(line) if sign == "┼"
    ]
    assert len(marks) == 3  # the bare picture and both maps
    frame = drawn.frame
    assert frame is not None
    seen = [frame.data_at(column, row + 2) for row, column in marks]
    assert [spot for spot in seen if spot is not None and round(spot[0]) == 1 and round(spot[1]) == 0]


@pytest.mark.parametrize("count", [1, 2, 3, 5, 12])
@pytest.mark.parametrize(("width", "height"), [(40, 12), (80, 20), (110, 36), (190, 55)])
def test_all_panes_are_seen(count: int, width: int, height: int) -> None:
    grid = arranged([""] * count, 1.0, 224, width, height)
    assert len(grid.below) == -(-count // grid.each_row)
    assert grid.top(len(grid.below)) <= height
    assert grid.each_row * (grid.columns + 2) - 2 <= width
    assert abs(grid.columns - 2 * grid.rows) <= 2


def test_a_single_pane_takes_what_there_is() -> None:
    assert arranged(["a"], 1.0, 224, 100, 21) == Grid(1, 40, 20, (1,))
    assert arranged(["a"], 1.0, 8, 43, 40) == Grid(1, 40, 20, (1,))  # five cells a pixel
    assert arranged(["a"], 1.0, 8, 15, 40) == Grid(1, 15, 8, (1,))  # one cell a pixel would cost too much


@pytest.mark.parametrize("height", [None, 24, 50])
def test_a_long_name_goes_on_below(height: int | None) -> None:
    """Twelve panes at 80 columns are narrower than the longest name, which only its own row of panes gives way to."""
    names = ("integrated-gradients", *(f"method {i}" for i in range(10)))
    figure = Overlay(picture=np.zeros((64, 64)), values=np.zeros((11, 64, 64)), names=names)
    lines = draw(figure, Look(width=80, height=height, depth=Depth.TRUE)).canvas.plain()
    row = next(i for i, line in enumerate(lines) if "integrated-" in line)
    assert "gradients" in lines[row + (height != 50)]
    assert all(any(name in line for line in lines) for name in names[1:])
    tiny = draw(figure, Look(width=46, height=18, depth=Depth.TRUE)).canvas.plain()
    assert any("int" in line for line in tiny)
    assert not any("gra" in line for line in tiny), "where all parts would be cut, there is only the first"
    grid = arranged(["", *names], 1.0, 64, 72, 22)
    assert grid.below == (2, *[1] * (len(grid.below) - 1))


def test_cells_lead_back_to_rows_and_columns() -> None:
    drawn = draw(FIGURE, Look(width=80, height=20, depth=Depth.TRUE))
    frame = drawn.frame
    assert frame is not None
    first = frame.data_at(frame.left, frame.top)
    last = frame.data_at(frame.left + frame.width - 1, frame.top + frame.height - 1)
    assert first is not None
    assert last is not None
    assert [round(part) for part in (*first, *last)] == [0, 0, 1, 1]
    assert reading(FIGURE, *last) == "row 1  column 1  signed nan  other 0.75"


def test_zooming_shows_a_part_of_picture_and_map() -> None:
    grid = np.arange(16.0).reshape(4, 4)
    assert part_of(grid, ((0.5, 1.0), (0.0, 0.25))).tolist() == [[8.0], [12.0]]
    left = draw(FIGURE, Look(width=80, height=20, depth=Depth.TRUE), View(x_range=(-0.5, 0.5)))
    whole = draw(FIGURE, Look(width=80, height=20, depth=Depth.TRUE))
    assert not np.array_equal(left.canvas.front, whole.canvas.front)


@pytest.mark.parametrize(("ascii_only", "below"), [(False, "═"), (True, "=")])
def test_without_colour_what_is_below_zero_is_dashed(ascii_only: bool, below: str) -> None:
    lines = draw(replace(FIGURE, bare=False), Look(width=60, height=16, ascii=ascii_only)).canvas.plain()
    assert any(below * 3 in line for line in lines)


def test_a_table_holds_every_value(tmp_path: Path) -> None:
    save([FIGURE], tmp_path / "why.csv")
    rows = list(csv.reader((tmp_path / "why.csv").read_text("utf-8").splitlines()))
    assert rows[0] == ["map", "row", "column", "value"]
    assert rows[2] == ["signed", "0", "1", "1.0"]
    assert len(rows) == 1 + VALUES.size


def test_signs_that_cancel_in_a_cell_are_still_seen() -> None:
    """A cell shows the mean of many pixels; the colours end at what is left of them, and the bar says so."""
    noise = np.random.default_rng(0).normal(size=(1, 256, 256))
    noise[0, :64, :64] += 0.2
    figure = Overlay(picture=np.zeros((256, 256)), values=noise, limits=((-3.0, 3.0),), colormap="coolwarm")
    drawn = draw(figure, Look(width=60, height=20, depth=Depth.TRUE))
    bar = [line.rpartition("╴")[2] for line in drawn.canvas.plain() if "╴" in line]
    assert 0 < max(float(text.replace("−", "-")) for text in bar) < 0.5
    near = draw(figure, Look(width=60, height=20, depth=Depth.TRUE), View(x_range=(0, 8), y_range=(0, 8)))
    bar = [line.rpartition("╴")[2] for line in near.canvas.plain() if "╴" in line]
    assert max(float(text.replace("−", "-")) for text in bar) >= 2  # single pixels are seen as they are


ALONE = replace(
    FIGURE,
    picture=np.broadcast_to([1.0, 0.0, 0.0], (4, 6, 3)),
    opacity=0.0,
    bare=False,
    marks=(Mark(name="here", x=1.0, y=0.0),),
)


@pytest.mark.parametrize("bare", [False, True])
def test_a_picture_alone_is_printed_in_its_colours_without_a_bar(bare: bool) -> None:
    sheet = pytest.importorskip("matplotlib.figure").Figure()
    plate(sheet, replace(ALONE, bare=bare))
    panes = [axes for axes in sheet.axes if axes.images]
    assert len(panes) == len(VALUES) + bare
    assert all(np.array_equal(np.unique(axes.images[0].get_array()[..., 0]), [1.0]) for axes in panes)
    assert not any(axes.images[0].get_array()[..., 1:].any() or axes.get_title() for axes in panes)
    veiled = pytest.importorskip("matplotlib.figure").Figure()
    plate(veiled, replace(ALONE, bare=bare, opacity=0.5))
    assert len(veiled.axes) == len(sheet.axes) + 1, "the bar"


def test_a_mark_is_on_the_same_spot_everywhere() -> None:
    """Row 0 and column 1 of two by two cells are the middle of the upper right quarter of four by six pixels."""
    sheet = pytest.importorskip("matplotlib.figure").Figure()
    plate(sheet, ALONE)
    star = sheet.axes[0].lines[0]
    assert [*star.get_xdata(), *star.get_ydata()] == [4.0, 0.5]
    drawn = draw(ALONE, Look(width=40, height=12, depth=Depth.TRUE))
    lines = drawn.canvas.plain()
    assert lines[1].startswith("● here")
    row, column = next((i, line.index("●")) for i, line in enumerate(lines) if i > 1 and "●" in line)
    assert drawn.frame is not None
    spot = drawn.frame.data_at(column, row)
    assert spot is not None
    assert (round(spot[0]), round(spot[1])) == (1, 0)
    assert ALONE.words().endswith("here at row 0, column 1.")


@pytest.mark.skipif(shutil.which("node") is None, reason="needs node to run the page's own code")
def test_a_page_shows_a_picture_alone_in_its_colours_and_lets_others_through() -> None:
    """Colours of the first pixel, number of bars and widths of panes, of figures whose maps hide nothing or all."""
    web = files("dltui.draw.export") / "web"
    whole = replace(ALONE, values=np.ones((1, 2, 2)), limits=((0.0, 1.0),), opacity=1.0, names=("other",))
    many = replace(whole, values=np.ones((11, 2, 2)), limits=(), names=(), bare=True)
    data = json.dumps([_data(figure) for figure in (replace(whole, opacity=0.0), whole, many)])
    code = (web / "axes.js").read_text("utf-8") + (web / "overlay.js").read_text("utf-8")
    asks = """
    let put, bars, made;
    function element() {
      const createImageData = (w, h) => ({ data: new Array(4 * w * h) });
      const pen = { createImageData, putImageData: (picture) => { put = picture.data; } };
      const appendChild = (child) => child, getContext = () => pen;
      const one = { style: {}, append() {}, appendChild, addEventListener() {}, getContext };
      made.push(one);
      return one;
    }
    document.createElement = element;
    stage = () => { bars += 1; };
    const seen = FIGURES.map((figure) => {
      [bars, made] = [0, []];
      drawOverlay(element(), figure);
      const widths = made.map((one) => one.style.width).filter(Boolean);
      return [put.slice(0, 3).map(Math.round), bars, widths];
    });
    console.log(JSON.stringify(seen));
    """
    maps = json.dumps({"coolwarm": ramp("coolwarm").tobytes().hex()})
    page = (
        f"const document = {{ getElementById: () => ({{ textContent: {maps!r} }}) }}; const FIGURES = {data};"
    )
    ran = subprocess.run(["node", "-e", page + code + asks], capture_output=True, text=True)
    assert not ran.returncode, ran.stderr
    seen = json.loads(ran.stdout)
    red = ramp("coolwarm")[-1].tolist()
    assert [told[:2] for told in seen] == [[[255, 0, 0], 0], [red, 1], [red, 1]]
    assert [told[2] for told in seen] == [["600px"], ["600px"], ["222px"] * 12], (
        "a line of panes fills the page"
    )
