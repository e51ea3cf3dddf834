"""Output heads: the activation and the loss that belong together."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

import numpy as np

from dltui.byhand import work
from dltui.figures import Bars, Lines, Prose, Series, Table
from dltui.lab import Choice, Frame, Slider, exhibit, near
from dltui.lab.byhand.curves import Array, slope_at

HEADS = ("linear", "sigmoid", "softmax")
LOSSES = ("squared error", "binary cross-entropy", "cross-entropy")
BELONG = {"regression": 0, "binary": 1, "classes": 2}  # task → which head and which loss
TARGETS = {"regression": (3.5,), "binary": (1.0,), "classes": (0.0, 1.0, 0.0)}
SAMPLES, HIDDEN, STEPS = 40, 6, 120


@exhibit(
    "output-heads",
    family="byhand",
    covers=(
        "000a:regression-head",
        "000a:classification-head",
        "000b:neuron-out-reg",
        "000b:neuron-out-bin",
        "000b:neuron-out-multi",
        "004:output-activation-choice",
    ),
    kin={
        "dltui lab run mlp-forward": "the network in front of the head",
        "dltui lab run ce-vs-mse": "what a wrong pair costs",
        "dltui lab run softmax": "the head of many classes",
    },
)
def output_heads(
    task: Annotated[str, Choice(*BELONG, help="what the network is asked for")] = "binary",
    head: Annotated[str, Choice("matching", *HEADS, help="activation of the output")] = "matching",
    loss: Annotated[str, Choice("matching", *LOSSES, help="what it is trained with")] = "matching",
    z1: Annotated[float, Slider(-10, 10, help="first pre-activation")] = 3.89182,
    z2: Annotated[float, Slider(-10, 10, help="second one, of many classes")] = 1.0,
    z3: Annotated[float, Slider(-10, 10, help="third one, of many classes")] = -0.5,
) -> Iterator[Frame]:
    """The output and the loss that belong to a task, and the gradient at the pre-activation.

    Try: --task classes; --task binary --loss "squared error" brings a warning and a gradient with σ′ in it.
    Notice: for the three pairs that belong together the gradient is the same: ŷ − y.

    A number: linear output, squared error (½(ŷ − y)², a normal distribution). Yes or no: sigmoid, binary
    cross-entropy (Bernoulli). One of K: softmax, cross-entropy (categorical). Logit 3.89182 is 0.98: spam.
    """
    at = BELONG[task]
    kind, by = HEADS[at] if head == "matching" else head, LOSSES[at] if loss == "matching" else loss
    z = [z1, z2, z3] if task == "classes" else [z1]
    answer, gradient = through(kind, by, z, TARGETS[task])
    plain = np.array(answer) - np.array(TARGETS[task])
    told = warning(task, kind, by)
    names = tuple(f"output {i + 1}" for i in range(len(z)))
    path = learn(task)
    yield Frame(
        figures=(
            Prose(title="Do they belong together?", text=told or f"{kind} and {by} belong to {task}."),
            Table(
                title=f"{kind}, {by}",
                columns=("", "pre-activation z", "answer ŷ", "target y", "∂ℓ/∂z", "ŷ − y"),
                rows=tuple(
                    zip(names, z, answer, TARGETS[task], gradient.tolist(), plain.tolist(), strict=True)
                ),
            ),
            Bars(title="Answers", labels=names, values=np.array(answer), value_label="ŷ"),
            Lines(
                title=f"A head of {HIDDEN} hidden features learns {task} by its own loss",
                series=(Series(name=LOSSES[at], x=np.arange(float(len(path))), y=path),),
                x_label="step",
                y_label="loss",
            ),
        ),
        numbers={
            "answer": answer,
            "gradient": gradient.tolist() if np.isfinite(gradient).all() else None,
            "plain": plain.tolist(),
            "belong": not told,
            "losses": [float(path[0]), float(path[-1])],
        },
        caption=told or f"{task}: {kind}, {by}",
        total=1,
    )


def warning(task: str, head: str, loss: str) -> str:
    """Return what is wrong with a pair; empty when it belongs to the task."""
    at = BELONG[task]
    if (head, loss) == (HEADS[at], LOSSES[at]):
        return ""
    if head == "softmax" and task != "classes":
        return f"The softmax of a single output is always 1: for {task} take {HEADS[at]} with {LOSSES[at]}."
    if loss != "squared error" and head == "linear":
        return f"A linear output is no probability, and {loss} is not finite for it: take {HEADS[at]}."
    return f"{head} with {loss} does not belong to {task}: take {HEADS[at]} with {LOSSES[at]}, whose gradient is ŷ − y."


def through(head: str, loss: str, z: list[float], target: tuple[float, ...]) -> tuple[list[float], Array]:
    """Return answers and the gradient at the pre-activations, by the chain rule through loss and head.

    A logarithm of what is no probability has no value: its gradient is nan.
    """
    answer: list[float] = z if head == "linear" else work(head, {"x": z}).output.numbers()
    if loss == "squared error":
        up = slope_at("mseloss", answer, target=[*target], reduction="sum") / 2
    elif min(answer) < 0 or max(answer) > 1:
        return answer, np.full(len(z), np.nan)
    elif loss == "binary cross-entropy":
        up = slope_at("bceloss", answer, target=[*target], reduction="sum")
    else:
        with np.errstate(divide="ignore", invalid="ignore"):
            up = np.where(np.array(target) > 0, -np.array(target) / np.array(answer), 0.0)  # of −Σ t·ln p
    return answer, up if head == "linear" else slope_at(head, z, upstream=up.tolist())


def learn(task: str) -> Array:
    """Return the loss, step by step, of a head that learns by ŷ − y on fixed hidden features."""
    draws = np.random.default_rng(0)
    x = draws.normal(size=(SAMPLES, 2))
    hidden = np.tanh(x @ draws.normal(size=(2, HIDDEN)) + draws.normal(size=HIDDEN))
    if task == "regression":
        y = np.sin(2 * x[:, :1])
    elif task == "binary":
        y = (x[:, :1] + x[:, 1:] > 0).astype(float)
    else:
        y = np.eye(3)[(x[:, 0] > 0).astype(int) + (x[:, 1] > 0.5)]
    w, b = np.zeros((HIDDEN, y.shape[1])), np.zeros(y.shape[1])
    found = []
    for _ in range(STEPS):
        answer, loss = answered(task, hidden @ w + b, y)
        found.append(loss)
        w, b = w - 0.3 * hidden.T @ (answer - y) / SAMPLES, b - 0.3 * (answer - y).mean(0)
    return np.array(found)


def answered(task: str, z: Array, y: Array) -> tuple[Array, float]:
    """Return answers (batch, outputs) and the mean loss of the pair that belongs to a task."""
    if task == "regression":
        return z, float(((z - y) ** 2).sum(1).mean() / 2)
    if task == "binary":
        return 1 / (1 + np.exp(-z)), float((np.logaddexp(0, z) - y * z).mean())
    shifted = z - z.max(1, keepdims=True)
    logs = shifted - np.log(np.exp(shifted).sum(1, keepdims=True))
    return np.exp(logs), float(-(y * logs).sum(1).mean())


@output_heads.check
def one_gradient() -> None:
    """Linear + squared error, sigmoid + BCE, softmax + CE: ∂ℓ/∂z = ŷ − y (notes 004), and so says autograd."""
    import torch
    from torch.nn import functional

    for task in BELONG:
        last = output_heads.last(task=task, z1=0.7, z2=-1.2, z3=0.4)
        assert last.numbers["belong"] is True, f"{task} should match"
        near(task, last.numbers["gradient"], last.numbers["plain"])
        z = [0.7, -1.2, 0.4] if task == "classes" else [0.7]
        x = torch.tensor(z, dtype=torch.float64, requires_grad=True)
        t = torch.tensor(TARGETS[task], dtype=torch.float64)
        known = {
            "regression": lambda x=x, t=t: functional.mse_loss(x, t) / 2,
            "binary": lambda x=x, t=t: functional.binary_cross_entropy_with_logits(x, t),
            "classes": lambda x=x, t=t: functional.cross_entropy(x, t),
        }[task]()
        near(f"{task}, autograd", last.numbers["gradient"], torch.autograd.grad(known, x)[0].tolist())


@output_heads.check
def spam_and_shares() -> None:
    """Logit 3.891820 is .98 (notes 000b); shares add up to 1 and do not change when 5 is added to all logits."""
    last = output_heads.last()
    near("spam", last.numbers["answer"], [0.98], 1e-7)
    last = output_heads.last(task="classes", z1=1.0, z2=2.0, z3=3.0)
    moved = output_heads.last(task="classes", z1=6.0, z2=7.0, z3=8.0)
    near("sum", np.array(last.numbers["answer"], dtype=float).sum(), 1.0)
    near("moved", moved.numbers["answer"], last.numbers["answer"], 1e-12)


@output_heads.check
def wrong_pairs_are_told() -> None:
    """Every other pair is warned of; sigmoid with squared error has σ′ in its gradient."""
    warned = [warning(t, h, one) for t in BELONG for h in HEADS for one in LOSSES]
    near("pairs without a warning", sum(not told for told in warned), 3)
    last = output_heads.last(loss="squared error", z1=-4.0)
    share = 1 / (1 + np.exp(4.0))
    near("gradient", last.numbers["gradient"], [(share - 1) * share * (1 - share)], 1e-12)


@output_heads.check
def heads_learn() -> None:
    """Each head's own loss falls by more than a third; logits of a batch have the shape (batch, K) (notes 000a)."""
    for task in BELONG:
        path = learn(task)
        assert path[-1] < path[0] * 2 / 3, f"{task}: from {path[0]:.3f} only to {path[-1]:.3f}"
    near("ln 2 to begin with", learn("binary")[0], np.log(2))
    logits = work("linear", {"x": [[1.0, 2.0]] * 5, "weight": [[0.1, 0.2]] * 3, "bias": [0.0] * 3}).output
    near("shape", logits.shape, (5, 3))
