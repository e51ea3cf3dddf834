"""Volume rendering against its closed form and a loop; the grid against trilinear interpolation; a fit that sees."""

import math

import numpy as np
import pytest
import torch

from dltui.scene.cameras import around
from dltui.scene.nerf.composite import Samples, box_interval, cube, gather, weights
from dltui.scene.nerf.field import DENSE, KEEN, VIVID, GridField, mixed
from dltui.scene.nerf.finer import refined
from dltui.scene.nerf.fit import Fit, render
from dltui.scene.nerf.march import CELLS, Occupied, look, sample
from dltui.scene.nerf.score import psnr
from dltui.scene.nerf.stations import stations
from dltui.scene.nerf.views import Capture, View, hull
from dltui.scene.tracer import csg_table, shoot_all


def ragged(counts: list[int], step: float = 0.1) -> Samples:
    ray = torch.repeat_interleave(torch.arange(len(counts)), torch.tensor(counts))
    t = torch.cat([torch.arange(n) * step for n in counts]).float()
    return Samples(ray, t, torch.full((sum(counts),), step), len(counts))


def test_a_uniform_fog_lets_through_what_beer_and_lambert_say() -> None:
    for sigma in (0.3, 2.0, 40.0):
        samples = ragged([1000], step=2 / 1000)
        weight = weights(torch.full((1000,), sigma), samples)
        assert float(weight.sum()) == pytest.approx(1 - math.exp(-2 * sigma), abs=1e-5)
        mean = float(gather(samples.t, weight, samples)[0])
        whole = (1 - math.exp(-2 * sigma)) / sigma - 2 * math.exp(-2 * sigma)  # ∫₀² σt e^(−σt) dt
        assert mean == pytest.approx(whole, abs=2e-3)


def test_weights_of_many_rays_at_once_are_those_of_a_loop() -> None:
    torch.manual_seed(0)
    counts = [3, 0, 5, 1, 0, 40]
    samples, sigma = ragged(counts), torch.rand(49) * 20
    found = weights(sigma, samples)
    at = 0
    for count in counts:
        through = 1.0
        for i in range(at, at + count):
            alpha = 1 - math.exp(-float(sigma[i]) * 0.1)
            assert float(found[i]) == pytest.approx(through * alpha, abs=1e-6)
            through *= 1 - alpha
        at += count
    assert gather(torch.ones(49), found, samples)[1] == 0
    deep = ragged([200_000, 7], step=1e-4)
    thick = torch.full((200_007,), 0.5)
    apart = weights(torch.full((7,), 0.5), ragged([7], step=1e-4))
    torch.testing.assert_close(weights(thick, deep)[-7:], apart, rtol=1e-5, atol=0)


def test_gradients_of_the_grid_are_those_of_autograd() -> None:
    torch.manual_seed(0)
    field = GridField(5**3, cube(1.0)).double()
    with torch.no_grad():
        field.table.normal_()
        field.gloss[-1].weight.normal_()
    places, way = (
        torch.rand(20, 3).double() * 2 - 1,
        torch.nn.functional.normalize(torch.randn(20, 3).double(), dim=1),
    )
    sigma, colour = field.lit(field.find(places), way)
    (sigma.sum() + (colour * torch.arange(3)).sum()).backward()
    known = dict(field.named_parameters())
    within = [("table", row, channel) for row, channel in ((31, 0), (62, 4), (93, 12), (62, 13), (31, 15))]
    for name, row, channel in (
        *within,
        ("gloss.0.weight", 3, 1),
        ("gloss.2.weight", 7, 9),
        ("gloss.4.weight", 2, 5),
    ):
        part, ends = known[name], []
        first = float(part.detach()[row, channel])
        for sign in (1, -1, 0):
            with torch.no_grad():
                part[row, channel] = first + sign * 1e-6
                s, c = field.lit(field.find(places), way)
                ends.append(float(s.sum() + (c * torch.arange(3)).sum()))
        assert part.grad is not None
        assert float(part.grad[row, channel]) == pytest.approx((ends[0] - ends[1]) / 2e-6, abs=1e-6)
        assert name == "table" or float(part.grad.abs().max()) > 0


def test_colours_are_harmonics_and_what_the_shared_network_adds() -> None:
    torch.manual_seed(0)
    field, places = GridField(4**3, cube(1.0)), torch.rand(30, 3) * 2 - 1
    with torch.no_grad():
        field.table.normal_()
    way = torch.nn.functional.normalize(torch.randn(30, 3), dim=1)
    held = mixed(field.table, *field.corners(places)).detach()
    own = held[:, 1:13].reshape(30, 3, 4)
    raw = 0.5 / math.pi**0.5 * own[..., 0]
    for place, coefficient in ((1, 1), (2, 2), (0, 3)):  # y, z, x
        raw = raw + (0.75 / math.pi) ** 0.5 * way[:, place, None] * own[..., coefficient]
    sigma, colour = field.lit((places,), way)
    torch.testing.assert_close(colour, torch.sigmoid(VIVID * raw))  # it adds nothing at first
    spot = torch.tensor([0.6, 0.0, 0.8])
    with torch.no_grad():  # a highlight: what the first feature lets shine of relu(spot · way − 0.2)
        for part in field.gloss.parameters():
            part.zero_()
        field.gloss[0].weight[0, 0] = 1  # relu(feature)
        field.gloss[0].weight[1, 3:], field.gloss[0].bias[1] = spot, -0.2
        field.gloss[2].weight[0, :2], field.gloss[2].bias[0] = torch.tensor([1.0, 1.0]), -0.5
        field.gloss[4].weight[:, 0] = torch.tensor([1.0, 2.0, 3.0])
    shine = (held[:, 13].relu() + (way @ spot - 0.2).relu() - 0.5).relu()
    assert 5 < int((shine > 0).sum()) < 30
    dense, colour = field.lit((places,), way)
    torch.testing.assert_close(
        colour, torch.sigmoid(VIVID * (raw + shine[:, None] * torch.tensor([1.0, 2.0, 3.0])))
    )
    torch.testing.assert_close(dense, sigma)
    fine = field.finer(7**3)
    torch.testing.assert_close(fine.gloss(torch.ones(1, 6)), field.gloss(torch.ones(1, 6)))
    assert fine.gloss is not field.gloss


def test_a_highlight_is_learnt_once_for_all_places() -> None:
    """Blinn's lobe on a plane, from other sides than were seen: harmonics alone have no room for it."""
    torch.manual_seed(0)
    lamp = torch.nn.functional.normalize(torch.tensor([0.5, -0.35, 0.8]), dim=0)
    way = torch.nn.functional.normalize(torch.randn(1500, 3) - torch.tensor([0, 0, 1.5]), dim=1)
    places = torch.cat([torch.rand(1500, 2) * 2 - 1, torch.zeros(1500, 1)], 1)
    half = torch.nn.functional.normalize(lamp - way, dim=1)
    truth = 0.3 + 0.6 * half[:, 2:].clamp(min=0) ** 32
    errors = []
    for shared in (True, False):
        field = GridField(4**3, cube(1.0))
        field.gloss.requires_grad_(shared)
        groups = [{"params": [field.table], "lr": 0.1}, {"params": list(field.gloss.parameters())}]
        optimizer = torch.optim.Adam(groups, lr=1e-2)
        for _ in range(100):
            optimizer.zero_grad()
            torch.nn.functional.mse_loss(
                field.lit((places[:1000],), way[:1000])[1], truth[:1000].expand(-1, 3)
            ).backward()
            optimizer.step()
        with torch.no_grad():
            errors.append(float((field.lit((places[1000:],), way[1000:])[1] - truth[1000:]).square().mean()))
    assert errors[0] < errors[1] / 10


def test_a_finer_grid_shows_the_same_and_corners_hold_their_own() -> None:
    torch.manual_seed(0)
    field = GridField(0, cube(1.0), shape=(4, 4, 4), voxel=0.5)
    with torch.no_grad():
        field.table.normal_()
    corner = torch.tensor([[-1.0, -1.0, -1.0]])
    assert float(field.thick(field.find(corner))) == pytest.approx(
        DENSE * float(torch.nn.functional.softplus(KEEN * field.table[1, 0]).detach()), rel=1e-5
    )
    fine = field.finer(7**3)  # every other corner is an old one
    places = torch.rand(50, 3) * 2 - 1
    torch.testing.assert_close(
        mixed(fine.table, *fine.corners(places)),
        mixed(field.table, *field.corners(places)),
        atol=1e-4,
        rtol=1e-4,
    )


def test_samples_lie_in_the_cube_where_anything_may_be() -> None:
    field, occupied = GridField(17**3, cube(1.0)), Occupied(cube(1.0), torch.device("cpu"))
    occupied.cells = occupied.middles()[:, 0] > 0
    origin = torch.tensor([[-3.0, 0.1, 0.2], [0.0, 0.0, 5.0], [0, 5.0, 0]])
    way = torch.tensor([[1.0, 0, 0], [0, 0, -1.0], [1.0, 0, 0]])
    samples, spots = sample(field, occupied, origin, way, None)
    assert (spots.abs() <= 1).all()
    assert (spots[samples.ray == 0][:, 0] > -2 / CELLS).all()
    assert not (samples.ray == 2).any()  # it misses
    torch.testing.assert_close(spots, origin[samples.ray] + samples.t[:, None] * way[samples.ray])
    enter, leave = box_interval(origin, way, cube(1.0))
    assert enter[:2].tolist() == [2, 4]
    assert leave[:2].tolist() == [4, 6]
    assert enter[2] >= leave[2]


def captured(count: int, size: int) -> Capture:
    cameras = around(count, distance=3.2, size=size)
    views = [
        View(camera, shot.over(), shot.rgba[..., 3], shot.depth)
        for camera, shot in zip(cameras, shoot_all(csg_table(), cameras, grid=2), strict=True)
    ]
    return Capture("csg-table", [v for i, v in enumerate(views) if i % 6], views[::6], cube(1.2))


def test_a_few_steps_see_the_table_and_the_same_seed_sees_the_same() -> None:
    capture = captured(24, 24)
    found, again = Fit(capture, steps=60, seed=1).run(), Fit(capture, steps=60, seed=1).run()
    field, occupied = found.field, found.occupied
    assert all(
        torch.equal(one, other)
        for one, other in zip(field.parameters(), again.field.parameters(), strict=True)
    )
    assert found.progress.step == 60
    blank = np.ones((24, 24, 3))
    found = [psnr(render(field, occupied, view)[0], view.rgb) for view in capture.held_out]
    nothing = [psnr(blank, view.rgb) for view in capture.held_out]
    assert np.mean(found) > np.mean(nothing) + 5
    colour, opacity, depth = render(field, occupied, capture.held_out[0])
    assert colour.shape == (24, 24, 3)
    assert opacity.max() <= 1 + 1e-5
    truth = capture.held_out[0].depth
    assert truth is not None
    solid = np.isfinite(truth) & (opacity > 0.9)
    assert np.median(np.abs(depth[solid] / opacity[solid] - truth[solid])) < 0.15


def test_the_hull_holds_what_all_masks_show() -> None:
    capture = captured(12, 24)
    occupied = Occupied(cube(1.2), torch.device("cpu"))
    kept = hull(capture.train, occupied.middles())
    assert kept is not None
    node = csg_table().node
    inside = torch.from_numpy(node(occupied.middles().double().numpy()) < 0)
    assert (kept | ~inside).float().mean() > 0.999
    assert kept.float().mean() < 0.5
    assert hull([View(capture.train[0].camera, capture.train[0].rgb)], occupied.middles()) is None


def test_rays_through_nothing_see_the_paper() -> None:
    field, occupied = GridField(8**3, cube(1.0)), Occupied(cube(1.0), torch.device("cpu"))
    occupied.cells[:] = False
    colour, opacity, _ = look(
        field, occupied, torch.tensor([[0.0, 0, 3]]), torch.tensor([[0.0, 0, -1]]), paper=0.5
    )
    assert colour.tolist() == [[0.5, 0.5, 0.5]]
    assert opacity.tolist() == [0]


def test_more_samples_lie_where_the_first_found_light_and_add_up_to_the_same() -> None:
    samples = ragged([40, 0, 40], step=0.05)
    sigma = torch.full((80,), 3.0)
    weight = torch.zeros(80)
    weight[10], weight[20] = 0.75, 0.25
    finer = refined(samples, weight, 400, torch.Generator().manual_seed(0))
    assert torch.bincount(finer.ray, minlength=3).tolist() == [440, 0, 440]
    assert (torch.diff(finer.t[finer.ray == 0]) >= 0).all()
    first = finer.t[finer.ray == 0]
    within = (
        ((first - samples.t[10]).abs() <= 0.025).sum() / 400,
        ((first - samples.t[20]).abs() <= 0.025).sum() / 400,
    )
    assert float(within[0]) == pytest.approx(0.75, abs=0.01)
    assert float(within[1]) == pytest.approx(0.25, abs=0.01)
    even = refined(samples, weights(sigma, samples), 64, None)
    fog = weights(torch.full((len(even.t),), 3.0), even)[even.ray == 2]
    assert float(fog.sum()) == pytest.approx(1 - math.exp(-3.0 * 40 * 0.05), abs=2e-3)
    nothing = ragged([0, 0])
    assert len(refined(nothing, torch.zeros(0), 8, None).t) == 0


@pytest.mark.parametrize("seed", [None, 0, 7])
def test_stations_share_the_ray(seed: int | None) -> None:
    generator = None if seed is None else torch.Generator().manual_seed(seed)
    found = stations(0.5, 3.5, 12, generator)
    borders = torch.linspace(0.5, 3.5, 13, dtype=torch.double)
    assert ((found.t >= borders[:-1]) & (found.t <= borders[1:])).all()
    assert found.step.sum().item() == pytest.approx(3.0)
    assert (found.step > 0).all()
    if seed is None:
        torch.testing.assert_close(found.step, torch.full((12,), 0.25, dtype=torch.double))
