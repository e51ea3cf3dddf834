"""Vector-Jacobian products: what back-propagation computes instead of the matrix of all slopes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np

from dltui.figures import Heatmap, Table
from dltui.lab import Choice, Frame, Slider, exhibit, near

if TYPE_CHECKING:
    import torch

LAYERS = ("linear", "relu", "softmax", "tanh")


@exhibit(
    "vector-jacobian",
    family="byhand",
    covers=("002a:jacobian-shape-rule",),
    kin={
        "dltui byhand linear --backward --torch": "a layer's gradients, line by line",
        "dltui lab run backprop-graph": "the same rule, number by number",
    },
)
def vector_jacobian(
    layer: Annotated[str, Choice(*LAYERS, help="which layer")] = "linear",
    batch: Annotated[int, Slider(1, 8, help="rows of X")] = 2,
    features: Annotated[int, Slider(1, 12, help="features of a row")] = 4,
    seed: Annotated[int, Slider(0, 100, help="seed of X, weights and v")] = 0,
) -> Iterator[Frame]:
    """The Jacobian of a layer drawn whole, beside the product that back-propagation computes without it.

    Try: --layer relu: all but the diagonal is 0; --layer softmax: blocks; --batch 8 and look at the bytes.
    Notice: the Jacobian has outputs × inputs numbers, nearly all 0 or repeated. vᵀ·J needs none of them: for Y = X·Wᵀ
    it is V·W. A gradient always has the shape of the tensor that it belongs to.

    ∂L/∂X = vᵀ·J with v = ∂L/∂Y. Frameworks store for each layer how to multiply by its Jacobian, never the Jacobian.
    """
    forward, product, x, v = layer_case(layer, batch, features, seed)
    matrix = explicit(forward, x)
    gradient = product(v)
    whole = np.ravel(v) @ matrix
    gap = float(np.abs(whole - gradient.ravel()).max())
    heat = Heatmap(
        title=f"Jacobian of {layer}, {matrix.shape[0]} outputs × {matrix.shape[1]} inputs",
        values=matrix,
        x=np.arange(1, matrix.shape[1] + 1, dtype=float),
        y=np.arange(1, matrix.shape[0] + 1, dtype=float),
        x_label="input",
        y_label="output",
        value_label="slope",
        colormap="coolwarm",
        downwards=True,
    )
    size = 64 * 256  # what a layer of usual size has
    table = Table(
        title="The same gradient twice",
        columns=("way", "numbers stored", "bytes in float64", "backward passes"),
        rows=(
            ("explicit Jacobian, then vᵀ·J", matrix.size, matrix.nbytes, matrix.shape[0]),
            ("vector-Jacobian product", gradient.size, gradient.nbytes, 1),
            ("explicit, 64 × 256 features", size**2, 8 * size**2, size),
        ),
    )
    shares = float(np.mean(matrix == 0))
    shapes = Table(
        title="A gradient has the shape of its tensor",
        columns=("tensor", "shape"),
        rows=(("X", str(x.shape)), ("∂L/∂X", str(gradient.shape)), ("v = ∂L/∂Y", str(v.shape))),
    )
    yield Frame(
        figures=(heat, table, shapes),
        numbers={
            "gap": gap,
            "zeros": shares,
            "shape": list(x.shape),
            "gradient_shape": list(gradient.shape),
            "bytes": matrix.nbytes,
        },
        caption=f"{shares:.0%} of the Jacobian is 0",
        total=1,
    )


Numbers = np.ndarray[Any, np.dtype[np.float64]]


def layer_case(
    layer: str, batch: int, features: int, seed: int
) -> tuple[Callable[[torch.Tensor], torch.Tensor], Callable[[Numbers], Numbers], Numbers, Numbers]:
    """Return a layer for torch, its vector-Jacobian product by formula, an input and what comes back."""
    import torch

    draws = np.random.default_rng(seed)
    x = draws.normal(size=(batch, features))
    weight = draws.normal(size=(max(1, features - 1), features))
    v = draws.normal(size=(batch, weight.shape[0] if layer == "linear" else features))
    if layer == "linear":
        w = torch.tensor(weight)
        return lambda t: t @ w.T, lambda g: g @ weight, x, v
    if layer == "relu":
        return torch.relu, lambda g: g * (x > 0), x, v
    if layer == "tanh":
        return torch.tanh, lambda g: g * (1 - np.tanh(x) ** 2), x, v
    e = np.exp(x - x.max(axis=1, keepdims=True))
    p = e / e.sum(axis=1, keepdims=True)
    return lambda t: torch.softmax(t, dim=1), lambda g: p * (g - (g * p).sum(axis=1, keepdims=True)), x, v


def explicit(forward: Callable[[torch.Tensor], torch.Tensor], x: Numbers) -> Numbers:
    """Return the Jacobian as torch computes it: a backward pass for each output, which gives its row."""
    import torch

    point = torch.tensor(x)
    found: torch.Tensor = torch.autograd.functional.jacobian(forward, point)  # type: ignore[no-untyped-call]
    matrix: Numbers = found.reshape(-1, point.numel()).numpy()
    return matrix


@vector_jacobian.check
def shape_rule() -> None:
    """∂L/∂X has the shape of X for every layer."""
    for layer in LAYERS:
        last = vector_jacobian.last(layer=layer, batch=3, features=5)
        near(layer, last.numbers["gradient_shape"], [3, 5])


@vector_jacobian.check
def product_without_the_matrix() -> None:
    """The explicit Jacobian of torch, transposed, times v = the product by formula = torch's backward."""
    import torch

    for layer in LAYERS:
        forward, product, x, v = layer_case(layer, 3, 4, 5)
        known = np.ravel(v) @ explicit(forward, x)
        near(f"Jᵀv of {layer}", product(v).ravel(), known, 1e-12)
        point = torch.tensor(x, requires_grad=True)
        (found,) = torch.autograd.grad(forward(point), point, torch.tensor(v))
        near(f"backward of {layer}", product(v), found.numpy(), 1e-12)
