"""Each rule of the diagnosis, on rows that were written for it and on real trainings that are ill."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from dltui.runs.digest import digest_of
from dltui.runs.metrics import Row
from dltui.watching import Course, Finding, course_of, diagnose
from dltui.watching.rules import RULES

from .conftest import digits, lenet, mlp, started, train  # noqa: TID252 - the tests of this folder share them

NOTES = Path(__file__).parents[2] / "shared" / "notes"
SGD, Adam = torch.optim.SGD, torch.optim.Adam


def rows(
    losses: Sequence[float | None], *, classes: int | None = 10, rate: float = 0.1, **more: object
) -> list[Row]:
    """A run of steps with some losses."""
    begun: Row = {"kind": "start", "step": 0, "seconds": 0.0, "classes": classes, "steps": len(losses)}
    return [
        begun | more,
        *(
            {"kind": "step", "step": n, "seconds": n / 10, "loss": loss, "learning_rate": rate}
            for n, loss in enumerate(losses, start=1)
        ),
    ]


def evals(train_losses: Sequence[float], test_losses: Sequence[float], *, ended: bool = True) -> list[Row]:
    """Evaluations, ten steps apart."""
    told: list[Row] = [
        {"kind": "eval", "step": 10 * n, "epoch": n, "train_loss": one, "test_loss": other}
        for n, (one, other) in enumerate(zip(train_losses, test_losses, strict=True), start=1)
    ]
    return [*told, {"kind": "end", "state": "done"}] if ended else told


def layers(name: str, values: Sequence[float | None], count: int = 6) -> list[Row]:
    """Looks at some layers that are all alike."""
    told = {f"layer{n}": value for n, value in enumerate(values)}
    return [{"kind": "layers", "step": 10 * n, "seconds": 1.0, name: told} for n in range(1, count)]


def found(told: list[Row] | Course) -> dict[str, Finding]:
    return {one.rule: one for one in diagnose(told if isinstance(told, Course) else course_of(told))}


FALLING = [2.3 * 0.97**n for n in range(200)]
NOISE = np.random.default_rng(0)

ILL: dict[str, list[Row]] = {
    "initial-loss": rows([27.2, *FALLING], classes=27),
    "not-finite": rows([*FALLING[:50], None]),
    "diverging": rows([2.3 * 1.02**n for n in range(100)]),
    "loss-jumps": rows([*FALLING[:120], 9.0, *FALLING[120:]]),
    "guessing": rows([math.log(10) + x for x in NOISE.normal(0, 0.02, 200)]),
    "plateau": rows([*FALLING[:20], *(1.8 + NOISE.normal(0, 0.02, 200))]),
    "overfitting": rows(FALLING) + evals([1.0, 0.5, 0.2, 0.1, 0.05], [1.1, 0.8, 0.9, 1.0, 1.2]),
    "underfitting": rows(FALLING[:20]) + evals([2.1, 1.9, 1.85, 1.84], [2.1, 1.9, 1.86, 1.85]),
    "train-on": rows(FALLING[:30]) + evals([2 * 0.8**n for n in range(8)], [2.1 * 0.8**n for n in range(8)]),
    "vanishing-gradients": rows(FALLING) + layers("grad_norm", [1e-5, 1e-3, 0.1, 1.0]),
    "exploding-gradients": rows(FALLING) + layers("grad_norm", [500.0, 50.0, 10.0, 1.0]),
    "dead-units": rows(FALLING) + layers("dead", [0.1, 0.8]),
    "large-steps": [row | {"update_ratio": 0.4} for row in rows(FALLING)],
    "small-steps": [row | {"update_ratio": 1e-8} for row in rows(FALLING)],
}  # fmt: skip


def test_every_rule_has_an_illness() -> None:
    assert set(ILL) == set(RULES)


@pytest.mark.parametrize("rule", ILL)
def test_rows_that_are_ill_are_found_out(rule: str) -> None:
    assert list(found(ILL[rule])) == [rule]


def test_healthy_rows_have_nothing() -> None:
    told = rows(FALLING) + layers("grad_norm", [0.3, 0.2, 0.5]) + layers("dead", [0.2, 0.4])
    told += evals([1.0, 0.4, 0.2, 0.1, 0.05, 0.03], [0.9, 0.4, 0.25, 0.15, 0.12, 0.12])
    assert found(told) == {}


@pytest.mark.parametrize("told", [[], rows([]), rows([None]), rows([2.3]), rows(FALLING[:5], classes=None)])
def test_little_is_no_illness(told: list[Row]) -> None:
    assert set(found(told)) <= {"not-finite"}


@pytest.mark.parametrize(
    ("loss", "classes", "ill"),
    [
        # notes 002a:tune-initial-loss: log 10 = 2.302585, log 1000 = 6.907755, log 4 = 1.386294
        (2.302585, 10, False), (6.907755, 1000, False), (1.386294, 4, False),
        # the limits: 0.25 ln C, but 0.3 at least
        (2.302585 * 1.249, 10, False), (2.302585 * 1.251, 10, True), (2.302585 * 0.749, 10, True),
        (0.693147 + 0.29, 2, False), (0.693147 + 0.31, 2, True),
    ],
)  # fmt: skip
def test_the_first_loss_is_measured_against_ln_c(loss: float, classes: int, ill: bool) -> None:
    assert ("initial-loss" in found(rows([loss, *FALLING], classes=classes))) is ill


def test_weights_that_are_not_fresh_may_begin_anywhere() -> None:
    assert "initial-loss" not in found(rows([0.1] * 9, resumed_from=400))
    assert "initial-loss" not in found(Course(digest_of(rows([0.1] * 9)), rows([0.1] * 9), fresh=False))


@pytest.mark.parametrize(("ratio", "ill"), [(1 / 99, False), (1 / 101, True), (99.0, False), (101.0, True)])
def test_the_depth_is_judged_by_the_tolerance_of_a_hundred(ratio: float, ill: bool) -> None:
    told = rows(FALLING) + layers("grad_norm", [2 * ratio, 2 * ratio**0.5, 2.0])
    rule = "vanishing-gradients" if ratio < 1 else "exploding-gradients"
    assert (rule in found(told)) is ill


def test_a_curve_is_judged_as_the_notes_do() -> None:
    # 002a:curve-diagnosis: big gap = overfit; small gap but both low = underfit; both still better = train on
    steps = rows(FALLING[:30])
    assert list(found(steps + evals([0.5, 0.3, 0.1], [1.5, 1.5, 1.5]))) == ["overfitting"]
    assert list(found(steps + evals([1.9, 1.9, 1.9], [1.9, 1.9, 1.9]))) == ["underfitting"]
    better = [2.0 * 0.85**n for n in range(8)]
    assert list(found(steps + evals(better, better))) == ["train-on"]


def test_a_probed_curvature_tells_the_limit_of_the_learning_rate() -> None:
    told = [
        *rows([2.3 * 1.02**n for n in range(100)]),
        {"kind": "probe", "step": 100, "top_eigenvalue": 40.0},
    ]
    # notes 002a:learning-rate: gradient descent diverges exactly when alpha > 2/k
    assert "2/λ = 0.05 is the limit of plain gradient descent; η = 0.1." in found(told)["diverging"].sentence


def test_sentences_hold_numbers_and_advice_and_point_to_the_notes() -> None:
    for told in ILL.values():
        (one,) = diagnose(course_of(told))
        assert any(sign.isdigit() for sign in one.sentence)
        assert one.advice.endswith(".")
        assert set(one.summary()) == {"rule", "severity", "sentence", "advice", "note"}
        document, _, row = one.note.partition(":")
        if (page := NOTES / f"{document}.md").is_file():
            assert f"| {row} |" in page.read_text(encoding="utf-8")


# real trainings


def trained(
    model: nn.Module, rule: Callable[..., torch.optim.Optimizer], rate: float, **how: object
) -> Course:
    data = how.pop("data", None) or digits()
    return train(model, rule(model.parameters(), lr=rate), data, **how)  # type: ignore[arg-type]


def test_healthy_trainings_give_no_alarm() -> None:
    assert set(found(trained(mlp(), Adam, 1e-3, steps=300))) == {"train-on"}
    assert found(trained(mlp(), SGD, 0.2, steps=300)) == {}
    cnn = lenet()
    course = train(cnn, torch.optim.AdamW(cnn.parameters(), lr=0.01, weight_decay=0.2), digits(), steps=200)
    assert found(course) == {}


@pytest.mark.parametrize(("rule", "rate"), [(SGD, 8.0), (Adam, 1.0)])
def test_a_learning_rate_that_is_too_high(rule: Callable[..., torch.optim.Optimizer], rate: float) -> None:
    told = found(trained(mlp(2), rule, rate, steps=120))
    assert told["diverging"].severity == "error"
    assert "dead-units" in told  # ReLUs do not survive it


def test_a_loss_that_is_not_finite() -> None:
    told = found(trained(mlp(2, act=nn.Tanh), SGD, 1e38, steps=30))
    assert "not-finite" in told
    assert told["not-finite"].severity == "error"


def test_relus_that_died_of_their_biases() -> None:
    model = mlp(3)
    for layer in model[:-1]:
        if isinstance(layer, nn.Linear):
            nn.init.constant_(layer.bias, -3.0)
    told = found(trained(model, SGD, 0.05, steps=100))
    assert told["dead-units"].severity == "error"
    assert told["guessing"].note == "003:ce-guess"


def test_dead_units_of_a_net_without_relu_modules() -> None:
    class Functional(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            torch.manual_seed(0)
            self.one, self.two = nn.Linear(64, 32), nn.Linear(32, 10)
            nn.init.constant_(self.one.bias[:24].data, -50.0)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return self.two(torch.relu(self.one(x)))  # type: ignore[no-any-return]

    course = trained(Functional(), SGD, 0.01, steps=60)
    table = course.layers["dead"]
    assert dict(zip(table.names, table.newest(1)[:, 0], strict=True)) == {"one": 0.75, "two": 0.0}
    assert "75 % of the units of one" in found(course)["dead-units"].sentence


def test_gradients_that_vanish_in_a_deep_net_of_sigmoids() -> None:
    told = found(trained(mlp(12, act=nn.Sigmoid), SGD, 0.1, steps=60))
    assert told["vanishing-gradients"].severity == "error"


def test_gradients_that_explode() -> None:
    told = found(trained(started(mlp(20), 3.0), SGD, 1e-9, steps=30))
    assert {"exploding-gradients", "initial-loss"} <= set(told)
    assert told["initial-loss"].note == "002a:tune-initial-loss"


def test_overfitting_to_sixty_digits() -> None:
    assert list(found(trained(mlp(2, 256), Adam, 3e-3, data=digits(60), steps=300))) == ["overfitting"]


def test_underfitting_by_two_units_and_the_plateau_before_its_end() -> None:
    course = trained(mlp(1, 2), Adam, 0.01, steps=500, judged=100)
    assert list(found(course)) == ["underfitting"]
    course.__dict__["end"] = {}  # as if it still went on
    assert set(found(course)) <= {"plateau"}


def test_a_step_size_that_moves_nothing() -> None:
    told = found(trained(mlp(), SGD, 1e-7, steps=100))
    assert {"guessing", "small-steps"} <= set(told)
