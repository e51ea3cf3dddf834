"""Pictures of a data set: its samples, its classes, its values, its features."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dltui.data.dataset import Dataset, Rows
from dltui.data.text import passages, text_views
from dltui.errors import UsageError, unknown
from dltui.figures import Bars, Figure, Histogram, Images, Points, Scene, Table

SAMPLES = 20  # pictures on a page
CLOUD = 2000  # points that are shown
BINS = 40
FEATURES = 200  # rows of the table of features
LEAST = 16  # rows of three numbers that make a cloud in space
APART = 2.4  # radii from the middle of one cloud to that of the next


@dataclass(frozen=True)
class Leaf:
    """Which samples are shown.

    Attributes:
        page: Number of the page, from 1.
        only: The class whose samples are shown, or None for all in turn.
    """

    page: int = 1
    only: str | None = None


FIRST = Leaf()


def is_pictures(dataset: Dataset) -> bool:
    """Return whether the samples are grey or coloured pictures."""
    return len(dataset.input_shape) == 3 and dataset.input_shape[0] in (1, 3)


def is_points(dataset: Dataset) -> bool:
    """Return whether the samples are points of the plane or of space."""
    return len(dataset.input_shape) == 1 and dataset.input_shape[0] in (2, 3) and not dataset.reads_tokens


def is_clouds(dataset: Dataset) -> bool:
    """Return whether each sample is a cloud of points in space."""
    shape = dataset.input_shape
    return len(shape) == 2 and shape[0] >= LEAST and shape[1] == 3 and not dataset.reads_tokens


def pages(dataset: Dataset, only: str | None = None) -> int:
    """Return how many pages of samples there are, of all classes or of one."""
    return max(1, -(-len(_chosen(dataset, only)) // SAMPLES))


def samples(dataset: Dataset, leaf: Leaf = FIRST) -> Figure:
    """Return the picture that suits the samples: pictures, points, clouds in space, text, or a table of numbers.

    Args:
        dataset: What to look into; its part to learn from is shown.
        leaf: Which samples.

    Returns:
        A page of pictures or rows, or all points at once.

    Raises:
        UsageError: If there is no such page or class.
    """
    last = pages(dataset, leaf.only)
    if not 1 <= leaf.page <= last:
        raise UsageError(f"{dataset.name} has no page {leaf.page}: expected 1 to {last}")
    rows = _chosen(dataset, leaf.only)
    if is_points(dataset):
        return _points(dataset, rows)
    rows = rows[(leaf.page - 1) * SAMPLES : leaf.page * SAMPLES]
    where = f"page {leaf.page} of {last}" + (f", class {leaf.only} alone" if leaf.only is not None else "")
    if dataset.reads_tokens:
        return passages(dataset, rows, where)
    if is_clouds(dataset):
        return _clouds(dataset, rows, where)
    return _pictures(dataset, rows, where) if is_pictures(dataset) else _numbers(dataset, rows, where)


def views(dataset: Dataset, leaf: Leaf = FIRST) -> list[Figure]:
    """Return everything that there is to see of a data set.

    Args:
        dataset: What to look into.
        leaf: Which samples come first.

    Returns:
        Samples, the mean of each class for pictures, class counts, the spread of values, and statistics by feature;
        for tokens how often each comes and what follows what.
    """
    shown: list[Figure] = [samples(dataset, leaf)]
    if dataset.reads_tokens:
        return [*shown, *text_views(dataset)]
    if dataset.task == "classes":
        shown += [means(dataset)] if is_pictures(dataset) else []
        shown.append(class_bars(dataset))
    return [*shown, spread(dataset), features(dataset)]


def means(dataset: Dataset) -> Images:
    """Return the mean picture of each class, over the part to learn from."""
    totals = [dataset.x_train[dataset.y_train == label] for label in range(len(dataset.classes))]
    known = [(name, part) for name, part in zip(dataset.classes, totals, strict=True) if len(part)]
    pixels = np.stack([part.mean(axis=0, dtype=np.float64) for _, part in known])
    return _framed(
        dataset,
        pixels,
        f"Mean of each class · {dataset.name}",
        "over the part to learn from",
        [n for n, _ in known],
    )


def class_bars(dataset: Dataset) -> Bars:
    """Return how many samples each class has, both parts together."""
    counts = [np.bincount(y, minlength=dataset.outputs) for y in (dataset.y_train, dataset.y_test)]
    return Bars(
        title=f"Samples of each class · {dataset.name}",
        caption="both parts together",
        labels=dataset.classes,
        values=(counts[0] + counts[1]).astype(float),
        value_label="samples",
    )


def spread(dataset: Dataset) -> Histogram:
    """Return how often input values fall where."""
    counts, edges = np.histogram(dataset.x_train, bins=BINS)
    return Histogram(
        title=f"Input values · {dataset.name}",
        edges=edges.astype(float),
        counts=counts.astype(float),
        value_label="input",
        scale="log" if counts.max() > 100 * max(1, np.median(counts)) else "linear",
    )


def features(dataset: Dataset) -> Table:
    """Return least, largest, mean and standard deviation of each feature, over the part to learn from."""
    x = dataset.x_train.reshape(len(dataset.x_train), -1)
    count = x.shape[1]
    shown = x[:, :FEATURES]
    low, high = shown.min(axis=0), shown.max(axis=0)
    mean, std = shown.mean(axis=0, dtype=np.float64), shown.std(axis=0, dtype=np.float64)
    names = [_feature(at, dataset.input_shape) for at in range(shown.shape[1])]
    rows = zip(names, low.tolist(), high.tolist(), mean.tolist(), std.tolist(), strict=True)
    return Table(
        title=f"Features · {dataset.name}",
        caption=f"the first {FEATURES} of {count:,}" if count > FEATURES else "over the part to learn from",
        columns=("feature", "least", "largest", "mean", "std"),
        rows=tuple((name, low, high, round(mean, 6), round(std, 6)) for name, low, high, mean, std in rows),
    )


def _chosen(dataset: Dataset, only: str | None) -> Rows:
    """Return the rows in the order in which they are shown: one of each class before a second of any."""
    if only is not None:
        if dataset.task == "tokens":
            raise UsageError(f"the rows of {dataset.name} have no class: leave out --class {only}")
        if dataset.task != "classes" or only not in dataset.classes:
            raise unknown(f"class of {dataset.name}", only, dataset.classes)
        return np.flatnonzero(dataset.y_train == dataset.classes.index(only))
    if dataset.task != "classes" or dataset.reads_tokens:
        return np.arange(len(dataset.x_train))
    order = np.argsort(dataset.y_train, kind="stable")
    counts = np.bincount(dataset.y_train)
    within = np.concatenate([np.arange(count) for count in counts])
    return order[np.lexsort((dataset.y_train[order], within))]


def _pictures(dataset: Dataset, rows: Rows, where: str) -> Images:
    """Return pictures, each stretched to 0 … 1 as all of them together need."""
    names = [dataset.classes[dataset.y_train[row]] for row in rows] if dataset.task == "classes" else []
    return _framed(
        dataset, dataset.x_train[rows].astype(np.float32), f"Samples · {dataset.name}", where, names
    )


def _framed(
    dataset: Dataset, stack: NDArray[np.floating], title: str, caption: str, names: Sequence[str]
) -> Images:
    """Return pictures of shape (n, channels, h, w) as a figure."""
    low, high = float(dataset.x_train.min()), float(dataset.x_train.max())
    pixels = (stack.transpose(0, 2, 3, 1).astype(np.float64) - low) / (high - low or 1.0)
    return Images(
        title=title,
        caption=caption,
        pixels=pixels[..., 0] if pixels.shape[-1] == 1 else pixels,
        names=tuple(names),
    )


def _points(dataset: Dataset, rows: Rows) -> Points:
    """Return the inputs as points, coloured by their answers."""
    rows = np.sort(rows)[:: -(-len(rows) // CLOUD)]
    x, y = dataset.x_train[rows].astype(np.float64), dataset.y_train[rows]
    title = f"Samples · {dataset.name}"
    if dataset.task == "classes":
        return Points(title=title, position=x, group=y, group_names=dataset.classes)
    return Points(title=title, position=x, value=y[:, 0].astype(np.float64))


def _clouds(dataset: Dataset, rows: Rows, where: str) -> Scene:
    """Return clouds side by side, the first above on the left, coloured by their answers."""
    clouds, y = dataset.x_train[rows].astype(np.float32), dataset.y_train[rows]
    wide = max(1, round(np.sqrt(2 * len(rows))))
    step = APART * float(np.linalg.norm(clouds, axis=2).max(initial=0))
    down, along = np.divmod(np.arange(len(rows)), wide)
    middles = np.stack([along * step, -down * step, 0 * along], axis=1).astype(np.float32)
    classes = dataset.task == "classes"
    return Scene(
        title=f"Samples · {dataset.name}",
        caption=where,
        points=(clouds + middles[:, None]).reshape(-1, 3),
        point_values=np.repeat(y if classes else y[:, 0], clouds.shape[1]).astype(np.float32),
        value_label="class" if classes else "answer",
        value_names=dataset.classes,
        up="y",
        projection="orthographic",
    )


def _numbers(dataset: Dataset, rows: Rows, where: str) -> Table:
    """Return samples as rows of numbers with their answers."""
    flat = dataset.x_train[rows].reshape(len(rows), -1)[:, :FEATURES]
    answers = [
        dataset.classes[dataset.y_train[row]] if dataset.task == "classes" else float(dataset.y_train[row][0])
        for row in rows
    ]
    columns = ("answer", *(_feature(at, dataset.input_shape) for at in range(flat.shape[1])))
    told = zip(answers, flat.tolist(), strict=True)
    rounded = tuple((answer, *(round(value, 4) for value in values)) for answer, values in told)
    return Table(title=f"Samples · {dataset.name}", caption=where, columns=columns, rows=rounded)


def _feature(at: int, shape: tuple[int, ...]) -> str:
    """Return what a feature is called: its number, or its place in a picture."""
    if len(shape) == 1:
        return f"x{at}"
    return "[" + ", ".join(str(int(place)) for place in np.unravel_index(at, shape)) + "]"
