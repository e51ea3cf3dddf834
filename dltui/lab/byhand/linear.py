"""Linear layers: what one does, and why several in a row do no more."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Annotated, Any

import numpy as np

from dltui.byhand import Worked, work
from dltui.byhand.functions import dot
from dltui.byhand.operations.linear import W5_WEIGHT
from dltui.byhand.sheet import Sheet
from dltui.figures import Heatmap, Lines, Series, Table
from dltui.instruments.byhand import steps_of
from dltui.instruments.byhand.figures import results
from dltui.lab import Choice, Frame, Slider, exhibit, near

Matrix = np.ndarray[Any, Any]
POINTS = 240  # of the ring and what lies in it
HIDDEN = 24  # units of the hidden layer on the ring


@exhibit(
    "linear-layer",
    family="byhand",
    covers=("000a:fc-layer", "003:linear", "003:linear-nd"),
    kin={
        "dltui byhand linear --backward --torch": "the same with gradients, beside torch",
        "dltui lab run dense-vs-conv": "what such a layer costs on pictures",
    },
)
def linear_layer(
    numbers: Annotated[str, Choice("notes", "random", help="whose numbers")] = "notes",
    rows: Annotated[int, Slider(1, 5, help="rows of x")] = 2,
    in_features: Annotated[int, Slider(1, 6, help="features that go in")] = 3,
    out_features: Annotated[int, Slider(1, 6, help="features that come out")] = 4,
    lead: Annotated[int, Slider(0, 3, help="leading dimensions of size 2 before the rows")] = 0,
    seed: Annotated[int, Slider(0, 100, help="seed of the random numbers")] = 0,
) -> Iterator[Frame]:
    """A linear layer as on paper: every output is a row of x times a row of the weights, plus a bias.

    Try: --numbers random --in-features 5; --lead 1 puts a dimension in front, and only the last one changes.
    Notice: W has a row for each output, so it is W transposed that x is multiplied with; the bias is added to all rows.

    Y = X·Wᵀ + b, Y_nj = Σ_k x_nk·w_jk + b_j. Every output sees every input: global relations among features, at a price
    of in·out + out parameters.
    """
    worked = work("linear", draw_case(numbers, rows, in_features, out_features, lead, seed))
    weight = worked.inputs["weight"]
    heat = Heatmap(
        title="Weights",
        values=np.array(weight.numbers(), dtype=float),
        x=np.arange(1, weight.shape[1] + 1, dtype=float),
        y=np.arange(1, weight.shape[0] + 1, dtype=float),
        x_label="input",
        y_label="output",
        value_label="weight",
        colormap="coolwarm",
        downwards=True,
    )
    parameters = len(weight.cells) + len(worked.inputs["bias"].cells)
    shapes = ", ".join(f"{one.symbol} {' × '.join(map(str, one.shape))}" for one in worked.inputs.values())
    yield Frame(
        figures=(
            steps_of(worked.sheet.lines, worked.sheet.tensors),
            results(worked.outputs, title=f"What comes out of {shapes}"),
            heat,
        ),
        numbers={
            "parameters": parameters,
            "shape": list(worked.output.shape),
            "output": [cell.value for cell in worked.output.cells],
        },
        caption=f"{weight.shape[1]} → {weight.shape[0]}, {parameters} parameters",
        total=1,
    )


def draw_case(
    numbers: str, rows: int, in_features: int, out_features: int, lead: int, seed: int
) -> dict[str, Any]:
    """Return inputs for the layer: the notes' weights where they fit, else numbers with one decimal."""
    shape = (*(2,) * lead, rows, in_features)
    if numbers == "notes" and (in_features, out_features) == (3, 4):
        x = np.arange(1.0, 1.0 + np.prod(shape)).reshape(shape)
        return {"x": x.tolist(), "weight": W5_WEIGHT, "bias": [2, 3, 4, 5]}
    draws = np.random.default_rng(seed)
    return {
        "x": draws.integers(-9, 10, shape).astype(float).tolist(),
        "weight": (draws.integers(-10, 11, (out_features, in_features)) / 10).tolist(),
        "bias": (draws.integers(-10, 11, out_features) / 10).tolist(),
    }


@linear_layer.check
def notes_examples() -> None:
    """Linear(3, 4) on [[1, 2, 3], [4, 5, 6]] and on (3, 2, 3) as the notes print it (003, W5 and W6)."""
    last = linear_layer.last()
    near("W5", last.numbers["output"], [3.4, 6.2, 9.0, 11.8, 5.2, 10.7, 16.2, 21.7])
    worked = work("linear", example="w6")
    near("W6, last row", worked.output.numbers()[2][1], [12.4, 28.7, 45.0, 61.3])
    near("W6, its shape", worked.output.shape, (3, 2, 4))


@linear_layer.check
def torch_layer() -> None:
    """Values and gradients of random layers with zero to two leading dimensions against torch.nn.functional.linear."""
    from dltui.instruments.byhand import torch_answer

    for lead in range(3):
        worked: Worked = work("linear", draw_case("random", 3, 4, 2, lead, 7))
        answer = torch_answer(worked, backward=True)
        assert answer.gradient_difference is not None
        near("values", answer.difference, 0.0)
        near("gradients", answer.gradient_difference, 0.0)


@exhibit(
    "linear-collapse",
    family="byhand",
    covers=("000a:affine-act-stack", "001:activation-role", "002a:linear-collapse"),
    kin={
        "dltui lab run mlp-forward": "two layers with something between them",
        "dltui train moons-mlp": "a network with activations that learns a bent border",
    },
)
def linear_collapse(
    depth: Annotated[int, Slider(1, 6, help="linear layers in a row")] = 2,
    width: Annotated[int, Slider(1, 6, help="features between them")] = 2,
    activation: Annotated[str, Choice("none", "relu", help="what stands between the layers")] = "none",
    seed: Annotated[int, Slider(0, 100, help="seed of the weights")] = 0,
) -> Iterator[Frame]:
    """Linear layers in a row and the single matrix that does the same: W′ = W₂·W₁, b′ = W₂·b₁ + b₂.

    Try: --depth 6 changes nothing but the matrix; --activation relu, and the single matrix no longer does the same.
    Notice: without activations a deep network draws the border of a linear one: on the ring it guesses; with ReLUs
    between, the same number of weights tells ring and inside apart.

    f(x) = W₂·(W₁·x + b₁) + b₂ = (W₂·W₁)·x + (W₂·b₁ + b₂), and so on layer by layer. The ring is fitted in closed
    form: random first layer, last layer by least squares.
    """
    layers = draw_layers(depth, width, seed)
    sheet = collapse_sheet(layers)
    matrix, shift = collapsed(layers)
    along = np.linspace(-2, 2, 41)
    points = np.stack([along, 1 - along], axis=1)
    deep, single = forward(layers, points, activation), points @ matrix.T + shift
    gap = float(np.abs(deep - single).max())
    chart = Lines(
        title="First output along a line through the plane",
        series=(
            Series(name=f"{depth} layers, {activation} between", x=along, y=deep[:, 0]),
            Series(name="W′·x + b′", x=along, y=single[:, 0], marks=True),
        ),
        x_label="x₁, with x₂ = 1 − x₁",
        y_label="output",
    )
    ring = ring_accuracy(seed, "none"), ring_accuracy(seed, "relu")
    table = Table(
        title=f"A ring of points around others: share told apart, {HIDDEN} hidden units",
        columns=("network", "right"),
        rows=(
            ("linear", linear_accuracy(seed)),
            ("two linear layers, none between", ring[0]),
            ("two linear layers, ReLU between", ring[1]),
        ),
    )
    yield Frame(
        figures=(chart, steps_of(sheet.lines, sheet.tensors, title="Two layers made one"), table),
        numbers={
            "gap": gap,
            "matrix": matrix.tolist(),
            "shift": shift.tolist(),
            "ring_linear": linear_accuracy(seed),
            "ring_deep": ring[0],
            "ring_relu": ring[1],
        },
        caption=f"largest difference {gap:.2g}",
        total=1,
    )


def draw_layers(depth: int, width: int, seed: int) -> list[tuple[Matrix, Matrix]]:
    """Return weights and biases of layers from two features to two, numbers with one decimal."""
    draws = np.random.default_rng(seed)
    sizes = [2, *[width] * (depth - 1), 2]
    return [
        (draws.integers(-10, 11, (out, into)) / 10, draws.integers(-10, 11, out) / 10)
        for into, out in pairwise(sizes)
    ]


def forward(layers: Sequence[tuple[Matrix, Matrix]], x: Matrix, activation: str) -> Matrix:
    """Return what layers in a row make of points, shape (n, 2)."""
    for place, (weight, bias) in enumerate(layers):
        x = x @ weight.T + bias
        if activation == "relu" and place < len(layers) - 1:
            x = np.maximum(x, 0)
    return x


def collapsed(layers: Sequence[tuple[Matrix, Matrix]]) -> tuple[Matrix, Matrix]:
    """Return the one matrix and shift that do what linear layers in a row do."""
    matrix, shift = layers[0]
    for weight, bias in layers[1:]:
        matrix, shift = weight @ matrix, weight @ shift + bias
    return matrix, shift


def collapse_sheet(layers: Sequence[tuple[Matrix, Matrix]]) -> Sheet:
    """Return the first two layers made one, line by line; of a single layer, that layer."""
    sheet = Sheet()
    tensors = [
        (
            sheet.input(f"W{k}", "vw"[k - 1], weight.shape, weight.ravel().tolist()),
            sheet.input(f"b{k}", "cb"[k - 1], bias.shape, bias.tolist()),
        )
        for k, (weight, bias) in enumerate(layers[:2], start=1)
    ]
    first, shift = tensors[0]
    second, last = tensors[-1]
    sheet.heading("W′ = W₂·W₁, w of the second and v of the first layer")
    product = sheet.tensor("W′", (second.shape[0], first.shape[1]), "w′")
    if len(tensors) == 1:
        for place in product.places():
            product[place] = first[place]
        return sheet
    for i, j in product.places():
        product[i, j] = dot(second.row(i), [first[k, j] for k in range(first.shape[0])])
    sheet.heading("b′ = W₂·b₁ + b₂, c of the first and b of the second layer")
    moved = sheet.tensor("b′", (second.shape[0],), "b′")
    for (i,) in moved.places():
        moved[i] = dot(second.row(i), shift.row()) + last[i]
    return sheet


def ring_points(seed: int) -> tuple[Matrix, Matrix]:
    """Return points within a disc and on a ring around it, and −1 or 1 for each."""
    draws = np.random.default_rng(seed)
    angle = draws.uniform(0, 2 * np.pi, POINTS)
    radius = np.where(
        np.arange(POINTS) % 2 == 0, draws.uniform(0, 0.8, POINTS), draws.uniform(1.3, 1.8, POINTS)
    )
    return np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1), np.where(radius > 1, 1.0, -1.0)


def fitted_accuracy(features: Matrix, label: Matrix) -> float:
    """Return the share of points that a linear layer on features, fitted by least squares, tells right."""
    wide = np.concatenate([features, np.ones((len(features), 1))], axis=1)
    weights = np.linalg.lstsq(wide, label, rcond=None)[0]
    return float(np.mean(np.sign(wide @ weights) == label))


def linear_accuracy(seed: int) -> float:
    """Return how well one linear layer tells ring and inside apart."""
    return fitted_accuracy(*ring_points(seed))


def ring_accuracy(seed: int, activation: str) -> float:
    """Return how well two layers do, the first one random, the second fitted."""
    points, label = ring_points(seed)
    draws = np.random.default_rng(seed + 1)
    hidden = points @ draws.normal(size=(2, HIDDEN)) + draws.normal(size=HIDDEN)
    return fitted_accuracy(np.maximum(hidden, 0) if activation == "relu" else hidden, label)


@linear_collapse.check
def one_matrix_does_the_same() -> None:
    """Outputs of up to six layers and of the single matrix agree to 1e-9; the sheet's matrix is that of torch."""
    import torch

    for depth in (1, 2, 4, 6):
        last = linear_collapse.last(depth=depth, width=4, seed=3)
        near(f"gap at depth {depth}", last.numbers["gap"], 0.0)
    layers = draw_layers(2, 3, 5)
    sheet = collapse_sheet(layers)
    (v, c), (w, b) = [(torch.tensor(one), torch.tensor(two)) for one, two in layers]
    near("W′", sheet.tensors["W′"].numbers(), (w @ v).tolist())
    near("b′", sheet.tensors["b′"].numbers(), (w @ c + b).tolist())


@linear_collapse.check
def an_activation_makes_the_difference() -> None:
    """With ReLUs the single matrix is wrong; on the ring deep linear = linear, and ReLU solves it."""
    last = linear_collapse.last(activation="relu")
    gap = float(str(last.numbers["gap"]))
    assert gap > 0.1, f"with ReLUs the two differ by {gap} only"
    near("deep linear on the ring", last.numbers["ring_deep"], last.numbers["ring_linear"])
    assert float(str(last.numbers["ring_linear"])) < 0.8, "a linear layer should not tell the ring apart"
    assert float(str(last.numbers["ring_relu"])) > 0.98, "ReLUs should tell the ring apart"
