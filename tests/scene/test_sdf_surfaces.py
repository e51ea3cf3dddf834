"""Surfaces meshed, halved, cut, probed and written, and the verb that does it."""

import json
from pathlib import Path

import numpy as np
import pytest
import trimesh
from hypothesis import given, settings
from hypothesis import strategies as st

from dltui.cli import run
from dltui.errors import DltuiError, UsageError
from dltui.figures import Lines, Scene
from dltui.results import load
from dltui.scene.cubes import EDGES, marching_cubes, table
from dltui.scene.geometry import geometry_of
from dltui.scene.mesh import measure
from dltui.scene.octree import grow
from dltui.scene.read import from_ply
from dltui.scene.sdf.own import own_function
from dltui.scene.sdf.parse import parse
from dltui.scene.sdf.trace import land
from dltui.scene.surface import probe, surface
from dltui.scene.write import write_geometry


def grid(text: str, count: int = 49, half: float = 1.2) -> tuple[np.ndarray, float]:
    side = np.linspace(-half, half, count)
    x, y, z = np.meshgrid(side, side, side, indexing="ij")
    return np.asarray(parse(text).at(x, y, z)), side[1] - side[0]


@pytest.mark.parametrize(
    ("text", "area", "volume", "genus"),
    [
        ("sphere(.8)", 4 * np.pi * 0.64, 4 / 3 * np.pi * 0.512, 0),
        ("torus(.7, .3)", 4 * np.pi**2 * 0.21, 2 * np.pi**2 * 0.7 * 0.09, 1),
        ("capsule(.4, .5)", 2 * np.pi * 0.4 * 1 + 4 * np.pi * 0.16, np.pi * 0.16 + 4 / 3 * np.pi * 0.064, 0),
    ],
)
def test_marching_cubes_are_closed_and_measure_what_the_solid_does(
    text: str, area: float, volume: float, genus: int
) -> None:
    values, step = grid(text)
    found = measure(*marching_cubes(values, np.full(3, -1.2), np.full(3, step)))
    assert found.watertight
    assert found.oriented
    assert found.genus == genus
    assert found.area == pytest.approx(area, rel=0.01)
    assert found.volume == pytest.approx(volume, rel=0.01)


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_any_values_give_a_closed_surface(seed: int) -> None:
    values = np.random.default_rng(seed).normal(size=(8, 9, 7))
    for axis in range(3):
        for end in (0, -1):
            values[tuple(end if i == axis else slice(None) for i in range(3))] = 1.0
    found = measure(*marching_cubes(values, np.zeros(3), np.ones(3)))
    assert found.watertight
    assert found.oriented
    assert found.volume is not None
    assert found.volume > 0


def test_the_table_cuts_exactly_the_edges_between_in_and_out() -> None:
    for case, triangles in enumerate(table()):
        crossed = {i for i, (a, b) in enumerate(EDGES) if (case >> a & 1) != (case >> b & 1)}
        assert set(triangles.ravel().tolist()) == crossed
    assert sum(len(triangles) for triangles in table()) == 820  # as in the table of Lorensen and Cline


def test_a_surface_that_leaves_the_grid_is_open_and_nothing_gives_nothing() -> None:
    values, step = grid("sphere(1.1)", half=1.0)
    assert not measure(*marching_cubes(values, np.full(3, -1.0), np.full(3, step))).watertight
    corners, faces = marching_cubes(np.ones((4, 4, 4)), np.zeros(3), np.ones(3))
    assert len(corners) == len(faces) == 0


def test_an_octree_keeps_every_cell_that_the_surface_passes() -> None:
    node = parse("max(sphere(.9), -box(.5))")
    found = grow(node, reach=1.0, levels=5)
    side = np.linspace(-1, 1, 33)
    middles = (side[1:] + side[:-1]) / 2
    x, y, z = np.meshgrid(side, side, side, indexing="ij")
    sign = np.asarray(node.at(x, y, z)) < 0
    parts = [sign[i : i + 32, j : j + 32, k : k + 32] for i in (0, 1) for j in (0, 1) for k in (0, 1)]
    mixed = np.any(parts, axis=0) & ~np.all(parts, axis=0)
    kept = {tuple(np.round(center, 6)) for center in found.centers.tolist()}
    for i, j, k in np.argwhere(mixed).tolist():
        assert tuple(np.round([middles[i], middles[j], middles[k]], 6)) in kept
    assert found.evaluations < 0.6 * found.dense
    assert found.cells[-1] == len(found.centers)


def test_a_probe_tells_value_slope_and_side() -> None:
    found = probe(parse("sphere(1)"), (0.0, 0.0, 1.5))
    assert found["value"] == pytest.approx(0.5)
    assert found["slope"] == pytest.approx(1, rel=1e-6)
    assert found["inside"] is False
    assert probe(parse("sphere(1)"), (0.1, 0.0, 0.0))["inside"] is True


def test_what_is_seen_of_a_surface_comes_back_from_its_file(tmp_path: Path) -> None:
    found = surface(parse("smin(torus(.7, .2), sphere(.4), .2)"), resolution=24, probes=[(0, 0, 0)])
    found.save(tmp_path / "s.safetensors")
    again = load(tmp_path / "s.safetensors")
    assert again.summary() == found.summary()
    assert [type(figure).__name__ for figure in again.figures()] == [
        *("Scene", "Images", "Heatmap"),
        *("Scene", "Lines", "Table"),
    ]
    assert found.picture.max() > 0.5
    assert found.evaluations < 8
    with pytest.raises(UsageError, match="half side"):
        surface(parse("sphere(1)"), reach=-1)


@pytest.mark.parametrize("ending", [".ply", ".obj", ".stl"])
def test_what_is_written_others_read(tmp_path: Path, ending: str) -> None:
    values, step = grid("torus(.7, .3)", 25, 1.234)  # no corner of a cell lies on the surface
    corners, faces = marching_cubes(values, np.full(3, -1.234), np.full(3, step))
    path = tmp_path / f"ring{ending}"
    write_geometry(geometry_of(corners, title="ring", faces=faces), path)
    theirs = trimesh.load(path)
    theirs.merge_vertices()
    ours = measure(corners.astype(np.float32), faces)
    assert theirs.volume == pytest.approx(ours.volume, rel=1e-5)
    assert theirs.is_watertight
    assert len(theirs.faces) == len(faces)


def test_everything_that_points_bear_is_written_to_ply_and_read_again(tmp_path: Path) -> None:
    chance = np.random.default_rng(0)
    held = geometry_of(
        chance.normal(size=(9, 3)) + np.array([5e5, 4e6, 0]),
        title="points",
        channels={"heat": chance.random(9).astype(np.float32)},
        rgb=chance.integers(0, 255, (9, 3)).astype(np.uint8),
        normals=chance.normal(size=(9, 3)),
    )
    write_geometry(held, tmp_path / "p.ply")
    found = from_ply(tmp_path / "p.ply")
    np.testing.assert_allclose(found.vertices + found.origin, held.vertices + held.origin, atol=1e-6)
    np.testing.assert_array_equal(found.rgb, held.rgb)
    np.testing.assert_array_equal(found.normals, held.normals)
    np.testing.assert_array_equal(found.channels["heat"], held.channels["heat"])
    with pytest.raises(UsageError, match="STL holds triangles alone"):
        write_geometry(held, tmp_path / "p.stl")
    with pytest.raises(UsageError, match="must end in one of"):
        write_geometry(held, tmp_path / "p.fbx")


def test_the_users_own_function_is_slowed_down_to_a_distance(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "own_solids.py").write_text(
        "def steep(x, y, z):\n    return 5 * ((x * x + y * y + z * z) ** 0.5 - 1)\n"
        "def wrong(x, y, z):\n    return 3.0\n"
        "def broken(x, y, z):\n    return x[9999999]\n"
        "def huge(x, y, z):\n    return 1e300 * ((x * x + y * y + z * z).astype(float) ** 0.5 - 1)\n"
        "def endless(x, y, z):\n    return x * 0 + float('inf')\n"
    )
    monkeypatch.chdir(tmp_path)
    node = own_function("own_solids:steep")
    at = np.array([[0, 0, 3.0]])
    assert 1.8 < node(at)[0] <= 2.0
    found = surface(node, resolution=40, reach=1.5)
    assert found.area == pytest.approx(4 * np.pi, rel=0.01)
    for name, area in (("huge", 4 * np.pi), ("endless", 0.0)):  # and warn of nothing
        found = surface(own_function(f"own_solids:{name}"), resolution=40, reach=1.5)
        assert found.area == pytest.approx(area, rel=0.01)
    for name, told in (("wrong", "one number for each"), ("broken", "IndexError")):
        with pytest.raises(DltuiError, match=told):
            own_function(f"own_solids:{name}")


def test_the_verb_answers_and_refuses(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "ball.obj"
    words = [
        "sdf",
        "max(sphere(1), -box(.6))",
        "-r",
        "24",
        "--probe",
        "0,0,.8",
        "--export",
        str(path),
        "--json",
    ]
    assert run(words) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["watertight"]
    assert found["probes"][0]["inside"]
    assert found["octree"]["evaluations"] < found["octree"]["dense"]
    assert path.read_text().startswith("# written by dltui")
    wrong = {
        ("spere(1)",): "did you mean sphere?",
        ("sphere(1)", "--probe", "1,2"): "three numbers",
        ("sphere(1)", "--export", str(tmp_path / "a.fbx"), "-r", "8"): "must end in one of",
    }
    for words, told in wrong.items():
        assert run(["sdf", *words, "--quiet"]) == 2
        assert told in capsys.readouterr().err
    assert run(["sdf", "move(sphere(.1), 9, 0, 0)", "--reach", "1", "-r", "8", "--json"]) == 0
    out = capsys.readouterr()
    assert json.loads(out.out)["faces"] == 0
    assert "no surface in a cube" in out.err


@pytest.mark.parametrize(
    ("text", "steps"), [("sphere(.8)", 1), ("torus(.6, .24)", 1), ("ellipsoid(.9, .6, .5)", 8)]
)
def test_places_land_on_a_surface(text: str, steps: int) -> None:
    node = parse(text)
    places = np.random.default_rng(0).uniform(-1, 1, (200, 3))
    found = land(node, places)
    assert np.abs(node(found.places)).max() < 1e-6
    assert 1 <= found.steps.max() <= steps
    assert len(found.gaps) == found.steps.max() + 1
    assert land(node, found.places).steps.max() == 0
    given_up = land(node, places, close=0.0, steps=2)
    assert given_up.steps.max() == 2
    assert len(given_up.gaps) == 3


def test_voxels_and_octree_stand_beside_the_dense_grid() -> None:
    found = surface(parse("sphere(1)"), resolution=16)
    assert found.summary()["voxels"]["volume"] == pytest.approx(4 / 3 * np.pi, rel=0.02)
    voxels = next(one for one in found.figures() if one.title.startswith("Voxels"))
    assert isinstance(voxels, Scene)
    assert measure(voxels.vertices, voxels.faces).volume == pytest.approx(found.summary()["voxels"]["volume"])
    tree = next(one for one in found.figures() if one.title.startswith("Octree"))
    assert isinstance(tree, Lines)
    dense, kept = tree.series
    np.testing.assert_array_equal(dense.y, 8.0 ** np.arange(1, 8))
    assert (kept.y <= dense.y).all()
    assert kept.y[-1] < dense.y[-1] / 10


def test_what_has_no_size_is_refused() -> None:
    with pytest.raises(UsageError, match="has no size"):
        surface(parse("sphere(0)"))
