"""What the screens of landscapes, spectra and gradients make of their results, without a terminal."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dltui.commands.gradients_screen import MEASURES, UPDATE, bars, layer_lines, layer_page, measures
from dltui.commands.hessian_screen import by_layer, on_the_curve, pairs_of
from dltui.commands.landscape_screen import ground_step, middle, neighbour, spell, tell, window, with_slices
from dltui.draw.camera import camera_of
from dltui.draw.view import View
from dltui.errors import DltuiError
from dltui.figures import Lines, Surface
from dltui.results.gradients import GradientNorms
from dltui.results.landscape import Landscape
from dltui.tui.onward import origin
from dltui.tui.screens.measured import MeasuredScreen

from .conftest import spectrum  # noqa: TID252 - the tests of this folder share it


def bowl(center: tuple[float, float] = (0.0, 0.0)) -> Landscape:
    """α² + 10 β² + 1 over 5 × 9 cells around a spot."""
    alphas, betas = center[0] + np.linspace(-1, 1, 9), center[1] + np.linspace(-1, 1, 5)
    a, b = np.meshgrid(alphas, betas)
    return Landscape(
        title="bowl",
        alphas=alphas,
        betas=betas,
        loss=a**2 + 10 * b**2 + 1,
        center_loss=center[0] ** 2 + 10 * center[1] ** 2 + 1,
        model_loss=1.0,
        normalize="filter",
        samples=7,
        parameters=2,
        seed=0,
    )


@given(st.floats(0, 360), st.sampled_from([(1, 0), (-1, 0), (0, 1), (0, -1)]))
def test_a_step_goes_where_the_arrow_points_whichever_way_the_camera_is_turned(
    azimuth: float, arrow: tuple[int, int]
) -> None:
    across, along = ground_step(azimuth, *arrow)
    assert abs(across) + abs(along) == 1
    camera = camera_of(View(azimuth=azimuth, elevation=45), 100, 40, 0.5, (0, 0))
    column, row, _ = camera.see(np.array([0.0, across]), np.array([0.0, along]), np.zeros(2))
    right = (column[1] - column[0]) / camera.scale[0]
    away = -(row[1] - row[0]) / camera.scale[1] / math.sin(math.radians(45))
    assert np.dot((right, away), arrow) >= math.cos(math.radians(45)) - 1e-6


def test_walking_stops_at_the_borders_and_begins_in_the_middle() -> None:
    found = bowl()
    spot = neighbour(found, None, 1, 0)
    assert spot == (0.0, 0.0)
    for _ in range(20):
        spot = neighbour(found, spot, 1, -1)
    assert spot == (1.0, -1.0)


def test_the_read_out_tells_the_cell_and_not_its_neighbours() -> None:
    text = tell(bowl(), (0.26, 0.5))  # nearest cell: α 0.25, β 0.5
    assert "α 0.25" in text
    assert "β 0.5" in text
    assert f"{0.25**2 + 10 * 0.25 + 1:.4f}"[:6] in text


def test_slices_pass_through_the_cursor() -> None:
    found = bowl()
    chart = with_slices(found, found.figures(), (0.25, 0.5))[2]
    assert isinstance(chart, Lines)
    along_alpha, along_beta = chart.series
    np.testing.assert_allclose(along_alpha.y, found.alphas**2 + 10 * 0.25 + 1)
    np.testing.assert_allclose(along_beta.y, 0.25**2 + 10 * found.betas**2 + 1)  # type: ignore[operator]


def test_slices_without_a_cursor_pass_through_the_middle_of_the_scan() -> None:
    chart = bowl((0.5, -0.5)).figures()[2]
    assert isinstance(chart, Lines)
    np.testing.assert_allclose(chart.series[0].y, bowl((0.5, -0.5)).alphas ** 2 + 10 * 0.25 + 1)


def test_what_is_scanned_anew_is_what_is_shown_or_what_lies_around_the_cursor() -> None:
    found = bowl()
    assert window(found, View()) == ((0.0, 0.0), 0.25)
    assert window(found, View(cursor=(0.5, 0.5))) == ((0.5, 0.5), 0.25)
    centre, reach = window(found, View(x_range=(0.0, 0.5), y_range=(-0.25, 0.0), cursor=(0.5, 0.5)))
    assert centre == (0.25, -0.125)
    assert reach == 0.25
    line = replace(found, betas=None, loss=found.loss[:1])
    assert window(line, View(cursor=(0.5, 3.0))) == ((0.5, 0.0), 0.25)


@given(st.floats(-100, 100), st.floats(-100, 100))
def test_a_spot_that_is_spelled_reads_back_as_the_same_cell(alpha: float, beta: float) -> None:
    read = [float(part) for part in spell((alpha, beta), plane=True).split(",")]
    np.testing.assert_allclose(read, [alpha, beta], rtol=1e-5, atol=1e-300)
    assert "," not in spell((alpha, beta), plane=False)


def test_the_middle_of_a_scan_that_lies_elsewhere() -> None:
    assert middle(bowl((0.5, -0.25))) == (0.5, -0.25)


def test_eigenvalues_are_listed_from_the_largest_to_the_smallest_by_their_rank() -> None:
    pairs = pairs_of(spectrum())
    assert [(pair.place, pair.name, pair.value) for pair in pairs] == [
        (1, "λ₁", 8.0),
        (2, "λ₂", 3.0),
        (-1, "λ₁₂", -1.0),
    ]
    assert "fc1.bias (90%)" in by_layer(spectrum(), pairs[1]).caption
    assert by_layer(spectrum(), pairs[0]).values.sum() == pytest.approx(1)


def test_files_of_old_have_no_masses() -> None:
    old = replace(spectrum(), layers=[], top_masses=np.empty((0, 0)), bottom_masses=np.empty((0, 0)))
    assert [pair.mass.size for pair in pairs_of(old)] == [0, 0, 0]


def test_a_bound_is_marked_as_one() -> None:
    loose = replace(spectrum(), top_converged=np.array([True, False]), bottom_converged=np.array([False]))
    assert [pair.sure for pair in pairs_of(loose)] == [True, False, False]
    assert [pair.sure for pair in pairs_of(spectrum())] == [True, True, True]


def test_a_density_is_drawn_anew_in_another_bandwidth() -> None:
    found = replace(spectrum(), nodes=np.array([-1.0, 0.0, 8.0]), node_weights=np.array([0.1, 0.7, 0.2]))
    wide, narrow = found.smoothed(0.2), found.smoothed(0.01)
    assert wide.density.max() < narrow.density.max()
    assert wide.bandwidth == pytest.approx(20 * narrow.bandwidth)
    assert "bandwidth 20 % of λ" in wide.figures()[0].caption
    assert spectrum().smoothed(0.2).density is not None  # files of old keep theirs


def test_an_eigenvalue_is_found_on_the_density() -> None:
    chart = spectrum().figures()[0]
    x, y = on_the_curve(chart, 3.0)
    assert abs(x - 3.0) < 0.1
    assert y == pytest.approx(math.exp(-((x - 1) ** 2)))


def norms() -> GradientNorms:
    return GradientNorms(
        title="toy",
        loss=1.0,
        total_norm=5.0,
        names=["a", "b", "c"],
        shapes=[[2, 2], [9], []],
        grad_norms=np.array([3.0, 4.0, 0.0]),
        weight_norms=np.array([1.0, 8.0, 0.0]),
        samples=7,
    )


@pytest.mark.parametrize(
    ("measure", "expected"),
    list(zip(MEASURES, [[3, 4, 0], [3, 0.5, math.nan], [1, 8, 0], [1.5, 4 / 3, 0]], strict=True)),
)
def test_measures_of_the_layers(measure: str, expected: list[float]) -> None:
    drawn = bars(norms(), measure, by_size=False, log=False)
    assert drawn.labels == ("a", "b", "c")
    np.testing.assert_allclose(drawn.values, expected)


def test_the_layers_of_the_list_have_bars_of_their_norms() -> None:
    lines = [line.plain for line in layer_lines(norms())]
    assert [line.split()[0] for line in lines] == ["a", "b", "c"]
    assert [line.count("█") for line in lines] == [0, 6, 0]  # 4 is the largest, 3 the smallest above 0
    assert lines[0].split()[1] == "▊"


def test_the_page_of_a_layer_tells_what_is_known() -> None:
    page = layer_page(norms(), 1)
    assert dict(page.rows) == {  # type: ignore[arg-type]
        "shape": "9", "‖∇L‖": "4", "share of ‖∇L‖²": "64.0%", "‖w‖": "8", "‖∇L‖ / ‖w‖": "0.5",
    }  # fmt: skip
    moved = replace(norms(), update_norms=np.array([0.1, 0.2, 0.0]), learning_rate=0.1)
    assert measures(norms()) == MEASURES
    assert measures(moved) == (*MEASURES, UPDATE)
    assert ("‖Δw‖ / ‖w‖ of a step", "0.025") in layer_page(moved, 1).rows
    np.testing.assert_allclose(bars(moved, UPDATE, by_size=False, log=False).values, [0.1, 0.025, math.nan])


def test_layers_by_size() -> None:
    assert bars(norms(), "‖∇L‖", by_size=True, log=True).labels == ("b", "a", "c")
    assert bars(norms(), "‖∇L‖ / ‖w‖", by_size=True, log=True).labels[0] == "a"


def test_commands_that_look_on_keep_what_both_verbs_ask() -> None:
    made = origin("dltui landscape lenet --data digits --samples 99 --steps 11 --seed 3 --normalize layer")
    assert made.verb == "landscape"
    words = made.onward("hessian", at="0.5,0.25")
    assert words[:2] == ["hessian", "lenet"]
    assert dict(zip(words[2::2], words[3::2], strict=True)) == {
        "--samples": "99", "--at": "0.5,0.25", "--normalize": "layer", "--seed": "3",
    }  # fmt: skip
    again = made.onward("landscape", center="0.5,0.25", distance=0.1)
    assert again[again.index("--steps") + 1] == "11"
    assert again[again.index("--center") + 1] == "0.5,0.25"


def test_what_means_something_else_to_the_other_verb_is_left_behind() -> None:
    made = origin("dltui landscape resnet8 --exact --part both --samples 400")
    assert made.onward("hessian") == [
        "hessian",
        "resnet8",
        "--samples",
        "400",
    ]  # not its --exact: 75,290² numbers
    assert "--exact" in made.onward("landscape", distance=0.1)
    along = origin("dltui gradients run:latest --along-run --part test")
    assert along.onward("hessian") == ["hessian", "run:latest", "--part", "test"]


@pytest.mark.parametrize("command", ["", "dltui", "dltui lab run two-weight-saddle", "dltui nonsense lenet"])
def test_what_names_no_model_is_told(command: str) -> None:
    with pytest.raises(DltuiError, match="model|verb"):
        origin(command)


def test_a_surface_keeps_its_marks() -> None:
    surface = bowl((0.5, 0.0)).figures()[0]
    assert isinstance(surface, Surface)
    assert [mark.name for mark in surface.marks] == ["θ*"]


def test_result_of_a_job_that_ends_while_its_partial_one_is_drawn_is_shown_too() -> None:
    class Sudden:
        state, progress, failure, result, partial = "running", None, None, None, bowl()

        @property
        def over(self) -> bool:
            return self.state == "done"

    class Screen(MeasuredScreen):
        def __init__(self, job: Sudden) -> None:
            self._job, self._shower, self.shown = job, self.show, list[Landscape]()

        def show(self, found: Landscape, *, first: bool) -> None:
            assert first is (not self.shown)
            self.shown.append(found)
            job.state, job.result = "done", whole

        def tell(self, text: str) -> None:
            del text

    whole, job = bowl((1.0, 0.0)), Sudden()
    screen = Screen(job)
    screen._job_told(job)  # type: ignore[arg-type]
    screen._job_told(job)  # type: ignore[arg-type]
    assert screen.shown == [job.partial, whole]
    assert screen._job is None
