"""Distances against geometry, text against trees, rays against small steps, cameras against themselves."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dltui.errors import UsageError
from dltui.scene.cameras import Camera, around, looking
from dltui.scene.sdf.nodes import Node
from dltui.scene.sdf.parse import WORDS, parse
from dltui.scene.sdf.trace import normals, shadowed, through, trace
from dltui.scene.tracer import csg_table, shoot

SOLIDS = [
    "sphere(.8)", "box(.5, .3, .7)", "torus(.7, .2)", "cylinder(.4, .6)", "capsule(.3, .5)", "cone(.6, .2, .5)",
    "plane(1, 2, 2, .1)", "ellipsoid(.9, .5, .3)", "metaballs(-.3, 0, 0, .6, .3, 0, 0, .7)",
]  # fmt: skip
JOINS = [
    "min({a}, {b})", "max({a}, -{b})", "smin({a}, {b}, .3)", "smax({a}, {b}, .3)", "mix({a}, {b}, .3)",
    "round({a}, .1)", "{a} - .1",
    "shell({a}, .1)", "move({a}, .2, -.1, .3)", "turn({a}, x, 40)", "turn({a}, y, -75)", "scale({a}, .6)",
    "twist({a}, 1.5)", "max({a}, {b}, plane(0, 0, 1, .2))",
]  # fmt: skip
solids = st.sampled_from(SOLIDS)
texts = st.recursive(
    solids,
    lambda inner: st.builds(lambda j, a, b: j.format(a=a, b=b), st.sampled_from(JOINS), inner, inner),
    max_leaves=4,
)


def points(count: int, seed: int = 0, size: float = 1.5) -> np.ndarray:
    return np.random.default_rng(seed).uniform(-size, size, (count, 3))


@settings(max_examples=60, deadline=None)
@given(text=texts, seed=st.integers(0, 999))
def test_no_solid_grows_faster_than_the_distance(text: str, seed: int) -> None:
    node = parse(text)
    p = points(400, seed)
    q = p + np.random.default_rng(seed + 1).normal(size=p.shape) * 0.2
    if "twist" in text and not np.isfinite(node.reach):
        return  # what is infinite can't be twisted safely
    inside = np.linalg.norm(p, axis=1) < max(node.reach, 1)  # a twist is bounded within its reach
    rise = np.abs(node(p) - node(q)) - np.linalg.norm(p - q, axis=1)
    assert rise[inside & (np.linalg.norm(q, axis=1) < max(node.reach, 1))].max(initial=-1) <= 1e-9


@settings(max_examples=60, deadline=None)
@given(text=texts)
def test_a_tree_says_itself_so_that_it_is_read_again(text: str) -> None:
    node = parse(text)
    again = parse(node.text)
    assert again == node
    p = points(50)
    np.testing.assert_array_equal(again(p), node(p))


@settings(max_examples=40, deadline=None)
@given(text=texts)
def test_all_of_it_lies_within_its_reach(text: str) -> None:
    node = parse(text)
    p = points(20_000, size=3)
    inside = np.linalg.norm(p[node(p) < 0], axis=1)
    assert inside.max(initial=0) <= node.reach + 1e-9


@pytest.mark.parametrize("text", SOLIDS[:7])
def test_exact_distances_are_those_to_the_surface(text: str) -> None:
    node = parse(text)
    assert node.exact
    p = points(40, seed=4)
    direction = normals_of(node, p)
    foot = p - direction * node(p)[:, None]  # along the gradient by the distance one arrives at the surface
    np.testing.assert_allclose(node(foot), 0, atol=2e-4)


def normals_of(node: Node, p: np.ndarray, step: float = 1e-5) -> np.ndarray:
    found = np.stack([(node(p + step * e) - node(p - step * e)) / (2 * step) for e in np.eye(3)], axis=1)
    return found / np.linalg.norm(found, axis=1, keepdims=True)


@pytest.mark.parametrize(
    ("text", "volume"),
    [
        ("sphere(.8)", 4 / 3 * np.pi * 0.8**3),
        ("box(.5,.3,.7)", 8 * 0.5 * 0.3 * 0.7),
        ("torus(.7,.2)", 2 * np.pi**2 * 0.7 * 0.2**2),
        ("cylinder(.4,.6)", np.pi * 0.16 * 1.2),
        ("capsule(.3,.5)", np.pi * 0.09 * 1 + 4 / 3 * np.pi * 0.027),
        ("cone(.6,.2,.5)", np.pi / 3 * (0.36 + 0.12 + 0.04)),
        ("max(box(.5), -box(.5,.5,.1))", 1 - 0.2),
        ("turn(box(.5,.3,.7), y, 33)", 8 * 0.5 * 0.3 * 0.7),
    ],
)
def test_volumes_are_those_of_the_solids(text: str, volume: float) -> None:
    side = np.linspace(-1.2, 1.2, 121)[:-1] + 0.01
    x, y, z = np.meshgrid(side, side, side, indexing="ij")
    share = (np.asarray(parse(text).at(x, y, z)) < 0).mean()
    assert share * 2.4**3 == pytest.approx(volume, rel=0.02)


WRONG = {
    "": "can't read",
    "sphere(": "can't read",
    "sphere(1e400)": "1e400 is too large a number",
    "box(-2e6)": "2e6 is too large a number",
    "3": "is a number",
    "spere(1)": "did you mean sphere?",
    "sphere(1).__class__": "can't read",
    "__import__('os')": "there is no '__import__'",
    "sphere(-1)": "a size below 0",
    "box(1, 2, 3, 4)": "expected box(a=.5, b, c)",
    "sphere(1) + sphere(2)": "only a number is added",
    "min(sphere(1), 2)": "expected a solid such as sphere(1)",
    "smin(sphere(1), box(1), 0)": "a number above 0",
    "turn(sphere(1), w, 3)": "can't read 'w'",
    "metaballs(1, 2)": "x, y, z and radius",
    "[1]": "can't read",
    "scale(sphere(1), 0)": "not above 0",
    "-" * 300 + "sphere(1)": "nested",
    "sphere(1)" * 3000: "characters",
}


@pytest.mark.parametrize("text", WRONG)
def test_what_is_no_solid_is_told_in_one_sentence(text: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse(text)
    assert WRONG[text] in str(caught.value)
    assert len(str(caught.value)) < 400
    assert "\n" not in str(caught.value)


def test_every_word_is_explained() -> None:
    assert all(word.takes and word.help for word in WORDS.values())


@pytest.mark.parametrize(
    "text", [*SOLIDS[:6], "max(sphere(1), -box(.6))", "smin(torus(.6,.2), sphere(.4), .2)"]
)
def test_rays_arrive_where_small_steps_do(text: str) -> None:
    node = parse(text)
    camera = around(1, distance=3, size=24)[0]
    origin, way = camera.rays()
    found = trace(node, origin, way, reach=node.reach)
    far = np.full(origin.shape[1], np.inf)
    for t in np.arange(1.0, 5.0, 0.002):
        inside = (node(((origin + t * way).T).astype(float)) < 0) & ~np.isfinite(far)
        far[inside] = t
    both = found.hit & np.isfinite(far)
    assert (found.hit != np.isfinite(far)).sum() <= 4  # rays that graze
    assert np.quantile(np.abs(found.distance[both] - far[both]), 0.95) < 0.02
    place = origin[:, both] + found.distance[both] * way[:, both]
    assert np.abs(node(place.T)).max() < 3e-3 * node.reach
    clear = normals(node, place, 1e-3)
    np.testing.assert_allclose(np.linalg.norm(clear, axis=0), 1, rtol=1e-5)


def test_a_ball_is_hit_at_its_distance_with_its_normal_and_throws_a_shadow() -> None:
    node = parse("min(sphere(.5), plane(0,0,1,-.5))")
    origin = np.array([[0, 0, 3], [0.2, 0, 3], [2, 0, 3.0]], np.float32).T
    way = np.tile(np.array([[0], [0], [-1]], np.float32), 3)
    found = trace(node, origin, way, reach=4)
    np.testing.assert_allclose(found.distance, [2.5, 3 - np.sqrt(0.25 - 0.04), 3.5], atol=4e-3)
    place = origin + found.distance * way
    np.testing.assert_allclose(normals(node, place[:, :2], 1e-3).T, place[:, :2].T / 0.5, atol=1e-2)
    ground = np.array([[0.6, 0, -0.5], [-0.6, 0, -0.5]], np.float32).T
    lamp = np.array([-1, 0, 0.7]) / np.hypot(1, 0.7)
    up = np.tile(np.array([[0], [0], [1]], np.float32), 2)
    assert shadowed(node, ground, up, lamp, reach=4).tolist() == [True, False]


@pytest.mark.parametrize("lens", [(0.0, 0.0, 0.0, 0.0), (0.1, -0.02, 0.003, -0.002)])
def test_a_point_on_the_ray_of_a_pixel_is_projected_to_that_pixel(lens: tuple[float, ...]) -> None:
    pose = looking(np.array([2.0, 1, 1.5]), np.array([0.1, 0.2, 0]))
    camera = Camera(pose, 64, 48, 70.0, 75.0, 30.0, 25.0, lens)
    column, row = np.array([0.5, 20.25, 63.0]), np.array([3.0, 24.5, 47.9])
    origin, way = camera.rays_through(column, row)
    found = camera.project((origin + 1.7 * way).astype(float))
    np.testing.assert_allclose(found[0], column, atol=1e-3)
    np.testing.assert_allclose(found[1], row, atol=1e-3)
    assert (found[2] > 0).all()
    np.testing.assert_allclose(pose[:3, :3].T @ pose[:3, :3], np.eye(3), atol=1e-12)
    assert np.linalg.det(pose[:3, :3]) == pytest.approx(1)


def test_the_table_is_seen_with_exact_depth_and_colours_that_differ_by_part() -> None:
    stage, camera = csg_table(), around(6, distance=3.2, size=40)[3]
    shot = shoot(stage, camera)
    origin, way = camera.rays()
    hit = np.isfinite(shot.depth).ravel()
    place = (origin + shot.depth.ravel() * way)[:, hit]
    assert np.abs(stage.node(place.T)).max() < 2e-3
    assert 0.2 < hit.mean() < 0.8
    assert shot.over()[0, 0].tolist() == [1, 1, 1]
    solid = shot.rgba[..., 3] == 1
    assert np.ptp(shot.rgba[solid][:, :3], axis=0).min() > 0.5
    assert ((shot.rgba >= 0) & (shot.rgba <= 1)).all()
    edge = (shot.rgba[..., 3] > 0) & (shot.rgba[..., 3] < 1)
    assert edge.any()  # nine rays a pixel


@pytest.mark.parametrize("few", [0, 512, 10**9])
def test_rays_arrive_where_they_would_step_by_step(few: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dltui.scene.sdf.trace.FEW", few)
    stage, camera = csg_table(), around(6, distance=3.2, size=48)[1]
    origin, way = camera.rays()
    found = trace(stage.node, origin, way, reach=stage.reach)
    hits, ends = [], []
    for start, turn in zip(origin.T.astype(float), way.T.astype(float), strict=True):
        t = 1.0  # before the scene's sphere
        while t < 5 and (gap := float(stage.node(start + t * turn))) >= 1e-3 * stage.reach:
            t += gap
        hits.append(t < 5)
        ends.append(t)
    both = found.hit & np.array(hits)
    assert both.sum() > 500
    assert (found.hit != np.array(hits)).sum() <= 2
    np.testing.assert_allclose(found.distance[both], np.array(ends)[both], atol=3e-3)


def test_depth_is_that_of_the_middle_with_any_number_of_rays_a_pixel() -> None:
    stage, camera = csg_table(), around(6, distance=3.2, size=32)[2]
    one, *others = (shoot(stage, camera, grid=grid) for grid in (1, 2, 3))
    for other in others:
        same = np.isfinite(one.depth) & np.isfinite(other.depth)
        assert (np.isfinite(one.depth) != np.isfinite(other.depth)).sum() <= 1
        np.testing.assert_allclose(other.depth[same], one.depth[same], atol=3e-3)
        assert (np.abs(other.normal - one.normal).max(axis=-1) < 0.05)[same].mean() > 0.98


@pytest.mark.parametrize("few", [0, 10**9])
def test_nothing_is_hit_beyond_the_reach(few: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dltui.scene.sdf.trace.FEW", few)
    origin, way = around(6, distance=3.2, size=90)[2].rays()
    found = trace(parse("plane()"), origin, way, reach=2)
    _, leave = through(origin, way, 2)
    assert found.hit.sum() > 5000
    assert (found.distance[found.hit] <= leave[found.hit]).all()


@pytest.mark.parametrize("k", ["1e-29", "1e-39", "1e-320"])
def test_a_blend_too_thin_to_be_seen_is_none(k: str) -> None:
    places = np.random.default_rng(0).uniform(-1e6, 1e6, (2000, 3)).astype(np.float32)
    places[:1000] /= 1e6
    for smooth, sharp in (("smin", "min"), ("smax", "max")):
        same = parse(f"{smooth}(box(.5), box(.5), {k})")(places), parse("box(.5)")(places)
        np.testing.assert_array_equal(*same)
        blend, join = (
            parse(f"{word}(sphere(1), box(.8){more})") for word, more in ((smooth, f", {k}"), (sharp, ""))
        )
        np.testing.assert_array_equal(blend(places), join(places))
