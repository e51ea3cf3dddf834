"""Binary cross-entropy: the surprise at each yes and no."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

import numpy as np

from dltui.byhand import Refused, load, work
from dltui.figures import Lines, Series, Table
from dltui.instruments.byhand import steps_of
from dltui.lab import Frame, Slider, exhibit, near
from dltui.lab.byhand.curves import curve

LABELS = ("a", "b", "c", "d")


@exhibit(
    "binary-cross-entropy",
    family="byhand",
    covers=("003:bce-logits", "003:bce", "003:multilabel", "004:bce"),
    kin={
        "dltui byhand bcewithlogitsloss --backward --torch": "the notes' example line by line",
        "dltui lab run cross-entropy": "one class among many",
        "dltui lab run loss-errors": "what torch says to wrong targets",
    },
)
def binary_cross_entropy(
    z: Annotated[float, Slider(-12, 12, help="logit")] = 2.0,
    target: Annotated[float, Slider(0, 1, help="what is right: 1 yes, 0 no, or between")] = 1.0,
    pos_weight: Annotated[float, Slider(0.1, 10, log=True, help="how many times a yes counts")] = 1.0,
) -> Iterator[Frame]:
    """The loss of a yes and a no over probability and logit; labels alone against one of many.

    Try: --z -12 --target 1 is confidently wrong: the loss is 12, the gradient −1; --pos-weight 5.
    Notice: over the logit the loss becomes a straight line where it is wrong, so the gradient does not fade.

    ℓ = −t·ln p − (1 − t)·ln(1 − p), p = σ(z). With logits it is computed as ln(1 + e^(−z)) + (1 − t)·z, which can't
    overflow. Each label is a yes or no of its own: the sigmoids of a row don't add up to 1, a softmax does. Notes that
    call them softmax mean sigmoids, and 0.3755 stands there for σ(−0.5) = 0.3775.
    """
    axis = np.linspace(-8, 8, 65)
    p = np.linspace(0.01, 0.99, 50)
    worked = work("bcewithlogitsloss", {"x": [z], "target": [target], "pos_weight": [pos_weight]})
    logits = []
    slopes = []
    for t, name in ((1.0, "t = 1"), (0.0, "t = 0")):
        value, slope = curve("bcewithlogitsloss", axis, target=[t] * len(axis), reduction="none")
        logits.append(Series(name=name, x=axis, y=value))
        slopes.append(Series(name=name, x=axis, y=slope))
    chances = tuple(
        Series(name=f"t = {t:g}", x=p, y=curve("bceloss", p, target=[t] * len(p), reduction="none")[0])
        for t in (1.0, 0.0)
    )
    yield Frame(
        figures=(
            Lines(title="Over the probability", series=chances, x_label="p", y_label="loss"),
            steps_of(worked.sheet.lines, worked.sheet.tensors),
            Lines(title="Over the logit", series=tuple(logits), x_label="z", y_label="loss"),
            Lines(title="Its slope, σ(z) − t", series=tuple(slopes), x_label="z", y_label="slope"),
            many_or_one(),
        ),
        numbers={
            "loss": worked.output.numbers(),
            "gradient": worked.gradients.of["x"].numbers()[0],
            "probability": work("sigmoid", {"x": z}).output.numbers(),
        },
        caption=f"p = {work('sigmoid', {'x': z}).output.numbers():.4g}, loss {worked.output.numbers():.4g}",
        total=1,
    )


def many_or_one() -> Table:
    """Return the notes' rows of logits as labels of their own and as classes that exclude each other."""
    worked = work("bcewithlogitsloss", example="w17")
    rows = worked.inputs["x"].numbers()
    yes = work("sigmoid", {"x": rows}).output.numbers()
    shares = work("softmax", {"x": rows}).output.numbers()
    lines = [
        (f"row {n + 1}, {name}", *values, sum(values))
        for n in range(len(rows))
        for name, values in (("logits", rows[n]), ("sigmoids", yes[n]), ("softmax", shares[n]))
    ]
    return Table(title="Many labels or one class", columns=("", *LABELS, "sum"), rows=tuple(lines))


@binary_cross_entropy.check
def the_notes_examples() -> None:
    """W16, W17 and W18 of notes 003: .611286, .7692961, .6113163, and .6107817 with 0.3755 as they print it."""
    for name, example, known in (
        ("bcewithlogitsloss", "w16", 0.6112863), ("bcewithlogitsloss", "w17", 0.7692961),
        ("bceloss", "w18", 0.6113163), ("bceloss", "as printed", 0.6107817),
    ):  # fmt: skip
        near(f"{name}, {example}", work(name, example=example).output.numbers(), known, 2e-7)


@binary_cross_entropy.check
def two_classes() -> None:
    """Equals cross-entropy of the logits (0, z), for yes and no; the gradient is σ(z) − t (notes 004)."""
    for z in (-12.0, -1.5, 0.0, 3.0):
        for t in (0, 1):
            last = binary_cross_entropy.last(z=z, target=float(t))
            near(
                "loss",
                last.numbers["loss"],
                work("crossentropyloss", {"x": [[0.0, z]], "target": [t]}).output.numbers(),
            )
            near("gradient", last.numbers["gradient"], 1 / (1 + np.exp(-z)) - t)


@binary_cross_entropy.check
def sums_of_rows() -> None:
    """A softmax row adds up to 1, a row of sigmoids to what it likes; torch has the same loss with pos_weight."""
    import torch
    from torch.nn import functional

    sums = np.array([row[-1] for row in many_or_one().rows], dtype=float)
    near("softmax rows", sums[2::3], [1, 1, 1])
    assert (np.abs(sums[1::3] - 1) > 0.5).all(), "sigmoids should not add up to 1"
    last = binary_cross_entropy.last(z=-0.7, target=0.3, pos_weight=4.0)
    x, t, w = (torch.tensor([one], dtype=torch.float64) for one in (-0.7, 0.3, 4.0))
    known = functional.binary_cross_entropy_with_logits(x, t, pos_weight=w).item()
    near("loss", last.numbers["loss"], known, 1e-12)


@binary_cross_entropy.check
def only_probabilities() -> None:
    """Bceloss of 1.2 is refused with torch's words, and torch refuses it."""
    from dltui.instruments.byhand import says

    try:
        work("bceloss", {"x": [1.2], "target": [1.0]})
    except Refused as refused:
        words = refused.torch
    else:
        raise AssertionError("1.2 was taken for a probability")
    said = says(load("bceloss"), {"x": [1.2], "target": [1.0]})
    assert words, "no words of torch are quoted"
    assert words in said, f"torch says {said!r}"
