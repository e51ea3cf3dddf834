"""Directions: the norms of their filters, their seed, their angle."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from dltui.errors import DltuiError
from dltui.instruments.directions import plane
from dltui.objective import Twin


def twin_of(*layers: nn.Module, double: bool = False) -> Twin:
    dtype = torch.float64 if double else torch.float32
    return Twin(nn.Sequential(*layers), device=torch.device("cpu"), dtype=dtype)


def network() -> list[nn.Module]:
    torch.manual_seed(0)
    return [
        nn.Conv2d(3, 8, 3, groups=1),
        nn.BatchNorm2d(8),
        nn.ConvTranspose2d(8, 12, 2, groups=4),
        nn.Linear(7, 5),
        nn.Embedding(9, 4),
    ]


def test_every_filter_has_the_norm_of_its_weights() -> None:
    twin = twin_of(*network())
    for direction in plane(twin, "filter", seed=1)[0]:
        parts = {slot.name: (slot.of(direction), slot.of(twin.flat)) for slot in twin.slots}
        for name in ("0.weight", "3.weight", "4.weight"):
            d, w = (t.flatten(1).norm(dim=1) for t in parts[name])
            torch.testing.assert_close(d, w)
        # a transposed convolution: inputs of a group along dimension 0, outputs of the group along dimension 1
        d, w = (t.unflatten(0, (4, 2)).square().sum((1, 3, 4)) for t in parts["2.weight"])
        torch.testing.assert_close(d, w)
        for name in ("0.bias", "1.weight", "1.bias", "2.bias", "3.bias"):
            assert not parts[name][0].any()


def test_layers_weights_and_none() -> None:
    twin = twin_of(*network())
    raw = plane(twin, "none", seed=1, count=1)[0][0]
    by_layer = plane(twin, "layer", seed=1, count=1)[0][0]
    by_weight = plane(twin, "weight", seed=1, count=1)[0][0]
    for slot in twin.slots:
        if len(slot.shape) > 1:
            w = slot.of(twin.flat)
            torch.testing.assert_close(slot.of(by_layer).norm(), w.norm())
            torch.testing.assert_close(slot.of(by_weight), slot.of(raw) * w.abs())
    assert 0.9 < raw[raw != 0].std() < 1.1
    assert abs(raw.mean()) < 0.1


@pytest.mark.parametrize("normalize", ["filter", "layer", "weight", "none"])
def test_the_second_direction_stands_upright(normalize: str) -> None:
    twin = twin_of(*network(), double=True)
    (first, second), cosine = plane(twin, normalize, seed=3)
    wanted = torch.nn.functional.cosine_similarity(first, second, dim=0).item()
    assert cosine == pytest.approx(wanted, abs=1e-12)
    assert abs(cosine) < (1e-12 if normalize == "none" else 0.5)
    one, none = plane(twin, normalize, seed=3, count=1)
    assert torch.equal(one[0], first)
    assert none == 0


def test_seed_alone_decides() -> None:
    twin, double = twin_of(*network()), twin_of(*network(), double=True)
    first = plane(twin, "filter", seed=5)[0]
    torch.manual_seed(99)
    again, other = plane(twin, "filter", seed=5)[0], plane(twin, "filter", seed=6)[0]
    assert all(torch.equal(a, b) for a, b in zip(first, again, strict=True))
    assert not torch.equal(first[0], other[0])
    torch.testing.assert_close(plane(double, "filter", seed=5)[0][0].float(), first[0])


def test_zero_weights_have_no_direction() -> None:
    layer = nn.Linear(3, 3)
    nn.init.zeros_(layer.weight)
    with pytest.raises(DltuiError, match="every weight is 0"):
        plane(twin_of(layer), "filter", seed=0)
    assert plane(twin_of(layer), "none", seed=0)[0][0].any()


def test_a_model_of_vectors_alone_still_has_directions() -> None:
    twin = twin_of(nn.BatchNorm1d(6))
    direction = plane(twin, "filter", seed=0, count=1)[0][0]
    torch.testing.assert_close(direction[:6].norm(), twin.flat[:6].norm())
