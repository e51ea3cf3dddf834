"""Gradients, files and mixtures as directions."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from dltui.errors import DltuiError, UsageError
from dltui.instruments.directions import plane
from dltui.instruments.landscape import scan
from dltui.instruments.planes.along import Along
from dltui.instruments.planes.spelled import spelled_directions
from dltui.objective import Objective
from dltui.progress import silent


def objective(*, double: bool = True) -> Objective:
    torch.manual_seed(0)
    net = nn.Sequential(nn.Linear(5, 6), nn.Tanh(), nn.Linear(6, 3))
    return Objective.bind(net, torch.randn(40, 5), torch.randint(0, 3, (40,)), double=double)


def gradient(of: Objective) -> Tensor:
    loss = nn.functional.cross_entropy(of.model.double()(of.inputs), of.targets)
    return torch.cat([g.flatten() for g in torch.autograd.grad(loss, list(of.model.parameters()))])


def found(of: Objective, text: str, **settings: object):
    return Along(terms=spelled_directions(text), **settings)(of, silent)  # type: ignore[arg-type]


def test_the_gradient_is_a_unit_vector_uphill() -> None:
    of = objective()
    axes = found(of, "gradient", dimensions=1)
    slope = gradient(of)
    torch.testing.assert_close(axes.directions[0], slope / slope.norm())
    step = 1e-6
    low, _, high = scan(of, steps=3, distance=step, dimensions=1, along="gradient").loss[0]
    assert (high - low) / (2 * step) == pytest.approx(float(slope.norm()), rel=1e-6)
    assert "gradient (‖∇L‖" in axes.told[0]


def test_a_random_direction_joins_upright_and_of_length_one() -> None:
    of = objective()
    axes = found(of, "gradient", seed=3)
    assert axes.along == ["gradient", "random"]
    assert axes.directions[1].norm().item() == pytest.approx(1)
    assert abs(axes.cosine) < 1e-12
    swapped = found(of, "random,gradient", seed=3)
    torch.testing.assert_close(swapped.directions[0], axes.directions[1])
    torch.testing.assert_close(swapped.directions[1], axes.directions[0])


def test_mixtures_keep_their_directions_and_tell_their_cosine() -> None:
    of = objective()
    axes = found(of, "gradient,eigen:1")
    single = found(of, "eigen:1", dimensions=1)
    torch.testing.assert_close(axes.directions[1], single.directions[0])
    assert axes.curvatures == single.curvatures
    assert axes.cosine == pytest.approx(float(axes.directions[0] @ axes.directions[1]))
    surface = scan(of, steps=5, distance=0.1, along="gradient,eigen:1")
    assert surface.along == ["gradient", "eigen:1"]
    assert "cos " in surface.figures()[0].caption
    scaled = found(of, "gradient", normalize="filter")
    slot = of.twin().slots[0]
    theta = of.twin().flat
    torch.testing.assert_close(
        slot.of(scaled.directions[0]).norm(dim=1), slot.of(theta).norm(dim=1), rtol=1e-6, atol=0
    )


def test_vectors_move_when_they_are_asked_to() -> None:
    torch.manual_seed(0)
    net = nn.Sequential(nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4), nn.Flatten(), nn.Linear(16, 3))
    of = Objective.bind(net, torch.randn(8, 1, 4, 4), torch.randint(0, 3, (8,)))
    twin = of.twin()
    still, moving = (plane(twin, "filter", 0, vectors=vectors)[0][0] for vectors in (False, True))
    for slot in twin.slots:
        if len(slot.shape) == 1:
            assert not slot.of(still).any()
            torch.testing.assert_close(slot.of(moving).norm(), slot.of(twin.flat).norm())
    assert "biases and norms too" in scan(of, steps=3, along=Along(vectors=True)).figures()[0].caption


def test_a_file_leads_where_it_says(tmp_path: Path) -> None:
    of = objective()
    twin = of.twin()
    raw = torch.randn(len(twin.flat), generator=torch.Generator().manual_seed(1))
    path = tmp_path / "d.safetensors"
    save_file({slot.name: slot.of(raw).clone() for slot in twin.slots}, path)
    axes = found(of, str(path), dimensions=1)
    torch.testing.assert_close(axes.directions[0], raw.double())
    assert axes.told == [f"direction of d.safetensors, length {float(raw.norm()):.4g}"]
    scaled = found(of, f"{path},random", normalize="layer")
    for slot in twin.slots:
        if len(slot.shape) > 1:
            for direction in scaled.directions:
                torch.testing.assert_close(slot.of(direction).norm(), slot.of(twin.flat).norm())
    with pytest.raises(DltuiError, match="point the same way .* try --dimensions 1"):
        save_file({slot.name: -3 * slot.of(raw) for slot in twin.slots}, tmp_path / "e.safetensors")
        found(of, f"{path},{tmp_path / 'e.safetensors'}")


BROKEN = {
    "missing": (lambda d: d.pop("2.bias"), r"2\.bias \[3\] is missing in the file"),
    "extra": (lambda d: d.update(more=torch.ones(2)), r"more \[2\] is not in the model"),
    "shape": (
        lambda d: d.update({"0.weight": torch.ones(5, 6)}),
        r"0\.weight is \[5, 6\] in the file, \[6, 5\]",
    ),
    "zero": (lambda d: [t.zero_() for t in d.values()], "is 0 everywhere"),
    "not finite": (lambda d: d["0.bias"].fill_(float("nan")), "NaN or infinite"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_file_that_does_not_fit_is_told(name: str, tmp_path: Path) -> None:
    spoil, words = BROKEN[name]
    of = objective()
    state = {slot.name: torch.ones(slot.shape) for slot in of.twin().slots}
    spoil(state)
    save_file(state, tmp_path / "d.safetensors")
    with pytest.raises(DltuiError, match=words):
        found(of, str(tmp_path / "d.safetensors"), dimensions=1)


def test_a_gradient_of_zero_is_told() -> None:
    net = nn.Linear(2, 1, bias=False)
    x = torch.randn(5, 2)
    of = Objective.bind(net, x, net(x).detach(), task="numbers")
    with pytest.raises(DltuiError, match="is 0, so it has no direction"):
        found(of, "gradient")


def test_what_contradicts_itself_is_refused() -> None:
    with pytest.raises(UsageError, match="leave --normalize out"):
        Along(terms=spelled_directions("gradient,eigen:1"), normalize="filter").check()
    with pytest.raises(UsageError, match="--dimensions 2"):
        Along(terms=spelled_directions("gradient,random"), dimensions=1).check()


def test_the_plane_of_two_files_is_the_bowl_that_they_span(tmp_path: Path) -> None:
    class Weights(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.w = nn.Parameter(torch.zeros(2, 3))

        def forward(self, x: Tensor) -> Tensor:
            return self.w.flatten().expand(len(x), -1)

    for i in (0, 1):
        unit = torch.zeros(2, 3)
        unit[i, i] = i + 1.0
        save_file({"w": unit}, tmp_path / f"{i}.safetensors")
    of = Objective.bind(Weights(), torch.zeros(2, 1), torch.zeros(2, 6), task="numbers", double=True)
    surface = scan(of, steps=5, along=f"{tmp_path / '0.safetensors'},{tmp_path / '1.safetensors'}")
    assert surface.betas is not None
    a, b = np.meshgrid(surface.alphas, surface.betas)
    np.testing.assert_allclose(surface.loss, (a**2 + 4 * b**2) / 6, rtol=1e-12)


def test_an_eigenvalue_that_has_not_converged_is_a_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(30, 20), nn.Tanh(), nn.Linear(20, 4))
    objective = Objective.bind(model, torch.randn(60, 30), torch.randint(0, 4, (60,)))
    sure = scan(objective, steps=3, along="eigen:1,eigen:-1")
    monkeypatch.setattr("dltui.instruments.curvature.pairs.STEPS", 2)
    found = scan(objective, steps=3, along="eigen:1,eigen:-1")
    assert np.isfinite(sure.curvatures).all()
    assert np.isnan(found.curvatures).all()
    assert "(λ ≥ " in found.told[0]
    assert "(λ ≤ " in found.told[1]
    assert all(one.endswith(", not converged)") for one in found.told)
