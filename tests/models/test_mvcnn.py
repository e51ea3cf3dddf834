"""MVCNN: its size, the order of pictures that counts for nothing, and the pictures it reads."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from dltui.data import load
from dltui.data.shapes3d_views import FAR, pictures
from dltui.errors import UsageError
from dltui.models import MODELS, build
from dltui.models._names import NAMES

SHAPE = (6, 1, 24, 24)


def count(w: int, left: int, outputs: int) -> int:
    stages = sum(9 * a * b + 3 * b for a, b in ((1, w), (w, 2 * w), (2 * w, 4 * w)))
    return stages + (left * 4 * w + 1) * 8 * w + (8 * w + 1) * outputs


def test_parameter_count() -> None:
    assert sum(p.numel() for p in build("mvcnn", SHAPE, 10).parameters()) == count(12, 9, 10)
    doc = MODELS.load("mvcnn").__doc__ or ""
    assert f"{count(12, 9, 10):,}" in doc
    assert doc.splitlines()[0] == NAMES["mvcnn"].summary


def test_order_and_repetition_of_pictures_count_for_nothing() -> None:
    torch.manual_seed(0)
    module = build("mvcnn:width=4", SHAPE, 10)
    x = torch.rand(3, *SHAPE)
    module(x)
    module.eval()
    with torch.no_grad():
        y = module(x)
        assert torch.allclose(module(x[:, torch.randperm(6)]), y, atol=1e-6)
        assert torch.allclose(module(torch.cat([x, x[:, :2]], 1)), y, atol=1e-6)
        assert not torch.allclose(module(x[:, :3]), y, atol=1e-4)
        by_hand = torch.stack([module.view(x[:, i]) for i in range(6)]).amax(0)  # type: ignore[operator]
        assert torch.allclose(module.whole(by_hand), y, atol=1e-6)  # type: ignore[operator]


def test_pictures_show_where_points_are_and_how_near() -> None:
    near, far = pictures(np.array([[0, 0, 0.9]]), 2, 24)  # before the eye at first, then behind the middle
    assert near.max() > far.max() > FAR
    assert (near > 0).sum() == (far > 0).sum() == 4
    above, below = (pictures(np.array([[0, y, 0]]), 1, 24)[0] for y in (0.9, -0.9))
    assert np.argwhere(above > 0)[:, 0].mean() < 12 < np.argwhere(below > 0)[:, 0].mean()
    assert not pictures(np.zeros((0, 3)), 1, 24).any()


def test_a_turn_by_one_step_is_the_next_picture() -> None:
    cloud = np.random.default_rng(0).normal(0, 0.3, (300, 3))
    turned = cloud[:, [2, 1, 0]] * [1, 1, -1]  # by 90° about y
    seen, again = pictures(cloud, 4, 24), pictures(turned, 4, 24)
    shifts = [np.mean(np.roll(seen, shift, axis=0) != again) for shift in range(4)]
    assert min(shifts) < 0.05  # a few points fall on the edge of a pixel
    assert sorted(shifts)[1] > 0.3


def test_the_data_hold_pictures_of_every_class() -> None:
    data = load("shapes3d-views:n=20,classes=4,views=3,side=16,points=64", seed=1)
    assert data.input_shape == (3, 1, 16, 16)
    assert data.classes == ("sphere", "cube", "torus", "cylinder")
    assert sorted(data.y_test) == [0, 1, 2, 3]
    assert 0 < data.x_train.max() <= 1
    again = load("shapes3d-views:n=20,classes=4,views=3,side=16,points=64", seed=1)
    assert np.array_equal(again.x_train, data.x_train)


@pytest.mark.parametrize(
    ("data", "model", "sentence"),
    [
        ("shapes3d-views:n=60,views=1,points=8", "lenet", "lenet needs pictures"),
        ("digits", "mvcnn", "mvcnn needs pictures from several sides (V, C, H, W)"),
        ("shapes3d-views:side=15", "mvcnn", "side of shapes3d-views must be even, not 15: try side=16"),
    ],
)
def test_refusals(data: str, model: str, sentence: str) -> None:
    with pytest.raises(UsageError) as caught:
        build(model, load(data).input_shape, 10)
    assert sentence in str(caught.value)
