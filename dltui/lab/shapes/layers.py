"""The cheat-sheet of layers: what goes in, what comes out, what is learned."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Any

import numpy as np

from dltui.figures import Figure, Step, Steps, Table
from dltui.lab import Choice, Frame, Slider, Switch, exhibit, near
from dltui.shapes import ShapeError, ShapeReport, infer
from dltui.shapes.report import show, tight
from dltui.shapes.symbol import Scope

LAYERS = ("relu", "flatten", "linear", "conv2d", "maxpool2d", "batchnorm2d", "rnn", "transformer")


@dataclass(frozen=True, slots=True)
class Asked:
    """One row of the sheet.

    Attributes:
        layer: Class of PyTorch, in lower case.
        inputs: Shapes that go in.
        settings: Arguments.
    """

    layer: str
    inputs: tuple[tuple[int, ...], ...]
    settings: dict[str, Any]

    def report(self) -> ShapeReport:
        """Return what the layer does."""
        return infer(self.layer, *self.inputs, **self.settings)


@exhibit(
    "layer-shapes",
    family="shapes",
    covers=("003:shape-table", "003:flatten-rule"),
    kin={
        "dltui shapes conv2d --input N,3,H,W -o 64 -k 3": "any layer, with its formulas",
        "dltui lab run conv-output": "the formula of convolutions, step by step",
        "dltui lab run sequence-shapes": "recurrent networks and transformers",
    },
    sources=("PyTorch 2.13, torch.nn",),
)
def layer_shapes(
    layer: Annotated[str, Choice(*LAYERS, help="layer that is worked out below the sheet")] = "conv2d",
    batch: Annotated[int, Slider(1, 64, help="samples N")] = 2,
    channels: Annotated[int, Slider(1, 64, help="channels C, or features")] = 3,
    size: Annotated[int, Slider(1, 64, help="height and width, or length")] = 8,
    out: Annotated[int, Slider(1, 64, help="channels or features that come out")] = 6,
    kernel: Annotated[int, Slider(1, 11, help="kernel of Conv2d and MaxPool2d")] = 3,
    letters: Annotated[bool, Switch(help="batch, height, width and length stay letters")] = False,
) -> Iterator[Frame]:
    """What eight layers make of a shape, with parameters, and one of them worked out.

    Try: --letters keeps N, H and W as letters; --layer flatten shows the numbers move; --kernel 9 is refused.
    Notice: a layer says little of most dimensions: Linear knows only the last one, Conv2d only the channels.

    Activations keep the shape. Flatten makes all dimensions but the batch one, in the order in which they lie in
    memory (the last one runs fastest): (2, 2, 3) → (2, 6). Linear acts on the last dimension alone: (*, in) →
    (*, out). A convolution's channels are set by its arguments, its places by kernel, stride and padding. MaxPool2d
    steps by its kernel when no stride is given: size 7 with kernel 3 gives 2, with stride 1 it gives 5.

    What is right where notes differ: the class is nn.ReLU, not nn.Relu, and the last state of nn.RNN has the shape
    (num_layers, N, hidden), not (num_layers, N, L).
    """
    asked = sheet(batch, channels, size, out, kernel, letters)
    rows = tuple(_row(one) for one in asked)
    table = Table(
        title="The sheet",
        columns=("layer", "input", "output", "parameters"),
        rows=rows,
        caption="a shape is one size a dimension; * in PyTorch's documents is any number of them",
    )
    one = next(found for found in asked if found.layer == layer)
    figures: list[Figure] = [table, worked(one)]
    if layer == "flatten":
        figures.append(moved(batch if not letters else 2, min(channels, 4), min(size, 4)))
    yield Frame(figures=tuple(figures), numbers=_numbers(one), caption=rows[LAYERS.index(layer)][0])


def sheet(batch: int, channels: int, size: int, out: int, kernel: int, letters: bool) -> list[Asked]:
    """Return the eight rows for these sizes."""
    scope = Scope()
    n, h, w, length = (
        (scope.letter("N"), scope.letter("H"), scope.letter("W"), scope.letter("L"))
        if letters
        else (batch, size, size, size)
    )
    picture = (n, channels, h, w)
    # (2, 2, 3) → (2, 6) is the notes' example of Flatten; the others take pictures or sequences
    return [
        Asked("relu", (picture,), {}),
        Asked("flatten", ((n, channels, size),), {}),
        Asked("linear", ((n, length, channels),), {"out_features": out}),
        Asked("conv2d", (picture,), {"out_channels": out, "kernel_size": kernel}),
        Asked("maxpool2d", (picture,), {"kernel_size": kernel}),
        Asked("batchnorm2d", (picture,), {"training": False}),
        Asked("rnn", ((length, n, channels),), {"hidden_size": out, "num_layers": 2}),
        Asked(
            "transformer", ((length, n, channels), (length, n, channels)), {"d_model": channels, "nhead": 1}
        ),
    ]


def _row(one: Asked) -> tuple[str, str, str, str]:
    """Return the cells of one layer."""
    given = ", ".join(map(tight, one.inputs))
    told = ", ".join(f"{key}={value}" for key, value in one.settings.items() if key != "training")
    try:
        report = one.report()
    except ShapeError:
        return f"{one.layer}({told})", given, "refused", ""
    return f"{report.name}({told})", given, ", ".join(map(tight, report.outputs)), f"{report.parameters:,}"


def worked(one: Asked) -> Steps:
    """Return the computation of one layer, or why it is refused."""
    try:
        lines = one.report().formulas or ("the shape stays as it is",)
    except ShapeError as error:
        lines = (str(error),)
    return Steps(title=f"{one.layer}, worked out", steps=tuple(Step(formula=line) for line in lines))


def moved(batch: int, channels: int, size: int) -> Table:
    """Return numbers before and after Flatten, counted from 1 as they lie in memory."""
    count = min(batch, 3)
    numbers = np.arange(1, count * channels * size + 1).reshape(count, channels, size)
    flat = numbers.reshape(count, -1)
    rows = tuple(
        (
            f"{sample + 1}",
            " | ".join(" ".join(map(str, row)) for row in numbers[sample]),
            " ".join(map(str, flat[sample])),
        )
        for sample in range(count)
    )
    return Table(
        title=f"Flatten: ({count}, {channels}, {size}) → {flat.shape}",
        columns=("sample", "before, rows parted by |", "after"),
        rows=rows,
    )


def _numbers(one: Asked) -> dict[str, Any]:
    """Return shapes and parameters; letters as text."""
    try:
        report = one.report()
    except ShapeError as error:
        return {"refused": str(error), "argument": error.argument}
    return {"output": show(report.output), "parameters": int(report.parameters)}


@layer_shapes.check
def flatten_keeps_the_order() -> None:
    """Flatten of 1 … 12 in (2, 2, 3) gives 1 … 6 and 7 … 12 (notes 003, W4), and equals torch's."""
    import torch

    (row, other) = moved(2, 2, 3).rows
    assert row[2] == "1 2 3 4 5 6", f"the first sample is {row[2]}"
    assert other[2] == "7 8 9 10 11 12", f"the second sample is {other[2]}"
    near("shape", infer("flatten", (2, 2, 3)).output, (2, 6))
    numbers = torch.arange(1, 13).reshape(2, 2, 3)
    near("numbers", torch.nn.Flatten()(numbers).flatten(), [int(n) for n in f"{row[2]} {other[2]}".split()])


@layer_shapes.check
def pools_step_by_their_kernel() -> None:
    """MaxPool2d(3) on 7 × 7 gives 2 × 2, with stride 1 it gives 5 × 5 (notes 003, D2)."""
    near("no stride", infer("maxpool2d", (1, 1, 7, 7), kernel_size=3).output, (1, 1, 2, 2))
    near("stride 1", infer("maxpool2d", (1, 1, 7, 7), kernel_size=3, stride=1).output, (1, 1, 5, 5))


@layer_shapes.check
def every_row_equals_torch() -> None:
    """All eight rows on forty random sizes against the modules of torch: shapes of every output, parameters."""
    rng = np.random.default_rng(0)
    for _ in range(40):
        sizes = [int(n) for n in rng.integers(1, 5, 3)]
        kernel = int(rng.integers(1, sizes[2] + 1))
        for one in sheet(sizes[0], sizes[1], sizes[2], int(rng.integers(1, 5)), kernel, letters=False):
            _same_as_torch(one)


def _same_as_torch(one: Asked) -> None:
    """Assert that a row is what a module of torch does."""
    import torch
    from torch import nn

    report = one.report()
    if one.layer == "transformer":
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a hint about speed
            module: Any = nn.Transformer(report.settings["d_model"], 1)
    else:
        settings = {key: value for key, value in (report.told | report.settings).items() if key != "training"}
        module = getattr(nn, report.name)(**settings).eval()
    with torch.no_grad():
        found = module(*(torch.zeros(shape) for shape in one.inputs))
    parts = [found] if isinstance(found, torch.Tensor) else list(found)
    assert [tuple(part.shape) for part in parts] == list(report.outputs), (
        f"{report.layer}: torch gives {parts}"
    )
    near(f"parameters of {report.layer}", report.parameters, sum(p.numel() for p in module.parameters()))


@layer_shapes.check
def letters_hold_at_numbers() -> None:
    """The sizes with letters, the letters then given numbers, against the sizes with numbers."""
    spelled = sheet(1, 3, 8, 6, 3, letters=True)
    for batch, size in ((2, 9), (5, 14)):
        for one, other in zip(spelled, sheet(batch, 3, size, 6, 3, letters=False), strict=True):
            if one.layer == "flatten":
                continue
            at = dict.fromkeys("HWL", size) | {"N": batch}
            found = [n.at(**at) if hasattr(n, "at") else n for n in one.report().output]
            near(f"{one.layer} at {at}", found, other.report().output)
