"""Other points of a plane, and directions that are eigenvectors, against what a landscape and a dense Hessian say."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from dltui.errors import DltuiError, UsageError
from dltui.instruments.curvature.masses import masses
from dltui.instruments.curvature.pairs import eigenpairs
from dltui.instruments.curvature.spectrum import spectrum
from dltui.instruments.gradients import measure
from dltui.instruments.landscape import scan
from dltui.instruments.limits import spelled_steps
from dltui.instruments.place import moved
from dltui.instruments.planes.spelled import spelled_directions
from dltui.objective import Objective, Slot
from dltui.results.landscape import Landscape, place

Case = tuple[nn.Module, Tensor, Tensor, str]


def bound(case: Case, *, double: bool = False) -> Objective:
    model, x, y, task = case
    return Objective.bind(model, x, y, task=task, double=double, block=16)


# --- windows


@pytest.mark.parametrize("normalize", ["filter", "none"])
def test_a_window_has_the_very_values_of_a_wide_scan(case: Case, normalize: str) -> None:
    objective = bound(case)
    wide = scan(objective, steps=9, distance=1, normalize=normalize, seed=6)
    near = scan(objective, steps=5, distance=0.5, center=(0.5, -0.25), normalize=normalize, seed=6)
    assert near.center == [0.5, -0.25]
    assert near.alphas.tolist() == wide.alphas[4:9].tolist()
    assert near.betas is not None
    assert near.betas.tolist() == [-0.75, -0.5, -0.25, 0.0, 0.25]
    assert np.array_equal(near.loss, wide.loss[1:6, 4:9])
    assert near.center_loss == near.loss[2, 2]
    assert near.model_loss == wide.center_loss == wide.model_loss


def test_a_window_on_a_line(case: Case) -> None:
    objective = bound(case)
    wide = scan(objective, steps=9, dimensions=1)
    near = scan(objective, steps=3, dimensions=1, distance=0.25, center=(-0.75,))
    assert near.center == [-0.75]
    assert np.array_equal(near.loss[0], wide.loss[0, :3])


def test_crooked_ticks_agree_to_rounding(case: Case) -> None:
    objective = bound(case)
    wide = scan(objective, steps=11, distance=0.7)
    near = scan(objective, steps=3, distance=0.14, center=(0.42, 0.28))
    np.testing.assert_allclose(near.loss, wide.loss[6:9, 7:10], rtol=1e-6)


def test_the_model_is_marked_where_it_is_inside(case: Case) -> None:
    objective = bound(case)
    inside = scan(objective, steps=3, distance=0.5, center=(0.25, 0.5))
    outside = scan(objective, steps=3, distance=0.4, center=(0.25, 0.5))
    assert [mark.name for mark in inside.figures()[0].marks] == ["θ*"]  # type: ignore[attr-defined]
    assert outside.figures()[1].marks == ()  # type: ignore[attr-defined]
    for found in (inside, outside):
        captions = [figure.caption for figure in found.figures()]
        assert all("in the middle at α 0.25, β 0.5" in caption for caption in captions)
        assert found.figures()[2].title.startswith("Slices through α 0.25, β 0.5 · ")


def test_a_middle_where_the_loss_is_not_finite_is_a_hole() -> None:
    model = nn.Sequential(nn.Linear(3, 4), nn.Linear(4, 1))
    objective = Objective.bind(model, torch.randn(8, 3), torch.zeros(8), task="numbers")
    found = scan(objective, steps=3, distance=1e29, center=(1e30, 0))
    assert math.isnan(found.center_loss)
    assert found.model_loss is not None
    assert math.isfinite(found.model_loss)


# --- the same instruments elsewhere


@pytest.mark.parametrize("at", [(0.5,), (0.25, -0.5)])
@pytest.mark.parametrize("normalize", ["filter", "none"])
def test_loss_and_title_elsewhere_are_those_of_the_landscape(
    case: Case, at: tuple[float, ...], normalize: str
) -> None:
    objective = bound(case)
    wide = scan(objective, steps=9, dimensions=len(at), normalize=normalize, seed=2)
    column, row = (round(4 + 4 * step) for step in (at[0], at[1] if len(at) == 2 else -1))
    cell = float(wide.loss[row, column])
    steep = measure(objective, at=at, normalize=normalize, seed=2)
    bent = spectrum(
        objective, at=at, normalize=normalize, seed=2, top=2, bottom=1, probes=1, steps=10, exact=False
    )
    assert steep.loss == pytest.approx(cell, rel=1e-6)
    assert bent.loss == pytest.approx(cell, rel=1e-6)
    assert steep.title == bent.title == f"{objective.title} at {place(at)}"
    assert steep.at == bent.at == list(at)
    assert steep.document()["normalize"] == bent.document()["normalize"] == normalize


def test_slope_and_curvature_elsewhere_are_those_of_the_landscape(case: Case) -> None:
    """Differences of a fine scan around the point, in float64, against gradient and Hessian there."""
    objective, step = bound(case, double=True), 1e-4
    line = scan(
        objective, steps=3, distance=step, dimensions=1, center=(0.3,), normalize="filter", seed=5
    ).loss[0]
    there = moved(objective, (0.3,), "filter", 5)
    twin = there.twin()
    ahead = moved(objective, (1.3,), "filter", 5).twin().flat - twin.flat
    slope = float(there.gradient(there.twin()) @ ahead)
    assert (line[2] - line[0]) / (2 * step) == pytest.approx(slope, rel=1e-5, abs=1e-7)


def test_the_model_stays_where_it_is(case: Case) -> None:
    objective = bound(case)
    before = [p.clone() for p in objective.model.parameters()]
    moved(objective, (0.5, 0.5), "filter", 0)
    assert all(torch.equal(a, b) for a, b in zip(before, objective.model.parameters(), strict=True))
    assert moved(objective, (), "filter", 0) is objective
    still = moved(objective, (0.0, 0.0), "filter", 0)
    assert torch.equal(still.twin().flat, objective.twin().flat)


# --- eigenvectors


def dense_pairs(objective: Objective) -> tuple[np.ndarray, np.ndarray]:
    """Return eigenvalues and eigenvectors of the Hessian by double backward, row by row, in float64."""
    objective = objective.doubled()
    twin = objective.twin()
    loss = objective.loss(twin, objective.inputs, objective.targets)
    gradient = torch.cat([
        g.reshape(-1) for g in torch.autograd.grad(loss, twin.parameters, create_graph=True)
    ])
    rows = [
        torch.cat([
            g.reshape(-1)
            for g in torch.autograd.grad(
                entry, twin.parameters, retain_graph=True, allow_unused=True, materialize_grads=True
            )
        ])
        for entry in gradient
    ]
    values, vectors = np.linalg.eigh(torch.stack(rows).numpy())
    return values, vectors.T


def by_tensor(objective: Objective, vector: np.ndarray) -> list[float]:
    sizes = [p.numel() for p in objective.model.parameters()]
    return [float((part**2).sum()) for part in np.split(vector, np.cumsum(sizes)[:-1])]


@pytest.mark.parametrize("exact", [True, False])
def test_masses_are_those_of_the_dense_eigenvectors(exact: bool) -> None:
    torch.manual_seed(1)
    model = nn.Sequential(nn.Linear(6, 8), nn.Tanh(), nn.Linear(8, 4))
    objective = Objective.bind(model, torch.randn(60, 6), torch.randint(0, 4, (60,)), double=True)
    values, vectors = dense_pairs(objective)
    found = spectrum(objective, top=4, bottom=3, tolerance=1e-8, exact=exact)
    assert found.layers == ["0.weight", "0.bias", "2.weight", "2.bias"]
    np.testing.assert_allclose(found.top_eigenvalues, values[::-1][:4], rtol=1e-6)
    for place_, row in enumerate(found.top_masses):
        np.testing.assert_allclose(row, by_tensor(objective, vectors[-1 - place_]), atol=1e-6)
    for place_, row in enumerate(found.bottom_masses):
        np.testing.assert_allclose(row, by_tensor(objective, vectors[place_]), atol=1e-4)
    np.testing.assert_allclose(found.top_masses.sum(1), 1)
    told = found.figures()[-1]
    assert told.title.startswith("Eigenvector by layer")
    assert f"λ₁ mostly in {found.layers[int(found.top_masses[0].argmax())]}" in told.caption
    assert told.values.shape == (7, 4)  # type: ignore[attr-defined]
    assert found.document()["top_masses"] == found.top_masses.tolist()


def test_masses_of_vectors_that_did_not_converge_are_known_too() -> None:
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(30, 20), nn.Tanh(), nn.Linear(20, 5))
    objective = Objective.bind(model, torch.randn(40, 30), torch.randint(0, 5, (40,)))
    found = spectrum(objective, steps=3, top=3, bottom=3, probes=1, exact=False)
    assert not found.converged
    assert found.top_masses.shape == (len(found.top_eigenvalues), 4)
    assert found.bottom_masses.shape == (len(found.bottom_eigenvalues), 4)
    np.testing.assert_allclose(found.bottom_masses.sum(1), 1)


def test_masses_follow_the_slots() -> None:
    slots = (Slot("a", (2,), 0), Slot("b", (1, 2), 2))
    found = masses(torch.tensor([[3.0, 0, 0, 4], [0, 0, 5, 0]]), slots)
    np.testing.assert_allclose(found, [[9 / 25, 16 / 25], [0, 1]])
    assert masses(torch.empty(0, 4), slots).shape == (0, 2)


def test_a_slice_along_an_eigenvector_curves_as_its_eigenvalue(case: Case) -> None:
    objective = bound(case, double=True)
    values, _ = dense_pairs(objective)
    step = 1e-5  # so small that no kink of a ReLU is near
    for number, wanted in ((1, values[-1]), (2, values[-2]), (-1, values[0])):
        found = scan(
            objective, steps=3, distance=step, dimensions=1, along=f"eigen:{number}", normalize="none", seed=3
        )
        down, here, up = found.loss[0]
        assert found.along == [f"eigen:{number}"]
        assert found.curvatures[0] == pytest.approx(wanted, rel=1e-6, abs=1e-8)
        assert (down - 2 * here + up) / step**2 == pytest.approx(wanted, rel=1e-3, abs=1e-4 * values[-1])
        assert found.residuals[0] < 1e-3


@pytest.mark.parametrize("size", ["written out", "sampled"])
def test_eigenvectors_are_those_of_the_dense_hessian(size: str, monkeypatch: pytest.MonkeyPatch) -> None:
    if size == "sampled":
        monkeypatch.setattr("dltui.instruments.curvature.pairs.EXACT", 0)
        monkeypatch.setattr("dltui.instruments.curvature.pairs.TOLERANCE", 1e-8)
    torch.manual_seed(4)
    model = nn.Sequential(nn.Linear(6, 7), nn.Tanh(), nn.Linear(7, 3))
    objective = Objective.bind(model, torch.randn(50, 6), torch.randint(0, 3, (50,)), double=True)
    values, vectors = dense_pairs(objective)
    found = eigenpairs(objective, (2, 1, -1), seed=1)
    np.testing.assert_allclose(found.values, [values[-2], values[-1], values[0]], rtol=1e-6)
    for row, wanted in zip(found.vectors.double().numpy(), vectors[[-2, -1, 0]], strict=True):
        assert abs(row @ wanted) == pytest.approx(1, abs=1e-6)
        assert row[np.abs(row).argmax()] > 0
    again = eigenpairs(objective, (2, 1, -1), seed=1)
    assert torch.equal(found.vectors, again.vectors)


def test_a_plane_along_eigenvectors(case: Case) -> None:
    objective = bound(case)
    one = scan(objective, steps=3, distance=0.1, along="eigen:1", normalize="none")
    two = scan(objective, steps=3, distance=0.1, along="eigen:1,eigen:2", normalize="none")
    assert one.along == two.along == ["eigen:1", "eigen:2"]
    assert np.array_equal(one.loss, two.loss)
    assert abs(one.cosine) < 1e-5
    assert scan(objective, steps=3, along="eigen:-1", normalize="none").along == ["eigen:-1", "eigen:-2"]
    caption = one.figures()[0].caption
    assert "unit eigenvector eigen:1 (λ " in caption
    assert "eigen:2" in caption


def test_products_come_before_cells_in_the_report() -> None:
    torch.manual_seed(0)
    objective = Objective.bind(nn.Linear(3, 2), torch.randn(6, 3), torch.tensor([0, 1] * 3))
    seen: list[tuple[int, int, object]] = []
    final = scan(
        objective,
        steps=3,
        dimensions=1,
        along="eigen:1",
        normalize="none",
        report=lambda done, total, partial=None: seen.append((done, total, partial)),
    )
    assert [done for done, _, _ in seen[:9]] == list(range(9))
    assert all(done <= total for done, total, _ in seen)
    assert seen[-1] == (11, 11, final)  # 8 products and 3 cells


# --- what can't be done


STEPS = {"0.3": (0.3,), "0.3,-0.2": (0.3, -0.2), "−1, 2e-1": (-1.0, 0.2)}


@pytest.mark.parametrize("text", STEPS)
def test_places_are_read(text: str) -> None:
    assert spelled_steps(text) == STEPS[text]


@pytest.mark.parametrize("text", ["", "a", "1,2,3", "1;2", "nan", "0,inf", ","])
def test_places_that_cannot_be_read_are_told(text: str) -> None:
    with pytest.raises(UsageError, match=r"try 0\.3,-0\.2"):
        spelled_steps(text)


ALONG = {
    "random": "random",
    "eigen:1": "eigen:1",
    "eigen:1, eigen:−1": "eigen:1,eigen:-1",
    "gradient,random": "gradient,random",
    "d.safetensors, eigen:2": "d.safetensors,eigen:2",
    "trajectory": "",
}


@pytest.mark.parametrize("text", ALONG)
def test_directions_are_read(text: str) -> None:
    assert ",".join(term.name for term in spelled_directions(text)) == ALONG[text]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "eigen",
        "eigen:0",
        "eigen:x",
        "eigen:1,eigen:1",
        "eigen:1,eigen:2,eigen:3",
        "trajectory,random",
        "d.npz",
    ],
)
def test_directions_that_cannot_be_read_are_told(text: str) -> None:
    with pytest.raises(UsageError, match="try eigen:1,eigen:2"):
        spelled_directions(text)


WRONG = {
    "two for a line": ({"dimensions": 1, "center": (1.0, 2.0)}, "a line around 1,2: .* as in 0.3"),
    "one for a plane": ({"center": (1.0,)}, "α,β"),
    "far away": ({"center": (1e40, 0.0)}, "fall together"),
    "nowhere": ({"center": (float("nan"), 0.0)}, "finite"),
    "scaled": ({"along": "eigen:1", "normalize": "filter"}, "leave --normalize out"),
    "too many": ({"along": "eigen:1,eigen:2", "normalize": "none", "dimensions": 1}, "--dimensions 2"),
    "no such": ({"along": "eigen:999999", "normalize": "none", "dimensions": 1}, "eigenvalues; expected"),
    "scaling": ({"normalize": "flter"}, "did you mean filter"),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_cannot_be_scanned_is_refused(name: str) -> None:
    settings, words = WRONG[name]
    objective = Objective.bind(nn.Linear(3, 2), torch.randn(4, 3), torch.tensor([0, 1, 0, 1]))
    with pytest.raises(UsageError, match=words):
        scan(objective, **settings)  # type: ignore[arg-type]


def test_instruments_refuse_places_that_are_none() -> None:
    objective = Objective.bind(nn.Linear(3, 2), torch.randn(4, 3), torch.tensor([0, 1, 0, 1]))
    for look in (measure, spectrum):
        with pytest.raises(UsageError, match="did you mean filter"):
            look(objective, at=(0.1,), normalize="fliter")  # type: ignore[operator]
        with pytest.raises(UsageError, match="can't go to 1,2,3"):
            look(objective, at=(1.0, 2.0, 3.0))  # type: ignore[operator]
        with pytest.raises(DltuiError, match="at α 1e40"):
            look(objective, at=(1e40,))  # type: ignore[operator]


def test_a_landscape_of_old_still_says_all() -> None:
    ticks = np.linspace(-1, 1, 3)
    old = Landscape(
        alphas=ticks, loss=np.ones((1, 3)), center_loss=1.0, normalize="filter", samples=1, parameters=1
    )
    assert old.document()["model_loss"] == 1.0
    assert old.document()["center"] == [0.0]
    assert old.complete
