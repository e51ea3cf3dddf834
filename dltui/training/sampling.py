"""What a model of text writes: tokens drawn one after the other, each from what it says of those before it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from dltui.data import Dataset
from dltui.errors import UsageError
from dltui.figures import Tokens
from dltui.results.base import Made
from dltui.results.gallery import Gallery

LENGTH = 240  # tokens that are written


@dataclass(frozen=True, eq=False)
class Written:
    """A text that a model wrote.

    Attributes:
        given: The tokens that it had to go on from, shape (g,).
        tokens: The tokens that it drew, shape (n,).
        surprise: −log₂ of the chance that the model gave each of them, in bits, at temperature 1, shape (n,).
    """

    given: NDArray[np.int64]
    tokens: NDArray[np.int64]
    surprise: NDArray[np.float64]


def sample(
    module: nn.Module, dataset: Dataset, seed: int = 0, *, length: int = LENGTH, temperature: float = 1.0
) -> Gallery:
    """Return what a model of text writes after the first row of the held-out part.

    Args:
        module: The model; its mode and torch's generators are left as found.
        dataset: What it learns; the vocabulary and what it has to go on from.
        seed: Seed of the draws.
        length: Tokens to write.
        temperature: What the scores are divided by: below 1 the likely grows likelier; at 0 always the likeliest.

    Returns:
        The text, each token coloured by how much it surprised the model itself.

    Raises:
        UsageError: If the data are no tokens, or the temperature is negative.
    """
    if not dataset.reads_tokens:
        raise UsageError(f"{dataset.name} holds no text to go on from: try hamlet or names")
    first = np.asarray(dataset.x_test[0], dtype=np.int64)
    written = write(module, first, length, seed=seed, temperature=temperature)
    classes = dataset.classes
    text = "".join(classes[token] for token in written.tokens)
    every = np.concatenate([written.given, written.tokens])
    figure = Tokens(
        title=f"What it writes · {dataset.name}",
        caption=f"after {len(written.given)} tokens that it was given; temperature {temperature:g}",
        tokens=tuple(classes[token] for token in every),
        weights=np.concatenate([np.full(len(written.given), np.nan), written.surprise]),
        value_label="surprise, bits",
    )
    numbers = {
        "given": "".join(classes[token] for token in written.given),
        "text": text,
        "temperature": temperature,
        "bits": float(written.surprise.mean()) if length else 0.0,
    }
    return Gallery(title=figure.title, shown=(figure,), numbers=numbers, made=Made(seed=seed))


@torch.no_grad()
def write(
    module: nn.Module, given: NDArray[np.int64], length: int, *, seed: int = 0, temperature: float = 1.0
) -> Written:
    """Draw tokens one after the other; the model sees as many before each as it was given at first.

    Args:
        module: A model that maps tokens of shape (1, t) to scores of shape (1, t, v), or (1, v).
        given: What it goes on from, shape (g,).
        length: Tokens to draw.
        seed: Seed of the draws.
        temperature: What the scores are divided by; 0 for always the likeliest.

    Returns:
        The tokens.

    Raises:
        UsageError: If the temperature is negative.
    """
    if temperature < 0:
        raise UsageError(f"temperature must be at least 0, not {temperature:g}: try 0.8")
    generator = torch.Generator().manual_seed(seed)
    device = next(module.parameters()).device
    window = torch.from_numpy(given.copy())[None].to(device)
    tokens, surprise = np.empty(length, np.int64), np.empty(length)
    was_training = module.training
    module.eval()
    try:
        for place in range(length):
            scores: Tensor = module(window)
            last = (scores[0, -1] if scores.ndim == 3 else scores[0]).double().cpu()
            token = _drawn(last, temperature, generator)
            tokens[place] = token
            surprise[place] = -float(last.log_softmax(0)[token]) / np.log(2)
            window = torch.cat([window[:, 1:], window.new_tensor([[token]])], dim=1)
    finally:
        module.train(was_training)
    return Written(given, tokens, surprise)


def _drawn(scores: Tensor, temperature: float, generator: torch.Generator) -> int:
    """Return a token drawn from softmax(scores / temperature), or the likeliest at temperature 0."""
    if not temperature:
        return int(scores.argmax())
    return int(torch.multinomial((scores / temperature).softmax(0), 1, generator=generator))
