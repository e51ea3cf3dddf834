"""One neuron a layer: the gradient of the first weight as a product of factors."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Annotated

import numpy as np
from numpy.typing import NDArray

from dltui.figures import Lines, Series, Step, Steps, Table, number
from dltui.lab import Choice, Frame, Slider, exhibit, near

Array = NDArray[np.float64]
Curve = Callable[[float], float]

LINES, ROWS = 6, 12  # factors written out, layers in the table


def _sigmoid(z: float) -> float:
    """Return 1/(1 + e^(−z)) for any z."""
    return float(0.5 * (1 + np.tanh(z / 2)))


ACTIVATIONS: dict[str, tuple[Curve, Curve, float]] = {  # value, slope, largest slope
    "sigmoid": (_sigmoid, lambda z: _sigmoid(z) * (1 - _sigmoid(z)), 0.25),
    "tanh": (lambda z: float(np.tanh(z)), lambda z: float(1 - np.tanh(z) ** 2), 1.0),
    "relu": (lambda z: max(z, 0.0), lambda z: float(z > 0), 1.0),
    "linear": (lambda z: z, lambda _: 1.0, 1.0),
}


@dataclass(frozen=True)
class Chain:
    """A forward pass through L neurons, each with one input, and the factors of ∂z_L/∂w₁.

    Attributes:
        inputs: z₀ = x₀ to z_{L−1}, shape (L,).
        sums: w·z_{i−1} + b of each layer, shape (L,).
        slopes: σ′ at those sums, shape (L,).
        factors: What each layer multiplies the gradient by, shape (L,): σ′·z₀ for the first, σ′·w for the others,
            1 + σ′·w where a skip goes around them.
        output: z_L.
    """

    inputs: Array
    sums: Array
    slopes: Array
    factors: Array
    output: float

    @property
    def gradient(self) -> float:
        """∂z_L/∂w₁."""
        return float(np.prod(self.factors))

    @property
    def along(self) -> Array:
        """∂z_L/∂z_i for the output of each layer i = 1 … L, shape (L,): 1 at the last."""
        found: Array = np.concatenate(([1.0], np.cumprod(self.factors[:0:-1])))[::-1]
        return found


def chain(depth: int, w: float, b: float, activation: str, *, x: float = 1.0, skip: bool = False) -> Chain:
    """Return the forward pass and its factors: z_i = σ(w·z_{i−1} + b), with z_{i−1} added where there is a skip."""
    value, slope, _ = ACTIVATIONS[activation]
    inputs, sums, slopes, factors, z = [], [], [], [], x
    for layer in range(depth):
        s = w * z + b
        inputs.append(z)
        sums.append(s)
        slopes.append(slope(s))
        factors.append(slopes[-1] * z if layer == 0 else slopes[-1] * w + skip)
        z = value(s) + (z if skip else 0.0)
    return Chain(np.array(inputs), np.array(sums), np.array(slopes), np.array(factors), z)


@exhibit(
    "chain-product",
    family="geometry",
    covers=("000b:vanish-chain", "000b:vanishing-grad", "000b:exploding-grad", "001:vanish-sigmoid"),
    kin={
        "dltui lab run activations": "σ′ over z: at most a quarter",
        "dltui lab run clip-cliff": "what clipping does to a gradient that explodes",
        "dltui lab run product-bound": "the same with matrices",
        "dltui lab run skip-highway": "the chain with a skip around each neuron",
        "dltui lab run gradient-thermometer": "a whole network of such layers",
        "dltui gradients MODEL": "gradient norms of a network of your own, layer by layer",
    },
    sources=("Bengio, Simard, Frasconi 1994, doi:10.1109/72.279181", "Glorot and Bengio 2010"),
)
def chain_product(
    depth: Annotated[int, Slider(1, 100, help="layers L, one neuron each")] = 20,
    w: Annotated[float, Slider(-3, 3, step=0.1, help="weight w of every layer")] = 1.0,
    activation: Annotated[str, Choice(*ACTIVATIONS, help="activation σ")] = "sigmoid",
    b: Annotated[float, Slider(-10, 10, step=0.1, help="bias b of every layer")] = 0.0,
    x: Annotated[float, Slider(-3, 3, step=0.1, help="input x₀")] = 1.0,
) -> Iterator[Frame]:
    """The gradient of the first weight through L neurons in a row, written factor by factor.

    Try: --activation relu --w 2 doubles at every layer; --activation tanh; --w 3, which saturates; --b 5.
    Notice: the gradient is one product with a factor σ′·w for every layer; below 1 it vanishes like a power of the
    depth, above 1 it explodes, and only a factor of 1 keeps it.

    z_i = σ(w·z_{i−1} + b), z₀ = x₀. ∂z_L/∂w₁ = (Π_{i=2…L} σ′(s_i)·w) · σ′(s₁)·x₀, and the gradient of a loss is
    ∂Loss/∂z_L times that.

    Sigmoid: σ′(0) = .25 at most, .105 at 2, .0066 at 5: for |w| ≤ 1 the product is at most .25^(L−1)·|w|^(L−1), times
    .25·|x₀|. ReLU: σ′ is 1 or 0, so that it is w^(L−1)·x₀, or 0 for good. What is right where notes differ: some leave
    out the last layer's factor; it belongs to the chain as every other.
    """
    found = chain(depth, w, b, activation, x=x)
    bound = ACTIVATIONS[activation][2]
    yield Frame(
        figures=(_curve(depth, w, b, activation, x), _factors(found), _written(found, w), _table(found)),
        numbers={
            "gradient": found.gradient,
            "output": found.output,
            "factors": found.factors.tolist(),
            "slopes": found.slopes.tolist(),
            "largest_slope": bound,
            "bound": float(bound**depth * abs(w) ** (depth - 1) * abs(x)) if not b else None,
        },
        caption=f"L = {depth}: ∂z_L/∂w₁ = {number(found.gradient)}",
        total=1,
    )


def _curve(depth: int, w: float, b: float, activation: str, x: float) -> Lines:
    """Return the size of the gradient over the depth, for every activation."""
    layers = np.arange(1.0, depth + 1)
    order = (activation, *(name for name in ACTIVATIONS if name != activation))
    series, dead = [], []
    for name in order:
        sizes = np.abs(np.cumprod(chain(depth, w, b, name, x=x).factors))
        if sizes[0] == 0:
            dead.append(name)
        else:
            series.append(Series(name=name, x=layers, y=np.where(sizes > 0, sizes, np.nan)))
    return Lines(
        title="Size of ∂z_l/∂w₁ after l layers",
        caption=f"exactly 0 from the first layer on: {', '.join(dead)}" if dead else "",
        series=tuple(series) or (Series(name="none but 0", x=layers, y=np.zeros(depth)),),
        x_label="layers l",
        y_label="|∂z_l/∂w₁|",
        y_scale="log" if series else "linear",
    )


def _factors(found: Chain) -> Lines:
    """Return the factor of every layer beside 1."""
    layers = np.arange(1.0, len(found.factors) + 1)
    return Lines(
        title="The factor of each layer",
        caption="above 1 it grows, below it shrinks; the first is σ′·x₀, the others σ′·w",
        series=(Series(name="factor", x=layers, y=np.abs(found.factors)),),
        x_label="layer",
        y_label="|factor|",
        levels=((1.0, "keeps"),),
    )


def _written(found: Chain, w: float) -> Steps:
    """Return the product factor by factor."""
    lines, product = [], 1.0
    shown = min(len(found.factors), LINES)
    for layer in range(shown):
        other = f"x₀ = {number(float(found.inputs[0]))}" if layer == 0 else f"w = {number(w)}"
        factor, slope = float(found.factors[layer]), float(found.slopes[layer])
        product *= factor
        lines.append(
            Step(
                formula=f"layer {layer + 1}: σ′({number(float(found.sums[layer]))}) = {number(slope)}, "
                f"times {other}: {number(factor)}",
                note=f"product so far {number(product)}",
            )
        )
    if shown < len(found.factors):
        lines.append(
            Step(
                formula=f"… {len(found.factors) - shown} layers more", note=f"in all {number(found.gradient)}"
            )
        )
    return Steps(title="∂z_L/∂w₁, factor by factor", steps=tuple(lines))


def _table(found: Chain) -> Table:
    """Return all layers in numbers, the middle left out where there are many."""
    sofar = np.cumprod(found.factors)
    layers = np.unique(np.linspace(0, len(sofar) - 1, ROWS).round().astype(int))
    return Table(
        title="Layer by layer",
        columns=("layer", "z before", "s = wz + b", "σ′(s)", "factor", "product"),
        rows=tuple(
            (
                int(i) + 1, float(found.inputs[i]), float(found.sums[i]), float(found.slopes[i]),
                float(found.factors[i]), float(sofar[i]),
            )
            for i in layers
        ),
    )  # fmt: skip


def _gradient(**knobs: float | str) -> float:
    """Return ∂z_L/∂w₁ as the exhibit shows it."""
    frame = chain_product.last(**knobs)
    return float(str(frame.numbers["gradient"]))


@chain_product.check
def sigmoid_of_the_notes() -> None:
    """Sigmoid, w = 1, x₀ = 1: 4.861e-4, 2.785e-7, 9.139e-14 at L = 5, 10, 20 (notes 000b)."""
    for depth, known in ((5, 4.861e-4), (10, 2.785e-7), (20, 9.139e-14)):
        near(f"over known, L = {depth}", _gradient(depth=depth) / known, 1, 2e-4)


@chain_product.check
def powers_of_relu() -> None:
    """ReLU, w = 2: exactly 2^(L−1), 512 at 10 and 524,288 at 20; w = 1.5: 2,217 at 20 (notes 000b)."""
    for depth in (1, 10, 20):
        near(f"L = {depth}", _gradient(depth=depth, w=2, activation="relu"), 2 ** (depth - 1), 0)
    near("w = 1.5", _gradient(w=1.5, activation="relu"), 2217, 1e-3)
    near("dead", _gradient(w=-1, activation="relu"), 0)


@chain_product.check
def slopes_of_the_sigmoid() -> None:
    """σ′(0) = .25, σ′(2) = .104994, σ′(5) = .006648, σ′(10) = 4.54e-5 (notes 001), and never above its bound."""
    slope = ACTIVATIONS["sigmoid"][1]
    near("σ′", [slope(z) for z in (0, 2, 5, 10)], (0.25, 0.104994, 0.006648, 4.54e-5), 1e-6)
    for depth in (5, 10, 20):
        for w in (-1, 0.5, 1):
            frame = chain_product.last(depth=depth, w=w)
            assert abs(float(str(frame.numbers["gradient"]))) <= float(str(frame.numbers["bound"])), (
                depth,
                w,
            )
    near("bound at L = 10", 0.25**9, 3.81e-6, 1e-8)


@chain_product.check
def product_like_autograd() -> None:
    """∂z_L/∂w₁ against torch.autograd with weights of their own, every activation and sign, to 1e-10 of it."""
    import torch

    of: dict[str, Callable[[torch.Tensor], torch.Tensor]] = {
        "sigmoid": torch.sigmoid,
        "tanh": torch.tanh,
        "relu": torch.relu,
        "linear": lambda z: z,
    }
    for name, one in of.items():
        for depth, w, b, x in ((1, 1.0, 0.3, 2.0), (7, -0.8, 0.4, 1.0), (12, 1.7, -0.2, 0.6)):
            weights = [torch.tensor(w, dtype=torch.float64, requires_grad=True) for _ in range(depth)]
            z = torch.tensor(x, dtype=torch.float64)
            for weight in weights:
                z = one(weight * z + b)
            (known,) = torch.autograd.grad(z, weights[:1])
            found = _gradient(depth=depth, w=w, b=b, x=x, activation=name)
            near(f"{name}, L = {depth}", found / (known.item() or 1), 1 if known.item() else 0, 1e-10)
