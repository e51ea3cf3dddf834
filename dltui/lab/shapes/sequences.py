"""Sequences: what goes into recurrent networks and transformers, what comes out, and what the states are."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any

import numpy as np

from dltui.figures import Graph, Step, Steps, Table
from dltui.lab import Choice, Frame, Slider, Switch, exhibit, near
from dltui.shapes import ShapeReport, infer
from dltui.shapes.report import show

GATES = {"rnn": 1, "gru": 3, "lstm": 4}


@exhibit(
    "sequence-shapes",
    family="shapes",
    covers=("003:rnn-shape", "003:transformer-shape"),
    kin={
        "dltui shapes lstm -i L,N,10 -o 20 --bidirectional": "the same with letters, and every parameter",
        "dltui shapes transformer --src 10,32,512 --tgt 20,32,512 --d-model 512 --nhead 8": "a whole transformer",
        "dltui lab run layer-shapes": "the other layers of the sheet",
    },
    sources=("PyTorch 2.13, torch.nn.RNN, torch.nn.Transformer",),
)
def sequence_shapes(
    kind: Annotated[str, Choice("rnn", "gru", "lstm", "transformer", help="network")] = "rnn",
    length: Annotated[int, Slider(1, 64, help="length L of the sequence, the source of a transformer")] = 5,
    target: Annotated[int, Slider(1, 64, help="length of a transformer's target")] = 20,
    batch: Annotated[int, Slider(1, 64, help="sequences N")] = 3,
    features: Annotated[int, Slider(1, 64, help="features of a step that go in")] = 10,
    hidden: Annotated[int, Slider(1, 64, help="hidden features; d_model = 8 times as many")] = 20,
    layers: Annotated[int, Slider(1, 6, help="layers on top of each other")] = 2,
    bidirectional: Annotated[bool, Switch(help="read backwards too")] = False,
    batch_first: Annotated[bool, Switch(help="the batch stands first")] = False,
) -> Iterator[Frame]:
    """Inputs, states and outputs of recurrent networks and of the transformer, each dimension named.

    Try: --bidirectional doubles the output's features and the states' rows; --batch-first moves the batch of input
    and output, and leaves the states alone; --kind transformer --batch 32 --length 10 --hidden 64.
    Notice: the output has a step for every step of the input, the states have none: they hold the last step only,
    one row a layer and direction.

    With D = 2 directions or 1: input (L, N, features), h_0 (D·layers, N, hidden), output (L, N, D·hidden), h_n
    (D·layers, N, hidden). An LSTM has a second state, c_n. The output is the last layer's; its last step is h_n's
    last row. A transformer gives what its target has: (T, N, d_model).

    What is right where notes differ: h_n is (num_layers, N, hidden), times two when bidirectional; a length never
    stands in it. PyTorch keeps two biases a gate, so an RNN of 28 → 256 has 73,216 parameters and not 72,960.
    """
    if kind == "transformer":
        report, rows = transformer(length, target, batch, 8 * hidden, layers, batch_first)
    else:
        report, rows = recurrent(kind, length, batch, features, hidden, layers, bidirectional, batch_first)
    table = Table(title=report.layer, columns=("tensor", "shape", "its dimensions"), rows=rows)
    steps = Steps(title="Worked out", steps=tuple(Step(formula=line) for line in report.formulas))
    figures = (table, flow(kind, layers, bidirectional, report), steps)
    numbers: dict[str, Any] = {f"output_{i}": list(shape) for i, shape in enumerate(report.outputs)}
    yield Frame(
        figures=figures,
        numbers=numbers | {"parameters": report.parameters, "macs": report.macs},
        caption=f"{show(report.input)} → {show(report.output)}",
        total=1,
    )


def recurrent(
    kind: str,
    length: int,
    batch: int,
    features: int,
    hidden: int,
    layers: int,
    bidirectional: bool,
    batch_first: bool,
) -> tuple[ShapeReport, tuple[tuple[str, str, str], ...]]:
    """Return the report of a recurrent network, and its tensors with their dimensions named."""
    front = (batch, length) if batch_first else (length, batch)
    report = infer(
        kind,
        (*front, features),
        hidden_size=hidden,
        num_layers=layers,
        bidirectional=bidirectional,
        batch_first=batch_first,
    )
    order = "batch, step" if batch_first else "step, batch"
    rows_of = "layer and direction" if bidirectional else "layer"
    state = show(report.outputs[1])
    names = ("h", "c") if kind == "lstm" else ("h",)
    wide = "features of both directions" if bidirectional else "features"
    return report, (
        ("input", show(report.input), f"{order}, feature"),
        *((f"{name}_0", state, f"{rows_of}, batch, feature") for name in names),
        ("output", show(report.output), f"{order}, {wide}"),
        *((f"{name}_n", state, f"{rows_of}, batch, feature: the last step") for name in names),
    )


def transformer(
    length: int, target: int, batch: int, width: int, layers: int, batch_first: bool
) -> tuple[ShapeReport, tuple[tuple[str, str, str], ...]]:
    """Return the report of a transformer, and its tensors with their dimensions named."""
    src, tgt = ((batch, n, width) if batch_first else (n, batch, width) for n in (length, target))
    report = infer(
        "transformer",
        src,
        tgt,
        d_model=width,
        nhead=8,
        num_encoder_layers=layers,
        num_decoder_layers=layers,
        batch_first=batch_first,
    )
    order = "batch, step" if batch_first else "step, batch"
    return report, (
        ("source", show(src), f"{order}, feature"),
        ("target", show(tgt), f"{order}, feature"),
        ("memory", show(src), f"{order} of the source, feature: what the encoder hands on"),
        ("scores, self", show((batch * 8, target, target)), "batch and head, step of target, step of target"),
        (
            "scores, cross",
            show((batch * 8, target, length)),
            "batch and head, step of target, step of source",
        ),
        ("output", show(report.output), f"{order} of the target, feature"),
    )


def flow(kind: str, layers: int, bidirectional: bool, report: ShapeReport) -> Graph:
    """Return how the tensors run through the layers."""
    if kind == "transformer":
        nodes = ("source", f"{layers} encoder layers", "target", f"{layers} decoder layers", "output")
        source, target = map(show, report.inputs)
        told = (source, source, target, target, show(report.output))
        return Graph(title="How it runs", nodes=nodes, edges=((0, 1), (1, 3), (2, 3), (3, 4)), notes=told)
    both = " ⇄" if bidirectional else ""
    names = ["input", *(f"layer {i + 1}{both}" for i in range(layers)), "output", "h_n"]
    wide = show(report.output)
    notes = [show(report.input), *[wide] * layers, wide, show(report.outputs[1])]
    edges = [(i, i + 1) for i in range(layers + 1)] + [(i, layers + 2) for i in range(1, layers + 1)]
    return Graph(title="How it runs", nodes=tuple(names), edges=tuple(edges), notes=tuple(notes))


@sequence_shapes.check
def notes_shapes() -> None:
    """RNN(10, 20, L) on (5, 3, 10): h of 1, 2, 3 layers; both ways (5, 3, 40), (4, 3, 20) (notes 003, D1)."""
    for layers in (1, 2, 3):
        found = sequence_shapes.last(layers=layers).numbers
        near("output", found["output_0"], (5, 3, 20))
        near("h_n", found["output_1"], (layers, 3, 20))
    found = sequence_shapes.last(bidirectional=True).numbers
    near("output both ways", found["output_0"], (5, 3, 40))
    near("h_n both ways", found["output_1"], (4, 3, 20))
    found = sequence_shapes.last(batch_first=True).numbers
    near("output, batch first", found["output_0"], (3, 5, 20))
    near("h_n, batch first", found["output_1"], (2, 3, 20))


@sequence_shapes.check
def transformer_of_the_notes() -> None:
    """Source (10, 32, 512) and target (20, 32, 512) give (20, 32, 512) (notes 003)."""
    found = sequence_shapes.last(kind="transformer", length=10, target=20, batch=32, hidden=64).numbers
    near("output", found["output_0"], (20, 32, 512))


@sequence_shapes.check
def parameters_of_the_notes() -> None:
    """28 → 256: RNN 73,216, GRU 219,648, LSTM 292,864; with one bias 72,960, 218,880, 291,840 (notes 003, D3)."""
    for kind, known, single in (
        ("rnn", 73_216, 72_960),
        ("gru", 219_648, 218_880),
        ("lstm", 292_864, 291_840),
    ):
        report = infer(kind, (1, 1, 28), hidden_size=256)
        near(kind, report.parameters, known)
        near(f"{kind} with one bias", report.parameters - GATES[kind] * 256, single)


@sequence_shapes.check
def torch_gives_the_same() -> None:
    """Every output's shape and the parameters on thirty random settings against torch's modules."""
    import torch
    from torch import nn

    rng = np.random.default_rng(0)
    for index in range(30):
        kind = ("rnn", "gru", "lstm")[index % 3]
        length, batch, features, hidden, layers = (int(n) for n in rng.integers(1, 5, 5))
        both, first = (bool(n) for n in rng.integers(0, 2, 2))
        module = getattr(nn, kind.upper())(features, hidden, layers, bidirectional=both, batch_first=first)
        with torch.no_grad():
            output, state = module(torch.zeros(*((batch, length) if first else (length, batch)), features))
        found = sequence_shapes.last(
            kind=kind,
            length=length,
            batch=batch,
            features=features,
            hidden=hidden,
            layers=layers,
            bidirectional=both,
            batch_first=first,
        ).numbers
        near("output", found["output_0"], output.shape)
        near("state", found["output_1"], (state[0] if kind == "lstm" else state).shape)
        near("parameters", found["parameters"], sum(p.numel() for p in module.parameters()))
