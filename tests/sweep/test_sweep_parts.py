"""What a sweep is made of: spaces, halving, importance, and Optuna's journal."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from dltui.errors import UsageError
from dltui.sweep.halving import Halving
from dltui.sweep.importance import explained, importances
from dltui.sweep.space import Parameter, assignments, drawn, grid, read_space
from dltui.sweep.tpe import Estimator
from dltui.training.recipes import find_recipe


def space(*texts: str) -> tuple[Parameter, ...]:
    return read_space(texts, find_recipe("digits-cnn"))


def test_spaces_are_read() -> None:
    lr, batch, warmup, rule = space(
        "optimizer.lr=log:1e-4..1e-1/4",
        "batch_size=16|32|64",
        "schedule.warmup=0..100",
        "optimizer=sgd|adamw",
    )
    assert lr.every() == [1e-4, 1e-3, 1e-2, 1e-1]
    assert (lr.at(0), lr.at(1), lr.at(0.5)) == (1e-4, 1e-1, float(f"{math.sqrt(1e-5):.4g}"))
    assert batch.choices == (16, 32, 64)
    assert warmup.whole
    assert isinstance(warmup.at(0.5), int)
    assert rule.choices == ("sgd", "adamw")
    for one in (lr, warmup):
        for place in (0.1, 0.5, 0.9):
            assert one.place(one.at(place)) == pytest.approx(place, abs=0.01)
    assert len(grid((lr, batch))) == 12
    assert assignments({"optimizer.lr": 3e-4, "batch_size": 16}) == ["optimizer.lr=0.0003", "batch_size=16"]


WRONG = {
    "nothing": ((), "nothing to search", "--search"),
    "field": (("optimizer.lrr=1|2",), "lrr", "optimizer.lr"),
    "value": (("epochs=0..10",), "epochs", "1"),
    "one": (("batch_size=16",), "nothing to choose", "two values"),
    "order": (("optimizer.lr=1..0.1",), "lower end first", ""),
    "log": (("optimizer.lr=log:0..0.1",), "above 0", ""),
    "number": (("optimizer.lr=a..b",), "can't read 'a'", "log:1e-4..1e-1"),
    "points": (("optimizer.lr=0.1..1/1",), "can't take '1' points", "at least 2"),
    "twice": (("optimizer.lr=0.1|1", "optimizer.lr=0.2|2"), "searched twice", ""),
    "text": (("optimizer.lr",), "can't read --search 'optimizer.lr'", "optimizer.lr=log:"),
}


@pytest.mark.parametrize("name", WRONG)
def test_wrong_spaces_are_told_in_a_sentence(name: str) -> None:
    texts, what, hint = WRONG[name]
    with pytest.raises(UsageError) as told:
        space(*texts)
    assert what in str(told.value)
    assert hint in str(told.value)


def test_a_grid_of_a_range_must_say_how_many_points() -> None:
    with pytest.raises(UsageError, match=r"write optimizer.lr=log:0.001..0.1/5"):
        grid(space("optimizer.lr=log:1e-3..1e-1"))


def test_draws_hang_on_seed_and_number_alone_and_fill_the_space_evenly() -> None:
    found = space("optimizer.lr=log:1e-4..1e-1", "batch_size=16|32|64|128")
    assert drawn(found, 3, 7) == drawn(found, 3, 7) != drawn(found, 3, 8)
    many = [drawn(found, 0, number) for number in range(2000)]
    decades = np.histogram([math.log10(float(one["optimizer.lr"])) for one in many], bins=3, range=(-4, -1))[
        0
    ]
    sizes = np.unique([one["batch_size"] for one in many], return_counts=True)[1]
    assert abs(decades - 2000 / 3).max() < 90  # four standard deviations
    assert abs(sizes - 500).max() < 80


def test_halving_lets_the_best_third_go_on() -> None:
    halving = Halving(lower=True, rungs=1)
    marks = [0.9, 0.5, 0.7, 0.4, 0.8, 0.6, 0.3]
    going = [halving.judge(str(trial), 1 / 3, mark) for trial, mark in enumerate(marks)]
    # the first two can't be compared yet; then the best third of 3, 4, 5, 6, 7 marks
    assert going == [True, True, False, True, False, False, True]
    assert halving.judge("0", 0.5, 9.0), "one mark a rung"
    assert not halving.judge("new", 0.4, math.nan)
    assert not Halving(lower=False).judge("x", 0.2, None)
    higher = Halving(lower=False, rungs=1)
    assert [higher.judge(str(trial), 0.4, mark) for trial, mark in enumerate([1, 2, 3, 0])] == [
        True,
        True,
        True,
        False,
    ]


def test_halving_saves_most_of_the_work_and_keeps_a_good_trial() -> None:
    """Curves that never cross: the best of 81 trials goes to the end, for a third of the steps of all."""
    random = np.random.default_rng(0)
    worth = random.permutation(81) / 81
    halving, steps, finished = Halving(lower=True), 0, []
    for trial, value in enumerate(worth):
        for step in range(1, 28):
            steps += 1
            if not halving.judge(str(trial), step / 27, float(value) + 1 / step):
                break
        else:
            finished.append(value)
    assert min(finished) == worth.min()
    assert steps < 0.35 * 27 * 81


def test_importance_is_the_first_order_sobol_index_where_that_is_known() -> None:
    """y = 2a + b + 0c with uniform a, b, c: 4/5, 1/5 and 0 of the variance."""
    random = np.random.default_rng(1)
    parts = [Parameter(name=name, low=0.0, high=1.0) for name in "abc"]
    trials = [dict(zip("abc", map(float, random.random(3)), strict=True)) for _ in range(400)]
    shares = importances(parts, trials, [2 * one["a"] + one["b"] for one in trials])
    assert shares is not None
    assert shares == pytest.approx({"a": 0.8, "b": 0.2, "c": 0.0}, abs=0.06)


def test_importance_of_noise_is_nothing_on_average() -> None:
    random = np.random.default_rng(2)
    found = [explained(random.integers(0, 4, 40), random.random(40)) for _ in range(200)]
    assert np.mean(found) < 0.05
    assert importances([], [], [1.0, 2.0]) is None
    assert importances([Parameter(name="a", low=0, high=1)], [{"a": 0.5}] * 9, [1.0] * 9) is None


def test_the_estimator_goes_on_from_its_journal_and_finds_the_valley(tmp_path: Path) -> None:
    parts = [Parameter(name="x", low=1e-4, high=1.0, log=True), Parameter(name="kind", choices=("a", "b"))]

    def worth(values: dict[str, object]) -> float:
        return (math.log10(float(str(values["x"]))) + 2) ** 2 + (values["kind"] == "b")

    estimator = Estimator(tmp_path, parts, seed=0, lower=True)
    for number in range(20):
        name = f"t{number}"
        values = estimator.propose(name)
        if number == 3:
            estimator.report(name, 1, 9.0)
            estimator.close(name, 9.0, pruned=True)
        else:
            estimator.close(name, worth(values), pruned=False)
    estimator.propose("lost")  # its sweep dies here
    again = Estimator(tmp_path, parts, seed=0, lower=True)
    late = []
    for number in range(20, 40):
        values = again.propose(f"t{number}")
        late.append(worth(values))
        again.close(f"t{number}", late[-1], pruned=False)
    assert np.median(late) < 0.3  # at random it would be about 1.1
    states = [trial.state.name for trial in again._study.get_trials()]
    assert states.count("COMPLETE") == 39
    assert states.count("PRUNED") == states.count("FAIL") == 1
    assert not list(tmp_path.glob("*.db"))
