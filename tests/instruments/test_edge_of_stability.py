"""λ₁ along a training: warm starts, and the edge of stability."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

from dltui.data import load
from dltui.errors import DltuiError
from dltui.instruments.curvature import Matrix
from dltui.instruments.curvature.sharpness import Checkpoint, along, sharpness
from dltui.objective import Objective
from dltui.results import load as load_result


def test_a_warm_start_saves_products() -> None:
    torch.manual_seed(0)
    basis = torch.linalg.qr(torch.randn(300, 300).double()).Q
    values = torch.cat([torch.linspace(0, 1, 297), torch.tensor([1.4, 1.6, 2.0])]).double()
    h = (basis * values) @ basis.T
    nudge = torch.randn(300, 300).double() * 1e-4
    cold = sharpness(Matrix(h), tolerance=1e-2, generator=torch.Generator().manual_seed(1))
    near = h + nudge + nudge.T
    warm = sharpness(
        Matrix(near), start=cold.vector, tolerance=1e-2, generator=torch.Generator().manual_seed(2)
    )
    true = np.linalg.eigvalsh(near.numpy())[-1]
    assert cold.converged and warm.converged  # noqa: PT018
    assert abs(warm.value - true) <= warm.residual <= 1e-2 * true
    assert warm.value == pytest.approx(true, rel=1e-3)
    assert warm.products < cold.products / 2


def test_another_eigenvector_that_has_taken_over_is_seen() -> None:
    values = torch.linspace(0, 1, 100).double()
    values[:2] = torch.tensor([3.0, 2.0])
    before = sharpness(Matrix(torch.diag(values)), generator=torch.Generator().manual_seed(0))
    values[1] = 5.0
    after = sharpness(
        Matrix(torch.diag(values)),
        start=before.vector,
        tolerance=1e-4,
        generator=torch.Generator().manual_seed(1),
    )
    assert after.value == pytest.approx(5, rel=1e-3)


def descent(rate: float, steps: int, every: int) -> tuple[Objective, Iterator[Checkpoint]]:
    """Train a tanh MLP by full-batch gradient descent on half the squared error, and yield its checkpoints."""
    digits = load("digits", seed=0)
    x = torch.from_numpy(digits.x_train[:100]).flatten(1)
    y = nn.functional.one_hot(torch.from_numpy(digits.y_train[:100]), 10).float()
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(64, 16), nn.Tanh(), nn.Linear(16, 10))
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.mul_(0.3)  # so that it starts in a flat place

    def half(outputs: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        return (outputs - targets).square().sum(1).mean() / 2

    objective = Objective.bind(model, x, y, task="numbers", loss=half, title="tanh mlp")

    def run() -> Iterator[Checkpoint]:
        optimizer = torch.optim.SGD(model.parameters(), rate)
        for step in range(steps + 1):
            if step % every == 0:
                yield Checkpoint(step, copy.deepcopy(model), 2 / rate)
            optimizer.zero_grad()
            half(model(x), y).backward()
            optimizer.step()

    return objective, run()


def test_sharpness_rises_to_the_edge_of_stability_and_stays_there() -> None:
    objective, checkpoints = descent(rate=0.15, steps=2400, every=200)
    found = along(objective, checkpoints, count=13, rule="2/η")
    assert found.complete
    assert found.converged.all()
    assert found.edge == pytest.approx(np.full(13, 2 / 0.15))
    ratio = found.sharpness / found.edge
    assert ratio[0] < 0.25  # it starts well below
    assert ratio[1] < ratio[2] < 0.95  # rises while the loss goes down
    assert ratio[6:] == pytest.approx(np.ones(7), abs=0.05)  # and stays at 2/η
    assert found.losses[-1] < found.losses[0] / 20


def test_a_smaller_step_is_not_at_its_edge_yet() -> None:
    objective, checkpoints = descent(rate=0.02, steps=200, every=100)
    found = along(objective, checkpoints, count=3)
    assert (found.sharpness < 0.6 * found.edge).all()
    assert found.figures()[0].y_scale == "linear"
    cooled = replace(found, edge=found.edge * np.array([1, 10, 1e5]))  # as when a schedule ends at 0
    assert cooled.figures()[0].y_scale == "log"


def test_a_history_survives_its_file_and_tells_itself(tmp_path: object) -> None:
    objective, checkpoints = descent(rate=0.2, steps=40, every=20)
    seen: list[object] = []
    found = along(
        objective, checkpoints, count=3, run="abc", rule="2/η",
        report=lambda done, total, partial=None: seen.append((done, total, partial is not None)),
    )  # fmt: skip
    assert seen == [(0, 3, False), (1, 3, True), (2, 3, True), (3, 3, True)]
    path = tmp_path / "one.safetensors"  # type: ignore[operator]
    found.save(path)
    assert load_result(path).document() == found.document()
    assert all(figure.words() and figure.caption for figure in found.figures())
    assert [row["step"] for row in found.summary()["checkpoints"]] == [0, 20, 40]


def test_a_training_that_diverged_has_a_hole() -> None:
    objective, _ = descent(rate=0.2, steps=1, every=1)
    broken = copy.deepcopy(objective.model)
    with torch.no_grad():
        broken[0].bias[0] = float("nan")
    found = along(
        objective, iter([Checkpoint(0, objective.model, 10.0), Checkpoint(5, broken, 10.0)]), count=2
    )
    assert np.isnan(found.sharpness[1])
    assert len(found.figures()[2].rows) == 1  # type: ignore[attr-defined]
    with pytest.raises(DltuiError, match="no checkpoint to look at"):
        along(objective, iter([]), count=0)
