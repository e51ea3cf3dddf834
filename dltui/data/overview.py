"""A data set in a table, and its samples in a picture that suits them."""

from __future__ import annotations

from typing import Any

import numpy as np

from dltui.data.dataset import Dataset
from dltui.figures import Bars, Cell, Figure, Histogram, Images, Points, Table
from dltui.results.gallery import Gallery

SAMPLES = 20  # pictures that are shown
CLOUD = 2000  # points that are shown
BINS = 40


def overview(dataset: Dataset) -> Gallery:
    """Return sizes, ranges and classes of a data set, and some of its samples.

    Args:
        dataset: What to look into.

    Returns:
        A table, the class counts, and pictures, points or a histogram.
    """
    facts = _facts(dataset)
    table = Table(title=f"Data · {dataset.name}", columns=("what", "value"), rows=tuple(facts.items()))
    shown: list[Figure] = [table, _samples(dataset)]
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
        shown.append(_class_bars(dataset, counts[0] + counts[1]))
    else:
        numbers["answers"] = _spread(dataset.y_train)
    return Gallery(title=dataset.name, shown=tuple(shown), numbers=numbers)


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
    exact = np.asarray(values, dtype=np.float64)
    return {
        "least": float(exact.min()),
        "largest": float(exact.max()),
        "mean": float(exact.mean()),
        "std": float(exact.std()),
    }


def _class_bars(dataset: Dataset, counts: Any) -> Figure:
    """Return how many samples each class has."""
    return Bars(
        title=f"Samples of each class · {dataset.name}",
        caption="both parts together",
        labels=dataset.classes,
        values=counts.astype(float),
        value_label="samples",
    )


def _samples(dataset: Dataset) -> Figure:
    """Return the picture that suits the samples: pictures, points in the plane or space, or a histogram."""
    shape = dataset.input_shape
    if len(shape) == 3 and shape[0] in (1, 3):
        return _pictures(dataset)
    if len(shape) == 1 and shape[0] in (2, 3):
        return _points(dataset)
    counts, edges = np.histogram(dataset.x_train.astype(np.float64), bins=BINS)
    return Histogram(
        title=f"Input values · {dataset.name}", edges=edges, counts=counts.astype(float), value_label="input"
    )


def _pictures(dataset: Dataset) -> Images:
    """Return the first pictures of every class in turn, each stretched to 0 … 1 as all of them together need."""
    rows = _in_turn(dataset)
    pixels = dataset.x_train[rows].transpose(0, 2, 3, 1).astype(np.float64)
    low, high = float(dataset.x_train.min()), float(dataset.x_train.max())
    pixels = (pixels - low) / (high - low or 1.0)
    names = tuple(dataset.classes[dataset.y_train[row]] for row in rows) if dataset.task == "classes" else ()
    return Images(
        title=f"Samples · {dataset.name}",
        caption="the first of each class" if names else "the first samples",
        pixels=pixels[..., 0] if pixels.shape[-1] == 1 else pixels,
        names=names,
    )


def _in_turn(dataset: Dataset) -> list[int]:
    """Return the first rows, taking one of each class before a second of any."""
    if dataset.task == "numbers":
        return list(range(min(SAMPLES, len(dataset.x_train))))
    order = np.argsort(dataset.y_train, kind="stable")
    counts = np.bincount(dataset.y_train)
    within = np.concatenate([np.arange(count) for count in counts])
    turns = order[np.lexsort((dataset.y_train[order], within))]
    return [int(row) for row in turns[:SAMPLES]]


def _points(dataset: Dataset) -> Points:
    """Return the inputs as points, coloured by their answers."""
    every = -(-len(dataset.x_train) // CLOUD)
    x, y = dataset.x_train[::every].astype(np.float64), dataset.y_train[::every]
    title = f"Samples · {dataset.name}"
    if dataset.task == "classes":
        return Points(title=title, position=x, group=y, group_names=dataset.classes)
    return Points(title=title, position=x, value=y[:, 0].astype(np.float64))
