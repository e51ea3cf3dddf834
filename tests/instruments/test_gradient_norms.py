"""Gradient norms against autograd, one sample and one layer at a time."""

from __future__ import annotations

import copy
from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from dltui.errors import Cancelled, DltuiError
from dltui.figures import Histogram
from dltui.instruments.gradients import measure
from dltui.instruments.gradients.parts import outer
from dltui.objective import Objective
from dltui.results import load
from dltui.results.gradients import GradientNorms

Case = tuple[nn.Module, Tensor, Tensor, str]


def looped(model: nn.Module, x: Tensor, y: Tensor, task: str = "classes") -> np.ndarray:
    """Return the gradient norm of every sample by one backward pass each."""
    net, norms = copy.deepcopy(model).eval(), []
    for i in range(len(x)):
        net.zero_grad()
        out = net(x[i : i + 1])
        loss = functional.cross_entropy if task == "classes" else functional.mse_loss
        loss(out, y[i : i + 1]).backward()
        norms.append(sum(p.grad.square().sum() for p in net.parameters() if p.grad is not None).sqrt().item())
    return np.array(norms)


def test_layers_are_those_of_the_full_batch(case: Case) -> None:
    model, x, y, task = case
    found = measure(Objective.bind(model, x, y, task=task, block=16), per_sample=False)
    net = copy.deepcopy(model).eval()
    net.zero_grad()
    (functional.cross_entropy if task == "classes" else functional.mse_loss)(net(x), y).backward()
    named = dict(net.named_parameters())
    assert found.names == list(named)
    for name, grad, weight in zip(found.names, found.grad_norms, found.weight_norms, strict=True):
        assert grad == pytest.approx(named[name].grad.norm().item(), rel=1e-4, abs=1e-8)
        assert weight == pytest.approx(named[name].norm().item(), rel=1e-5)
    assert found.total_norm == pytest.approx(np.sqrt((found.grad_norms**2).sum()))
    assert found.sample_norms is None
    assert found.summary()["per_sample"] is None


def test_samples_are_those_of_a_loop(case: Case) -> None:
    model, x, y, task = case
    found = measure(Objective.bind(model, x, y, task=task, block=16))
    assert found.method == "ghost norms"
    assert found.sample_norms is not None
    np.testing.assert_allclose(found.sample_norms, looped(model, x, y, task), rtol=1e-4)


class Residual(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.one, self.two = nn.Linear(6, 6), nn.Linear(6, 6)

    def forward(self, x: Tensor) -> Tensor:
        return x + self.two(functional.relu_(self.one(x)))


class Tied(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.mix, self.out = nn.Linear(6, 6), nn.Linear(6, 3)

    def forward(self, x: Tensor) -> Tensor:
        return self.out(self.mix(torch.tanh(self.mix(x))))


class Borrowed(nn.Module):
    """Uses the weight of a layer outside of that layer."""

    def __init__(self) -> None:
        super().__init__()
        self.mix, self.out = nn.Linear(6, 6, bias=False), nn.Linear(6, 3)

    def forward(self, x: Tensor) -> Tensor:
        return self.out(functional.linear(self.mix(x), self.mix.weight))


class Branching(nn.Module):
    """Looks at numbers to decide what to do, which vmap can't follow."""

    def __init__(self) -> None:
        super().__init__()
        self.scale, self.out = nn.Parameter(torch.ones(6)), nn.Linear(6, 3)

    def forward(self, x: Tensor) -> Tensor:
        rows = [self.out(row * self.scale if row.sum().item() > 0 else row) for row in x]
        return torch.stack(rows)


class Products(nn.Module):
    """Multiplies two views of its input."""

    def __init__(self) -> None:
        super().__init__()
        self.one, self.pair = nn.Linear(6, 4), nn.Bilinear(6, 4, 3)

    def forward(self, x: Tensor) -> Tensor:
        return self.pair(x, torch.tanh(self.one(x)))


class Attention(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.mix, self.norm, self.out = (
            nn.MultiheadAttention(6, 2, batch_first=True),
            nn.LayerNorm(6),
            nn.Linear(6, 3),
        )

    def forward(self, x: Tensor) -> Tensor:
        return self.out(self.norm(x + self.mix(x, x, x, need_weights=False)[0])).mean(1)


class Permuted(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x.transpose(1, 2)


def vector() -> Tensor:
    return torch.randn(7, 6, dtype=torch.float64)


def picture() -> Tensor:
    return torch.randn(7, 4, 9, 8, dtype=torch.float64)


def words() -> Tensor:
    return torch.randint(0, 5, (7, 11))


def sentence() -> Tensor:
    return torch.randn(7, 5, 6, dtype=torch.float64)


def volume() -> Tensor:
    return torch.randn(7, 2, 5, 6, 4, dtype=torch.float64)


def signal() -> Tensor:
    return torch.randn(7, 4, 12, dtype=torch.float64)


MODELS: dict[str, tuple[Callable[[], nn.Module], Callable[[], Tensor], str]] = {
    "linear": (lambda: nn.Sequential(nn.Linear(6, 5), nn.Tanh(), nn.Linear(5, 3)), vector, "ghost norms"),
    "residual, in place": (lambda: nn.Sequential(Residual(), nn.Linear(6, 3)), vector, "ghost norms"),
    "conv": (
        lambda: nn.Sequential(
            nn.Conv2d(4, 6, (3, 2), stride=(2, 1), padding=(1, 0), dilation=(1, 2)),
            nn.ReLU(inplace=True),
            nn.Conv2d(6, 4, 3, padding="same", groups=2, bias=False),
            nn.GroupNorm(2, 4),
            nn.Conv2d(4, 3, 1, padding=1, padding_mode="reflect"),
            nn.AdaptiveAvgPool2d(1),
            nn.Flatten(),
        ),
        picture,
        "ghost norms",
    ),
    "batch norm": (
        lambda: nn.Sequential(
            nn.BatchNorm2d(4), nn.Conv2d(4, 3, 3), nn.BatchNorm2d(3), nn.AdaptiveAvgPool2d(1), nn.Flatten()
        ),
        picture,
        "ghost norms",
    ),
    "signal": (
        lambda: nn.Sequential(
            nn.Conv1d(4, 6, 5, padding=2, padding_mode="circular", stride=2),
            nn.BatchNorm1d(6),
            nn.Tanh(),
            nn.Conv1d(6, 3, 3, padding=1),
            nn.AdaptiveAvgPool1d(1),
            nn.Flatten(),
        ),
        signal,
        "ghost norms",
    ),
    "words": (
        lambda: nn.Sequential(
            nn.Embedding(5, 6, padding_idx=0),
            nn.LayerNorm(6),
            nn.Linear(6, 8),
            nn.GELU(),
            nn.Linear(8, 3),
            Permuted(),
            nn.AdaptiveAvgPool1d(1),
            nn.Flatten(),
        ),
        words,
        "ghost norms",
    ),
    "tied": (Tied, vector, "ghost norms, and vmap for mix (Linear)"),
    "borrowed": (Borrowed, vector, "ghost norms, and vmap for mix (Linear)"),
    "transposed conv": (
        lambda: nn.Sequential(
            nn.ConvTranspose2d(4, 6, (3, 2), stride=(3, 2), padding=(1, 0), output_padding=(2, 1), groups=2),
            nn.PReLU(6),
            nn.ConvTranspose2d(6, 3, 3, dilation=2, bias=False),
            nn.PReLU(),
            nn.InstanceNorm2d(3, affine=True),
            nn.Conv2d(3, 3, 1),
            nn.Tanh(),
            nn.AdaptiveAvgPool2d(1),
            nn.Flatten(),
        ),
        picture,
        "ghost norms",
    ),
    "signal, transposed": (
        lambda: nn.Sequential(
            nn.ConvTranspose1d(4, 6, 4, stride=3, padding=2, output_padding=1),
            nn.InstanceNorm1d(6, affine=True, track_running_stats=True),
            nn.Tanh(),
            nn.Conv1d(6, 3, 1),
            nn.AdaptiveAvgPool1d(1),
            nn.Flatten(),
        ),
        signal,
        "ghost norms",
    ),
    "volume": (
        lambda: nn.Sequential(
            nn.Conv3d(2, 4, (3, 1, 2), stride=(1, 2, 1), padding=(1, 0, 1), dilation=(1, 1, 2), groups=2),
            nn.BatchNorm3d(4),
            nn.ReLU(),
            nn.ConvTranspose3d(4, 4, 2, stride=2, groups=2, output_padding=(1, 0, 0), dilation=(1, 1, 2)),
            nn.InstanceNorm3d(4, affine=True),
            nn.Conv3d(4, 3, 1, padding="same", padding_mode="replicate"),
            nn.Tanh(),
            nn.AdaptiveAvgPool3d(1),
            nn.Flatten(),
        ),
        volume,
        "ghost norms",
    ),
    "root mean square": (
        lambda: nn.Sequential(nn.RMSNorm(6), nn.Linear(6, 5), nn.RMSNorm((5,), eps=1e-3), nn.Linear(5, 3)),
        vector,
        "ghost norms",
    ),
    "products": (Products, vector, "ghost norms"),
    "attention": (
        lambda: Attention(),
        sentence,
        "ghost norms, and vmap for mix (MultiheadAttention), mix.out_proj (NonDynamicallyQuantizableLinear)",
    ),
    "parametrised": (
        lambda: nn.Sequential(
            nn.utils.parametrizations.weight_norm(nn.Linear(6, 4)), nn.Tanh(), nn.Linear(4, 3)
        ),
        vector,
        "ghost norms, and vmap for 0 (ParametrizedLinear), 0.parametrizations.weight (ParametrizationList)",
    ),
    "branching": (Branching, vector, "one by one"),
}


@pytest.mark.parametrize("frozen", [False, True])
@pytest.mark.parametrize("name", MODELS)
def test_every_kind_of_layer_agrees_with_a_loop(name: str, frozen: bool) -> None:
    torch.manual_seed(0)
    build, draw, method = MODELS[name]
    model, x = build().double(), draw()
    model(x)  # moves running statistics
    if frozen:
        for parameter in list(model.parameters())[1::2]:
            parameter.requires_grad_(False)
    y = torch.randint(0, 3, (len(x),))
    found = measure(Objective.bind(model, x, y, block=3))
    if not frozen:
        assert found.method == method
    assert found.sample_norms is not None
    np.testing.assert_allclose(found.sample_norms, looped(model, x, y), rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize(("positions", "inputs", "outputs"), [(1, 5, 4), (3, 9, 8), (40, 3, 2)])
def test_both_ways_to_the_norm_of_an_outer_product_agree(positions: int, inputs: int, outputs: int) -> None:
    a, g = torch.randn(4, positions, inputs).double(), torch.randn(4, positions, outputs).double()
    wanted = torch.einsum("bto,bti->boi", g, a).square().sum((1, 2))
    torch.testing.assert_close(outer(a, g), wanted)


def test_the_noise_scale_is_that_of_the_covariance(case: Case) -> None:
    model, x, y, task = case
    found = measure(Objective.bind(model, x, y, task=task, double=True))
    net = copy.deepcopy(model).double().eval()
    rows = []
    for i in range(len(x)):
        out = net(x[i : i + 1].double())
        target = y[i : i + 1] if task == "classes" else y[i : i + 1].double()
        loss = (
            functional.cross_entropy(out, target) if task == "classes" else functional.mse_loss(out, target)
        )
        rows.append(torch.cat([g.reshape(-1) for g in torch.autograd.grad(loss, list(net.parameters()))]))
    gradients = torch.stack(rows)
    wanted = gradients.var(0, correction=1).sum() / gradients.mean(0).square().sum()
    assert found.noise_scale == pytest.approx(wanted.item(), rel=1e-8)


def test_weights_of_zero_have_no_ratio() -> None:
    model = nn.Linear(3, 2)
    nn.init.zeros_(model.bias)
    found = measure(Objective.bind(model, torch.randn(4, 3), torch.tensor([0, 1, 0, 1])))
    assert np.isnan(found.ratios[1])
    assert [layer["ratio"] is None for layer in found.summary()["layers"]] == [False, True]


def test_a_gradient_that_is_not_finite_is_told() -> None:
    objective = Objective.bind(
        nn.Linear(3, 1),
        torch.randn(5, 3),
        torch.zeros(5),
        task="numbers",
        loss=lambda out, _: (0 * out).abs().sqrt().mean(),
    )
    with pytest.raises(DltuiError, match="gradient .* is not finite"):
        measure(objective)


def counts_of(found: object) -> Histogram:
    """Return the counts of norms by sample."""
    assert isinstance(found, GradientNorms)
    return next(figure for figure in found.figures() if isinstance(figure, Histogram))


def test_norms_come_as_they_are_known(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dltui.instruments.gradients.norms.PICTURES_EACH", 0)
    model, x, y, task = case
    seen: list[tuple[int, int, object]] = []
    objective = Objective.bind(model, x, y, task=task, block=8)
    final = measure(objective, report=lambda done, total, partial=None: seen.append((done, total, partial)))
    done = [one for one, _, _ in seen]
    assert done == sorted(done)
    size, count = final.batch_size, final.batches
    assert {total for _, total, _ in seen} == {2 * objective.samples + size * count}
    assert done[:2] == [8, 16]
    assert seen[-1][2] is final
    assert final.complete
    partial = [p for _, _, p in seen[:-1] if p is not None]
    assert len(partial) > 2
    known = []
    for one in partial:
        assert isinstance(one, GradientNorms)
        assert not one.complete
        assert np.array_equal(one.grad_norms, final.grad_norms)
        assert one.sample_norms is not None
        assert final.sample_norms is not None
        there = ~np.isnan(one.sample_norms)
        known.append(int(there.sum()))
        assert np.array_equal(one.sample_norms[there], final.sample_norms[there])
        assert (one.document()["per_sample"] is None) == (not there.any())
        assert all(figure.words() for figure in one.figures())
    assert known[0] == 0
    assert known == sorted(known)
    assert f"{known[-1]} of {objective.samples} samples so far" in counts_of(partial[-1]).caption


@pytest.mark.parametrize("sample", [8, 40, 60])
def test_norms_end_within_a_block(sample: int) -> None:
    objective = Objective.bind(nn.Linear(3, 2), torch.randn(40, 3), torch.tensor([0, 1] * 20), block=8)
    seen: list[int] = []

    def stop(done: int, total: int, partial: object = None) -> None:
        seen.append(done)
        if done >= sample:
            raise Cancelled("enough")

    with pytest.raises(Cancelled):
        measure(objective, report=stop)
    assert sample <= seen[-1] < sample + 8


def test_norms_survive_their_file(case: Case, tmp_path: object) -> None:
    model, x, y, task = case
    for per_sample in (True, False):
        found = measure(Objective.bind(model, x, y, task=task), per_sample=per_sample)
        path = tmp_path / "one.safetensors"  # type: ignore[operator]
        found.save(path)
        document = load(path).document()
        assert document == found.document()
        assert {"loss", "total_norm", "layers", "per_sample", "seconds"} <= document.keys()
        assert document["layers"][0].keys() == {
            "name", "shape", "grad_norm", "weight_norm", "ratio", "update_ratio", "cosine", "cosine_error", "noise",
        }  # fmt: skip
        if per_sample:
            assert {"mean", "max", "norms"} <= document["per_sample"].keys()
        assert all(figure.words() for figure in found.figures())
