"""Many curves: each is told apart, with colour and without, on screens, on paper and in a page."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from dltui.draw import draw, save
from dltui.draw.colors import SERIES
from dltui.draw.export.axes import plate
from dltui.draw.layout import ticked
from dltui.draw.look import Depth, Look
from dltui.draw.panels import PLAIN
from dltui.draw.printing import render
from dltui.draw.scales import Axis
from dltui.draw.view import View
from dltui.figures import Lines, Series

X = np.linspace(0, 1, 30)


def level(count: int, *, points: bool = False) -> Lines:
    """Return curves that stay at 0, 1, 2 …, and where asked for points that climb."""
    series = [Series(name=f"curve {i}", x=X, y=np.full(30, float(i))) for i in range(count)]
    if points:
        series.append(Series(name="chance", x=X, y=X * (count - 1), marks=True))
    return Lines(title="Many", series=tuple(series), x_label="share", y_label="score")


def dots(lines: list[str]) -> int:
    """Return how many cells hold dots."""
    return sum("\u2800" < sign <= "\u28ff" for line in lines for sign in line)


@pytest.mark.parametrize(("width", "height"), [(80, None), (120, None), (80, 24), (120, 40), (200, 60)])
def test_without_colour_each_of_many_curves_has_a_chart_of_its_own(width: int, height: int | None) -> None:
    drawn = draw(level(12), Look(width=width, height=height))
    lines = drawn.canvas.plain()
    assert all(f"curve {i}" in "\n".join(lines) for i in range(12))
    assert drawn.frame is not None
    assert drawn.frame.width < width / 2
    assert dots(lines) == 12 * drawn.frame.width, "nothing but one level in each"


@pytest.mark.parametrize(("depth", "most"), [(Depth.NONE, PLAIN), (Depth.TRUE, len(SERIES))])
def test_few_curves_share_one_chart(depth: Depth, most: int) -> None:
    for count, alone in ((most, False), (most + 1, True)):
        frame = draw(level(count), Look(width=80, depth=depth)).frame
        assert frame is not None
        assert (frame.width < 40) == alone
        printed = render(level(count), Look(width=80, depth=depth))
        assert sum("└" in line for line in printed) == (1 if not alone else -(-count // 4))


def test_points_of_a_few_curves_stay_with_them() -> None:
    few = level(3)
    points = tuple(Series(name=f"flat {i}", x=X[:5], y=np.full(5, float(i)), marks=True) for i in range(3))
    frame = draw(replace(few, series=(*few.series, *points)), Look(width=80)).frame
    assert frame is not None
    assert frame.width > 70


def test_points_are_on_every_chart_to_compare_with() -> None:
    lines = draw(level(8, points=True), Look(width=80)).canvas.plain()
    assert lines[1].strip() == "score  ▼ chance"
    assert sum(line.count("▼") for line in lines[2:]) >= 8 * 4
    assert "chance" not in "\n".join(lines[2:])


def test_a_cursor_reads_every_chart_beside_its_name() -> None:
    lines = draw(level(8), Look(width=80), View(cursor=(0.5, 0.0))).canvas.plain()
    assert all(f"curve {i} {i}" in "\n".join(lines) for i in range(8))
    assert "share 0.5" in lines[1]


def test_where_there_is_no_room_one_chart_has_all() -> None:
    frame = draw(level(12), Look(width=80, height=10)).frame
    assert frame is not None
    assert frame.width > 70


def test_a_legend_names_all_curves_or_says_that_it_does_not() -> None:
    long = level(len(SERIES))
    names = [f"a method with a long name, {i}" for i in range(len(SERIES))]
    series = tuple(Series(name=name, x=X, y=one.y) for name, one in zip(names, long.series, strict=True))
    figure = Lines(title="Many", series=series, y_label="score")
    look = Look(width=80, depth=Depth.TRUE)
    for lines in (render(figure, look), draw(figure, look).canvas.plain()):
        assert all(name in "\n".join(lines) for name in names)
    short = draw(figure, Look(width=80, height=24, depth=Depth.TRUE)).canvas.plain()
    assert names[-1] not in "\n".join(short)
    assert short[3].endswith("…")


def test_colours_that_come_again_are_dashed_on_paper() -> None:
    sheet = pytest.importorskip("matplotlib.figure").Figure()
    plate(sheet, level(len(SERIES) + 2))
    styles = [line.get_linestyle() for line in sheet.axes[0].lines]
    assert styles == ["-"] * len(SERIES) + ["--"] * 2


def test_a_page_knows_the_place_of_each_colour(tmp_path: Path) -> None:
    figure = Lines(title="One", series=(Series(name="a", x=X, y=X, tint=7),))
    save([figure], tmp_path / "one.html")
    text = (tmp_path / "one.html").read_text("utf-8")
    found = text.split('id="figures">')[1].split("</script>")[0]
    assert json.loads(found)[0]["series"][0]["tint"] == 7


@pytest.mark.parametrize("near", [0.11, 0.16, 0.04])
def test_the_name_of_a_level_is_not_lost_under_a_curve(near: float) -> None:
    series = (Series(name="a", x=X, y=np.full(30, near)), Series(name="b", x=X, y=np.ones(30)))
    figure = Lines(series=series, levels=((0.1, "always 6"),))
    assert "always 6" in "\n".join(draw(figure, Look(width=80, depth=Depth.TRUE)).canvas.plain())


def test_an_axis_never_has_a_single_number() -> None:
    """With four numbers at most it is 0 alone, from −4.3 to 4.3."""
    axis = Axis(-4.3, 4.3)
    assert len(axis.ticks(4)) == 1
    assert [text for _, text in ticked(axis, 4)] == ["−4", "−2", "0", "2", "4"]
