"""What is looked at stays as it was found: weights, device, mode, gradients, buffers, hooks, random numbers."""

from __future__ import annotations

import random
import threading
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.utils import prune

from dltui.errors import UsageError
from dltui.instruments.summary import summarize


class Net(nn.Module):
    """Batch norm, dropout, a plain tensor, a counter, and things that can't be copied."""

    def __init__(self, *, deciding: bool = False) -> None:
        super().__init__()
        self.conv, self.norm, self.drop = nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4), nn.Dropout(0.5)
        self.head = nn.Linear(4, 2)
        self.scale = torch.ones(4)
        self.calls, self.deciding, self.seen = 0, deciding, []
        self.lock, self.generator = threading.Lock(), torch.Generator()

    def forward(self, x: Tensor) -> Tensor:
        self.calls += 1
        self.seen.append(x.shape)
        h = self.drop(self.norm(self.conv(x))).mean((2, 3)) * self.scale
        if self.deciding and bool((h * 0).sum() > 1):
            raise AssertionError
        return self.head(h)


def state(model: nn.Module) -> dict[str, Any]:
    tensors = [*model.parameters(), *model.buffers()]
    return {
        "values": [t.detach().clone() for t in tensors],
        "places": [(id(t), t.data_ptr(), t._version, t.device, t.requires_grad) for t in tensors],
        "grads": [None if t.grad is None else (id(t.grad), t.grad.clone()) for t in tensors],
        "modes": [m.training for m in model.modules()],
        "hooks": [
            [dict(h) for h in (m._forward_hooks, m._forward_pre_hooks, m._backward_hooks)]
            for m in model.modules()
        ],
        "flags": [dict(m._forward_hooks_with_kwargs) for m in model.modules()],
    }


def same(one: Any, other: Any) -> bool:
    if isinstance(one, Tensor):
        return torch.equal(one, other)
    if isinstance(one, list | tuple):
        return len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
    return bool(one == other)


@pytest.mark.parametrize("deciding", [False, True], ids=["on meta", "on the device"])
@pytest.mark.parametrize("mode", [None, "train", "eval"])
def test_nothing_changes(deciding: bool, mode: str | None) -> None:
    torch.manual_seed(1)
    model = Net(deciding=deciding)
    model.norm.eval()
    model.conv.weight.requires_grad_(False)
    functional.mse_loss(model(torch.randn(3, 1, 8, 8)), torch.zeros(3, 2)).backward()
    heard: list[str] = []
    model.conv.register_forward_hook(lambda *_: heard.append("forward"))
    model.register_forward_pre_hook(lambda *_: heard.append("before"))
    model.register_full_backward_hook(lambda *_: heard.append("backward"))
    before, calls, shapes = state(model), model.calls, list(model.seen)
    draws = random.getstate(), np.random.get_state()[1].tolist(), torch.get_rng_state()
    given = torch.randn(2, 1, 8, 8, generator=torch.Generator().manual_seed(1))
    copy = given.clone()

    found = summarize(model, input_data=given, mode=mode)

    assert found.device == ("cpu" if deciding else "meta")
    assert same(before, state(model))
    assert (model.calls, model.seen) == (calls, shapes)
    assert heard == []
    assert "3 hooks of your own did not run" in found.remarks
    assert same(draws, (random.getstate(), np.random.get_state()[1].tolist(), torch.get_rng_state()))
    assert torch.equal(given, copy)
    assert given.grad is None
    assert torch.is_grad_enabled()
    assert torch.get_default_device() == torch.device("cpu")
    assert functional.scaled_dot_product_attention is torch._C._nn.scaled_dot_product_attention
    assert torch.backends.mha.get_fastpath_enabled()


def test_a_failing_forward_leaves_all_as_it_was() -> None:
    model = Net()
    before = state(model)
    with pytest.raises(UsageError, match=r"can't take inputs of shape \(2, 3, 8, 8\)"):
        summarize(model, (2, 3, 8, 8))
    assert same(before, state(model))
    assert torch.backends.mha.get_fastpath_enabled()
    assert torch.get_default_device() == torch.device("cpu")


def test_within_no_grad_and_inference_mode() -> None:
    model = Net()
    plain = summarize(model, (2, 1, 8, 8))
    with torch.no_grad():
        assert summarize(model, (2, 1, 8, 8)).summary() == plain.summary()
        assert not torch.is_grad_enabled()
    with torch.inference_mode():
        assert summarize(model, (2, 1, 8, 8)).summary() == plain.summary()
        assert torch.is_inference_mode_enabled()


def test_hooks_of_torch_itself_compute() -> None:
    model = nn.Sequential(nn.Linear(6, 4), nn.Linear(4, 2))
    with pytest.warns(FutureWarning):
        nn.utils.weight_norm(model[0])
    prune.l1_unstructured(model[1], "weight", 0.5)
    found = summarize(model, (3, 6))
    assert found.device == "meta"
    assert found.macs == 3 * (6 * 4 + 4 * 2)
    assert found.remarks == []


def test_gradients_asked_for_inside_forward() -> None:
    class Force(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.energy = nn.Linear(3, 1)

        def forward(self, x: Tensor) -> Tensor:
            with torch.enable_grad():
                place = x.detach().requires_grad_()
                return torch.autograd.grad(self.energy(place).tanh().sum(), place)[0]

    found = summarize(Force(), (5, 3))
    assert found.outputs[0]["shape"] == [5, 3]
    assert found.macs >= 5 * 3
