"""Models, data and operators that several instruments are tested on."""

from __future__ import annotations

import hashlib
from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import Tensor, nn

Build = Callable[[], tuple[nn.Module, Tensor, Tensor]]


def _drawn(seed: int, *shape: int, dtype: torch.dtype = torch.float32) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=dtype)


def _classes(seed: int, count: int, classes: int) -> Tensor:
    return torch.randint(0, classes, (count,), generator=torch.Generator().manual_seed(seed))


def mlp() -> tuple[nn.Module, Tensor, Tensor]:
    torch.manual_seed(1)
    net = nn.Sequential(nn.Linear(12, 24), nn.Tanh(), nn.Linear(24, 12), nn.ReLU(), nn.Linear(12, 5))
    return net, _drawn(2, 73, 12), _classes(3, 73, 5)


def conv() -> tuple[nn.Module, Tensor, Tensor]:
    torch.manual_seed(4)
    net = nn.Sequential(
        nn.Conv2d(1, 6, 3, padding=1),
        nn.BatchNorm2d(6),
        nn.ReLU(inplace=True),
        nn.MaxPool2d(2),
        nn.Conv2d(6, 8, 3, groups=2, stride=2, bias=False),
        nn.ReLU(),
        nn.Flatten(),
        nn.Dropout(0.5),
        nn.Linear(8, 4),
    )
    x, y = _drawn(5, 37, 1, 8, 8), _classes(6, 37, 4)
    net(x)  # moves the running statistics away from 0 and 1; the net stays in train mode
    return net, x, y


def regression() -> tuple[nn.Module, Tensor, Tensor]:
    torch.manual_seed(7)
    net = nn.Sequential(nn.Linear(3, 8), nn.Tanh(), nn.Linear(8, 2))
    return net, _drawn(8, 50, 3), _drawn(9, 50, 2)


CASES: dict[str, tuple[Build, str]] = {
    "mlp": (mlp, "classes"),
    "conv": (conv, "classes"),
    "regression": (regression, "numbers"),
}


@pytest.fixture(params=CASES)
def case(request: pytest.FixtureRequest) -> tuple[nn.Module, Tensor, Tensor, str]:
    """Every (model, inputs, targets, task) in turn."""
    build, task = CASES[request.param]
    return *build(), task


@pytest.fixture
def bends() -> Callable[[nn.Module], str]:
    """A fingerprint of everything that an instrument could have bent."""

    def fingerprint(model: nn.Module) -> str:
        told = hashlib.sha256()
        for name, tensor in model.state_dict().items():
            told.update(
                f"{name} {tensor.dtype} {tensor.device}".encode() + tensor.numpy(force=True).tobytes()
            )
        for parameter in model.parameters():
            grad = b"none" if parameter.grad is None else parameter.grad.numpy(force=True).tobytes()
            told.update(str(parameter.requires_grad).encode() + grad)
        told.update(str([module.training for module in model.modules()]).encode())
        told.update(torch.get_rng_state().numpy().tobytes() + str(np.random.get_state()[1].tolist()).encode())
        told.update(str(torch.get_num_threads()).encode())
        return told.hexdigest()

    return fingerprint
