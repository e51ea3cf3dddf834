"""Signal and gradient through the depth against theory and worked numbers; dead units; fresh weights."""

from __future__ import annotations

import inspect
from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from dltui.errors import Cancelled, UsageError
from dltui.figures import Table
from dltui.instruments.gradients import measure
from dltui.instruments.gradients.fresh import draw
from dltui.instruments.gradients.initial import at_start
from dltui.instruments.gradients.signal import listening
from dltui.instruments.schemes import KNOBS, spelled_scheme
from dltui.objective import Objective
from dltui.results import load
from dltui.results.depth import TOLERANCE, judge
from dltui.results.initial import InitialSignal


def chain(depth: int, width: int, act: Callable[[], nn.Module] | None, outputs: int = 0) -> nn.Sequential:
    """Return layers of one width, each but the last with an activation after it."""
    layers: list[nn.Module] = []
    for place in range(depth):
        last = place == depth - 1
        layers.append(nn.Linear(width, outputs if last and outputs else width))
        layers += [act()] if act and not (last and outputs) else []
    return nn.Sequential(*layers)


def normal(samples: int, width: int) -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(0)
    return torch.randn(samples, width, generator=generator), torch.randn(samples, width, generator=generator)


def along_answer(outputs: Tensor, y: Tensor) -> Tensor:
    """Return a loss whose gradient at the last layer, y / n, has nothing to do with the weights, as theory wants it."""
    return (outputs * y).mean()


def start(
    depth: int,
    width: int,
    act: Callable[[], nn.Module] | None,
    scheme: str,
    *,
    samples: int = 64,
    seeds: int = 4,
) -> InitialSignal:
    x, y = normal(samples, width)
    objective = Objective.bind(chain(depth, width, act), x, y, task="numbers", loss=along_answer)
    return at_start(objective, spelled_scheme(scheme), seeds=seeds)


# (activation, scheme, layers, row of signal, place, value): the notes' worked numbers
WORKED = {
    "tanh, std .01": (nn.Tanh, "normal:0.01", 10, 3, 9, 3.4e-7),
    "relu, std .1, layer 1": (nn.ReLU, "normal:0.1", 1, 3, 0, 1.6),
    "relu, std .1, layer 10": (nn.ReLU, "normal:0.1", 10, 3, 9, 90 * 1.6 / 1.32),
    "relu, He": (nn.ReLU, "kaiming_normal", 20, 3, 19, 1.0),
    "relu, Xavier": (nn.ReLU, "xavier_normal", 10, 3, 9, (2.0**-10) ** 0.5),
}


@pytest.mark.parametrize("name", WORKED)
def test_worked_numbers_of_fresh_weights(name: str) -> None:
    act, scheme, depth, row, place, value = WORKED[name]
    found = start(depth, 512, act, scheme, seeds=8, samples=24)
    mean, error = found.second(row)
    assert abs(mean[place] - value**2) < 3 * error[place] + 0.1 * value**2
    assert error[place] < 0.25 * value**2


def test_second_moments_of_a_linear_chain_are_powers() -> None:
    """E z² = (fan_in σ²)^l and E δ² = (fan_out σ²)^(L−l) δ_L², within three standard errors."""
    depth, width, sigma = 12, 64, 0.15
    found = start(depth, width, None, f"normal:{sigma}", seeds=60, samples=16)
    gain = width * sigma**2
    x = float((normal(16, width)[0] ** 2).mean())
    forward, error = found.second(1)
    for place in range(depth):
        assert abs(forward[place] - x * gain ** (place + 1)) < 3.5 * error[place]
    back, error = found.second(5)
    ratio = found.signal[:, 5] ** 2 / found.signal[:, 5, -1:] ** 2
    for place in range(depth - 1):
        spread = ratio[:, place].std(ddof=1) / len(ratio) ** 0.5
        assert abs(ratio[:, place].mean() - gain ** (depth - 1 - place)) < 3.5 * spread
    assert found.theory is not None
    np.testing.assert_allclose(found.theory[:, 0].mean(0), x * gain ** np.arange(1, depth + 1), rtol=0.08)
    assert np.isfinite(back).all()


@pytest.mark.parametrize(
    ("act", "scheme"),
    [
        (nn.ReLU, "kaiming_normal"),
        (nn.Tanh, "xavier_uniform"),
        (nn.Sigmoid, "xavier_normal"),
        (nn.GELU, "lecun_normal"),
    ],
)
def test_theory_is_met_forward_and_back(act: Callable[[], nn.Module], scheme: str) -> None:
    found = start(8, 256, act, scheme, seeds=6, samples=32)
    assert found.theory is not None
    for row, expected in ((1, 0), (3, 1), (5, 2)):
        mean, error = found.second(row)
        theory = found.theory[:, expected].mean(0)
        assert (np.abs(mean - theory) < 4 * error + 0.04 * theory).all(), (row, mean / theory)


def test_twenty_sigmoid_layers_vanish_and_relu_with_he_does_not() -> None:
    torch.manual_seed(0)
    x, y = torch.randn(64, 64), torch.randint(0, 10, (64,))
    products = {}
    for name, act, scheme in (("sigmoid", nn.Sigmoid, "xavier_normal"), ("relu", nn.ReLU, "kaiming_normal")):
        objective = Objective.bind(chain(20, 64, act, 10), x, y)
        found = at_start(objective, spelled_scheme(scheme), seeds=3)
        products[name] = found.depth
        norms = found.grad_norms.mean(0)
        products[name + " weights"] = norms[0] / norms[-2]
    assert products["sigmoid"].kind == "vanish"
    assert 1e-13 < products["sigmoid"].product < 1e-11  # 5.5e-13 in the notes
    assert 1e-14 < products["sigmoid weights"] < 1e-11
    assert products["sigmoid"].product ** (1 / 19) < 0.25 * 1.2  # no slope of a sigmoid is above 1/4
    assert products["relu"].kind == "steady"
    assert 0.1 < products["relu weights"] < 10  # 1.07 in the notes


def test_three_over_root_n_explodes() -> None:
    torch.manual_seed(0)
    objective = Objective.bind(chain(20, 64, nn.ReLU, 10), torch.randn(64, 64), torch.randint(0, 10, (64,)))
    found = at_start(objective, spelled_scheme(f"normal:{3 / 8}"), seeds=2)
    assert found.depth.kind == "explode"
    assert found.depth.factor == pytest.approx(3 / 2**0.5, rel=0.15)
    assert "grow most at" in found.depth.sentence
    table = next(figure for figure in found.figures() if isinstance(figure, Table))
    by_layer = [row[table.columns.index("‖δ‖ factor")] for row in table.rows]
    assert by_layer[-1] is None  # nothing comes after the last layer
    assert None not in by_layer[:-1]


def single(depth: int, weight: float, act: nn.Module) -> Objective:
    """Return one neuron a layer, all weights alike, no biases, and one sample x = 1."""
    model = nn.Sequential(
        *(part for _ in range(depth) for part in (nn.Linear(1, 1, bias=False), act))
    ).double()
    for parameter in model.parameters():
        nn.init.constant_(parameter, weight)
    return Objective.bind(
        model, torch.ones(1, 1).double(), torch.zeros(1, 1), task="numbers", loss=lambda out, _: out.mean()
    )


@pytest.mark.parametrize(
    ("depth", "weight", "act", "value"),
    [
        (5, 1.0, nn.Sigmoid(), 4.861e-4),
        (10, 1.0, nn.Sigmoid(), 2.785e-7),
        (20, 1.0, nn.Sigmoid(), 9.139e-14),
        (10, 2.0, nn.ReLU(), 512),
        (20, 2.0, nn.ReLU(), 524_288),
        (20, 1.5, nn.ReLU(), 2216.838),
    ],
)
def test_a_chain_of_single_neurons(depth: int, weight: float, act: nn.Module, value: float) -> None:
    found = measure(single(depth, weight, act))
    assert found.grad_norms[0] == pytest.approx(value, rel=1e-3)
    assert len(found.modules) == depth
    product = np.prod([layer["factor"] for layer in found.summary()["depth"]["layers"][:-1]])
    assert found.depth is not None
    assert found.depth.product == pytest.approx(product, rel=1e-10)


def test_deltas_are_those_of_autograd() -> None:
    torch.manual_seed(0)
    model = nn.Sequential(
        nn.Linear(5, 7), nn.ReLU(inplace=True), nn.Linear(7, 6), nn.Tanh(), nn.Linear(6, 3)
    ).double()
    x, y = torch.randn(13, 5).double(), torch.randint(0, 3, (13,))
    found = measure(Objective.bind(model, x, y, block=4), per_sample=False)
    deltas: list[list[float]] = [[], [], []]
    for i in range(13):
        a = model[0](x[i : i + 1])
        b = model[2](torch.relu(a))
        c = model[4](torch.tanh(b))
        grads = torch.autograd.grad(functional.cross_entropy(c, y[i : i + 1]), [a, b, c])
        for kept, grad in zip(deltas, grads, strict=True):
            kept.append(float(grad.square().sum()))
    np.testing.assert_allclose(found.signal[4], np.sqrt(np.mean(deltas, axis=1)), rtol=1e-12)
    z = model[0](x).detach()
    assert found.signal[0, 0] == pytest.approx(float(z.mean()))
    assert found.signal[1, 0] == pytest.approx(float(z.square().mean().sqrt()))
    assert found.signal[3, 0] == pytest.approx(float(torch.relu(z).square().mean().sqrt()))


class Functional(nn.Module):
    """Uses its activations as functions, one of them by another name, and a layer twice."""

    def __init__(self) -> None:
        super().__init__()
        self.conv, self.mix, self.out = nn.Conv2d(1, 6, 3), nn.Linear(6, 6), nn.Linear(6, 2)

    def forward(self, x: Tensor) -> Tensor:
        h = functional.relu(self.conv(x)).mean((2, 3))
        h = torch.clamp(self.mix(h), min=0)
        return self.out(torch.tanh(self.mix(h)))


def test_planted_dead_and_saturated_units_are_found() -> None:
    torch.manual_seed(0)
    model = Functional()
    with torch.no_grad():
        model.conv.bias[[1, 4]] = -100
        model.mix.bias[3] = -100
        model.mix.bias[5] = 100
    found = measure(Objective.bind(model, torch.randn(40, 1, 6, 6), torch.randint(0, 2, (40,)), block=16))
    units = {unit["name"]: unit for unit in found.units}
    assert list(units) == ["relu", "clamp relu", "tanh"] or list(units) == ["relu", "relu #2", "tanh"]
    first, second, third = units.values()
    assert (first["dead_units"], first["units"]) == ([1, 4], 6)
    assert 3 in second["dead_units"]
    assert {3, 5} <= set(range(6))
    assert third["saturated"] >= 2
    assert third["dead"] is None
    assert found.modules == ["conv", "mix", "mix #2", "out"]
    for name, grad in zip(found.names, measure_rows(model, found.samples), strict=True):
        if name.startswith("conv"):
            assert (grad[[1, 4]] == 0).all()  # a dead unit's gradient is exactly 0 over the data set
            assert (grad[[0, 2]] != 0).any()


def measure_rows(model: nn.Module, samples: int) -> list[Tensor]:
    torch.manual_seed(0)
    Functional()  # draws as the model did
    x, y = torch.randn(samples, 1, 6, 6), torch.randint(0, 2, (samples,))
    return list(torch.autograd.grad(functional.cross_entropy(model(x), y), list(model.parameters())))


def test_leaky_units_never_die() -> None:
    model = nn.Sequential(nn.Linear(3, 4), nn.LeakyReLU(), nn.Linear(4, 2))
    nn.init.constant_(model[0].bias, -100)
    found = measure(Objective.bind(model, torch.randn(20, 3), torch.randint(0, 2, (20,))))
    assert found.units[0]["kind"] == "leaky_relu"
    assert found.units[0]["dead"] is None


def test_verdicts_at_the_edge_of_the_tolerance() -> None:
    names = ["a", "b", "c"]
    assert judge(names, np.array([1 / TOLERANCE, 0.1, 1.0])).kind == "steady"
    assert judge(names, np.array([0.99 / TOLERANCE, 0.1, 1.0])).kind == "vanish"
    assert judge(names, np.array([TOLERANCE * 1.01, 10, 1.0])).kind == "explode"
    assert judge(names, np.array([0.0, 0.0, 1.0])).sentence.startswith("no gradient at all reaches b; 2 of 3")
    assert judge(["a"], np.array([1.0])).kind == "shallow"


def test_a_twin_is_as_before_when_nobody_listens_any_more() -> None:
    objective = Objective.bind(chain(2, 4, nn.ReLU), *normal(5, 4), task="numbers")
    twin = objective.twin()
    before = objective.gradient(twin)
    with listening(twin) as signal:
        assert torch.equal(objective.gradient(twin), before)
    assert len(signal.layers) == 2
    assert "forward" not in vars(twin.module)
    assert torch.equal(objective.gradient(twin), before)
    assert signal.layers["0"].samples == 5


def test_schemes_are_those_of_torch() -> None:
    for name, knobs in KNOBS.items():
        function = getattr(nn.init, f"{name}_", None)
        if function is not None:
            assert set(knobs) == set(inspect.signature(function).parameters) - {"tensor", "generator"}, name
    with pytest.raises(UsageError, match="did you mean kaiming_normal"):
        spelled_scheme("kaiming_norma")
    with pytest.raises(UsageError, match="expected fan_in, fan_out"):
        spelled_scheme("kaiming_normal:mode=fan")
    with pytest.raises(UsageError, match="write zeros alone"):
        spelled_scheme("zeros:1")
    with pytest.raises(UsageError, match="expected a number"):
        spelled_scheme("normal:x")


DRAWN = {
    "xavier_normal": lambda w: w.std() - 0.0721688,
    "xavier_uniform": lambda w: w.abs().max() - 0.125,
    "kaiming_normal:mode=fan_out": lambda w: w.std() - (2 / 128) ** 0.5,
    "lecun_normal": lambda w: w.std() - 1 / 16,
    "normal:0.02": lambda w: w.std() - 0.02,
    "uniform:0.3": lambda w: w.abs().max() - 0.3,
    "constant:0.7": lambda w: w.max() - 0.7,
    "zeros": lambda w: w.abs().max(),
    "orthogonal": lambda w: (w @ w.T - torch.eye(128)).abs().max(),
}


@pytest.mark.parametrize("name", DRAWN)
def test_what_schemes_draw(name: str) -> None:
    model = nn.Sequential(nn.Linear(256, 128), nn.LayerNorm(128), nn.Linear(128, 2))
    objective = Objective.bind(model, torch.randn(4, 256), torch.tensor([0, 1, 0, 1]))
    twin = objective.twin()
    draw(spelled_scheme(name), objective, twin)
    weight, bias, scale = (
        p.detach() for p in (twin.module[0].weight, twin.module[0].bias, twin.module[1].weight)
    )
    assert abs(float(DRAWN[name](weight))) < 2e-3
    assert not bias.any()
    assert (scale == 1).all()


def test_lsuv_gives_every_layer_variance_one() -> None:
    found = start(6, 48, nn.Tanh, "lsuv", samples=256, seeds=1)
    assert found.signal[0, 1] == pytest.approx(np.ones(6), rel=0.02)


def test_draws_differ_are_repeated_and_end_when_told(bends: Callable[[nn.Module], str]) -> None:
    model = chain(3, 8, nn.ReLU)
    objective = Objective.bind(model, *normal(10, 8), task="numbers", block=4)
    before = bends(model)
    scheme = spelled_scheme("default")
    one, again = (at_start(objective, scheme, seeds=3, seed=2) for _ in range(2))
    assert np.array_equal(one.signal, again.signal)
    assert not np.array_equal(one.signal[0], one.signal[1])
    assert one.seeds == [2, 3, 4]
    known: list[InitialSignal] = []

    def stop(done: int, total: int, partial: object = None) -> None:
        assert total == 30
        if isinstance(partial, InitialSignal):
            known.append(partial)
        if done > 20:
            raise Cancelled("enough")

    with pytest.raises(Cancelled):
        at_start(objective, scheme, seeds=3, seed=2, report=stop)
    assert [len(partial.seeds) for partial in known] == [1, 2]
    assert np.array_equal(known[1].signal, one.signal[:2])
    assert all(figure.words() for figure in known[0].figures())
    assert bends(model) == before


def test_batch_norm_uses_its_batch_at_the_start(tmp_path: object) -> None:
    model = nn.Sequential(nn.Linear(6, 8, bias=False), nn.BatchNorm1d(8), nn.ReLU(), nn.Linear(8, 3))
    objective = Objective.bind(model, torch.randn(32, 6) * 50, torch.randint(0, 3, (32,)))
    found = at_start(objective, spelled_scheme("normal:7"), seeds=2)
    assert found.batch_norm
    assert found.theory is None
    assert found.signal[:, 3, 0] == pytest.approx(np.full(2, 0.5**0.5), rel=0.2)
    path = tmp_path / "start.safetensors"  # type: ignore[operator]
    found.save(path)
    assert load(path).document() == found.document()


def test_a_signal_that_overflows_is_told() -> None:
    found = start(30, 64, nn.ReLU, "normal:4", seeds=2, samples=8)
    assert "is not finite from" in found.forward
    assert all(figure.words() for figure in found.figures())
    assert found.document()["layers"]
