"""Second-order forward differentiation: a formula in x and y gives its value, slope and curvature in one pass.

A jet carries (f, f_x, f_y, f_xx, f_xy, f_yy) at any number of points. Sums add; for the rest the chain rule of second
order holds, with u the inner jet:

    ∂ᵢ g(u) = g′(u)·uᵢ        ∂ᵢⱼ g(u) = g″(u)·uᵢ·uⱼ + g′(u)·uᵢⱼ
"""

from __future__ import annotations

import ast
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import reduce
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from dltui.byhand.operations.backprop import CONSTANTS, read, variables
from dltui.errors import UsageError

Array = NDArray[np.float64]
PAIRS = ((0, 0), (0, 1), (1, 1))  # the three second derivatives


@dataclass(frozen=True)
class Jet:
    """Value, slope and curvature of a function of two variables.

    Attributes:
        value: f, any shape.
        slope: f_x and f_y, two such.
        bend: f_xx, f_xy and f_yy, three such.
    """

    value: Array
    slope: tuple[Array, Array]
    bend: tuple[Array, Array, Array]

    @property
    def gradient(self) -> Array:
        """∇f, shape (…, 2)."""
        return np.stack(np.broadcast_arrays(*self.slope), axis=-1)

    @property
    def hessian(self) -> Array:
        """H, shape (…, 2, 2)."""
        xx, xy, yy = np.broadcast_arrays(*self.bend)
        return np.stack([np.stack([xx, xy], -1), np.stack([xy, yy], -1)], -2)

    def then(self, value: Array, first: Array, second: Array) -> Jet:
        """Return g(u) for this jet u, from g, g′ and g″ at its value."""
        bend = [second * self.slope[i] * self.slope[j] + first * self.bend[k] for k, (i, j) in _pairs()]
        return Jet(value, (first * self.slope[0], first * self.slope[1]), (bend[0], bend[1], bend[2]))

    def __add__(self, other: Jet) -> Jet:
        return _linear(self, other, 1.0)

    def __sub__(self, other: Jet) -> Jet:
        return _linear(self, other, -1.0)

    def __neg__(self) -> Jet:
        return self.then(-self.value, -np.ones_like(self.value), np.zeros_like(self.value))

    def __mul__(self, other: Jet) -> Jet:
        u, v = self, other
        slope = [u.slope[i] * v.value + u.value * v.slope[i] for i in (0, 1)]
        bend = [
            u.bend[k] * v.value + u.slope[i] * v.slope[j] + u.slope[j] * v.slope[i] + u.value * v.bend[k]
            for k, (i, j) in _pairs()
        ]
        return Jet(u.value * v.value, (slope[0], slope[1]), (bend[0], bend[1], bend[2]))

    def __truediv__(self, other: Jet) -> Jet:
        v = other.value
        return self * other.then(1 / v, -1 / v**2, 2 / v**3)

    def __pow__(self, other: Jet) -> Jet:
        if any(np.any(part) for part in (*other.slope, *other.bend)):
            return _exp(other * _log(self))
        n, u = float(other.value.flat[0]), self.value
        first = n * u ** (n - 1) if n else np.zeros_like(u)
        second = n * (n - 1) * u ** (n - 2) if n not in {0.0, 1.0} else np.zeros_like(u)
        return self.then(u**n, first, second)


def _pairs() -> enumerate[tuple[int, int]]:
    return enumerate(PAIRS)


def _linear(one: Jet, other: Jet, sign: float) -> Jet:
    """Return one + sign·other."""
    slope = [one.slope[i] + sign * other.slope[i] for i in range(2)]
    bend = [one.bend[i] + sign * other.bend[i] for i in range(3)]
    return Jet(one.value + sign * other.value, (slope[0], slope[1]), (bend[0], bend[1], bend[2]))


def _exp(u: Jet) -> Jet:
    e = np.exp(u.value)
    return u.then(e, e, e)


def _log(u: Jet) -> Jet:
    return u.then(np.log(u.value), 1 / u.value, -1 / u.value**2)


def _sqrt(u: Jet) -> Jet:
    root = np.sqrt(u.value)
    return u.then(root, 0.5 / root, -0.25 / root**3)


def _sigmoid(u: Jet) -> Jet:
    s = 0.5 * (1 + np.tanh(u.value / 2))
    return u.then(s, s * (1 - s), s * (1 - s) * (1 - 2 * s))


def _tanh(u: Jet) -> Jet:
    t = np.tanh(u.value)
    return u.then(t, 1 - t**2, -2 * t * (1 - t**2))


def _erf(u: Jet) -> Jet:
    first = 2 / math.sqrt(math.pi) * np.exp(-(u.value**2))
    value: Array = np.vectorize(math.erf, otypes=[np.float64])(u.value)
    return u.then(value, first, -2 * u.value * first)


def _sin(u: Jet) -> Jet:
    return u.then(np.sin(u.value), np.cos(u.value), -np.sin(u.value))


def _cos(u: Jet) -> Jet:
    return u.then(np.cos(u.value), -np.sin(u.value), -np.cos(u.value))


def _kinked(value: Callable[[Array], Array], slope: Callable[[Array], Array]) -> Callable[[Jet], Jet]:
    """Return a function that is straight on either side of 0; at 0 its slope is the one torch takes."""
    return lambda u: u.then(value(u.value), slope(u.value), np.zeros_like(u.value))


def _larger(u: Jet, v: Jet) -> Jet:
    """Return max(u, v): the jet of whichever is larger."""
    return _chosen(u.value >= v.value, u, v)


def _smaller(u: Jet, v: Jet) -> Jet:
    """Return min(u, v)."""
    return _chosen(u.value <= v.value, u, v)


def _chosen(where: NDArray[np.bool_], u: Jet, v: Jet) -> Jet:
    """Return u where it is chosen, v elsewhere."""
    slope = [np.where(where, u.slope[i], v.slope[i]) for i in range(2)]
    bend = [np.where(where, u.bend[i], v.bend[i]) for i in range(3)]
    return Jet(np.where(where, u.value, v.value), (slope[0], slope[1]), (bend[0], bend[1], bend[2]))


FUNCTIONS: dict[str, Callable[[Jet], Jet]] = {
    "exp": _exp,
    "log": _log,
    "ln": _log,
    "sqrt": _sqrt,
    "sigmoid": _sigmoid,
    "tanh": _tanh,
    "relu": _kinked(lambda v: np.maximum(v, 0), lambda v: (v > 0).astype(float)),
    "abs": _kinked(np.abs, np.sign),
    "sin": _sin,
    "cos": _cos,
    "erf": _erf,
}
FOLDED: dict[str, Callable[[Jet, Jet], Jet]] = {"max": _larger, "min": _smaller}
OPERATORS: dict[type[ast.operator], Callable[[Jet, Jet], Jet]] = {
    ast.Add: Jet.__add__,
    ast.Sub: Jet.__sub__,
    ast.Mult: Jet.__mul__,
    ast.Div: Jet.__truediv__,
    ast.Pow: Jet.__pow__,
}


class Formula:
    """A typed formula in two variables, which can be evaluated at any number of points at once.

    Attributes:
        text: How it was typed.
        names: What the variables are called.
        given: Further names that stand for numbers.
    """

    def __init__(
        self, text: str, names: tuple[str, str] = ("x", "y"), given: Mapping[str, float] | None = None
    ) -> None:
        self.text = text
        self.names = names
        self.given = dict(given or {})
        self._tree = read(text)
        strange = [name for name in variables(self._tree) if name not in {*names, *self.given}]
        if strange:
            one, other = names
            raise UsageError(
                f"{text!r} has the variable {strange[0]}: a surface is a formula in {one} and {other}, such as "
                f"{one}**2 - {other}**2"
            )

    def __call__(self, x: ArrayLike, y: ArrayLike) -> Jet:
        """Return value, slope and curvature; NaN or infinite where the formula has none.

        Args:
            x: Abscissae, any shape.
            y: Ordinates, of a shape that goes with it.

        Returns:
            The jet, each part of their common shape.
        """
        a, b = np.broadcast_arrays(np.asarray(x, np.float64), np.asarray(y, np.float64))
        one, none = np.ones_like(a), np.zeros_like(a)
        first, second = self.names
        known = {first: Jet(a, (one, none), (none,) * 3), second: Jet(b, (none, one), (none,) * 3)}
        known |= {name: Jet(none + value, (none, none), (none,) * 3) for name, value in self.given.items()}
        with np.errstate(all="ignore"):
            return self._value(self._tree, known, none)

    def _value(self, node: Any, known: dict[str, Jet], none: Array) -> Jet:
        """Return the jet of a part of the formula."""
        if isinstance(node, ast.Name) and node.id in known:
            return known[node.id]
        if isinstance(node, ast.Name | ast.Constant):
            constant = CONSTANTS[node.id] if isinstance(node, ast.Name) else float(node.value)  # type: ignore[arg-type]
            return Jet(none + constant, (none, none), (none,) * 3)
        if isinstance(node, ast.UnaryOp):
            return -self._value(node.operand, known, none)
        if isinstance(node, ast.BinOp):
            left, right = (self._value(part, known, none) for part in (node.left, node.right))
            return OPERATORS[type(node.op)](left, right)
        parts = [self._value(part, known, none) for part in node.args]
        if node.func.id in FOLDED:
            return reduce(FOLDED[node.func.id], parts)
        return FUNCTIONS[node.func.id](parts[0])
