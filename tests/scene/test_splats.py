"""Splats against sampling, finite differences, a dense loop and another reader of PLY; a fit that learns to see."""

import json
import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
import trimesh

from dltui.cli import run
from dltui.errors import DltuiError
from dltui.results.splat_ray import changed
from dltui.results.splats import SplatFit
from dltui.results.store import load
from dltui.scene.cameras import around
from dltui.scene.nerf.captured import captured
from dltui.scene.nerf.score import psnr, ssim
from dltui.scene.splats.blend import CUT, FULL, blend, nearest_first, pairs_of, rows_of
from dltui.scene.splats.file import NEEDED, read_splats, write_splats
from dltui.scene.splats.fit import Sown, fit_splats, relocate
from dltui.scene.splats.gaussians import Gaussians, axes, harmonics
from dltui.scene.splats.inside import along, cuts, distances
from dltui.scene.splats.project import BLUR, Flat, project
from dltui.scene.splats.view import view
from dltui.scene.splats.work import standing

CAMERA = around(5, distance=3.2, size=20)[2]


def some(count: int, degree: int = 1, seed: int = 0) -> Gaussians:
    draw = torch.Generator().manual_seed(seed)

    def normal(*shape: int) -> torch.Tensor:
        return torch.randn(*shape, generator=draw, dtype=torch.double)

    return Gaussians(
        normal(count, 3) * 0.4,
        normal(count, 3) * 0.5 - 1.7,
        normal(count, 4),
        normal(count),
        normal(count, (degree + 1) ** 2, 3) * 0.3,
    )


def test_a_projected_splat_is_what_projected_samples_are() -> None:
    splats = replace(some(6), log_scale=some(6).log_scale - 3)  # small, so that the slope is all there is
    flat = project(splats, CAMERA)
    draw = np.random.default_rng(0)
    for i in range(6):
        half = axes(splats)[i].numpy()
        points = splats.place[i].numpy()[:, None] + half @ draw.normal(size=(3, 200_000))
        column, row, depth = CAMERA.project(points)
        a, b, c = flat.conic[i].tolist()
        cov = np.linalg.inv([[a, b], [b, c]]) - BLUR * np.eye(2)
        np.testing.assert_allclose(flat.middle[i], [column.mean(), row.mean()], atol=0.01)
        np.testing.assert_allclose(cov, np.cov(column, row), rtol=0.03, atol=0.01 * cov.max())
        assert float(flat.depth[i]) == pytest.approx(depth.mean(), rel=1e-3)


def dense(flat: Flat, width: int, height: int, paper: float) -> np.ndarray:
    """Every splat at every pixel, one after the other."""
    seen, light = np.zeros((height, width, 3)), np.ones((height, width))
    column, row = np.meshgrid(np.arange(width) + 0.5, np.arange(height) + 0.5)
    for i in np.argsort(flat.depth.numpy()):
        a, b, c = flat.conic[i].tolist()
        dx, dy = column - float(flat.middle[i, 0]), row - float(flat.middle[i, 1])
        alpha = float(flat.opacity[i]) * np.exp(-0.5 * (a * dx * dx + 2 * b * dx * dy + c * dy * dy))
        alpha = np.where(alpha < CUT, 0, np.minimum(alpha, FULL))
        seen += (light * alpha)[..., None] * flat.colour[i].numpy()
        light = light * (1 - alpha)
    return seen + paper * light[..., None]


def test_pairs_blend_to_what_a_dense_loop_does() -> None:
    splats = replace(some(80), logit=some(80).logit * 4)  # some clear, some at the bound
    flat = project(splats, CAMERA)
    truth = dense(flat, 20, 20, 0.7)
    np.testing.assert_allclose(blend(flat, 20, 20, 0.7).reshape(20, 20, 3), truth, atol=1e-9)
    seen = view(splats, CAMERA, paper=0.7)
    np.testing.assert_allclose(seen.rgb, truth, atol=1e-9)
    assert 0 < seen.drawn <= 80
    assert np.isfinite(seen.depth[seen.cover > 0.5]).all()


def test_slabs_show_what_one_list_does(monkeypatch: pytest.MonkeyPatch) -> None:
    splats = some(200)
    whole = view(splats, CAMERA)
    monkeypatch.setattr("dltui.scene.splats.view.SLAB", 30)
    parts = view(splats, CAMERA)
    np.testing.assert_allclose(parts.rgb, whole.rgb, atol=4e-3)  # covered pixels lose a thousandth of light
    assert parts.pairs <= whole.pairs


def test_gradients_of_all_parameters_are_finite_differences() -> None:
    splats = some(14)
    truth = torch.rand(400, 3, generator=torch.Generator().manual_seed(1), dtype=torch.double)
    for tensor in splats.tensors:
        tensor.requires_grad_()

    def loss() -> torch.Tensor:
        return ((blend(project(splats, CAMERA), 20, 20, 1.0) - truth) ** 2).sum()

    loss().backward()  # type: ignore[no-untyped-call]
    for tensor in splats.tensors:
        assert tensor.grad is not None
        flat, grad = tensor.detach().view(-1), tensor.grad.view(-1)
        for i in grad.abs().topk(4).indices.tolist():
            ends, kept = [], float(flat[i])
            for sign in (1, -1):
                flat[i] = kept + sign * 1e-6
                ends.append(float(loss().detach()))
            flat[i] = kept
            assert float(grad[i]) == pytest.approx((ends[0] - ends[1]) / 2e-6, rel=1e-4)


def test_rows_hold_the_pixels_above_the_cut_and_no_others() -> None:
    flat = project(some(40), CAMERA)
    pairs = pairs_of(flat, rows_of(flat, nearest_first(flat), 20, 20), 400)
    assert float(pairs.alpha.min()) >= CUT * (1 - 1e-9)
    assert (pairs.pixel.diff() >= 0).all()
    column, row = np.meshgrid(np.arange(20) + 0.5, np.arange(20) + 0.5)
    count = 0
    for i in range(40):
        a, b, c = flat.conic[i].tolist()
        dx, dy = column - float(flat.middle[i, 0]), row - float(flat.middle[i, 1])
        power = -0.5 * (a * dx * dx + 2 * b * dx * dy + c * dy * dy)
        count += int((float(flat.opacity[i]) * np.exp(power) >= CUT).sum())
    assert len(pairs.splat) == count


def test_harmonics_are_orthonormal() -> None:
    draw = torch.nn.functional.normalize(
        torch.randn(400_000, 3, generator=torch.Generator().manual_seed(0), dtype=torch.double), dim=1
    )
    basis = harmonics(draw, 3)
    product = 4 * math.pi * basis.T @ basis / len(draw)
    torch.testing.assert_close(product, torch.eye(16, dtype=torch.double), atol=0.02, rtol=0)


@pytest.mark.parametrize("degree", [0, 1, 2, 3])
def test_files_hold_every_number_and_another_reader_finds_them(tmp_path: Path, degree: int) -> None:
    splats, path = some(9, degree).to(torch.float32), tmp_path / "some.ply"
    write_splats(splats, path)
    again, dropped = read_splats(path)
    assert dropped == 0
    for one, other in zip(splats.tensors, again.tensors, strict=True):
        assert torch.equal(one, other)
    vertex = trimesh.load(path).metadata["_ply_raw"]["vertex"]["data"]
    assert set(NEEDED) <= set(vertex.dtype.names)
    np.testing.assert_array_equal(vertex["rot_3"], splats.turn[:, 3])
    for i in range(3 * ((degree + 1) ** 2 - 1)):  # colour by colour
        colour, place = divmod(i, (degree + 1) ** 2 - 1)
        np.testing.assert_array_equal(vertex[f"f_rest_{i}"], splats.harmonics[:, 1 + place, colour])


def test_bad_files_say_what_is_wrong(tmp_path: Path) -> None:
    splats, path = some(3).to(torch.float32), tmp_path / "some.ply"
    splats.logit[1] = math.nan
    write_splats(splats, path)
    assert [len(read_splats(path)[0]), read_splats(path)[1]] == [2, 1]
    write_splats(replace(splats, place=splats.place * math.nan), path)
    with pytest.raises(DltuiError, match="no splat whose numbers are finite"):
        read_splats(path)
    path.write_bytes(path.read_bytes()[:-5])
    with pytest.raises(DltuiError, match="ends before"):
        read_splats(path)
    path.write_text("ply\nformat ascii 1.0\nelement vertex 1\nproperty float x\nend_header\n1\n")
    with pytest.raises(DltuiError, match="holds no splats"):
        read_splats(path)


def test_splats_that_add_nothing_jump_and_twins_let_through_as_much() -> None:
    splats = some(100).to(torch.float32)
    splats.logit[:3] = -9
    optimizer = torch.optim.Adam([tensor.requires_grad_() for tensor in splats.tensors])
    sum(tensor.sum() for tensor in splats.tensors).backward()  # type: ignore[union-attr]
    optimizer.step()
    seen, wrong = torch.ones(100), torch.zeros(100)
    seen[:3], wrong[50] = 0, 1
    before = torch.sigmoid(splats.logit[50].detach())
    assert relocate(splats, optimizer, seen, wrong, torch.Generator().manual_seed(0)) == 3
    after = torch.sigmoid(splats.logit.detach())
    for i in (0, 1, 2):
        assert float(after[i]) == pytest.approx(float(after[50]))
        assert float((splats.place[i] - splats.place[50]).detach().norm()) > 0
    assert float((1 - after[50]) ** 4) == pytest.approx(float(1 - before), rel=1e-4)
    assert optimizer.state[splats.place]["exp_avg"][0].abs().sum() == 0


def test_a_short_fit_sees_and_the_same_seed_sees_the_same() -> None:
    capture = captured("csg-table", views=22, size=24).capture
    one, progress = fit_splats(Sown(capture, count=300, steps=110, seed=3))
    other, _ = fit_splats(Sown(capture, count=300, steps=110, seed=3))
    assert all(torch.equal(a, b) for a, b in zip(one.tensors, other.tensors, strict=True))
    assert progress.step == 110
    held = capture.held_out[0]
    blank = psnr(np.ones_like(held.rgb), held.rgb)
    assert psnr(view(one, held.camera).rgb, held.rgb) > blank + 8


@pytest.mark.parametrize("azimuth", [0.0, 70.0])
def test_a_camera_has_nearly_all_in_view_but_strays(azimuth: float) -> None:
    draw = torch.Generator().manual_seed(0)
    place = torch.nn.functional.normalize(torch.randn(1000, 3, generator=draw), dim=1)
    place[:50] *= 100  # strays
    splats = Gaussians(place, place * 0, torch.ones(1000, 4), place[:, 0], torch.zeros(1000, 1, 3))
    camera = standing(splats, 100, azimuth, 30.0, 1.0, "z")
    column, row, depth = camera.project(place[50:].double().numpy().T)
    assert (depth > 0).all()
    for far in (column, row):
        assert far.min() > 0
        assert far.max() < 100
    far = np.hypot(column - 50, row - 50).max()
    assert far > 25  # and it stands no farther off than that takes


def test_likeness_of_pictures() -> None:
    draw = np.random.default_rng(0)
    truth = draw.random((24, 30, 3))
    assert ssim(truth, truth) == pytest.approx(1)
    assert psnr(truth, truth) == math.inf
    assert psnr(np.clip(truth, 0.1, 0.9) * 0 + 0.5, np.full_like(truth, 0.6)) == pytest.approx(20)
    flat = np.full((20, 20, 3), 0.2)
    light = (2 * 0.2 * 0.6 + 1e-4) / (0.2**2 + 0.6**2 + 1e-4)  # no contrast: only brightness is compared
    assert ssim(flat, flat + 0.4) == pytest.approx(light)
    assert math.isnan(ssim(truth[:8], truth[:8]))


def test_the_verb_trains_writes_draws_and_keeps(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out, kept = tmp_path / "table.ply", tmp_path / "table.safetensors"
    words = [
        "splat",
        "train",
        "csg-table",
        "--views",
        "12",
        "--size",
        "16",
        "--splats",
        "120",
        "--steps",
        "100",
    ]
    assert run([*words, "--json", "--quiet", "--export", str(out), "--save", str(kept)]) == 0
    told = json.loads(capsys.readouterr().out)
    assert {"psnr", "ssim", "train_seconds", "steps", "views"} <= told.keys()
    assert told["views"] == {"train": 11, "held_out": 1}
    found = load(kept)
    assert isinstance(found, SplatFit)
    assert found.psnr == told["psnr"]
    assert found.history.shape == (1, 3)
    film = ["--size", "16", "--orbit", "2", "--gif", str(tmp_path / "a.gif")]
    assert run(["splat", "render", str(out), *film, "--json", "--quiet"]) == 0
    assert (tmp_path / "a.gif").read_bytes()[:3] == b"GIF"
    told = json.loads(capsys.readouterr().out)
    assert (told["splats"], told["views"], told["dropped"]) == (48, 2, 0)
    assert run(["splat", "train", "nowhere"]) == 2
    assert "expected csg-table, bunny, teapot" in capsys.readouterr().err


def test_the_splats_along_a_ray_are_what_its_pixel_shows() -> None:
    splats, camera = some(60), CAMERA
    seen = view(splats, camera, paper=0.0)
    for column, row in ((camera.width // 2, camera.height // 2), (3, 5)):
        ray = along(splats, camera, column, row)
        np.testing.assert_allclose((ray[:, 3:4] * ray[:, 4:]).sum(0), seen.rgb[row, column], atol=1e-5)
        assert (np.diff(ray[:, 0]) >= 0).all()
        np.testing.assert_allclose(changed(ray, 0, 1.0)[:, :4], ray[:, :4], atol=1e-5)
        gone = changed(ray, 0, 0.0)
        np.testing.assert_allclose(gone[1:, 3] * (1 - ray[0, 1]), ray[1:, 3], atol=1e-5)


def test_a_cut_is_the_sum_over_all_splats() -> None:
    splats = some(20)
    x, y, levels, found = cuts(splats)
    half = axes(splats).double()
    inverse = torch.linalg.inv(half @ half.transpose(1, 2)).numpy()
    opacity, middles = torch.sigmoid(splats.logit).numpy(), splats.place.numpy()
    for level, row, column in ((7, 10, 20), (3, 32, 32), (12, 50, 5)):
        away = np.array([x[column], y[row], levels[level]]) - middles
        squared = np.einsum("ni,nij,nj->n", away, inverse, away)
        assert found[level, row, column] == pytest.approx(
            float((opacity * np.exp(-squared / 2)).sum()), abs=3e-3 * 20
        )
    assert found.max() > 0.1


def test_distances_run_along_rays_and_not_along_the_axis() -> None:
    camera = CAMERA
    ahead = -camera.pose[:3, 2]
    aside = camera.pose[:3, 0]
    place = torch.tensor(np.array([camera.place + 3 * ahead + 0.8 * aside]), dtype=torch.float32)
    one = Gaussians(
        place,
        torch.full((1, 3), -3.0),
        torch.tensor([[1.0, 0, 0, 0]]),
        torch.tensor([6.0]),
        torch.zeros(1, 1, 3),
    )
    far = distances(view(one, camera), camera)
    assert np.nanmin(np.abs(far - np.hypot(3, 0.8))) < 0.01
    assert np.isnan(far).any()
