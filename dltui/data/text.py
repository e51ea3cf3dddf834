"""Pictures of data made of tokens: the running text, the letters before each letter, and what follows what."""

from __future__ import annotations

import numpy as np

from dltui.data.bigram import Counted, count
from dltui.data.dataset import UNASKED, Dataset, Inputs, Rows
from dltui.figures import Bars, Cell, Figure, Heatmap, Table, Tokens

SPELLED = {"\n": "newline", " ": "space", "\t": "tab"}  # tokens that could not be seen


def spelled(token: str) -> str:
    """Return a token as a label shows it."""
    return SPELLED.get(token, token)


def passages(dataset: Dataset, rows: Rows, where: str) -> Figure:
    """Return rows of tokens as they are read.

    Args:
        dataset: One whose inputs are tokens.
        rows: Which rows.
        where: What the caption says of them.

    Returns:
        The running text, each token coloured by how much it surprises whoever knows the one before it; or a table of
        the tokens before and the one to come.
    """
    if dataset.task == "classes":
        return _windows(dataset, rows, where)
    x = dataset.x_train[rows].astype(np.int64)
    surprise = count(dataset).surprise
    weights = np.full(x.shape, np.nan)
    weights[:, 1:] = surprise[x[:, :-1], x[:, 1:]]
    if dataset.stream is not None:
        weights[1:, 0] = surprise[x[:-1, -1], x[1:, 0]]
    return Tokens(
        title=f"Samples · {dataset.name}",
        caption=f"{where}; {x.shape[1]} tokens a row, end to end",
        tokens=tuple(dataset.classes[token] for token in x.ravel()),
        weights=weights.ravel(),
        value_label="surprise after the token before, bits",
    )


def text_views(dataset: Dataset) -> list[Figure]:
    """Return how often tokens come, and what follows what.

    Args:
        dataset: One whose inputs are tokens.

    Returns:
        Bars and a heat map.
    """
    counted = count(dataset)
    return [frequencies(dataset), _followers(dataset, counted)]


def text_facts(dataset: Dataset) -> dict[str, Cell]:
    """Return what the table tells of tokens instead of ranges of inputs."""
    counted = count(dataset)
    return {
        "vocabulary": len(dataset.classes),
        "tokens to learn": int((dataset.y_train != UNASKED).sum()),
        "tokens held out": int((dataset.y_test != UNASKED).sum()),
        "loss of unigrams, nats": round(counted.unigram_loss, 4),
        "loss of bigrams, nats": round(counted.bigram_loss, 4),
    }


def frequencies(dataset: Dataset) -> Bars:
    """Return how often each token is asked for, both parts together, the commonest first."""
    counts = sum(answered(dataset, y) for y in (dataset.y_train, dataset.y_test))
    order = np.argsort(-np.asarray(counts), kind="stable")
    return Bars(
        title=f"How often each token comes · {dataset.name}",
        caption="both parts together",
        labels=tuple(spelled(dataset.classes[token]) for token in order),
        values=np.asarray(counts)[order].astype(float),
        value_label="times",
        scale="log",
    )


def answered(dataset: Dataset, y: Inputs) -> Rows:
    """Return how often each class or token is an answer, shape (classes,)."""
    return np.bincount(y[y != UNASKED].astype(np.int64), minlength=dataset.outputs)


def _windows(dataset: Dataset, rows: Rows, where: str) -> Table:
    """Return what is seen and what comes next."""
    seen = ("".join(dataset.classes[int(token)] for token in row) for row in dataset.x_train[rows])
    nexts = (dataset.classes[int(answer)] for answer in dataset.y_train[rows])
    return Table(
        title=f"Samples · {dataset.name}",
        caption=where,
        columns=("seen", "next"),
        rows=tuple((before, spelled(after)) for before, after in zip(seen, nexts, strict=True)),
    )


def _followers(dataset: Dataset, counted: Counted) -> Heatmap:
    """Return how often each token follows each other one."""
    totals = counted.pairs.sum(1, keepdims=True)
    size = len(dataset.classes)
    return Heatmap(
        title=f"What follows what · {dataset.name}",
        caption=f"columns in the order of the rows: {' '.join(map(spelled, dataset.classes))}",
        values=np.where(totals > 0, counted.pairs / np.maximum(totals, 1), np.nan),
        x=np.arange(size, dtype=float),
        y=np.arange(size, dtype=float),
        x_label="next token",
        y_label="token",
        value_label="share of what follows",
        downwards=True,
        row_names=tuple(map(spelled, dataset.classes)),
    )
