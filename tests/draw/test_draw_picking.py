"""Places under cells: where a place is seen is where it is found again."""

import numpy as np
import pytest

from dltui.draw.look import Depth, Look
from dltui.draw.scene.eye import eye_of
from dltui.draw.scene.picking import picked, spot
from dltui.draw.view import View
from dltui.figures import Scene

LOOK = Look(width=80, height=30, depth=Depth.TRUE)
VIEW = View(azimuth=20, elevation=35, zoom=1.3, shift=(0.1, -0.05))


@pytest.mark.parametrize("projection", ["perspective", "orthographic"])
def test_what_is_seen_at_a_pixel_is_found_there(projection: str) -> None:
    places = np.random.default_rng(0).normal(size=(50, 3)).astype(np.float32)
    scene = Scene(title="points", points=places, projection=projection)  # type: ignore[arg-type]
    eye = eye_of(scene, VIEW, (80, 30), (2, 4))
    seen = eye.see(np.ascontiguousarray(places.T))
    for place, (column, row, far) in zip(places, seen.T.tolist(), strict=True):
        np.testing.assert_allclose(spot(eye, column, row, far), place, atol=2e-3)


@pytest.mark.parametrize("projection", ["perspective", "orthographic"])
def test_the_nearest_point_and_the_nearest_spot_of_a_triangle(projection: str) -> None:
    apart = np.array([[-1, 0, -1], [1, 0, -1], [0, 0, 1]], np.float32)
    points = Scene(title="", points=apart, projection=projection, size=1)  # type: ignore[arg-type]
    found = {
        tuple(place)
        for cell in np.ndindex(80, 30)
        if (place := picked(points, LOOK, View(), cell)) is not None
    }
    assert found == {tuple(place) for place in apart.astype(float).tolist()}
    wall = Scene(title="", vertices=apart, faces=np.array([[0, 1, 2]], np.int32), projection=projection)  # type: ignore[arg-type]
    middle = picked(wall, LOOK, View(elevation=0, azimuth=0))
    assert middle is not None
    np.testing.assert_allclose(middle[1], 0, atol=1e-3)
    assert abs(middle[0]) < 0.1
    assert picked(wall, LOOK, View(), (0, 0)) is None
    assert picked(Scene(title=""), LOOK, View()) is None
