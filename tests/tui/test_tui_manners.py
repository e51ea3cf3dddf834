"""Keys and mouse without a terminal: from one view to the next."""

from dataclasses import replace

import numpy as np
import pytest

from dltui.draw import draw
from dltui.draw.look import Depth, Look
from dltui.draw.view import View
from dltui.figures import Figure, Heatmap, Histogram, Lines, Points, Prose, Series, Surface, Table
from dltui.tui.manners import Manner, Plane, Reading, Turning, manner_of
from dltui.tui.manners.reading import last_offset

LOOK = Look(width=80, height=24, depth=Depth.TRUE)
X = np.linspace(-2, 2, 17)
Y = np.linspace(-1, 1, 9)
VALUES = np.add.outer(10 * Y, X)
STEP = np.arange(200.0)


def heatmap(**named: object) -> Heatmap:
    return Heatmap(values=VALUES, x=X, y=Y, x_label="a", y_label="b", value_label="v", **named)  # type: ignore[arg-type]


def lines(**named: object) -> Lines:
    one, two = Series(name="one", x=STEP, y=1 + STEP), Series(name="two", x=STEP, y=400 - STEP)
    return Lines(series=(one, two), x_label="step", **named)  # type: ignore[arg-type]


def cloud(dims: int) -> Points:
    return Points(position=np.random.default_rng(0).normal(size=(50, dims)))


def shown(figure: Figure, view: View | None = None) -> tuple[Manner, View]:
    """A manner that has seen its figure drawn."""
    manner, view = manner_of(figure), view or View()
    manner.drawn(draw(figure, LOOK, view), view, LOOK)
    return manner, view


@pytest.mark.parametrize(
    ("figure", "kind"),
    [
        (Surface(values=VALUES, x=X, y=Y), Turning),
        (cloud(3), Turning),
        (cloud(2), Plane),
        (heatmap(), Plane),
        (lines(), Plane),
        (Histogram(edges=np.arange(4.0), counts=np.array([1, 2, 3])), Plane),
        (Table(columns=("a",), rows=((1,),)), Reading),
        (Prose(text="a"), Reading),
    ],
)
def test_every_kind_of_figure_has_its_manner(figure: Figure, kind: type) -> None:
    assert isinstance(manner_of(figure), kind)


def test_surface_turns_all_the_way_round_and_tips_to_its_poles() -> None:
    manner, view = shown(Surface(values=VALUES, x=X, y=Y))
    assert manner.move(view, 1, 0).azimuth > view.azimuth
    for _ in range(60):
        view = manner.move(view, 1, 1)
    assert 0 <= view.azimuth < 360
    assert view.elevation == 90
    assert manner.drag(View(), 4, 0).azimuth != View().azimuth
    assert manner.zoom(View(), 3).zoom > 1 > manner.zoom(View(), -3).zoom
    assert "azimuth 35°" in manner.readout(View())
    assert "−12 … 12" in manner.readout(View())


def test_cursor_walks_over_a_heatmap_and_reads_the_array() -> None:
    manner, view = shown(heatmap())
    view = manner.move(view, 1, 0)  # the first key puts it in the middle
    assert view.cursor == (0.0, 0.0)
    for right, up, row, column in [(1, 0, 4, 9), (0, 1, 5, 9), (-1, 0, 5, 8), (0, -1, 4, 8)]:
        view = manner.move(view, right, up)
        assert view.cursor == (X[column], Y[row])
        assert manner.readout(view).endswith(f"v {VALUES[row, column]:g}".replace("-", "−"))
    for _ in range(40):
        view = manner.move(view, -1, -1)
    assert view.cursor == (X[0], Y[0])


def test_mouse_reads_the_cell_below_it() -> None:
    manner, view = shown(heatmap())
    frame = draw(heatmap(), LOOK, view).frame
    assert frame is not None
    view = manner.point(view, frame.left, frame.top)
    assert view.cursor == (X[0], Y[-1])
    assert manner.point(View(), 0, 0) == View()  # outside


def test_rows_that_grow_downwards_are_walked_as_they_are_seen() -> None:
    manner, view = shown(heatmap(downwards=True))
    view = manner.move(view, 0, 1)
    above = manner.move(view, 0, 1)
    assert view.cursor
    assert above.cursor
    assert above.cursor[1] < view.cursor[1]


@pytest.mark.parametrize("figure", [heatmap(), lines(), lines(x_scale="symlog", y_scale="log"), cloud(2)])
def test_zoom_keeps_inside_and_comes_back(figure: Figure) -> None:
    manner, view = shown(figure)
    whole = draw(figure, LOOK, view).frame
    assert whole is not None
    for _ in range(6):
        view = manner.zoom(view, 1, (40, 10))
        manner.drawn(draw(figure, LOOK, view), view, LOOK)
    assert view.x_range is not None
    assert view.y_range is not None
    slack = 1e-9 * (whole.x_range[1] - whole.x_range[0])
    assert whole.x_range[0] - slack <= view.x_range[0] < view.x_range[1] <= whole.x_range[1] + slack
    moved = manner.shift(view, 1, 0)
    assert moved.x_range is not None
    assert moved.x_range[0] > view.x_range[0]
    for _ in range(40):
        view = manner.zoom(view, -1)
        manner.drawn(draw(figure, LOOK, view), view, LOOK)
    assert (view.x_range, view.y_range) == (None, None)


def test_zoom_stops_before_numbers_run_out() -> None:
    manner, view = shown(lines())
    for _ in range(200):
        view = manner.zoom(view, 1)
        manner.drawn(draw(lines(), LOOK, view), view, LOOK)
    assert view.x_range is not None
    assert view.x_range[0] < view.x_range[1]


def test_dragging_moves_the_plane_with_the_mouse() -> None:
    manner, view = shown(lines())
    view = manner.zoom(view, 3, (40, 10))
    manner.drawn(draw(lines(), LOOK, view), view, LOOK)
    moved = manner.drag(view, 5, 0)
    assert moved.x_range
    assert view.x_range
    assert moved.x_range[0] < view.x_range[0]
    assert manner.drag(View(), 5, 5) == View()  # nothing to move while all is shown


def test_cursor_follows_a_curve_and_changes_to_the_other() -> None:
    manner, view = shown(lines())
    view = manner.move(view, 1, 0)
    assert view.cursor is not None
    x = view.cursor[0]
    assert view.cursor[1] == 1 + x
    view = manner.move(view, 1, 0)
    assert view.cursor is not None
    assert view.cursor[0] > x + 1
    view = manner.move(view, 0, -1)
    assert view.cursor is not None
    assert view.cursor[1] == 400 - view.cursor[0]
    assert manner.readout(view).startswith(f"step {view.cursor[0]:g}   two ")


def test_the_picture_follows_the_cursor_when_it_leaves() -> None:
    manner, view = shown(heatmap())
    view = replace(view, x_range=(-1.0, 1.0), y_range=(-0.5, 0.5), cursor=(1.0, 0.5))
    manner.drawn(draw(heatmap(), LOOK, view), view, LOOK)
    view = manner.move(view, 1, 0)
    assert view.cursor == (1.25, 0.5)
    assert view.x_range == (-0.75, 1.25)


def test_bins_and_points_are_read_one_by_one() -> None:
    manner, view = shown(Histogram(edges=np.arange(5.0), counts=np.array([1, 7, 2, 0])))
    assert manner.readout(manner.move(manner.move(view, 1, 0), 0, 1)) == "1 … 2   count 7"
    points = Points(
        position=np.array([[0.0, 0], [1, 0], [2, 0], [1, 5]]),
        group=np.array([0, 0, 1, 1]),
        group_names=("a", "b"),
    )
    manner, view = shown(points, View(cursor=(0.0, 0.0)))
    view = manner.move(view, 1, 0)
    assert view.cursor == (1.0, 0.0)
    assert manner.readout(manner.move(view, 1, 0)) == "x 2   y 0   b"
    assert manner.move(view, 0, 1).cursor == (1.0, 5.0)


@pytest.mark.parametrize("rows", [0, 1, 5, 18, 19, 20, 200])
def test_scrolling_ends_where_the_last_row_is_shown(rows: int) -> None:
    table = Table(columns=("n",), rows=tuple((n,) for n in range(rows)))
    last = last_offset(table, LOOK)
    text = "\n".join(draw(table, LOOK, View(offset=last)).canvas.plain())
    assert rows == 0 or str(rows - 1) in text
    if last:
        before = "\n".join(draw(table, LOOK, View(offset=last - 1)).canvas.plain()).split()
        assert str(rows - 1) not in before
    manner, view = shown(table)
    for _ in range(3):
        view = manner.move(view, 0, -1000)
    assert view.offset == last
    assert manner.move(view, 0, 1 << 30).offset == 0


def test_figures_without_values_are_looked_at_without_failing() -> None:
    empty = np.zeros(0)
    for figure in (
        Lines(series=()),
        Lines(series=(Series(name="none", x=empty, y=empty),)),
        Lines(series=(Series(name="nan", x=STEP, y=np.full(200, np.nan)),)),
        Heatmap(values=np.full((9, 17), np.nan), x=X, y=Y),
        Histogram(edges=np.arange(1.0), counts=empty),
        Points(position=np.zeros((1, 2))),
    ):
        manner, view = shown(figure)
        for after in (manner.move(view, 1, 1), manner.zoom(view, 1), manner.point(view, 40, 10)):
            assert isinstance(manner.readout(manner.move(after, 1, 0)), str)
            assert len(draw(figure, LOOK, after).canvas.plain()) == LOOK.height
