"""Meshes against trimesh and Euler; LAS against laspy; the verbs."""

import io
import json
from pathlib import Path

import laspy
import numpy as np
import pytest
import trimesh

from dltui.cli import run
from dltui.data.shipped import open_asset
from dltui.errors import DltuiError
from dltui.results import load
from dltui.scene.describe import cloud_of, duplicates, mesh_of
from dltui.scene.las import read_las
from dltui.scene.mesh import measure
from dltui.scene.read import read_geometry

SHAPES = {
    "box": (trimesh.creation.box((1, 2, 3)), 0),
    "ball": (trimesh.creation.icosphere(3), 0),
    "ring": (trimesh.creation.torus(2, 0.5), 1),
    "tube": (trimesh.creation.annulus(0.5, 1, 2), 1),
}


@pytest.mark.parametrize("name", SHAPES)
def test_area_volume_and_genus_are_those_of_trimesh(name: str) -> None:
    shape, genus = SHAPES[name]
    found = measure(shape.vertices, shape.faces)
    assert found.area == pytest.approx(shape.area, rel=1e-9)
    assert found.volume == pytest.approx(shape.volume, rel=1e-9)
    assert found.watertight
    assert found.oriented
    assert found.genus == genus
    assert found.euler == shape.euler_number == 2 - 2 * genus
    assert found.edges == len(shape.edges_unique)
    assert found.parts == 1


def test_a_hole_two_pieces_a_turned_face_and_three_at_an_edge_are_seen() -> None:
    box, _ = SHAPES["box"]
    open_box = measure(box.vertices, box.faces[1:])
    assert (open_box.watertight, open_box.boundary, open_box.volume, open_box.genus) == (False, 3, None, None)
    turned = box.faces.copy()
    turned[0] = turned[0][::-1]
    found = measure(box.vertices, turned)
    assert found.watertight
    assert not found.oriented
    assert found.volume is None
    two = measure(
        np.concatenate([box.vertices, box.vertices + 9]), np.concatenate([box.faces, box.faces + 8])
    )
    assert (two.parts, two.euler, two.genus) == (2, 4, 0)
    corners = np.array([[0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1], [0, -1, 0.0]])
    fins = measure(corners, np.array([[0, 1, 2], [1, 0, 3], [0, 1, 4]]))
    assert fins.crowded == 1
    flat = measure(corners, np.array([[0, 0, 1], [0, 1, 2]]))
    assert flat.flat == 1


def test_vertices_written_twice_along_a_seam_count_once() -> None:
    box, _ = SHAPES["box"]
    found = measure(box.vertices[box.faces].reshape(-1, 3), np.arange(36).reshape(12, 3))
    assert found.watertight
    assert found.vertices == 8
    assert found.volume == pytest.approx(6)


def test_the_shipped_scan_is_what_laspy_reads() -> None:
    with open_asset("simple.las") as file:
        body = file.read()
    theirs = laspy.read(io.BytesIO(body))
    found = read_geometry("lidar")
    places = np.stack([theirs.x, theirs.y, theirs.z], axis=1)
    np.testing.assert_allclose(found.vertices + found.origin, places, atol=2e-3)
    for name, other in (
        ("intensity", "intensity"),
        ("classification", "classification"),
        ("return", "return_number"),
    ):
        np.testing.assert_array_equal(found.channels[name], np.asarray(theirs[other]))
    np.testing.assert_allclose(found.channels["time"], np.asarray(theirs.gps_time))
    for cut in (100, 226, len(body) - 5):
        with pytest.raises(DltuiError, match="no LAS file|cut short"):
            read_las(body[:cut], "cut")
    with pytest.raises(DltuiError, match="compressed"):
        read_las(body[:104] + bytes([body[104] | 0x80]) + body[105:], "zipped")


@pytest.mark.parametrize("form", range(11))
def test_every_format_of_points_is_read(form: int) -> None:
    header = laspy.LasHeader(point_format=form, version="1.4" if form > 5 else "1.2" if form < 4 else "1.3")
    header.scales, header.offsets = np.full(3, 0.001), np.array([10.0, 20, 30])
    theirs = laspy.LasData(header)
    theirs.x, theirs.y, theirs.z = np.arange(7.0), np.arange(7.0) * 2, np.arange(7.0) * 3
    theirs.classification = np.arange(7) % 5
    if form in {2, 3, 5, 7, 8, 10}:
        theirs.red = np.arange(7) * 9000
    stream = io.BytesIO()
    theirs.write(stream, do_compress=False)
    found = read_las(stream.getvalue(), "made")
    np.testing.assert_allclose(
        found.vertices + found.origin, np.stack([theirs.x, theirs.y, theirs.z], 1), atol=1e-3
    )
    np.testing.assert_array_equal(found.channels["classification"], np.arange(7) % 5)
    assert (found.rgb is not None) == (form in {2, 3, 5, 7, 8, 10})


def test_points_at_one_place_are_counted() -> None:
    places = np.random.default_rng(0).normal(size=(5000, 3)).astype(np.float32)
    places[100:130] = places[:30]
    places[200], places[201] = 0.0, -0.0
    assert duplicates(places) == 31


def test_results_come_back_from_their_files(tmp_path: Path) -> None:
    for found in (
        cloud_of(read_geometry("lidar"), colour="intensity"),
        mesh_of(read_geometry("bunny"), colour="height"),
    ):
        found.save(tmp_path / "x.safetensors")
        again = load(tmp_path / "x.safetensors")
        assert again.summary() == found.summary()
        assert [figure.title for figure in again.figures()] == [figure.title for figure in found.figures()]


def test_the_verbs_answer_in_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["cloud", "lidar", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["points"] == 1065
    assert found["channels"] == ["intensity", "classification", "return", "time", "rgb"]
    assert found["dropped"] == 0
    assert run(["mesh", "bunny", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["vertices"], found["faces"], found["watertight"], found["euler"]) == (1839, 3674, True, 2)
    assert run(["mesh", "lidar", "--quiet"]) == 2
    assert "look at it with dltui cloud" in capsys.readouterr().err
    assert run(["cloud", "bunny", "--colour", "hight", "--quiet"]) == 2
    assert "expected one of height" in capsys.readouterr().err
    assert run(["cloud", "gone.ply", "--quiet"]) == 2
    assert "bunny, teapot, lidar" in capsys.readouterr().err
