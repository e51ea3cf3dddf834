"""Permuting units: which ones may be, that the function stays, and that a permuted copy is brought back."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.optimize import linear_sum_assignment
from torch import Tensor, nn
from torch.nn import functional

from dltui.errors import DltuiError
from dltui.instruments.connectivity.align import align
from dltui.instruments.connectivity.derive import derive
from dltui.instruments.connectivity.groups import Spec
from dltui.matching import assignment
from dltui.models import build
from dltui.objective import Objective, Twin

PICTURES = (1, 8, 8)


@pytest.mark.parametrize("size", [1, 2, 7, 40])
def test_assignments_are_those_of_scipy(size: int) -> None:
    draw = np.random.default_rng(size)
    for gain in (
        draw.normal(size=(size, size)),
        draw.integers(0, 3, (size, size)).astype(float),
        np.zeros((size, size)),
        -np.exp(9 * draw.normal(size=(size, size))),
        np.eye(size)[draw.permutation(size)],
    ):
        found = assignment(-gain)
        assert sorted(found) == list(range(size))
        rows, columns = linear_sum_assignment(gain, maximize=True)
        assert gain[rows, found].sum() == pytest.approx(gain[rows, columns].sum(), rel=1e-12)


class Odd(nn.Module):
    """Most of what a forward pass may do with channels."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Conv2d(1, 6, 3, padding=1)
        self.depthwise = nn.Conv2d(6, 6, 3, padding=1, groups=6)
        self.norm = nn.GroupNorm(1, 6)
        self.slope = nn.PReLU(6)
        self.side = nn.Conv2d(1, 5, 1)
        self.grouped = nn.Conv2d(11, 11, 1)
        self.up = nn.ConvTranspose2d(11, 7, 2, stride=2)
        self.batch = nn.BatchNorm2d(7)
        self.head = nn.Linear(7 * 4, 12)
        self.layer = nn.LayerNorm(12)
        self.back = nn.Linear(12, 12)
        self.last = nn.Linear(12, 3)

    def forward(self, x: Tensor) -> Tensor:
        h = self.slope(self.norm(self.depthwise(functional.gelu(self.first(x)))))
        h = torch.cat([h, torch.tanh(self.side(x)[:, :, :, :])], dim=1)
        h = functional.max_pool2d(self.grouped(h), 4)
        h = functional.adaptive_avg_pool2d(self.batch(self.up(h)).relu(), 2)
        h = self.layer(self.head(h.flatten(1)))
        h = h + self.back(h).sigmoid() * 0.5
        return self.last(functional.dropout(h, training=self.training))


class Doubtful(nn.Module):
    """Has an operation whose channels nobody here can follow."""

    def __init__(self) -> None:
        super().__init__()
        self.one, self.two, self.three = nn.Linear(64, 8), nn.Linear(8, 8), nn.Linear(8, 3)

    def forward(self, x: Tensor) -> Tensor:
        h = torch.cumsum(self.one(x.flatten(1)), 1)
        return self.three(self.two(h).relu())


class Tied(nn.Module):
    """Two layers that share their weights."""

    def __init__(self) -> None:
        super().__init__()
        self.into, self.inner, self.again, self.out = (
            nn.Linear(*s) for s in ((64, 9), (9, 9), (9, 9), (9, 3))
        )
        self.again.weight = self.inner.weight

    def forward(self, x: Tensor) -> Tensor:
        return self.out(self.again(self.inner(self.into(x.flatten(1)).relu()).relu()).relu())


NETS = {
    "mlp": (lambda: build("mlp:depth=3,width=16", PICTURES, 10), [16, 16, 16]),
    "lenet": (lambda: build("lenet", PICTURES, 10), [6, 16, 120, 84]),
    "resnet8": (lambda: build("resnet8:width=4", PICTURES, 10), [4, 4, 8, 4, 16, 8]),
    "resnet8 without skips": (lambda: build("resnet20-noskip:width=2", PICTURES, 10), None),
    "odd": (Odd, [6, 5, 11, 7, 12]),
    "doubtful": (Doubtful, [8]),
    "tied": (Tied, [9]),
}


def trained_looking(build_net) -> nn.Module:
    torch.manual_seed(3)
    net = build_net()
    with torch.no_grad():
        for _ in range(2):
            net(torch.randn(32, *PICTURES))
        for parameter in net.parameters():
            if parameter.ndim == 1:
                parameter.add_(0.1 * torch.randn_like(parameter))
    return net.eval()


def shuffled(spec: Spec, net: nn.Module, seed: int = 0) -> dict[str, Tensor]:
    draw = np.random.default_rng(seed)
    return spec.permuted(net.state_dict(), {g: draw.permutation(g.size) for g in spec.groups()})


@pytest.mark.parametrize("name", NETS)
def test_permuted_units_compute_the_same_and_are_brought_back(name: str) -> None:
    make, sizes = NETS[name]
    net = trained_looking(make).double()
    x = torch.randn(20, *PICTURES, dtype=torch.float64)
    spec = derive(Twin(net, device=torch.device("cpu"), dtype=torch.float64), x[:2])
    if sizes is not None:
        assert [group.size for group in spec.groups()] == sizes
    other = trained_looking(make).double()
    other.load_state_dict(shuffled(spec, net))
    with torch.no_grad():
        torch.testing.assert_close(other(x), net(x), rtol=1e-10, atol=1e-10)
    assert any(not torch.equal(a, b) for a, b in zip(net.parameters(), other.parameters(), strict=True))
    found = align(Objective.bind(net, x, torch.arange(20) % 3, double=True), other)
    for key, tensor in net.state_dict().items():
        assert torch.equal(found.module.state_dict()[key], tensor), key
    assert found.moved > 0
    assert found.difference < 1e-10


def test_an_unrelated_network_comes_closer_and_computes_the_same(bends) -> None:
    a, b = (build("mlp:depth=2,width=24", PICTURES, 10) for _ in range(2))
    x = torch.randn(50, *PICTURES)
    marks = bends(a), bends(b)
    found = align(Objective.bind(a, x, torch.arange(50) % 10), b)
    assert (bends(a), bends(b)) == marks
    torch.testing.assert_close(found.module(x), b(x))

    def far(net: nn.Module) -> float:
        return sum(
            (p - q).square().sum().item() for p, q in zip(a.parameters(), net.parameters(), strict=True)
        )

    assert far(found.module) < far(b)
    assert far(b) - far(found.module) == pytest.approx(2 * (found.gain - found.before), rel=1e-4)


class Branching(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.one, self.two = nn.Linear(4, 4), nn.Linear(4, 2)

    def forward(self, x: Tensor) -> Tensor:
        return self.two(self.one(x)) if x.sum() > 0 else self.two(x)


def test_what_cannot_be_aligned_is_told() -> None:
    x, y = torch.randn(6, 4), torch.tensor([0, 1] * 3)
    with pytest.raises(DltuiError, match="can't be traced .* leave --align out"):
        align(Objective.bind(Branching(), x, y), Branching())
    with pytest.raises(DltuiError, match="no units of Linear can be permuted"):
        align(Objective.bind(nn.Linear(4, 2), x, y), nn.Linear(4, 2))
    with pytest.raises(DltuiError, match=r"B does not fit Linear: weight is \[3, 4\]"):
        align(Objective.bind(nn.Linear(4, 2), x, y), nn.Linear(4, 3), "B")
