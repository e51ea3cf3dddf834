"""Measures of sharpness against closed forms, and what rescaling does to them."""

from __future__ import annotations

import copy

import pytest
import torch
from torch import Tensor, nn

from dltui.instruments.landscape import scan
from dltui.instruments.planes.along import Along
from dltui.instruments.planes.spelled import spelled_directions
from dltui.instruments.sharpness import RISE, Sharp, sharpness
from dltui.objective import Objective
from dltui.results.bends import bends
from dltui.results.sharpness import Measure


class Bowl(nn.Module):
    """Gives its weights, so that the loss of ``curved`` is a bowl with known curvatures."""

    def __init__(self, at: Tensor) -> None:
        super().__init__()
        self.w = nn.Parameter(at)

    def forward(self, x: Tensor) -> Tensor:
        return self.w.flatten().expand(len(x), -1)


CURVED = torch.tensor([4.0, 1.0, 0.25, 0.0], dtype=torch.float64)


def curved(outputs: Tensor, targets: Tensor) -> Tensor:
    return (CURVED * (outputs[0] - 1) ** 2).sum() / 2


def bowl(at: Tensor) -> Objective:
    model = Bowl(at.view(2, 2))
    return Objective.bind(
        model, torch.zeros(1, 1), torch.zeros(1, 1), task="numbers", loss=curved, double=True
    )


def named(found: list[Measure]) -> dict[str, Measure]:
    return {one.name: one for one in found}


def test_a_quadratic_bowl_has_the_sharpness_it_should() -> None:
    at = torch.tensor([1.5, 0.5, 1.0, 1.0], dtype=torch.float64)
    objective = bowl(at)
    unit = torch.eye(4, dtype=torch.float64)
    found = named(sharpness(objective, [unit[1], unit[3]]))
    here = float(curved(at[None], at))
    box = 1e-3 * (at.abs() + 1)
    top = at + torch.where(at < 1, -box, box)
    wanted = 100 * (float(curved(top[None], at)) - here) / (1 + here)
    assert found["Keskar"].value == pytest.approx(wanted, rel=1e-9)
    slope = CURVED * (at - 1)
    sam = at + 0.05 * slope / slope.norm()
    assert found["SAM rise"].value == pytest.approx(float(curved(sam[None], at)) - here, rel=1e-9)
    scaled = at.abs() * slope
    asam = at + 0.5 * at.abs() * scaled / scaled.norm()
    assert found["ASAM rise"].value == pytest.approx(float(curved(asam[None], at)) - here, rel=1e-9)
    # along d₁ from ½: (w − 1)²/2 has risen by 0.1
    down = (0.25 + 2 * RISE) ** 0.5 - 0.5
    assert found["basin width −d₁"].value == pytest.approx(down, rel=2e-3)
    assert found["basin width +d₁"].value == pytest.approx(down + 1, rel=2e-3)
    assert found["basin width +d₂"].value is None
    assert found["basin width +d₂"].sure == "beyond 1000"


def test_the_average_curvature_is_that_of_the_hessian() -> None:
    at = torch.tensor([1.0, 1.0, 1.0, 1.0], dtype=torch.float64)
    found = named(sharpness(bowl(at)))["average curvature"]
    # each filter is two weights with norm √2, so that E[d_i²] = 1 and E[dᵀHd] is the trace
    assert found.value == pytest.approx(float(CURVED.sum()), abs=4 * found.error)  # type: ignore[operator]
    assert 0 < found.error < 1  # type: ignore[operator]


def test_rescaled_layers_keep_what_is_invariant_and_change_the_rest() -> None:
    torch.manual_seed(0)
    net = nn.Sequential(nn.Linear(6, 12, bias=False), nn.ReLU(), nn.Linear(12, 3, bias=False))
    x, y = torch.randn(80, 6), torch.randint(0, 3, (80,))
    scaled = copy.deepcopy(net)
    with torch.no_grad():
        scaled[0].weight.mul_(10)
        scaled[2].weight.div_(10)
    one, other = (named(sharpness(Objective.bind(m, x, y, double=True))) for m in (net, scaled))
    for name in ("average curvature", "ASAM rise"):
        assert one[name].value == pytest.approx(other[name].value, rel=1e-6)
    for name in ("SAM rise", "Keskar"):
        assert one[name].value != pytest.approx(other[name].value, rel=0.2)


def test_measures_stand_beside_the_picture() -> None:
    torch.manual_seed(0)
    net = nn.Linear(4, 3)
    objective = Objective.bind(net, torch.randn(20, 4), torch.randint(0, 3, (20,)))
    seen: list[tuple[int, int]] = []
    found = scan(
        objective,
        steps=3,
        along=Sharp(Along(terms=spelled_directions("gradient"))),
        report=lambda done, total, partial=None: seen.append((done, total)),
    )
    names = [one["name"] for one in found.summary()["sharpness"]]
    assert names[:4] == ["Keskar", "SAM rise", "ASAM rise", "average curvature"]
    assert names[4:] == [f"basin width {side}{d}" for d in ("d₁", "d₂") for side in "+−"]
    assert all(done <= total for done, total in seen)
    assert [done for done, _ in seen] == sorted(done for done, _ in seen)
    table = found.figures()[-1]
    assert table.title.startswith("Sharpness")
    assert "change when layers are scaled" in table.caption
    assert not any(one.title.startswith("Sharpness") for one in scan(objective, steps=3).figures())


def test_the_share_of_cells_that_bend_downwards() -> None:
    import numpy as np

    a, b = np.linspace(-1, 1, 21), np.linspace(-2, 2, 41)
    x, y = np.meshgrid(a, b)

    def share(z: np.ndarray) -> float:
        found = bends(z, a, b)
        assert found is not None
        return found.share

    assert share(x**2 + y**2) == share(1.0 + 0 * x) == share(3 * x - y) == 0
    assert share(x**2 - 1e-3 * y**2) == share(x * y) == 1
    # x³: bends downwards for x < 0, among them 9 of 19 inner columns
    assert share(x**3 + y**2) == pytest.approx(9 / 19)
    holed = x * y
    holed[20, 10] = np.nan
    found = bends(holed, a, b)
    assert found is not None
    assert found.cells == 19 * 39 - 9
    assert bends(x[:2], a, b[:2]) is None
