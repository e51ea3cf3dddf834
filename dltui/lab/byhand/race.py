"""Cross-entropy against the squared error, both from a start that is badly wrong."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Annotated

import numpy as np

from dltui.byhand import work
from dltui.figures import Lines, Series, Table
from dltui.lab import Frame, Slider, exhibit, near
from dltui.lab.byhand.curves import Array, curve, slope_at

FRAMES = 30
THREE = ((-10.0, 10.0, 0.0), (-5.0, 5.0, 0.0), (-2.0, 2.0, 0.0), (0.0, 0.0, 0.0))  # logits, class 1 is right


@exhibit(
    "ce-vs-mse",
    family="byhand",
    covers=("000a:mse-class", "000a:grad-saturation", "004:ce-vs-mse-gradient"),
    kin={
        "dltui lab run cross-entropy": "the loss that wins",
        "dltui lab run output-heads": "which loss belongs to which output",
    },
)
def ce_vs_mse(
    start: Annotated[float, Slider(-2, 10, help="pre-activation z that both begin with; 0 is right")] = 5.0,
    rate: Annotated[float, Slider(0.01, 5, log=True, help="learning rate")] = 1.0,
    steps: Annotated[int, Slider(1, 20, help="steps between two pictures")] = 4,
) -> Iterator[Frame]:
    """Two neurons with the same wrong answer, one on squared error, one on cross-entropy.

    Try: --start 8 leaves the squared error on its plateau for the whole race; --start 1 makes it nearly even.
    Notice: the more wrong the neuron, the smaller the gradient of its squared error: σ′ flattens it.

    One input 1, target 0, ŷ = σ(w + b). ∂(½(ŷ − y)²)/∂z = (ŷ − y)·σ′(z), ∂CE/∂z = ŷ − y. Some notes say that the
    squared error is slow because its gradient is small for small errors: it is the sigmoid that makes it small for
    large ones.
    """
    axis = np.linspace(-2, 10, 61)
    sizes = tuple(
        Series(name=name, x=axis, y=np.array([abs(one(z)) for z in axis]))
        for name, one in (("squared error", mse_gradient), ("cross-entropy", ce_gradient))
    )
    at = {"squared error": [start], "cross-entropy": [start]}
    table = three_classes()
    for frame in range(FRAMES):
        for name, gradient in (("squared error", mse_gradient), ("cross-entropy", ce_gradient)):
            for _ in range(steps if frame else 0):
                at[name].append(
                    at[name][-1] - 2 * rate * gradient(at[name][-1])
                )  # w and b each have that gradient
        count = np.arange(float(len(at["cross-entropy"])))
        outputs = {name: curve("sigmoid", np.array(path))[0] for name, path in at.items()}
        yield Frame(
            figures=(
                Lines(
                    title="Answers, 0 is right",
                    series=tuple(Series(name=name, x=count, y=one) for name, one in outputs.items()),
                    x_label="step",
                    y_label="ŷ",
                ),
                Lines(title="|gradient| at z, y = 0", series=sizes, x_label="z", y_label="|∂ℓ/∂z|"),
                table,
            ),
            numbers={
                "mse_answer": float(outputs["squared error"][-1]),
                "ce_answer": float(outputs["cross-entropy"][-1]),
                "mse_gradient": mse_gradient(at["squared error"][-1]),
                "ce_gradient": ce_gradient(at["cross-entropy"][-1]),
            },
            caption=f"step {frame * steps}: squared error {outputs['squared error'][-1]:.3f}, cross-entropy "
            f"{outputs['cross-entropy'][-1]:.3f}",
            total=FRAMES,
        )


def mse_gradient(z: float) -> float:
    """Return the gradient of ½(σ(z) − 0)² at z, by the chain rule."""
    answer = work("sigmoid", {"x": z}).output.numbers()
    up = work("mseloss", {"x": answer, "target": 0.0}).gradients.of["x"].numbers() / 2
    found: float = work("sigmoid", {"x": z, "upstream": up}).gradients.of["x"].numbers()
    return found


def ce_gradient(z: float) -> float:
    """Return the gradient of the cross-entropy of σ(z) against 0."""
    found: float = work("bcewithlogitsloss", {"x": z, "target": 0.0}).gradients.of["x"].numbers()
    return found


def of_three(logits: Sequence[float]) -> tuple[Array, Array]:
    """Return the gradients of Σ(p − t)² and of cross-entropy at three logits, the first class right."""
    shares = work("softmax", {"x": [*logits]}).output.numbers()
    up = slope_at("mseloss", shares, target=[1.0, 0.0, 0.0], reduction="sum")
    squared = slope_at("softmax", logits, upstream=up.tolist())
    return squared, slope_at("crossentropyloss", [[*logits]], target=[0])[0]


def three_classes() -> Table:
    """Return the gradients at the right class's logit for starts that are ever less wrong."""
    rows = []
    for logits in THREE:
        squared, entropy = of_three(logits)
        rows.append((" ".join(f"{z:g}" for z in logits), float(squared[0]), float(entropy[0])))
    return Table(
        title="Three classes, the first is right: ∂ℓ/∂z₁",
        columns=("logits", "squared error", "cross-entropy"),
        rows=tuple(rows),
    )


@ce_vs_mse.check
def gradients_at_five() -> None:
    """Y = 0, z = 5: .006604 by ½(ŷ − y)², .993307 by cross-entropy (notes 004)."""
    first = next(iter(ce_vs_mse()))
    near("squared error", first.numbers["mse_gradient"], 0.006604, 1e-6)
    near("cross-entropy", first.numbers["ce_gradient"], 0.993307, 1e-6)


@ce_vs_mse.check
def three_classes_of_the_notes() -> None:
    """Logits (−10, 10, 0): −8.24e-9 and −1; (−5, 5, 0): −.000179, −.99996; (−2, 2, 0); (0, 0, 0) (notes 000a)."""
    known = [(-8.24e-9, -1.0), (-0.000179, -0.99996), (-0.055047, -0.98412), (-0.44444, -0.66667)]
    for row, (squared, entropy) in zip(three_classes().rows, known, strict=True):
        assert isinstance(row[1], float), "a gradient is a number"
        near(f"squared error at {row[0]}, over what is known", row[1] / squared, 1.0, 5e-3)
        near(f"cross-entropy at {row[0]}", row[2], entropy, 1e-5)


@ce_vs_mse.check
def closed_form() -> None:
    """Both gradients against torch, and against p_k(2(p_k − t_k) − Σ 2(p_i − t_i)p_i) (notes 000a)."""
    import torch
    from torch.nn import functional

    for logits in (*THREE, (1.0, -0.5, 2.0)):
        x = torch.tensor(logits, dtype=torch.float64, requires_grad=True)
        t = torch.tensor([1.0, 0.0, 0.0], dtype=torch.float64)
        (known,) = torch.autograd.grad(((x.softmax(0) - t) ** 2).sum(), x)
        (entropy,) = torch.autograd.grad(functional.cross_entropy(x, torch.tensor(0)), x)
        p, one = x.detach().softmax(0).numpy(), t.numpy()
        squared, other = of_three(logits)
        near("torch", squared, known.tolist(), 1e-12)
        near("torch's cross-entropy", other, entropy.tolist(), 1e-12)
        near("closed form", squared, p * (2 * (p - one) - (2 * (p - one) * p).sum()), 1e-12)


@ce_vs_mse.check
def cross_entropy_learns_first() -> None:
    """From z = 5 cross-entropy gives less than .1 while the squared error still gives more than .9."""
    third = [*ce_vs_mse()][3]
    assert third.numbers["ce_answer"] < 0.1, f"cross-entropy gives {third.numbers['ce_answer']}"  # type: ignore[operator]
    assert third.numbers["mse_answer"] > 0.9, f"the squared error gives {third.numbers['mse_answer']}"  # type: ignore[operator]
