"""Fields that learn, folders that are read, and the verb from end to end."""

import itertools
import json
import struct
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from skimage.metrics import structural_similarity

from dltui.cli import run
from dltui.errors import DltuiError, UsageError
from dltui.results import load
from dltui.results.nerf import Radiance
from dltui.scene.cameras import Camera, around
from dltui.scene.nerf.classic import MlpField, waves
from dltui.scene.nerf.composite import cube
from dltui.scene.nerf.field import GridField
from dltui.scene.nerf.fit import Fit, judged, render
from dltui.scene.nerf.folders import read_folder
from dltui.scene.nerf.hashed import ENTRIES, HashField
from dltui.scene.nerf.keep import arrays_of, field_of, published
from dltui.scene.nerf.rays import along, cut
from dltui.scene.nerf.scenes import own_scene
from dltui.scene.nerf.score import psnr, ssim
from dltui.scene.nerf.views import Capture, View

CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def table() -> Capture:
    return own_scene("csg-table", views=14, size=20)


def test_structural_similarity_is_that_of_scikit_image() -> None:
    rng = np.random.default_rng(0)
    a, b = rng.random((40, 32, 3)), rng.random((40, 32, 3))
    b = 0.7 * a + 0.3 * b
    _, peer = structural_similarity(
        a, b, channel_axis=2, data_range=1, gaussian_weights=True, sigma=1.5, use_sample_covariance=False,
        full=True,
    )  # fmt: skip
    assert ssim(a, b) == pytest.approx(peer[5:-5, 5:-5].mean(), abs=1e-9)
    assert ssim(a, a) == pytest.approx(1)
    assert np.isnan(ssim(a[:8], b[:8]))
    assert psnr(np.zeros(3), np.full(3, 0.1)) == pytest.approx(20)


@pytest.mark.parametrize(("kind", "steps", "better"), [("grid", 40, 4), ("hash", 40, 2), ("mlp", 40, 1)])
def test_every_field_learns_and_comes_back_from_its_arrays(
    table: Capture, kind: str, steps: int, better: float
) -> None:
    found = Fit(table, kind, steps=steps).run()  # type: ignore[arg-type]
    blank = np.mean([psnr(np.ones_like(view.rgb), view.rgb) for view in table.held_out])
    assert judged(found, table, table.held_out) > blank + better
    arrays, plain = arrays_of(found)
    again = field_of(kind, arrays, json.loads(json.dumps(plain)), CPU)
    for one, other in zip(
        render(found.field, found.occupied, table.held_out[0]),
        render(again.field, again.occupied, table.held_out[0]),
        strict=True,
    ):
        np.testing.assert_array_equal(one, other)


def test_a_grid_that_was_kept_before_anything_was_shared_opens_and_looks_the_same(table: Capture) -> None:
    found = Fit(table, "grid", steps=40).run()
    arrays, plain = arrays_of(found)
    assert isinstance(found.field, GridField)
    old = {name: part for name, part in arrays.items() if not name.startswith("gloss.")}
    old["table"] = np.ascontiguousarray(old["table"][:, :13])
    with torch.no_grad():
        assert float(found.field.gloss[-1].weight.abs().max()) > 0
        for part in found.field.gloss[-1].parameters():
            part.zero_()
    pictures = [
        render(one.field, one.occupied, table.held_out[0])
        for one in (found, field_of("grid", old, plain, CPU))
    ]
    np.testing.assert_array_equal(pictures[0][0], pictures[1][0])
    for name in ("gloss.0.bias", "table", "row", "occupied"):
        with pytest.raises(DltuiError, match=rf"no whole field.*{name}"):
            field_of("grid", {other: part for other, part in arrays.items() if other != name}, plain, CPU)
    with pytest.raises(DltuiError, match="no whole field.*'shape' is missing"):
        field_of("grid", arrays, {name: part for name, part in plain.items() if name != "shape"}, CPU)


def test_samples_along_a_ray_add_up_to_its_pixel(table: Capture) -> None:
    found, view = Fit(table, steps=40).run(), table.held_out[0]
    colour, opacity, _ = render(found.field, found.occupied, view)
    ray = along(found, view.camera, 10.5, 12.5)
    np.testing.assert_allclose(ray.alpha, 1 - np.exp(-ray.sigma * np.diff(ray.t)[0]), atol=1e-5)
    np.testing.assert_allclose(ray.weight, ray.through * ray.alpha, atol=1e-6)
    np.testing.assert_allclose(ray.through[1:], np.cumprod(1 - ray.alpha)[:-1], rtol=1e-3, atol=1e-6)
    assert ray.weight.sum() == pytest.approx(opacity[12, 10], abs=3e-3)
    seen = (ray.weight[:, None] * ray.rgb).sum(0) + 1 - ray.weight.sum()
    np.testing.assert_allclose(seen, colour[12, 10], atol=4e-3)
    assert along(found, view.camera, 10.5, 12.5, times=0).weight.sum() == 0
    across, upward, sigma = cut(found, "z", 0.0)
    assert sigma.shape == (len(upward), len(across))
    assert sigma.max() > 0


def test_a_fit_that_sees_nothing_says_so(table: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dltui.scene.nerf.fit.CHECKED", 5)
    away = [
        View(Camera(view.camera.pose @ np.diag([-1.0, 1, -1, 1]), 20, 20, 40, 40, 10, 10), view.rgb)
        for view in table.train
    ]
    lost = Capture("lost", away[2:], away[:2], cube(0.3))
    fit = Fit(lost, "mlp", steps=40)
    with pytest.raises(DltuiError, match="collapsed"):  # a race makes steps of its own, too
        for _ in range(40):
            fit.timed_step()


@pytest.mark.parametrize("name", ["bunny", "teapot"])
def test_meshes_are_seen_where_their_depth_says(name: str) -> None:
    capture = own_scene(name, views=3, size=32)
    view = capture.train[0]
    origin, way = view.camera.rays()
    assert view.depth is not None
    assert view.cover is not None
    solid = np.isfinite(view.depth)
    places = origin.T + view.depth.reshape(-1, 1) * way.T
    assert (np.linalg.norm(places[solid.ravel()], axis=1) < 1.001).all()
    assert 0.1 < solid.mean() < 0.9
    np.testing.assert_allclose(view.cover.mean(), solid.mean(), atol=0.05)
    assert (view.rgb[view.cover == 0] == 1).all()


def test_waves_are_those_of_the_paper() -> None:
    x = torch.tensor([[0.3, -0.2, 0.7]])
    found = waves(x, 2)
    expected = torch.cat([x, torch.sin(x), torch.cos(x), torch.sin(2 * x), torch.cos(2 * x)], 1)
    torch.testing.assert_close(found, expected)


def test_a_published_checkpoint_is_read_and_never_run(tmp_path: Path) -> None:
    torch.manual_seed(0)
    field = MlpField(cube(1.5), depth=8, width=32, octaves=10, octaves_way=4, skip=4, rectified="relu")
    coarse = MlpField(cube(1.5), depth=2, width=16, octaves=10, octaves_way=4, skip=4, rectified="relu")
    state = {
        "global_step": 7,
        "network_fine_state_dict": field.state_dict(),
        "network_fn_state_dict": coarse.state_dict(),
    }
    torch.save(state, tmp_path / "200000.tar")
    found = published(tmp_path / "200000.tar", CPU).field
    assert isinstance(found, MlpField)
    assert found.settings() == field.settings()
    torch.testing.assert_close(found.coarsely(torch.ones(1, 3) / 3), coarse.thick((torch.ones(1, 3) / 3,)))
    assert found.extra == 128
    places, way = torch.rand(9, 3), torch.nn.functional.normalize(torch.rand(9, 3), dim=1)
    for one, other in zip(found.lit((places,), way), field.lit((places,), way), strict=True):
        torch.testing.assert_close(one, other)
    assert (
        run(["nerf", "render", str(tmp_path / "200000.tar"), "--frames", "1", "--size", "8", "--json"]) == 0
    )
    torch.save({"weight": torch.zeros(2)}, tmp_path / "other.tar")
    with pytest.raises(DltuiError, match="no checkpoint of a NeRF"):
        published(tmp_path / "other.tar", CPU)


def test_hashed_rows_are_those_of_a_loop() -> None:
    torch.manual_seed(0)
    field, places = HashField(cube(1.0)), torch.rand(20, 3) * 2 - 1
    with torch.no_grad():
        field.table.normal_()
    found = field._mixed(field.find(places)).detach().reshape(20, -1, 2)
    for level, size in enumerate(field._across[:, 0].int().tolist()):
        at = ((places + 1) / 2 * size).clamp(max=size - 1e-3)
        cell = at.long()
        part, expected = at - cell, torch.zeros(20, 2)
        for bits in itertools.product((0, 1), repeat=3):
            x, y, z = (cell + torch.tensor(bits)).T
            row = (x * (size + 1) + y) * (size + 1) + z
            if (size + 1) ** 3 > ENTRIES:
                row = (x ^ (y * 2654435761) ^ (z * 805459861)) % ENTRIES
            share = torch.where(torch.tensor(bits) > 0, part, 1 - part).prod(1)
            expected += share[:, None] * field.table.detach()[row + level * ENTRIES]
        torch.testing.assert_close(found[:, level], expected, atol=1e-5, rtol=1e-5)


def blender(folder: Path, capture: Capture, drop: int) -> None:
    frames = []
    for i, view in enumerate(capture.train):
        frames.append({"file_path": f"./r_{i}", "transform_matrix": view.camera.pose.tolist()})
        if i != drop:
            rgba = np.concatenate([view.rgb, np.ones((*view.rgb.shape[:2], 1))], 2)
            Image.fromarray((rgba * 255).round().astype(np.uint8), "RGBA").save(folder / f"r_{i}.png")
    told = {"camera_angle_x": np.radians(40.0), "w": 20, "h": 20, "frames": frames}
    (folder / "transforms.json").write_text(json.dumps(told))


@pytest.mark.filterwarnings("ignore:'mode' parameter")
def test_a_transforms_folder_gives_the_same_rays_and_tells_what_is_missing(
    table: Capture, tmp_path: Path
) -> None:
    blender(tmp_path, table, drop=3)
    found = read_folder(tmp_path)
    assert found.missing == ("./r_3",)
    assert len(found.capture.train) + len(found.capture.held_out) == len(table.train) - 1
    same = next(view for view in found.capture.train if view.camera.name == "./r_1")
    np.testing.assert_allclose(same.camera.rays()[1], table.train[1].camera.rays()[1], atol=1e-6)
    np.testing.assert_allclose(same.rgb, table.train[1].rgb, atol=1 / 250)
    small = read_folder(tmp_path, size=12).capture.train[0]
    assert small.rgb.shape == (12, 12, 3)
    assert small.camera.width == 12


def colmap(folder: Path, cameras: list[Camera], *, binary: bool) -> None:
    model = folder / "sparse" / "0"
    model.mkdir(parents=True)
    (folder / "images").mkdir()
    poses = []
    for i, camera in enumerate(cameras):
        turn = (camera.pose[:3, :3] @ np.diag([1, -1, -1.0])).T
        w = np.sqrt(max(0, 1 + np.trace(turn))) / 2
        quaternion = [
            w,
            (turn[2, 1] - turn[1, 2]) / 4 / w,
            (turn[0, 2] - turn[2, 0]) / 4 / w,
            (turn[1, 0] - turn[0, 1]) / 4 / w,
        ]
        poses.append([*quaternion, *(-turn @ camera.place)])
        Image.new("RGB", (24, 24), (i, 0, 0)).save(folder / "images" / f"{i}.png")
    lens = [40.0, 41.0, 12.0, 11.0, 0.1, -0.02, 0.003, 0.001]
    if binary:
        (model / "cameras.bin").write_bytes(struct.pack("<QiiQQ8d", 1, 5, 4, 24, 24, *lens))
        data = struct.pack("<Q", len(poses))
        for i, pose in enumerate(poses):
            data += struct.pack("<i7di", i, *pose, 5) + f"{i}.png".encode() + b"\0"
            data += struct.pack("<Qddq", 1, 1.0, 2.0, -1)
        (model / "images.bin").write_bytes(data)
    else:
        numbers = " ".join(map(str, lens))
        (model / "cameras.txt").write_text(f"# lenses\n5 OPENCV 24 24 {numbers}\n")
        lines = [
            f"{i} {' '.join(map(repr, map(float, pose)))} 5 {i}.png\n1.0 2.0 -1"
            for i, pose in enumerate(poses)
        ]
        (model / "images.txt").write_text("# images\n" + "\n".join(lines) + "\n")


@pytest.mark.parametrize("binary", [False, True])
def test_a_colmap_model_gives_poses_and_its_lens(tmp_path: Path, binary: bool) -> None:
    truth = around(6, distance=3.0, size=24, seed=2)
    colmap(tmp_path, truth, binary=binary)
    capture = read_folder(tmp_path).capture
    assert [view.camera.name for view in capture.held_out] == ["0.png"]
    for view in capture.train:
        known = truth[int(view.camera.name[0])]
        np.testing.assert_allclose(view.camera.pose, known.pose, atol=1e-6)
        assert view.camera.distortion == (0.1, -0.02, 0.003, 0.001)
        assert (view.camera.fx, view.camera.fy) == (40, 41)
    middle = (np.array(capture.box.low) + np.array(capture.box.high)) / 2
    np.testing.assert_allclose(middle, 0, atol=1e-6)  # where all of them look


def test_bad_folders_are_told_in_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(UsageError, match="no poses"):
        read_folder(tmp_path)
    (tmp_path / "transforms.json").write_text('{"frames": [{"file_path": "a"}]}')
    with pytest.raises(DltuiError, match="transform_matrix"):
        read_folder(tmp_path)
    pose = np.eye(4).tolist()
    told = {"camera_angle_x": 0.7, "frames": [{"file_path": "a", "transform_matrix": pose}]}
    (tmp_path / "transforms.json").write_text(json.dumps(told))
    with pytest.raises(UsageError, match="not there"):
        read_folder(tmp_path)
    broken = tmp_path / "colmap"
    (broken / "sparse" / "0").mkdir(parents=True)
    for name in ("cameras", "images"):
        (broken / "sparse" / "0" / f"{name}.bin").write_bytes(b"\1\0\0")
    with pytest.raises(DltuiError, match="cut off or broken"):
        read_folder(broken)
    assert run(["nerf", "train", str(tmp_path), "--quiet"]) == 2
    assert len(capsys.readouterr().err.strip().splitlines()) == 1


def test_the_verb_trains_keeps_renders_and_tells(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    kept, film = str(tmp_path / "kept.safetensors"), tmp_path / "turn.gif"
    words = ["--views", "11", "--size", "16", "--steps", "20", "--quiet", "--json"]
    assert run(["nerf", "train", "csg-table", *words, "--save", kept]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["views"] == {"train": 10, "held_out": 1}
    assert told["steps"] == 20
    assert {"psnr", "ssim", "train_seconds"} <= told.keys()
    found = load(Path(kept))
    assert isinstance(found, Radiance)
    assert type(found.figures()[0]).__name__ == "Images"
    assert run(["nerf", "render", kept, "--frames", "3", "--size", "20", "--gif", str(film), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["frames"] == 3
    with Image.open(film) as picture:
        assert (picture.n_frames, picture.size) == (3, (20, 20))
    assert run(["nerf", "info", kept, "--ray", "8,9", "--json"]) == 0
    ray = json.loads(capsys.readouterr().out)["ray"]
    assert len(ray["t"]) == len(ray["weight"]) > 4
    assert run(["nerf", "info", "csg-table", "--ray", "8,9"]) == 2
    for past in ("99,9", "nan,9"):
        assert run(["nerf", "info", kept, "--ray", past]) == 2
        assert "the ray goes past the picture of" in capsys.readouterr().err
    assert run(["nerf", "info", "nowhere.safetensors"]) == 2
    assert "no file nowhere.safetensors" in capsys.readouterr().err
    assert run(["nerf", "train", "csg-table", "--seconds", "nan"]) == 2
    assert "--seconds is nan: expected a finite number" in capsys.readouterr().err
    assert run(["nerf", "info", kept, "--ray", "8"]) == 2
    assert run(["nerf", "render", kept, "--gif", "a.png"]) == 2


def test_a_network_as_large_as_the_papers_learns_and_is_kept(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    kept = tmp_path / "full.safetensors"
    words = ["nerf", "train", "csg-table", "--views", "4", "--size", "16", "--steps", "2", "--quiet"]
    assert run([*words, "--field", "mlp", "--full-size", "--save", str(kept), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    places, ways = 3 + 6 * 10, 3 + 6 * 4
    layers = [(places, 256)] + [(256, 256)] * 4 + [(256 + places, 256)] + [(256, 256)] * 2
    layers += [(256, 256), (256, 1), (256 + ways, 128), (128, 3)]
    assert told["parameters"] == sum(
        taken * given + given for taken, given in layers
    )  # 595,844, as in the paper
    assert run(["nerf", "render", str(kept), "--frames", "1", "--size", "8", "--json", "--quiet"]) == 0
    capsys.readouterr()
    assert run([*words, "--field", "grid", "--full-size"]) == 2
    assert "--full-size is for --field mlp" in capsys.readouterr().err
