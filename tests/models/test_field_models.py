"""Networks that make shapes: their sizes by the papers, their parts by brute force, and the losses that teach them."""

from __future__ import annotations

from itertools import pairwise

import pytest
import torch
from torch import nn
from torch.nn import functional

from dltui.errors import UsageError
from dltui.models import MODELS, build
from dltui.models._names import NAMES
from dltui.models.atlasnet import AtlasNet
from dltui.models.deepsdf import PRIOR, DeepSdf
from dltui.models.occupancy import ConditionalNorm
from dltui.training.losses import chamfer, clamped_error, make_loss

SMALL = [
    ("occupancy:width=8,code=6", (30, 3), 10),
    ("deepsdf:shapes=3,code=4,width=16", (4,), 1),
    ("atlasnet:patches=3,code=64", (20, 3), 60),
]


def drawn(spec: str, shape: tuple[int, ...], count: int = 6) -> torch.Tensor:
    x = torch.randn(count, *shape)
    if spec.startswith("deepsdf"):
        x[:, 0] = torch.arange(count) % 3
    return x


def occupancy(w: int, c: int) -> int:
    norm = 2 * (c * w + w)
    decoder = 4 * w + 5 * (2 * norm + 2 * (w * w + w)) + norm + w + 1
    encoder = 8 * c + 5 * (2 * c * c + c + c * c + c + 2 * c * c) + c * c + c
    return decoder + encoder


def deepsdf(c: int, w: int, shapes: int) -> int:
    i = c + 3
    sizes = [(i, w), (w, w), (w, w), (w, w - i), *[(w, w)] * 4]
    return sum(a * b + 2 * b for a, b in sizes) + w + 1 + shapes * c


def layers(*sizes: int) -> int:
    return sum(into * out + 3 * out for into, out in pairwise(sizes))


def atlasnet(c: int, patches: int) -> int:
    patch = layers(c + 2, c + 2, c // 2, c // 4) + 3 * (c // 4) + 3
    return layers(3, c // 16, c // 8, c) + layers(c, c, c) + patches * patch


@pytest.mark.parametrize(
    ("spec", "shape", "outputs", "count"),
    [
        ("occupancy", (256, 3), 128, occupancy(64, 64)),
        ("occupancy:width=256,code=512", (256, 3), 128, occupancy(256, 512)),
        ("deepsdf", (4,), 1, deepsdf(16, 96, 20)),
        ("deepsdf:code=256,width=512", (4,), 1, 1_843_195 + 20 * 256),
        ("atlasnet", (256, 3), 768, atlasnet(128, 4)),
        ("atlasnet:patches=25,code=1024", (64, 3), 768, atlasnet(1024, 25)),
    ],
)
def test_parameter_count(spec: str, shape: tuple[int, ...], outputs: int, count: int) -> None:
    module = build(spec, shape, outputs)
    assert sum(p.numel() for p in module.parameters()) == count
    name = spec.partition(":")[0]
    doc = MODELS.load(name).__doc__ or ""
    assert f"{count - (5120 if '256' in spec and name == 'deepsdf' else 0):,}" in doc
    assert doc.splitlines()[0] == NAMES[name].summary


@pytest.mark.parametrize(("spec", "shape", "outputs"), SMALL)
def test_forward_and_backward(spec: str, shape: tuple[int, ...], outputs: int) -> None:
    torch.manual_seed(0)
    module = build(spec, shape, outputs)
    x = drawn(spec, shape)
    y = module(x)
    assert y.shape == (6, outputs)
    for parameter in module.parameters():  # some begin at 0 and would keep gradients from what comes before
        nn.init.normal_(parameter, std=0.3)
    module(x).square().mean().backward()
    for name, parameter in module.named_parameters():
        assert parameter.grad is not None, name
        assert torch.isfinite(parameter.grad).all(), name
        assert parameter.grad.abs().sum() > 0, name
    module.eval()
    with torch.no_grad():
        y, again = module(x), module(x)
        assert torch.equal(y, again)
        one = torch.cat([module(x[i : i + 1]) for i in range(6)])
    assert torch.allclose(one, y, atol=1e-5)


@pytest.mark.parametrize(("spec", "shape", "outputs"), [SMALL[0], SMALL[2]])
def test_the_order_of_points_counts_for_nothing(spec: str, shape: tuple[int, ...], outputs: int) -> None:
    torch.manual_seed(1)
    module = build(spec, shape, outputs)
    if spec.startswith("occupancy"):  # its codes count for nothing at first
        for parameter in module.parameters():
            nn.init.normal_(parameter, std=0.3)
    x = drawn(spec, shape)
    module(x)  # moves the running statistics
    module.eval()
    mixed = torch.cat([x[:, torch.randperm(20)], x[:, 20:]], dim=1)
    with torch.no_grad():
        assert torch.allclose(module(mixed), module(x), atol=1e-4)
        assert not torch.allclose(module(x * torch.tensor([-1.0, 1, 1])), module(x), atol=1e-4), spec


def test_places_are_answered_one_by_one() -> None:
    torch.manual_seed(2)
    module = build(*SMALL[0])
    for parameter in module.parameters():
        nn.init.normal_(parameter, std=0.3)
    module.eval()
    x = drawn("occupancy", (30, 3))
    order = torch.randperm(10)
    with torch.no_grad():
        assert torch.allclose(
            module(torch.cat([x[:, :20], x[:, 20:][:, order]], 1)), module(x)[:, order], atol=1e-5
        )


def test_a_conditional_norm_is_batch_normalisation_at_first() -> None:
    torch.manual_seed(3)
    mine, theirs = ConditionalNorm(4, 5), nn.BatchNorm1d(5)
    h, code = torch.randn(3, 7, 5), torch.randn(3, 4)
    assert torch.allclose(mine(h, code), theirs(h.flatten(0, 1)).view(3, 7, 5))


def test_deepsdf_gives_code_and_place_once_more_to_the_fifth_layer() -> None:
    torch.manual_seed(4)
    module = DeepSdf(2, code=4, width=16, dropout=0.0).eval()
    code, places = torch.randn(3, 4), torch.randn(3, 3)
    h = given = torch.cat([code, places], 1)
    with torch.no_grad():
        held = module.state_dict()
        for at in range(8):
            size, direction = (held[f"layers.{at}.parametrizations.weight.original{i}"] for i in range(2))
            matrix = size * direction / direction.norm(dim=1, keepdim=True)
            given_h = torch.cat([h, given], 1) if at == 4 else h
            h = functional.relu(given_h @ matrix.T + held[f"layers.{at}.bias"])
        assert torch.allclose(
            module.decode(code, places), torch.tanh(h @ module.head.weight.T + module.head.bias)
        )
    penalty, codes = module.penalty().detach(), module.codes.weight.detach()
    assert float(penalty) == pytest.approx(PRIOR * float(codes.square().sum()) / 2)


def test_sheets_are_continuous_and_points_even() -> None:
    torch.manual_seed(5)
    module = build("atlasnet:patches=2,code=16", (20, 3), 60).eval()
    assert isinstance(module, AtlasNet)
    code = module.encode(torch.randn(1, 20, 3))
    grid = torch.rand(1, 50, 2)
    near = module.decode(code, grid + 1e-4) - module.decode(code, grid)
    assert near.abs().max() < 1e-3
    assert module(torch.randn(2, 20, 3)).abs().max() <= 1


def test_chamfer_is_that_of_brute_force() -> None:
    torch.manual_seed(6)
    a, b = torch.randn(3, 5, 3, dtype=torch.float64), torch.randn(3, 7, 3, dtype=torch.float64)
    square = torch.tensor([[[float(((p - q) ** 2).sum()) for q in b[i]] for p in a[i]] for i in range(3)])
    brute = square.min(2).values.mean() + square.min(1).values.mean()
    assert float(chamfer(a.flatten(1), b.flatten(1))) == pytest.approx(float(brute))
    assert float(chamfer(a.flatten(1), a[:, torch.randperm(5)].flatten(1))) == pytest.approx(0, abs=1e-12)
    with pytest.raises(UsageError, match="the loss chamfer compares clouds"):
        chamfer(torch.zeros(2, 4), torch.zeros(2, 6))


def test_distances_are_cut_before_they_are_compared() -> None:
    told, right = torch.tensor([0.05, 0.3, -0.5]), torch.tensor([0.02, 0.9, 0.06])
    assert float(clamped_error(told, right)) == pytest.approx((0.03 + 0 + 0.16) / 3)
    assert make_loss("clamped-error", "numbers") is clamped_error


@pytest.mark.parametrize(
    ("spec", "shape", "outputs", "sentence"),
    [
        ("occupancy", (10, 3), 10, "occupancy needs clouds followed by 10 places, (N + 10, 3)"),
        ("deepsdf", (3,), 1, "deepsdf needs the number of a shape and a place, (4,)"),
        ("deepsdf:code=16,width=16", (4,), 1, "width of deepsdf must be within 20"),
        ("atlasnet", (20, 3), 10, "atlasnet needs clouds of points (N, 3) and a cloud as the answer"),
    ],
)
def test_refusals(spec: str, shape: tuple[int, ...], outputs: int, sentence: str) -> None:
    with pytest.raises(UsageError) as caught:
        build(spec, shape, outputs)
    assert sentence in str(caught.value)
