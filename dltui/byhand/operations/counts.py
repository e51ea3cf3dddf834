"""Metrics that count: what share of answers is right, by class, by box, by pixel."""

from __future__ import annotations

from typing import Literal

from dltui.byhand.functions import largest, least, mean, number, total
from dltui.byhand.operation import Indices, Mask, operation
from dltui.byhand.refusal import refuse
from dltui.byhand.sheet import Sheet
from dltui.byhand.tensor import Tensor
from dltui.byhand.value import Value

SCORES = [[0.1, 0.7, 0.2], [0.5, 0.3, 0.2], [0.2, 0.3, 0.5], [0.6, 0.1, 0.3]]


@operation(
    formula="accuracy = Σₙ [rank of the right class ≤ k]/N",
    examples={"scores": {"scores": SCORES, "target": [1, 0, 1, 2]}},
    symbols={"scores": "s"},
)
def accuracy(sheet: Sheet, scores: Tensor, target: Indices, *, top_k: int = 1) -> Tensor:
    """Accuracy: the share of samples whose right class is among the k with the largest scores.

    A class that ties with the right one and comes before it counts as larger.

    Args:
        sheet: Where it is worked.
        scores: (samples, classes).
        target: A class each, counted from 0.
        top_k: How many of the largest scores may be the right class.

    Returns:
        One number.
    """
    if len(scores.shape) != 2 or target.shape != scores.shape[:1]:
        refuse("target", f"target must be a class for each row of scores {scores.shape}, not {target.shape}")
    samples, classes = scores.shape
    if not 1 <= top_k <= classes:
        refuse("top_k", f"top_k must lie from 1 to the {classes} classes, not {top_k}")
    _classes("target", target, classes)
    sheet.heading(f"hits: the right class is among the top {top_k}")
    hit = sheet.tensor("hit", (samples,))
    for n in range(samples):
        row, right = [cell.value for cell in scores.row(n)], int(target[n].value)
        rank = 1 + sum(one > row[right] or (one == row[right] and j < right) for j, one in enumerate(row))
        sheet.note(f"class {right} has the score {row[right]:g}, rank {rank} of {classes}")
        hit[n] = number(rank <= top_k)
    sheet.heading("their share")
    sheet.let("accuracy", mean(hit.cells))
    return sheet.tensors["accuracy"]


@operation(
    formula="P = TP/(TP + FP), R = TP/(TP + FN), F = 2·P·R/(P + R)",
    examples={
        "binary": {"prediction": [1, 1, 0, 1, 0, 0], "target": [1, 0, 0, 1, 1, 0]},
        "classes": {"prediction": [0, 2, 1, 0, 0, 1], "target": [0, 1, 2, 0, 1, 2], "average": "macro"},
    },
    symbols={"prediction": "ŷ", "target": "t"},
)
def precision_recall(
    sheet: Sheet,
    prediction: Indices,
    target: Indices,
    *,
    average: Literal["binary", "macro", "micro", "none"] = "binary",
) -> tuple[Tensor, Tensor, Tensor]:
    """Precision, recall and F₁ from the confusion matrix.

    Precision: how many of those called positive are; recall: how many of the positive are found. 0/0 counts as 0.

    Args:
        sheet: Where it is worked.
        prediction: A class each, counted from 0.
        target: The right class of each.
        average: Of class 1 alone, the mean over classes, over all decisions at once, or one number a class.

    Returns:
        Precision, recall and F₁.
    """
    if prediction.shape != target.shape or len(target.shape) != 1 or not target.cells:
        refuse(
            "target",
            f"target must have the shape (samples,) of prediction {prediction.shape}, not {target.shape}",
        )
    pairs = [(int(t.value), int(p.value)) for t, p in zip(target.cells, prediction.cells, strict=True)]
    if min(map(min, pairs)) < 0:
        refuse("target", "classes are counted from 0, so none may be below 0")
    classes = max(2, max(map(max, pairs)) + 1)
    if average == "binary" and classes > 2:
        refuse(
            "average",
            f"average binary is for classes 0 and 1, here are {classes}: choose macro, micro or none",
        )
    sheet.heading("confusion matrix: rows are right classes, columns predicted ones")
    counts = sheet.tensor("M", (classes, classes))
    for t, p in counts.places():
        counts[t, p] = number(pairs.count((t, p)))
    chosen = [1] if average == "binary" else range(classes)
    hits = [counts[c, c] for c in chosen]
    called = [total([counts[t, c] for t in range(classes)]) for c in chosen]
    actual = [total(counts.row(c)) for c in chosen]
    if average == "micro":
        hits, called, actual = [total(hits)], [total(counts.cells)], [total(counts.cells)]
    return _rates(sheet, hits, called, actual, keep=average == "none")


def _rates(
    sheet: Sheet, hits: list[Value], called: list[Value], actual: list[Value], *, keep: bool
) -> tuple[Tensor, Tensor, Tensor]:
    """Write precision, recall and F₁ of some classes, and their means."""
    count = len(hits)
    shape = (count,) if keep or count > 1 else ()
    found = [sheet.tensor(name, shape) for name in ("P", "R", "F")]
    sheet.heading("precision, recall, F₁" if count == 1 else "precision, recall, F₁ of each class")
    for c in range(count):
        at = (c,) if shape else ()
        for one, below in zip(found, (called[c], actual[c]), strict=False):
            if not below.value:
                sheet.note("there is none: 0/0 counts as 0")
            one[at] = hits[c] / below if below.value else number(0)
        both = found[0][at].value + found[1][at].value
        if not both:
            sheet.note("both are 0: 0/0 counts as 0")
        product = 2 * found[0][at] * found[1][at]
        found[2][at] = product / (found[0][at] + found[1][at]) if both else number(0)
    if keep or count == 1:
        return found[0], found[1], found[2]
    sheet.heading("means over the classes")
    for one in found:
        sheet.let(f"{one.name}mean", mean(one.cells), symbol=f"mean {one.symbol}")
    means = [sheet.tensors[f"{one.name}mean"] for one in found]
    return means[0], means[1], means[2]


@operation(
    formula="IoU = |A ∩ B|/|A ∪ B|, |A ∪ B| = |A| + |B| − |A ∩ B|",
    examples={
        "boxes": {"a": [0, 0, 4, 3], "b": [2, 1, 6, 4]},
        "apart": {"a": [0, 0, 1, 1], "b": [2, 2, 3, 3]},
    },
)
def iou(sheet: Sheet, a: Tensor, b: Tensor) -> Tensor:
    """Intersection over union of two boxes.

    Args:
        sheet: Where it is worked.
        a: Box as (left, top, right, bottom).
        b: The other box.

    Returns:
        One number from 0 to 1.
    """
    for name, box in (("a", a), ("b", b)):
        if box.shape != (4,):
            refuse(name, f"{name} must be a box (left, top, right, bottom), four numbers, not {box.shape}")
        if box[2].value < box[0].value or box[3].value < box[1].value:
            refuse(name, f"{name} must have right ≥ left and bottom ≥ top: (left, top, right, bottom)")
    sheet.heading("intersection")
    sides = []
    for name, low, high in (("width", 0, 2), ("height", 1, 3)):
        side = least(a[high], b[high]) - largest(a[low], b[low])
        sides.append(sheet.let(name, largest(0.0, side), symbol=name[0]))
    both = sheet.let("I", sides[0] * sides[1])
    sheet.heading("areas and union")
    areas = [
        sheet.let(f"area{name}", (box[2] - box[0]) * (box[3] - box[1]), symbol=name.upper())
        for name, box in (("a", a), ("b", b))
    ]
    union = sheet.let("U", areas[0] + areas[1] - both)
    if not union.value:
        refuse("a", "both boxes have no area, so their IoU is 0/0: give a box with a width and a height")
    sheet.let("IoU", both / union)
    return sheet.tensors["IoU"]


@operation(
    formula="IoU = |A ∩ B|/|A ∪ B|, Dice = 2·|A ∩ B|/(|A| + |B|)",
    examples={"masks": {"prediction": [[1, 1, 0], [0, 1, 0]], "target": [[1, 0, 0], [0, 1, 1]]}},
    symbols={"prediction": "p", "target": "t"},
)
def mask_iou(sheet: Sheet, prediction: Mask, target: Mask) -> tuple[Tensor, Tensor]:
    """Intersection over union and Dice score of two masks, pixel by pixel.

    Args:
        sheet: Where it is worked.
        prediction: 1 where the thing is said to be.
        target: 1 where it is.

    Returns:
        IoU and Dice, each from 0 to 1.
    """
    if prediction.shape != target.shape:
        refuse("target", f"target must have the shape of prediction {prediction.shape}, not {target.shape}")
    sheet.heading("pixels")
    both = sheet.let("I", total([p * t for p, t in zip(prediction.cells, target.cells, strict=True)]))
    said = sheet.let("A", total(prediction.cells))
    there = sheet.let("B", total(target.cells))
    if not said.value + there.value:
        refuse("target", "both masks are empty, so their IoU is 0/0: mark a pixel of one")
    union = sheet.let("U", said + there - both)
    sheet.heading("scores")
    sheet.let("IoU", both / union)
    sheet.let("Dice", 2 * both / (said + there))
    return sheet.tensors["IoU"], sheet.tensors["Dice"]


def _classes(name: str, tensor: Tensor, classes: int) -> None:
    """Refuse classes that there are not."""
    wrong = [int(cell.value) for cell in tensor.cells if not 0 <= cell.value < classes]
    if wrong:
        refuse(name, f"{name} has the class {wrong[0]}, but scores know classes 0 to {classes - 1}")
