"""What counting alone foretells: how often each token comes, and how often after each other one.

Any model that reads more than the token before should beat the pairs on what it has not seen.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dltui.data.dataset import UNASKED, Dataset

Ints = NDArray[np.int64]
Doubles = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Counted:
    """Counts over the part to learn from, and what they are worth on the part held out.

    Attributes:
        pairs: How often token j follows token i, shape (v, v).
        unigram_loss: Mean −ln p(j) on the held-out part, in nats.
        bigram_loss: Mean −ln p(j | i) on the held-out part, in nats.
    """

    pairs: Ints
    unigram_loss: float
    bigram_loss: float

    @property
    def surprise(self) -> Doubles:
        """−log₂ p(j | i) of every pair, in bits, shape (v, v)."""
        return -np.log2(chances(self.pairs))


def count(dataset: Dataset) -> Counted:
    """Count tokens and pairs of tokens of a data set.

    Args:
        dataset: One whose inputs are tokens.

    Returns:
        The counts; every chance is (count + 1) / (sum + v), which no pair makes impossible (Laplace).
    """
    size = len(dataset.classes)
    before, after = _follow(dataset.x_train, dataset.y_train)
    pairs = np.bincount(before * size + after, minlength=size * size).reshape(size, size)
    held_before, held_after = _follow(dataset.x_test, dataset.y_test)
    alone = chances(np.bincount(after, minlength=size)[None])[0]
    return Counted(
        pairs,
        float(-np.log(alone[held_after]).mean()),
        float(-np.log(chances(pairs)[held_before, held_after]).mean()),
    )


def chances(counts: Ints) -> Doubles:
    """Return the chance of each column in its row, each counted once more than it was seen."""
    shares: Doubles = (counts + 1.0) / (counts.sum(1, keepdims=True) + counts.shape[1])
    return shares


def _follow(x: NDArray[np.generic], y: Ints) -> tuple[Ints, Ints]:
    """Return every token that is asked for, and the one before it."""
    last = x if y.ndim == x.ndim else x[:, -1]
    asked = y != UNASKED
    return last[asked].astype(np.int64), y[asked]
