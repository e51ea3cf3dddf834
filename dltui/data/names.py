"""First names, letter by letter: the ladder from counting pairs to transformers."""

from __future__ import annotations

import gzip

import numpy as np
from numpy.typing import NDArray

from dltui.data._registry import dataset
from dltui.data.dataset import Dataset
from dltui.data.shipped import open_asset
from dltui.data.split import hold_out
from dltui.spelling import in_range

VOCABULARY = (".", *"abcdefghijklmnopqrstuvwxyz")  # the point stands before, after, and between names
LONGEST = 64


@dataset("names")
def names(name: str, seed: int, *, context: int = 3) -> Dataset:  # noqa: ARG001 - nothing is drawn here
    """5163 first names (US census, 1990), letter by letter.

    Each name counts once, however many people bear it. A row holds the ``context`` letters before a letter, points
    where the name hasn't begun; the answer is that letter, or a point at the end: *ann* makes ``...`` → a,
    ``..a`` → n, ``.an`` → n, ``ann`` → the end (Bengio et al. 2003 on letters, as Karpathy's *makemore* has it).

    Args:
        name: How it was spelled.
        seed: Not used: names and split are always the same.
        context: Letters that are seen.

    Returns:
        Tokens of shape (context,), 27 classes; a fixed fifth of the names is held out.
    """
    in_range("names", "context", context, 1, LONGEST)
    known = [one for one, _, _ in read_names()]
    learn, held = hold_out(np.zeros((len(known), 1), np.float32), "numbers")
    x_train, y_train = _windows([known[row] for row in learn], context)
    x_test, y_test = _windows([known[row] for row in held], context)
    return Dataset(
        name=name,
        x_train=x_train,
        y_train=y_train,
        x_test=x_test,
        y_test=y_test,
        task="classes",
        classes=VOCABULARY,
        split="a fixed fifth of the names held out, no name in both parts",
        source="U.S. Census Bureau, first names of 1990, as the Python package names has them",
    )


def read_names() -> list[tuple[str, float, float]]:
    """Return every name in alphabetical order, with how many in 100 women and in 100 men bear it."""
    with open_asset("names.txt.gz") as file:
        lines = gzip.decompress(file.read()).decode("ascii").splitlines()
    rows = (line.split("\t") for line in lines)
    return [(name, float(women), float(men)) for name, women, men in rows]


def _windows(known: list[str], context: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return every letter of the names with those before it."""
    ends = "".join(f"{name}." for name in known)
    answers = np.searchsorted(VOCABULARY, list(ends)).astype(np.int64)
    padded = "".join(f"{'.' * context}{name}." for name in known)
    letters = np.searchsorted(VOCABULARY, list(padded)).astype(np.int64)
    lengths = np.array([len(name) + 1 for name in known])
    starts = np.repeat(np.arange(len(known)) * context, lengths) + np.arange(len(answers))
    return letters[starts[:, None] + np.arange(context)], answers
