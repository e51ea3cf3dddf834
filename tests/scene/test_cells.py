"""One cell of marching cubes against the mesh that all of them make, and the head that is scanned."""

from __future__ import annotations

import numpy as np
import pytest

from dltui.scene.cells import cell_of
from dltui.scene.cubes import cases, marching_cubes
from dltui.scene.phantom import HEAD, head


def test_a_cell_taken_apart_is_the_mesh_of_that_cell() -> None:
    values = np.random.default_rng(0).normal(size=(5, 5, 5))
    numbers = cases(values < 0.1)
    for place in np.ndindex(4, 4, 4):
        one = cell_of(values, place, 0.1)
        assert one.case == numbers[place]
        i, j, k = place
        vertices, faces = marching_cubes(
            values[i : i + 2, j : j + 2, k : k + 2], np.zeros(3), np.ones(3), 0.1
        )
        spots = {crossing.edge: crossing.place for crossing in one.crossings}
        mine = {
            tuple(sorted(tuple(np.round(spots[e], 9)) for e in three)) for three in one.triangles.tolist()
        }
        theirs = {tuple(sorted(tuple(np.round(vertices[c], 9)) for c in three)) for three in faces.tolist()}
        assert mine == theirs


def test_the_head_is_as_dense_as_its_parts_add_up_to() -> None:
    x, y, z = np.array([(0, 0.9, 0), (0, 0, 0.6), (0.22, 0, 0), (1, 1, 1)], np.float64).T
    np.testing.assert_allclose(head(x, y, z), (1, 0.2, 0, 0), atol=1e-12)
    tilted = HEAD[3]  # its long axis leans by 18° to the left of y
    lean = np.array([[-0.22 - 0.4 * np.sin(np.radians(18))], [0.4 * np.cos(np.radians(18))], [0]])
    assert tilted.share(*lean) == 1
    assert tilted.share(-0.44 - lean[0], *lean[1:]) == 0


@pytest.mark.parametrize("blur", [0.01, 0.1])
def test_a_blurred_edge_is_a_ramp_of_that_width(blur: float) -> None:
    far = 0.69 + blur * np.array([-0.6, -0.25, 0, 0.25, 0.6])
    shares = HEAD[0].share(far, np.zeros(5), np.zeros(5), blur)
    np.testing.assert_allclose(shares, (1, 0.75, 0.5, 0.25, 0), atol=0.05)
