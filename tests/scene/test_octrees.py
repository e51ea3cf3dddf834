"""Bounds by intervals, cells that are split, voxels, and convolutions over few cells."""

from __future__ import annotations

import numpy as np
import pytest

from dltui.scene.mesh import measure
from dltui.scene.octree import EMPTY, FULL, MIXED, leaves, split, spread_out
from dltui.scene.sdf.interval import bounds
from dltui.scene.sdf.parse import parse
from dltui.scene.sparse import AROUND, dense_convolution, neighbours, sparse_convolution
from dltui.scene.voxels import at_the_surface, occupied, shell

SOLIDS = [
    "sphere(.8)", "box(.5, .3, .7)", "torus(.7, .2)", "cylinder(.4, .6)", "capsule(.3, .5)", "cone(.6, .2, .5)",
    "plane(1, 2, 2, .1)", "ellipsoid(.9, .5, .3)", "metaballs(-.3, 0, 0, .6, .3, 0, 0, .7)",
    "smin(sphere(.5), move(box(.3), .4, 0, 0), .3)", "smax(sphere(.8), -turn(box(.5), x, 30), .2)",
    "mix(sphere(.6), torus(.6, .2), .4)", "shell(scale(sphere(1), .7), .1)", "repeat(sphere(.2), .7, 0, 0)",
    "twist(box(.3, .3, .6), 1.2)", "round(box(.4), .1)",
]  # fmt: skip


@pytest.mark.parametrize("text", SOLIDS)
def test_bounds_hold_in_all_of_a_box(text: str) -> None:
    node, draw = parse(text), np.random.default_rng(0)
    low = draw.uniform(-1.2, 1, (60, 3))
    high = low + draw.uniform(0.01, 0.5, (60, 3))
    least, most = bounds(node, low, high)
    places = low[:, None] + draw.random((60, 80, 3)) * (high - low)[:, None]
    places[:, 0], places[:, 1] = low, high
    found = node(places)
    assert (found >= least[:, None] - 1e-12).all()
    assert (found <= most[:, None] + 1e-12).all()


def test_bounds_of_a_sphere_are_its_nearest_and_farthest_place() -> None:
    low = np.random.default_rng(0).uniform(-1.5, 1, (200, 3))
    high = low + 0.6
    least, most = bounds(parse("sphere(1)"), low, high)
    close = np.linalg.norm(np.maximum(0, np.maximum(low, -high)), axis=1)
    far = np.linalg.norm(np.maximum(np.abs(low), np.abs(high)), axis=1)
    np.testing.assert_allclose(least, close - 1, atol=1e-12)
    np.testing.assert_allclose(most, far - 1, atol=1e-12)


def test_leaves_fill_the_cube_once() -> None:
    levels = split(parse("torus(.6, .25)"), reach=1.0, depth=4)
    volumes = [(level.state != MIXED).sum() / 8**level.depth for level in levels]
    assert sum(volumes) + len(levels[-1].mixed) / 8**4 == 1
    state, depth = spread_out(levels)
    counts = [int((depth == level.depth).sum()) // 8 ** (4 - level.depth) for level in levels]
    assert sum(counts) == leaves(levels)[-1]
    assert {*np.unique(state).tolist()} == {EMPTY, MIXED, FULL}


def test_voxels_are_counted_and_their_shell_is_closed() -> None:
    filled = occupied(parse("sphere(.8)"), reach=1.0, side=12)
    by_hand = [
        (i, j, k)
        for i, j, k in np.ndindex(12, 12, 12)
        if sum(((n + 0.5) / 6 - 1) ** 2 for n in (i, j, k)) < 0.64
    ]
    assert np.argwhere(filled).tolist() == [list(cell) for cell in by_hand]
    assert at_the_surface(np.ones((4, 4, 4), bool)).sum() == 4**3 - 2**3
    vertices, faces, cells = shell(filled, reach=1.0)
    found = measure(vertices, faces)
    assert found.watertight
    assert found.volume == pytest.approx(filled.sum() / 6**3)
    assert len(cells) * 2 == len(faces)


def test_a_sparse_convolution_is_the_dense_one_where_cells_are() -> None:
    draw = np.random.default_rng(0)
    cells = np.argwhere(draw.random((6, 6, 6)) < 0.2)
    values, weight = draw.normal(size=(len(cells), 2)), draw.normal(size=(3, 2, 3, 3, 3))
    around = neighbours(cells, 6)
    for row, column in np.argwhere(around >= 0).tolist():
        assert (cells[around[row, column]] == cells[row] + AROUND[column]).all()
    grid = np.zeros((6, 6, 6, 2))
    grid[tuple(cells.T)] = values
    dense = dense_convolution(grid, weight)
    np.testing.assert_allclose(sparse_convolution(values, around, weight), dense[tuple(cells.T)], atol=1e-12)
    assert neighbours(np.zeros((0, 3), np.int64), 6).shape == (0, 27)
