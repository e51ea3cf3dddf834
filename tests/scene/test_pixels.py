"""Several rays of a pixel, where on them anything may be, and what that changes of a fit: nothing but its cost."""

import json
from dataclasses import replace

import numpy as np
import pytest
import torch

from dltui.scene.cameras import Camera, around
from dltui.scene.nerf.composite import cube
from dltui.scene.nerf.field import GridField
from dltui.scene.nerf.fit import Fit, Fitted, Progress, render
from dltui.scene.nerf.keep import arrays_of, field_of
from dltui.scene.nerf.march import STEP, Occupied, sample
from dltui.scene.nerf.pixels import Pixels, offsets
from dltui.scene.nerf.rays import along, bundle
from dltui.scene.nerf.scenes import own_scene
from dltui.scene.nerf.views import Capture, View

CPU = torch.device("cpu")
CAMERA = around(5, distance=3.0, size=12)[2]


@pytest.fixture(scope="module")
def table() -> Capture:
    return own_scene("csg-table", views=14, size=20)


def blob() -> Fitted:
    """A ball of a random field, and cells only where it is."""
    torch.manual_seed(0)
    field, occupied = GridField(20**3, cube(1.0)), Occupied(cube(1.0), CPU)
    with torch.no_grad():
        field.table[1:] = torch.randn_like(field.table[1:])
    occupied.cells = occupied.middles().norm(dim=1) < 0.6
    return Fitted(field, occupied, Progress())


@pytest.mark.parametrize("lens", [(0.0, 0.0, 0.0, 0.0), (0.05, -0.01, 0.002, 0.001)])
def test_rays_of_a_pixel_are_those_of_a_finer_picture(lens: tuple[float, float, float, float]) -> None:
    camera = replace(CAMERA, distortion=lens)
    pixels = Pixels([View(camera, np.zeros((12, 12, 3)))], CPU, grow=3)
    origin, way = pixels.rays(torch.arange(144), 2)
    fine: Camera = camera.scaled(2)
    own, other = (
        part.T.reshape(12, 2, 12, 2, 3).transpose(0, 2, 1, 3, 4).reshape(-1, 3) for part in fine.rays()
    )
    np.testing.assert_allclose(origin, own, atol=1e-6)
    np.testing.assert_allclose(way, other, atol=3e-4)  # a pixel is 0.06 wide: ways between are straight
    np.testing.assert_allclose(pixels.rays(torch.arange(144), 1)[1], camera.rays()[1].T, atol=1e-7)
    assert offsets(2) == [(-0.25, -0.25), (0.25, -0.25), (-0.25, 0.25), (0.25, 0.25)]


@pytest.mark.parametrize("across", [1, 2])
def test_what_was_found_once_is_all_that_there_is(across: int) -> None:
    found = blob()
    pixels = Pixels([View(CAMERA, np.zeros((12, 12, 3)))], CPU, grow=3)
    chosen = torch.arange(144)
    origin, way = pixels.rays(chosen, across)
    whole, _ = sample(found.field, found.occupied, origin, way, None, span=pixels.span(chosen, across))
    pixels.note(chosen, across, whole, STEP * found.field.voxel)
    near, far = pixels.span(chosen, across)
    inside = torch.isfinite(near)
    assert 0.2 < float(inside.float().mean()) < 0.9  # the others go past it
    assert (
        float((far - near)[inside].max()) < 1.2 + 4.1 * STEP * found.field.voxel
    )  # not the whole box any more
    source = torch.Generator().manual_seed(0)
    again, others = sample(found.field, found.occupied, origin, way, source, span=(near, far))
    assert bool(found.occupied.at(others).all())
    assert len(again.t) == pytest.approx(len(whole.t), rel=0.02)
    assert set(again.ray.tolist()) >= {
        int(ray) for ray, n in zip(*torch.unique(whole.ray, return_counts=True), strict=True) if n > 4
    }
    pixels.forget()
    assert not torch.isfinite(pixels.span(chosen, across)[1]).any()


def test_density_alone_is_that_beside_the_colours() -> None:
    field = blob().field
    places = torch.rand(500, 3) * 2.2 - 1.1  # a few beyond the box
    with torch.no_grad():
        sigma, _ = field.lit(field.find(places), torch.ones(500, 3))
    torch.testing.assert_close(field.thick(field.find(places)), sigma, atol=1e-4, rtol=1e-4)


def test_a_long_fit_ends_with_several_rays_and_the_mean_of_its_last_steps(table: Capture) -> None:
    fit = Fit(table, steps=60)
    while fit.done < 0.81:
        fit.timed_step()
    assert fit.field.across == 2
    assert fit.fitted.field is not fit.field
    start = fit.fitted.field.table.detach().clone()
    tables = [start] * fit._counted
    while fit.done < 1:
        fit.timed_step()
        if fit.progress.step % 4 == 0:
            tables.append(fit.field.table.detach().clone())
    mean = fit.fitted.field.table.detach()
    assert float((mean - fit.field.table.detach()).abs().max()) > 1e-4
    torch.testing.assert_close(mean, torch.stack(tables).mean(0), atol=1e-4, rtol=1e-4)
    arrays, plain = arrays_of(fit.fitted)
    again = field_of("grid", arrays, json.loads(json.dumps(plain)), CPU)
    for one, other in zip(
        *(render(f.field, f.occupied, table.held_out[0]) for f in (fit.fitted, again)), strict=True
    ):
        np.testing.assert_array_equal(one, other)
    short = Fit(table, steps=12)
    short.run()
    assert short.field.across == 1  # there was no time for it


def test_a_picture_by_several_rays_is_the_mean_of_a_finer_one() -> None:
    found = blob()
    fine = View(CAMERA.scaled(2), np.zeros((24, 24, 3)))
    expected = render(found.field, found.occupied, fine)
    found.field.across = 2
    for own, other in zip(
        render(found.field, found.occupied, View(CAMERA, np.zeros((12, 12, 3)))), expected, strict=True
    ):
        mean = other.reshape(12, 2, 12, 2, *other.shape[2:]).mean(axis=(1, 3))
        np.testing.assert_allclose(own, mean, atol=1e-4)


def test_a_bundle_holds_the_ray_of_every_pixel() -> None:
    found = blob()
    rays = bundle(found, CAMERA)
    colour, opacity, _ = render(found.field, found.occupied, View(CAMERA, np.zeros((12, 12, 3))))
    np.testing.assert_allclose(rays.rgb, np.clip(colour, 0, 1), atol=5e-3)
    for column, row in ((5, 6), (7, 3), (0, 0)):
        pixel = row * 12 + column
        ray = along(found, CAMERA, column + 0.5, row + 0.5)
        held = rays.samples[rays.firsts[pixel] : rays.firsts[pixel + 1]]
        np.testing.assert_allclose(held[:, 0], ray.t[ray.sigma > 0], atol=1e-5)
        np.testing.assert_allclose(held[:, 1], ray.sigma[ray.sigma > 0], atol=1e-3, rtol=1e-4)
        start, stretch, count = rays.combs[pixel]
        np.testing.assert_allclose(start + stretch * np.arange(round(count)), ray.t, atol=1e-5)
    assert rays.firsts[-1] == len(rays.samples)
    assert np.isnan(rays.distance[opacity < 0.4]).all()
