"""Linear probes: against scikit-learn and closed forms, and on networks whose features were planted."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from sklearn.linear_model import LogisticRegression, RidgeClassifierCV
from torch import nn

from dltui.data import Dataset, load
from dltui.data.takes import takes_of
from dltui.errors import UsageError
from dltui.instruments.probe.basis import turned
from dltui.instruments.probe.measure import Plan, probe
from dltui.instruments.probe.ridge import ALPHAS, choose_ridge
from dltui.instruments.probe.samples import draw
from dltui.instruments.probe.softmax import choose_softmax, fit_softmax
from dltui.instruments.probe.stations import features, stations
from dltui.instruments.probe.untrained import untrained
from dltui.models import build
from dltui.results import load as load_result


def clouds(rows: int, columns: int, classes: int = 3, seed: int = 0) -> tuple[torch.Tensor, torch.Tensor]:
    random = np.random.default_rng(seed)
    y = np.arange(rows) % classes
    x = random.normal(size=(rows, columns)) + 1.2 * np.eye(classes)[y] @ random.normal(
        size=(classes, columns)
    )
    return torch.from_numpy(x), torch.from_numpy(y)


def standardised(x: torch.Tensor, by: torch.Tensor) -> np.ndarray:
    return ((x - by.mean(0)) / by.std(0, correction=0)).numpy()


@pytest.mark.parametrize("shape", [(90, 12), (40, 70)], ids=["tall", "wide"])
def test_a_softmax_probe_is_that_of_scikit_learn(shape: tuple[int, int]) -> None:
    (x, y), (other, _) = clouds(*shape), clouds(30, shape[1], seed=1)
    basis = turned(x, other)
    found = fit_softmax(basis.learn, y, 3, 0.02, fine=1e-10)
    peer = LogisticRegression(C=1 / (0.02 * len(x)), tol=1e-10, max_iter=10_000).fit(
        standardised(x, x), y.numpy()
    )
    np.testing.assert_allclose(
        found.scores(basis.held).softmax(1).numpy(), peer.predict_proba(standardised(other, x)), atol=1e-5
    )


@pytest.mark.parametrize("shape", [(90, 12), (40, 70)], ids=["tall", "wide"])
def test_a_ridge_probe_is_that_of_scikit_learn(shape: tuple[int, int]) -> None:
    (x, y), (other, _) = clouds(*shape), clouds(30, shape[1], seed=1)
    basis = turned(x, other)
    found = choose_ridge(basis, y, 3)
    peer = RidgeClassifierCV(alphas=ALPHAS).fit(standardised(x, x), y.numpy())
    assert found.penalty == peer.alpha_
    scores = found.scores(basis.held).numpy()
    np.testing.assert_allclose(2 * scores - 1, peer.decision_function(standardised(other, x)), atol=1e-8)


def test_turning_features_loses_nothing() -> None:
    x, _ = clouds(20, 50)
    x = torch.cat([x, torch.ones(20, 3), x[:, :4]], 1)  # constant and doubled columns
    basis = turned(x, x[:5])
    assert basis.learn.shape[1] <= 19
    np.testing.assert_allclose(basis.learn.T @ basis.learn, np.diag(basis.sizes**2), atol=1e-8)
    flat = torch.from_numpy(standardised(x[:, :50], x[:, :50]))
    flat = torch.cat([flat, flat[:, :4]], 1)
    np.testing.assert_allclose(basis.learn @ basis.learn.T, flat @ flat.T, atol=1e-8)
    np.testing.assert_allclose(basis.held, basis.learn[:5], atol=1e-8)


def test_the_penalty_is_chosen_on_samples_put_aside() -> None:
    x, y = clouds(200, 60)
    noise = torch.from_numpy(np.random.default_rng(3).permutation(y.numpy()))
    basis = turned(x, x)
    assert choose_softmax(basis, noise, 3).penalty == 1.0  # nothing to learn: as stiff as can be
    assert choose_softmax(basis, y, 3).penalty < 1.0


class Product(nn.Module):
    """Signs of two numbers; whether they agree is linear from ``agree`` on, and from nowhere before."""

    def __init__(self) -> None:
        super().__init__()
        self.turn, self.agree, self.out = nn.Linear(2, 2), Agree(), nn.Linear(1, 2)
        with torch.no_grad():
            self.turn.weight.copy_(torch.eye(2))
            self.turn.bias.zero_()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.out(self.agree(self.turn(x)))


class Agree(nn.Module):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return (x[:, :1] * x[:, 1:]).tanh()


def planted() -> Dataset:
    random = np.random.default_rng(0)
    x = random.uniform(-1, 1, (600, 2)).astype(np.float32)
    y = (x[:, 0] * x[:, 1] > 0).astype(np.int64)
    return Dataset(
        name="agree", x_train=x[:400], y_train=y[:400], x_test=x[400:], y_test=y[400:], task="classes",
        classes=("differ", "agree"), split="", source="",
    )  # fmt: skip


@pytest.mark.parametrize("solver", ["logistic", "ridge"])
def test_a_planted_feature_is_read_from_its_layer_on(solver: str) -> None:
    model, data = Product(), planted()
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    found = probe(model, data, Plan(solver=solver, draws=1), title="planted")  # type: ignore[arg-type]
    at = dict(zip(found.layers, found.accuracy, strict=True))
    assert found.layers == ["input", "turn", "agree", "out"]
    assert max(at["input"], at["turn"]) < 0.62
    assert min(at["agree"], at["out"]) > 0.95
    assert found.best in {2, 3}
    assert np.abs(found.shuffled - 0.5).max() < 0.15
    assert found.majority == pytest.approx(max((data.y_test == c).mean() for c in (0, 1)))
    assert found.error[2] == pytest.approx(np.sqrt(found.accuracy[2] * (1 - found.accuracy[2]) / 200))
    assert (found.confusion.sum((1, 2)) == 200).all()
    np.testing.assert_allclose(found.confusion.trace(axis1=1, axis2=2) / 200, found.accuracy)
    assert all(torch.equal(tensor, before[name]) for name, tensor in model.state_dict().items())


def test_training_puts_something_there_that_fresh_weights_lack() -> None:
    data = load("moons:n=600,noise=0.1")
    torch.manual_seed(0)
    model = build("mlp:width=16,depth=3", data.input_shape, data.outputs)
    optimizer = torch.optim.Adam(model.parameters(), 0.02)
    x, y = torch.from_numpy(data.x_train), torch.from_numpy(data.y_train)
    for _ in range(150):
        optimizer.zero_grad()
        nn.functional.cross_entropy(model(x), y).backward()
        optimizer.step()
    found = probe(model, data, Plan(solver="ridge", draws=3))
    last = len(found.layers) - 1
    assert found.accuracy[last] > found.untrained[last] + 3 * found.untrained_error[last] > found.majority
    assert found.accuracy[last] > 0.97
    assert found.untrained[0] == found.accuracy[0]  # the samples are the same in every network


def test_tokens_are_read_one_by_one() -> None:
    data = load("hamlet")
    torch.manual_seed(0)
    model = build("gpt:layers=2,width=16,heads=2", data.input_shape, data.outputs)
    found = probe(model, data, Plan(samples=300, solver="ridge", draws=0))
    assert found.what == "tokens"
    assert found.samples == found.held_out == 300
    assert "input" not in found.layers
    assert np.isfinite(found.accuracy).all()
    assert np.isnan(found.untrained).all()


def test_layers_on_the_way_and_what_they_give() -> None:
    data = load("digits")
    torch.manual_seed(0)
    model = build("resnet20", data.input_shape, data.outputs).eval()
    x = torch.from_numpy(data.x_test[:6])
    names = stations(model, x)
    assert 4 <= len(names) <= 16
    assert names[-1].startswith(("head", "fc", "out"))
    assert stations(model, x, most=400) != names  # every layer, where there is room for all
    found = list(features(model, [*names, "input"], x))
    assert [one.name for one in found] == [*names, "input"]
    assert torch.equal(found[-1].values, x.flatten(1))
    with torch.no_grad():
        assert torch.allclose(found[-2].values, model(x), atol=1e-5)


def test_large_maps_are_averaged_and_that_is_told() -> None:
    model = nn.Sequential(nn.Conv2d(1, 16, 1), nn.Flatten())
    one = next(features(model, ["0"], torch.rand(3, 1, 40, 40)))
    assert one.values.shape == (3, 4096)
    assert one.note == "averaged from 40×40 to 16×16"
    with torch.no_grad():
        assert float(one.values[0, :256].mean()) == pytest.approx(
            float(model[0].weight[0, 0, 0, 0] * 0.5 + model[0].bias[0]), abs=0.05
        )


def test_fresh_weights_are_drawn_and_the_model_is_left_alone() -> None:
    class Placed(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.linear, self.place = nn.Linear(4, 4), nn.Parameter(torch.arange(6.0))

    model = Placed()
    kept = model.linear.weight.clone()
    state = torch.get_rng_state()
    one, same, other = (untrained(model, seed) for seed in (1, 1, 2))
    assert torch.equal(one.linear.weight, same.linear.weight)
    assert not torch.equal(one.linear.weight, other.linear.weight)
    assert torch.equal(model.linear.weight, kept)
    assert one.place.sort().values.tolist() == list(range(6))
    assert torch.equal(torch.get_rng_state(), state)


def test_partial_results_the_file_and_refusals(tmp_path) -> None:
    told = []
    found = probe(Product(), planted(), Plan(samples=60, draws=1), report=lambda *known: told.append(known))
    assert told[-1][:2] == (8, 8)
    assert [np.isfinite(known[2].accuracy).sum() for known in told[1:5]] == [1, 2, 3, 4]
    assert all(figure.words() for known in told[1:] for figure in known[2].figures())
    found.save(tmp_path / "probe.safetensors")
    assert load_result(tmp_path / "probe.safetensors").document()["layers"] == found.document()["layers"]
    numbers = Dataset(
        name="line", x_train=np.zeros((20, 2), np.float32), y_train=np.zeros((20, 1), np.float32),
        x_test=np.zeros((20, 2), np.float32), y_test=np.zeros((20, 1), np.float32), task="numbers", split="", source="",
    )  # fmt: skip
    with pytest.raises(UsageError, match="answers of line are numbers"):
        probe(Product(), numbers)
    with pytest.raises(UsageError, match="unknown layer 'agre'"):
        probe(Product(), planted(), Plan(layers=("agre",)))


def test_samples_are_drawn_without_putting_back() -> None:
    data = load("digits")
    some = draw(data, takes_of(data), "train", 100, 0)
    assert len(set(some.places.tolist())) == 100
    assert np.array_equal(some.x.numpy(), data.x_train[some.places])
    assert some.y is not None
    assert np.array_equal(some.y.numpy(), data.y_train[some.places])
    assert len(draw(data, takes_of(data), "test", 10_000, 0).x) == len(data.x_test)
