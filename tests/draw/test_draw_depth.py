"""What is in front hides what is behind."""

import numpy as np
import pytest

from dltui.draw import Depth, Look, View, draw
from dltui.draw.camera import camera_of
from dltui.draw.zbuffer import rasterise
from dltui.figures import Mark, Points, Surface


def brute(x, y, depth, width, height):
    """Return the number of the nearest triangle at each pixel, by a loop over all of them."""
    best, owner = np.full((height, width), np.inf), np.full((height, width), -1)
    for t in range(x.shape[1]):
        matrix = np.array([x[:, t], y[:, t], np.ones(3)])
        if abs(np.linalg.det(matrix)) < 1e-9:
            continue
        for row in range(height):
            for column in range(width):
                weights = np.linalg.solve(matrix, [column + 0.5, row + 0.5, 1])
                far = weights @ depth[:, t]
                if (weights >= -1e-9).all() and far < best[row, column]:
                    best[row, column], owner[row, column] = far, t
    return owner, best


@pytest.mark.parametrize("seed", range(4))
def test_the_nearest_triangle_wins_at_every_pixel(seed):
    draw_number = np.random.default_rng(seed)
    x, y = draw_number.uniform(-5, 25, (3, 14)), draw_number.uniform(-5, 18, (3, 14))
    depth = draw_number.random((3, 14))
    owner, best = brute(x, y, depth, 20, 12)
    hits = rasterise(x, y, depth, 20, 12)
    assert (hits.seen == (owner >= 0)).all()
    np.testing.assert_allclose(hits.depth[hits.seen], best[hits.seen], atol=1e-6)
    assert (hits.triangle == owner[hits.seen]).mean() > 0.99  # ties may go either way
    np.testing.assert_allclose(hits.weights.sum(axis=0), 1)
    np.testing.assert_allclose(hits.blend(x)[:5], (np.argwhere(hits.seen)[:5, 1] + 0.5), atol=1e-6)


def test_a_wall_hides_the_pit_behind_it():
    grid = np.linspace(-1, 1, 41)
    pit = np.full((41, 41), 0.5)
    pit[(np.abs(grid) < 0.2), 0:0] = 0
    pit[26:34, 16:25] = 0.0  # behind the middle, seen from azimuth 0
    wall = pit.copy()
    wall[10:13, :] = 1.0
    eye = View(azimuth=0, elevation=12)
    mark = (Mark(name="pit", x=0.0, y=0.5),)

    def glyphs(values):
        figure = Surface(values=values, x=grid, y=grid, marks=mark)
        return "\n".join(draw(figure, Look(width=70, height=30, depth=Depth.TRUE), eye).canvas.plain())

    assert "● pit" in glyphs(pit) or "o pit" in glyphs(pit)
    assert "o pit" in glyphs(wall)
    high = View(azimuth=0, elevation=85)
    figure = Surface(values=wall, x=grid, y=grid, marks=mark)
    assert "● pit" in "\n".join(
        draw(figure, Look(width=70, height=30, depth=Depth.TRUE), high).canvas.plain()
    )


def test_a_net_of_lines_shows_the_form_without_colour():
    grid = np.linspace(-1, 1, 31)
    across, up = np.meshgrid(grid, grid)
    figure = Surface(values=across**2 + up**2, x=grid, y=grid)
    text = "".join(draw(figure, Look(width=80, height=24)).canvas.plain())
    assert sum("⠀" < letter <= "⣿" for letter in text) > 200
    plain = "".join(draw(figure, Look(width=80, height=24, ascii=True)).canvas.plain())
    assert len(set(plain) & set(".:-=+*#%@")) >= 6


def test_the_nearer_point_hides_the_farther_one():
    near, far = (255, 0, 0), (0, 0, 255)
    eye = View(azimuth=0, elevation=0)
    camera = camera_of(eye, 40, 20, 1.0, (0, 0))
    _, _, depth = camera.see(np.array([0.0, 0.0]), np.array([-1.0, 1.0]), np.zeros(2))
    assert depth[0] < depth[1]
    corners = [[-1, -1, -1], [1, 1, 1]]
    cloud = np.array(corners + [[0, -0.9, 0]] * 3000 + [[0, 0.9, 0]] * 3000, float)
    rgb = np.array([far, far] + [near] * 3000 + [far] * 3000, float)
    canvas = draw(Points(position=cloud, rgb=rgb), Look(width=40, height=20, depth=Depth.TRUE), eye).canvas
    fronts = canvas.front[canvas.front < 1 << 24]
    assert ((fronts >> 16) > 150).any()


@pytest.mark.parametrize("azimuth", [0, 35, 90, 135, 180, 225, 270, 315])
def test_the_box_stays_on_the_screen_whichever_way_it_is_turned(azimuth):
    camera = camera_of(View(azimuth=azimuth), 80, 24, 0.55, (0, 0))
    x, y, z = (np.array(part, float) for part in np.meshgrid([-1, 1], [-1, 1], [-0.55, 0.55]))
    column, row, _ = camera.see(x.ravel(), y.ravel(), z.ravel())
    assert column.min() >= -1e-9
    assert column.max() <= 80 + 1e-9
    assert row.min() >= -1e-9
    assert row.max() <= 24 + 1e-9
