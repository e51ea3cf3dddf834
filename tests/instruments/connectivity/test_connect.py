"""The way from one network to another: exact ends, both barriers, alignment, curves, statistics."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from dltui.data import load as load_data
from dltui.errors import Cancelled, DltuiError, UsageError
from dltui.instruments.connectivity.connect import Wishes, connect
from dltui.instruments.connectivity.derive import derive
from dltui.instruments.landscape import AnotherScanError
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


def test_the_penalty_along_the_way_is_that_of_the_weights_there(tmp_path: Path) -> None:
    found = connect(well(-1), Weights(1.0), wishes=Wishes(steps=5, beyond=0.5, weight_decay=0.3))
    w = 2 * found.positions - 1
    assert found.regularised is not None
    np.testing.assert_allclose(found.regularised[0, 0], (w**2 - 1) ** 2 + w / 4 + 0.15 * w**2, atol=1e-12)
    assert found.barrier(0) == pytest.approx(1)  # of the loss alone
    told = found.summary()
    assert told["weight_decay"] == 0.3
    assert told["paths"][0]["train"]["regularised_loss"] == found.regularised[0, 0].tolist()
    found.save(tmp_path / "way.safetensors")
    again = load(tmp_path / "way.safetensors")
    assert [figure.title.split(" ·")[0] for figure in again.figures()] == [
        "Loss from A to B", "Regularised loss from A to B", "Barriers",
    ]  # fmt: skip
    assert "0.3/2 · ‖θ‖²" in again.figures()[1].caption
    assert connect(well(-1), Weights(1.0), wishes=Wishes(steps=5)).regularised is None


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


def same(one: Connection, other: Connection) -> bool:
    names = ("loss", "accuracy", "error", "peaks", "barrier_errors")
    pairs = [(getattr(one, name), getattr(other, name)) for name in names]
    return all(np.array_equal(a, b, equal_nan=True) for a, b in pairs)


def test_twenty_interrupts_at_random_moments_leave_the_same_ways(tmp_path: Path) -> None:
    a, b = normed(0), normed(1)
    x, y = torch.randn(90, 5), torch.randint(0, 3, (90,))
    objective, also = Objective.bind(a, x[:60], y[:60]), [("test", Objective.bind(a, x[60:], y[60:]))]
    wishes = Wishes(steps=9, align=True, curve=8, batch_norm="recalibrate")
    whole = connect(objective, b, wishes=wishes, also=also)
    path, stopped = tmp_path / "part.safetensors", 0
    pieces = whole.loss.size + whole.peaks[..., 0].size
    assert pieces > 60
    moments = np.sort(np.random.default_rng(0).choice(pieces + 8 - 1, 20, replace=False))
    for moment in moments.tolist():
        error = (Cancelled("enough"), KeyboardInterrupt())[moment % 2]

        def stop(done: int, total: int, partial: object = None, moment: int = moment, error=error) -> None:
            if done > moment:
                raise error

        with pytest.raises(type(error)):
            connect(
                objective, b, wishes=wishes, also=also, earlier=load(path) if path.exists() else None,
                keep=lambda known: known.save(path), report=stop,
            )  # fmt: skip
        stopped += 1
    assert stopped == 20
    part = load(path)
    assert isinstance(part, Connection)
    assert not part.complete
    assert "positions so far" in part.figures()[0].caption
    found = connect(objective, b, wishes=wishes, also=also, earlier=part)
    assert found.complete
    assert same(found, whole)


def test_known_positions_and_curves_are_not_computed_again(monkeypatch: pytest.MonkeyPatch) -> None:
    kept: list[Connection] = []
    objective = well(-1)
    wishes = Wishes(steps=5, beyond=0, curve=3)
    connect(objective, Weights(1.0), wishes=wishes, keep=kept.append)
    part = replace(kept[4], loss=np.where(kept[4].evaluated, 7.0, np.nan))
    monkeypatch.setattr(
        "dltui.instruments.connectivity.connect.bend", lambda *_, **__: pytest.fail("trained again")
    )
    found = connect(objective, Weights(1.0), wishes=wishes, earlier=part)
    assert (found.loss == 7.0).sum() == 5
    assert found.complete


def test_a_way_of_something_else_is_not_gone_on_with() -> None:
    objective, kept = well(-1), list[Connection]()
    connect(objective, Weights(1.0), wishes=Wishes(steps=5), keep=kept.append)
    for other, wishes in (
        (Weights(0.9), Wishes(steps=5)),
        (Weights(1.0), Wishes(steps=7)),
        (Weights(1.0), Wishes(steps=5, beyond=0.5)),
        (Weights(1.0), Wishes(steps=5, curve=2)),
        (Weights(1.0), Wishes(steps=5, seed=1)),
    ):
        with pytest.raises(AnotherScanError, match="begin anew"):
            connect(objective, other, wishes=wishes, earlier=kept[0])


def test_a_barrier_has_the_standard_error_of_its_samples() -> None:
    """One sample after the other: their own barriers at t = ½ spread as the error says."""
    torch.manual_seed(0)
    a, b = nn.Linear(4, 3).double(), nn.Linear(4, 3).double()
    x, y = torch.randn(50, 4).double(), torch.randint(0, 3, (50,))
    found = connect(Objective.bind(a, x, y), b, wishes=Wishes(steps=9, beyond=0))
    t = float(found.peaks[0, 0, 0])
    mixed = nn.Linear(4, 3).double()
    with torch.no_grad():
        for p, one, other in zip(mixed.parameters(), a.parameters(), b.parameters(), strict=True):
            p.copy_((1 - t) * one + t * other)
    l0, l1, lt = (nn.functional.cross_entropy(m(x), y, reduction="none").detach() for m in (a, b, mixed))
    each = (lt - (1 - t) * l0 - t * l1).numpy()
    assert found.barrier_error(0) == pytest.approx(each.std(ddof=1) / 50**0.5, rel=1e-9)
    assert found.error is not None
    assert found.error[0, 0, 0] == pytest.approx(float(l0.std()) / 50**0.5, rel=1e-9)
    assert " ± " in found.figures()[0].caption
    assert np.isnan(
        connect(well(-1), Weights(1.0), wishes=Wishes(steps=3)).barrier_error(0)
    )  # knows no samples


def test_what_makes_no_sense_is_refused() -> None:
    for wrong in ({"steps": 2}, {"beyond": -1.0}, {"beyond": float("nan")}):
        with pytest.raises(UsageError, match="try --steps 25"):
            connect(well(-1), Weights(1.0), wishes=Wishes(**wrong))
    with pytest.raises(DltuiError, match="before anything is changed"):
        connect(well(float("nan")), Weights(1.0))
    with pytest.raises(UsageError, match="did you mean recalibrate"):
        connect(well(-1), Weights(1.0), wishes=Wishes(batch_norm="recalibrat"))
