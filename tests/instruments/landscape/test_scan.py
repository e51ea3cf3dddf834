"""The landscape against a loop written by hand, closed forms and symmetries."""

from __future__ import annotations

import copy
import time
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.utils import parameters_to_vector, vector_to_parameters

from dltui.device import threads
from dltui.errors import Cancelled, DltuiError, UsageError
from dltui.instruments.axes import Axes
from dltui.instruments.directions import plane
from dltui.instruments.landscape import scan
from dltui.instruments.planes.along import Along
from dltui.objective import Objective
from dltui.progress import Report
from dltui.results import load
from dltui.results.landscape import Landscape

Case = tuple[nn.Module, Tensor, Tensor, str]


@pytest.mark.parametrize("normalize", ["filter", "layer", "weight", "none"])
@pytest.mark.parametrize("dimensions", [1, 2])
def test_every_cell_is_what_a_plain_loop_gives(case: Case, normalize: str, dimensions: int) -> None:
    model, x, y, task = case
    objective = Objective.bind(model, x, y, task=task, block=16)
    found = scan(objective, steps=5, distance=0.7, dimensions=dimensions, normalize=normalize, seed=2)
    directions, _ = plane(objective.twin(), normalize, 2, dimensions)
    net = copy.deepcopy(model).eval()
    theta = parameters_to_vector(net.parameters()).detach()
    betas = [0.0] if found.betas is None else found.betas
    for row, beta in enumerate(betas):
        for column, alpha in enumerate(found.alphas):
            steps = [alpha, beta][: len(directions)]
            moved = theta + sum(float(s) * d for s, d in zip(steps, directions, strict=True))
            vector_to_parameters(moved, net.parameters())
            with torch.no_grad():
                out = net(x)
            loss = functional.cross_entropy(out, y) if task == "classes" else functional.mse_loss(out, y)
            assert found.loss[row, column] == pytest.approx(loss.item(), rel=1e-5)
            if task == "classes":
                right = (out.argmax(1) == y).double().mean().item()
                assert found.accuracy is not None
                assert found.accuracy[row, column] == pytest.approx(right)
    assert (found.betas is None) == (dimensions == 1)
    assert (found.accuracy is None) == (task == "numbers")


class Bowl(nn.Module):
    """Gives its weights, whatever comes in, so that the loss is a quadratic bowl."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(4, 6, generator=torch.Generator().manual_seed(0)))

    def forward(self, x: Tensor) -> Tensor:
        return self.weight.flatten().expand(len(x), -1)


def bowl() -> Objective:
    model = Bowl()
    return Objective.bind(
        model, torch.zeros(3, 1), model.weight.detach().flatten().expand(3, -1), task="numbers", double=True
    )


def test_a_bowl_has_its_lowest_cell_in_the_middle_and_no_row_is_shifted() -> None:
    objective = bowl()
    found = scan(objective, steps=11, distance=2, normalize="none", seed=4)
    (first, second), _ = plane(objective.twin(), "none", 4)
    assert found.betas is not None
    a, b = np.meshgrid(found.alphas, found.betas)
    f, s = first.numpy(), second.numpy()
    wanted = (a**2 * (f @ f) + 2 * a * b * (f @ s) + b**2 * (s @ s)) / len(f)
    np.testing.assert_allclose(found.loss, wanted, rtol=1e-6, atol=1e-14)
    assert np.unravel_index(found.loss.argmin(), found.loss.shape) == (5, 5)
    assert found.loss[5, 5] == found.center_loss == 0
    np.testing.assert_allclose(found.loss, found.loss[::-1, ::-1], rtol=1e-9)


@pytest.mark.parametrize("distance", [0.1, 1.0, 3.7])
def test_the_axes_end_where_they_should(distance: float) -> None:
    found = scan(bowl(), steps=9, distance=distance)
    assert found.alphas[0] == -distance
    assert found.alphas[-1] == distance
    assert found.alphas[4] == 0


def test_the_middle_is_the_model_itself(case: Case) -> None:
    model, x, y, task = case
    found = scan(Objective.bind(model, x, y, task=task), steps=3)
    assert found.loss[1, 1] == found.center_loss


def test_rescaled_layers_give_the_same_filter_normalised_picture() -> None:
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(5, 9), nn.ReLU(), nn.Linear(9, 3))
    x, y = torch.randn(64, 5), torch.randint(0, 3, (64,))
    scaled = copy.deepcopy(model)
    with torch.no_grad():
        scaled[0].weight.mul_(10)
        scaled[0].bias.mul_(10)
        scaled[2].weight.div_(10)
    same, other = (scan(Objective.bind(m, x, y), steps=7, seed=1).loss for m in (model, scaled))
    np.testing.assert_allclose(same, other, rtol=1e-5)
    plain, far = (
        scan(Objective.bind(m, x, y), steps=7, seed=1, normalize="none").loss for m in (model, scaled)
    )
    assert np.abs(plain / far - 1).max() > 0.1


def test_the_same_call_gives_the_same_bits_on_any_number_of_workers(case: Case) -> None:
    model, x, y, task = case
    objective = Objective.bind(model, x, y, task=task)
    runs = []
    for count in (1, 1, 2):
        with threads(count):
            runs.append(scan(objective, steps=5, seed=3))
    for other in runs[1:]:
        assert np.array_equal(runs[0].loss, other.loss)
    assert not np.array_equal(runs[0].loss, scan(objective, steps=5, seed=4).loss)


def test_swapped_directions_swap_the_axes(case: Case) -> None:
    model, x, y, task = case
    objective = Objective.bind(model, x, y, task=task, double=True)
    straight = scan(objective, steps=5)

    def swapped(objective: Objective, report: Report) -> Axes:
        found = Along()(objective, report)
        return replace(found, directions=found.directions[::-1])

    crossed = scan(objective, steps=5, along=swapped).loss
    np.testing.assert_allclose(crossed, straight.loss.T, rtol=1e-12)


def test_what_is_not_finite_is_a_hole() -> None:
    model, x = nn.Sequential(nn.Linear(3, 4), nn.Linear(4, 1)), torch.randn(8, 3)
    objective = Objective.bind(model, x, torch.zeros(8), task="numbers")
    found = scan(objective, steps=3, distance=1e30)
    assert np.isnan(found.loss).sum() == 8
    assert np.isfinite(found.loss[1, 1])


def test_a_fresh_batch_norm_without_shift_is_no_trouble() -> None:
    model = nn.Sequential(nn.Linear(4, 4), nn.BatchNorm1d(4), nn.Linear(4, 2))
    nn.init.zeros_(model[0].bias)
    found = scan(Objective.bind(model, torch.randn(6, 4), torch.tensor([0, 1] * 3)), steps=3)
    assert np.isfinite(found.loss).all()


class Slow(nn.Linear):
    def forward(self, x: Tensor) -> Tensor:
        time.sleep(0.01)
        return super().forward(x)


def test_partial_pictures_show_the_whole_window_first() -> None:
    objective = Objective.bind(Slow(4, 3), torch.randn(6, 4), torch.tensor([0, 1, 2] * 2))
    seen: list[tuple[int, int, Landscape]] = []
    final = scan(
        objective, steps=9, report=lambda done, total, partial=None: seen.append((done, total, partial))
    )
    assert len(seen) > 3
    for done, total, partial in seen:
        known = np.isfinite(partial.loss)
        assert (known.sum(), total) == (done, 81)
        assert np.array_equal(partial.loss[known], final.loss[known])
        assert partial.center_loss == final.center_loss
        if done < 25:
            assert not known[1::2].any()
            assert not known[:, 1::2].any()
    assert [done for done, _, _ in seen].count(25) == 1
    assert seen[-1][2] is final
    assert final.complete


def test_a_coarse_picture_comes_at_once_whatever_the_time() -> None:
    seen: list[Landscape] = []
    scan(bowl(), steps=17, report=lambda done, total, partial=None: seen.append(partial))  # type: ignore[arg-type]
    coarse = [figure.caption.partition(" so far")[0] for shown in seen for figure in shown.figures()[:1]]
    assert "coarse: 5 × 5 of 17 × 17" in coarse
    assert "coarse: 9 × 9 of 17 × 17" in coarse
    for shown in seen[:-1]:
        assert not shown.document()["complete"]
        assert all(np.isfinite(figure.values).all() for figure in shown.figures()[:2])  # type: ignore[attr-defined]


@pytest.mark.parametrize("along", ["random", "gradient", "eigen:1"])
def test_a_later_block_that_is_not_finite_is_told_where_it_begins(along: str) -> None:
    x = torch.ones(40, 4)
    x[-1] = 3e38
    model = nn.Sequential(nn.Linear(4, 3), nn.Linear(3, 3))
    with torch.no_grad():
        model[0].weight.fill_(1.0)  # type: ignore[union-attr]
    objective = Objective.bind(model, x, torch.zeros(40, dtype=torch.long), block=8)
    with pytest.raises(DltuiError, match=r"before anything is changed.*is the first"):
        scan(objective, steps=3, dimensions=1, along=along)


def large(scale: float) -> tuple[nn.Module, Tensor, Tensor]:
    """A net and samples of which one, seen by few, is so large that a direction times it overflows."""
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 3))
    with torch.no_grad():
        model[0].weight.mul_(3.0)  # type: ignore[operator, union-attr]
        model[0].weight[:, 3].mul_(scale)  # type: ignore[index, union-attr]
    x = torch.randn(300, 8)
    x[217, 3] = 3e38
    return model, x, torch.randint(3, (300,))


@pytest.mark.parametrize("devices", [[], [torch.device("cpu", 0)]], ids=["home", "elsewhere"])
@pytest.mark.parametrize("held_out", [False, True])
def test_a_fast_way_that_overflows_at_the_weights_gives_way_to_the_plain_one(
    held_out: bool, devices: list[torch.device]
) -> None:
    model, x, y = large(0.3)
    wild, tame = (Objective.bind(model, inputs, y) for inputs in (x, x.clamp(-9, 9)))
    found = scan(
        tame if held_out else wild,
        steps=3,
        distance=0.01,
        held_out=wild if held_out else tame,
        workers=1,
        devices=devices,
    )
    assert found.evaluator == "the model itself: a faster way is not finite at its weights"
    told = found.model_test_loss if held_out else found.model_loss
    assert told == pytest.approx(wild.center().loss, rel=1e-5)
    assert found.test_loss is not None
    assert np.isfinite(found.loss).all()
    assert np.isfinite(found.test_loss).all()


def test_a_loss_of_held_out_samples_that_is_not_finite_is_refused() -> None:
    model, x, y = large(1.5)
    both = (Objective.bind(model, inputs, y, title="net") for inputs in (x.clamp(-9, 9), x))
    told = (
        r"on the held-out samples the loss of net is nan before .*: 0 \(Linear\) is the first.*--part train"
    )
    with pytest.raises(DltuiError, match=told):
        scan(next(both), steps=3, held_out=next(both))


def test_partial_lines_have_no_holes() -> None:
    seen: list[Landscape] = []
    scan(bowl(), steps=9, dimensions=1, report=lambda done, total, partial=None: seen.append(partial))  # type: ignore[arg-type]
    first = seen[0].figures()[0]
    assert first.caption.startswith("coarse: 5 of 9 so far; ")
    assert np.isfinite(first.series[0].y).all()  # type: ignore[attr-defined]


def test_a_scan_can_be_cancelled() -> None:
    def stop(done: int, total: int, partial: object = None) -> None:
        raise Cancelled("enough")

    objective = Objective.bind(Slow(4, 3), torch.randn(6, 4), torch.tensor([0, 1, 2] * 2))
    before, started = torch.get_num_threads(), time.monotonic()
    with threads(2), pytest.raises(Cancelled):
        scan(objective, steps=101, report=stop)
    assert time.monotonic() - started < 5
    assert torch.get_num_threads() == before


WRONG = {
    "even": ({"steps": 8}, "try 9"),
    "two": ({"steps": 2}, "try 3"),
    "minus": ({"distance": -1.0}, "distance of -1"),
    "nan": ({"distance": float("nan")}, "distance of nan"),
    "cube": ({"dimensions": 3}, "3 dimensions"),
    "name": ({"normalize": "fliter"}, "did you mean filter"),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_cannot_be_scanned_is_refused(name: str) -> None:
    settings, words = WRONG[name]
    with pytest.raises(UsageError, match=words):
        scan(bowl(), **settings)  # type: ignore[arg-type]


def test_a_broken_model_is_told_before_the_scan() -> None:
    model = nn.Linear(3, 2)
    nn.init.constant_(model.bias, float("inf"))
    with pytest.raises(DltuiError, match="before anything is changed"):
        scan(Objective.bind(model, torch.randn(4, 3), torch.tensor([0, 1, 0, 1])), steps=3)


def test_a_landscape_survives_its_file(case: Case, tmp_path: object) -> None:
    model, x, y, task = case
    found = scan(Objective.bind(model, x, y, task=task), steps=3, seed=8)
    path = tmp_path / "one.safetensors"  # type: ignore[operator]
    found.save(path)
    again = load(path)
    assert again.document() == found.document()
    assert {"alphas", "betas", "loss", "center_loss", "seconds"} <= found.document().keys()
    assert all(figure.words() for figure in found.figures())
