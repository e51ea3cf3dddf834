"""What a scan tells beside the loss: how sure it is, held-out samples, the regularised loss."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from dltui.errors import Cancelled
from dltui.instruments.directions import plane
from dltui.instruments.landscape import choose, scan
from dltui.instruments.place import move
from dltui.objective import Objective
from dltui.results import load

Case = tuple[nn.Module, Tensor, Tensor, str]


def losses_at(objective: Objective, steps: tuple[float, float], seed: int) -> Tensor:
    """What each sample loses at a point."""
    twin = objective.twin()
    theta = twin.flat.clone()
    move(twin, theta, plane(twin, "filter", seed)[0], steps)
    with torch.no_grad():
        out = twin.module(objective.inputs)
    one = functional.cross_entropy if objective.criterion.counts else functional.mse_loss
    losses = one(out, objective.targets, reduction="none")
    return losses.flatten(1).mean(1).double() if losses.ndim > 1 else losses.double()


@pytest.mark.parametrize("fast", [True, False])
def test_errors_are_those_of_the_mean_over_samples(
    case: Case, fast: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    model, x, y, task = case
    if not fast:
        monkeypatch.setattr(choose, "FAST", ())
    objective = Objective.bind(model, x, y, task=task, block=16)
    found = scan(objective, steps=3, seed=6)
    here = losses_at(objective, (0, 0), 6)
    for row, column in np.ndindex(3, 3):
        there = losses_at(objective, (float(found.alphas[column]), float(found.betas[row])), 6)  # type: ignore[index]
        for array, each in ((found.error, there), (found.rise_error, there - here)):
            wanted = each.std().item() / len(each) ** 0.5
            assert array is not None
            assert array[row, column] == pytest.approx(wanted, rel=1e-4, abs=1e-9)
    assert found.rise_error is not None
    assert found.rise_error[1, 1] == 0


def test_a_loss_that_knows_no_samples_has_errors_over_blocks() -> None:
    def odd(outputs: Tensor, targets: Tensor) -> Tensor:
        return (outputs - targets).abs().mean()

    model, x = nn.Linear(3, 2), torch.randn(22, 3)
    objective = Objective.bind(model, x, torch.zeros(22, 2), task="numbers", loss=odd, block=6)
    found = scan(objective, steps=3)
    means = np.array([odd(model(a), b).item() for a, b, _ in objective.blocks])
    share = np.array([6, 6, 6, 4]) / 22
    away = means - means @ share
    assert found.error is not None
    assert found.error[1, 1] == pytest.approx(np.sqrt(4 / 3 * (share**2 @ away**2)), rel=1e-5)
    assert found.loss[1, 1] == pytest.approx(means @ share, rel=1e-6)


def test_held_out_samples_are_measured_in_the_same_scan(case: Case) -> None:
    model, x, y, task = case
    both = [
        Objective.bind(model, part_x, part_y, task=task)
        for part_x, part_y in ((x[:20], y[:20]), (x[20:], y[20:]))
    ]
    found = scan(both[0], held_out=both[1], steps=5, seed=4)
    train, test = (scan(one, steps=5, seed=4) for one in both)
    assert np.array_equal(found.loss, train.loss)
    assert np.array_equal(found.test_loss, test.loss)  # type: ignore[arg-type]
    assert np.array_equal(found.test_error, test.error)  # type: ignore[arg-type]
    assert (found.test_accuracy is None) == (task == "numbers")
    assert (found.samples, found.test_samples) == (20, len(x) - 20)
    assert found.summary()["test_loss"] == found.test_loss.tolist()  # type: ignore[union-attr]


@pytest.mark.parametrize("dimensions", [1, 2])
def test_the_regularised_loss_has_the_norm_of_the_moved_weights(case: Case, dimensions: int) -> None:
    model, x, y, task = case
    objective = Objective.bind(model, x, y, task=task)
    found = scan(objective, steps=3, dimensions=dimensions, weight_decay=0.25, seed=1, normalize="none")
    twin = objective.twin()
    theta, ways = twin.flat.clone(), plane(twin, "none", 1, dimensions)[0]
    assert found.regularised is not None
    for row, column in np.ndindex(found.loss.shape):
        move(twin, theta, ways, [found.alphas[column], *([] if dimensions == 1 else [found.betas[row]])])  # type: ignore[index]
        wanted = found.loss[row, column] + 0.125 * float(twin.flat.double().square().sum())
        assert found.regularised[row, column] == pytest.approx(wanted, rel=1e-6)
    assert scan(objective, steps=3).regularised is None


@pytest.mark.parametrize("fast", [True, False])
def test_the_model_is_as_it_was_also_after_a_cancel_and_an_error(
    case: Case, fast: bool, bends: Callable[[nn.Module], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    model, x, y, task = case
    if not fast:
        monkeypatch.setattr(choose, "FAST", ())
    before = bends(model)
    objective = Objective.bind(model, x, y, task=task)
    scan(objective, steps=5, tolerance=0.1, held_out=objective)
    assert bends(model) == before
    for error in (Cancelled("enough"), KeyboardInterrupt(), ZeroDivisionError()):

        def stop(done: int, total: int, partial: object = None, error: BaseException = error) -> None:
            raise error

        with pytest.raises(type(error)):
            scan(objective, steps=9, report=stop)
        assert bends(model) == before


def test_a_live_state_dict_is_a_centre_like_any_other(case: Case) -> None:
    model, x, y, task = case
    objective = Objective.bind(model, x, y, task=task)
    state = model.state_dict()  # shares its memory with the model
    first = scan(objective, steps=3)
    model.load_state_dict(state)
    assert np.array_equal(scan(objective, steps=3).loss, first.loss)
    assert first.loss[1, 1] == pytest.approx(objective.center().loss, rel=1e-6)


def test_everything_survives_its_file(case: Case, tmp_path: object) -> None:
    model, x, y, task = case
    objective = Objective.bind(model, x, y, task=task)
    found = scan(objective, steps=9, held_out=objective, weight_decay=0.1, tolerance=0.5)
    path = tmp_path / "one.safetensors"  # type: ignore[operator]
    found.save(path)
    assert load(path).document() == found.document()
