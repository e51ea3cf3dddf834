"""Choosing the held-out part: the same rows every time, every class in proportion."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from dltui.data.dataset import Dataset, Inputs, Task

SEED = 20260101  # fixed, so that runs with different seeds are judged on the same samples
PART = 5  # one sample in five is held out

Rows = NDArray[np.int64]


def hold_out(y: NDArray[Any], task: Task) -> tuple[Rows, Rows]:
    """Return the rows to learn from and the rows held out, a fifth of all rounded up.

    Args:
        y: Answers, shape (n, …); class numbers from 0 when the task is classes.
        task: With classes, each class is held out in proportion (largest remainders); with numbers, rows are drawn.

    Returns:
        Two ascending arrays of row numbers, disjoint and together complete.
    """
    draw = np.random.default_rng(SEED)
    total = -(-len(y) // PART)
    if task == "numbers":
        chosen = draw.permutation(len(y))[:total]
    else:
        members = [np.flatnonzero(y == label) for label in range(int(y.max()) + 1)]
        shares = apportion(np.array([len(m) for m in members]), total)
        chosen = np.concatenate([
            draw.permutation(m)[:share] for m, share in zip(members, shares, strict=True)
        ])
    held = np.zeros(len(y), dtype=bool)
    held[chosen] = True
    return np.flatnonzero(~held), np.flatnonzero(held)


def parted(name: str, x: Inputs, y: NDArray[Any], task: Task, *, split: str = "", **told: Any) -> Dataset:
    """Return samples as a data set, a fifth of them held out.

    Args:
        name: How it was spelled.
        x: Inputs, shape (n, …).
        y: Answers, shape (n, …).
        task: What they are.
        split: How the held-out part was chosen, where there is more to say.
        told: What else is known, as ``Dataset`` takes it.

    Returns:
        The data set.
    """
    learn, held = hold_out(y, task)
    return Dataset(
        name=name,
        x_train=x[learn],
        y_train=y[learn],
        x_test=x[held],
        y_test=y[held],
        task=task,
        split=split
        or "a fixed fifth held out" + (", every class in proportion" if task == "classes" else ""),
        **told,
    )


def apportion(counts: Rows, total: int) -> Rows:
    """Divide ``total`` seats in proportion to ``counts`` by largest remainders (Hamilton's method).

    No class gives away its last member, so with many classes of one member fewer seats are filled.

    Args:
        counts: Members of each class, shape (k,).
        total: Seats to fill.

    Returns:
        Seats of each class, each within 1 of its exact share, shape (k,).
    """
    exact = counts * (total / counts.sum())
    seats: Rows = np.minimum(np.floor(exact).astype(np.int64), np.maximum(counts - 1, 0))
    order = np.argsort(-(exact - seats), kind="stable")
    for label in order:
        if seats.sum() < total and seats[label] + 1 < counts[label]:
            seats[label] += 1
    return seats
