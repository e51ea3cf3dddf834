"""A race on the same pictures; lenses made straight; the arguments that gsplat is called with."""

import json
import sys
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
import torch

from dltui.cli import run
from dltui.results import load
from dltui.results.nerf_race import Race
from dltui.scene.cameras import around
from dltui.scene.nerf.views import View
from dltui.scene.splats.blend import blend
from dltui.scene.splats.fused import backend, fused, picture
from dltui.scene.splats.gaussians import Gaussians
from dltui.scene.splats.grow import Pull
from dltui.scene.splats.project import BLUR, project
from dltui.scene.splats.straight import straightened

CPU = torch.device("cpu")
CAMERA = around(5, distance=3.2, size=20)[2]


def test_a_field_and_splats_race_on_the_same_pictures(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    kept = tmp_path / "race.safetensors"
    words = ["bunny", "--views", "11", "--size", "16", "--splats", "60", "--seconds", "0.3", "--quiet"]
    assert run(["nerf", "race", *words, "--json", "--save", str(kept)]) == 0
    told = json.loads(capsys.readouterr().out)
    assert [one["name"] for one in told["racers"]] == ["grid", "splats"]
    assert all(one["steps"] > 0 and one["train_seconds"] >= 0.3 for one in told["racers"])
    found = load(kept)
    assert isinstance(found, Race)
    assert found.seen.shape == (2, 16, 16, 3)
    assert (np.diff(found.first[:, 0]) >= 0).all()
    assert run(["nerf", "race", "nowhere"]) == 2
    assert "transforms.json" in capsys.readouterr().err


def test_a_straightened_picture_shows_what_lies_along_its_rays() -> None:
    bent = replace(
        CAMERA, width=40, height=40, fx=55, fy=55, cx=20, cy=20, distortion=(0.15, -0.03, 0.002, 0.001)
    )
    _, way = bent.rays()
    view = View(bent, (way.T.reshape(40, 40, 3) + 1) / 2)  # a picture of directions
    plain = straightened(view)
    assert not any(plain.camera.distortion)
    _, straight = plain.camera.rays()
    inner = np.s_[8:32, 8:32]
    np.testing.assert_allclose(plain.rgb[inner], ((straight.T.reshape(40, 40, 3) + 1) / 2)[inner], atol=2e-3)
    assert straightened(plain) is plain


def test_gsplat_is_asked_for_the_same_picture(monkeypatch: pytest.MonkeyPatch) -> None:
    draw = torch.Generator().manual_seed(0)
    splats = Gaussians(
        torch.randn(30, 3, generator=draw) * 0.4, torch.randn(30, 3, generator=draw) * 0.3 - 1.7,
        torch.randn(30, 4, generator=draw), torch.randn(30, generator=draw),
        torch.randn(30, 4, 3, generator=draw) * 0.3,
    )  # fmt: skip

    asked_for = []

    def rasterization(**asked):  # type: ignore[no-untyped-def]
        """Draw by our own projection, from nothing but what was asked."""
        sight, lens = asked["viewmats"][0], asked["Ks"][0]
        pose = np.linalg.inv(sight.double().numpy()) @ np.diag([1, -1, -1, 1])
        camera = replace(
            CAMERA, pose=pose, fx=float(lens[0, 0]), fy=float(lens[1, 1]), cx=float(lens[0, 2]),
            cy=float(lens[1, 2]), width=asked["width"], height=asked["height"],
        )  # fmt: skip
        own = Gaussians(
            asked["means"],
            asked["scales"].log(),
            asked["quats"],
            torch.logit(asked["opacities"]),
            asked["colors"],
        )
        flat = project(own, camera)
        asked_for.append(asked)
        means = flat.middle[
            None
        ]  # gsplat gives them as (cameras, splats, 2), and the picture is made of them
        seen = blend(
            replace(flat, middle=means[0]), camera.width, camera.height, float(asked["backgrounds"][0, 0])
        )
        return seen.reshape(1, camera.height, camera.width, 3), None, {"means2d": means}

    stand_in = ModuleType("gsplat")
    stand_in.rasterization = rasterization  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "gsplat", stand_in)
    expected = blend(project(splats, CAMERA), 20, 20, 0.7)
    for tensor in splats.tensors:
        tensor.requires_grad_()
    found = fused(splats, CAMERA, 0.7)
    torch.testing.assert_close(found.rgb, expected, atol=1e-4, rtol=1e-4)
    assert (asked_for[0]["sh_degree"], asked_for[0]["packed"], asked_for[0]["eps2d"]) == (1, False, BLUR)
    found.rgb.square().sum().backward()  # type: ignore[no-untyped-call]
    pull = Pull(30, CPU)
    pull.note(found.middle, CAMERA)
    ours = picture(splats, CAMERA, 0.7)
    ours.rgb.square().sum().backward()  # type: ignore[no-untyped-call]
    other = Pull(30, CPU)
    other.note(ours.middle, CAMERA)
    torch.testing.assert_close(pull.mean, other.mean, atol=1e-4, rtol=1e-3)
    assert float(pull.mean.max()) > 0
    assert backend(torch.device("cpu")) == "torch"
