"""Checkpoints in the layout of nerf-pytorch and of tiny-NeRF, against their networks written out once more."""

import json
from pathlib import Path

import pytest
import torch
from torch import Tensor

from dltui.cli import run
from dltui.errors import DltuiError
from dltui.scene.cameras import Camera, looking
from dltui.scene.nerf.classic import MlpField
from dltui.scene.nerf.fit import render
from dltui.scene.nerf.keep import published
from dltui.scene.nerf.views import View

CPU = torch.device("cpu")
State = dict[str, Tensor]


def linear(state: State, name: str, takes: int, gives: int) -> None:
    state[f"{name}.weight"] = torch.randn(gives, takes) / takes**0.5
    state[f"{name}.bias"] = torch.randn(gives) * 0.3


def network(width: int, *, ways: bool) -> State:
    """As ``NeRF(D=8, W=width, skips=[4])`` of nerf-pytorch lays it out, 10 octaves of places and 4 of directions."""
    state: State = {}
    for i in range(8):
        linear(state, f"pts_linears.{i}", 63 if i == 0 else width + 63 * (i == 5), width)
    linear(state, "views_linears.0", width + 27 * ways, width // 2)
    if ways:
        linear(state, "feature_linear", width, width)
        linear(state, "alpha_linear", width, 1)
        linear(state, "rgb_linear", width // 2, 3)
    else:
        linear(state, "output_linear", width, 5)
    return state


def encoded(x: Tensor, octaves: int) -> Tensor:
    """As ``Embedder``: the number, then sin and cos of 2^k times it, octave by octave."""
    return torch.cat([x, *(f(x * 2**k) for k in range(octaves) for f in (torch.sin, torch.cos))], -1)


def reference(state: State, place: Tensor, way: Tensor) -> tuple[Tensor, Tensor]:
    """The forward pass of nerf-pytorch and what ``raw2outputs`` makes of it: densities and colours."""

    def layer(name: str, x: Tensor) -> Tensor:
        return x @ state[f"{name}.weight"].T + state[f"{name}.bias"]

    if "layer1.weight" in state:  # tiny-NeRF: three layers, six octaves
        h = encoded(place, 6)
        for name in ("layer1", "layer2"):
            h = layer(name, h).clamp(min=0)
        raw = layer("layer3", h)
        return raw[:, 3].clamp(min=0), raw[:, :3].sigmoid()
    points = h = encoded(place, 10)
    for i in range(8):
        h = layer(f"pts_linears.{i}", h).clamp(min=0)
        if i == 4:
            h = torch.cat([points, h], -1)
    if "output_linear.weight" in state:
        raw = layer("output_linear", h)
        return raw[:, 3].clamp(min=0), raw[:, :3].sigmoid()
    sigma = layer("alpha_linear", h)[:, 0].clamp(min=0)
    h = torch.cat([layer("feature_linear", h), encoded(way, 4)], -1)
    return sigma, layer("rgb_linear", layer("views_linears.0", h).clamp(min=0)).sigmoid()


def tiny() -> State:
    state: State = {}
    for name, takes, gives in (("layer1", 39, 32), ("layer2", 32, 32), ("layer3", 32, 4)):
        linear(state, name, takes, gives)
    return state


def written(path: Path, kind: str) -> State:
    """Write a checkpoint as its trainer does; return its fine network."""
    torch.manual_seed(1)
    if kind == "tiny":
        state = tiny()
        torch.save(state, path)
        return state
    fine, coarse = (network(32, ways=kind == "ways") for _ in range(2))
    optimizer = torch.optim.Adam([torch.nn.Parameter(torch.zeros(2))])
    told = {"global_step": 200000, "network_fn_state_dict": coarse, "network_fine_state_dict": fine}
    torch.save(told | {"optimizer_state_dict": optimizer.state_dict()}, path)
    return fine


@pytest.mark.parametrize("kind", ["ways", "no ways", "tiny"])
def test_a_checkpoint_gives_the_densities_and_colours_of_its_network(tmp_path: Path, kind: str) -> None:
    state = written(tmp_path / "200000.tar", kind)
    field = published(tmp_path / "200000.tar", CPU).field
    assert isinstance(field, MlpField)
    assert (field.coarse is not None) == (kind != "tiny")
    place = torch.rand(50, 3) * 3 - 1.5
    way = torch.nn.functional.normalize(torch.randn(50, 3), dim=1)
    with torch.no_grad():
        for own, other in zip(field.lit(field.find(place), way), reference(state, place, way), strict=True):
            torch.testing.assert_close(own, other, atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize("kind", ["ways", "tiny"])
def test_its_picture_is_that_of_many_samples_along_every_ray(tmp_path: Path, kind: str) -> None:
    state = written(tmp_path / "200000.tar", kind)
    fitted = published(tmp_path / "200000.tar", CPU)
    pose = looking(torch.tensor([3.0, 2.0, 1.5]).double().numpy(), torch.zeros(3).double().numpy())
    camera = Camera(pose, 3, 3, 4.0, 4.0, 1.5, 1.5)
    seen, _, _ = render(fitted.field, fitted.occupied, View(camera, torch.zeros(3, 3, 3).numpy()))
    origin, way = (torch.from_numpy(part.T.copy()) for part in camera.rays())
    step, far = 2e-3, 7.0
    t = torch.arange(0, far, step) + step / 2
    for i in range(9):
        place = origin[i] + t[:, None] * way[i]
        inside = (place.abs() < 1.5).all(1)
        sigma, rgb = reference(state, place[inside], way[i].expand(int(inside.sum()), 3))
        depth = torch.cat([torch.zeros(1), (sigma * step).cumsum(0)])
        weight = depth[:-1].neg().exp() - depth[1:].neg().exp()
        truth = (weight[:, None] * rgb).sum(0) + 1 - weight.sum()
        torch.testing.assert_close(torch.from_numpy(seen[i // 3, i % 3]), truth, atol=0.02, rtol=0)


@pytest.mark.parametrize("kind", ["ways", "no ways", "tiny"])
def test_the_verbs_draw_and_tell_it(tmp_path: Path, capsys: pytest.CaptureFixture[str], kind: str) -> None:
    path = str(tmp_path / "200000.tar")
    state = written(Path(path), kind)
    assert run(["nerf", "render", path, "--frames", "1", "--size", "8", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["size"] == [8, 8]
    assert run(["nerf", "info", path, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["sees_directions"] == (kind == "ways")
    assert (told["depth"], told["coarse_network"]) == ((2, False) if kind == "tiny" else (8, True))
    counted = sum(p.numel() for name, p in state.items() if kind != "no ways" or "views_linears" not in name)
    assert told["parameters"] >= counted


def test_what_is_no_such_checkpoint_is_told_in_one_line(tmp_path: Path) -> None:
    path = tmp_path / "other.tar"
    for changes, told in (
        ({"rgb_linear.weight": None}, "rgb_linear, or output_linear$"),
        ({"pts_linears.0.weight": torch.zeros(8)}, "or output_linear$"),
        ({"output_linear.weight": torch.zeros(2, 8)}, "has 2 rows"),
        ({"rgb_linear.bias": torch.full((3,), float("nan"))}, "NaN or infinite"),
    ):
        state = network(8, ways=True) | changes
        torch.save({name: part for name, part in state.items() if part is not None}, path)
        with pytest.raises(DltuiError, match=f"no checkpoint of a NeRF .*{told}"):
            published(path, CPU)
    cut = network(8, ways=True)
    del cut["feature_linear.bias"]
    torch.save({"network_fn_state_dict": cut, "network_fine_state_dict": None}, path)
    with pytest.raises(DltuiError, match="feature_linear.bias"):
        published(path, CPU)
