"""A network opened up: every layer with its shape, parameters, products and the bytes that it keeps."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

import numpy as np

from dltui.figures import Bars, Figure, Lines, Prose, Series, Table
from dltui.lab import Choice, Frame, Slider, exhibit, near
from dltui.shapes import Chain, chain
from dltui.shapes.named import read_named
from dltui.shapes.report import Shape, show, tight
from dltui.shapes.rows import read_rows
from dltui.shapes.symbol import Scope
from dltui.shapes.units import bytes_text
from dltui.shapes.values import read_shape
from dltui.shapes.walk import Step

NETWORKS = (
    "lenet",
    "alexnet",
    "vgg16",
    "resnet18",
    "resnet50",
    "mobilenet_v2",
    "unet",
    "vit_b_16",
    "bert_base",
    "gpt2",
    "sd_text",
    "sd_unet",
    "sd_decoder",
)
KINDS = {"Conv": "convolutional", "Linear": "fully connected", "LSTM": "recurrent", "Embedding": "table"}
BLOCKS = {
    "none": "",
    "linear": "linear 10",
    "conv": "conv2d 64 3 padding=1",
    "wide-conv": "conv2d 64 9",
    "pool": "maxpool2d 2",
    "flatten": "flatten",
    "lstm": "lstm 32",
    "norm": "batchnorm2d",
}


@exhibit(
    "model-ledger",
    family="shapes",
    covers=("000a:arch-inspector",),
    kin={
        "dltui shapes chain resnet50": "every row of a network",
        "dltui shapes memory resnet50": "what training it takes",
        "dltui models": "networks that dltui trains",
    },
    sources=("torchvision and Hugging Face, parameter counts of published weights",),
)
def model_ledger(
    network: Annotated[str, Choice(*NETWORKS, help="network that is opened")] = "resnet18",
    by: Annotated[
        str, Choice("order", "parameters", "products", "activations", help="which rows are shown first")
    ] = "order",
    most: Annotated[int, Slider(5, 80, help="rows that are shown")] = 24,
    batch: Annotated[int, Slider(1, 64, log=True, help="samples")] = 1,
    dtype: Annotated[
        str, Choice("float32", "float16", "bfloat16", help="type of weights and activations")
    ] = "float32",
    snap: Annotated[str, Choice(*BLOCKS, help="a block that is snapped on at the end")] = "none",
) -> Iterator[Frame]:
    """A network opened layer by layer: shape, parameters, products, bytes; a block snapped on at its end.

    Try: --network vgg16 --by parameters: one dense layer holds three quarters of them; --by activations; --snap
    linear, --snap conv and --snap lstm: the calculus says in words what fits and what does not.
    Notice: parameters sit in the last layers, products and activations in the first ones; AlexNet's 61 million weights
    compute less than half of what ResNet-18's 12 million do.

    Layers are fully connected, convolutional or recurrent; what they hold is in · out + out, or
    out · in · k² + out. The total is the sum over all tensors, each once: tied ones do not count again. A product
    (MAC) is a multiplication and an addition. Training keeps what the backward pass reads, each tensor once.
    Structures combine freely as long as shapes meet: convolution, recurrence and memory in one network.
    """
    walked = opened(network, batch)
    rows = ranked(walked, by)
    figures: list[Figure] = [table(walked, rows[:most], dtype), shares(walked), along(walked, dtype)]
    if snap != "none":
        figures.insert(0, snapped(network, batch, snap))
    kept = walked.memory(dtype)
    yield Frame(
        figures=tuple(figures),
        numbers={
            "parameters": walked.parameters,
            "macs": walked.macs,
            "layers": len(walked.steps),
            "weight_bytes": kept.parameters,
            "training_bytes": kept.training,
            "inference_bytes": kept.inference,
            "output": list(walked.output),
            "fits": snap == "none" or extended(network, batch, snap).refusal is None,
        },
        caption=f"{network}: {walked.parameters:,} parameters, {walked.macs:,} products",
        total=1,
    )


def inputs_of(network: str, batch: int) -> tuple[Shape, ...]:
    """Return the usual inputs of a network with another batch in front."""
    return tuple(
        (batch, *read_shape(text, Scope())[1:]) if "," in text else read_shape(text, Scope())
        for text in read_named(network).inputs
    )


def opened(network: str, batch: int) -> Chain:
    """Return a network that was walked."""
    return chain(network, *inputs_of(network, batch))


def extended(network: str, batch: int, snap: str) -> Chain:
    """Return a network with a block snapped on at its end, as far as it goes."""
    rows = read_rows(read_named(network).text + "\n" + BLOCKS[snap])
    return chain(rows, *inputs_of(network, batch))


def ranked(walked: Chain, by: str) -> list[tuple[int, Step]]:
    """Return the rows with their places, the largest first unless they keep their order."""
    rows = list(enumerate(walked.steps, 1))
    return rows if by == "order" else sorted(rows, key=lambda row: size_of(row[1], by), reverse=True)


def size_of(step: Step, by: str) -> int:
    """Return what a row is ranked by."""
    if by == "parameters":
        return 0 if step.row.tied else step.report.parameters
    return step.report.macs if by == "products" else step.report.numbers_out


def table(walked: Chain, rows: list[tuple[int, Step]], dtype: str) -> Table:
    """Return the ledger with its totals."""
    size = 4 if dtype == "float32" else 2
    cells = [
        (
            f"{place}",
            step.report.name,
            tight(step.report.output),
            "tied" if step.row.tied else f"{step.report.parameters:,}",
            f"{step.report.macs:,}",
            bytes_text(size * step.report.numbers_out),
        )
        for place, step in rows
    ]
    kept = walked.memory(dtype)
    more = len(walked.steps) - len(rows)
    return Table(
        title=f"The ledger, {len(walked.steps)} rows",
        columns=("row", "layer", "output", "parameters", "products", "output bytes"),
        rows=(
            *cells,
            ("", "together", tight(walked.output), f"{walked.parameters:,}", f"{walked.macs:,}", ""),
        ),
        caption=(f"{more} rows more; " if more else "")
        + f"weights {bytes_text(kept.parameters)}, kept for training {bytes_text(kept.training)}, "
        f"at most {bytes_text(kept.inference)} in inference",
    )


def shares(walked: Chain) -> Bars:
    """Return the parameters of each kind of layer."""
    found: dict[str, int] = {}
    for step in walked.steps:
        if step.report.parameters and not step.row.tied:
            kind = next(
                (told for key, told in KINDS.items() if step.report.name.startswith(key)), step.report.name
            )
            found[kind] = found.get(kind, 0) + step.report.parameters
    kinds = sorted(found, key=found.__getitem__, reverse=True)
    return Bars(
        title="Parameters by the kind of layer",
        labels=tuple(kinds),
        values=np.array([float(found[kind]) for kind in kinds]),
        value_label="parameters",
    )


def along(walked: Chain, dtype: str) -> Lines:
    """Return how parameters, products and activations add up from the first row to the last, as shares."""
    size = 4 if dtype == "float32" else 2
    series = []
    for name, counts in (
        ("parameters", [0 if step.row.tied else step.report.parameters for step in walked.steps]),
        ("products", [step.report.macs for step in walked.steps]),
        ("activations", [size * step.report.numbers_out for step in walked.steps]),
    ):
        total = np.cumsum(np.array(counts, dtype=float))
        series.append(
            Series(name=name, x=np.arange(1, len(total) + 1, dtype=float), y=total / max(total[-1], 1.0))
        )
    return Lines(
        title="How they add up",
        series=tuple(series),
        x_label="row",
        y_label="share",
    )


def snapped(network: str, batch: int, snap: str) -> Prose:
    """Return whether a block fits at the end, in words."""
    longer = extended(network, batch, snap)
    if longer.refusal:
        return Prose(title=f"{BLOCKS[snap]} does not fit", text=f"{longer.refusal.sentence()}.")
    before, after = longer.steps[-1].report.input, longer.output
    added = longer.steps[-1].report.parameters
    return Prose(
        title=f"{BLOCKS[snap]} fits",
        text=f"It takes {show(before)} to {show(after)} and adds {added:,} parameters.",
    )


@model_ledger.check
def totals_of_the_notes() -> None:
    """VGG-16 has 138,357,544 parameters, ResNet-50 25,557,032 (notes 002b); AlexNet, and Stable Diffusion 1.5's."""
    for network, known in (
        ("vgg16", 138_357_544),
        ("resnet50", 25_557_032),
        ("alexnet", 61_100_840),
        ("sd_text", 123_060_480),
        ("sd_unet", 859_520_964),
        ("sd_decoder", 49_490_199),
    ):
        last = model_ledger.last(network=network)
        near(network, last.numbers["parameters"], known)
        bars = last.figures[1]
        assert isinstance(bars, Bars)
        near(f"shares of {network}", bars.values.sum(), known)


@model_ledger.check
def sum_of_numel() -> None:
    """LeNet and a stack with a norm: totals, every shape and the products against modules of torch."""
    import torch
    from torch import nn
    from torch.utils.flop_counter import FlopCounterMode

    net = nn.Sequential(
        nn.Conv2d(1, 6, 5, padding=2),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(6, 16, 5),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Linear(400, 120),
        nn.ReLU(),
        nn.Linear(120, 84),
        nn.ReLU(),
        nn.Linear(84, 10),
    )
    walked = opened("lenet", 2)
    near("parameters", walked.parameters, sum(p.numel() for p in net.parameters()))
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        net(torch.zeros(2, 1, 28, 28))
    near("products", walked.macs, counter.get_total_flops() / 2)


@model_ledger.check
def a_mismatch_is_told_in_words() -> None:
    """A convolution after ResNet-18's last row is refused with its reason; a dense layer and an LSTM fit."""
    last = model_ledger.last(network="resnet18", snap="conv")
    told = last.figures[0]
    assert isinstance(told, Prose)
    assert not last.numbers["fits"], "a convolution fits onto 1 × 1000"
    assert "takes N,C,H,W" in told.text, told.text
    for snap in ("linear", "lstm", "flatten"):
        last = model_ledger.last(network="resnet18", snap=snap)
        assert last.numbers["fits"], f"{snap} does not fit"
