"""The optimisers, step by step, against torch.optim, the steps by hand, and each other."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from dltui.byhand import work
from dltui.descent.adam import Adam, AdamW, RAdam
from dltui.descent.adaptive import AdaDelta, AdaGrad, Ftrl, RmsProp, RootMeanSquare
from dltui.descent.curved import Lbfgs, Newton, SaddleFree
from dltui.descent.known import OPTIMISERS
from dltui.descent.plain import Averaged, Gradient, Lars, Momentum, Nesterov
from dltui.descent.rule import Rule, Vector
from dltui.descent.surface import Surface
from dltui.descent.surfaces import SURFACES, himmelblau, quadratic, ravine, saddle, two_weights, valley
from dltui.descent.walk import Walk, fed, walk

STEPS = 100
ONE_STEP = {"max_iter": 1, "tolerance_grad": 0, "tolerance_change": 0}
TWINS: dict[str, tuple[Rule, str, dict[str, Any]]] = {
    "gd": (Gradient(lr=0.002), "SGD", {"lr": 0.002}),
    "decayed": (Gradient(lr=0.002, weight_decay=0.1), "SGD", {"lr": 0.002, "weight_decay": 0.1}),
    "momentum": (Momentum(lr=0.0005), "SGD", {"lr": 0.0005, "momentum": 0.9}),
    "nesterov": (Nesterov(lr=0.0005), "SGD", {"lr": 0.0005, "momentum": 0.9, "nesterov": True}),
    "averaged": (Averaged(lr=0.002), "SGD", {"lr": 0.0002, "momentum": 0.9}),
    "adagrad": (AdaGrad(lr=0.1), "Adagrad", {"lr": 0.1}),
    "rmsprop": (RmsProp(lr=0.01, alpha=0.9), "RMSprop", {"lr": 0.01, "alpha": 0.9}),
    "adadelta": (AdaDelta(), "Adadelta", {"lr": 1.0}),
    "adam": (Adam(lr=0.05), "Adam", {"lr": 0.05}),
    "adam-l2": (Adam(lr=0.05, weight_decay=0.1), "Adam", {"lr": 0.05, "weight_decay": 0.1}),
    "adamw": (AdamW(lr=0.05, weight_decay=0.1), "AdamW", {"lr": 0.05, "weight_decay": 0.1}),
    "radam": (RAdam(lr=0.05), "RAdam", {"lr": 0.05}),
    "lbfgs": (Lbfgs(lr=0.5), "LBFGS", {"lr": 0.5, "history_size": 10, **ONE_STEP}),
    "ftrl": (Ftrl(lr=0.1, beta=1e-10), "Adagrad", {"lr": 0.1}),  # McMahan 2011: without λ₁ it is AdaGrad
}  # fmt: skip


def torch_way(surface: Surface, name: str, settings: dict[str, Any], steps: int = STEPS) -> Vector:
    """Return the points of an optimiser of torch on the same gradients."""
    w = torch.tensor(surface.start, dtype=torch.float64, requires_grad=True)
    optimiser = getattr(torch.optim, name)([w], **settings)
    points = [w.detach().numpy().copy()]

    def closure() -> torch.Tensor:
        place = w.detach().numpy()
        w.grad = torch.from_numpy(surface.gradient(place).copy())
        return torch.tensor(float(surface.value(place)))

    for _ in range(steps):
        optimiser.step(closure)
        points.append(w.detach().numpy().copy())
    return np.array(points)


@pytest.mark.parametrize("surface", [himmelblau(), saddle()], ids=lambda one: one.name)
@pytest.mark.parametrize("twin", TWINS)
def test_every_step_is_that_of_torch(twin: str, surface: Surface) -> None:
    rule, name, settings = TWINS[twin]
    found = walk(surface, rule, steps=STEPS)
    assert not found.ended
    np.testing.assert_allclose(found.points, torch_way(surface, name, settings), atol=1e-9, rtol=1e-9)


@pytest.mark.parametrize(
    ("name", "rule", "settings"),
    [
        ("sgd", Momentum(lr=0.1), {"lr": 0.1, "momentum": 0.9}),
        ("adagrad", AdaGrad(), {"lr": 0.1}),
        ("rmsprop", RmsProp(), {}),
        ("adadelta", AdaDelta(), {}),
        ("adam", Adam(), {}),
        ("adamw", AdamW(), {}),
    ],
)
def test_given_gradients_give_the_steps_by_hand(name: str, rule: Rule, settings: dict[str, float]) -> None:
    gradients = [[3.0, -0.2], [4.0, 0.0], [12.0, 0.7]]
    known = work(name, {"weight": [1.0, -2.0], "gradient": gradients} | settings).output.numbers()
    np.testing.assert_allclose(fed(rule, gradients, (1.0, -2.0)).points[1:], known, atol=1e-12)


def test_every_rule_walks_and_tells_its_formula() -> None:
    for name, made in OPTIMISERS.items():
        found = walk(ravine(10), made(lr=0.05), (-1.0, 0.5), steps=3)
        assert found.steps == 3, name
        assert np.isfinite(found.points).all(), name
        assert made.title, name
        assert "←" in made.formula, name


def test_root_mean_square_of_the_notes() -> None:
    found = fed(RootMeanSquare(lr=1.0, eps=0.0), [[3.0], [4.0], [12.0]]).memory["σ"][:, 0]
    np.testing.assert_allclose(found, (3.0, 3.535534, 7.505553), atol=1e-6)
    warm = fed(RmsProp(alpha=0.9, eps=0.0, warm=True), [[3.0], [4.0], [12.0]]).memory["σ"][:, 0]
    np.testing.assert_allclose(warm, (3.0, 3.114482, 4.809366), atol=1e-6)
    cold = fed(RmsProp(alpha=0.9, eps=0.0), [[3.0], [4.0], [12.0]]).memory["σ"][:, 0]
    np.testing.assert_allclose(cold, (0.948683, 1.552417, 4.070504), atol=1e-6)


def test_nesterov_looks_ahead() -> None:
    """θ′ ← θ + λm, m ← λm − η·g(θ′), θ ← θ + m, seen from θ′."""
    surface, w, m = himmelblau(), np.array(himmelblau().start), np.zeros(2)
    for ahead in walk(surface, Nesterov(lr=0.002), steps=30).points:
        np.testing.assert_allclose(w + 0.9 * m, ahead, atol=1e-9)
        m = 0.9 * m - 0.002 * surface.gradient(w + 0.9 * m)
        w = w + m


def test_ftrl_stands_at_zero_in_its_dead_zone() -> None:
    gradients = np.random.default_rng(0).standard_normal((200, 3)) + np.array((0.0, 0.0, 0.5))
    found = fed(Ftrl(lr=0.1, l1=5.0), gradients, (1.0, 0.0, -1.0))
    dead = np.abs(found.memory["z"]) <= 5.0
    assert (found.points[1:][dead] == 0.0).all()
    assert (found.points[1:][~dead] != 0.0).all()
    assert dead.any()
    assert not dead[:, 2].any()


def test_lars_goes_a_share_of_the_length_of_the_layer() -> None:
    rule = Lars(lr=1.0, trust=0.1, layers=(2, 3))
    w, g = np.arange(1.0, 6.0), np.array([3.0, 4.0, 0.0, -2.0, 1.0])
    plain, scaled = fed(rule, [g], w).points[1], fed(rule, [g * (10, 10, 1, 1, 1)], w).points[1]
    np.testing.assert_allclose(plain, scaled, atol=1e-12)
    np.testing.assert_allclose(np.linalg.norm((plain - w)[:2]), 0.1 * np.linalg.norm(w[:2]), atol=1e-12)
    with pytest.raises(ValueError, match="make 4, not 5"):
        fed(Lars(layers=(2, 2)), [g], w)


def test_newton_solves_a_quadratic_in_one_step_and_falls_into_a_saddle() -> None:
    a = np.array([[3.0, 1.0], [1.0, 2.0]])
    assert np.abs(walk(quadratic(a), Newton(), (7.0, -4.0), steps=1).points[1]).max() < 1e-12
    fell = walk(two_weights(), Newton(), (0.1, 0.2), steps=3)
    assert np.abs(fell.points[-1]).max() < 1e-3
    assert walk(two_weights(), SaddleFree(), (0.1, 0.2), steps=6).values[-1] < 1e-5


def test_newton_says_where_there_is_no_inverse() -> None:
    flat = quadratic([[0.0, 1.0], [1.0, 0.0]])
    assert not walk(flat, Newton(), (1.0, 1.0), steps=1).ended
    trough = Surface(
        "trough", "x", "", lambda w: w[..., 0], lambda w: np.array([1.0, 0.0]), lambda w: np.zeros((2, 2)),
        (0.0, 0.0), (-1, -1), (1, 1),
    )  # fmt: skip
    assert "no Newton step" in walk(trough, Newton(), steps=2).ended


def test_lbfgs_needs_fewer_steps_than_descent_in_the_ravine() -> None:
    def below(found: Walk) -> NDArray[np.bool_]:
        return found.values < 1e-6

    guessed = walk(ravine(), Lbfgs(), steps=60).first(below)
    plain = walk(ravine(), Gradient(lr=0.01), steps=1000).first(below)
    assert guessed is not None
    assert plain == 882
    assert guessed < 30


def test_a_walk_that_runs_away_says_so() -> None:
    found = walk(ravine(), Gradient(lr=0.03), steps=1000)
    assert "ran away at step" in found.ended
    assert np.isfinite(found.points).all()


def test_rates_noise_clipping_and_stopping() -> None:
    surface = valley()
    halved = walk(surface, Gradient(), steps=2, rates=[0.001, 0.0005])
    first = surface.gradient(halved.points[0])
    np.testing.assert_allclose(halved.points[1], halved.points[0] - 0.001 * first)
    assert (walk(surface, Gradient(), steps=3, clip=1.0).norms <= 1 + 1e-12).all()
    assert walk(ravine(), Gradient(lr=0.01), steps=5000, below=1e-6).steps == 882
    one, other = (
        walk(saddle(), Gradient(lr=0.02), (1.0, 0.0), steps=5, noise=0.1, seed=3).points for _ in range(2)
    )
    assert (one == other).all()
    many = walk(saddle(), Gradient(lr=0.02), np.tile((1.0, 0.0), (7, 1)), steps=4, noise=0.1)
    assert many.points.shape == (5, 7, 2)
    assert many.values.shape == (5, 7)


def differences(field: Callable[[Vector], Vector], w: Vector, h: float = 1e-5) -> Vector:
    """Return central differences of a field, the last axis the weight that was moved."""
    steps = h * np.eye(w.shape[-1])
    return np.stack([(field(w + one) - field(w - one)) / (2 * h) for one in steps], -1)


@pytest.mark.parametrize("name", SURFACES)
def test_gradient_and_hessian_are_those_of_the_value(name: str) -> None:
    surface = SURFACES[name]()
    w = np.random.default_rng(0).uniform(surface.low, surface.high, (40, surface.dims))
    near = max(1.0, float(np.abs(surface.hessian(w)).max()))
    np.testing.assert_allclose(surface.gradient(w), differences(surface.value, w), atol=1e-6 * near)
    np.testing.assert_allclose(surface.hessian(w), differences(surface.gradient, w), atol=1e-5 * near)
    for minimum in np.array(surface.minima):
        assert np.abs(surface.gradient(minimum)).max() < 1e-6
        assert np.linalg.eigvalsh(surface.hessian(minimum)).min() > 0
    assert surface.ground(9).shape == (9,) * surface.dims
    assert (surface.ground(9).ravel()[-1] == surface.value(np.array(surface.high))).all()
