"""Scenes: the z-buffer against loops over points and triangles, the eye against geometry, light against its law."""

import io
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from dltui.draw import Depth, Look, View, draw, save
from dltui.draw.colors import SERIES, packed_of, paint
from dltui.draw.export.still import BOLD, CELLS, GRAIN, png_of, still
from dltui.draw.scene import front as room
from dltui.draw.scene.drawing import named, picture
from dltui.draw.scene.eye import eye_of, first_view, seen_from, turn
from dltui.draw.scene.front import Front
from dltui.draw.scene.light import AMBIENT, AXES, CLAY, LAMP
from dltui.figures import Scene

TRIANGLE = np.array([[0, 1, 2]], np.int32)


def cloud(n: int, seed: int = 0) -> np.ndarray:
    chance = np.random.default_rng(seed)
    found = chance.normal(size=(n, 3)).astype(np.float32)
    found[:: n // 9] = found[1 :: n // 9][
        : len(found[:: n // 9])
    ]  # twins: of two at one place the first counts
    return found


def one_by_one(seen: np.ndarray, width: int, height: int) -> tuple[np.ndarray, np.ndarray]:
    """What is in front, by a loop over places."""
    far, number = np.full((height, width), np.inf, np.float32), np.full((height, width), -1)
    for i, (column, row, deep) in enumerate(seen.T):
        if (
            np.isfinite(deep)
            and 0 <= column < width
            and 0 <= row < height
            and deep < far[int(row), int(column)]
        ):
            far[int(row), int(column)], number[int(row), int(column)] = deep, i
    return far, number


@pytest.mark.parametrize("chunk", [7, 1000, 1 << 16])
@pytest.mark.parametrize("projection", ["perspective", "orthographic"])
def test_points_in_front_are_those_of_a_loop(
    monkeypatch: pytest.MonkeyPatch, chunk: int, projection: str
) -> None:
    monkeypatch.setattr(room, "CHUNK", chunk)
    places = cloud(3000)
    places[5] = np.nan
    figure = Scene(points=places, projection=projection)
    eye = eye_of(figure, View(azimuth=200, elevation=12, zoom=3, shift=(0.2, -0.1)), (30, 12), (2, 4))
    front = Front(eye.width, eye.height)
    front.put_points(figure.columns, eye)
    far, number = one_by_one(eye.see(figure.columns), eye.width, eye.height)
    np.testing.assert_array_equal(front.number, number)
    np.testing.assert_allclose(front.distance, far, rtol=1e-6)
    assert (number >= 0).mean() > 0.2


@pytest.mark.parametrize("apart", [False, True], ids=["as one lot", "each on its own"])
def test_a_place_at_the_border_is_in_the_pixel_it_lies_in(apart: bool) -> None:
    below, least = np.nextafter(np.float32(5), np.float32(0)), np.float32(-1e-9)
    seen = np.array(
        [[0, below, 5, least, 2, np.nan, 4], [0, below, 5, 1, least, 1, 4], [3, 3, 3, 1, 1, 1, 2]], np.float32
    )
    front = Front(5, 5)
    for part in np.split(np.arange(7), 7) if apart else [np.arange(7)]:
        front.put_spots(seen[:, part], part)
    far, number = one_by_one(seen, 5, 5)
    np.testing.assert_array_equal(front.number, number)
    np.testing.assert_array_equal(front.distance, far)
    assert set(number[number >= 0]) == {0, 6}


@pytest.mark.parametrize("pairs", [50, 1 << 21])
def test_triangles_in_front_are_those_of_a_loop(monkeypatch: pytest.MonkeyPatch, pairs: int) -> None:
    monkeypatch.setattr(room, "PAIRS", pairs)
    chance = np.random.default_rng(1)
    corners = chance.normal(size=(90, 3)).astype(np.float32)
    figure = Scene(vertices=corners, faces=np.arange(90).reshape(30, 3))
    eye = eye_of(figure, View(), (24, 12), (2, 4))
    seen = eye.see(figure.corners)
    front = Front(eye.width, eye.height)
    front.put_triangles(seen, figure.triangles, eye, first=100)
    x, y = np.meshgrid(np.arange(eye.width) + 0.5, np.arange(eye.height) + 0.5)
    best, number, edge = np.full(x.shape, np.inf), np.full(x.shape, -1), np.zeros(x.shape, bool)
    for i, (a, b, c) in enumerate(figure.faces):
        matrix = np.array([[*seen[:2, k], 1] for k in (a, b, c)], float).T
        shares = np.linalg.solve(matrix, np.stack([x.ravel(), y.ravel(), np.ones(x.size)])).reshape(
            3, *x.shape
        )
        edge |= (np.abs(shares) < 1e-3).any(axis=0) & (shares > -1e-2).all(axis=0)
        deep = 1 / np.einsum("k,kij->ij", 1 / seen[2, [a, b, c]].astype(float), shares)
        nearer = (shares >= 0).all(axis=0) & (deep < best)
        best[nearer], number[nearer] = deep[nearer], i + 100
    clear = ~edge
    assert clear.mean() > 0.8
    np.testing.assert_array_equal(front.number[clear], number[clear])
    np.testing.assert_allclose(front.distance[clear], best[clear], rtol=1e-4)


def test_a_fine_mesh_seen_from_afar_does_not_go_thin() -> None:
    side = np.linspace(-1, 1, 201)
    x, y = np.meshgrid(side, side)
    corners = np.stack([x.ravel(), y.ravel(), 0 * x.ravel()], axis=1)
    at = np.arange(201 * 201).reshape(201, 201)
    faces = np.concatenate([
        np.stack([at[:-1, :-1], at[:-1, 1:], at[1:, 1:]], axis=-1).reshape(-1, 3),
        np.stack([at[:-1, :-1], at[1:, 1:], at[1:, :-1]], axis=-1).reshape(-1, 3),
    ])
    figure = Scene(vertices=corners, faces=faces)
    _, seen = picture(
        figure, Look(depth=Depth.TRUE), View(elevation=90, azimuth=0, zoom=0.5), (20, 10), (1, 2)
    )
    lines = np.flatnonzero(seen.any(axis=1))
    assert seen[lines[0] : lines[-1] + 1, seen.any(axis=0)].all()


def test_the_eye_sees_right_as_right_and_up_as_up() -> None:
    figure = Scene(points=np.array([[1, 0, 0], [-1, 0, 0], [0, 0, 1], [0, 0, -1], [0, 1, 0], [0, -1, 0.0]]))
    eye = eye_of(figure, View(azimuth=0, elevation=0), (40, 20), (1, 2))
    column, row, far = eye.see(figure.columns)
    assert column[0] > 20 > column[1]
    assert row[2] < 20 < row[3]
    assert far[4] > far[5]  # what is ahead is farther
    assert (column[0] - 20) == pytest.approx(20 - row[2])  # square pixels
    tall = eye_of(Scene(points=figure.points, up="y"), View(azimuth=0, elevation=0), (40, 20), (1, 2))
    assert tall.see(figure.columns)[1][4] < 20
    for up in ("z", "y"):
        for angles in ((33, 20), (200, -70)):
            held = turn(*angles, up)
            np.testing.assert_allclose(held @ held.T, np.eye(3), atol=1e-12)
            assert np.linalg.det(held) == pytest.approx(np.linalg.det(turn(0, 0)))


def test_everything_is_on_the_screen_at_zoom_one_whichever_way_it_is_turned() -> None:
    figure = Scene(points=cloud(500, seed=3) * np.array([5, 1, 0.2], np.float32))
    for azimuth in range(0, 360, 40):
        for elevation in (-80, 0, 35, 90):
            eye = eye_of(figure, View(azimuth=azimuth, elevation=elevation), (50, 17), (2, 4))
            column, row, far = eye.see(figure.columns)
            assert column.min() >= 0 and column.max() <= eye.width  # noqa: PT018
            assert row.min() >= 0 and row.max() <= eye.height  # noqa: PT018
            assert far.min() > eye.near


def test_a_face_is_as_bright_as_it_faces_the_eye() -> None:
    corners = np.array([[-1, 0, -1], [1, 0, -1], [0, 0, 1.0]])
    figure = Scene(vertices=corners, faces=TRIANGLE, projection="orthographic")
    for azimuth in (0, 30, 60):
        view = View(azimuth=azimuth, elevation=0)
        pixels, seen = picture(figure, Look(depth=Depth.TRUE), view, (40, 20), (1, 2))
        wanted = np.array(CLAY) * (AMBIENT + LAMP * np.cos(np.radians(azimuth)))
        middle = pixels[22, 20].astype(float)
        assert seen[22, 20]
        np.testing.assert_allclose(middle, wanted, atol=1.5)


@pytest.mark.parametrize("number", [1, 3, 4])
def test_a_face_of_one_class_has_its_colour_everywhere(number: int) -> None:
    corners = np.array([[-1, -0.6, 0.1], [1, -1, 0], [0.3, 1, 0.4]], np.float32)
    names = ("a", "b", "c", "d", "e")
    values = np.full(3, float(number))
    figure = Scene(vertices=corners, faces=TRIANGLE, vertex_values=values, value_names=names, shade="plain")
    known = Scene(vertices=corners, faces=TRIANGLE, vertex_rgb=np.tile(SERIES[number], (3, 1)), shade="plain")
    seen, told = (
        picture(one, Look(depth=Depth.TRUE), View(), (40, 20), (2, 4))[0].astype(int)
        for one in (figure, known)
    )
    np.testing.assert_allclose(seen, told, atol=1)


def test_a_sphere_shaded_by_its_normals_shows_them() -> None:
    turns, heights = np.meshgrid(np.linspace(0, 2 * np.pi, 40), np.linspace(0.02, np.pi - 0.02, 20))
    corners = np.stack(
        [np.sin(heights) * np.cos(turns), np.sin(heights) * np.sin(turns), np.cos(heights)], axis=-1
    ).reshape(-1, 3)
    at = np.arange(800).reshape(20, 40)
    faces = np.concatenate([
        np.stack([at[:-1, :-1], at[1:, :-1], at[1:, 1:]], axis=-1).reshape(-1, 3),
        np.stack([at[:-1, :-1], at[1:, 1:], at[:-1, 1:]], axis=-1).reshape(-1, 3),
    ])
    figure = Scene(vertices=corners, faces=faces)
    away = figure.vertex_normals * corners
    assert away.sum(axis=1).min() > 0.97
    smooth, seen = picture(
        Scene(vertices=corners, faces=faces, shade="normal"), Look(depth=Depth.TRUE), View(azimuth=0, elevation=0),
        (40, 20), (1, 2),
    )  # fmt: skip
    assert seen[20, 20]
    np.testing.assert_allclose(smooth[20, 20], [127, 0, 127], atol=16)  # it looks towards −y


def test_fewer_points_are_drawn_while_it_moves_and_cover_the_same() -> None:
    figure = Scene(points=np.random.default_rng(0).random((60_000, 3)).astype(np.float32), size=1)
    chosen = figure.some(6000)
    assert (np.diff(chosen) > 0).all()
    assert chosen[-1] < 60_000
    whole = picture(figure, Look(depth=Depth.TRUE), View(), (20, 10), (1, 2))[1]
    part = picture(figure, Look(depth=Depth.TRUE, budget=6000), View(), (20, 10), (1, 2))[1]
    assert not (part & ~whole).any()
    assert part.sum() > 0.9 * whole.sum()


def test_points_have_the_same_colours_while_they_move() -> None:
    places = np.random.default_rng(0).random((60_000, 3)).astype(np.float32)
    values = np.ones(60_000)
    values[np.setdiff1d(np.arange(60_000), Scene(points=places).some(6000))[0]] = 100  # it is left out
    figure = Scene(points=places, point_values=values, size=1, relief=False, segments=np.zeros((1, 2, 3)))
    for budget in (None, 6000, 5000):
        pixels, seen = picture(figure, Look(depth=Depth.TRUE, budget=budget), View(), (20, 10), (1, 2))
        shown, counts = np.unique(pixels[seen], axis=0, return_counts=True)
        np.testing.assert_array_equal(shown[counts.argmax()], paint(Look().map_of("viridis"), np.zeros(1))[0])


def test_nothing_and_a_single_point_can_be_looked_at() -> None:
    for points in (np.zeros((0, 3)), np.ones((1, 3)), np.full((4, 3), np.nan), np.ones((5, 3))):
        figure = Scene(title="few", points=points.astype(np.float32), box=True)
        assert draw(figure, Look(40, 12, Depth.TRUE)).canvas.width == 40
        assert figure.words()


def test_the_still_picture_is_a_png_that_others_read() -> None:
    figure = Scene(vertices=np.array([[-1, 0, -1], [1, 0, -1], [0, 0, 1.0]]), faces=TRIANGLE)
    pixels = still(figure)
    read = np.asarray(Image.open(io.BytesIO(png_of(pixels))))
    np.testing.assert_array_equal(read, pixels)
    assert (read[0, 0] == 255).all()
    assert (read != 255).any()


def test_a_box_has_axes_that_are_named_and_whose_ends_are_told() -> None:
    corners = np.array([[0, 0, 0], [2, 3, 4]], np.float32)
    figure = Scene(points=corners, box=True, origin=(100.0, 0.0, 0.0))
    canvas = draw(figure, Look(width=80, height=30, depth=Depth.TRUE)).canvas
    lines = canvas.plain()
    assert all(part in lines[0] for part in ("x 100 … 102", "y 0 … 3", "z 0 … 4"))
    for name, colour, (column, row) in zip("xyz", AXES, named(figure, View(), (80, 29), (1, 1)), strict=True):
        place = 1 + min(max(int(row), 0), 28), int(column)
        assert chr(canvas.glyph[place]) == name
        assert canvas.front[place] == packed_of(colour)
    assert "100 … 102" in figure.words()
    pixels, _ = picture(figure, Look(depth=Depth.TRUE), View(), (80, 29), (2, 4))
    found = {tuple(one) for one in pixels.reshape(-1, 3).tolist()}
    assert set(AXES) <= found
    assert not set(AXES) & {
        tuple(one)
        for one in picture(replace(figure, box=False), Look(depth=Depth.TRUE), View(), (80, 29), (2, 4))[0]
        .reshape(-1, 3)
        .tolist()
    }


def test_the_colours_of_numbers_and_classes_are_told_on_paper(tmp_path: Path) -> None:
    figure = Scene(points=cloud(50), point_values=np.arange(50) % 3, value_label="height")
    for changed, told in (
        ({}, "height"),
        ({"value_names": ("ground", "tree", "house")}, "house"),
        ({"box": True}, "x −"),
    ):
        path = tmp_path / "scene.svg"
        save([replace(figure, **changed)], path)
        assert told in path.read_text(), told
        page = tmp_path / "scene.html"
        save([replace(figure, **changed)], page)
        legend = page.read_text().partition('class="scene"')[2].partition("</p>")[0]
        assert ("linear-gradient" in legend) is ("value_names" not in changed)
        assert told.removesuffix("−") in legend.partition("<p>")[2]


def test_eye_dome_lighting_darkens_what_lies_behind_a_step() -> None:
    behind = np.array([[x, 1.0, z] for x in np.linspace(-1, 1, 60) for z in np.linspace(-1, 1, 60)])
    before = behind[behind[:, 0] > 0] * [1, 0, 1]
    figure = Scene(points=np.concatenate([behind, before]).astype(np.float32), size=3, shade="depth")
    look, view = Look(depth=Depth.TRUE), View(azimuth=0, elevation=0)
    dark, _ = picture(figure, look, view, (40, 20), (2, 4))
    plain, _ = picture(replace(figure, relief=False), look, view, (40, 20), (2, 4))
    assert (dark <= plain).all()
    assert (dark < 0.7 * plain).any()


def test_a_scene_on_paper_is_seen_from_where_it_was_looked_at() -> None:
    figure = Scene(points=cloud(300), size=1)
    view = View(azimuth=200, elevation=-10, zoom=3, shift=(0.2, -0.1))
    moved = seen_from(figure, view)
    assert first_view(moved) == view
    large, there = picture(replace(figure, size=BOLD), Look(depth=Depth.TRUE), view, CELLS, GRAIN)
    np.testing.assert_array_equal(still(moved)[there], large[there])
    assert there.any()
    assert (still(moved) != still(figure)).any()
    look = Look(width=60, height=20, depth=Depth.TRUE)
    np.testing.assert_array_equal(draw(moved, look).canvas.glyph, draw(figure, look, view).canvas.glyph)
