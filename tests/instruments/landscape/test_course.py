"""Refinement by tolerance: what is promised of the cells in between holds, and no cell is computed for nothing."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import nn

from dltui.instruments.landscape import scan
from dltui.instruments.landscape.course import Course
from dltui.objective import Objective
from dltui.results.lattice import cells_by_lattice, lattices
from dltui.results.missed import missed
from dltui.results.refined import filled, spans_decades

Field = Callable[[np.ndarray, np.ndarray], np.ndarray]

FIELDS: dict[str, Field] = {
    "bowl": lambda x, y: 3 + x**2 + 2 * y**2,
    "steep": lambda x, y: np.exp(4 * (x**2 + y**2)) - 0.9,
    "wavy": lambda x, y: 3 + np.sin(6 * x) + np.cos(5 * y + x),
    "kink": lambda x, y: 1 + np.abs(x + 0.3 * y - 0.1),
    "needle": lambda x, y: 2 - np.exp(-80 * ((x - 0.5) ** 2 + (y + 0.5) ** 2)),
    "rough": lambda x, y: 2 + np.sin(40 * x) * np.cos(33 * y),
}


def run(field: Field, steps: int, tolerance: float) -> tuple[Course, np.ndarray, np.ndarray, list[int]]:
    ticks = np.linspace(-1, 1, steps)
    truth = field(*np.meshgrid(ticks, ticks))
    loss, known, sizes = np.full_like(truth, np.nan), np.zeros(truth.shape, bool), list[int]()
    course = Course(cells_by_lattice(steps, steps), truth.shape, tolerance)
    for batches in course.batches(loss):
        for cell in (cell for batch in batches for cell in batch):
            assert not known[cell], "no cell twice"
            loss[cell], known[cell] = truth[cell], True
        sizes.append(int(known.sum()))
    return course, truth, np.where(known, loss, np.nan), sizes


@pytest.mark.parametrize("tolerance", [0.05, 0.01, 0.001])
@pytest.mark.parametrize("name", FIELDS)
def test_the_error_is_within_the_bound_that_is_told(name: str, tolerance: float) -> None:
    course, truth, loss, sizes = run(FIELDS[name], 65, tolerance)
    known = np.isfinite(loss)
    if course.bound is None:
        assert known.all()
        return
    found = filled(loss, known)
    scaled = np.log if spans_decades(truth) else np.asarray
    error = np.abs(scaled(found) - scaled(truth)).max() / np.ptp(scaled(truth))
    assert error <= course.bound + 1e-12 <= 4 * tolerance + 1e-12
    assert sizes[-1] < 65**2


def test_smooth_fields_need_few_cells_and_rough_ones_all() -> None:
    assert run(FIELDS["bowl"], 65, 0.01)[3] == [25, 81]
    assert run(FIELDS["rough"], 65, 0.01)[3][-1] == 65**2
    assert run(FIELDS["rough"], 65, 0.01)[0].bound is None


def test_only_the_part_that_bends_goes_on() -> None:
    _, _, loss, sizes = run(FIELDS["needle"], 65, 0.01)
    known = np.isfinite(loss)
    assert sizes[-1] < 65**2 / 4
    assert known[:24, 41:].mean() > 3 * known[32:, :32].mean(), "the needle stands at α 0.5, β −0.5"


def test_no_tolerance_and_lines_compute_everything() -> None:
    batches = cells_by_lattice(9, 9)
    assert list(Course(batches, (9, 9), 0.0).batches(np.zeros((9, 9)))) == [batches]
    line = cells_by_lattice(1, 9)
    assert list(Course(line, (1, 9), 0.5).batches(np.zeros((1, 9)))) == [line]


def test_what_touches_a_hole_is_computed() -> None:
    def holed(x: np.ndarray, y: np.ndarray) -> np.ndarray:
        return np.where(x + y > 1.2, np.nan, 1 + x**2)

    _, truth, loss, _ = run(holed, 33, 0.02)
    ticks = np.linspace(-1, 1, 33)
    x, y = np.meshgrid(ticks, ticks)
    edge = np.abs(x + y - 1.2) < 0.06
    assert np.array_equal(np.isfinite(loss[edge]), np.isfinite(truth[edge])), "the edge is that of the truth"


def test_a_scan_by_tolerance_shows_the_picture_of_an_exact_one() -> None:
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(6, 16), nn.ReLU(), nn.Linear(16, 3))
    objective = Objective.bind(model, torch.randn(80, 6), torch.randint(0, 3, (80,)))
    exact = scan(objective, steps=33, distance=2)
    found = scan(objective, steps=33, distance=2, tolerance=0.02)
    assert found.known is not None
    assert found.bound is not None
    assert found.complete
    assert np.array_equal(found.loss[found.known], exact.loss[found.known])
    assert np.isnan(found.loss[~found.known]).all()
    scaled = np.log if spans_decades(exact.loss) else np.asarray
    error = np.abs(scaled(found.whole) - scaled(exact.loss)).max() / np.ptp(scaled(exact.loss))
    assert error <= found.bound
    told = found.figures()[0]
    assert f"{found.known.sum()} of 33 × 33 cells computed, the others interpolated, error ≤ " in told.caption
    assert np.isfinite(told.values).all()  # type: ignore[attr-defined]
    document = found.document()
    assert np.isfinite(document["loss"]).all()
    assert document["interpolation_error"] == found.bound
    assert np.array_equal(document["evaluated"], found.known)
    assert document["complete"]


def test_other_quantities_tell_how_far_interpolation_may_be_off() -> None:
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(6, 16), nn.Tanh(), nn.Linear(16, 3))
    x, y = torch.randn(160, 6), torch.randint(0, 3, (160,))
    train, held = Objective.bind(model, x[:80], y[:80]), Objective.bind(model, x[80:], y[80:])
    exact = scan(train, steps=33, distance=2, held_out=held, weight_decay=0.1)
    found = scan(train, steps=33, distance=2, held_out=held, weight_decay=0.1, tolerance=0.02)
    assert found.known is not None
    told = found.summary()["interpolation_errors"]
    assert told.keys() == {"accuracy", "test_loss", "test_accuracy"}
    for name, bound in told.items():
        truth = getattr(exact, name)
        scaled = np.log if spans_decades(truth) else np.asarray
        error = np.abs(scaled(filled(getattr(found, name), found.known)) - scaled(truth)).max() / np.ptp(
            scaled(truth)
        )
        assert 0 < error <= bound < 0.5, name
    maps = {one.title.split(" from above")[0]: one for one in found.figures() if "from above" in one.title}
    for name in ("Held-out loss", "Accuracy", "Held-out accuracy"):
        assert "% of its range where it could be tried" in maps[name].caption
    assert "% of the range of the loss" in maps["Regularised loss"].caption
    assert np.allclose(maps["Regularised loss"].values, found.whole + found.penalty)
    assert exact.summary()["interpolation_errors"] is None


def test_what_was_left_out_is_bounded_by_what_could_be_tried() -> None:
    for name in ("bowl", "steep", "wavy", "kink"):
        course, truth, loss, _ = run(FIELDS[name], 65, 0.01)
        known = np.isfinite(loss)
        if course.bound is not None:
            scaled = np.log if spans_decades(truth) else np.asarray
            error = np.abs(scaled(filled(loss, known)) - scaled(truth)).max() / np.ptp(scaled(truth))
            assert error <= missed(loss, known) + 1e-12 <= course.bound + 2e-12, name
    assert missed(truth, np.ones_like(truth, bool)) == 0


def test_the_lattices_of_sixty_five() -> None:
    assert [len(rows) for rows, _ in lattices(65, 65)] == [5, 9, 17, 33, 65]
