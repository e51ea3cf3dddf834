"""Planes through checkpoints and along trainings, against closed forms."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from functools import partial

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from dltui.errors import DltuiError, UsageError
from dltui.instruments.landscape import scan
from dltui.instruments.planes.statistics import recalibrate
from dltui.instruments.planes.through import Through
from dltui.instruments.planes.trajectory import Iterate, Trajectory, components
from dltui.objective import Objective
from dltui.progress import silent


def convolutional(seed: int) -> nn.Module:
    torch.manual_seed(seed)
    net = nn.Sequential(nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.Flatten(), nn.Linear(144, 3))
    with torch.no_grad():
        for _ in range(3):
            net(torch.randn(32, 1, 8, 8) + seed)
    return net


def bound(model: nn.Module, *, double: bool = True) -> Objective:
    generator = torch.Generator().manual_seed(0)
    x, y = torch.randn(40, 1, 8, 8, generator=generator), torch.randint(0, 3, (40,), generator=generator)
    return Objective.bind(model, x, y, double=double)


def test_every_network_lies_where_its_spot_is() -> None:
    a, b, c = (convolutional(seed) for seed in range(3))
    of = bound(a)
    found = Through(others=[("b", b), ("c", c)])(of, silent)
    first, second = found.directions
    assert abs(float(first @ second)) < 1e-9
    assert first.norm().item() == pytest.approx(second.norm().item())
    for spot, other in zip(found.spots, (b, c), strict=True):
        theirs = bound(other)
        torch.testing.assert_close(
            of.twin().flat + spot.steps[0] * first + spot.steps[1] * second, theirs.twin().flat
        )
        assert spot.loss == pytest.approx(theirs.center().loss)
        there = scan(
            of, steps=3, distance=1e-3, center=spot.steps, along=Through(others=[("b", b), ("c", c)])
        )
        assert there.center_loss == pytest.approx(spot.loss, rel=1e-6)  # running statistics went along
    kept = scan(
        of,
        steps=3,
        distance=1e-3,
        center=(1.0, 0.0),
        along=Through(others=[("b", b), ("c", c)], batch_norm="keep"),
    )
    assert abs(kept.center_loss - found.spots[0].loss) > 1e-3


def test_a_line_goes_from_one_network_to_the_other() -> None:
    a, b = convolutional(0), convolutional(1)
    line = scan(bound(a), steps=5, along=Through(others=[("b", b)]))
    assert line.betas is None
    assert line.loss.shape == (1, 5)
    assert line.spots[0]["steps"] == (1.0,)
    exact = scan(bound(a), steps=3, distance=0.5, center=(0.5,), along=Through(others=[("b", b)]))
    ends = [bound(net).center().loss for net in (a, b)]
    np.testing.assert_allclose(exact.loss[0][[0, 2]], ends, rtol=1e-9)


def test_statistics_are_estimated_anew_as_a_pass_over_all_samples_does() -> None:
    net = convolutional(0).double().eval()
    x = torch.randn(60, 1, 8, 8, dtype=torch.float64)
    wanted = net[0](x)
    recalibrate(net, [x])
    torch.testing.assert_close(net[1].running_mean, wanted.mean((0, 2, 3)))
    torch.testing.assert_close(net[1].running_var, wanted.var((0, 2, 3)))
    assert not any(part.training for part in net.modules())
    assert net[1].momentum == 0.1
    fresh = scan(
        bound(net), steps=3, along=Through(others=[("b", convolutional(1))], batch_norm="recalibrate")
    )
    assert "estimated anew at every point from 40 training samples" in fresh.figures()[0].caption


def walk(model: nn.Module, steps: Tensor) -> list[Iterate]:
    """Iterates whose first parameter tensor is moved by the rows."""
    name = next(iter(dict(model.named_parameters())))

    def state(row: Tensor) -> Mapping[str, Tensor]:
        found = {key: value.clone() for key, value in model.state_dict().items()}
        found[name] = found[name] + row.view_as(found[name]).to(found[name])
        return found

    return [Iterate(i, f"step {i}", partial(state, row)) for i, row in enumerate(steps)]


def test_components_are_those_of_a_singular_value_decomposition() -> None:
    x = torch.randn(7, 30, generator=torch.Generator().manual_seed(0)) @ torch.diag(
        torch.linspace(3, 0.1, 30)
    )
    weights, shares = components(x)
    found = weights @ x.double()
    _, s, vt = torch.linalg.svd(x.double(), full_matrices=False)
    torch.testing.assert_close(shares, s[:2] ** 2 / (s**2).sum())
    torch.testing.assert_close((found @ vt[:2].T).abs(), torch.eye(2, dtype=torch.float64), atol=1e-9, rtol=0)
    assert ((x.double() @ found.T)[0] >= 0).all()


def test_a_path_in_a_plane_is_in_its_plane_and_one_outside_tells_its_distance() -> None:
    torch.manual_seed(0)
    net = nn.Linear(4, 3)
    of = Objective.bind(net, torch.randn(20, 4), torch.randint(0, 3, (20,)), double=True)
    e = torch.eye(12, dtype=torch.float64)
    flat = torch.stack([4 * e[0], 3 * e[0] + e[1], e[0] + e[1], 0 * e[0]])
    found = Trajectory(iterates=walk(net.double(), flat))(of, silent)
    assert found.trail is not None
    np.testing.assert_allclose(found.trail.residuals, 0, atol=1e-6)
    np.testing.assert_allclose(found.trail.lengths, flat.norm(dim=1), rtol=1e-6)
    assert found.trail.shares.sum() == pytest.approx(1)
    off = torch.cat([flat, (2 * e[0] + 0.5 * e[2])[None]])
    found = Trajectory(iterates=walk(net.double(), off))(of, silent)
    assert found.trail is not None
    x = off.numpy()
    _, s, vt = np.linalg.svd(x, full_matrices=False)
    rest = x - x @ vt[:2].T @ vt[:2]
    np.testing.assert_allclose(found.trail.residuals, np.linalg.norm(rest, axis=1), atol=1e-6)
    np.testing.assert_allclose(found.trail.shares, s[:2] ** 2 / (s**2).sum(), rtol=1e-6)
    state = copy.deepcopy(net)
    with torch.no_grad():
        state.weight += 4 * e[0].view(3, 4)
    there = Objective.bind(state, of.inputs, of.targets, double=True).center().loss
    assert found.trail.losses[0] == pytest.approx(there)


def test_the_path_is_drawn_over_the_surface_and_kept(tmp_path) -> None:
    from dltui.results import load

    torch.manual_seed(0)
    net = nn.Linear(4, 3)
    of = Objective.bind(net, torch.randn(20, 4), torch.randint(0, 3, (20,)))
    steps = torch.randn(6, 12, generator=torch.Generator().manual_seed(2)).cumsum(0).flip(0)
    found = scan(of, steps=5, along=Trajectory(iterates=walk(net, steps)))
    assert found.betas is not None
    assert (found.trail_places[:, 0] <= found.alphas[-1]).all()  # type: ignore[index]
    assert (found.trail_places[:, 1] >= found.betas[0]).all()  # type: ignore[index]
    surface, above, *_, leaving = found.figures()
    assert surface.paths[0].name == above.paths[0].name == "training, step 0 to 5"
    assert "off the plane" in leaving.caption
    found.save(tmp_path / "t.safetensors")
    again = load(tmp_path / "t.safetensors")
    assert again.document()["trail"] == found.document()["trail"]
    assert len(again.figures()) == len(found.figures())


def test_running_statistics_follow_the_iterates() -> None:
    nets = [convolutional(seed) for seed in range(3)]
    iterates = [Iterate(i, f"step {i}", net.state_dict) for i, net in enumerate(nets)]
    of = bound(nets[-1])
    found = Trajectory(iterates=iterates)(of, silent)
    assert found.trail is not None  # three points lie in their plane, so each can be evaluated on it
    for i, place in enumerate(found.trail.places):
        there = scan(of, steps=3, distance=1e-3, center=tuple(place), along=Trajectory(iterates=iterates))
        assert there.center_loss == pytest.approx(found.trail.losses[i], rel=1e-4)


def test_what_does_not_fit_is_told_in_a_sentence() -> None:
    a = convolutional(0)
    of = bound(a)
    with pytest.raises(DltuiError, match=r"b does not fit Sequential: 0\.weight"):
        Through(others=[("b", nn.Sequential(nn.Conv2d(1, 5, 3)))])(of, silent)
    with pytest.raises(DltuiError, match="has the very weights"):
        Through(others=[("b", copy.deepcopy(a))])(of, silent)
    middle = copy.deepcopy(a)
    b = convolutional(1)
    with torch.no_grad():
        for mine, theirs in zip(middle.parameters(), b.parameters(), strict=True):
            mine.copy_((mine + theirs) / 2)
    with pytest.raises(DltuiError, match="lies on the line .* try one --to"):
        Through(others=[("b", b), ("c", middle)])(of, silent)
    with pytest.raises(UsageError, match="0 other networks"):
        Through(others=[])(of, silent)
    with pytest.raises(DltuiError, match=r"2 checkpoints span no plane: .* --keep-every N"):
        Trajectory(iterates=[Iterate(i, "", a.state_dict) for i in range(2)])(of, silent)
    with pytest.raises(DltuiError, match="lie on a line"):
        Trajectory(iterates=[Iterate(i, "", a.state_dict) for i in range(3)])(of, silent)
    poisoned = copy.deepcopy(b)
    with torch.no_grad():
        poisoned[0].weight[0] = float("nan")
    with pytest.raises(DltuiError, match="hold NaN"):
        Through(others=[("b", poisoned)])(of, silent)


def test_frozen_and_whole_numbers_must_be_the_same() -> None:
    a, b = nn.Sequential(nn.Linear(3, 3), nn.Linear(3, 2)), nn.Sequential(nn.Linear(3, 3), nn.Linear(3, 2))
    for net in (a, b):
        net[0].requires_grad_(False)
    of = Objective.bind(a, torch.randn(4, 3), torch.tensor([0, 1, 0, 1]))
    with pytest.raises(DltuiError, match=r"differs from the model in 0\.weight, which is frozen"):
        Through(others=[("b", b)])(of, silent)
    b[0].load_state_dict(a[0].state_dict())
    Through(others=[("b", b)])(of, silent)
    for net, order in ((a, [0, 1, 2]), (b, [2, 1, 0])):
        net.register_buffer("order", torch.tensor(order))
    of = Objective.bind(a, torch.randn(4, 3), torch.tensor([0, 1, 0, 1]))
    with pytest.raises(DltuiError, match="in order, which is of whole numbers"):
        Through(others=[("b", b)])(of, silent)
