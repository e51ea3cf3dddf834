"""Losses of vectors against vectors: what belongs together shall be near, all else far."""

from __future__ import annotations

from dltui.byhand.functions import dot, exp, largest, log, number, sqrt, total
from dltui.byhand.operation import Indices, operation
from dltui.byhand.operations.reduction import Reduction, reduced
from dltui.byhand.refusal import refuse
from dltui.byhand.sheet import Sheet
from dltui.byhand.tensor import Tensor

SMALL = 9.999999960041972e-13  # torch adds 1e-12 below the root, and keeps it in float32
ANCHORS = [[1, 0], [0, 2]]


@operation(
    formula="ℓ = 1 − cos(x₁, x₂) for y = 1, max(0, cos(x₁, x₂) − m) for y = −1",
    examples={"pairs": {"x1": [[1, 2], [3, 1]], "x2": [[2, 1], [-1, 2]], "target": [1, -1]}},
    symbols={"x1": "a", "x2": "b", "target": "y"},
)
def cosine_embedding_loss(
    sheet: Sheet,
    x1: Tensor,
    x2: Tensor,
    target: Indices,
    *,
    margin: float = 0.0,
    reduction: Reduction = "mean",
) -> Tensor:
    """Cosine embedding loss: pairs that belong together shall point the same way, others apart.

    Args:
        sheet: Where it is worked.
        x1: (N, D).
        x2: (N, D).
        target: (N), 1 for a pair and −1 for none.
        margin: m, the cosine up to which strangers may be alike.
        reduction: What is made of the losses of all pairs.

    Returns:
        One number; (N) without reduction.
    """
    _same(x1, x2)
    if target.shape != x1.shape[:1] or any(cell.value not in {1, -1} for cell in target.cells):
        refuse("target", f"target needs 1 or −1 for each of {x1.shape[0]} pairs")
    small = number(SMALL, "ε")
    sheet.heading("cosines")
    c = sheet.tensor("c", x1.shape[:1])
    for n in range(x1.shape[0]):
        a, b = x1.row(n), x2.row(n)
        c[n] = dot(a, b) / sqrt((dot(a, a) + small) * (dot(b, b) + small))
    sheet.heading("how wrong they are")
    losses = sheet.tensor("l", x1.shape[:1], "ℓ")
    for n in range(x1.shape[0]):
        alike = target[n].value == 1
        sheet.note("y = 1" if alike else "y = −1")
        losses[n] = 1 - c[n] if alike else largest(c[n] - margin, 0.0)
    return reduced(sheet, losses, reduction)


@operation(
    formula="ℓ = max(0, ‖a − p + ε‖ − ‖a − n + ε‖ + m)",
    examples={"two": {"anchor": ANCHORS, "positive": [[1, 1], [0, 1]], "negative": [[2, 0], [3, 2]]}},
    symbols={"anchor": "a", "positive": "p", "negative": "q"},
)
def triplet_margin_loss(
    sheet: Sheet,
    anchor: Tensor,
    positive: Tensor,
    negative: Tensor,
    *,
    margin: float = 1.0,
    reduction: Reduction = "mean",
) -> Tensor:
    """Triplet loss: the positive shall be nearer to the anchor than the negative, by a margin.

    Args:
        sheet: Where it is worked.
        anchor: (N, D).
        positive: (N, D), what belongs to the anchor.
        negative: (N, D), what does not.
        margin: m by which it shall be nearer.
        reduction: What is made of the losses of all triplets.

    Returns:
        One number; (N) without reduction.
    """
    _same(anchor, positive)
    _same(anchor, negative)
    if not margin > 0:
        refuse("margin", f"margin must be above 0, not {margin:g}")
    far = {}
    for name, symbol, other in (("near", "d", positive), ("far", "e", negative)):
        sheet.heading("distances to the positive" if name == "near" else "distances to the negative")
        d = sheet.tensor(name, anchor.shape[:1], symbol)
        for n in range(anchor.shape[0]):
            gaps = [x - y + number(1e-6, "ε") for x, y in zip(anchor.row(n), other.row(n), strict=True)]
            d[n] = sqrt(total([gap**2 for gap in gaps]))
        far[name] = d
    sheet.heading("how far the order is from right")
    losses = sheet.tensor("l", anchor.shape[:1], "ℓ")
    for n in range(anchor.shape[0]):
        losses[n] = largest(far["near"][n] - far["far"][n] + margin, 0.0)
    return reduced(sheet, losses, reduction)


@operation(
    formula="ℓᵢ = −ln(e^(sᵢᵢ/T) / Σⱼ e^(sᵢⱼ/T)), s the cosines of queries and keys",
    examples={
        "two": {"query": [[1, 0], [0.6, 0.8]], "key": [[0.8, 0.6], [0, 1]], "temperature": 0.5},
    },
    remarks={"two": "a batch of N pairs guesses at random for ln N"},
)
def info_nce_loss(
    sheet: Sheet, query: Tensor, key: Tensor, *, temperature: float = 0.1, reduction: Reduction = "mean"
) -> Tensor:
    """InfoNCE: each query shall pick its own key among all keys of the batch (van den Oord et al. 2018).

    It is the cross-entropy of the table of cosines over T, whose right answers stand on the diagonal.

    Args:
        sheet: Where it is worked.
        query: (N, D).
        key: (N, D), the key of each query in the same row.
        temperature: T.
        reduction: What is made of the losses of all queries.

    Returns:
        One number; (N) without reduction.
    """
    _same(query, key)
    if not temperature > 0:
        refuse("temperature", f"temperature must be above 0, not {temperature:g}")
    count = query.shape[0]
    sizes = {}
    for name, symbol, one in (("lengths_query", "u", query), ("lengths_key", "v", key)):
        sheet.heading(f"lengths of the {'queries' if symbol == 'u' else 'keys'}")
        size = sheet.tensor(name, (count,), symbol)
        for n in range(count):
            if not any(cell.value for cell in one.row(n)):
                refuse(one.name, f"row {n} of {one.name} is 0 and points nowhere: it has no cosine")
            size[n] = sqrt(dot(one.row(n), one.row(n)))
        sizes[symbol] = size
    sheet.heading("cosines over the temperature")
    s = sheet.tensor("s", (count, count))
    for i, j in s.places():
        s[i, j] = dot(query.row(i), key.row(j)) / (sizes["u"][i] * sizes["v"][j]) / temperature
    sheet.heading("the surprise at its own key")
    losses = sheet.tensor("l", (count,), "ℓ")
    for i in range(count):
        losses[i] = log(total([exp(s[i, j] - s[i, i]) for j in range(count)]))
    return reduced(sheet, losses, reduction)


def _same(one: Tensor, other: Tensor) -> None:
    """Refuse what are no rows of equal shape."""
    if len(one.shape) != 2 or one.shape != other.shape:
        refuse(
            other.name,
            f"{one.name} and {other.name} must both be (N, D): they are {one.shape} and {other.shape}",
        )
