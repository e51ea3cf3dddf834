"""A data set in a table, and in pictures that suit it."""

from __future__ import annotations

from typing import Any

import numpy as np

from dltui.data.dataset import Dataset
from dltui.data.views import FIRST, Leaf, samples, views
from dltui.figures import Cell, Table, number
from dltui.results.gallery import Gallery

__all__ = ["facts", "overview", "samples"]


def overview(dataset: Dataset, leaf: Leaf = FIRST) -> Gallery:
    """Return sizes, ranges and classes of a data set, and pictures of it.

    Args:
        dataset: What to look into.
        leaf: Which samples are shown.

    Returns:
        A table, samples, class counts, values and features.
    """
    told = _facts(dataset)
    table = Table(title=f"Data · {dataset.name}", columns=("what", "value"), rows=tuple(told.items()))
    numbers: dict[str, Any] = {
        "name": dataset.name,
        "task": dataset.task,
        "input_shape": list(dataset.input_shape),
        "outputs": dataset.outputs,
        "train": len(dataset.x_train),
        "test": len(dataset.x_test),
        "split": dataset.split,
        "source": dataset.source,
        "inputs": _spread(dataset.x_train),
    }
    if dataset.task == "classes":
        counts = [np.bincount(y, minlength=dataset.outputs) for y in (dataset.y_train, dataset.y_test)]
        numbers["classes"] = [
            {"name": name, "train": int(train), "test": int(test)}
            for name, train, test in zip(dataset.classes, *counts, strict=True)
        ]
    else:
        numbers["answers"] = _spread(dataset.y_train)
    return Gallery(title=dataset.name, shown=(table, *views(dataset, leaf)), numbers=numbers)


def facts(dataset: Dataset) -> tuple[tuple[str, str], ...]:
    """Return sizes, ranges and source of a data set, by name, as people read them."""
    told = _facts(dataset) | ({"classes": ", ".join(dataset.classes)} if dataset.classes else {})
    return tuple(
        (name, number(cell) if isinstance(cell, float) else str(cell)) for name, cell in told.items()
    )


def _facts(dataset: Dataset) -> dict[str, Cell]:
    """Return what the table tells."""
    x = _spread(dataset.x_train)
    answers = f"{dataset.outputs} classes" if dataset.task == "classes" else f"{dataset.outputs} numbers"
    return {
        "samples to learn from": len(dataset.x_train),
        "samples held out": len(dataset.x_test),
        "split": dataset.split,
        "shape of a sample": " × ".join(map(str, dataset.input_shape)),
        "answers": answers,
        "least input": x["least"],
        "largest input": x["largest"],
        "mean input": x["mean"],
        "standard deviation": x["std"],
        "source": dataset.source,
    }


def _spread(values: Any) -> dict[str, float]:
    """Return least, largest, mean and standard deviation."""
    return {
        "least": float(values.min()),
        "largest": float(values.max()),
        "mean": float(values.mean(dtype=np.float64)),
        "std": float(values.std(dtype=np.float64)),
    }
