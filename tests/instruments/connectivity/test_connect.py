"""The way from one network to another: exact ends, both barriers, alignment, curves, statistics."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from dltui.data import load as load_data
from dltui.errors import Cancelled, DltuiError, UsageError
from dltui.instruments.connectivity.connect import Wishes, connect
from dltui.instruments.connectivity.derive import derive
from dltui.models import build
from dltui.objective import Objective
from dltui.results import load
from dltui.results.connection import Connection
from dltui.training import Optimizer, Recipe, fit

QUICK = Recipe(epochs=6, batch_size=32, optimizer=Optimizer(name="sgd", lr=0.2))


class Weights(nn.Module):
    """Gives its weights, whatever comes in."""

    def __init__(self, *values: float) -> None:
        super().__init__()
        self.w = nn.Parameter(torch.tensor([values], dtype=torch.float64))

    def forward(self, x: Tensor) -> Tensor:
        return self.w.expand(len(x), -1)


def double_well(outputs: Tensor, targets: Tensor) -> Tensor:
    """(w² − 1)² + w/4, with two minima of unlike depth."""
    w = outputs[0, 0]
    return (w**2 - 1) ** 2 + w / 4


def well(at: float) -> Objective:
    return Objective.bind(
        Weights(at), torch.zeros(2, 1), torch.zeros(2, 1), task="numbers", loss=double_well, double=True
    )


def test_both_barriers_are_those_of_the_double_well() -> None:
    found = connect(well(-1), Weights(1.0), wishes=Wishes(steps=5, beyond=0.5))
    t = np.array([-0.5, -0.25, 0, 0.25, 0.5, 0.75, 1, 1.25, 1.5])
    np.testing.assert_array_equal(found.positions, t)
    w = 2 * t - 1
    np.testing.assert_allclose(found.loss[0, 0], (w**2 - 1) ** 2 + w / 4, atol=1e-12)
    assert found.barrier(0) == pytest.approx(1)  # over the chord from −¼ to ¼, exactly (w² − 1)² at 0
    fine = np.linspace(-1, 1, 200_001)
    assert found.rise(0) == pytest.approx(0.75, abs=0.02)
    top = ((fine**2 - 1) ** 2 + fine / 4).max() - 0.25
    finer = connect(well(-1), Weights(1.0), wishes=Wishes(steps=65)).rise(0)
    assert found.rise(0) <= finer <= top + 1e-12
    assert finer == pytest.approx(top, abs=1e-4)
    assert found.accuracy is None


def test_the_highest_point_is_found_between_the_positions() -> None:
    found = connect(
        well(-1), Weights(0.9), wishes=Wishes(steps=4, beyond=0)
    )  # w = 0 lies between the positions
    t = np.linspace(0, 1, 100_001)
    w = -1 + 1.9 * t
    line = (w**2 - 1) ** 2 + w / 4
    wanted = (line - (1 - t) * line[0] - t * line[-1]).max()
    assert found.barrier(0) == pytest.approx(wanted, rel=1e-3)
    assert found.barrier(0) <= wanted + 1e-12


@pytest.fixture(scope="module")
def digits() -> tuple[nn.Module, nn.Module, nn.Module]:
    """One network, a fork of it, and an independent one."""
    data = load_data("digits")
    nets = []
    for seed in (0, 0, 1):
        torch.manual_seed(seed)
        net = build("mlp", data.input_shape, data.outputs)
        fit(net, data, QUICK.set("epochs=2", f"seed={seed}"))
        nets.append(net)
    for seed, net in enumerate(nets):
        fit(net, data, QUICK.set("epochs=4", "optimizer.lr=0.1", f"seed={10 + seed}"))
    return nets[0], nets[1], nets[2]


def bound(net: nn.Module, part: str = "train") -> Objective:
    return Objective.of(net, load_data("digits"), part=part)


def test_forks_are_connected_and_independent_runs_are_not(digits: tuple[nn.Module, ...]) -> None:
    a, fork, stranger = digits
    near, far = (connect(bound(a), other, wishes=Wishes(steps=9, beyond=0)) for other in (fork, stranger))
    assert near.barrier(0) < 0.01
    assert far.barrier(0) > 0.1


def test_alignment_lowers_the_barrier_and_a_curve_removes_it(digits: tuple[nn.Module, ...]) -> None:
    a, _, stranger = digits
    found = connect(
        bound(a), stranger, wishes=Wishes(steps=9, align=True, curve=150), also=[("test", bound(a, "test"))]
    )
    assert found.paths == ["straight", "aligned", "aligned and curved"]
    assert found.sets == ["train", "test"]
    assert found.barrier(1) < 0.5 * found.barrier(0)
    assert found.barrier(2) < 0.2 * found.barrier(0)
    assert found.lengths[1] < found.lengths[0]
    assert found.alignment["difference"] < 1e-5
    ends = [bound(net).center() for net in (a, stranger)]
    start, stop = np.searchsorted(found.positions, [0, 1])
    for path in range(3):
        assert found.loss[path, 0, start] == ends[0].loss
        assert found.loss[path, 0, stop] == pytest.approx(ends[1].loss, rel=1e-5)
        assert found.accuracy[path, 0, stop] == pytest.approx(ends[1].accuracy, abs=1e-12)  # type: ignore[index]


def test_a_permuted_copy_has_no_barrier_once_it_is_aligned(digits: tuple[nn.Module, ...]) -> None:
    a = digits[0]
    objective = bound(a)
    spec = derive(objective.twin(), objective.inputs[:2])
    draw = np.random.default_rng(0)
    copy = build("mlp", objective.inputs.shape[1:], 10)
    copy.load_state_dict(spec.permuted(a.state_dict(), {g: draw.permutation(g.size) for g in spec.groups()}))
    found = connect(objective, copy, wishes=Wishes(steps=5, align=True))
    assert found.barrier(0) > 0.1
    assert found.barrier(1) == found.lengths[1] == 0
    assert (found.loss[1] == objective.center().loss).all()


def normed(seed: int) -> nn.Module:
    torch.manual_seed(seed)
    net = nn.Sequential(nn.Linear(5, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Linear(8, 3))
    for _ in range(50):
        net(torch.randn(64, 5) * (seed + 1) + seed)
    return net.eval()


def test_running_statistics_as_they_are_wished() -> None:
    a, b = normed(0), normed(1)
    x, y = torch.randn(600, 5), torch.randint(0, 3, (600,))
    objective = Objective.bind(a, x, y, double=True)
    theirs = Objective.bind(b, x, y, double=True).center().loss
    found = {
        way: connect(objective, b, wishes=Wishes(steps=3, beyond=0, batch_norm=way, curve=20))
        for way in ("interpolate", "keep", "recalibrate")
    }
    mine = objective.center().loss
    for way in ("interpolate", "keep"):
        assert found[way].loss[0, 0, 0] == pytest.approx(mine)
    assert found["interpolate"].loss[0, 0, -1] == pytest.approx(theirs)
    assert abs(found["keep"].loss[0, 0, -1] - theirs) > 1e-3
    assert found["interpolate"].statistics[0] == "batch-norm statistics interpolated"
    assert found["keep"].statistics[0] == ""
    # the same end, however it is reached: the network with statistics of these samples
    anew = [found[way].loss[1, 0, -1] for way in found]
    assert anew == pytest.approx([found["recalibrate"].loss[0, 0, -1]] * 3)
    assert all("anew" in found[way].statistics[1] for way in found)


def test_what_it_leaves_behind_and_tells(digits: tuple[nn.Module, ...], bends, tmp_path: Path) -> None:
    a, fork, _ = digits
    before = bends(a), bends(fork)
    seen: list[tuple[int, int, object]] = []
    found = connect(
        bound(a), fork, wishes=Wishes(steps=5), report=lambda d, t, p=None: seen.append((d, t, p))
    )
    assert (bends(a), bends(fork)) == before
    assert seen[-1][2] is found
    assert all(done <= total for done, total, _ in seen)
    found.save(tmp_path / "c.safetensors")
    again = load(tmp_path / "c.safetensors")
    assert isinstance(again, Connection)
    assert again.document() == found.document()
    assert [type(f).__name__ for f in again.figures()] == ["Lines", "Lines", "Table"]
    assert all(f.words() for f in again.figures())

    def stop(done: int, total: int, partial: object = None) -> None:
        if done == 3:
            raise Cancelled("enough")

    with pytest.raises(Cancelled):
        connect(bound(a), fork, wishes=Wishes(steps=5), report=stop)
    assert (bends(a), bends(fork)) == before


def test_what_makes_no_sense_is_refused() -> None:
    for wrong in ({"steps": 2}, {"beyond": -1.0}, {"beyond": float("nan")}):
        with pytest.raises(UsageError, match="try --steps 25"):
            connect(well(-1), Weights(1.0), wishes=Wishes(**wrong))
    with pytest.raises(DltuiError, match="before anything is changed"):
        connect(well(float("nan")), Weights(1.0))
    with pytest.raises(UsageError, match="did you mean recalibrate"):
        connect(well(-1), Weights(1.0), wishes=Wishes(batch_norm="recalibrat"))
