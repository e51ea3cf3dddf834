"""What the exhibits on optimisers share: maps with walks, and a network whose parameters are one vector."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from dltui.descent.plain import Gradient
from dltui.descent.surfaces import parabola, pass_saddle, ravine
from dltui.descent.walk import walk
from dltui.figures import Heatmap, Lines
from dltui.jobs import Engine
from dltui.jobs.perform import Moment, Newest, Said, Setting, play
from dltui.lab import EXHIBITS
from dltui.lab.optimisers.maps import arrows, ground, losses, moments, pair
from dltui.lab.optimisers.net import Net, pictures, trained
from dltui.lab.run import run
from dltui.results import load as opened


def test_moments_hold_both_ends() -> None:
    assert moments(3) == [0, 1, 2, 3]
    assert moments(0) == [0]
    long = moments(1000, 10)
    assert (long[0], long[-1], len(long)) == (0, 1000, 11)


def test_a_map_grows_to_hold_a_start_and_cuts_what_leaves_it() -> None:
    way = walk(ravine(), Gradient(lr=0.021), (10.0, 5.0), 30)
    shown = ground(ravine(), {"path": way})
    assert isinstance(shown, Heatmap)
    assert shown.y[-1] > 5.0
    assert shown.x[0] == -11.0
    path = shown.paths[0]
    assert (path.x[0], path.y[0]) == (10.0, 5.0)
    assert np.isnan(path.y[-1]), "the path has left the map"
    assert shown.scale == "symlog"
    assert shown.values[0, 0] == pytest.approx(float(ravine().value(np.array((shown.x[0], shown.y[0])))))


def test_a_curve_shows_the_points_so_far() -> None:
    way = walk(parabola(), Gradient(lr=0.1), steps=9)
    shown = ground(parabola(), {"path": way}, now=2)
    assert isinstance(shown, Lines)
    assert shown.series[1].x == pytest.approx((1.0, 0.8, 0.64))


def test_losses_below_zero_are_not_on_a_log_scale() -> None:
    down = walk(pass_saddle(), Gradient(lr=0.1), (1.0, 0.1), 60)
    assert losses({"down": down}).y_scale == "linear"
    assert losses({"bowl": walk(parabola(), Gradient(lr=0.1), steps=5)}).y_scale == "log"
    gone = walk(ravine(), Gradient(lr=1.0), steps=50)
    assert "ran away" in losses({"gone": gone}).caption


def test_arrows_end_where_the_moves_end() -> None:
    path = arrows("g", np.zeros((2, 2)), np.array(((1.0, 0.0), (0.0, 2.0))))
    assert len(path.x) == 12
    assert (path.x[1], path.y[1]) == (1.0, 0.0)
    assert (path.x[7], path.y[7]) == (0.0, 2.0)
    assert np.isnan(path.x[5])


def test_pair() -> None:
    assert pair((0.5, -1)) == "(0.5, −1)"
    assert pair(np.array([2.0])) == "2"


def test_adam_stops_where_a_typed_formula_has_no_value() -> None:
    shown = run("adam-trace", {"source": "typed", "f": "log(x*y)"}).document()
    told = shown["numbers"]
    assert told["ended"] == "stopped before step 12: L has no slope there; try a smaller rate"
    assert told["ended"] in shown["title"]
    assert told["loss"] is None
    assert np.isfinite(told["theta"]).all()
    assert not run("adam-trace", {"source": "typed"}).numbers["ended"]


def test_network_learns_and_cuts_theta_into_its_parts() -> None:
    net = Net((64, 8, 10))
    assert net.size == sum(net.counts) == 64 * 8 + 8 + 80 + 10
    theta = net.start(0)
    assert [part.shape for part in net.parts(theta)] == [*net.shapes.values()]
    way = trained(net, Gradient(lr=0.5), 40, samples=200, batch=50, seed=0)
    x, y = pictures(200)
    assert way.values[-1] < way.values[0] / 2
    assert net.accuracy(way.points[-1], x, y) > net.accuracy(theta, x, y) + 0.3
    again = trained(net, Gradient(lr=0.5), 40, samples=200, batch=50, seed=0)
    assert (again.points == way.points).all()


OPTIMISERS = [name for name in EXHIBITS if EXHIBITS.entry(name).family == "optimisers"]
JOBS: dict[str, dict[str, Any]] = {
    "ravine-zigzag": {"kappa": 30.0, "steps": 20},
    "lr-schedules": {"end": 0.1, "total": 20},
    "newton-root": {"f": "cosine"},
}


@pytest.mark.parametrize("name", OPTIMISERS)
def test_played_as_on_a_screen_it_gives_the_same_numbers_and_short_headings(name: str) -> None:
    said: list[Said] = []
    play(name, Setting(1, {}), Newest(), said.append)
    moments_of = [one for one in said if isinstance(one, Moment)]
    assert moments_of[-1].shown.numbers == run(name).numbers
    assert max(len(one.shown.title) for one in moments_of) <= 80, moments_of[-1].shown.title
    steps = [one.shown.numbers.get("step", 0) for one in moments_of]
    assert steps == sorted(steps), "play does not go forward"


def test_jobs_of_a_batch_keep_the_same_numbers() -> None:
    engine = Engine(size=1)
    try:
        for name, knobs in JOBS.items():
            job = engine.submit(f"lab run {name}", knobs)
            assert job.wait(60), name
            assert job.state == "done", job.failure
            assert job.path is not None
            kept = json.loads(json.dumps(opened(job.path).document()))
            known = json.loads(json.dumps(run(name, knobs).document()))
            assert kept["numbers"] == known["numbers"], name
    finally:
        engine.close()
