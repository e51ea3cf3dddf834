"""Back-propagation through a small network: every sum, activation and loss a line, every gradient another."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from random import Random
from typing import Any

from dltui.byhand.functions import dot, exp, largest, log, mean, number, sigmoid, tanh, total
from dltui.byhand.operation import REGISTERED, Operation
from dltui.byhand.refusal import Refused, refuse
from dltui.byhand.sheet import Sheet
from dltui.byhand.tensor import Tensor, nested
from dltui.byhand.value import Value

SIZES = (2, 3, 1)
DEEPEST, WIDEST = 8, 64
ACTIVATIONS: dict[str, Callable[[Value], Value]] = {
    "tanh": tanh,
    "relu": lambda z: largest(number(0), z),
    "sigmoid": sigmoid,
    "none": lambda z: z,
}
LOSSES = ("mse", "crossentropy")


class Network(Operation):
    """A multi-layer perceptron with its loss as an operation.

    Attributes:
        sizes: Features of the input, of each hidden layer, and of the output.
        loss: One of ``LOSSES``.
    """

    __slots__ = ("loss", "sizes")
    differentiated = True
    shaping = ("sizes", "loss", "seed")

    def __init__(self, sizes: Sequence[int] = SIZES, loss: str = "mse", seed: int = 0) -> None:
        self.sizes, self.loss = _sizes(sizes), loss
        layers = range(1, len(self.sizes))
        self.name = "mlp"
        self.body = self._work
        self.formula = "zₗ = Wₗ·hₗ₋₁ + bₗ, hₗ = φ(zₗ), L = " + (
            "Σ (y − t)²/n" if loss == "mse" else "Σ (ln Σⱼ e^zⱼ − z_t)/n"
        )
        self.examples = {"drawn": _drawn(self.sizes, loss, seed)}
        self.fractions = (
            "expected target dtype to be Long or Byte, but got Float" if loss == "crossentropy" else ""
        )
        self.remarks = {"drawn": f"numbers with one decimal, drawn with seed {seed}"}
        self.tensors = {"x": "Tensor", "target": "Fixed" if loss == "mse" else "Indices"}
        self.symbols = {"x": "x", "target": "t"}
        for layer in layers:
            self.tensors |= {f"weight{layer}": "Tensor", f"bias{layer}": "Tensor"}
            self.symbols |= {f"weight{layer}": f"w{layer}", f"bias{layer}": f"b{layer}"}
        self.optional = frozenset()
        self.settings = {"sizes": "Ints", "activation": _literal(ACTIVATIONS), "loss": _literal(LOSSES)}
        self.defaults = {"sizes": self.sizes, "activation": "tanh", "loss": loss}

    @property
    def summary(self) -> str:
        """What it does, in one line."""
        return "A small network and its loss: values forwards, gradients backwards through every layer."

    @property
    def story(self) -> str:
        """The rule."""
        return "The gradient of a layer's weights is what comes back to its sums times what went into them."

    def told(self, parameter: str) -> str:
        """Return what a parameter is."""
        known = {
            "sizes": "Features of input, hidden layers and output, such as 2,3,1.",
            "activation": "What follows every layer but the last.",
            "loss": "What the output is held against the target with.",
            "x": "(batch, features).",
            "target": "(batch, outputs) for mse, a class each for crossentropy.",
        }
        return known.get(parameter, f"Of layer {parameter[-1]}, (out, in) or (out).")

    def fitted(self, given: Mapping[str, Any]) -> Operation:
        """Return the operation of the sizes and the loss that are given."""
        sizes, loss = _sizes(given.get("sizes", self.sizes)), given.get("loss", self.loss)
        seed = given.get("seed")
        same = sizes == self.sizes and loss == self.loss and seed is None
        return self if same else Network(sizes, loss, int(seed or 0))

    def _work(
        self, sheet: Sheet, *, sizes: Sequence[int], activation: str, loss: str, **given: Tensor
    ) -> Tensor:
        """Write the network and its loss."""
        del sizes
        h = self._checked(given)
        last = len(self.sizes) - 1
        for layer in range(1, last + 1):
            weight, bias = given[f"weight{layer}"], given[f"bias{layer}"]
            name = "y" if layer == last else f"z{layer}"
            sheet.heading(f"layer {layer}: {self.sizes[layer - 1]} → {self.sizes[layer]}")
            z = sheet.tensor(name, (h.shape[0], self.sizes[layer]))
            for n, j in z.places():
                z[n, j] = dot(h.row(n), weight.row(j)) + bias[j]
            if layer < last and activation != "none":
                sheet.heading(f"{activation} of layer {layer}")
                shown = sheet.tensor(f"h{layer}", z.shape)
                for place in z.places():
                    shown[place] = ACTIVATIONS[activation](z[place])
                z = shown
            h = z
        sheet.heading("loss")
        return (_mse if loss == "mse" else _cross_entropy)(sheet, h, given["target"])

    def _checked(self, given: Mapping[str, Tensor]) -> Tensor:
        """Return the input, every shape checked."""
        x = given["x"]
        if len(x.shape) != 2 or x.shape[1] != self.sizes[0]:
            refuse(
                "x",
                f"x must have shape (batch, {self.sizes[0]}) for sizes {_said(self.sizes)}, not {x.shape}",
            )
        for layer in range(1, len(self.sizes)):
            into, out = self.sizes[layer - 1 : layer + 1]
            for name, shape in ((f"weight{layer}", (out, into)), (f"bias{layer}", (out,))):
                if given[name].shape != shape:
                    refuse(
                        name,
                        f"{name} must have shape {shape} for sizes {_said(self.sizes)}, not {given[name].shape}",
                    )
        target = given["target"]
        wanted = (x.shape[0], self.sizes[-1]) if self.loss == "mse" else (x.shape[0],)
        if target.shape != wanted:
            refuse("target", f"target must have shape {wanted} for {self.loss}, not {target.shape}")
        if self.loss != "mse" and any(not 0 <= cell.value < self.sizes[-1] for cell in target.cells):
            refuse("target", f"target must be classes from 0 to {self.sizes[-1] - 1}, one a row of x")
        return x


def _mse(sheet: Sheet, y: Tensor, target: Tensor) -> Tensor:
    """Write the mean squared error."""
    r = sheet.tensor("r", y.shape)
    for place in y.places():
        r[place] = y[place] - target[place]
    sheet.let("L", mean([cell**2 for cell in r.cells]))
    return sheet.tensors["L"]


def _cross_entropy(sheet: Sheet, y: Tensor, target: Tensor) -> Tensor:
    """Write softmax and the negative logarithm of the right class's share."""
    batch, classes = y.shape
    e, s, losses = sheet.tensor("e", y.shape), sheet.tensor("S", (batch,)), sheet.tensor("ℓ", (batch,))
    for n in range(batch):
        largest_of_row = max(cell.value for cell in y.row(n))
        m = number(largest_of_row)
        for j in range(classes):
            if not j:
                sheet.note(f"m = {largest_of_row:.6g}, the largest of the row, keeps e^ small")
            e[n, j] = exp(y[n, j] - m)
        s[n] = total(e.row(n))
        losses[n] = log(s[n]) + m - y[n, int(target[n].value)]
    sheet.sort(("e", "exponentials"), ("S", "their sums"), ("ℓ", "loss of each sample"))
    sheet.let("L", mean(losses.cells))
    return sheet.tensors["L"]


def _sizes(given: Any) -> tuple[int, ...]:
    """Return sizes of layers, checked."""
    found = tuple(given) if isinstance(given, tuple | list) else (given,)
    if not 2 <= len(found) <= DEEPEST or not all(isinstance(n, int) and 1 <= n <= WIDEST for n in found):
        raise Refused(
            f"--sizes must be 2 to {DEEPEST} whole numbers from 1 to {WIDEST} such as 2,3,1, not {_said(found)}",
            "sizes",
        )
    return found


def _drawn(sizes: Sequence[int], loss: str, seed: int) -> dict[str, Any]:
    """Return one sample with its target, and weights."""
    draws = Random(f"mlp:{seed}")

    def some(*shape: int) -> Any:
        count = 1
        for size in shape:
            count *= size
        return nested([draws.choice((-1, 1)) * draws.randint(1, 12) / 10 for _ in range(count)], shape)

    found: dict[str, Any] = {"x": some(1, sizes[0])}
    found["target"] = some(1, sizes[-1]) if loss == "mse" else [draws.randrange(sizes[-1])]
    for layer in range(1, len(sizes)):
        found[f"weight{layer}"] = some(sizes[layer], sizes[layer - 1])
        found[f"bias{layer}"] = some(sizes[layer])
    return found


def _literal(words: Sequence[str] | Mapping[str, object]) -> str:
    """Return the type of a setting that is one of some words, as text."""
    return f"Literal[{', '.join(map(repr, words))}]"


def _said(sizes: Sequence[object]) -> str:
    return ",".join(map(str, sizes))


mlp = REGISTERED["mlp"] = Network()
