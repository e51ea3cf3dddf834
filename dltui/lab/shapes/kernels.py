"""What convolutions save: small kernels against large ones, shared weights against a weight for every pair."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

import numpy as np

from dltui.figures import Bars, Lines, Series, Step, Steps, Table, number
from dltui.lab import Frame, Slider, exhibit, near
from dltui.shapes import chain, conv2d, linear


@exhibit(
    "small-kernels",
    family="shapes",
    covers=("000a:stack-3x3", "002a:stacked-3x3"),
    kin={
        'dltui shapes chain "conv2d 64 3 1 1 | relu | conv2d 64 3 1 1" -i 1,64,56,56': "a stack of your own",
        "dltui lab run receptive-field": "what a stack looks at",
    },
    sources=("Simonyan, Zisserman 2015, arXiv:1409.1556, section 2.3",),
)
def small_kernels(
    depth: Annotated[int, Slider(2, 5, help="3 × 3 convolutions in the stack")] = 3,
    channels: Annotated[int, Slider(1, 512, log=True, help="channels C in and out")] = 64,
    size: Annotated[int, Slider(7, 224, help="height and width of the picture")] = 56,
) -> Iterator[Frame]:
    """A stack of 3 × 3 convolutions against one kernel that sees as much: weights, products, ReLUs.

    Try: --depth 2 against one 5 × 5, --depth 3 against one 7 × 7; --channels 1 changes no percentage.
    Notice: the saving is a share that no size changes, 28 % at depth 2 and 44.9 % at depth 3, and the stack has
    more ReLUs besides.

    n convolutions of 3 × 3 see 2n + 1 places on a side. Their weights number n·9·C², those of one kernel of that
    size (2n + 1)²·C²: 18C² against 25C², 27C² against 49C². With as many outputs the products keep the same ratio.
    What is not saved: the stack keeps n outputs for the backward pass where one kernel keeps one.
    """
    wide = 2 * depth + 1
    shape = (1, channels, size, size)
    stack = chain(" | ".join([f"conv2d {channels} 3 padding=1 bias=false | relu"] * depth), shape)
    single = chain(f"conv2d {channels} {wide} padding={depth} bias=false | relu", shape)
    saved = 1 - stack.parameters / single.parameters
    field = stack.steps[-1].field
    assert field is not None
    rows = (
        ("sees, on a side", field.axes[0].size, wide),
        ("weights", stack.parameters, single.parameters),
        ("products (MACs)", stack.macs, single.macs),
        ("ReLUs", depth, 1),
        ("kept for the backward pass, float32 B", stack.memory().training, single.memory().training),
    )
    table = Table(
        title="Side by side", columns=("", f"{depth} of 3 × 3", f"one of {wide} × {wide}"), rows=rows
    )
    steps = Steps(
        title="Worked out",
        steps=(
            Step(
                formula=f"{depth} · 3² · C² = {9 * depth}·C² = {9 * depth * channels**2:,}", note="the stack"
            ),
            Step(
                formula=f"{wide}² · C² = {wide**2}·C² = {wide**2 * channels**2:,}", note="the single kernel"
            ),
            Step(formula=f"1 − {9 * depth}/{wide**2} = {number(100 * saved)} %", note="saved, whatever C is"),
        ),
    )
    yield Frame(
        figures=(growth(channels), table, steps),
        numbers={
            "stack": stack.parameters,
            "single": single.parameters,
            "saved": saved,
            "field": field.axes[0].size,
            "stack_macs": stack.macs,
            "single_macs": single.macs,
        },
        caption=f"{number(100 * saved, 3)} % fewer weights",
        total=1,
    )


def growth(channels: int) -> Lines:
    """Return the weights of stack and single kernel over the field, each counted by the calculus."""
    shape = (1, channels, 16, 16)
    depths = range(1, 7)
    stacks = [
        n * conv2d(shape, out_channels=channels, kernel_size=3, bias=False, padding=1).parameters
        for n in depths
    ]
    singles = [
        conv2d(shape, out_channels=channels, kernel_size=2 * n + 1, bias=False, padding=n).parameters
        for n in depths
    ]
    x = np.array([2 * n + 1 for n in depths], dtype=float)
    return Lines(
        title=f"Weights over the field, C = {channels}",
        series=(
            Series(name="stack of 3 × 3", x=x, y=np.array(stacks, dtype=float)),
            Series(name="one kernel", x=x, y=np.array(singles, dtype=float)),
        ),
        x_label="places seen on a side",
        y_label="weights",
    )


@small_kernels.check
def notes_numbers() -> None:
    """C = 64: 73,728 vs 102,400 and 110,592 vs 200,704, 28 % and 44.9 % fewer (notes 000a and 002a)."""
    for depth, stack, single, saved in ((2, 73_728, 102_400, 0.28), (3, 110_592, 200_704, 0.449)):
        last = small_kernels.last(depth=depth, channels=64)
        near("stack", last.numbers["stack"], stack)
        near("single", last.numbers["single"], single)
        near("share saved", round(float(last.numbers["saved"]), 3), saved)  # type: ignore[arg-type]
        near("field", last.numbers["field"], 2 * depth + 1)


@small_kernels.check
def weights_of_torch() -> None:
    """Weights at three channel counts against torch's modules, and equal outputs of stack and kernel in size."""
    import torch
    from torch import nn

    for channels in (1, 3, 8):
        last = small_kernels.last(depth=3, channels=channels, size=9)
        small = nn.Sequential(*(nn.Conv2d(channels, channels, 3, padding=1, bias=False) for _ in range(3)))
        large = nn.Conv2d(channels, channels, 7, padding=3, bias=False)
        near("stack", last.numbers["stack"], sum(p.numel() for p in small.parameters()))
        near("single", last.numbers["single"], large.weight.numel())
        x = torch.zeros(1, channels, 9, 9)
        with torch.no_grad():
            assert small(x).shape == large(x).shape, "the sizes differ"


@exhibit(
    "dense-vs-conv",
    family="shapes",
    covers=("000a:fcn-explosion", "004:fully-connected"),
    kin={
        "dltui shapes linear -i 1,30000 --out-features 1000": "the dense layer, formulas filled in",
        "dltui lab run small-kernels": "what small kernels save beyond that",
    },
    sources=("Goodfellow, Bengio, Courville 2016, ch. 9.2",),
)
def dense_vs_conv(
    size: Annotated[int, Slider(4, 512, help="height and width of the picture")] = 100,
    channels: Annotated[int, Slider(1, 16, help="colours or channels")] = 3,
    units: Annotated[int, Slider(1, 4096, log=True, help="units of the dense layer")] = 1000,
    kernel: Annotated[int, Slider(1, 11, help="kernel of the convolution")] = 3,
    filters: Annotated[int, Slider(1, 512, log=True, help="filters of the convolution")] = 64,
) -> Iterator[Frame]:
    """Parameters of a dense and of a convolutional layer while the picture grows.

    Try: --size 28 --channels 1 --units 100 is the layer of many first networks: 78,500; --size 512.
    Notice: the dense line climbs with the square of the side, the convolution's does not move at all: its weights
    are shared by all places.

    A dense layer gives every unit a weight for every number of the picture: C·H·W·units + units. A convolution gives
    every filter k·k·C weights and a bias, used at all places: they do not depend on H and W. What is given up: a unit
    that looks at the whole picture at once, and weights that differ from place to place.

    Counted with biases here; notes that say 30,000,000 for 100 × 100 × 3 → 1000 leave the 1,000 biases out.
    """
    picture = (1, channels, size, size)
    flat = channels * size * size
    dense = linear((1, flat), out_features=units)
    conv = conv2d(picture, out_channels=filters, kernel_size=kernel, padding="same")
    table = Table(
        title=f"On a picture of {size} × {size} × {channels}",
        caption=f"{dense.layer} and {conv.layer}",
        columns=("", "dense", "convolution"),
        rows=(
            ("weights", dense.parameters - units, conv.parameters - filters),
            ("with biases", dense.parameters, conv.parameters),
            ("numbers out", dense.numbers_out, conv.numbers_out),
            ("products (MACs)", dense.macs, conv.macs),
            ("weights in float32, B", 4 * dense.parameters, 4 * conv.parameters),
        ),
    )
    steps = Steps(
        title="Worked out",
        steps=(
            Step(
                formula=f"dense: {channels}·{size}·{size}·{units} + {units} = {dense.parameters:,}",
                note="a weight for every pair of number and unit",
            ),
            Step(
                formula=f"convolution: {filters}·{channels}·{kernel}·{kernel} + {filters} = {conv.parameters:,}",
                note="a kernel a filter, at every place the same",
            ),
        ),
    )
    shares = Bars(
        title="Weights a number that comes out",
        labels=("dense", "convolution"),
        values=np.array([(dense.parameters - units) / units, (conv.parameters - filters) / filters]),
        value_label="weights that one output looks through",
        scale="log",
    )
    yield Frame(
        figures=(over_sizes(size, channels, units, kernel, filters), table, steps, shares),
        numbers={
            "dense_weights": dense.parameters - units,
            "dense": dense.parameters,
            "conv_weights": conv.parameters - filters,
            "conv": conv.parameters,
            "ratio": dense.parameters / conv.parameters,
        },
        caption=f"{dense.parameters:,} against {conv.parameters:,}",
        total=1,
    )


def over_sizes(size: int, channels: int, units: int, kernel: int, filters: int) -> Lines:
    """Return both counts over the side of the picture, on a logarithmic scale."""
    sides = np.unique(np.concatenate([np.linspace(4, max(size, 32), 30).round(), [size]])).astype(int)
    dense = [linear((1, channels * int(n) ** 2), out_features=units).parameters for n in sides]
    conv = [
        conv2d(
            (1, channels, int(n), int(n)), out_channels=filters, kernel_size=kernel, padding="same"
        ).parameters
        for n in sides
    ]
    x = sides.astype(float)
    return Lines(
        title="Parameters while the picture grows",
        series=(
            Series(name=f"dense, {units} units", x=x, y=np.array(dense, dtype=float)),
            Series(name=f"convolution, {filters} filters", x=x, y=np.array(conv, dtype=float)),
        ),
        x_label="height and width",
        y_label="parameters",
        y_scale="log",
    )


@dense_vs_conv.check
def notes_numbers_of_both() -> None:
    """100·100·3 → 1000: 30,000,000 weights, 30,001,000 with biases; 784 → 100: 78,500; 3·3·3·64 = 1,728 + 64."""
    last = dense_vs_conv.last()
    near("dense weights", last.numbers["dense_weights"], 30_000_000)
    near("dense", last.numbers["dense"], 30_001_000)
    near("conv weights", last.numbers["conv_weights"], 1_728)
    near("conv", last.numbers["conv"], 1_792)
    last = dense_vs_conv.last(size=28, channels=1, units=100)
    near("784 to 100", last.numbers["dense"], 78_500)


@dense_vs_conv.check
def a_dense_layer_that_gives_feature_maps() -> None:
    """3072 → 28·28·6 takes 14,455,392 parameters, the convolution 3 → 6 with k = 5 does it with 456."""
    near("dense", linear((1, 3072), out_features=28 * 28 * 6).parameters, 14_455_392)
    conv = conv2d((1, 3, 32, 32), out_channels=6, kernel_size=5)
    near("conv", conv.parameters, 456)
    near("its output", conv.output, (1, 6, 28, 28))


@dense_vs_conv.check
def torch_counts_alike() -> None:
    """Both counts for three settings against torch's modules."""
    from torch import nn

    for size, channels, units, kernel, filters in ((8, 1, 10, 3, 4), (5, 3, 7, 5, 2), (12, 2, 1, 1, 9)):
        last = dense_vs_conv.last(size=size, channels=channels, units=units, kernel=kernel, filters=filters)
        dense, conv = nn.Linear(channels * size**2, units), nn.Conv2d(channels, filters, kernel)
        near("dense", last.numbers["dense"], sum(p.numel() for p in dense.parameters()))
        near("conv", last.numbers["conv"], sum(p.numel() for p in conv.parameters()))
