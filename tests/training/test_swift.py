"""The step of Adam on lists that are gathered once beside torch's own, to the bit."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import nn

from dltui.training.engine import put_states, states_of
from dltui.training.swift import stepper

KINDS: list[tuple[Callable[..., torch.optim.Optimizer], dict[str, Any]]] = [
    (torch.optim.AdamW, {"weight_decay": 0.2}),
    (torch.optim.Adam, {"weight_decay": 0.1, "betas": (0.8, 0.95), "maximize": True}),
    (torch.optim.AdamW, {"amsgrad": True}),
]


def trained(kind: Callable[..., torch.optim.Optimizer], options: dict[str, Any], *, swift: bool) -> nn.Module:
    """Return a model after twelve steps: one layer without a gradient at times, the state put back in the middle."""
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(5, 7), nn.Tanh(), nn.Linear(7, 3))
    optimizer = kind(model.parameters(), lr=0.1, fused=True, **options)
    make = stepper(optimizer) if swift else optimizer.step
    for step in range(12):
        optimizer.zero_grad()
        inputs = torch.randn(4, 5)
        (
            model(inputs) if step not in {0, 5} else model[2](inputs.repeat(1, 2)[:, :7])
        ).square().sum().backward()
        optimizer.param_groups[0]["lr"] = 0.1 / (1 + step)
        make()
        if step == 8:
            put_states([optimizer], states_of([optimizer]))
        if step == 9:
            optimizer.load_state_dict(optimizer.state_dict())  # its group is another one from here
    counts = [float(state["step"]) for state in optimizer.state.values() if "step" in state]
    assert sorted(counts) == [10.0, 10.0, 12.0, 12.0]
    return model


@pytest.mark.parametrize(("kind", "options"), KINDS)
def test_the_weights_are_those_of_torchs_own_step(
    kind: Callable[..., torch.optim.Optimizer], options: dict[str, Any]
) -> None:
    own, swift = (trained(kind, options, swift=swift).state_dict() for swift in (False, True))
    assert all(torch.equal(own[name], swift[name]) for name in own)


def test_only_a_plain_fused_adam_on_the_cpu_is_hastened() -> None:
    parameters = [nn.Parameter(torch.zeros(3))]
    swift = [torch.optim.AdamW(parameters, fused=True), torch.optim.Adam(parameters, fused=True)]
    own = [torch.optim.AdamW(parameters), torch.optim.AdamW(parameters, fused=True, amsgrad=True)]
    hooked = torch.optim.AdamW(parameters, fused=True)
    hooked.register_step_post_hook(lambda *_: None)
    several = torch.optim.AdamW(
        [{"params": [p]} for p in (parameters[0], nn.Parameter(torch.ones(1)))], fused=True
    )
    assert all(stepper(one) != one.step for one in swift)
    assert all(stepper(one) == one.step for one in [*own, hooked, several])
