"""What a traced network's first layer makes of all samples: how much of it is kept, and that it is right."""

from __future__ import annotations

import gc

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from dltui.instruments.directions import plane as directions
from dltui.instruments.landscape import passes, stem
from dltui.instruments.landscape.dense import dense
from dltui.instruments.landscape.folded import folded, network_of
from dltui.instruments.landscape.kernels import phases, scores
from dltui.instruments.landscape.plain import plain
from dltui.instruments.landscape.plane import Plane
from dltui.instruments.landscape.polynomial import Polynomial
from dltui.instruments.landscape.prefix import cut_prefix
from dltui.models import build
from dltui.objective import Objective

SAMPLES, SIDE = 50, 8
ROW = np.stack([np.linspace(-0.9, 0.8, 7), np.full(7, 0.3)], 1)


def plane(model: nn.Module, dimensions: int = 2, *, double: bool = False) -> Plane:
    torch.manual_seed(4)
    x, y = torch.randn(SAMPLES, 1, SIDE, SIDE), torch.randint(0, 4, (SAMPLES,))
    objective = Objective.bind(model.eval(), x, y, double=double)
    twin = objective.twin()
    return Plane(objective, twin, directions(twin, "filter", 5, dimensions)[0])


def alive() -> dict[int, int]:
    """Return the bytes of all tensors that live, by where they are: each memory once."""
    gc.collect()
    found = (one for one in gc.get_objects() if type(one) is Tensor and one.layout is torch.strided)
    return {one.untyped_storage().data_ptr(): one.untyped_storage().nbytes() for one in found}


@pytest.mark.parametrize(("dimensions", "kept"), [(1, 2), (2, 1)], ids=["line", "plane"])
@pytest.mark.parametrize("name", ["lenet", "resnet8:width=4"])
def test_of_the_first_layer_only_what_all_rows_share_is_kept(name: str, dimensions: int, kept: int) -> None:
    """Three times as much was kept for a plane once."""
    torch.manual_seed(1)
    at = plane(build(name, (1, SIDE, SIDE), 4), dimensions)
    convolution = next(one for one in at.twin.module.modules() if isinstance(one, nn.Conv2d))
    each = functional.conv2d(torch.zeros(1, 1, SIDE, SIDE), convolution.weight, None, 1, convolution.padding)
    tier = folded(at)
    before = alive()
    worker = tier.on(at.objective)
    after = alive()
    held = sum(size for place, size in after.items() if place not in before)
    assert callable(worker)
    layer = kept * SAMPLES * each.numel() * 4
    assert layer <= held <= layer + (1 << 14)  # and its weights


def test_a_perceptron_keeps_room_for_a_few_points() -> None:
    """However many there are in a row."""
    torch.manual_seed(1)
    model = nn.Sequential(nn.Flatten(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 4))
    torch.manual_seed(4)
    x, y = torch.randn(2000, 1, SIDE, SIDE), torch.randint(0, 4, (2000,))
    objective = Objective.bind(model, x, y)
    twin = objective.twin()
    tier = dense(Plane(objective, twin, directions(twin, "filter", 5)[0]))
    sizes = []
    for points in (270, 330):
        before = alive()
        evaluate = tier.on(objective)()
        evaluate(np.stack([np.linspace(-1, 1, points), np.zeros(points)], 1))
        after = alive()
        sizes.append(sum(size for place, size in after.items() if place not in before))
        del evaluate
    first, layer, outputs = 3 * 4 * 64 * 2016, 2 << 20, 8 << 20
    assert sizes[0] == sizes[1] <= first + layer + 2 * outputs


@pytest.mark.parametrize("name", ["lenet", "resnet8:width=4"])
def test_a_point_has_the_same_bits_where_there_is_no_room(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    torch.manual_seed(1)
    at = plane(build(name, (1, SIDE, SIDE), 4))
    tier = folded(at)
    kept = tier.on(at.objective)()(ROW).losses
    monkeypatch.setattr(stem, "STEM_BYTES", 0)
    assert torch.equal(tier.on(at.objective)()(ROW).losses, kept)


POOLED = {
    "5 x 3, steps, no bias": ((1, 3, (5, 3)), {"stride": (1, 2), "padding": (2, 1), "bias": False}, (2, 2)),
    "odd windows": ((1, 2, 3), {"padding": 1}, (3, 2)),
    "1 x 1": ((1, 2, 1), {}, (2, 4)),
    "rest at the edge": ((1, 2, 2), {}, (2, 3)),
    "dilated": ((1, 2, 3), {"padding": 2, "dilation": 2}, (2, 2)),
    "same": ((1, 2, 3), {"padding": "same"}, (2, 2)),
}


@pytest.mark.parametrize("name", POOLED)
def test_a_first_convolution_at_all_places_of_windows(name: str) -> None:
    torch.manual_seed(6)
    arguments, settings, window = POOLED[name]
    layer = nn.Conv2d(*arguments, **settings)  # type: ignore[arg-type]
    inner = functional.max_pool2d(layer(torch.zeros(1, 1, SIDE, SIDE)), window).numel()
    model = nn.Sequential(layer, nn.ReLU(), nn.MaxPool2d(window), nn.Flatten(), nn.Linear(inner, 4))
    at = plane(model, double=True)
    net = network_of(at)
    passes.pool_first(net)
    prefix = cut_prefix(net)
    assert prefix is not None
    assert (prefix.window is None) == (name in {"dilated", "same"})
    x, bias = at.objective.inputs, layer.bias
    with torch.no_grad():
        wanted = phases(layer.double()(x), *window)
        long = None if bias is None else prefix.long(bias.double())
        torch.testing.assert_close(prefix.layer(x, prefix.wide(layer.weight), long), wanted)
    slow, quick = (way(at).on(at.objective)()(ROW) for way in (plain, folded))
    torch.testing.assert_close(quick.losses, slow.losses)


def test_powers_before_which_the_same_stands_on_all_rows() -> None:
    one = torch.ones(1)
    assert Polynomial({(0, 0): one, (1, 0): one}).steady == [0, 1]
    assert Polynomial({(0, 0): one, (1, 0): one, (0, 1): one}).steady == [1]
    assert Polynomial({(p, q): one for p in range(3) for q in range(3 - p)}).steady == [2]


@pytest.mark.parametrize("bias", [False, True])
def test_scores_are_a_linear_layer_with_samples_last_in_memory(bias: bool) -> None:
    x, weight, own = torch.randn(9, 5), torch.randn(3, 5), torch.randn(3) if bias else None
    found = scores(x, weight, own)
    torch.testing.assert_close(found, functional.linear(x, weight, own))
    assert found.stride() == (1, 9)
