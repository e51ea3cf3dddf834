"""Accuracy and its kin: what one number hides, from a table of scores that can be changed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any

import numpy as np

from dltui.byhand import Worked, work
from dltui.figures import Bars, Heatmap, Lines, Series, Table
from dltui.instruments.byhand import steps_of
from dltui.lab import Frame, Slider, exhibit, near

CUTS = np.linspace(0, 1, 101)
LISTED = 12  # rows of the table that are shown
Scores = np.ndarray[Any, np.dtype[np.float64]]
Labels = np.ndarray[Any, np.dtype[np.int64]]


@exhibit(
    "accuracy-metrics",
    family="byhand",
    covers=("000b:top1",),
    kin={
        "dltui byhand accuracy": "the same line by line; in the TUI every score is changed in place",
        "dltui byhand precisionrecall --example classes": "precision and recall from a confusion matrix",
        "dltui byhand bleu": "a metric of texts",
    },
)
def accuracy_metrics(
    samples: Annotated[int, Slider(4, 60, help="samples")] = 24,
    classes: Annotated[int, Slider(2, 6, help="classes")] = 3,
    skill: Annotated[float, Slider(0, 4, help="how much larger the score of the right class is")] = 1.0,
    top_k: Annotated[int, Slider(1, 6, help="how many guesses count")] = 1,
    positive: Annotated[int, Slider(0, 5, help="the class of precision and recall")] = 0,
    threshold: Annotated[float, Slider(0, 1, help="score from which that class is called")] = 0.5,
    edit_row: Annotated[int, Slider(0, 60, help="sample whose score is changed, from 1 on; 0 for none")] = 0,
    edit_class: Annotated[int, Slider(0, 5, help="class whose score is changed")] = 0,
    edit_score: Annotated[float, Slider(0, 1, help="what the score becomes")] = 1.0,
    seed: Annotated[int, Slider(0, 100, help="seed of the scores")] = 0,
) -> Iterator[Frame]:
    """A table of scores, and what is read off it: accuracy, top-k, confusion matrix, precision and recall.

    Try: --top-k 2; --skill 0, and top-k is k/classes by chance; --threshold 0.9; --edit-row 1 --edit-score 1.
    Notice: raising the threshold trades recall for precision; accuracy alone tells nothing of that, and top-k can only
    rise with k, up to 1 when all classes count.

    Top-k: the right class is among the k largest scores. Precision TP/(TP + FP), recall TP/(TP + FN).
    """
    scores, target = score_table(samples, classes, skill, seed)
    if 1 <= edit_row <= samples and edit_class < classes:
        scores[edit_row - 1, edit_class] = edit_score
    top_k, positive = min(top_k, classes), min(positive, classes - 1)
    worked = work("accuracy", {"scores": scores.tolist(), "target": target.tolist(), "top_k": top_k})
    tops = [share(scores, target, k) for k in range(1, classes + 1)]
    called = scores.argmax(axis=1)
    counted = counts(called, target)
    matrix = np.array(counted.sheet.tensors["M"].numbers())
    at = cut(scores[:, positive], target == positive, threshold)
    figures = (
        _table(scores, target),
        Heatmap(
            title="Confusion matrix",
            values=matrix.astype(float),
            x=np.arange(len(matrix), dtype=float),
            y=np.arange(len(matrix), dtype=float),
            x_label="called",
            y_label="right class",
            value_label="samples",
            downwards=True,
        ),
        Bars(
            title="Top-k accuracy",
            labels=tuple(f"top {k}" for k in range(1, classes + 1)),
            values=np.array(tops),
            value_label="share",
        ),
        _curve(scores[:, positive], target == positive, positive, threshold),
        _rates(counted, positive, threshold, at),
        steps_of(worked.sheet.lines, worked.sheet.tensors, title=f"Top-{top_k} accuracy, worked out"),
    )
    yield Frame(
        figures=figures,
        numbers={
            "accuracy": worked.output[()].value,
            "tops": tops,
            "confusion": matrix.tolist(),
            "precision": [cell.value for cell in counted.outputs[0].cells],
            "recall": [cell.value for cell in counted.outputs[1].cells],
            "at_threshold": at,
        },
        caption=f"top-{top_k} {worked.output[()].value:.3f}",
        total=1,
    )


def score_table(samples: int, classes: int, skill: float, seed: int) -> tuple[Scores, Labels]:
    """Return scores that add up to 1 a sample, with three decimals, and the right classes."""
    draws = np.random.default_rng(seed)
    target = draws.integers(0, classes, samples)
    logits = draws.normal(size=(samples, classes))
    logits[np.arange(samples), target] += skill
    e = np.exp(logits)
    return (e / e.sum(axis=1, keepdims=True)).round(3), target


def share(scores: Scores, target: Labels, k: int) -> float:
    """Return the top-k accuracy, worked by hand."""
    worked = work("accuracy", {"scores": scores.tolist(), "target": target.tolist(), "top_k": k})
    return worked.output[()].value


def counts(called: Labels, target: Labels) -> Worked:
    """Return precision, recall and F₁ a class, worked by hand."""
    given = {"prediction": called.tolist(), "target": target.tolist(), "average": "none"}
    return work("precisionrecall", given)


def cut(scores: Scores, positive: np.ndarray[Any, np.dtype[np.bool_]], threshold: float) -> list[float]:
    """Return precision and recall when every score from a threshold on is called positive; 0/0 counts as 0."""
    called = scores >= threshold
    hits = float(np.sum(called & positive))
    return [hits / max(1.0, float(called.sum())), hits / max(1.0, float(positive.sum()))]


def _curve(
    scores: Scores, positive: np.ndarray[Any, np.dtype[np.bool_]], name: int, threshold: float
) -> Lines:
    """Return precision and recall over the threshold."""
    both = np.array([cut(scores, positive, one) for one in CUTS])
    at = np.array(cut(scores, positive, threshold))
    return Lines(
        title=f"Class {name} against the rest, over the threshold",
        series=(
            Series(name="precision", x=CUTS, y=both[:, 0]),
            Series(name="recall", x=CUTS, y=both[:, 1]),
            Series(name="threshold", x=np.array([threshold, threshold]), y=at, marks=True),
        ),
        x_label="threshold",
        y_label="share",
    )


def _table(scores: Scores, target: Labels) -> Table:
    """Return the first rows of the scores with the rank of the right class."""
    rows = []
    for n, (row, right) in enumerate(zip(scores[:LISTED], target, strict=False), start=1):
        rank = 1 + int(np.sum(row > row[right])) + int(np.sum(row[:right] == row[right]))
        rows.append((n, *map(float, row), int(right), rank))
    columns = ("sample", *(f"class {c}" for c in range(scores.shape[1])), "right class", "its rank")
    return Table(title="Scores", columns=columns, rows=tuple(rows))


def _rates(counted: Worked, positive: int, threshold: float, at: list[float]) -> Table:
    """Return precision, recall and F₁ of every class, and of one class at a threshold."""
    rates = [[cell.value for cell in one.cells] for one in counted.outputs]
    rows = [(f"class {c}, largest score", *(one[c] for one in rates)) for c in range(len(rates[0]))]
    both = sum(at)
    rows.append((f"class {positive}, score ≥ {threshold:g}", *at, 2 * at[0] * at[1] / both if both else 0.0))
    return Table(
        title="Precision and recall", columns=("called by", "precision", "recall", "F₁"), rows=tuple(rows)
    )


@accuracy_metrics.check
def counted_one_by_one() -> None:
    """Top-1 is the share whose argmax is right; top-k, confusion matrix, precision and recall equal a plain count."""
    for seed in range(5):
        last = accuracy_metrics.last(samples=30, classes=4, skill=0.7, seed=seed)
        scores, target = score_table(30, 4, 0.7, seed)
        near("top-1", last.numbers["accuracy"], float(np.mean(scores.argmax(axis=1) == target)))
        for k in range(1, 5):
            order = np.argsort(-scores, axis=1, kind="stable")[:, :k]
            hits = sum(t in row for row, t in zip(order.tolist(), target.tolist(), strict=True))
            near(f"top-{k}", share(scores, target, k), hits / 30)
        pairs = list(zip(target.tolist(), scores.argmax(axis=1).tolist(), strict=True))
        matrix = [[pairs.count((t, p)) for p in range(4)] for t in range(4)]
        near("confusion matrix", last.numbers["confusion"], matrix)
        for c in range(4):
            called, actual = sum(row[c] for row in matrix), sum(matrix[c])
            near(
                "precision", np.array(last.numbers["precision"])[c], matrix[c][c] / called if called else 0.0
            )
            near("recall", np.array(last.numbers["recall"])[c], matrix[c][c] / actual if actual else 0.0)


@accuracy_metrics.check
def limits() -> None:
    """Top-k never falls with k and ends at 1; at threshold 0 recall is 1 and precision the share of the class."""
    last = accuracy_metrics.last(samples=40, classes=5, threshold=0.0, positive=2)
    tops = np.array(last.numbers["tops"])
    assert (np.diff(tops) >= 0).all(), "top-k accuracy falls with k"
    near("all classes", tops[-1], 1.0)
    _, target = score_table(40, 5, 1.0, 0)
    near("at threshold 0", last.numbers["at_threshold"], [float(np.mean(target == 2)), 1.0])


@accuracy_metrics.check
def an_edit_counts() -> None:
    """A sample whose right class is given the score 1 is a hit, and one that is given 0 is a miss."""
    scores, target = score_table(24, 3, 1.0, 0)
    wrong = int(np.flatnonzero(scores.argmax(axis=1) != target)[0])
    before = accuracy_metrics.last()
    after = accuracy_metrics.last(edit_row=wrong + 1, edit_class=int(target[wrong]), edit_score=1.0)
    gained = float(str(after.numbers["accuracy"])) - float(str(before.numbers["accuracy"]))
    near("accuracy gained", gained, 1 / 24)
