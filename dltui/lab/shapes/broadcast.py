"""A hand-written layer, shape by shape: unsqueeze, expand, product, sum."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

import numpy as np
from numpy.typing import NDArray

from dltui.figures import Heatmap, Step, Steps, Table, number
from dltui.lab import Frame, Slider, exhibit, near
from dltui.shapes import infer
from dltui.shapes.report import show

Array = NDArray[np.float64]
A = np.array([[1.0, 2.0], [3.0, 4.0]])


@exhibit(
    "broadcast-trace",
    family="shapes",
    covers=("001:custom-layer",),
    kin={
        "dltui shapes mul -i 1,5,2,3 -i 4,1,2,3": "two shapes spread to a common one",
        "dltui shapes matmul -i 4,6 -i 6,5": "the matrix product, with its cost",
        "dltui lab run layer-shapes": "layers that PyTorch has already",
    },
    sources=("PyTorch 2.13, torch.Tensor.expand",),
)
def broadcast_trace(
    batch: Annotated[int, Slider(1, 16, help="samples B")] = 4,
    rows: Annotated[int, Slider(1, 8, help="rows i of a sample")] = 2,
    columns: Annotated[int, Slider(1, 8, help="columns j of a sample")] = 3,
    out: Annotated[int, Slider(1, 8, help="numbers k that come out")] = 5,
    seed: Annotated[int, Slider(0, 9999, help="seed of weights and samples")] = 0,
) -> Iterator[Frame]:
    """A layer written by hand, y_k = Σ W_kij·x_ij, as a chain of shapes; and A * B beside A @ B.

    Try: --batch 1 and --out 1: a dimension of 1 is spread without a copy; larger rows and columns.
    Notice: expand copies nothing, it makes a dimension of size 1 look long; the product in the middle is the large
    tensor, and einsum or a Linear on the flattened sample gives the same without it.

    weight (k, i, j) → unsqueeze(0) → (1, k, i, j) → expand → (B, k, i, j); x (B, i, j) → unsqueeze(1) →
    (B, 1, i, j) → expand → (B, k, i, j); their product number by number, summed over the last two dimensions, is
    (B, k). Shapes are matched from the back; sizes must be equal or 1.

    `*` multiplies number by number (Hadamard), `@` is the matrix product: they agree on almost nothing.
    """
    rng = np.random.default_rng(seed)
    weight = rng.standard_normal((out, rows, columns))
    x = rng.standard_normal((batch, rows, columns))
    steps = trace(weight, x)
    y = steps[-1][2]
    table = Table(
        title="The chain of shapes",
        columns=("step", "shape", "numbers in memory"),
        rows=tuple((name, show(array.shape), held(array)) for name, _, array in steps),
        caption="what is expanded has no memory of its own",
    )
    one = Steps(
        title="One number, worked out",
        steps=(
            Step(
                formula=f"y[0, 0] = {' + '.join(parts(weight[0], x[0]))}{' + …' if weight[0].size > 6 else ''}"
            ),
            Step(formula=f"= {number(float(y[0, 0]))}", note="Σ over i and j of W[0, i, j]·x[0, i, j]"),
        ),
    )
    product = (weight[0] * x[0])[::1]
    picture = Heatmap(
        title="W[0] * x[0], number by number",
        values=product,
        x=np.arange(columns, dtype=float),
        y=np.arange(rows, dtype=float),
        x_label="j",
        y_label="i",
        value_label="product",
        colormap="coolwarm",
        downwards=True,
    )
    yield Frame(
        figures=(table, one, picture, beside()),
        numbers={
            "output": list(y.shape),
            "y": y.tolist(),
            "largest": int(np.prod(steps[-2][2].shape)),
            "linear_macs": int(infer("linear", (batch, rows * columns), out_features=out, bias=False).macs),
        },
        caption=f"({batch}, {rows}, {columns}) → {y.shape}",
        total=1,
    )


def trace(weight: Array, x: Array) -> list[tuple[str, str, Array]]:
    """Return every step with what it is called, how it is written, and its array."""
    batch, out = len(x), len(weight)
    whole = (batch, *weight.shape)
    wide = weight[None]
    tall = x[:, None]
    spread, other = np.broadcast_to(wide, whole), np.broadcast_to(tall, whole)
    assert out == spread.shape[1]
    product = spread * other
    return [
        ("weight", "weight", weight),
        ("weight.unsqueeze(0)", "weight[None]", wide),
        (f".expand({batch}, −1, −1, −1)", "broadcast_to", spread),
        ("x", "x", x),
        ("x.unsqueeze(1)", "x[:, None]", tall),
        (f".expand(−1, {out}, −1, −1)", "broadcast_to", other),
        ("weight * x", "product", product),
        (".sum(dim=(2, 3))", "sum", product.sum(axis=(2, 3))),
    ]


def held(array: Array) -> int:
    """Return how many numbers of memory an array really takes: along an expanded dimension none."""
    return int(np.prod([n for n, step in zip(array.shape, array.strides, strict=True) if step or n == 1]))


def parts(weight: Array, x: Array) -> list[str]:
    """Return the first products of one output, as text."""
    pairs = list(zip(weight.ravel(), x.ravel(), strict=True))[:6]
    return [f"({number(float(w), 3)})·({number(float(v), 3)})" for w, v in pairs]


def beside() -> Table:
    """Return A * B beside A @ B for two matrices."""
    other = np.array([[1.0, 1.0], [0.0, 2.0]])
    cells = [(A, other, A * other, A @ other)]
    rows = [
        tuple(" ".join(number(float(n)) for n in matrix[row]) for matrix in one)
        for one in cells
        for row in range(2)
    ]
    return Table(title="A * B is not A @ B", columns=("A", "B", "A * B", "A @ B"), rows=tuple(rows))


@broadcast_trace.check
def equals_einsum() -> None:
    """Y against einsum kij,bij→bk and against a Linear on the flattened sample, for four seeds."""
    for seed in range(4):
        rng = np.random.default_rng(seed)
        weight, x = rng.standard_normal((5, 2, 3)), rng.standard_normal((4, 2, 3))
        last = broadcast_trace.last(seed=seed)
        near("y", last.numbers["y"], np.einsum("kij,bij->bk", weight, x), 1e-12)
        near("linear", last.numbers["y"], x.reshape(4, -1) @ weight.reshape(5, -1).T, 1e-12)


@broadcast_trace.check
def shapes_of_the_notes() -> None:
    """B = 4, i = 2, j = 3, k = 5: (4, 5, 2, 3) → (4, 5); weight [[1, 2], [3, 4]] on ones gives 10 (notes 001, W3)."""
    steps = trace(np.zeros((5, 2, 3)), np.zeros((4, 2, 3)))
    near("weight spread", steps[2][2].shape, (4, 5, 2, 3))
    near("x spread", steps[5][2].shape, (4, 5, 2, 3))
    near("y", steps[-1][2].shape, (4, 5))
    near("by hand", trace(A[None], np.ones((1, 2, 2)))[-1][2], [[10.0]])


@broadcast_trace.check
def torch_goes_the_same_way() -> None:
    """Every shape of the chain and y against torch's unsqueeze, expand, * and sum."""
    import torch

    rng = np.random.default_rng(3)
    weight, x = rng.standard_normal((5, 2, 3)), rng.standard_normal((4, 2, 3))
    w, v = torch.from_numpy(weight), torch.from_numpy(x)
    wide, tall = w.unsqueeze(0), v.unsqueeze(1)
    spread, other = wide.expand(4, -1, -1, -1), tall.expand(-1, 5, -1, -1)
    theirs = [w, wide, spread, v, tall, other, spread * other, (spread * other).sum(dim=(2, 3))]
    for (name, _, ours), tensor in zip(trace(weight, x), theirs, strict=True):
        near(f"shape of {name}", ours.shape, tensor.shape)
        near(name, ours, tensor.numpy(), 1e-12)
    near("memory of the expanded weight", held(trace(weight, x)[2][2]), spread.untyped_storage().nbytes() / 8)


@broadcast_trace.check
def star_is_not_at() -> None:
    """[[1, 2], [3, 4]] with [[1, 1], [0, 2]]: number by number 1 2, 0 8; as matrices 1 5, 3 11."""
    rows = beside().rows
    near("A * B", [[float(n) for n in str(row[2]).split()] for row in rows], [[1, 2], [0, 8]])
    near("A @ B", [[float(n) for n in str(row[3]).split()] for row in rows], [[1, 5], [3, 11]])
