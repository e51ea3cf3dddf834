"""A data set in a table, and in pictures that suit it."""

from __future__ import annotations

from typing import Any

import numpy as np

from dltui.data.bigram import count
from dltui.data.dataset import Dataset
from dltui.data.text import answered, spelled, text_facts
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
    }
    if dataset.reads_tokens:
        numbers |= {
            "unigram_loss": (counted := count(dataset)).unigram_loss,
            "bigram_loss": counted.bigram_loss,
        }
    else:
        numbers["inputs"] = _spread(dataset.x_train)
    if dataset.task != "numbers":
        counts = [answered(dataset, y) for y in (dataset.y_train, dataset.y_test)]
        numbers["classes"] = [
            {"name": name, "train": int(train), "test": int(test)}
            for name, train, test in zip(dataset.classes, *counts, strict=True)
        ]
    else:
        numbers["answers"] = _spread(dataset.y_train)
    return Gallery(title=dataset.name, shown=(table, *views(dataset, leaf)), numbers=numbers)


def facts(dataset: Dataset) -> tuple[tuple[str, str], ...]:
    """Return sizes, ranges and source of a data set, by name, as people read them."""
    names = ", ".join(map(spelled, dataset.classes))
    told = _facts(dataset) | ({"tokens" if dataset.reads_tokens else "classes": names} if names else {})
    return tuple(
        (name, number(cell) if isinstance(cell, float) else str(cell)) for name, cell in told.items()
    )


def _facts(dataset: Dataset) -> dict[str, Cell]:
    """Return what the table tells."""
    asked = {"classes": "classes", "numbers": "numbers", "tokens": "tokens"}[dataset.task]
    told: dict[str, Cell] = {
        "samples to learn from": len(dataset.x_train),
        "samples held out": len(dataset.x_test),
        "split": dataset.split,
        "shape of a sample": " × ".join(map(str, dataset.input_shape)),
        "answers": f"{dataset.outputs} {asked}",
    }
    told |= text_facts(dataset) if dataset.reads_tokens else _ranges(dataset)
    return told | {"source": dataset.source}


def _ranges(dataset: Dataset) -> dict[str, Cell]:
    """Return what the table tells of measurements."""
    x = _spread(dataset.x_train)
    return {
        "least input": x["least"],
        "largest input": x["largest"],
        "mean input": x["mean"],
        "standard deviation": x["std"],
    }


def _spread(values: Any) -> dict[str, float]:
    """Return least, largest, mean and standard deviation."""
    return {
        "least": float(values.min()),
        "largest": float(values.max()),
        "mean": float(values.mean(dtype=np.float64)),
        "std": float(values.std(dtype=np.float64)),
    }
