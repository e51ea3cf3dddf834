"""Number formats: what each type can hold, and where a growing product leaves it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import log10
from typing import Annotated

import numpy as np

from dltui.figures import Lines, Series, Step, Steps, Table, number
from dltui.lab import Choice, Frame, Slider, exhibit, near


@dataclass(frozen=True, slots=True)
class Float:
    """A binary floating-point type, by its bits; everything else follows.

    Attributes:
        name: As torch calls it.
        short: Its other name.
        exponent: Bits of the exponent.
        fraction: Bits behind the point.
        top: Whether the highest exponent holds numbers too, all but the last, as in float8_e4m3fn.
    """

    name: str
    short: str
    exponent: int
    fraction: int
    top: bool = False

    @property
    def bytes(self) -> int:
        """Bytes of a number: sign, exponent, fraction."""
        return (1 + self.exponent + self.fraction) // 8

    @property
    def bias(self) -> int:
        """What is subtracted from the exponent's bits."""
        return (1 << self.exponent - 1) - 1

    @property
    def largest(self) -> float:
        """The largest number: (2 − ε)·2^bias, one exponent more where the top one holds numbers."""
        steps = 1 << self.fraction
        return float((2 * steps - (2 if self.top else 1)) / steps * 2.0 ** (self.bias + self.top))

    @property
    def smallest(self) -> float:
        """The smallest number with a full fraction: 2^(1 − bias)."""
        return float(2.0 ** (1 - self.bias))

    @property
    def eps(self) -> float:
        """The distance from 1 to the next number: 2^−fraction."""
        return 1 / (1 << self.fraction)


@dataclass(frozen=True, slots=True)
class Whole:
    """A type of whole numbers.

    Attributes:
        name: As torch calls it.
        short: Its other name.
        bits: How many.
        signed: Whether it holds numbers below 0.
    """

    name: str
    short: str
    bits: int
    signed: bool = True

    @property
    def low(self) -> int:
        """The smallest."""
        return -(1 << self.bits - 1) if self.signed else 0

    @property
    def high(self) -> int:
        """The largest."""
        return (1 << self.bits - self.signed) - 1


FLOATS = (
    Float("float64", "double", 11, 52),
    Float("float32", "float", 8, 23),
    Float("bfloat16", "", 8, 7),
    Float("float16", "half", 5, 10),
    Float("float8_e5m2", "", 5, 2),
    Float("float8_e4m3fn", "", 4, 3, top=True),
)
WHOLES = (
    Whole("int64", "long", 64),
    Whole("int32", "int", 32),
    Whole("int16", "short", 16),
    Whole("int8", "", 8),
    Whole("uint8", "", 8, signed=False),
)
CLASSES = {
    "float64": "DoubleTensor",
    "float32": "FloatTensor",
    "float16": "HalfTensor",
    "bfloat16": "BFloat16Tensor",
    "int64": "LongTensor",
    "int32": "IntTensor",
    "int16": "ShortTensor",
    "int8": "CharTensor",
    "uint8": "ByteTensor",
    "bool": "BoolTensor",
}


@exhibit(
    "number-formats",
    family="shapes",
    covers=("003:dtype-table",),
    kin={
        "dltui shapes memory params=10e9 --dtype bfloat16": "what the types cost in training",
        "dltui shapes conv2d -i 1,3,224,224 -o 64 -k 3 --dtype float16": "bytes of one layer",
    },
    sources=("IEEE 754-2019", "Micikevicius et al. 2022, arXiv:2209.05433 (float8)"),
)
def number_formats(
    factor: Annotated[float, Slider(1.1, 10, help="what the product is multiplied by, each step")] = 2.0,
    steps: Annotated[int, Slider(1, 200, help="steps of the product")] = 60,
    way: Annotated[str, Choice("grow", "shrink", help="multiply by the factor, or divide by it")] = "grow",
) -> Iterator[Frame]:
    """Range, precision and bytes of every type, and the step at which a product leaves each of them.

    Try: --factor 10 leaves float16 after four steps; --way shrink vanishes instead; --steps 200 --factor 1.5.
    Notice: bfloat16 reaches as far as float32 and is coarser than float16: range costs exponent bits, precision
    costs fraction bits, and two bytes do not buy both.

    A float is sign, exponent and fraction. With e and f bits the largest number is (2 − 2⁻ᶠ)·2^bias with
    bias = 2^(e−1) − 1, the smallest full one 2^(1 − bias), and the step at 1 is ε = 2⁻ᶠ. float8_e4m3fn has no
    infinity and uses the top exponent for numbers, up to 448. This is why losses are scaled before float16 gradients
    are formed: below 6e−5 they lose digits, below 6e−8 they are 0.
    """
    last = {one.name: last_step(one, factor, steps, way) for one in FLOATS}
    yield Frame(
        figures=(ranges(), table(), product_of(factor, steps, way), told(factor, way, last)),
        numbers={f"{name}_last_step": step for name, step in last.items()}
        | {one.name: one.largest for one in FLOATS},
        caption=f"float16 holds {last['float16']} of {steps} steps, float32 {last['float32']}",
        total=1,
    )


def last_step(one: Float, factor: float, steps: int, way: str) -> int:
    """Return how many of the steps a type holds: up to its largest number, or down to its smallest full one."""
    room = log10(one.largest) if way == "grow" else -log10(one.smallest)
    return min(int(room / log10(factor) + 1e-9), steps)


def ranges() -> Lines:
    """Return the full numbers of each type as a line over powers of ten."""
    series = tuple(
        Series(
            name=one.name,
            x=np.linspace(log10(one.smallest), log10(one.largest), 40),
            y=np.full(40, float(len(FLOATS) - index)),
        )
        for index, one in enumerate(FLOATS)
    )
    return Lines(
        title="From the smallest full number to the largest",
        caption="float64 above, float8 below; 0 is the number 1",
        series=series,
        x_label="power of ten",
        y_label="type",
    )


def table() -> Table:
    """Return the table of types."""
    rows = [
        (
            one.name,
            one.short,
            CLASSES.get(one.name, ""),
            one.bytes,
            _e(-one.largest),
            _e(one.largest),
            _e(one.eps),
        )
        for one in FLOATS
    ]
    rows += [
        (one.name, one.short, CLASSES[one.name], one.bits // 8, _e(one.low), _e(one.high), "1")
        for one in WHOLES
    ]
    rows.append(("bool", "", CLASSES["bool"], 1, "False", "True", ""))
    return Table(
        title="Types of torch",
        caption="on a GPU the classes are torch.cuda.*Tensor; today one writes dtype=torch.float32 instead",
        columns=("type", "or", "class", "bytes", "lowest", "highest", "step at 1"),
        rows=tuple(rows),
    )


def _e(value: float) -> str:
    """Return a number with four digits, powers of ten where they are needed."""
    return number(float(value), 4)


def product_of(factor: float, steps: int, way: str) -> Lines:
    """Return the product over the steps, with the end of each type that it passes or comes near as a level."""
    x = np.arange(steps + 1, dtype=float)
    y = (1 if way == "grow" else -1) * x * log10(factor)
    ends: dict[float, list[str]] = {}
    for one in FLOATS:
        edge = log10(one.largest if way == "grow" else one.smallest)
        if abs(edge) <= 1.2 * abs(y[-1]):
            ends.setdefault(round(edge, 1), []).append(one.name)
    return Lines(
        title=f"1 {'multiplied' if way == 'grow' else 'divided'} by {number(factor)} again and again",
        caption="each level is where a type ends",
        series=(Series(name="product", x=x, y=y),),
        x_label="step",
        y_label="power of ten",
        levels=tuple((edge, ", ".join(names)) for edge, names in ends.items()),
    )


def told(factor: float, way: str, last: dict[str, int]) -> Steps:
    """Return where each type ends."""
    lines = []
    for one in FLOATS:
        edge = one.largest if way == "grow" else one.smallest
        power = last[one.name] if way == "grow" else -last[one.name]
        lines.append(
            Step(
                formula=f"{one.name}: {'largest' if way == 'grow' else 'smallest full'} {_e(edge)}",
                note=f"holds {number(factor)}^{power}".replace("-", "−"),
            )
        )
    return Steps(title="Where each type ends", steps=tuple(lines))


@number_formats.check
def the_table_equals_torch() -> None:
    """Largest, smallest full number, ε and bytes of all types against torch.finfo and torch.iinfo (notes 003, W23)."""
    import torch

    for one in FLOATS:
        kind = getattr(torch, one.name)
        info = torch.finfo(kind)
        near(f"largest of {one.name}", one.largest / info.max, 1.0, 1e-15)
        near(f"smallest of {one.name}", one.smallest / info.tiny, 1.0, 1e-15)
        near(f"ε of {one.name}", one.eps, info.eps, 1e-15)
        near(f"bytes of {one.name}", one.bytes, kind.itemsize)
        assert not one.short or getattr(torch, one.short) is kind, f"{one.short} is not {one.name}"
    for whole in WHOLES:
        limits = torch.iinfo(getattr(torch, whole.name))
        assert (whole.low, whole.high) == (limits.min, limits.max), (
            f"{whole.name} is {whole.low} … {whole.high}"
        )
        assert not whole.short or getattr(torch, whole.short) is getattr(torch, whole.name)
    for name, shown in CLASSES.items():
        assert torch.zeros(1, dtype=getattr(torch, name)).type() == f"torch.{shown}", f"{name} is no {shown}"


@number_formats.check
def products_end_where_numpy_ends() -> None:
    """2, 3 and 10 multiplied in numpy's float16 and float32: infinite at the step that is told, float16 first."""
    for factor in (2.0, 3.0, 10.0):
        ended = {}
        for name in ("float16", "float32"):
            value, held = np.dtype(name).type(1), -1
            with np.errstate(over="ignore"):
                while np.isfinite(value):
                    value, held = value * np.dtype(name).type(factor), held + 1
            ended[name] = held
            one = next(found for found in FLOATS if found.name == name)
            near(f"{factor} in {name}", last_step(one, factor, 1000, "grow"), held)
        assert ended["float16"] < ended["float32"], "float16 holds longer than float32"
