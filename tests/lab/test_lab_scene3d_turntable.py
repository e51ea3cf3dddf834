"""Turntables, fits that are remembered, and the field that is made to measure."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
import torch

from dltui.device import threads
from dltui.lab.scene3d.choices import SCENES
from dltui.lab.scene3d.turntable import (
    HELD,
    LENS,
    TINY,
    alone,
    camera_at,
    picture,
    tiny,
    turntable,
)
from dltui.scene.nerf.classic import MlpField
from dltui.scene.nerf.fit import Fit


def test_moments_are_remembered_and_made_in_one_thread() -> None:
    asked: list[int] = []

    def moments() -> Iterator[int]:
        for number in range(4):
            asked.append(torch.get_num_threads())
            yield number

    with threads(2):
        both = alone(moments)
        one, other = iter(both), iter(both)
        assert [next(one), next(one), next(other)] == [0, 1, 0]
        assert torch.get_num_threads() == 2
        assert list(other) == [1, 2, 3]
        assert list(one) == [2, 3]
    assert asked == [1, 1, 1, 1]


@pytest.mark.parametrize("name", SCENES)
def test_a_turntable_shows_the_thing_in_the_middle_from_all_sides(name: str) -> None:
    capture = turntable(name, 5)
    assert len(capture.train) == 5
    assert len(capture.held_out) == HELD
    for view in capture.train:
        seen = view.camera.project(np.zeros((3, 1)))[:2, 0]
        assert seen == pytest.approx([view.camera.width / 2, view.camera.height / 2])
        assert view.cover is not None
        assert 0.05 < view.cover.mean() < 0.9
    around = [
        np.degrees(np.arctan2(view.camera.place[1], view.camera.place[0])) % 360 for view in capture.train
    ]
    assert around == pytest.approx([0, 72, 144, 216, 288])


def test_a_picture_twice_as_fine_is_the_same_picture() -> None:
    one, other = picture("bunny", 30.0, 20.0, 24), picture("bunny", 30.0, 20.0, 48)
    halved = other.rgb.reshape(24, 2, 24, 2, 3).mean(axis=(1, 3))
    assert np.abs(halved - one.rgb).mean() < 0.02
    assert other.camera.fx == 2 * one.camera.fx == pytest.approx(48 * LENS)
    assert np.array_equal(camera_at(30.0).pose, one.camera.pose)


def test_a_fit_takes_a_field_and_a_recipe_made_to_measure() -> None:
    fit = Fit(turntable("bunny", 4), "mlp", steps=1, make=lambda box: tiny(box, 16, 2), recipe=TINY)
    assert isinstance(fit.field, MlpField)
    assert fit.field.settings()["octaves"] == 2
    assert fit.field.voxel == pytest.approx(max(fit.box.sides) / 16 / 0.75)
    before = torch.cat([part.detach().flatten() for part in fit.field.parameters()])
    fit.timed_step()
    after = torch.cat([part.detach().flatten() for part in fit.field.parameters()])
    assert float((after - before).abs().max()) == pytest.approx(TINY.rate, rel=0.1)
