"""Which samples each step takes, and how they are judged."""

from __future__ import annotations

import math
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from torch import nn

from dltui.data import load
from dltui.errors import UsageError
from dltui.training.engine import Plain
from dltui.training.feed import Feed, batches, bounds
from dltui.training.losses import judge, make_loss, metrics_of
from dltui.training.recipe import Recipe

CPU = Plain(torch.device("cpu"), torch.float32)


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
    assert np.diff(bounds(count, size)).tolist() == sizes


def test_the_order_depends_on_seed_and_epoch_alone() -> None:
    def order(seed: int, epoch: int) -> list[int]:
        return np.concatenate(list(batches(100, 7, seed=seed, epoch=epoch))).tolist()

    np.random.seed(1)
    assert order(0, 1) == order(0, 1)
    assert order(0, 1) != order(0, 2)
    assert order(0, 1) != order(1, 1)
    assert order(1, 2) != order(2, 1)


def test_any_step_is_found_without_those_before() -> None:
    data, recipe = load("moons:n=100"), Recipe(batch_size=16, seed=3)
    forwards, alone = Feed(data, recipe, CPU), Feed(data, recipe, CPU)
    steps = [forwards.parts(step)[0].x for step in range(12)]
    assert forwards.per_epoch == 5
    for step in (11, 3, 7):
        assert torch.equal(alone.parts(step)[0].x, steps[step])
    rows = np.concatenate(list(batches(80, 16, seed=3, epoch=2)))
    assert torch.equal(torch.cat(steps[5:10]), torch.tensor(data.x_train[rows]))


@pytest.mark.parametrize(("accumulate", "world"), [(3, 1), (1, 2), (2, 2), (5, 3)])
def test_passes_and_processes_cut_the_same_large_batch(accumulate: int, world: int) -> None:
    data, size = load("moons:n=100"), 4
    whole = Feed(data, Recipe(batch_size=size * accumulate * world), CPU)
    engines = [
        SimpleNamespace(device=CPU.device, dtype=CPU.dtype, rank=rank, world=world) for rank in range(world)
    ]
    feeds = [Feed(data, Recipe(batch_size=size, accumulate=accumulate), engine) for engine in engines]
    for step in range(whole.per_epoch + 1):
        parts = [part for feed in feeds for part in feed.parts(step)]
        assert len(parts) == accumulate * world
        assert math.isclose(sum(part.weight for part in parts), 1.0)
        assert torch.equal(torch.cat([p.x for p in parts if p.weight]), whole.parts(step)[0].x)
        assert feeds[0].samples(step) == len(whole.parts(step)[0].x)


def test_judge_is_the_mean_over_all_samples_in_evaluation_mode() -> None:
    torch.manual_seed(0)
    module = nn.Sequential(nn.Linear(3, 8), nn.Dropout(0.5), nn.Linear(8, 4)).train()
    x, y = torch.randn(2500, 3), torch.randint(4, (2500,))
    found = metrics_of(judge(module, x, y, "classes"), "classes")
    assert module.training
    outputs = module.eval()(x).detach()
    by_hand = -outputs.log_softmax(1)[torch.arange(2500), y].mean()
    assert math.isclose(found["test_loss"], float(by_hand), rel_tol=1e-5)
    assert math.isclose(found["test_accuracy"], float((outputs.argmax(1) == y).double().mean()))
    found = metrics_of(judge(nn.Identity(), x, x + 2, "numbers"), "numbers")
    assert math.isclose(found["test_loss"], 4.0, rel_tol=1e-5)
    assert math.isnan(found["test_accuracy"])


@pytest.mark.parametrize(
    ("loss", "outside", "inside"), [("binary-cross-entropy", 0.0, 1.0), ("clamped-error", 0.02, -0.02)]
)
def test_places_inside_are_judged_by_what_both_share(loss: str, outside: float, inside: float) -> None:
    known = torch.tensor([True, True, True, False, False, False])
    told = torch.tensor([True, False, True, True, True, False])  # 2 are in both, 5 in either, 3 told right
    sign = 1 if inside > 0 else -1
    y, x = torch.where(known, inside, outside), sign * torch.where(told, 3.0, -3.0)
    for shape in ((2, 3), (6, 1)):
        sums = judge(nn.Identity(), x.view(shape), y.view(shape), "numbers", loss=make_loss(loss, "numbers"))
        found = metrics_of(sums, "numbers")
        assert found["test_iou"] == pytest.approx(2 / 5)
        assert found["test_accuracy"] == pytest.approx(1 / 2)


def test_judge_counts_only_the_tokens_that_are_asked_for() -> None:
    torch.manual_seed(0)
    table = nn.Embedding(5, 5)
    x = torch.randint(5, (40, 6))
    y = torch.randint(5, (40, 6))
    y[:, 4:] = -100
    found = metrics_of(judge(table, x, y, "tokens"), "tokens")
    logs = table(x)[:, :4].log_softmax(-1)
    by_hand = -float(logs.gather(2, y[:, :4, None]).mean().detach())
    assert math.isclose(found["test_loss"], by_hand, rel_tol=1e-5)
    assert math.isclose(found["perplexity"], math.exp(by_hand), rel_tol=1e-5)
    assert math.isclose(found["test_accuracy"], float((logs.argmax(-1) == y[:, :4]).double().mean()))


def test_losses_by_name() -> None:
    outputs, answers = torch.tensor([[1.0], [4.0]]), torch.tensor([[0.0], [1.0]])
    wanted = {"auto": 5.0, "squared-error": 5.0, "absolute-error": 2.0, "huber": (0.5 + 2.5) / 2}
    for name, value in wanted.items():
        assert make_loss(name, "numbers")(outputs, answers) == value
    scores, classes = torch.randn(3, 4), torch.tensor([0, 1, 3])
    assert make_loss("cross-entropy", "classes")(scores, classes) == nn.CrossEntropyLoss()(scores, classes)
    with pytest.raises(UsageError, match="squared-error doesn't suit answers that are classes"):
        make_loss("squared-error", "classes")
    with pytest.raises(UsageError, match="no module 'gone_away'"):
        make_loss("gone_away:loss", "classes")
