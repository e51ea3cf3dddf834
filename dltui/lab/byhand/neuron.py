"""One artificial neuron: a weighted sum, a bias, an activation."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import product
from typing import Annotated

import numpy as np

from dltui.byhand.functions import dot, erf, exp, largest, number, sqrt, tanh
from dltui.byhand.sheet import Sheet
from dltui.byhand.value import Value
from dltui.figures import Heatmap, Lines, Mark, Path, Series, Table
from dltui.instruments.byhand import steps_of
from dltui.lab import Choice, Frame, Slider, exhibit, near

ACTIVATIONS: dict[str, Callable[[Value], Value]] = {
    "sigmoid": lambda z: 1 / (1 + exp(-z)),
    "relu": lambda z: largest(number(0), z),
    "tanh": tanh,
    "gelu": lambda z: z / 2 * (1 + erf(z / sqrt(number(2)))),
    "none": lambda z: z,
}
RANGE = 4.0  # of x that is drawn, on both sides of 0
DETECTOR = (1.0, 1.0, 1.0)  # the notes' weights: four wheels, a steering wheel, red


@exhibit(
    "neuron",
    family="byhand",
    covers=("000b:neuron", "000b:neuron-fc", "004:neuron", "004:neuron-bias"),
    kin={
        "dltui byhand linear": "a layer of neurons, line by line",
        "dltui lab run mlp-forward": "neurons in two layers",
    },
    sources=("Rosenblatt 1958, doi:10.1037/h0042519",),
)
def neuron(
    w1: Annotated[float, Slider(-4, 4, help="weight w₁")] = 1.0,
    w2: Annotated[float, Slider(-4, 4, help="weight w₂")] = -1.0,
    bias: Annotated[float, Slider(-4, 4, help="bias b")] = 0.5,
    activation: Annotated[str, Choice(*ACTIVATIONS, help="what comes after the sum")] = "sigmoid",
    x1: Annotated[float, Slider(-4, 4, help="input x₁")] = 1.0,
    x2: Annotated[float, Slider(-4, 4, help="input x₂")] = 0.5,
    threshold: Annotated[float, Slider(0, 4, help="threshold of the detector, its bias is −threshold")] = 2.5,
) -> Iterator[Frame]:
    """One neuron at work: its sum, its curve over x₁, its line in the plane, and a detector of features.

    Try: --bias -2 moves curve and line sideways, --w1 4 makes the curve steeper, --activation relu; --threshold 1.5.
    Notice: the sigmoid is ½ exactly on the line w₁·x₁ + w₂·x₂ + b = 0; along x₁ alone that is x = −b/w₁.

    z = Σ wᵢ·xᵢ + b, then the activation. Weights say which features count and how much, the bias how much of them is
    needed. With w = (1, 1, 1) and b = −2.5 a ReLU neuron fires only when all three features are there: "four wheels",
    "steering wheel" and "red" make a red car.
    """
    sheet = work_neuron((w1, w2), bias, (x1, x2), activation)
    axis = np.linspace(-RANGE, RANGE, 33)
    curve = np.array([output((w1,), bias, (x,), activation) for x in axis])
    plane = np.array([[output((w1, w2), bias, (x, y), activation) for x in axis] for y in axis])
    rows = truth_table(threshold)
    chart = Lines(
        title=f"Output over x₁ alone, {activation}",
        series=(Series(name="f(w₁·x + b)", x=axis, y=curve),),
        x_label="x₁",
        y_label="output",
    )
    field = Heatmap(
        title="Output over the plane, with the line where z = 0",
        values=plane,
        x=axis,
        y=axis,
        x_label="x₁",
        y_label="x₂",
        value_label="output",
        paths=(Path(name="z = 0", **zero_line(w1, w2, bias), ends=False),) if w1 or w2 else (),
        marks=(Mark(name="x", x=x1, y=x2),),
    )
    table = Table(
        title=f"A detector: w = (1, 1, 1), b = −{threshold:g}, ReLU",
        columns=("wheels", "steering wheel", "red", "z", "fires"),
        rows=tuple(rows),
    )
    yield Frame(
        figures=(steps_of(sheet.lines, sheet.tensors), chart, field, table),
        numbers={
            "z": sheet.tensors["z"].numbers(),
            "output": sheet.tensors["a"].numbers(),
            "crossing": -bias / w1 if w1 else None,
            "fires": [float(row[-1]) for row in rows],
        },
        caption=f"output {sheet.tensors['a'].numbers():.4g}",
        total=1,
    )


def work_neuron(weights: Sequence[float], bias: float, x: Sequence[float], activation: str) -> Sheet:
    """Return the sheet of one neuron: the sum ``z``, then the output ``a``."""
    sheet = Sheet()
    inputs = sheet.input("x", "x", (len(x),), [*x])
    factors = sheet.input("w", "w", (len(weights),), [*weights])
    shift = sheet.input("b", "b", (), [bias])
    z = sheet.let("z", dot(factors.row(), inputs.row()) + shift[()], "the weighted sum and the bias")
    sheet.let("a", ACTIVATIONS[activation](z), f"the activation: {activation}")
    return sheet


def output(weights: Sequence[float], bias: float, x: Sequence[float], activation: str) -> float:
    """Return the output of one neuron."""
    found: float = work_neuron(weights, bias, x, activation).tensors["a"].numbers()
    return found


def zero_line(w1: float, w2: float, bias: float) -> dict[str, np.ndarray]:
    """Return the line w₁·x₁ + w₂·x₂ + b = 0 within the drawn square, as abscissae and ordinates."""
    along = np.linspace(-RANGE, RANGE, 65)
    x, y = (along, -(w1 * along + bias) / w2) if abs(w2) >= abs(w1) else (-(w2 * along + bias) / w1, along)
    inside = (np.abs(x) <= RANGE) & (np.abs(y) <= RANGE)
    return {"x": x[inside], "y": y[inside]}


def truth_table(threshold: float) -> list[tuple[int, int, int, float, float]]:
    """Return what the detector says of all eight combinations of its three features."""
    found = []
    for features in product((0, 1), repeat=3):
        sheet = work_neuron(DETECTOR, -threshold, features, "relu")
        found.append((*features, sheet.tensors["z"].numbers(), sheet.tensors["a"].numbers()))
    return found


@neuron.check
def half_on_the_line() -> None:
    """σ(w·x + b) = ½ at x = −b/w (notes 004), for three weights and biases."""
    for w, b in ((1.0, 0.5), (-2.0, 1.0), (4.0, -3.0)):
        near(f"σ at −b/w, w = {w}", output((w,), b, (-b / w,), "sigmoid"), 0.5)
    last = neuron.last(w1=2.0, bias=-3.0)
    near("crossing", last.numbers["crossing"], 1.5)


@neuron.check
def detector_of_the_notes() -> None:
    """W = (1, 1, 1), b = −2.5, ReLU: 0.5 for (1, 1, 1), 0 for the seven others (notes 000b)."""
    last = neuron.last()
    near("fires", last.numbers["fires"], [0, 0, 0, 0, 0, 0, 0, 0.5])


@neuron.check
def torch_agrees() -> None:
    """Every activation against torch, at nine inputs."""
    import torch
    from torch.nn import functional

    known: dict[str, Callable[[torch.Tensor], torch.Tensor]] = {
        "sigmoid": torch.sigmoid,
        "relu": torch.relu,
        "tanh": torch.tanh,
        "gelu": functional.gelu,
        "none": torch.clone,
    }
    for x in np.linspace(-3, 3, 9):
        z = torch.tensor([1.5 * x - 0.25], dtype=torch.float64)
        for name, function in known.items():
            near(f"{name}({z.item():g})", output((1.5,), -0.25, (float(x),), name), function(z).item(), 1e-12)
