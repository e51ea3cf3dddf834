"""A scan that is stopped anywhere goes on to the same surface, to the bit."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from importlib import import_module
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from dltui.errors import Cancelled
from dltui.instruments.landscape import AnotherScanError, scan
from dltui.instruments.landscape import scan as scan_of
from dltui.instruments.landscape.identity import ROWS
from dltui.objective import Objective
from dltui.results import load
from dltui.results.landscape import Landscape

ARRAYS = ("loss", "accuracy", "error", "rise_error", "test_loss", "test_accuracy", "test_error", "penalty")
SETTINGS = {"steps": 17, "seed": 3, "weight_decay": 0.01}


def convolutional() -> nn.Module:
    return nn.Sequential(
        nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(36, 3)
    )


def perceptron() -> nn.Module:
    return nn.Sequential(nn.Flatten(), nn.Linear(64, 9), nn.Tanh(), nn.Linear(9, 3))


def objectives(make: Callable[[], nn.Module], shift: float = 0.0) -> tuple[Objective, Objective]:
    torch.manual_seed(5)
    model, x, y = make(), torch.randn(60, 1, 8, 8), torch.randint(0, 3, (60,))
    with torch.no_grad():
        next(model.parameters()).add_(shift)
    return Objective.bind(model, x[:40], y[:40]), Objective.bind(model, x[40:], y[40:])


def same(one: Landscape, other: Landscape) -> bool:
    arrays = [(getattr(one, name), getattr(other, name)) for name in (*ARRAYS, "known")]
    return one.bound == other.bound and all(
        a is b if a is None or b is None else np.array_equal(a, b, equal_nan=True) for a, b in arrays
    )


@pytest.mark.parametrize(("make", "tolerance"), [(perceptron, 0.0), (convolutional, 0.002)])
def test_twenty_interrupts_at_random_moments_leave_the_same_surface(
    make: Callable[[], nn.Module], tolerance: float, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(import_module("dltui.instruments.landscape.scan"), "PIECE", 1e-9)  # a point a piece
    train, test = objectives(make)
    whole = scan(train, held_out=test, tolerance=tolerance, **SETTINGS)  # type: ignore[arg-type]
    cells = whole.loss.size if whole.known is None else int(whole.known.sum())
    draw, path, stops = np.random.default_rng(0), tmp_path / "part.safetensors", 0
    for moment in np.sort(draw.choice(cells - 1, 20, replace=False)):
        error = (Cancelled("enough"), KeyboardInterrupt())[int(moment) % 2]

        stopping: list[int] = []

        def keep(
            known: Landscape,
            moment: int = int(moment),
            error: BaseException = error,
            seen: list[int] = stopping,
        ) -> None:
            assert known.known is not None
            if known.known.sum() > moment:
                if not seen:
                    seen.append(moment)
                    raise error
                known.save(path)  # the last word of the scan that was stopped

        earlier = load(path) if path.exists() else None
        with pytest.raises(type(error)):
            scan(train, held_out=test, tolerance=tolerance, earlier=earlier, keep=keep, **SETTINGS)  # type: ignore[arg-type]
        stops += len(stopping)
    assert stops == 20
    found = scan(train, held_out=test, tolerance=tolerance, earlier=load(path), **SETTINGS)  # type: ignore[arg-type]
    assert same(found, whole)


def test_known_cells_are_not_computed_again(monkeypatch: pytest.MonkeyPatch) -> None:
    train, _ = objectives(perceptron)
    whole = scan(train, steps=9)
    known = np.ones((9, 9), bool)
    known[3, 4:] = False
    part = replace(whole, known=known, loss=np.where(known, 7.0, np.nan))
    found = scan(train, steps=9, earlier=part)
    assert (found.loss[known] == 7.0).all()
    assert np.array_equal(found.loss[~known], whole.loss[~known])
    assert found.known is None


def test_many_samples_are_told_apart_by_some_of_them() -> None:
    """Every second target lies apart from the next one in memory."""
    torch.manual_seed(0)
    x, y = torch.randn(ROWS + 4, 3), torch.randint(2, (ROWS + 4,))
    model = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 2))
    part = scan(Objective.bind(model, x, y), steps=3)
    assert same(scan(Objective.bind(model, x, y), steps=3, earlier=part), part)
    with pytest.raises(AnotherScanError, match="begin anew"):
        scan(Objective.bind(model, x, 1 - y), steps=3, earlier=part)


def test_a_scan_of_something_else_is_not_gone_on_with() -> None:
    train, test = objectives(perceptron)
    part = scan(train, steps=5)
    for other, settings in (
        (objectives(perceptron, shift=1e-3)[0], {}),
        (test, {}),
        (train, {"seed": 1}),
        (train, {"distance": 0.5}),
        (train, {"steps": 7}),
        (train, {"held_out": test}),
    ):
        with pytest.raises(AnotherScanError, match="begin anew"):
            scan_of(other, **({"steps": 5} | settings), earlier=part)  # type: ignore[arg-type]
    assert same(
        scan_of(train, steps=5, weight_decay=0.5, earlier=part), scan_of(train, steps=5, weight_decay=0.5)
    )
