"""Receptive fields: what part of the input one output looks at, through a stack of layers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated

import numpy as np
from numpy.typing import NDArray

from dltui.figures import Figure, Heatmap, Lines, Series, Step, Steps, Table, number
from dltui.lab import Choice, Frame, Slider, exhibit, near
from dltui.shapes import chain
from dltui.shapes.named import read_named
from dltui.shapes.symbol import Scope
from dltui.shapes.values import read_shape

WIDE = 260  # places of the widest picture; what lies beyond is cut off


@dataclass(frozen=True, slots=True)
class Window:
    """One layer along one axis.

    Attributes:
        k: Taps of the kernel, or places of a pooling.
        s: Stride.
        d: Distance between taps.
        name: How it is called.
    """

    k: int
    s: int = 1
    d: int = 1
    name: str = "conv"

    @property
    def p(self) -> int:
        """Half of what the kernel spans: the border that people give it."""
        return self.d * (self.k - 1) // 2


@dataclass(frozen=True, slots=True)
class Reach:
    """What one output looks at after some layers.

    Attributes:
        size: Places from the first to the last.
        jump: Distance of the windows of neighbouring outputs.
        left: Where the first output's window begins.
    """

    size: int = 1
    jump: int = 1
    left: int = 0


@exhibit(
    "receptive-field",
    family="shapes",
    covers=(
        "000a:receptive-field",
        "001:receptive-field",
        "002a:local-connectivity",
        "003:receptive-field",
        "004:local-receptive-field",
    ),
    kin={
        "dltui shapes chain vgg16": "the growing field of a whole network, a row a layer",
        "dltui shapes solve conv2d --from 64 --same --receptive-field 31 --max-kernel 31": "kernels that reach so far",
        "dltui lab run small-kernels": "why the field is grown by many small kernels",
    },
    sources=(
        "Araujo, Norris, Sim 2019, distill.pub 10.23915/distill.00021",
        "Luo et al. 2016, arXiv:1701.04128",
    ),
)
def receptive_field(
    depth: Annotated[int, Slider(1, 8, help="convolutions")] = 3,
    kernel: Annotated[int, Slider(1, 7, help="taps k of each")] = 3,
    stride: Annotated[int, Slider(1, 3, help="stride s of each")] = 1,
    dilation: Annotated[int, Slider(1, 4, help="distance d between taps")] = 1,
    growth: Annotated[
        str, Choice("same", "doubling", help="whether the dilation doubles from layer to layer")
    ] = "same",
    pool: Annotated[
        int, Slider(0, 4, help="a 2 × 2 pooling after every so many convolutions; 0 for none")
    ] = 0,
    cell: Annotated[float, Slider(0, 1, help="output that is looked at, from the first to the last")] = 0.5,
) -> Iterator[Frame]:
    """One output, and layer by layer the places that it looks at, down to the input.

    Try: two layers see 5 places, three see 7; --stride 2 or --pool 1 makes the field leap; --growth doubling is how
    dilated networks reach far with few layers; --kernel 1 sees one place however deep.
    Notice: strides multiply what comes after them, while kernels only add; and the middle of a field counts for
    far more than its rim, save where dilations double: there it is a comb.

    Through each layer r ← r + (k − 1)·d·j and j ← j·s: the field r grows by what the kernel spans, counted in steps
    j of the layer before. So r = 1 + Σ (k − 1)·d·Π s over the strides below, and the first window begins at
    left ← left − p·j. Padding moves the field and never widens it. With a dilation above the reach before it the
    field has gaps: it is as wide as told, but not every place in it is read.

    The weights over the field: with kernels of ones a place counts as often as there are ways to it, which after a
    few layers makes a bell, not a box. The effective field (Luo et al. 2016) is this bell's width.
    """
    stack = stack_of(depth, kernel, stride, dilation, growth, pool)
    reaches = grown(stack)
    length = places_for(stack)
    outputs = sizes(stack, length)
    at = round(cell * (outputs[-1] - 1))
    lit = looked_at(stack, outputs, at)
    table, steps = ledger(stack, reaches), worked(stack)
    bell = weights(stack, outputs, at)
    for shown in range(len(stack), -1, -1):
        figures: tuple[Figure, ...] = (picture(stack, lit, outputs, shown), table, steps, weighed(bell))
        last, where = reaches[-1], f"after layer {shown}" if shown else "of the input"
        numbers = {
            "size": last.size,
            "jump": last.jump,
            "start": last.left + (last.size - 1) / 2,
            "read": int(lit[0].sum()),
            "outputs": outputs[-1],
        }
        yield Frame(
            figures=figures,
            numbers=numbers,
            caption=f"output {at} looks at {int(lit[shown].sum())} places {where}",
            total=len(stack) + 1,
        )


def stack_of(depth: int, kernel: int, stride: int, dilation: int, growth: str, pool: int) -> list[Window]:
    """Return the layers from the input up."""
    stack = []
    for index in range(depth):
        spread = dilation * 2**index if growth == "doubling" else dilation
        stack.append(Window(kernel, stride, spread))
        if pool and (index + 1) % pool == 0:
            stack.append(Window(2, 2, 1, "pool"))
    return stack


def grown(stack: list[Window]) -> list[Reach]:
    """Return what an output looks at after each layer, the input itself first."""
    found = [Reach()]
    for one in stack:
        last = found[-1]
        found.append(
            Reach(
                last.size + (one.k - 1) * one.d * last.jump, last.jump * one.s, last.left - one.p * last.jump
            )
        )
    return found


def places_for(stack: list[Window]) -> int:
    """Return an input that is wide enough for the field and some outputs beside it."""
    last = grown(stack)[-1]
    return max(min(last.size + 4 * last.jump, WIDE), 8)


def sizes(stack: list[Window], length: int) -> list[int]:
    """Return the places of the input and after each layer; never below 1, so that there is something to look at."""
    found = [length]
    for one in stack:
        found.append(max((found[-1] + 2 * one.p - one.d * (one.k - 1) - 1) // one.s + 1, 1))
    return found


def looked_at(stack: list[Window], outputs: list[int], at: int) -> list[NDArray[np.bool_]]:
    """Return which places of the input and of each layer lead to output ``at``, by going back through the taps."""
    lit = [np.zeros(n, dtype=bool) for n in outputs]
    lit[-1][at] = True
    for index in range(len(stack) - 1, -1, -1):
        one = stack[index]
        places = np.flatnonzero(lit[index + 1])[:, None] * one.s - one.p + one.d * np.arange(one.k)
        inside = places[(places >= 0) & (places < outputs[index])]
        lit[index][inside] = True
    return lit


def weights(stack: list[Window], outputs: list[int], at: int) -> NDArray[np.float64]:
    """Return how many ways lead from each place of the input to output ``at``, as a share of all ways.

    It is the gradient of the output through kernels of ones, computed backwards, scaled on the way so that deep
    stacks stay finite.
    """
    slope = np.zeros(outputs[-1])
    slope[at] = 1.0
    for index in range(len(stack) - 1, -1, -1):
        one, below = stack[index], np.zeros(outputs[index])
        for output in np.flatnonzero(slope):
            places = output * one.s - one.p + one.d * np.arange(one.k)
            np.add.at(below, places[(places >= 0) & (places < outputs[index])], slope[output])
        slope = below / max(float(below.sum()), 1e-300)
    return slope


def picture(stack: list[Window], lit: list[NDArray[np.bool_]], outputs: list[int], shown: int) -> Heatmap:
    """Return a row a layer, each output as wide as the places it stands for, lit down to row ``shown``."""
    values = np.full((len(outputs), outputs[0]), np.nan)
    for index, n in enumerate(outputs):
        edges = np.round(np.linspace(0, outputs[0], n + 1)).astype(int)
        for place in range(n):
            on = lit[index][place] and index >= shown
            values[index, edges[place] : edges[place + 1]] = 2.0 if on else 0.4 + 0.2 * (place % 2)
    names = ", ".join(f"{i + 1} {one.name} k{one.k} s{one.s} d{one.d}" for i, one in enumerate(stack))
    return Heatmap(
        title="What the output looks at",
        caption=f"rows from below: 0 input, {names}; bright: the output's field",
        values=values,
        x=np.arange(outputs[0], dtype=float),
        y=np.arange(len(outputs), dtype=float),
        x_label="place of the input",
        y_label="layer",
        value_label="2 looked at",
    )


def ledger(stack: list[Window], reaches: list[Reach]) -> Table:
    """Return size, jump and start after each layer."""
    rows = [
        (
            f"{index + 1} {one.name}",
            f"k {one.k}, s {one.s}, d {one.d}, p {one.p}",
            reach.size,
            reach.jump,
            number(reach.left + (reach.size - 1) / 2),
        )
        for index, (one, reach) in enumerate(zip(stack, reaches[1:], strict=True))
    ]
    return Table(
        title="Layer by layer",
        columns=("layer", "window", "field r", "jump j", "first centre"),
        rows=(("input", "", 1, 1, "0"), *rows),
    )


def worked(stack: list[Window]) -> Steps:
    """Return r = 1 + Σ (k − 1)·d·j with the numbers put in."""
    reaches = grown(stack)
    parts = [f"{one.k - 1}·{one.d}·{reach.jump}" for one, reach in zip(stack, reaches[:-1], strict=True)]
    return Steps(
        title="Worked out",
        steps=(
            Step(formula="r = 1 + Σ (k − 1)·d·j", note="j: the strides of all layers below, multiplied"),
            Step(formula=f"r = 1 + {' + '.join(parts)} = {reaches[-1].size}"),
        ),
    )


def weighed(bell: NDArray[np.float64]) -> Lines:
    """Return the weight of each place of the input."""
    return Lines(
        title="How much each place counts, with kernels of ones",
        caption="the ways from a place to the output, as a share of all ways",
        series=(Series(name="share of the ways", x=np.arange(len(bell), dtype=float), y=bell),),
        x_label="place of the input",
        y_label="share",
    )


@receptive_field.check
def notes_examples() -> None:
    """Two 3 × 3 see 5, three see 7 (notes 000a); RF of a layer = RF before + (K − 1)·jump (notes 002a)."""
    for depth, known in ((1, 3), (2, 5), (3, 7)):
        last = receptive_field.last(depth=depth)
        near(f"field of {depth}", last.numbers["size"], known)
    rng = np.random.default_rng(0)
    for _ in range(50):
        stack = [Window(int(k), int(s), int(d)) for k, s, d in rng.integers(1, 4, (4, 3))]
        found, jump, size = grown(stack), 1, 1
        for one, reach in zip(stack, found[1:], strict=True):
            size, jump = size + (one.k - 1) * one.d * jump, jump * one.s
            near("field and jump", (reach.size, reach.jump), (size, jump))


@receptive_field.check
def support_of_the_gradient() -> None:
    """The places and their weights against the gradient of torch through thirty random stacks of ones."""
    import torch

    rng = np.random.default_rng(1)
    for _ in range(30):
        stack = [Window(int(k), int(s), int(d)) for k, s, d in rng.integers(1, 4, (3, 3))]
        length = places_for(stack)
        outputs = sizes(stack, length)
        at = int(rng.integers(outputs[-1]))
        x = torch.zeros(1, 1, length, dtype=torch.float64, requires_grad=True)
        y = x
        for one in stack:
            ones = torch.ones(1, 1, one.k, dtype=torch.float64)
            y = torch.nn.functional.conv1d(y, ones, stride=one.s, padding=one.p, dilation=one.d)
        near("outputs", y.shape[-1], outputs[-1])
        (slope,) = torch.autograd.grad(y[0, 0, at], x)
        ways = slope[0, 0].numpy()
        near("places", looked_at(stack, outputs, at)[0].astype(float), (ways > 0).astype(float))
        near("weights", weights(stack, outputs, at), ways / ways.sum(), 1e-12)


@receptive_field.check
def a_field_in_two_dimensions() -> None:
    """Two 3 × 3 convolutions in torch: the gradient of the middle output is not zero on exactly 5 × 5 places."""
    import torch

    x = torch.zeros(1, 1, 15, 15, requires_grad=True)
    y = x
    for _ in range(2):
        y = torch.nn.functional.conv2d(y, torch.ones(1, 1, 3, 3), padding=1)
    (slope,) = torch.autograd.grad(y[0, 0, 7, 7], x)
    rows, columns = np.nonzero(slope[0, 0].numpy())
    near("rows", (rows.min(), rows.max()), (5, 9))
    near("columns", (columns.min(), columns.max()), (5, 9))


@receptive_field.check
def whole_networks() -> None:
    """The last pooling of AlexNet sees 195 places, that of VGG-16 212 (Araujo et al. 2019), by the same rule."""
    for name, known in (("alexnet", 195), ("vgg16", 212)):
        named = read_named(name)
        steps = chain(name, *(read_shape(text, Scope()) for text in named.inputs)).steps
        pools = [step for step in steps if step.report.name == "MaxPool2d"]
        assert pools[-1].field is not None
        near(f"field of {name}", pools[-1].field.axes[0].size, known)
