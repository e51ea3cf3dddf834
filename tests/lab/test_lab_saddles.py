"""The two-weight saddle: its numbers against numpy and scipy, and what it shows."""

from __future__ import annotations

import time
from typing import Any

import numpy as np
import pytest
from scipy.optimize import approx_fprime

import dltui.lab.geometry.two_weights as net
from dltui.figures import Heatmap, Lines, Steps, Table
from dltui.lab.run import live, run

NAME = "two-weight-saddle"


@pytest.mark.parametrize("point", [(0, 0), (1, 1), (2, 0.5), (0.5, 0.5), (-1.3, 0.7), (1.9, -2)])
def test_derivatives_against_scipy(point: tuple[float, float]) -> None:
    w = np.array(point, dtype=float)
    assert net.gradient(w) == pytest.approx(approx_fprime(w, lambda v: float(net.loss(*v)), 1e-7), abs=1e-4)
    rows = approx_fprime(w, net.gradient, 1e-7)
    assert net.hessian(w) == pytest.approx(rows, abs=1e-4)
    bend = net.curvature(w)
    assert net.hessian(w) @ bend.v_low == pytest.approx(bend.low * bend.v_low, abs=1e-12)
    assert bend.low + bend.high == pytest.approx(2 * (w**2).sum())
    assert net.gradient(w) @ bend.v_low <= 1e-12, "v₋ leads down"


def test_mesh_of_the_map() -> None:
    heat = run(NAME).shown[1]
    assert isinstance(heat, Heatmap)
    for i, j in ((0, 0), (13, 70), (40, 40)):
        assert heat.values[i, j] == pytest.approx((1 - heat.x[j] * heat.y[i]) ** 2)


def test_what_is_shown() -> None:
    kinds = [type(figure) for figure in run(NAME).shown]
    assert kinds[1:6] == [Heatmap, Lines, Lines, Table, Steps]


def test_default_stops_at_the_saddle() -> None:
    numbers = run(NAME).numbers
    assert numbers["verdict"] == "saddle"
    assert numbers["loss"] == pytest.approx(1, abs=1e-5)
    assert numbers["gradient_norm"] < 1e-3
    assert numbers["eigenvalues"] == pytest.approx([-2, 2], abs=1e-5)


@pytest.mark.parametrize(
    "knobs",
    [{"mode": "escape"}, {"noise": 0.05, "steps": 120}, {"w2": -1.1, "steps": 120}, {"w1": -1.2, "w2": 1.15}],
)
def test_what_to_try_gets_out(knobs: dict[str, Any]) -> None:
    assert run(NAME, {"steps": 60} | knobs).numbers["loss_after"] < 0.5


def test_patience_alone_does_not_help() -> None:
    assert run(NAME, {"steps": 500}).numbers["loss"] == pytest.approx(1)


def test_model_includes_the_slope() -> None:
    """Away from critical points the model is α·gᵀv + ½α²λ; its error shrinks with α³."""
    errors = []
    for alpha in (0.1, 0.05):
        found = run(NAME, {"w1": 0.5, "w2": 0.2, "steps": 0, "alpha": alpha}).numbers
        errors.append(abs(found["delta_exact"] - found["delta_model"]))
    assert errors[0] / errors[1] == pytest.approx(8, rel=0.1)


def test_running_away_is_said() -> None:
    last = run(NAME, {"w1": 2, "w2": 2, "lr": 1.0})
    assert "ran away" in last.title
    assert "--lr" in last.title


def test_seed_decides_the_noise() -> None:
    one, again, other = (run(NAME, {"noise": 0.2, "seed": seed}).numbers["w"] for seed in (3, 3, 4))
    assert one == again != other


def test_frames_follow_the_descent() -> None:
    steps = [one.numbers["step"] for one in live(NAME, {"steps": 30})]
    assert steps == list(range(31))
    leaps = [
        one.numbers["loss_after"] for one in live(NAME, {"mode": "escape", "w1": 0, "w2": 0, "steps": 0})
    ]
    assert len(leaps) == 11
    assert np.all(np.diff(leaps) < 0)


def test_fast_enough() -> None:
    run(NAME)
    started = time.perf_counter()
    run(NAME, {"steps": 500})
    assert time.perf_counter() - started < 0.25  # 50 ms on an idle machine
