"""Any module: several inputs, attention, recurrence, whole numbers in, shared and loose parameters, on any device."""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.func import functional_call
from torch.nn import functional

from dltui.instruments.connectivity.connect import Wishes, connect
from dltui.instruments.curvature import matrix, spectrum
from dltui.instruments.curvature.sharpness import Checkpoint, along
from dltui.instruments.gradients import measure
from dltui.instruments.landscape import scan
from dltui.instruments.planes.statistics import Interpolated, Kept, Recalibrated
from dltui.instruments.planes.through import Through
from dltui.instruments.sharpness import sharpness
from dltui.objective import Objective

Case = tuple[nn.Module, Tensor | Sequence[Tensor], Tensor]
N = 21


class Pair(nn.Module):
    """Takes pictures and numbers."""

    def __init__(self) -> None:
        super().__init__()
        self.conv, self.line, self.head = nn.Conv2d(1, 2, 3), nn.Linear(3, 4), nn.Linear(12, 3)

    def forward(self, picture: Tensor, numbers: Tensor) -> Tensor:
        return self.head(torch.cat([self.conv(picture).flatten(1), self.line(numbers)], 1).tanh())


class Attends(nn.Module):
    """Tokens in, through attention and layer norm."""

    def __init__(self) -> None:
        super().__init__()
        self.embedding, self.norm = nn.Embedding(7, 8), nn.LayerNorm(8)
        self.attention, self.head = nn.MultiheadAttention(8, 2, batch_first=True), nn.Linear(8, 3)

    def forward(self, tokens: Tensor) -> Tensor:
        x = self.embedding(tokens)
        return self.head(self.norm(x + self.attention(x, x, x, need_weights=False)[0]).mean(1))


class Recurs(nn.Module):
    """A recurrent network."""

    def __init__(self) -> None:
        super().__init__()
        self.lstm, self.head = nn.LSTM(3, 5, batch_first=True), nn.Linear(5, 3)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.lstm(x)[0][:, -1])


class Loose(nn.Module):
    """Parameters outside of any layer, one of them used twice, and a branch that depends on the data."""

    def __init__(self) -> None:
        super().__init__()
        self.a, self.scale = nn.Parameter(torch.randn(4, 4)), nn.Parameter(torch.tensor(0.7))
        self.parts = nn.ParameterList([nn.Parameter(torch.randn(4, 3))])
        self.unused = nn.Parameter(torch.randn(2))

    def forward(self, x: Tensor) -> Tensor:
        x = (x @ self.a).tanh() @ self.a * self.scale
        return (x if x.sum() > -1e9 else -x) @ self.parts[0]


def _pair() -> Case:
    return Pair(), (torch.randn(N, 1, 4, 4), torch.randn(N, 3)), torch.randint(0, 3, (N,))


CASES: dict[str, Callable[[], Case]] = {
    "two inputs": _pair,
    "attention": lambda: (Attends(), torch.randint(0, 7, (N, 5)), torch.randint(0, 3, (N,))),
    "recurrent": lambda: (Recurs(), torch.randn(N, 4, 3), torch.randint(0, 3, (N,))),
    "loose parameters": lambda: (Loose(), torch.randn(N, 4), torch.randint(0, 3, (N,))),
    "groups and norms": lambda: (
        nn.Sequential(
            nn.Conv1d(2, 4, 2, groups=2), nn.GroupNorm(2, 4), nn.GELU(), nn.Flatten(), nn.Linear(16, 3)
        ),
        torch.randn(N, 2, 5),
        torch.randint(0, 3, (N,)),
    ),
}


@pytest.fixture(params=CASES)
def case(request: pytest.FixtureRequest) -> Case:
    torch.manual_seed(4)
    return CASES[request.param]()


def inputs_of(x: Tensor | Sequence[Tensor]) -> tuple[Tensor, ...]:
    return (x,) if isinstance(x, Tensor) else tuple(x)


def loss_of(model: nn.Module, x: Tensor | Sequence[Tensor], y: Tensor) -> Tensor:
    with torch.no_grad():
        return functional.cross_entropy(model(*inputs_of(x)), y)


def written(model: nn.Module, x: Tensor | Sequence[Tensor], y: Tensor) -> np.ndarray:
    """Return the Hessian by two reverse passes over the whole batch, float64."""
    model = copy.deepcopy(model).double()
    wide = tuple(part.double() if part.is_floating_point() else part for part in inputs_of(x))
    names, shapes = zip(*((name, p.shape) for name, p in model.named_parameters()), strict=True)
    sizes = [shape.numel() for shape in shapes]

    def loss(flat: Tensor) -> Tensor:
        parts = (part.view(shape) for part, shape in zip(flat.split(sizes), shapes, strict=True))
        return functional.cross_entropy(functional_call(model, dict(zip(names, parts, strict=True)), wide), y)

    flat = torch.cat([p.detach().reshape(-1) for p in model.parameters()])
    with torch.nn.attention.sdpa_kernel(torch.nn.attention.SDPBackend.MATH):
        found: Tensor = torch.autograd.functional.hessian(loss, flat)  # type: ignore[no-untyped-call]
    return found.numpy()


@pytest.mark.parametrize(("double", "budget", "atol"), [(True, 1 << 30, 1e-12), (False, 0, 2e-5)])
def test_the_hessian_is_that_of_two_reverse_passes(
    case: Case, double: bool, budget: int, atol: float
) -> None:
    """In float64 with graphs that are kept; in float32 in blocks of 4 that are built anew, as beyond the memory."""
    model, x, y = case
    objective = Objective.bind(model, x, y, double=double, block=4)
    h = written(model, x, y)
    with matrix(objective, budget=budget) as operator:
        for vector in torch.randn(3, operator.size).to(operator.like):
            np.testing.assert_allclose(operator(vector).numpy(), h @ vector.numpy(), atol=atol)


def test_everything_is_measured_and_the_model_stays_as_it_is(
    case: Case, bends: Callable[[nn.Module], str]
) -> None:
    model, x, y = case
    objective, before = Objective.bind(model, x, y, block=4), bends(model)
    wanted = float(loss_of(copy.deepcopy(model).eval(), x, y))
    picture = scan(objective, steps=3, distance=0.3)
    assert picture.loss[1, 1] == pytest.approx(wanted, rel=1e-5)
    assert spectrum(objective, exact=False, probes=2).loss == pytest.approx(wanted, rel=1e-5)
    norms = measure(objective, batch_size=5)
    assert norms.loss == pytest.approx(wanted, rel=1e-5)
    assert norms.sample_norms is not None
    assert len(norms.sample_norms) == N
    assert all(one.value is None or np.isfinite(one.value) for one in sharpness(objective))
    other = copy.deepcopy(model)
    with torch.no_grad():
        for parameter in other.parameters():
            parameter.mul_(1.1)
    way = connect(objective, other, wishes=Wishes(steps=3, beyond=0))
    assert way.loss[0, 0, 0] == pytest.approx(wanted, rel=1e-5)
    assert bends(model) == before


TWO = [torch.device("cpu"), torch.device("cpu")]


def test_samples_are_shared_out_among_devices(case: Case) -> None:
    model, x, y = case
    objective = Objective.bind(model, x, y, double=True, block=4)
    for name in ("hessian", "ggn"):
        with matrix(objective, name) as one, matrix(objective, name, devices=TWO) as both:  # type: ignore[arg-type]
            vector = torch.randn(one.size, dtype=torch.float64)
            torch.testing.assert_close(both(vector), one(vector), rtol=1e-12, atol=1e-14)
    alone = along(objective, [Checkpoint(0, model)], count=1, tolerance=1e-8)
    shared = along(objective, [Checkpoint(0, model)], count=1, tolerance=1e-8, devices=TWO)
    assert shared.sharpness[0] == pytest.approx(alone.sharpness[0], rel=1e-7)


@pytest.mark.parametrize("statistics", ["", "keep", "interpolate", "recalibrate"])
def test_cells_are_shared_out_among_devices_to_the_same_bits(statistics: str) -> None:
    torch.manual_seed(0)
    nets = [
        nn.Sequential(nn.Linear(5, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Linear(8, 3)).eval() for _ in range(3)
    ]
    objective = Objective.bind(nets[0], torch.randn(40, 5), torch.randint(0, 3, (40,)))
    others = [("B", nets[1]), ("C", nets[2])]
    span = Through(others=others, batch_norm=statistics) if statistics else "random"
    one, both = (scan(objective, steps=9, along=span, devices=devices) for devices in ((), TWO))
    for name in ("loss", "accuracy", "error", "rise_error"):
        assert np.array_equal(getattr(one, name), getattr(both, name))


def test_the_same_measurement_is_made_anew_for_another_device() -> None:
    """What goes to the other device is moved there: nothing of the first one is left."""
    torch.manual_seed(0)
    net = nn.Sequential(nn.Linear(5, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Linear(8, 3)).eval()
    objective = Objective.bind(net, torch.randn(40, 5), torch.randint(0, 3, (40,)))
    assert objective.on(torch.device("meta")).inputs.device.type == "meta"
    buffers = {name: b.clone() for name, b in net.named_buffers() if b.is_floating_point()}
    for one in (Interpolated(buffers, [buffers]), Kept(buffers)):
        twin = objective.on(torch.device("meta")).twin()
        one.on(torch.device("meta")).settle(twin, (0.5,))
        assert {b.device.type for b in twin.module.buffers()} == {"meta"}
    anew = Recalibrated(objective.inputs).on(torch.device("meta"))
    assert {batch.device.type for batch in anew._batches} == {"meta"}


GPU = [torch.device("cuda:0"), torch.device("cpu")]


@pytest.mark.gpu
def test_a_card_and_the_processor_share_the_work(case: Case) -> None:
    model, x, y = case
    here = Objective.bind(model, x, y, double=True, block=4)
    there = Objective.bind(model, x, y, double=True, block=4, device="cuda:0")
    with matrix(here) as one, matrix(there, devices=GPU) as both:
        vector = torch.randn(one.size, dtype=torch.float64)
        torch.testing.assert_close(both(vector.cuda()).cpu(), one(vector), rtol=1e-9, atol=1e-11)
    pictures = [scan(here, steps=5), scan(there, steps=5, devices=GPU)]
    np.testing.assert_allclose(pictures[1].loss, pictures[0].loss, rtol=1e-9)
    norms = [measure(one, batch_size=5).sample_norms for one in (here, there)]
    np.testing.assert_allclose(norms[1], norms[0], rtol=1e-9)
