"""The atoms of a training step, against closed forms and torch's own."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from torch import nn

from dltui.errors import UsageError
from dltui.training import Settings
from dltui.training.settings import recipe
from dltui.training.steps import batch_count, batches, judge, loss_of, make_optimizer, rate_at


@pytest.mark.parametrize(
    ("count", "size", "sizes"),
    [
        (10, 4, [4, 4, 2]),
        (9, 4, [4, 5]),
        (8, 4, [4, 4]),
        (3, 10, [3]),
        (1, 4, [1]),
        (5, 1, [1, 1, 1, 1, 1]),
        (5, 4, [5]),
    ],
)
def test_batches_hold_every_row_once(count: int, size: int, sizes: list[int]) -> None:
    found = list(batches(count, size, seed=0, epoch=1))
    assert [len(rows) for rows in found] == sizes
    assert sorted(np.concatenate(found).tolist()) == list(range(count))
    assert batch_count(count, size) == len(sizes)


def test_the_order_depends_on_seed_and_epoch_alone() -> None:
    def order(seed: int, epoch: int) -> list[int]:
        return np.concatenate(list(batches(100, 7, seed=seed, epoch=epoch))).tolist()

    np.random.seed(1)
    assert order(0, 1) == order(0, 1)
    assert order(0, 1) != order(0, 2)
    assert order(0, 1) != order(1, 1)
    assert order(1, 2) != order(2, 1)


def test_cosine_is_torchs() -> None:
    settings = Settings(learning_rate=0.3, schedule="cosine")
    optimizer = torch.optim.SGD([nn.Parameter(torch.zeros(1))], lr=0.3)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=17)
    for step in range(17):
        assert math.isclose(
            rate_at(step, 17, settings), optimizer.param_groups[0]["lr"], rel_tol=1e-9, abs_tol=1e-12
        )
        optimizer.step()
        schedule.step()
    assert rate_at(9, 17, Settings(learning_rate=0.3, schedule="constant")) == 0.3


@pytest.mark.parametrize("name", ["sgd", "adam", "adamw"])
def test_optimizers_take_the_settings(name: str) -> None:
    optimizer = make_optimizer(
        nn.Linear(2, 2), Settings(optimizer=name, weight_decay=0.1, momentum=0.8, learning_rate=2)
    )  # type: ignore[arg-type]
    group = optimizer.param_groups[0]
    assert type(optimizer).__name__.lower() == name
    assert (group["lr"], group["weight_decay"]) == (2, 0.1)
    assert group.get("momentum", 0.8) == 0.8


def test_frozen_parameters_are_left_alone() -> None:
    module = nn.Linear(2, 2)
    module.bias.requires_grad_(False)
    assert make_optimizer(module, Settings()).param_groups[0]["params"] == [module.weight]


def test_judge_is_the_mean_over_all_samples_in_evaluation_mode() -> None:
    torch.manual_seed(0)
    module = nn.Sequential(nn.Linear(3, 8), nn.Dropout(0.5), nn.Linear(8, 4)).train()
    x, y = torch.randn(2500, 3), torch.randint(4, (2500,))
    loss, accuracy = judge(module, x, y, "classes")
    assert module.training
    outputs = module.eval()(x).detach()
    by_hand = -outputs.log_softmax(1)[torch.arange(2500), y].mean()
    assert math.isclose(loss, float(by_hand), rel_tol=1e-5)
    assert math.isclose(accuracy, float((outputs.argmax(1) == y).double().mean()))
    loss, accuracy = judge(nn.Identity(), x, x + 2, "numbers")
    assert math.isclose(loss, 4.0, rel_tol=1e-5)
    assert math.isnan(accuracy)


def test_squared_error_for_numbers() -> None:
    assert loss_of(torch.tensor([[1.0], [3.0]]), torch.tensor([[0.0], [1.0]]), "numbers") == 2.5


@pytest.mark.parametrize(
    ("wish", "sentence"),
    [
        ({"epochs": 0}, "epochs must be within 1 … 1e+06, not 0"),
        ({"batch_size": 0}, "batch size must be within 1"),
        ({"learning_rate": -1.0}, "learning rate must be within 0 … inf, not -1"),
        ({"learning_rate": math.nan}, "learning rate must be within 0 … inf, not nan"),
        ({"momentum": 1.0}, "momentum must be within 0 … 0.999999, not 1"),
        ({"weight_decay": -0.1}, "weight decay must be within 0 … inf, not -0.1"),
    ],
)
def test_settings_refuse(wish: dict[str, float], sentence: str) -> None:
    with pytest.raises(UsageError) as caught:
        Settings().changed(**wish)
    assert sentence in str(caught.value)


def test_recipes() -> None:
    assert recipe("mlp:width=3") == recipe("mlp") != Settings()
    assert recipe("my.own:net") == Settings()
    assert recipe("lenet").changed(epochs=3, optimizer=None) == recipe("lenet").changed(epochs=3)
