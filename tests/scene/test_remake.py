"""Shapes that networks make: the surface of a known field, IoU and distances against closed forms, refusals."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from dltui.checkpoints.live import LiveModel, open_live
from dltui.cli import run
from dltui.data.distances import drawn_shapes
from dltui.errors import DltuiError, UsageError
from dltui.models.deepsdf import DeepSdf
from dltui.results import load
from dltui.scene.remake import _corners, _iou, remake, searched_code

DISTANCE = "shapes3d-distance:shapes=3,samples=50"
INSIDE = "shapes3d-inside:n=20,points=16,queries=8"
COPY = "shapes3d-copy:n=20,points=24"


class Told(DeepSdf):
    """A network that tells the true distances of the first shape, a little too large."""

    def decode(self, code_BC: Tensor, q_B3: Tensor) -> Tensor:
        shape = drawn_shapes(0, 1)[0]
        return (
            torch.from_numpy(shape(q_B3.numpy().astype(float)) + 0.05).float()[:, None] + 0 * code_BC[:, :1]
        )


def live(spec: str, data: str) -> LiveModel:
    return open_live(spec, data=data, seed=0)


def test_the_surface_of_true_distances_is_the_shape() -> None:
    asked = live("deepsdf:shapes=3,code=4,width=16", DISTANCE)
    told = LiveModel(Told(3, code=4, width=16, dropout=0.0), "told", "made up", asked.takes, asked.data)
    found, geometry = remake(told, 0, resolution=40)
    radius = float(-drawn_shapes(0, 1)[0](np.zeros((1, 3)))[0])  # shape 0 is a sphere
    made = np.linalg.norm(found.vertices, axis=1)
    assert np.allclose(made, radius - 0.05, atol=2e-3)
    assert found.watertight
    assert found.genus == 0
    assert found.iou == pytest.approx((1 - 0.05 / radius) ** 3, abs=0.02)
    true = drawn_shapes(0, 1)[0](_corners(40).astype(float))
    off = np.abs((true + 0.05).clip(-0.1, 0.1) - true.clip(-0.1, 0.1)).mean()
    assert found.error == pytest.approx(off, abs=1e-6)
    assert 0.09 < found.apart["chamfer"] < 0.16  # 0.05 each way, and that samples lie beside one another
    assert len(geometry.faces) == len(found.faces)
    assert not found.unseen


@pytest.mark.parametrize(
    ("spec", "data"), [("occupancy:width=8,code=8", INSIDE), ("deepsdf:shapes=3,code=4,width=16", DISTANCE)]
)
def test_a_field_without_a_surface_is_refused(spec: str, data: str) -> None:
    asked = live(spec, data)
    head = asked.module.head
    assert isinstance(head, torch.nn.Linear)
    torch.nn.init.zeros_(head.weight)
    torch.nn.init.constant_(head.bias, -1.0 if spec.startswith("occ") else 1.0)
    with pytest.raises(DltuiError, match="the field has the same sign everywhere"):
        remake(asked, 0, resolution=8)


def test_sheets_are_as_many_as_patches_and_what_is_kept_comes_back(tmp_path: Path) -> None:
    found, _ = remake(live("atlasnet:patches=3,code=16", COPY), 1)
    assert (found.pieces, len(found.faces), found.iou) == (3, 3 * 800, None)
    found.save(tmp_path / "a.safetensors")
    again = load(tmp_path / "a.safetensors")
    assert again.summary() == found.summary()
    assert [figure.title for figure in again.figures()] == [figure.title for figure in found.figures()]


def test_a_code_is_searched_that_tells_a_shape() -> None:
    torch.manual_seed(0)
    module = DeepSdf(2, code=4, width=24, dropout=0.0).eval()
    for name, parameter in module.named_parameters():
        if name.endswith("original0"):  # the sizes of the weights: a fresh network hardly minds its code
            parameter.data *= 2
    places = torch.rand(200, 3) * 2 - 1
    right = torch.randn(4) * 0.5
    with torch.no_grad():
        told = module.decode(right.expand(200, -1), places)
    before = {name: value.clone() for name, value in module.state_dict().items()}
    found = searched_code(module, places, told)
    with torch.no_grad():
        off = (module.decode(found.expand(200, -1), places) - told).abs().mean()
        blank = (module.decode(torch.zeros(200, 4), places) - told).abs().mean()
    assert off < 0.5 * blank
    assert all(torch.equal(value, before[name]) for name, value in module.state_dict().items())


def test_the_grid_and_what_is_shared() -> None:
    corners = _corners(4)
    assert corners.shape == (125, 3)
    assert np.allclose(corners[1] - corners[0], [0, 0, 0.55])
    assert _iou(np.array([True, True, False]), np.array([False, True, True])) == pytest.approx(1 / 3)
    assert _iou(np.zeros(3, bool), np.zeros(3, bool)) == 0


def test_refusals() -> None:
    with pytest.raises(UsageError, match="makes no shapes: try occupancy, deepsdf or atlasnet"):
        remake(live("pointnet:width=4", "shapes3d:n=60,points=8"), 0)
    with pytest.raises(UsageError, match="there is no shape 9 held out in .*: expected 0 … 3"):
        remake(live("atlasnet:patches=2,code=16", COPY), 9)


def test_files_are_refused_before_anything_is_made(capsys: pytest.CaptureFixture[str]) -> None:
    for option, file, ending in (("--export", "a.foo", ".ply"), ("--orbit", "a.png", ".gif")):
        assert run(["remake", "nowhere.safetensors", option, file]) == 2
        assert ending in capsys.readouterr().err


def test_one_document_and_a_file_to_look_at(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = [
        "remake",
        "atlasnet:patches=2,code=16",
        "--data",
        COPY,
        "--export",
        f"{tmp_path}/a.ply",
        "--json",
    ]
    assert run(words) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["schema"] == "remade/1"
    assert told["chamfer"] > 0
    assert run(["mesh", f"{tmp_path}/a.ply", "--json", "--quiet"]) == 0
    assert json.loads(capsys.readouterr().out)["faces"] == told["faces"]
