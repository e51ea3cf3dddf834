"""Splats that are cloned, split and pruned: which, how many, and that the optimiser goes on with them."""

import math

import pytest
import torch

from dltui.results.splats import SplatFit
from dltui.scene.cameras import around
from dltui.scene.nerf.captured import captured
from dltui.scene.splats.fit import Sown, fit_splats
from dltui.scene.splats.fused import picture
from dltui.scene.splats.gaussians import Gaussians
from dltui.scene.splats.grow import CLEAR, FEW, GROWN, SMALLER, Grown, Pull, grow, planned
from dltui.scene.splats.work import train

CPU = torch.device("cpu")
CAMERA = around(5, distance=3.2, size=20)[2]


def splats(scales: list[float], opacities: list[float]) -> tuple[Gaussians, torch.optim.Optimizer]:
    """Splats on a line, and an optimiser that has made a step."""
    count = len(scales)
    draw = torch.Generator().manual_seed(0)
    found = Gaussians(
        torch.linspace(-0.5, 0.5, count)[:, None] * torch.tensor([[1.0, 0.0, 0.0]]),
        torch.tensor(scales).log()[:, None].repeat(1, 3),
        torch.randn(count, 4, generator=draw),
        torch.logit(torch.tensor(opacities)),
        torch.randn(count, 4, 3, generator=draw),
    )
    for tensor in found.tensors:
        tensor.requires_grad_()
    optimizer = torch.optim.Adam([{"params": [tensor]} for tensor in found.tensors], lr=1e-9, fused=True)
    sum(tensor.square().sum() for tensor in found.tensors).backward()  # type: ignore[union-attr]
    optimizer.step()
    return found, optimizer


def grown(
    scales: list[float], opacities: list[float], pull: list[float], most: int
) -> tuple[Gaussians, Grown]:
    old, optimizer = splats(scales, opacities)
    source = torch.Generator().manual_seed(1)
    return grow(old, optimizer, torch.tensor(pull, dtype=torch.float), most=most, radius=1.0, source=source)


def test_a_small_splat_is_cloned_and_the_rest_stays() -> None:
    old, optimizer = splats([0.01, 0.01, 0.01], [0.5, 0.5, 0.5])
    moments = [optimizer.state[tensor]["exp_avg"].clone() for tensor in old.tensors]
    source = torch.Generator().manual_seed(1)
    new, told = grow(old, optimizer, torch.tensor([1.0, 9, 1]), most=9, radius=1.0, source=source)
    assert told == Grown(cloned=1)
    for before, after, moment in zip(old.tensors, new.tensors, moments, strict=True):
        torch.testing.assert_close(after, before[[0, 1, 2, 1]])
        known = optimizer.state[after]["exp_avg"]
        torch.testing.assert_close(known[:3], moment)
        assert not known[3].any()
    assert [
        group["params"][0] is tensor
        for group, tensor in zip(optimizer.param_groups, new.tensors, strict=True)
    ]
    assert len(optimizer.state) == 5
    new.place.square().sum().backward()  # type: ignore[no-untyped-call]
    optimizer.step()  # it goes on with the new ones


def test_a_large_splat_becomes_two_smaller_ones_within_it() -> None:
    new, told = grown([0.01, 0.2, 0.01], [0.5, 0.5, 0.5], [1, 9, 1], most=9)
    assert told == Grown(split=1)
    both = new.log_scale[[1, 3]]
    torch.testing.assert_close(both, torch.full_like(both, math.log(0.2 / SMALLER)))
    moved = new.place[[1, 3]].norm(dim=1)  # the middle one was at the origin
    assert (moved > 0).all()
    assert (moved < 4 * 0.2).all()
    assert not torch.equal(new.place[1], new.place[3])


def test_clear_splats_go_and_the_plan_holds() -> None:
    new, told = grown([0.01] * 4, [0.5, CLEAR / 2, 0.5, 0.5], [4, 99, 3, 1], most=4)
    assert told == Grown(cloned=1, pruned=1)  # two pull more than the mean, but there is room for one
    assert len(new) == 4
    assert len(grown([0.01] * 2, [CLEAR / 2, CLEAR / 3], [1, 1], most=9)[0]) == 1  # something is left


@pytest.mark.parametrize("budget", [1, 7, 3000])
def test_the_plan_goes_from_few_to_the_budget(budget: int) -> None:
    counts = [planned(budget, i / 50) for i in range(51)]
    assert counts == sorted(counts)
    assert counts[0] == max(1, math.ceil(FEW * budget))
    assert all(count == budget for count in counts[math.ceil(50 * GROWN) :])


def test_the_pull_is_the_slope_of_the_loss_by_where_middles_fall() -> None:
    draw = torch.Generator().manual_seed(3)
    many = Gaussians(
        torch.randn(12, 3, generator=draw, dtype=torch.double) * 0.3,
        torch.randn(12, 3, generator=draw, dtype=torch.double) * 0.2 - 1.5,
        torch.randn(12, 4, generator=draw, dtype=torch.double),
        torch.randn(12, generator=draw, dtype=torch.double),
        torch.randn(12, 1, 3, generator=draw, dtype=torch.double) * 0.3,  # one colour from everywhere
    )
    for tensor in many.tensors:
        tensor.requires_grad_()
    seen = picture(many, CAMERA, 1.0)
    seen.rgb.square().sum().backward()  # type: ignore[no-untyped-call]
    pull = Pull(12, CPU)
    pull.note(seen.middle, CAMERA)
    pull.note(seen.middle, CAMERA)  # the mean, not the sum
    assert seen.middle.grad is not None
    torch.testing.assert_close(pull.mean, (10 * seen.middle.grad).norm(dim=1).float())


def test_a_fit_grows_to_its_budget_and_tells_how() -> None:
    capture = captured("csg-table", views=11, size=16).capture
    fit = Sown(capture, count=200, degree=0, steps=210)
    found, progress = fit_splats(fit)
    counts = [count for _, count in progress.counts]
    assert counts[0] == math.ceil(FEW * 200) == 80
    assert counts[-1] == len(found) <= 200
    assert progress.grown.cloned + progress.grown.split - progress.grown.pruned == len(found) - counts[0] > 0
    _, told = train(capture, count=60, degree=0, seconds=None, steps=210, seed=0, device=CPU)
    assert isinstance(told, SplatFit)
    assert told.summary()["counts"][0] == [0, 24]
    assert told.summary()["splats"] > 24
    assert any(figure.title.startswith("Splats on the way") for figure in told.figures())
