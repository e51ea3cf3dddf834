"""Real trainings of a second each, ill and healthy, recorded as anybody would record a loop of one's own."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

import dltui
from dltui.data import load
from dltui.runs import open_run, read_metrics
from dltui.runs.metrics import Row
from dltui.watching import Course, course_of

Rows = list[Row]


@pytest.fixture(autouse=True)
def own_home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("DLTUI_HOME", str(tmp_path / "home"))


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def digits(count: int | None = None) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Training and held-out digits, the pictures flat."""
    told = load("digits")
    parts = (told.x_train, told.y_train, told.x_test, told.y_test)
    x, y, x_test, y_test = (torch.tensor(part) for part in parts)
    return x[:count].flatten(1), y[:count], x_test.flatten(1), y_test


def train(
    model: nn.Module,
    optimizer: torch.optim.Optimizer,
    parts: tuple[Tensor, Tensor, Tensor, Tensor],
    *,
    steps: int = 300,
    batch: int = 32,
    judged: int = 50,
    classes: int | None = 10,
) -> Course:
    """Train by a plain loop, record it, and return what its rows tell."""
    x, y, x_test, y_test = parts
    loss_of = nn.CrossEntropyLoss()
    draw = torch.Generator().manual_seed(0)
    losses: list[float] = []
    with dltui.watch(model, optimizer, data="digits", classes=classes, steps=steps) as watched:
        for step in range(1, steps + 1):
            rows = torch.randint(len(x), (batch,), generator=draw)
            optimizer.zero_grad()
            loss = loss_of(model(x[rows]), y[rows])
            loss.backward()
            optimizer.step()
            watched.step(loss, samples=batch)
            losses.append(loss.item())
            if step % judged == 0:
                model.eval()
                with torch.no_grad():
                    told = float(loss_of(model(x_test), y_test))
                    right = float((model(x_test).argmax(1) == y_test).float().mean())
                model.train()
                watched.evaluate(
                    train_loss=sum(losses) / len(losses),
                    test_loss=told,
                    test_accuracy=right,
                    epoch=step * batch / len(x),
                )
                losses = []
        folder = watched.folder
    assert folder is not None
    return course_of(read_metrics(open_run(folder)))


def mlp(
    depth: int = 1, width: int = 64, act: Callable[[], nn.Module] = nn.ReLU, seed: int = 0
) -> nn.Sequential:
    """Hidden layers of one width, then ten outputs."""
    torch.manual_seed(seed)
    sizes = [64, *[width] * depth]
    layers: list[nn.Module] = []
    for into, out in pairwise(sizes):
        layers += [nn.Linear(into, out), act()]
    return nn.Sequential(*layers, nn.Linear(sizes[-1], 10))


def lenet() -> nn.Module:
    torch.manual_seed(0)
    return nn.Sequential(
        nn.Unflatten(1, (1, 8, 8)),
        nn.Conv2d(1, 8, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(8, 16, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
        nn.Flatten(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 10),
    )  # fmt: skip


def started(model: nn.Module, gain: float) -> nn.Module:
    """The model with weights of standard deviation gain / √fan-in."""
    for layer in model.modules():
        if isinstance(layer, nn.Linear):
            nn.init.normal_(layer.weight, std=gain / math.sqrt(layer.in_features))
            nn.init.zeros_(layer.bias)
    return model
