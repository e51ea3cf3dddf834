"""The forward pass of a small network, number by number."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any

import numpy as np

from dltui.byhand.functions import dot, exp, largest, number, tanh
from dltui.byhand.sheet import Sheet
from dltui.byhand.value import Value
from dltui.figures import Figure, Graph, Table
from dltui.figures import number as spoken
from dltui.instruments.byhand import steps_of
from dltui.lab import Choice, Frame, Slider, exhibit, near

Arrays = dict[str, Any]
# The notes' net, and one that computes exclusive or: h = ReLU(x₁ + x₂), ReLU(x₁ + x₂ − 1), y = h₁ − 2·h₂.
NETS: dict[str, Arrays] = {
    "notes": {"W": [[1, -2], [0.5, 1]], "b": [0, -1], "C": [[2, -1]], "d": [0.5], "x": [1, 0.5]},
    "xor": {"W": [[1, 1], [1, 1]], "b": [0, -1], "C": [[1, -2]], "d": [0], "x": [1, 0]},
}
STAGES = ("the input", "weighted sums of the hidden layer", "its activations", "the output")


@exhibit(
    "mlp-forward",
    family="byhand",
    covers=(
        "000a:mlp-forward",
        "001:mlp",
        "001:forward-prop",
        "002a:two-layer-net",
        "003:mlp",
        "004:forward-prop",
        "004:mlp",
    ),
    kin={
        "dltui lab run neuron": "one of its units",
        "dltui lab run linear-collapse": "why there is an activation between the layers",
        "dltui train moons-mlp": "such a network learning",
    },
)
def mlp_forward(
    net: Annotated[str, Choice("notes", "xor", "random", help="whose weights")] = "notes",
    inputs: Annotated[int, Slider(1, 5, help="inputs D of the random net")] = 3,
    hidden: Annotated[int, Slider(1, 6, help="hidden units M of the random net")] = 4,
    outputs: Annotated[int, Slider(1, 4, help="outputs K of the random net")] = 2,
    activation: Annotated[str, Choice("sigmoid", "relu", "tanh", help="of the hidden layer")] = "sigmoid",
    seed: Annotated[int, Slider(0, 100, help="seed of the random net")] = 0,
) -> Iterator[Frame]:
    """An input walks through a small network: sums, activations, output, in sums and in matrices.

    Try: --net random --hidden 6; --net xor --activation relu computes exclusive or, which no single layer can.
    Notice: both ways to write it give the same numbers, and every stage is kept: back-propagation will need them.

    z_j = Σ_i w_ji·x_i + b_j, a_j = σ(z_j), y_k = Σ_j c_kj·a_j + d_k; or a = σ(W·x + b), y = C·a + d. The input layer
    holds the data, the output layer the prediction, everything between is hidden: the network's own description of the
    data. (D + 1)·M + (M + 1)·K parameters.
    """
    parts = NETS[net] if net in NETS else draw_net(inputs, hidden, outputs, seed)
    sheet = forward_sheet(parts, activation)
    stored = forward_matrices(parts, activation)
    gap = max(float(np.abs(np.array(sheet.tensors[n].numbers()) - stored[n]).max()) for n in ("z", "a", "y"))
    wide, many, out = len(parts["x"]), len(parts["b"]), len(parts["d"])
    parameters = (wide + 1) * many + (many + 1) * out
    kept = [0, many, 2 * many, 2 * many + out]
    for stage, told in enumerate(STAGES):
        names = ("x", "z", "a", "y")[: stage + 1]
        figures: tuple[Figure, ...] = (
            steps_of(sheet.lines[: kept[stage]], sheet.tensors, title="In sums") if stage else picture(parts),
            stored_table(stored, names, parts),
        )
        yield Frame(
            figures=(*figures, picture(parts)) if stage else figures,
            numbers={
                "output": sheet.tensors["y"].numbers(),
                "hidden": sheet.tensors["a"].numbers(),
                "gap": gap,
                "parameters": parameters,
            },
            caption=f"{told}, {wide}-{many}-{out}, {parameters} parameters",
            total=len(STAGES),
        )


def draw_net(inputs: int, hidden: int, outputs: int, seed: int) -> Arrays:
    """Return weights, biases and an input with one decimal."""
    draws = np.random.default_rng(seed)
    shapes = {
        "W": (hidden, inputs),
        "b": (hidden,),
        "C": (outputs, hidden),
        "d": (outputs,),
        "x": (inputs,),
    }
    return {name: (draws.integers(-10, 11, shape) / 10).tolist() for name, shape in shapes.items()}


def forward_sheet(parts: Arrays, activation: str) -> Sheet:
    """Return the forward pass in sums: tensors ``z``, ``a`` and ``y``."""
    sheet = Sheet()
    given = {}
    for name, symbol in (("x", "x"), ("W", "w"), ("b", "b"), ("C", "c"), ("d", "d")):
        array = np.array(parts[name], dtype=float)
        given[name] = sheet.input(name, symbol, array.shape, array.ravel().tolist())
    many, out = len(parts["b"]), len(parts["d"])
    z, a, y = sheet.tensor("z", (many,)), sheet.tensor("a", (many,)), sheet.tensor("y", (out,))
    sheet.heading("weighted sums")
    for j in range(many):
        z[j] = dot(given["W"].row(j), given["x"].row()) + given["b"][j]
    sheet.heading("activations")
    for j in range(many):
        a[j] = activated(z[j], activation)
    sheet.heading("output")
    for k in range(out):
        y[k] = dot(given["C"].row(k), a.row()) + given["d"][k]
    return sheet


def activated(z: Value, activation: str) -> Value:
    """Return the activation of a sum."""
    if activation == "relu":
        return largest(number(0), z)
    return tanh(z) if activation == "tanh" else 1 / (1 + exp(-z))


def forward_matrices(parts: Arrays, activation: str) -> dict[str, Any]:
    """Return the forward pass in matrices, by numpy: what is kept at every stage."""
    w, b, c, d, x = (np.array(parts[name], dtype=float) for name in ("W", "b", "C", "d", "x"))
    z = w @ x + b
    a = (
        np.maximum(z, 0)
        if activation == "relu"
        else np.tanh(z)
        if activation == "tanh"
        else 1 / (1 + np.exp(-z))
    )
    return {"x": x, "z": z, "a": a, "y": c @ a + d}


def stored_table(stored: dict[str, Any], names: tuple[str, ...], parts: Arrays) -> Table:
    """Return what is kept after each stage, in matrices."""
    wide, many, out = len(parts["x"]), len(parts["b"]), len(parts["d"])
    forms = {
        "x": ("x", f"({wide})"),
        "z": ("W·x + b", f"({many}×{wide})·({wide}) + ({many})"),
        "a": ("σ(z)", f"({many})"),
        "y": ("C·a + d", f"({out}×{many})·({many}) + ({out})"),
    }
    return Table(
        title="In matrices: what is kept",
        columns=("tensor", "is", "shapes", "numbers"),
        rows=tuple((name, *forms[name], ", ".join(spoken(float(v)) for v in stored[name])) for name in names),
    )


def picture(parts: Arrays) -> Graph:
    """Return the network as boxes and arrows."""
    wide, many, out = len(parts["x"]), len(parts["b"]), len(parts["d"])
    nodes = [
        *(f"x{i + 1}" for i in range(wide)),
        *(f"h{j + 1}" for j in range(many)),
        *(f"y{k + 1}" for k in range(out)),
    ]
    first = [(i, wide + j) for i in range(wide) for j in range(many)]
    second = [(wide + j, wide + many + k) for j in range(many) for k in range(out)]
    return Graph(title="Input, hidden and output layer", nodes=tuple(nodes), edges=(*first, *second))


@mlp_forward.check
def the_notes_net() -> None:
    """W = [[1, −2], [.5, 1]], b = (0, −1), c = (2, −1), b = .5, x = (1, .5): sums 0, activations ½, y = 1 (000a)."""
    last = mlp_forward.last()
    near("hidden", last.numbers["hidden"], [0.5, 0.5])
    near("y", last.numbers["output"], [1.0])
    near("parameters", last.numbers["parameters"], 9)


@mlp_forward.check
def sums_are_matrices() -> None:
    """Both forms agree to 1e-12 for three activations; parameters are (D + 1)·M + (M + 1)·K as torch counts them."""
    from torch import nn

    for activation in ("sigmoid", "relu", "tanh"):
        last = mlp_forward.last(net="random", inputs=4, hidden=5, outputs=3, activation=activation, seed=11)
        near(f"gap, {activation}", last.numbers["gap"], 0.0, 1e-12)
    module = nn.Sequential(nn.Linear(4, 5), nn.Sigmoid(), nn.Linear(5, 3))
    near("parameters", last.numbers["parameters"], sum(p.numel() for p in module.parameters()))


@mlp_forward.check
def torch_module() -> None:
    """The output of a random net against torch's layers with the same weights."""
    import torch
    from torch.nn import functional

    parts = {name: torch.tensor(one, dtype=torch.float64) for name, one in draw_net(3, 4, 2, 5).items()}
    a = torch.sigmoid(functional.linear(parts["x"], parts["W"], parts["b"]))
    known = functional.linear(a, parts["C"], parts["d"])
    last = mlp_forward.last(net="random", seed=5)
    near("y", last.numbers["output"], known.tolist())


@mlp_forward.check
def exclusive_or() -> None:
    """One hidden layer computes XOR of all four inputs (003:mlp); the best line gets at most three of them right."""
    for x, known in (((0, 0), 0), ((0, 1), 1), ((1, 0), 1), ((1, 1), 0)):
        parts = NETS["xor"] | {"x": list(x)}
        near(f"xor{x}", forward_sheet(parts, "relu").tensors["y"].numbers(), [known])
    signs = np.array([-1, 1, 1, -1])
    points = np.array([[0, 0, 1], [0, 1, 1], [1, 0, 1], [1, 1, 1]])
    lines = np.random.default_rng(0).normal(size=(20_000, 3))
    near("right of the best line", int((np.sign(lines @ points.T) == signs).sum(1).max()), 3)
