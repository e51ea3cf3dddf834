"""Networks on clouds of points: their sizes by the papers, their parts by brute force, and what they don't mind."""

from __future__ import annotations

from itertools import pairwise

import pytest
import torch

from dltui.errors import UsageError
from dltui.models import MODELS, build
from dltui.models._names import NAMES
from dltui.models.dgcnn import EdgeConv, nearest
from dltui.models.pointnet2 import SetAbstraction, ball_query, farthest_points
from dltui.models.voxnet import EDGE, Voxels

SHAPE = (64, 3)
SPECS = ["pointnet2:width=4,centres=16,neighbours=8", "dgcnn:width=4,neighbours=6", "voxnet:width=4,side=12"]


def layers(*sizes: int, bias: int = 1) -> int:
    return sum(into * out + (2 + bias) * out for into, out in pairwise(sizes))


def pointnet2(w: int, outputs: int) -> int:
    rounds = (
        layers(3, w, w, 2 * w)
        + layers(3 + 2 * w, 2 * w, 2 * w, 4 * w)
        + layers(3 + 4 * w, 4 * w, 8 * w, 16 * w)
    )
    return rounds + layers(16 * w, 8 * w, 4 * w) + (4 * w + 1) * outputs


def dgcnn(w: int, outputs: int) -> int:
    edges = sum(layers(2 * into, out, bias=0) for into, out in ((3, w), (w, w), (w, 2 * w), (2 * w, 4 * w)))
    head = layers(32 * w, 8 * w, bias=0) + layers(8 * w, 4 * w) + (4 * w + 1) * outputs
    return edges + layers(8 * w, 16 * w, bias=0) + head


def voxnet(w: int, left: int, outputs: int) -> int:
    return 126 * w + (27 * w + 1) * w + (w * left**3 + 1) * 4 * w + (4 * w + 1) * outputs


@pytest.mark.parametrize(
    ("spec", "outputs", "count"),
    [
        ("pointnet2", 10, pointnet2(16, 10)),
        ("pointnet2:width=64,centres=512,radius=0.2,neighbours=32", 40, pointnet2(64, 40)),
        ("dgcnn", 10, dgcnn(16, 10)),
        ("dgcnn:width=64,neighbours=20,dropout=0.5", 40, 1_809_576),
        ("voxnet", 10, voxnet(32, 3, 10)),
        ("voxnet:side=32", 40, 921_736),  # the count in the paper
    ],
)
def test_parameter_count(spec: str, outputs: int, count: int) -> None:
    assert sum(p.numel() for p in build(spec, SHAPE, outputs).parameters()) == count


@pytest.mark.parametrize("name", ["pointnet2", "dgcnn", "voxnet"])
def test_the_docstring_tells_the_count(name: str) -> None:
    doc = MODELS.load(name).__doc__ or ""
    assert f"{sum(p.numel() for p in build(name, SHAPE, 10).parameters()):,}" in doc
    assert doc.splitlines()[0] == NAMES[name].summary


def warmed(spec: str) -> torch.nn.Module:
    torch.manual_seed(0)
    module = build(spec, SHAPE, 10)
    module(torch.randn(8, *SHAPE) * 0.4)  # moves the running statistics
    return module.eval()


@pytest.mark.parametrize("spec", SPECS)
def test_the_order_of_points_counts_for_nothing_and_the_points_count(spec: str) -> None:
    module, x = warmed(spec), torch.randn(4, *SHAPE) * 0.4
    with torch.no_grad():
        y = module(x)
        assert torch.allclose(module(x[:, torch.randperm(64)]), y, rtol=0, atol=1e-5)
        assert not torch.allclose(module(x[:, :32]), y, atol=1e-3)
        one = torch.cat([module(x[i : i + 1]) for i in range(4)])
    assert torch.allclose(one, y, atol=1e-5)


@pytest.mark.parametrize("spec", SPECS)
def test_gradients_reach_every_weight(spec: str) -> None:
    torch.manual_seed(0)
    module = build(spec, SHAPE, 10)
    module(torch.randn(8, *SHAPE) * 0.4).square().mean().backward()
    for name, parameter in module.named_parameters():
        assert parameter.grad is not None, name
        assert torch.isfinite(parameter.grad).all(), name
        assert parameter.grad.abs().sum() > 0, name


def test_farthest_points_are_those_of_brute_force() -> None:
    torch.manual_seed(1)
    x = torch.randn(3, 40, 3)
    for cloud, taken in zip(x, farthest_points(x, 9).tolist(), strict=True):
        assert taken[0] == int((cloud - cloud.mean(0)).norm(dim=1).argmax())
        for at in range(1, 9):
            apart = [min(float((cloud[i] - cloud[j]).norm()) for j in taken[:at]) for i in range(40)]
            assert apart[taken[at]] == max(apart)


def test_a_ball_gives_the_nearest_points_within_it() -> None:
    torch.manual_seed(2)
    x = torch.randn(2, 50, 3)
    centres = x[:, :5]
    for cloud, middle, rows in zip(x, centres, ball_query(x, centres, 0.8, 6).tolist(), strict=True):
        for place, row in zip(middle, rows, strict=True):
            apart = (cloud - place).norm(dim=1)
            inside = [i for i in apart.argsort().tolist() if apart[i] <= 0.8][:6]
            assert row == inside + [inside[0]] * (6 - len(inside))


def test_a_round_of_pointnet2_bears_a_shift_of_the_cloud() -> None:
    torch.manual_seed(3)
    part = SetAbstraction(0, (4, 8), centres=10, radius=0.5, most=8).double().eval()
    x = torch.randn(2, 40, 3, dtype=torch.float64)
    (places, features), (moved, same) = part(x, None), part(x + 2.0, None)
    assert torch.allclose(moved, places + 2.0)
    assert torch.allclose(same, features)


def test_edges_of_dgcnn_are_those_of_brute_force() -> None:
    torch.manual_seed(4)
    part = EdgeConv(5, 7, neighbours=4).double().eval()
    x = torch.randn(1, 12, 5, dtype=torch.float64)
    near = nearest(x, 4)[0]
    for i in range(12):
        assert set(near[i].tolist()) == set((x[0] - x[0, i]).norm(dim=1).argsort()[:4].tolist())
        edges = torch.stack([torch.cat([x[0, j] - x[0, i], x[0, i]]) for j in near[i].tolist()])
        assert torch.allclose(part(x)[0, i], part.edge(edges).amax(0))


def test_cells_are_full_where_a_point_lies() -> None:
    x = torch.tensor([[[0.0, 0.0, 0.0], [1.0, -1.0, 0.5], [0.01, 0.01, 0.01], [5.0, 0.0, 0.0]]])
    full = Voxels(11)(x)[0, 0]
    cell = (torch.tensor([1.0, -1.0, 0.5]) + EDGE) / (2 * EDGE / 11)
    assert full.sum() == 2
    assert full[5, 5, 5] == 1
    assert full[tuple(cell.long().tolist())] == 1


def test_voxnet_takes_grids_as_they_are() -> None:
    torch.manual_seed(5)
    x = torch.randn(2, *SHAPE) * 0.4
    of_clouds = build("voxnet:width=4,side=12", SHAPE, 3).eval()
    of_grids = build("voxnet:width=4", (1, 12, 12, 12), 3).eval()
    of_grids.load_state_dict(of_clouds.state_dict())
    assert torch.equal(of_grids(Voxels(12)(x)), of_clouds(x))


@pytest.mark.parametrize(
    ("spec", "shape", "sentence"),
    [
        ("pointnet2", (1, 8, 8), "pointnet2 needs clouds of points (N, 3), but each sample here has shape (1, 8, 8)"),
        ("dgcnn", (5,), "dgcnn needs clouds of points (N, 3), but each sample here has shape (5,): try mlp"),
        ("voxnet", (1, 8, 8), "voxnet needs clouds of points (N, 3) or grids (C, D, D, D) of at least 9 cells a side"),
        ("voxnet:side=4", SHAPE, "side of voxnet must be within 9 … 256, not 4"),
        ("dgcnn:neighbours=0", SHAPE, "neighbours of dgcnn must be within 1 … 100000, not 0"),
        ("pointnet2:radius=-1", SHAPE, "radius of pointnet2 must be within"),
    ],
)  # fmt: skip
def test_refusals(spec: str, shape: tuple[int, ...], sentence: str) -> None:
    with pytest.raises(UsageError) as caught:
        build(spec, shape, 10)
    assert sentence in str(caught.value)
