"""What figures on paper promise: bars that stand on the ground, titles and words that are not cut, ticks of ours."""

from typing import Any

import numpy as np
import pytest

from dltui.draw.export.axes import TITLE, plate
from dltui.figures import Bars, Figure, Heatmap, Histogram, Lines, Series, Table


def on_paper(figure: Figure) -> Any:
    """Return a figure drawn on a matplotlib sheet."""
    sheet = pytest.importorskip("matplotlib.figure").Figure(figsize=(7.2, 3.9), layout="constrained")
    plate(sheet, figure)
    sheet.draw_without_rendering()
    return sheet


def curve(x: list[float], **settings: Any) -> Lines:
    """Return one curve."""
    return Lines(title="Curve", series=(Series(name="a", x=np.array(x), y=np.ones(len(x))),), **settings)


def test_bars_of_a_histogram_by_powers_stand_on_the_ground_and_a_single_count_is_seen() -> None:
    figure = Histogram(title="Norms", edges=np.arange(5.0), counts=np.array([1000, 10, 0, 1]), scale="log")
    (stairs,) = on_paper(figure).axes[0].patches
    values, _, baseline = stairs.get_data()
    assert baseline == 0.5
    assert values.tolist() == [1000, 10, 0.5, 1]


def test_a_long_title_is_told_on_several_lines() -> None:
    title = "Change by tensor · run digits-lenet-31f9, step 0 → run digits-lenet-31f9, step 1125"
    for figure in (
        Bars(title=title, labels=("a",), values=np.ones(1)),
        Table(title=title, columns=(), rows=()),
    ):
        sheet = on_paper(figure)
        told = sheet.get_suptitle() or sheet.axes[0].get_title()
        assert told.replace("\n", " ") == title
        assert max(map(len, told.split("\n"))) <= TITLE


def test_words_that_go_on_below_stand_below_each_other() -> None:
    told = "Clouds of points from ten shapes, such as sphere, torus, cone, helix and Möbius band, stretched and turned."
    rows = (("shapes3d", 1.5, told), ("a row that is quite as long as the whole sheet is wide", 2.0, told))
    sheet = on_paper(Table(title="Data", columns=("name", "number", "told"), rows=rows))
    at = {text.get_text().replace("\u00a0", " "): text.get_position() for text in sheet.axes[0].texts}
    columns = {x for words, (x, _) in at.items() if words in told}
    assert len([words for words in at if words in told]) > 2
    assert len(columns) == 1
    box = sheet.axes[0].get_window_extent()
    assert box.width > 0.95 * sheet.bbox.width  # long lines don't make it narrower


def test_ticks_of_a_bent_axis_are_ours_and_places_that_are_counted_have_whole_ones() -> None:
    chart = on_paper(curve([-0.1, -0.001, 0, 0.001, 0.1, 10], x_scale="symlog")).axes[0]
    places = np.sort([tick.get_window_extent().x0 for tick in chart.get_xticklabels()])
    assert len(chart.get_xticks(minor=True)) == 0
    assert np.diff(places).min() > 12, "ticks lie on each other"
    layers = on_paper(curve([1, 2, 3, 4])).axes[0].get_xticks()
    assert (layers == np.round(layers)).all()


@pytest.mark.parametrize(
    ("limits", "ends"),
    [(None, "neither"), ((0.0, 9.0), "neither"), ((0.0, 4.0), "max"), ((2.0, 4.0), "both")],
)
def test_a_colour_bar_shows_that_there_are_values_beyond_it(
    limits: tuple[float, float] | None, ends: str
) -> None:
    places = np.arange(3.0)
    figure = Heatmap(title="Heads", values=np.arange(9.0).reshape(3, 3), x=places, y=places, limits=limits)
    assert on_paper(figure).axes[0].collections[0].colorbar.extend == ends
