"""Neighbours, thinning, normals, registration and distances beside scipy, brute force and closed forms."""

import json
from itertools import permutations
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linear_sum_assignment
from scipy.spatial import cKDTree
from scipy.spatial.distance import directed_hausdorff
from scipy.spatial.transform import Rotation

from dltui.cli import run
from dltui.errors import UsageError
from dltui.matching import assignment
from dltui.results import load
from dltui.scene.geometry import Geometry, geometry_of
from dltui.scene.operations import Wishes, carried_out, compared, scaled
from dltui.scene.points.distances import apart, earth_movers
from dltui.scene.points.neighbours import Tree
from dltui.scene.points.normals import with_density, with_normals
from dltui.scene.points.registration import register, rigid
from dltui.scene.points.thinning import farthest, spread, voxels, without_outliers
from dltui.scene.read import read_geometry
from dltui.scene.write import write_geometry


def cloud(count: int, seed: int = 0, **more: object) -> Geometry:
    return geometry_of(np.random.default_rng(seed).normal(size=(count, 3)), title="cloud", **more)  # type: ignore[arg-type]


@settings(max_examples=25, deadline=None)
@given(
    count=st.integers(1, 400),
    asked=st.integers(1, 60),
    k=st.integers(1, 40),
    dims=st.integers(1, 4),
    seed=st.integers(0, 99),
)
def test_neighbours_are_those_of_scipy(count: int, asked: int, k: int, dims: int, seed: int) -> None:
    numbers = np.random.default_rng(seed)
    places = np.round(numbers.normal(size=(count, dims)), 1 if seed % 3 else 6)  # many at one place, or none
    k = min(k, count)
    wanted = numbers.normal(size=(asked, dims)) * 2
    away, which = Tree(places).nearest(wanted, k)
    theirs = cKDTree(places).query(wanted, k)[0].reshape(away.shape)
    np.testing.assert_allclose(away, theirs, atol=1e-12)
    np.testing.assert_allclose(np.linalg.norm(places[which] - wanted[:, None], axis=2), away, atol=1e-12)
    assert all(len(set(row)) == k for row in which.tolist())


def test_more_neighbours_than_points_are_refused() -> None:
    with pytest.raises(UsageError, match="4 neighbours of 3 points"):
        Tree(np.zeros((3, 3))).nearest(np.zeros((1, 3)), 4)


def test_voxels_hold_the_means_of_their_points() -> None:
    made = cloud(3000, channels={"heat": np.arange(3000.0), "label": np.arange(3000) % 3})
    found, low = voxels(made, 0.5), made.vertices.min(axis=0)
    cells: dict[tuple[int, ...], list[int]] = {}
    for i, cell in enumerate(np.floor((made.vertices.astype(float) - low) / 0.5).astype(int).tolist()):
        cells.setdefault(tuple(cell), []).append(i)
    assert len(found.vertices) == len(cells)
    means = np.array([made.vertices[rows].mean(axis=0, dtype=float) for _, rows in sorted(cells.items())])
    np.testing.assert_allclose(found.vertices, means, atol=1e-6)
    heats = [made.channels["heat"][rows].mean() for _, rows in sorted(cells.items())]
    np.testing.assert_allclose(found.channels["heat"], heats)
    assert found.channels["label"].dtype.kind == "i"
    assert found.remarks[-1] == f"{len(cells)} means of 3,000 points, one for each voxel of side 0.5"
    np.testing.assert_allclose(voxels(made, 100).vertices[0], made.vertices.mean(axis=0), atol=1e-6)


def test_outliers_are_taken_away_and_nothing_else() -> None:
    made = read_geometry("sphere:n=3000", points=True)
    far = np.random.default_rng(0).uniform(3, 4, (20, 3))
    both = geometry_of(np.concatenate([made.vertices, far]), title="both")
    found = without_outliers(both, 16, 3.0)
    assert len(found.vertices) > 2950
    assert np.linalg.norm(found.vertices, axis=1).max() < 1.01
    away = cKDTree(both.vertices).query(both.vertices, 17)[0][:, 1:].mean(axis=1)
    assert len(found.vertices) == (away <= away.mean() + 3 * away.std()).sum()


def test_farthest_points_are_those_of_brute_force() -> None:
    made = cloud(300)
    chosen = [0]
    while len(chosen) < 40:
        away = np.linalg.norm(made.vertices[:, None] - made.vertices[chosen][None], axis=2).min(axis=1)
        chosen.append(int(away.argmax()))
    np.testing.assert_array_equal(farthest(made, 40).vertices, made.vertices[chosen])


@pytest.mark.parametrize("name", ["sphere", "torus", "cylinder", "cube", "knot"])
def test_normals_are_those_of_the_surface_and_look_outwards(name: str) -> None:
    made = read_geometry(f"{name}:n=6000", points=True)
    found = with_normals(made, 12)
    assert made.normals is not None
    assert found.normals is not None
    agree = np.einsum("ij,ij->i", made.normals, found.normals)
    assert (agree > 0).mean() > 0.999
    assert np.median(agree) > 0.996
    np.testing.assert_allclose(np.linalg.norm(found.normals, axis=1), 1, atol=1e-5)


def test_normals_turn_towards_a_viewpoint() -> None:
    made = read_geometry("plane:n=500", points=True)
    for side in (1.0, -1.0):
        found = with_normals(made, viewpoint=np.array([0, 0, side]))
        assert found.normals is not None
        np.testing.assert_allclose(found.normals[:, 2], side, atol=1e-5)
        np.testing.assert_allclose(found.channels["curvature"], 0, atol=1e-6)


def test_the_density_of_even_points_is_their_number_by_volume() -> None:
    made = geometry_of(np.random.default_rng(0).random((20_000, 3)), title="even")
    inner = ((made.vertices > 0.2) & (made.vertices < 0.8)).all(axis=1)
    found = with_density(made, 32).channels["density"][inner]
    assert np.median(found) == pytest.approx(20_000, rel=0.05)


@pytest.mark.parametrize("degrees", [40, 180])
@pytest.mark.parametrize("name", ["bunny", "teapot"])
def test_a_known_motion_is_found_again(name: str, degrees: float) -> None:
    fixed = read_geometry(name).vertices.astype(float)
    numbers = np.random.default_rng(degrees)
    size = np.linalg.norm(fixed - fixed.mean(axis=0), axis=1).max()
    turn = Rotation.from_rotvec(np.radians(degrees) * np.array([0.6, 0.48, 0.64])).as_matrix()
    shift = np.array([0.3, -0.2, 0.5]) * size
    seen = fixed[numbers.permutation(len(fixed))[: len(fixed) * 4 // 5]]
    found = register((seen - shift) @ turn, fixed)
    np.testing.assert_allclose(found.matrix[:3, :3], turn, atol=1e-3)
    np.testing.assert_allclose(found.matrix[:3, 3], shift, atol=1e-3 * size)


def test_noise_and_half_a_cloud_do_not_lead_astray() -> None:
    fixed = read_geometry("bunny").vertices.astype(float)
    size = np.linalg.norm(fixed - fixed.mean(axis=0), axis=1).max()
    turn = Rotation.from_euler("xyz", [20, -10, 15], degrees=True).as_matrix()
    half = fixed[fixed[:, 0] < np.quantile(fixed[:, 0], 0.6)]
    found = register((half - 0.1 * size) @ turn, fixed)
    np.testing.assert_allclose(found.matrix[:3, :3], turn, atol=1e-3)
    noisy = fixed + np.random.default_rng(0).normal(0, 5e-3 * size, fixed.shape)
    np.testing.assert_allclose(register(noisy @ turn, fixed).matrix[:3, :3], turn, atol=3e-3)


def test_the_best_rigid_motion_is_that_of_scipy() -> None:
    numbers = np.random.default_rng(0)
    one, other = numbers.normal(size=(2, 30, 3))
    wanted = Rotation.align_vectors(other - other.mean(axis=0), one - one.mean(axis=0))[0].as_matrix()
    np.testing.assert_allclose(rigid(one, other)[:3, :3], wanted, atol=1e-9)


@settings(max_examples=25, deadline=None)
@given(count=st.integers(1, 40), seed=st.integers(0, 999))
def test_the_least_cost_is_that_of_scipy(count: int, seed: int) -> None:
    cost = np.random.default_rng(seed).integers(0, 9, (count, count)).astype(float)
    found = assignment(cost)
    assert sorted(found.tolist()) == list(range(count))
    rows, columns = linear_sum_assignment(cost)
    assert cost[np.arange(count), found].sum() == pytest.approx(cost[rows, columns].sum(), abs=1e-9)


def test_earth_is_moved_as_brute_force_would() -> None:
    one, other = np.random.default_rng(0).normal(size=(2, 6, 3))
    best = min(np.linalg.norm(one - other[list(way)], axis=1).mean() for way in permutations(range(6)))
    assert earth_movers(one, other) == pytest.approx(best, rel=1e-12)
    assert earth_movers(one, one + np.array([3, 4, 0])) == pytest.approx(
        5, rel=1e-9
    )  # what only moved, moved so far


def test_chamfer_and_hausdorff_are_those_of_brute_force() -> None:
    one, other = (
        np.random.default_rng(0).normal(size=(200, 3)),
        np.random.default_rng(1).normal(size=(150, 3)),
    )
    cost = np.linalg.norm(one[:, None] - other[None], axis=2)
    found = apart(one, other)
    assert found.chamfer == pytest.approx(cost.min(axis=1).mean() + cost.min(axis=0).mean(), rel=1e-12)
    assert found.chamfer_squared == pytest.approx(
        (cost.min(axis=1) ** 2).mean() + (cost.min(axis=0) ** 2).mean()
    )
    assert found.hausdorff == pytest.approx(
        max(directed_hausdorff(one, other)[0], directed_hausdorff(other, one)[0])
    )
    assert found.moved == 150
    same = apart(one, one[::-1])
    assert (same.chamfer, same.hausdorff, same.emd) == (0, 0, 0)
    assert (
        apart(np.tile(one, (6, 1)), np.tile(one, (6, 1))).emd == 0
    )  # more than are moved: the same ones of both


def test_points_of_a_mesh_lie_in_its_triangles_as_densely_everywhere() -> None:
    made = read_geometry("cube:n=100")
    found = spread(made, 6000)
    assert found.normals is not None
    np.testing.assert_allclose(np.abs(found.vertices).max(axis=1), 1, atol=1e-6)
    sides = np.argmax(np.abs(found.normals), axis=1) * 2 + (found.normals.sum(axis=1) > 0)
    assert np.abs(np.bincount(sides) - 1000).max() < 150
    np.testing.assert_allclose(np.einsum("ij,ij->i", found.normals, found.vertices), 1, atol=1e-5)


def test_origins_are_put_back_before_two_clouds_are_compared() -> None:
    made = cloud(500)
    far = geometry_of(made.vertices.astype(float) + np.array([500_000, 4_000_000, 0]), title="far")
    near = geometry_of(made.vertices[:400].astype(float) + np.array([500_001, 4_000_000, 0]), title="near")
    assert compared(near, far, align=False)[1].hausdorff > 0.1
    moved, distances, motion = compared(near, far, align=True)
    assert motion is not None
    assert distances.there < 1e-4
    np.testing.assert_allclose(
        motion.matrix @ [500_001, 4_000_000, 0, 1], [500_000, 4_000_000, 0, 1], atol=1e-3
    )
    np.testing.assert_allclose(moved.vertices + moved.origin, far.vertices[:400] + far.origin, atol=0.3)


def test_wishes_are_carried_out_in_their_order() -> None:
    found = carried_out(
        read_geometry("torus"),
        Wishes(scale=2, sample=4000, voxel=0.2, farthest=50, normals=True, density=True, neighbours=8),
    )
    assert len(found.vertices) == 50
    assert {"curvature", "density"} <= found.channels.keys()
    assert len(found.remarks) == 4
    np.testing.assert_allclose(
        scaled(read_geometry("lidar"), 2).bounds, read_geometry("lidar").bounds * 2, rtol=1e-6
    )


def test_the_verb_compares_aligns_measures_and_writes(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bunny = read_geometry("bunny")
    turn = Rotation.from_euler("z", 30, degrees=True).as_matrix()
    write_geometry(geometry_of(bunny.vertices @ turn.T + 1, title="turned"), tmp_path / "turned.ply")
    words = ["cloud", str(tmp_path / "turned.ply"), "--against", "bunny", "--align", "--ruler", "0,1"]
    files = ["--export", str(tmp_path / "back.ply"), "--save", str(tmp_path / "r.safetensors")]
    assert run([*words, *files, "--json", "--quiet"]) == 0
    found = json.loads(capsys.readouterr().out)
    np.testing.assert_allclose(np.array(found["motion"])[:3, :3], turn.T, atol=1e-3)
    assert found["against"]["chamfer"] < 1e-4 * np.linalg.norm(found["extent"])
    assert found["rulers"][0]["length"] == pytest.approx(
        np.linalg.norm(bunny.vertices[0] - bunny.vertices[1]), rel=1e-4
    )
    back = read_geometry(str(tmp_path / "back.ply"))
    np.testing.assert_allclose(back.vertices, bunny.vertices, atol=1e-4 * np.ptp(bunny.vertices))
    again = load(tmp_path / "r.safetensors")
    assert json.loads(json.dumps(again.summary())) == {name: found[name] for name in again.summary()}
    assert [figure.title for figure in again.figures()][2] == "Beside bunny"
    assert run(["cloud", "bunny", "--sample", "500", "--orbit", str(tmp_path / "o.gif"), "--quiet"]) == 0
    assert (tmp_path / "o.gif").read_bytes()[:6] == b"GIF89a"
    assert run(["mesh", "torus:n=300", "--export", str(tmp_path / "t.stl"), "--quiet"]) == 0
    assert read_geometry(str(tmp_path / "t.stl")).is_mesh
