"""Text that models write: drawn from what they say, from a seed, and shown with the surprise of each token."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from dltui.data import Dataset, load
from dltui.errors import UsageError
from dltui.figures import Tokens
from dltui.models import build
from dltui.training.samples import make_sample
from dltui.training.sampling import sample, write


class Chain(nn.Module):
    """Says of every token the same three chances for the next one, whatever came before."""

    def __init__(self, chances: list[float]) -> None:
        super().__init__()
        self.scores = nn.Parameter(torch.tensor(chances).log())

    def forward(self, x_BT: Tensor) -> Tensor:
        return self.scores.expand(*x_BT.shape, 3)


class Next(nn.Module):
    """Is sure that after token t comes t + 1 modulo 5; gives one row of scores for a window."""

    def __init__(self) -> None:
        super().__init__()
        self.table = nn.Parameter(50.0 * torch.eye(5).roll(1, 1))

    def forward(self, x_BT: Tensor) -> Tensor:
        return self.table[x_BT[:, -1]]


@pytest.fixture(scope="module")
def hamlet() -> Dataset:
    return load("hamlet:context=16")


def test_a_model_that_is_sure_writes_what_it_is_sure_of() -> None:
    written = write(Next(), np.array([0, 3]), 7)
    assert written.tokens.tolist() == [4, 0, 1, 2, 3, 4, 0]
    assert written.surprise == pytest.approx(0, abs=1e-9)
    assert written.given.tolist() == [0, 3]


@pytest.mark.parametrize(("temperature", "power"), [(1.0, 1.0), (0.5, 2.0), (2.0, 0.5)])
def test_tokens_come_as_often_as_the_model_says(temperature: float, power: float) -> None:
    chances = np.array([0.6, 0.3, 0.1])
    written = write(Chain(chances.tolist()), np.array([0]), 3000, seed=1, temperature=temperature)
    shares = np.bincount(written.tokens, minlength=3) / 3000
    expected = chances**power / (chances**power).sum()
    np.testing.assert_allclose(shares, expected, atol=4 * np.sqrt(0.25 / 3000))
    np.testing.assert_allclose(written.surprise, -np.log2(chances[written.tokens]), rtol=1e-6)


def test_the_likeliest_at_temperature_0() -> None:
    assert write(Chain([0.2, 0.5, 0.3]), np.array([0]), 20, temperature=0).tokens.tolist() == [1] * 20


@pytest.mark.parametrize("spec", ["gpt:layers=1,heads=2,width=8", "lstm:width=8"])
def test_the_same_seed_writes_the_same_and_leaves_all_as_it_was(spec: str, hamlet: Dataset) -> None:
    torch.manual_seed(0)
    module = build(spec, hamlet.input_shape, hamlet.outputs).train()
    before = torch.get_rng_state()
    first, again, other = (sample(module, hamlet, seed, length=40) for seed in (5, 5, 6))
    assert torch.equal(before, torch.get_rng_state())
    assert module.training
    assert first.numbers["text"] == again.numbers["text"] != other.numbers["text"]
    assert len(first.numbers["text"]) == 40
    (figure,) = first.figures()
    assert isinstance(figure, Tokens)
    assert "".join(figure.tokens) == first.numbers["given"] + first.numbers["text"]
    assert np.isnan(figure.weights[:16]).all()
    assert np.isfinite(figure.weights[16:]).all()
    assert first.numbers["bits"] == pytest.approx(6, abs=1)  # a fresh network knows nothing: log2 65


def test_makemore_writes_names() -> None:
    names = load("names")
    torch.manual_seed(0)
    module = build("makemore", names.input_shape, names.outputs)
    found = make_sample(module, names, device=torch.device("cpu"), seed=0)
    assert found is not None
    figure, text = found
    assert isinstance(figure, Tokens)
    assert set(text) <= set(names.classes)


def test_what_makes_no_sense_is_refused(hamlet: Dataset) -> None:
    with pytest.raises(UsageError, match="temperature must be at least 0, not -1: try 0.8"):
        write(Next(), np.array([0]), 3, temperature=-1)
    with pytest.raises(UsageError, match="digits holds no text to go on from: try hamlet or names"):
        sample(Next(), load("digits"))
