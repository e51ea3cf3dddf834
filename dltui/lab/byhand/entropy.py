"""Cross-entropy: from logits to the surprise at the right class."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any

import numpy as np

from dltui.byhand import work
from dltui.figures import Bars, Lines, Series, Table
from dltui.instruments.byhand import steps_of
from dltui.lab import Frame, Slider, Switch, exhibit, near

NAMES = ("class 1", "class 2", "class 3")


@exhibit(
    "cross-entropy",
    family="byhand",
    covers=(
        "000a:class-pipeline",
        "000a:cross-entropy",
        "000a:one-hot-ce",
        "000a:one-hot",
        "000a:ce-gradient",
        "000b:cross-entropy",
        "002a:dataset-loss-mean",
        "002a:cross-entropy-loss",
        "003:reduction",
        "003:cross-entropy",
        "003:ce-guess",
        "004:cross-entropy",
    ),
    kin={
        "dltui byhand crossentropyloss --backward --torch": "the notes' batch line by line",
        "dltui lab run softmax": "its first half, and why it does not overflow",
        "dltui lab run ce-vs-mse": "why not the squared error",
    },
)
def cross_entropy(
    z1: Annotated[float, Slider(-10, 10, help="logit z₁")] = 1.0,
    z2: Annotated[float, Slider(-10, 10, help="logit z₂")] = 2.0,
    z3: Annotated[float, Slider(-10, 10, help="logit z₃")] = 3.0,
    right: Annotated[int, Slider(1, 3, help="the right class")] = 3,
    weight: Annotated[float, Slider(0.1, 10, log=True, help="weight of the batch's first class")] = 1.0,
    ignore: Annotated[bool, Switch(help="the batch's second sample has the target −100")] = False,
) -> Iterator[Frame]:
    """Logits become shares, the label one-hot, the loss −ln of one share; a batch, worst first.

    Try: --right 1 costs 2.4076; --weight 5 or --ignore changes what the batch's mean divides by.
    Notice: the gradient is p − t: it adds up to 0, and is −1 where one is confidently wrong.

    −Σ tᵢ·ln pᵢ has one term only, since all other tᵢ are 0. A guess among C classes costs ln C: a training loss that
    stays there has learned nothing. mean divides by the sum of the weights of those that count, sum and none don't.
    """
    logits = [z1, z2, z3]
    worked = work("crossentropyloss", {"x": [logits], "target": [right - 1]})
    shares = work("softmax", {"x": logits}).output.numbers()
    label = one_hot(right - 1, 3)
    gradient = worked.gradients.of["x"].numbers()[0]
    terms = [-t * float(np.log(p)) for t, p in zip(label, shares, strict=True)]
    batch = batch_case(weight, ignore)
    ways = {
        way: work("crossentropyloss", batch | {"reduction": way}).output.numbers()
        for way in ("none", "sum", "mean")
    }
    order = sorted(range(3), key=lambda n: -ways["none"][n])
    p = np.linspace(0.01, 1, 60)
    classes = np.arange(2.0, 11)
    yield Frame(
        figures=(
            Table(
                title="One sample",
                columns=("", "logit", "share p", "one-hot t", "−t·ln p", "gradient p − t"),
                rows=tuple(zip(NAMES, logits, shares, label, terms, gradient, strict=True)),
            ),
            steps_of(worked.sheet.lines, worked.sheet.tensors),
            Bars(title="Gradient p − t", labels=NAMES, values=np.array(gradient), value_label="∂ℓ/∂z"),
            Lines(
                title="The surprise −ln p",
                series=(Series(name="−ln p", x=p, y=-np.log(p)),),
                x_label="share of the right class",
                y_label="loss",
            ),
            Table(
                title="A batch, the worst first",
                columns=("sample", "target", "loss"),
                rows=(
                    *((f"{n + 1}", str(batch["target"][n]), ways["none"][n]) for n in order),
                    ("sum", "", ways["sum"]),
                    ("mean", "", ways["mean"]),
                ),
            ),
            Lines(
                title="What a guess costs",
                series=(Series(name="ln C", x=classes, y=np.array([guess(int(c)) for c in classes])),),
                x_label="classes C",
                y_label="loss",
            ),
        ),
        numbers={
            "loss": worked.output.numbers(),
            "terms": terms,
            "gradient": gradient,
            "batch": ways["none"],
            "sum": ways["sum"],
            "mean": ways["mean"],
        },
        caption=f"loss {worked.output.numbers():.4g}, batch {ways['mean']:.4g}",
        total=1,
    )


def one_hot(right: int, classes: int) -> list[float]:
    """Return 1 at the right class, 0 elsewhere."""
    return [float(i == right) for i in range(classes)]


def batch_case(weight: float, ignore: bool) -> dict[str, Any]:
    """Return the notes' batch with a weight for the first class, the second sample left out where asked."""
    inputs = work("crossentropyloss", example="w14").inputs
    x, target = inputs["x"].numbers(), [int(t) for t in inputs["target"].numbers()]
    return {
        "x": x,
        "target": [target[0], -100 if ignore else target[1], target[2]],
        "weight": [weight, 1.0, 1.0, 1.0],
    }


def guess(classes: int) -> float:
    """Return the loss of equal logits."""
    found: float = work("crossentropyloss", {"x": [[0.0] * classes], "target": [0]}).output.numbers()
    return found


@cross_entropy.check
def known_losses() -> None:
    """Logits (1, 2, 3): 2.407606, 1.407606, .407606 for class 1, 2, 3 (000a); only the right class has a term."""
    for right, known in enumerate((2.407606, 1.407606, 0.407606), 1):
        last = cross_entropy.last(right=right)
        near(f"class {right}", last.numbers["loss"], known, 1e-6)
        terms = np.array(last.numbers["terms"], dtype=float)
        near("sum of terms", terms.sum(), last.numbers["loss"])
        near("the others", np.delete(terms, right - 1), [0, 0])
        near("one-hot adds up to", sum(one_hot(right - 1, 3)), 1.0)
    for share, known in (
        (0.5, 0.693147),
        (0.9, 0.105361),
        (0.1, 2.302585),
        (0.7, 0.356675),
        (0.01, 4.605170),
    ):
        logits = [[float(np.log(share)), float(np.log(1 - share))]]
        near(
            f"−ln {share}",
            work("crossentropyloss", {"x": logits, "target": [0]}).output.numbers(),
            known,
            1e-6,
        )


@cross_entropy.check
def gradients() -> None:
    """The gradient is p − t, adds up to 0, and is autograd's (000a, 002a)."""
    import torch
    from torch.nn import functional

    for right in (1, 2, 3):
        last = cross_entropy.last(z1=-2.0, z2=0.5, z3=1.5, right=right)
        x = torch.tensor([[-2.0, 0.5, 1.5]], dtype=torch.float64, requires_grad=True)
        loss = functional.cross_entropy(x, torch.tensor([right - 1]))
        (known,) = torch.autograd.grad(loss, x)
        near("loss", last.numbers["loss"], loss.item())
        near("autograd", last.numbers["gradient"], known[0].tolist())
        found = np.array(last.numbers["gradient"], dtype=float)
        shares = work("softmax", {"x": [-2.0, 0.5, 1.5]}).output.numbers()
        near("p − t", found, np.array(shares) - one_hot(right - 1, 3))
        near("their sum", found.sum(), 0.0)


@cross_entropy.check
def the_notes_batch() -> None:
    """The batch of W14: .4952, .5147, .7210, mean .5769535 = sum/3; W20 .9729190 (notes 003)."""
    last = cross_entropy.last()
    near("none", last.numbers["batch"], [0.4952, 0.5147, 0.7210], 5e-5)
    near("mean", last.numbers["mean"], 0.5769535, 2e-7)
    near("sum over 3", np.array(last.numbers["sum"], dtype=float) / 3, last.numbers["mean"])
    near("W20", work("crossentropyloss", example="w20").output.numbers(), 0.9729190, 1e-7)


@cross_entropy.check
def weights_and_left_out() -> None:
    """Class weights and ignore_index change the mean's divisor as in torch."""
    import torch
    from torch.nn import functional

    for weight, ignore in ((5.0, False), (0.5, True), (1.0, True)):
        last = cross_entropy.last(weight=weight, ignore=ignore)
        case = batch_case(weight, ignore)
        x, w = (torch.tensor(case[one], dtype=torch.float64) for one in ("x", "weight"))
        for way in ("mean", "sum"):
            known = functional.cross_entropy(x, torch.tensor(case["target"]), w, reduction=way).item()
            near(f"{way}, weight {weight:g}, ignore {ignore}", last.numbers[way], known)


@cross_entropy.check
def a_guess_costs_ln_c() -> None:
    """Equal logits cost ln C for C = 2 … 10 (W21 of notes 003): .693147, 1.098612, …, 2.302585."""
    near("ln C", [guess(c) for c in range(2, 11)], np.log(np.arange(2, 11)))
    near("ln 2, ln 10", [guess(2), guess(10)], [0.693147, 2.302585], 1e-6)
