"""Optimisers by name, the running mean of the weights, and what a step is measured by."""

from __future__ import annotations

import copy
import math

import pytest
import torch
from torch import Tensor, nn

from dltui.errors import UsageError
from dltui.training.ema import Ema
from dltui.training.measures import Layers, Norms, dead_units, nonfinite_entries, shorten
from dltui.training.optimizers import make_optimizers
from dltui.training.packing import pack, unpack
from dltui.training.recipe import Optimizer
from dltui.training.rules import RULES, UNDECAYED


def network() -> nn.Module:
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(3, 5), nn.ReLU(), nn.Linear(5, 5), nn.ReLU(), nn.Linear(5, 2))


def gradients(module: nn.Module, seed: int = 0) -> None:
    generator = torch.Generator().manual_seed(seed)
    for parameter in module.parameters():
        parameter.grad = torch.randn(parameter.shape, generator=generator)


DENSE = [name for name in RULES if name not in {"sparse-adam", "lbfgs", "muon"}]


@pytest.mark.parametrize("name", DENSE)
def test_steps_are_those_of_torchs_default(name: str) -> None:
    rule = Optimizer(name=name, lr=0.1, weight_decay=0.0 if name in UNDECAYED else 0.01)
    mine, other = network(), network()
    (optimizer,) = make_optimizers(mine, rule)
    options = {} if name in UNDECAYED else {"weight_decay": 0.01}
    options |= {"momentum": 0.9} if name == "sgd" else {}
    theirs = getattr(torch.optim, RULES[name][0])(other.parameters(), lr=0.1, **options)
    for seed in range(3):
        for module, one in ((mine, optimizer), (other, theirs)):
            gradients(module, seed)
            one.step()
    for a, b in zip(mine.parameters(), other.parameters(), strict=True):
        assert torch.allclose(a, b, rtol=1e-5, atol=1e-6)


def test_muon_takes_hidden_matrices_and_adamw_the_rest() -> None:
    module = network()
    muon, adamw = make_optimizers(module, Optimizer(name="muon", lr=0.01))
    assert [p.shape for p in muon.param_groups[0]["params"]] == [(5, 3), (5, 5)]
    assert len(adamw.param_groups[0]["params"]) == 4
    gradients(module)
    before = [p.detach().clone() for p in module.parameters()]
    for optimizer in (muon, adamw):
        optimizer.step()
    assert all(not torch.equal(a, b) for a, b in zip(before, module.parameters(), strict=True))


def test_frozen_parameters_are_left_alone() -> None:
    module = nn.Linear(2, 2)
    module.bias.requires_grad_(False)
    (optimizer,) = make_optimizers(module, Optimizer())
    assert optimizer.param_groups[0]["params"] == [module.weight]
    module.weight.requires_grad_(False)
    with pytest.raises(UsageError, match="no parameter of Linear is trained"):
        make_optimizers(module, Optimizer())
    with pytest.raises(UsageError, match="sgd refuses its arguments: Nesterov"):
        make_optimizers(nn.Linear(2, 2), Optimizer(name="sgd", arguments={"nesterov": True, "momentum": 0.0}))


def test_ema_is_the_formula() -> None:
    module = nn.BatchNorm1d(3)
    ema = Ema(module, 0.9)
    mean = {name: tensor.clone() for name, tensor in module.state_dict().items()}
    for step in range(1, 30):
        with torch.no_grad():
            module.weight.add_(0.1)
        module(torch.randn(8, 3))
        ema.follow(step)
        decay = min(0.9, (1 + step) / (10 + step))
        for name, tensor in module.state_dict().items():
            new = decay * mean[name] + (1 - decay) * tensor if tensor.is_floating_point() else tensor.clone()
            mean[name] = new
    for name, tensor in ema.mean.items():
        assert torch.allclose(tensor.double(), mean[name].double(), rtol=1e-5)
    own = copy.deepcopy(module.state_dict())
    with ema.in_place():
        assert torch.equal(module.weight, ema.mean["weight"])
    assert all(torch.equal(a, own[name]) for name, a in module.state_dict().items())


@pytest.mark.parametrize("flat", [True, False])
def test_norms(flat: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dltui.training.measures.FLAT", 10**6 if flat else 1)
    module = network()
    norms = Norms(list(module.parameters()))
    norms.begin()
    gradients(module)
    theirs = torch.nn.utils.get_total_norm([p.grad for p in module.parameters() if p.grad is not None])
    assert torch.allclose(norms.gradient(), theirs)
    before = torch.cat([p.detach().flatten() for p in module.parameters()])
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.sub_(0.01)
    weight, moved = norms.moved()
    now = torch.cat([p.detach().flatten() for p in module.parameters()])
    assert torch.allclose(weight, before.norm() if flat else now.norm())
    assert torch.allclose(moved, (now - before).norm() if flat else torch.tensor(0.0))


def test_clipping_is_torchs() -> None:
    mine, other = network(), network()
    for module in (mine, other):
        gradients(module)
    norm = Norms(list(mine.parameters())).gradient()
    shorten(list(mine.parameters()), norm, 0.5)
    torch.nn.utils.clip_grad_norm_(other.parameters(), 0.5)
    for a, b in zip(mine.parameters(), other.parameters(), strict=True):
        assert torch.allclose(a.grad, b.grad)  # type: ignore[arg-type]


def test_layers_and_dead_units() -> None:
    module, x = network(), torch.randn(16, 3)
    with torch.no_grad():
        module[0].bias[:2] = -100.0  # two of five units can't fire
    assert dead_units(module, x) == {
        "1": 0.4,
        "3": pytest.approx(float((module[3](module[:3](x)) <= 0).all(0).double().mean())),
    }
    gradients(module)
    layers = Layers(module)
    layers.before_step(x)
    weight = module[0].weight.detach().clone()
    (optimizer,) = make_optimizers(module, Optimizer(name="sgd", lr=0.5, arguments={"momentum": 0.0}))
    optimizer.step()
    row = layers.after_step()
    grad = module[0].weight.grad
    assert row["grad_norm"]["0.weight"] == pytest.approx(float(grad.norm()))
    assert row["weight_norm"]["0.weight"] == pytest.approx(float(weight.norm()))
    assert row["update_ratio"]["0.weight"] == pytest.approx(
        0.5 * float(grad.norm() / weight.norm()), rel=1e-4
    )
    assert module.training


def test_entries_that_are_not_finite() -> None:
    module = network()
    gradients(module)
    module[0].weight.grad[0, :2] = torch.tensor([math.nan, math.inf])
    assert nonfinite_entries(list(module.parameters())) == 2


def test_a_tree_is_taken_apart_and_put_together() -> None:
    tree = {
        "opt": [{0: {"exp_avg": torch.randn(3), "step": 3, "on": True}, 1: {}}],
        "old": (torch.tensor(1.0), [None, "x", 2.5, math.inf]),
    }
    import json

    plain, tensors = pack(tree)
    assert set(tensors) == {"opt/0/0/exp_avg", "old/0"}
    again = unpack(json.loads(json.dumps(plain)), tensors)
    assert again["opt"][0][0]["step"] == 3
    assert again["opt"][0][1] == {}
    assert again["old"][1] == [None, "x", 2.5, math.inf]
    assert isinstance(again["old"], tuple)
    assert torch.equal(again["opt"][0][0]["exp_avg"], tree["opt"][0][0]["exp_avg"])  # type: ignore[index]
    with pytest.raises(TypeError, match="which no checkpoint holds"):
        pack({"a": object()})
    assert isinstance(tensors["old/0"], Tensor)
