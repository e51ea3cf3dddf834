"""Ways of a camera: through the poses that were kept, smooth between them; films of fields and splats along them."""

import json
import math
import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from scipy.spatial.transform import Rotation, Slerp

from dltui.cli import run
from dltui.commands._held_out import camera_of
from dltui.draw.scene.eye import eye_of
from dltui.draw.view import View
from dltui.errors import UsageError
from dltui.figures import Scene
from dltui.scene.cameras import around, looking
from dltui.scene.flight import Flight, between, matrix_of, quaternion_of, read_flight, spelled

ANGLES = np.full(4, 0.7)
POSES = np.stack([camera.pose for camera in around(4, distance=3.0, size=8, seed=1)])
SMALL = ["--views", "11", "--size", "16", "--steps", "20", "--quiet", "--json"]


def test_turns_are_those_of_scipy() -> None:
    turns = Rotation.from_matrix(POSES[:, :3, :3])
    for i in range(3):
        a, b = quaternion_of(POSES[i]), quaternion_of(POSES[i + 1])
        np.testing.assert_allclose(matrix_of(a), POSES[i, :3, :3], atol=1e-12)
        for t in (0.0, 0.3, 1.0):
            peer = Slerp([0, 1], turns[i : i + 2])(t).as_matrix()
            np.testing.assert_allclose(matrix_of(between(a, b, t)), peer, atol=1e-9)
    near = between(np.array([1.0, 0, 0, 0]), np.array([-1.0, 1e-9, 0, 0]), 0.5)
    np.testing.assert_allclose(np.abs(near), [1, 0, 0, 0], atol=1e-9)


def test_a_way_goes_through_what_was_kept_and_without_a_jerk() -> None:
    cameras = Flight(POSES, ANGLES).cameras(31, 16)
    np.testing.assert_allclose(np.stack([camera.pose for camera in cameras[::10]]), POSES, atol=1e-9)
    assert cameras[0].fx == pytest.approx(8 / math.tan(0.35))
    places = np.stack([camera.place for camera in Flight(POSES, ANGLES).cameras(3001, 16)])
    speed = np.diff(places, axis=0)
    assert np.linalg.norm(np.diff(speed, axis=0), axis=1).max() < 0.01 * np.linalg.norm(speed, axis=1).max()
    still = Flight(POSES[:1], ANGLES[:1]).cameras(3, 16)
    assert all(np.allclose(camera.pose, POSES[0]) for camera in still)


def test_a_kept_camera_sees_what_the_eye_saw() -> None:
    points = np.random.default_rng(0).normal(size=(20, 3)).astype(np.float32)
    for up in ("z", "y"):
        figure = Scene(title="points", points=points, up=up)
        for view in (
            View(azimuth=70, elevation=20, zoom=1.5),
            View(azimuth=200, elevation=-5, place=(0.1, -4.0, 0.7)),
        ):
            pose, angle = camera_of(figure, view)
            seen = eye_of(figure, view, (40, 20), (1, 1)).see(points.T.copy())
            own = Flight(pose[None], np.array([angle])).cameras(1, 40)[0].project(points.T.astype(np.float64))
            before = own[2] > 0.1
            np.testing.assert_allclose(seen[0, before], own[0, before], atol=1e-3)
            np.testing.assert_allclose(
                seen[1, before], own[1, before] / 2, atol=1e-3
            )  # cells are twice as tall
            np.testing.assert_allclose(seen[2, before], own[2, before], atol=1e-4)


def test_a_file_of_a_way_comes_back(tmp_path: Path) -> None:
    for angles in ([0.7] * 4, [0.7, 0.5, 0.5, 0.9]):
        (tmp_path / "way.json").write_text(spelled(list(POSES), angles))
        found = read_flight(tmp_path / "way.json")
        np.testing.assert_array_equal(found.poses, POSES)
        assert found.angles.tolist() == angles


def test_every_camera_keeps_its_zoom_and_between_two_it_changes_evenly() -> None:
    angles = np.array([0.7, 0.5, 0.5, 0.9])
    focals = np.array([camera.fx for camera in Flight(POSES, angles).cameras(31, 16)])
    np.testing.assert_allclose(focals[::10], 8 / np.tan(angles / 2))
    assert (np.diff(focals[:11]) > 0).all()
    one = Flight(POSES[:2], np.array([0.4, 0.8])).cameras(3, 16)  # half way: the geometric mean
    assert one[1].fx == pytest.approx(math.sqrt(one[0].fx * one[2].fx))


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("{", "no JSON"),
        ('{"frames": 3}', "no list of frames"),
        ('{"frames": [3]}', "no list of frames"),
        ("3", "no list of frames"),
        (
            json.dumps({"camera_angle_x": 1, "frames": [{"transform_matrix": [["a"] * 4] * 4}]}),
            "frame 0 .*4×4",
        ),
        (json.dumps({"camera_angle_x": 1, "frames": [{"transform_matrix": {"a": 1}}]}), "4×4"),
        (
            json.dumps({"camera_angle_x": 10**400, "frames": [{"transform_matrix": np.eye(4).tolist()}]}),
            "angle",
        ),
        (json.dumps({"camera_angle_x": 1, "frames": [{"transform_matrix": [[10**400] * 4] * 4}]}), "4×4"),
        (json.dumps({"frames": [{"transform_matrix": np.eye(4).tolist()}]}), "neither it nor the file"),
        ('{"camera_angle_x": 0.7, "frames": []}', "at least one"),
        (json.dumps({"camera_angle_x": 0.7, "frames": [{"transform_matrix": [[1, 2], [3, 4]]}]}), "4×4"),
        (json.dumps({"camera_angle_x": 9, "frames": [{"transform_matrix": np.eye(4).tolist()}]}), "angle"),
        (
            json.dumps({"camera_angle_x": 1e-320, "frames": [{"transform_matrix": np.eye(4).tolist()}]}),
            "angle",
        ),
        (
            json.dumps({"camera_angle_x": 1, "frames": [{"transform_matrix": (1e200 * np.eye(4)).tolist()}]}),
            "no turn",
        ),
        ("[" * 100_000, "no JSON"),
        (
            json.dumps({"camera_angle_x": 1, "frames": [{"transform_matrix": (2 * np.eye(4)).tolist()}]}),
            "no turn",
        ),
    ],
)
def test_what_is_no_way_is_told_in_one_line(tmp_path: Path, text: str, told: str) -> None:
    path = tmp_path / "way.json"
    path.write_text(text)
    with pytest.raises(UsageError, match=told) as caught:
        read_flight(path)
    assert path.name in str(caught.value)
    assert re.search("expected .*;", str(caught.value)), "nothing to try"
    with pytest.raises(UsageError, match="can't open"):
        read_flight(tmp_path / "none.json")


def test_fields_and_splats_are_filmed_along_a_way(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    way, film = tmp_path / "dive.json", tmp_path / "dive.gif"
    poses = [looking(np.array([3.0, 0.5, 1.0]), np.zeros(3)), looking(np.array([0.9, 0.2, 0.4]), np.zeros(3))]
    way.write_text(spelled(poses, [0.7, 0.7]))
    field, splats = (str(tmp_path / f"{name}.safetensors") for name in ("field", "splats"))
    assert run(["nerf", "train", "csg-table", *SMALL, "--save", field]) == 0
    assert (
        run(["splat", "train", "csg-table", *SMALL, "--splats", "60", "--degree", "1", "--save", splats]) == 0
    )
    capsys.readouterr()
    last = ["--path", str(way), "--size", "12", "--gif", str(film), "--quiet", "--json"]
    for words, name in (
        (["nerf", "render", field, "--frames", "3"], "way"),
        (["splat", "render", splats, "--orbit", "3"], ""),
    ):
        assert run([*words, *last]) == 0
        told = json.loads(capsys.readouterr().out)
        assert not name or (told["way"], told["frames"]) == ("dive", 3)
        with Image.open(film) as picture:
            assert (picture.n_frames, picture.size) == (3, (12, 12))
    assert run(["splat", "render", field, "--json"]) == 2
    assert "holds no splats" in capsys.readouterr().err
    assert run(["nerf", "render", field, "--path", str(tmp_path / "none.json")]) == 2
    assert "can't open the camera path" in capsys.readouterr().err
