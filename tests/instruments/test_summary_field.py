"""Receptive fields: what the gradient of one output reaches, and what the calculus of shapes says."""

from __future__ import annotations

import random
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

sys.path.insert(0, str(Path(__file__).parent))

from zoo import ConvNext, Inception, resnet50

from dltui.instruments.summary import summarize
from dltui.shapes import chain


def reached(model: nn.Module, shape: tuple[int, ...]) -> list[int]:
    """Return how far apart the places are that the gradient of a middle output reaches, along each axis."""
    model = model.double().eval()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.copy_(parameter.abs() + 0.1)  # no two ways may cancel
    x = torch.rand(shape, dtype=torch.float64, requires_grad=True)
    out = model(x)
    middle = tuple(n // 2 for n in out.shape[2:])
    out[(0, slice(None), *middle)].sum().backward()
    assert x.grad is not None
    hit = x.grad[0].abs().sum(0)
    spans = []
    for axis in range(hit.dim()):
        places = hit.amax(tuple(d for d in range(hit.dim()) if d != axis)).nonzero().flatten() if hit.dim() > 1 else (
            hit.nonzero().flatten()
        )  # fmt: skip
        spans.append(int(places[-1] - places[0]) + 1)
    return spans


class Of(nn.Module):
    """A function of an input and two convolutions."""

    def __init__(self, function: Callable[..., Tensor]) -> None:
        super().__init__()
        self.function, self.one, self.two = (
            function,
            nn.Conv2d(2, 2, 3, padding=1),
            nn.Conv2d(2, 2, 5, padding=2),
        )

    def forward(self, x: Tensor) -> Tensor:
        return self.function(x, self.one, self.two)


NETS: dict[str, nn.Module] = {
    "residual": Of(lambda x, one, two: x + two(one(x))),
    "branches": Of(lambda x, one, two: torch.cat([one(x), two(x)], 1)),
    "every second place": Of(lambda x, one, two: two(one(x)[:, :, ::2, ::2])),
    "padded and cut": Of(lambda x, one, two: one(functional.pad(two(x), (1, 2, 3, 4)))[:, :, 2:, 1:]),
    "channels last": Of(lambda x, one, two: two((one(x).movedim(1, 3) @ torch.ones(2, 2).to(x)).movedim(3, 1))),
    "flat places": Of(lambda x, one, two: two(one(x).flatten(2).relu().view(x.shape))),
    "split": Of(lambda x, one, two: one(torch.cat(two(x).split(1, 1), 1))),
    "pooled": nn.Sequential(nn.Conv2d(2, 2, 3), nn.AvgPool2d(2), nn.Conv2d(2, 2, 3, stride=2), nn.AvgPool2d(3, 2, 1)),
    "adaptive": nn.Sequential(nn.Conv2d(2, 2, 3, padding=1), nn.AdaptiveAvgPool2d(16)),
    "two sizes": nn.Sequential(nn.Conv2d(2, 2, (3, 5), dilation=(2, 1)), nn.Conv2d(2, 2, (1, 3), (1, 2))),
    "batch norm, group norm": nn.Sequential(nn.Conv2d(2, 4, 3), nn.BatchNorm2d(4), nn.GELU(), nn.Conv2d(4, 4, 3)),
}  # fmt: skip


@pytest.mark.parametrize("name", NETS)
def test_the_gradient_reaches_as_far(name: str) -> None:
    model = NETS[name]
    found = summarize(model, (1, 2, 64, 64)).rows[0]["receptive_field"]
    assert found == reached(model, (1, 2, 64, 64))


def test_one_axis() -> None:
    model = nn.Sequential(*(nn.Conv1d(1, 1, 2, dilation=2**p) for p in range(5)))
    assert summarize(model, (1, 1, 100)).rows[0]["receptive_field"] == [32]
    assert reached(model, (1, 1, 100)) == [32]


def test_chains_as_the_calculus_walks_them() -> None:
    rng = random.Random(7)
    for _ in range(25):
        size, rows, layers = 96, [], []
        for _ in range(rng.randint(2, 6)):
            k, s, p, d = rng.randint(1, 5), rng.randint(1, 2), rng.randint(0, 2), rng.randint(1, 2)
            left = (size + 2 * p - d * (k - 1) - 1) // s + 1
            if left < 2:
                break
            size = left
            if rng.random() < 0.7 or p > k // 2:
                rows.append(f"conv2d 2 {k} {s} {p} {d}")
                layers.append(nn.Conv2d(2, 2, k, s, p, d))
            else:
                rows.append(f"maxpool2d {k} {s} {p} {d}")
                layers.append(nn.MaxPool2d(k, s, p, d))
        walked = chain(" | ".join(rows), (1, 2, 96, 96))
        found = summarize(nn.Sequential(*layers), (1, 2, 96, 96))
        for step, row in zip(walked.steps, found.rows[1:], strict=True):
            assert row["receptive_field"] == [axis.size for axis in step.field.axes] or [1, 1], rows


def test_networks() -> None:
    deep = summarize(resnet50, (1, 3, 224, 224))
    assert deep.row("layers")["receptive_field"] == [
        427,
        427,
    ]  # r += (k − 1)·j over the 3 × 3 ones, from 7 and 11
    assert deep.row("fc")["receptive_field"] is None
    assert summarize(ConvNext, (1, 8, 32, 32)).rows[0]["receptive_field"] == [7, 7]
    assert summarize(Inception, (1, 8, 16, 16)).row("five")["receptive_field"] == [5, 5]


def test_attention_sees_everything() -> None:
    found = summarize(nn.TransformerEncoderLayer(16, 2, 32, batch_first=True), (1, 10, 16))
    assert found.row("self_attn")["receptive_field"] is None
    assert found.rows[0]["receptive_field"] is None
    each = summarize(nn.Sequential(nn.Linear(16, 8), nn.ReLU(), nn.Linear(8, 4)), (2, 10, 16))
    assert each.rows[0]["receptive_field"] == [1]
