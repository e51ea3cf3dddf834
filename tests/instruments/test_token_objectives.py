"""Instruments on models of tokens: what they find is what plain torch finds at every position."""

from __future__ import annotations

import copy
from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.func import functional_call
from torch.nn.functional import cross_entropy

from dltui.data import Dataset, load
from dltui.errors import UsageError
from dltui.instruments.curvature import MatrixName, matrix, spectrum
from dltui.instruments.curvature.exact import dense
from dltui.instruments.gradients import Origins, measure
from dltui.instruments.landscape import scan
from dltui.models import build
from dltui.objective import Objective

CONTEXT, VOCABULARY = 4, 5
GPT, LSTM = "gpt:layers=1,heads=2,width=4", "lstm:width=4"
SPECS = [GPT, LSTM]


def network(spec: str, context: int = CONTEXT, vocabulary: int = VOCABULARY) -> nn.Module:
    torch.manual_seed(0)
    module = build(spec, (context,), vocabulary).eval()
    for parameter in module.parameters():
        nn.init.normal_(parameter, std=0.5)
    return module


def samples(ragged: bool = False) -> tuple[Tensor, Tensor]:
    draw = torch.Generator().manual_seed(2)
    x, y = (torch.randint(VOCABULARY, (12, CONTEXT), generator=draw) for _ in range(2))
    if ragged:
        for row in range(12):
            y[row, 1 + row % CONTEXT :] = -100
    return x, y


def mean_loss(outputs: Tensor, y: Tensor) -> Tensor:
    """Return the mean over rows of the mean over the positions of each that count, from the definition."""
    surprise = -outputs.log_softmax(-1).gather(-1, y.clamp(0)[..., None])[..., 0]
    return torch.stack([row[asked].mean() for row, asked in zip(surprise, y >= 0, strict=True)]).mean()


@pytest.mark.parametrize("spec", ["gpt:layers=2,heads=2,width=16", "lstm:width=16"])
def test_center_is_the_plain_loss_over_all_positions(spec: str) -> None:
    hamlet = load("hamlet:context=16")
    module = network(spec, 16, 65)
    found = Objective.of(module, hamlet, part="test").center()
    x, y = torch.tensor(hamlet.x_test), torch.tensor(hamlet.y_test)
    with torch.no_grad():
        outputs = module(x).flatten(0, 1)
        assert found.loss == pytest.approx(float(cross_entropy(outputs, y.flatten())), rel=1e-5)
        assert found.accuracy == pytest.approx(float((outputs.argmax(1) == y.flatten()).double().mean()))


@pytest.mark.parametrize("spec", SPECS)
@pytest.mark.parametrize("ragged", [False, True])
def test_landscape_is_the_plain_loss_at_its_centre_and_at_a_corner(spec: str, ragged: bool) -> None:
    module, (x, y) = network(spec), samples(ragged)
    found = scan(Objective.bind(module, x, y, task="tokens"), steps=3)
    middle = len(found.alphas) // 2
    with torch.no_grad():
        assert found.loss[middle, middle] == pytest.approx(float(mean_loss(module(x), y)), rel=1e-5)
    assert np.isfinite(found.loss).all()


class Bent:
    """A network in float64 that can be moved along directions, of which it gives central differences.

    torch's forward over reverse mode would be shorter, but its second derivatives of layer norms are wrong: they
    give a Hessian that isn't symmetric.
    """

    step = 1e-5

    def __init__(self, module: nn.Module) -> None:
        self.net = copy.deepcopy(module).double()
        self.named = dict(self.net.named_parameters())
        self.flat = torch.cat([p.detach().reshape(-1) for p in self.named.values()])
        draw = torch.Generator().manual_seed(3)
        self.directions = torch.randn(4, len(self.flat), generator=draw, dtype=torch.float64)

    def outputs(self, theta: Tensor, x: Tensor) -> Tensor:
        parts = theta.split([p.numel() for p in self.named.values()])
        weights = {name: part.view_as(p) for (name, p), part in zip(self.named.items(), parts, strict=True)}
        found: Tensor = functional_call(self.net, weights, (x,))
        return found

    def gradient(self, theta: Tensor, x: Tensor, y: Tensor) -> Tensor:
        theta.requires_grad_()
        return torch.autograd.grad(mean_loss(self.outputs(theta, x), y), theta)[0]

    def along(self, of: Callable[[Tensor], Tensor], direction: Tensor) -> Tensor:
        nudge = self.step * direction
        return (of(self.flat + nudge) - of(self.flat - nudge)) / (2 * self.step)


@pytest.mark.parametrize("spec", SPECS)
@pytest.mark.parametrize("ragged", [False, True])
def test_hessian_is_the_change_of_the_gradient(spec: str, ragged: bool) -> None:
    module, (x, y) = network(spec), samples(ragged)
    objective, bent = Objective.bind(module, x, y, task="tokens", double=True, block=5), Bent(module)
    with matrix(objective, "hessian") as hessian:
        for direction in bent.directions:
            product = bent.along(lambda theta: bent.gradient(theta, x, y), direction)
            np.testing.assert_allclose(hessian(direction).numpy(), product.numpy(), atol=1e-6)


def test_top_eigenvalues_of_a_tiny_gpt_are_those_of_its_dense_hessian() -> None:
    x, y = samples()
    objective = Objective.bind(network(GPT), x[:4], y[:4], task="tokens", double=True)
    with matrix(objective, "hessian") as hessian:
        exact = np.sort(np.linalg.eigvalsh(dense(hessian)))[::-1]
    found = spectrum(objective, top=2).top_eigenvalues
    np.testing.assert_allclose(np.asarray(found), exact[:2], rtol=1e-4)


@pytest.mark.parametrize("spec", SPECS)
@pytest.mark.parametrize("ragged", [False, True])
@pytest.mark.parametrize("name", ["ggn", "fisher", "empirical-fisher"])
def test_the_other_matrices_are_means_over_samples(spec: str, ragged: bool, name: MatrixName) -> None:
    """vᵀGv is the mean of Var_p(J v) over positions, for the empirical Fisher the mean of (∇ℓᵢ · v)²."""
    module, (x, y) = network(spec), samples(ragged)
    objective, bent = Objective.bind(module, x, y, task="tokens", double=True, block=5), Bent(module)
    with matrix(objective, name) as operator:
        found = [float(v @ operator(v)) for v in bent.directions]
    p, asked = bent.outputs(bent.flat, x).softmax(-1), y >= 0
    for direction, quadratic in zip(bent.directions, found, strict=True):
        slopes = bent.along(lambda theta: bent.outputs(theta, x), direction)
        spread = (p * slopes.square()).sum(-1) - (p * slopes).sum(-1).square()
        if name == "empirical-fisher":
            rises = (p * slopes).sum(-1) - slopes.gather(-1, y.clamp(0)[..., None])[..., 0]
            each = ((rises * asked).sum(1) / asked.sum(1)).square()
        else:
            each = (spread * asked).sum(1) / asked.sum(1)
        assert quadratic == pytest.approx(float(each.mean()), rel=1e-6)


@pytest.mark.parametrize("spec", [*SPECS, "gpt:layers=1,heads=2,width=4,tied=no"])
@pytest.mark.parametrize("ragged", [False, True])
def test_gradients_are_those_of_plain_autograd(spec: str, ragged: bool) -> None:
    module, (x, y) = network(spec), samples(ragged)
    found = measure(Objective.bind(module, x, y, task="tokens", block=5))
    net = copy.deepcopy(module)
    mean_loss(net(x), y).backward()
    norms = [float(p.grad.norm()) for p in net.parameters() if p.grad is not None]
    np.testing.assert_allclose(found.grad_norms, norms, rtol=1e-4, atol=1e-7)
    alone = []
    for row in range(len(x)):
        net.zero_grad()
        mean_loss(net(x[row : row + 1]), y[row : row + 1]).backward()
        alone.append(sum(float(p.grad.square().sum()) for p in net.parameters() if p.grad is not None) ** 0.5)
    assert found.sample_norms is not None
    np.testing.assert_allclose(found.sample_norms, alone, rtol=1e-4)


def test_rows_as_many_as_positions_are_not_mistaken_for_samples() -> None:
    """Two positions, and two samples on which ghost norms are tried: the shapes alone would not tell."""
    module = network(GPT, 2)
    x, y = samples()
    found = measure(Objective.bind(module, x[:, :2], y[:, :2], task="tokens"))
    assert found.sample_norms is not None
    net, alone = copy.deepcopy(module), []
    for row in range(len(x)):
        net.zero_grad()
        mean_loss(net(x[row : row + 1, :2]), y[row : row + 1, :2]).backward()
        alone.append(sum(float(p.grad.square().sum()) for p in net.parameters() if p.grad is not None) ** 0.5)
    np.testing.assert_allclose(found.sample_norms, alone, rtol=1e-4)


def test_accuracy_leaves_out_what_is_not_asked() -> None:
    module, (x, y) = network(GPT), samples(ragged=True)
    found = Objective.bind(module, x, y, task="tokens").center()
    hits = module(x).argmax(-1) == y
    by_row = [float(hits[row][y[row] >= 0].double().mean()) for row in range(len(x))]
    assert found.accuracy == pytest.approx(np.mean(by_row))


def test_the_hardest_rows_are_told_as_text() -> None:
    hamlet = load("hamlet:context=48")
    module = network("gpt:layers=1,heads=2,width=8", 48, 65)
    objective = Objective.of(module, hamlet, samples=6)
    rows = np.sort(np.random.default_rng(0).permutation(len(hamlet.x_train))[:6])
    found = measure(objective, origins=Origins(rows, hamlet.classes))
    assert found.hardest is not None
    text = "".join(hamlet.classes[token] for token in hamlet.y_train[found.hardest[0]]).replace("\n", "⏎")
    assert found.hardest_answers[0] == f"{text[:39]}…"
    assert len(found.hardest_guesses) == 6


def test_makemore_is_a_classifier_like_any_other() -> None:
    names = load("names")
    torch.manual_seed(0)
    module = build("makemore:width=20", names.input_shape, names.outputs).eval()
    objective = Objective.of(module, names, samples=200)
    with torch.no_grad():
        plain = cross_entropy(module(objective.inputs), objective.targets)
    assert objective.center().loss == pytest.approx(float(plain), rel=1e-5)
    assert measure(objective).sample_norms is not None


REFUSALS = [
    (
        "makemore",
        "Makemore gives outputs of shape (2, 5) for tokens; expected scores of the next token at every",
    ),
    ("mlp", "the model can't take inputs of shape (n, 4)"),
]


@pytest.mark.parametrize(("spec", "sentence"), REFUSALS)
def test_models_that_foretell_no_tokens_are_refused(spec: str, sentence: str) -> None:
    x, y = samples()
    with pytest.raises(UsageError) as caught:
        Objective.bind(build(spec, (CONTEXT,), VOCABULARY), x, y, task="tokens")
    assert sentence in str(caught.value)


def test_a_vocabulary_that_is_too_small_is_told() -> None:
    x, y = samples(ragged=True)
    with pytest.raises(UsageError, match="gives 3 scores, but the targets go from 0 to 4"):
        Objective.bind(build(GPT, (CONTEXT,), 3), x % 3, y, task="tokens")


def test_measurements_for_a_model_of_tokens_are_told() -> None:
    digits: Dataset = load("moons")
    with pytest.raises(UsageError, match="gpt reads tokens"):
        Objective.of(build(GPT, digits.input_shape, digits.outputs), digits)
