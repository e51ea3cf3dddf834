"""Activations side by side: value, slope, and where they are flat."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

import numpy as np

from dltui.byhand import work
from dltui.figures import Lines, Series, Table
from dltui.instruments.byhand import steps_of
from dltui.lab import Choice, Frame, Slider, exhibit, near
from dltui.lab.byhand.curves import Array, curve

GALLERY = (
    "relu", "leakyrelu", "elu", "selu", "celu", "gelu", "silu", "mish", "softplus", "sigmoid", "tanh", "softsign",
    "hardsigmoid", "hardtanh", "hardswish", "relu6", "logsigmoid", "tanhshrink", "softshrink", "hardshrink",
)  # fmt: skip
FLAT = 0.01  # a slope below it is called saturated
REACH = 6.0  # of x that is drawn, on both sides of 0


@exhibit(
    "activations",
    family="byhand",
    covers=(
        "000a:sigmoid",
        "000a:relu",
        "000b:act-sigmoid",
        "000b:act-tanh",
        "000b:act-relu",
        "001:relu",
        "002a:sigmoid",
        "002a:tanh",
        "002a:leaky-relu",
        "002a:relu",
        "002a:elu",
        "002a:gelu",
        "002a:swish",
        "003:relu",
        "003:sigmoid",
        "004:sigmoid",
        "004:activation-functions",
        "004:relu",
    ),
    kin={
        "dltui byhand gelu --backward --torch": "one of them line by line",
        "dltui lab run dying-relu": "what a slope of exactly 0 does",
        "dltui lab run linear-collapse": "why there are activations",
    },
    sources=("Hendrycks and Gimpel 2016, arXiv:1606.08415", "Clevert et al. 2016, arXiv:1511.07289"),
)
def activations(
    first: Annotated[str, Choice(*GALLERY, help="the first one")] = "relu",
    second: Annotated[str, Choice(*GALLERY, help="the second one")] = "gelu",
    third: Annotated[str, Choice(*GALLERY, help="the third one")] = "sigmoid",
    x: Annotated[float, Slider(-6, 6, help="where they are worked out")] = 1.0,
) -> Iterator[Frame]:
    """Three activations with their slopes, worked out at one x; a table of twenty at that x.

    Try: --x -3 is where ReLU is dead and sigmoid nearly flat; --first elu --second selu --third leakyrelu.
    Notice: the slope is what the gradient is multiplied with. Sigmoid never lets more than a quarter through, ReLU all
    or nothing.

    Dead is where the slope is exactly 0, saturated where it is below 0.01. Sigmoid at 5 still has 0.006648, tanh
    0.0001816. ReLU has no slope at 0; torch takes 0 there. The tanh form of GELU is within 0.0005 of the exact one.
    """
    axis = np.linspace(-REACH, REACH, 97)
    names = tuple(dict.fromkeys((first, second, third)))
    values, slopes = [], []
    for name in names:
        value, slope = curve(name, axis)
        values.append(Series(name=name, x=axis, y=value))
        slopes.append(Series(name=f"{name}′", x=axis, y=slope))
        flat = np.where(np.abs(slope) < FLAT, value, np.nan)
        if np.isfinite(flat).any():
            values.append(Series(name=f"{name} flat", x=axis, y=flat, marks=True))
    worked = work(first, {"x": [x]})
    yield Frame(
        figures=(
            Lines(title="Values, points where the slope is below 0.01", series=tuple(values), x_label="x"),
            Lines(title="Slopes", series=tuple(slopes), x_label="x", levels=((0.25, "¼"),)),
            steps_of(worked.sheet.lines, worked.sheet.tensors, title=f"{first} at x = {x:g}"),
            table_at(x),
        ),
        numbers={
            "values": [float(curve(name, np.array([x]))[0][0]) for name in names],
            "slopes": [float(curve(name, np.array([x]))[1][0]) for name in names],
        },
        caption=", ".join(f"{name}({x:g}) = {curve(name, np.array([x]))[0][0]:.4g}" for name in names),
        total=1,
    )


def zone(slope: float) -> str:
    """Return what a slope does to a gradient."""
    return "dead" if slope == 0 else "saturated" if abs(slope) < FLAT else "passes"


def table_at(x: float) -> Table:
    """Return value, slope and zone of all of the gallery at one x."""
    rows = []
    for name in GALLERY:
        value, slope = curve(name, np.array([x]))
        rows.append((name, float(value[0]), float(slope[0]), zone(float(slope[0]))))
    return Table(title=f"All at x = {x:g}", columns=("", "f(x)", "f′(x)", "zone"), rows=tuple(rows))


def _pair(name: str, x: float) -> Array:
    """Return value and slope at one x."""
    return np.array(curve(name, np.array([float(x)]))).ravel()


@activations.check
def the_notes_numbers() -> None:
    """σ(1, 2, 4), elu(−1), elu(−3), gelu(1), gelu(−.5), gelu(3), swish(±1), leaky(−3), as 002a and 004 have them."""
    known = [
        ("sigmoid", 0, 0.5), ("sigmoid", 1, 0.731059), ("sigmoid", 2, 0.880797), ("sigmoid", 4, 0.982014),
        ("elu", -1, -0.632121), ("elu", -3, -0.950213), ("gelu", 1, 0.841345), ("gelu", -1, -0.158655),
        ("gelu", -0.5, -0.154269), ("gelu", 3, 2.995950), ("silu", 1, 0.731059), ("silu", -1, -0.268941),
        ("leakyrelu", -3, -0.03),
    ]  # fmt: skip
    for name, x, value in known:
        last = activations.last(first=name, second=name, third=name, x=x)
        near(f"{name}({x})", last.numbers["values"], [value], 1e-6)


@activations.check
def slopes_of_the_notes() -> None:
    """σ′(0) = ¼ is the most there is, σ′(5) = .006648, tanh′(0) = 1, tanh′(5) = 1.816e-4; ReLU′ 0, 0, 1 at −1, 0, 2."""
    near("σ′(0)", _pair("sigmoid", 0)[1], 0.25)
    near("σ′(5)", _pair("sigmoid", 5)[1], 0.00664806, 1e-8)
    near("σ′(10)", _pair("sigmoid", 10)[1], 4.54e-5, 1e-8)
    near("tanh′(0)", _pair("tanh", 0)[1], 1.0)
    near("tanh′(5)", _pair("tanh", 5)[1], 1.816e-4, 1e-7)
    near("leaky′(−3)", _pair("leakyrelu", -3)[1], 0.01)
    near("relu′", [_pair("relu", x)[1] for x in (-1, 0, 2)], [0, 0, 1])
    axis = np.linspace(-REACH, REACH, 97)
    near("largest σ′", curve("sigmoid", axis)[1].max(), 0.25)
    near("tanh x − (2σ(2x) − 1)", curve("tanh", axis)[0], 2 * curve("sigmoid", 2 * axis)[0] - 1, 1e-12)


@activations.check
def torch_agrees() -> None:
    """Value and slope of all twenty against torch, at 25 places."""
    from dltui.instruments.byhand import torch_answer

    axis = np.linspace(-REACH, REACH, 25) + 0.0137
    for name in GALLERY:
        answer = torch_answer(work(name, {"x": axis.tolist()}), backward=True)
        assert answer.gradient_difference is not None
        near(f"{name}, values", answer.difference, 0.0, 1e-12)
        near(f"{name}, slopes", answer.gradient_difference, 0.0, 1e-12)
