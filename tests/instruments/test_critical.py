"""Critical points: the theorem that they decide alone, exactly, and witnesses by brute force."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from dltui.checkpoints.live import open_live
from dltui.commands.critical import cloud_input
from dltui.data.inputs import read_input, read_samples
from dltui.errors import UsageError
from dltui.figures import Scene
from dltui.instruments.critical import critical, pooled, upper_bound
from dltui.models import build
from dltui.models.pointnet import MaxOverPoints
from dltui.results import store
from dltui.results.critical import CriticalPoints, Way

DATA = "shapes3d:n=100,points=48"
SPECS = ("pointnet:width=8", "pointnet:width=8,tnet=true")


def network(spec: str) -> nn.Module:
    """Return a network whose running statistics are of clouds, in double precision."""
    torch.manual_seed(1)
    module = build(spec, (48, 3), 10).double()
    with torch.no_grad():
        for _ in range(20):
            module(torch.randn(16, 48, 3, dtype=torch.float64))
    return module.eval()


def cloud(count: int = 48) -> Tensor:
    return torch.randn(1, count, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(5))


def found(spec: str = "pointnet:width=8") -> CriticalPoints:
    live = open_live(spec, data=DATA)
    x, y = read_samples(DATA, live.takes, 20)
    return critical(live, read_input(f"{DATA}[test:3]", live.takes), x, y)


@pytest.mark.parametrize("spec", SPECS)
def test_all_but_the_critical_points_can_be_dropped_without_any_change(spec: str) -> None:
    module, x = network(spec), cloud()
    with torch.no_grad():
        whole = pooled(module, x)
        lit = whole.taken()[0] > 0
        assert 0 < lit.sum() < 48
        alone = pooled(module, x[:, lit])
        for a, b in zip(whole.maxima, alone.maxima, strict=True):
            assert torch.allclose(a, b, rtol=0, atol=1e-13)  # matrices of other sizes round otherwise
        assert torch.allclose(whole.output, alone.output, rtol=0, atol=1e-13)


def test_where_no_number_is_rounded_dropping_and_order_change_no_bit() -> None:
    module = network("pointnet:width=8")
    torch.manual_seed(2)
    for part in module.modules():
        if isinstance(part, nn.BatchNorm1d):
            part.reset_running_stats()
            part.eps = 0.0
        if isinstance(part, nn.Linear):
            nn.init.zeros_(part.bias)
            part.weight.data = torch.randint(-1, 2, part.weight.shape).double()
    x = torch.randint(-9, 10, (1, 400, 3)).double()
    with torch.no_grad():
        whole = pooled(module, x)
        assert torch.equal(whole.output, whole.output.round())
        assert whole.output.abs().max() > 0
        lit = whole.taken()[0] > 0
        assert 0 < lit.sum() < 100
        for chosen in (torch.randperm(400), torch.argwhere(lit)[:, 0], torch.argwhere(lit)[:, 0].flip(0)):
            again = pooled(module, x[:, chosen])
            assert torch.equal(again.maxima[0], whole.maxima[0])
            assert torch.equal(again.output, whole.output)


@pytest.mark.parametrize("spec", SPECS)
def test_a_point_is_critical_just_where_a_feature_falls_without_it(spec: str) -> None:
    module, x = network(spec), cloud()
    with torch.no_grad():
        whole = pooled(module, x)
        first = whole.maxima[0]  # nothing before the first maximum hangs on other points
        for at, count in enumerate(whole_first(module, x).tolist()):
            without = pooled(module, torch.cat([x[:, :at], x[:, at + 1 :]], dim=1)).maxima[0]
            assert int((without < first - 1e-12).sum()) == count


def whole_first(module: nn.Module, x: Tensor) -> Tensor:
    """Return how many features of the first maximum each point gives, by hand."""
    one = pooled(module, x).inputs[0][0]
    counts = torch.zeros(len(one), dtype=torch.long)
    for feature in one.T:
        if feature.max() > feature.min():
            counts[int(feature.argmax())] += 1
    return counts


@pytest.mark.parametrize("spec", SPECS)
def test_points_of_the_upper_bound_shape_change_nothing_and_others_do(spec: str) -> None:
    module, x = network(spec), cloud(400)
    with torch.no_grad():
        whole = pooled(module, x)
        upper = upper_bound(module, x)
        assert len(upper)
        more = pooled(module, torch.cat([x, upper[None]], dim=1))
        for a, b in zip(whole.maxima, more.maxima, strict=True):
            assert torch.allclose(a, b, rtol=0, atol=1e-13)
        far = 50 * torch.eye(3, dtype=torch.float64)[None]
        assert not torch.equal(pooled(module, torch.cat([x, far], dim=1)).maxima[0], whole.maxima[0])


@pytest.mark.parametrize("spec", SPECS)
def test_the_order_of_points_and_the_loss_of_others_change_nothing(spec: str) -> None:
    told = found(spec)
    assert told.shuffled < 1e-6
    assert told.same_answer
    assert told.features_change < 1e-6
    assert told.output_change < 1e-6


def test_a_network_that_minds_the_order_is_told() -> None:
    class Minds(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.pool, self.head = MaxOverPoints(), nn.Linear(3, 10)

        def forward(self, x: Tensor) -> Tensor:
            return self.head(self.pool(x * torch.arange(x.shape[1])[None, :, None]))

    torch.manual_seed(0)
    live = open_live("pointnet:width=2", data=DATA)
    object.__setattr__(live, "module", Minds())
    x, y = read_samples(DATA, live.takes, 4)
    assert critical(live, read_input(f"{DATA}[0]", live.takes), x, y).shuffled > 0.01


def test_curves_start_at_the_accuracy_of_the_network() -> None:
    told = found()
    live = open_live("pointnet:width=8", data=DATA)
    x, y = read_samples(DATA, live.takes, 20)
    with torch.no_grad():
        right = float((live.module(torch.from_numpy(x)).argmax(1).numpy() == y).mean())
    assert told.by_kept[:, 0].tolist() == [right, right]
    assert told.by_noise[0] == right
    assert told.by_degrees[:, 0].tolist() == [right, right]
    assert told.kept.tolist() == [48, 24, 12, 6, 3]
    assert told.samples == 20


def test_figures_summary_and_file(tmp_path: Path) -> None:
    told = found()
    scene = told.figures()[0]
    assert isinstance(scene, Scene)
    assert scene.point_rgb is not None
    lit = (scene.point_rgb != scene.point_rgb[told.counts == 0][0]).any(axis=1)
    assert np.array_equal(np.flatnonzero(lit), told.lit)
    summary = told.summary()
    assert summary["critical"] == len(summary["critical_points"]) == len(told.lit)
    assert summary["permutation"]["orders"] == 16
    assert sum(summary["features_of_each"]) <= sum(summary["features"])
    told.save(tmp_path / "a.safetensors")
    again = store.load(tmp_path / "a.safetensors")
    assert again.summary() == summary
    assert [one.words() for one in again.figures()] == [one.words() for one in told.figures()]


def test_the_network_is_left_as_found() -> None:
    live = open_live("pointnet:width=8", data=DATA)
    live.module.train()
    x, y = read_samples(DATA, live.takes, 4)
    before = {name: value.clone() for name, value in live.module.state_dict().items()}
    critical(live, read_input(f"{DATA}[0]", live.takes), x, y)
    assert live.module.training
    assert all(torch.equal(value, before[name]) for name, value in live.module.state_dict().items())
    assert not any(part._forward_hooks or part._forward_pre_hooks for part in live.module.modules())


def test_networks_without_a_maximum_are_refused() -> None:
    live = open_live("mlp", data=DATA)
    x, y = read_samples(DATA, live.takes, 4)
    with pytest.raises(
        UsageError, match="mlp takes no maximum over points, so none is critical: try pointnet"
    ):
        critical(live, read_input(f"{DATA}[0]", live.takes), x, y)


def test_what_was_tried_on_the_cloud_is_what_the_network_says_of_it() -> None:
    told = found()
    live = open_live("pointnet:width=8", data=DATA)
    ways: tuple[Way, ...] = ("shuffle", "chance", "critical", "y", "x")
    assert [told.tries(way) for way in ways] == [16, 5, 5, 13, 13]
    rows = {"shuffle": told.by_order, "chance": told.by_drop[0], "critical": told.by_drop[1], "y": told.by_turn[0],
            "x": told.by_turn[1]}  # fmt: skip
    live.module.eval()
    for way in ways:
        for at in (0, 3):
            shown = told.tried(way, at)
            assert shown.points is not None
            with torch.no_grad():
                likely = live.module(torch.from_numpy(np.array(shown.points))[None])[0].softmax(0).numpy()
            np.testing.assert_allclose(rows[way][at], likely, atol=1e-5)
            assert f"{likely.max():.1%}" in shown.caption
            assert ("the answer stays" in shown.caption) == (likely.argmax() == told.answers[0]["number"])
    turned = told.tried("y", 6).points  # by 90°: z comes to lie along x
    np.testing.assert_allclose(turned, told.cloud[:, [2, 1, 0]] * [1, 1, -1], atol=1e-6)
    assert len(told.tried("critical", 2).points) == 12 == len(set(told.drops[1][:12].tolist()))
    assert told.counts[told.drops[1][:12]].max() <= told.counts[told.drops[1][12:]].min()


@pytest.mark.parametrize("spec", ["bunny", "torus", "lidar", "table.csv"])
def test_any_shape_is_a_cloud_for_it(spec: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    rows = np.random.default_rng(0).normal(size=(60, 3)) + np.array([50, 0, 7])
    Path("table.csv").write_text("x,y,z\n" + "\n".join(",".join(map(str, row)) for row in rows))
    live = open_live("pointnet:width=8", data=DATA)
    given = cloud_input(spec, live.takes, 0)
    assert given.values.shape == (1, 48, 3)
    assert given.note.startswith("48 points of")
    np.testing.assert_allclose(given.values[0].mean(axis=0), 0, atol=1e-5)
    assert np.linalg.norm(given.values[0], axis=1).max() == pytest.approx(1, rel=1e-5)
    with torch.no_grad():
        assert torch.isfinite(live.module(given.tensor)).all()


def test_a_tall_shape_stands_upright_and_too_few_points_are_refused(tmp_path: Path) -> None:
    live = open_live("pointnet:width=8", data=DATA)
    tall = np.random.default_rng(0).normal(size=(500, 3)) * [0.1, 0.1, 1]  # z points up in files
    np.savetxt(tmp_path / "tall.xyz", tall)
    np.savetxt(tmp_path / "few.xyz", tall[:9])
    np.savetxt(tmp_path / "same.xyz", np.ones((80, 3)))
    spread = np.ptp(cloud_input(str(tmp_path / "tall.xyz"), live.takes, 0).values[0], axis=0)
    assert spread.argmax() == 1
    for name, words in (("few", "has 9 points, but the model takes 48"), ("same", "are at one place")):
        with pytest.raises(UsageError, match=words):
            cloud_input(str(tmp_path / f"{name}.xyz"), live.takes, 0)
    exact = np.random.default_rng(1).normal(size=(48, 3)).astype(np.float32)
    np.save(tmp_path / "exact.npy", exact)
    np.testing.assert_array_equal(cloud_input(str(tmp_path / "exact.npy"), live.takes, 0).values[0], exact)
