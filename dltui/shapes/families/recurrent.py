"""Recurrent networks and their cells, exactly as PyTorch computes them on the CPU."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from dltui.shapes.arguments import copies, flag, inferred, number, whole, word
from dltui.shapes.layer import Inferred, layer
from dltui.shapes.report import Shape, ShapeError, ShapeReport, show
from dltui.shapes.symbol import product

Kind = Literal["RNN", "LSTM", "GRU"]
GATES = {"RNN": 1, "LSTM": 4, "GRU": 3}
ADDED = {"RNN": 2, "LSTM": 12, "GRU": 12}  # element-wise operations a hidden number and step, roughly


def _tensors(
    kind: Kind, size: int, hidden: int, layers: int, ways: int, project: int, bias: bool
) -> dict[str, Shape]:
    """Return weights and biases of every layer and direction, in PyTorch's order."""
    rows, out = GATES[kind] * hidden, project or hidden
    tensors: dict[str, Shape] = {}
    for depth in range(layers):
        for end in ("", "_reverse")[:ways]:
            tail = f"_l{depth}{end}"
            tensors[f"weight_ih{tail}"] = (rows, size if not depth else ways * out)
            tensors[f"weight_hh{tail}"] = (rows, out)
            if bias:
                tensors[f"bias_ih{tail}"] = (rows,)
                tensors[f"bias_hh{tail}"] = (rows,)
            if project:
                tensors[f"weight_hr{tail}"] = (project, hidden)
    return tensors


def _recurrent(
    kind: Kind,
    shape: Shape,
    states: tuple[Shape | None, ...],
    *,
    input_size: int | None,
    hidden_size: int,
    num_layers: int,
    bias: bool,
    batch_first: bool,
    dropout: float,
    bidirectional: bool,
    proj_size: int = 0,
) -> ShapeReport:
    """Return the report of a recurrent network."""
    whole("hidden_size", hidden_size)
    copies("num_layers", num_layers)
    number("dropout", dropout, 0, 1)
    for name, value in (("bias", bias), ("batch_first", batch_first), ("bidirectional", bidirectional)):
        flag(name, value)
    if whole("proj_size", proj_size, 0) >= hidden_size:
        raise ShapeError(f"proj_size {proj_size} must be smaller than hidden_size {hidden_size}", "proj_size")
    if len(shape) not in {2, 3}:
        raise ShapeError(
            f"{kind} takes (steps, batch, features) or (steps, features); the input is {show(shape)}"
        )
    batched = len(shape) == 3
    steps = shape[1] if batched and batch_first else shape[0]
    batch = (shape[0] if batch_first else shape[1]) if batched else 1
    if steps < 1:
        raise ShapeError(f"{kind} needs at least one step")
    size = inferred("input_size", input_size, shape[-1], "the input's last dimension")
    ways, out = 1 + bidirectional, proj_size or hidden_size
    middle = (batch,) if batched else ()
    widths = (out, hidden_size) if kind == "LSTM" else (out,)
    finals = tuple((num_layers * ways, *middle, width) for width in widths)
    _check_states(kind, states, finals, batched)
    tensors = _tensors(kind, size, hidden_size, num_layers, ways, proj_size, bias)
    per_step = sum(product(s) for s in tensors.values() if len(s) == 2)
    added = sum(product(s) for s in tensors.values() if len(s) == 1)
    rows, macs = steps * batch, steps * batch * per_step

    def why() -> Iterator[str]:
        gates = GATES[kind]
        yield f"output = steps × batch × directions·hidden: {ways}·{out} = {ways * out} features"
        yield f"states = layers·directions × batch × hidden: {num_layers}·{ways} = {num_layers * ways}"
        yield f"weight_ih_l0 = {gates}·{hidden_size} × {size}, weight_hh_l0 = {gates}·{hidden_size} × {out}"
        yield f"parameters = {report.parameters:,}"
        yield f"MACs = steps·batch × weights = {rows:,} × {per_step:,} = {macs:,}"

    report = ShapeReport(
        inputs=(shape, *(s for s in states if s is not None)),
        outputs=((*shape[:-1], ways * out), *finals),
        tensors=tensors,
        macs=macs,
        bias_adds=rows * added,
        pointwise=rows * num_layers * ways * hidden_size * ADDED[kind],
        why=why,
        told={"input_size": size},
    )
    return report


def _check_states(
    kind: Kind, states: tuple[Shape | None, ...], wanted: tuple[Shape, ...], batched: bool
) -> None:
    """Refuse first states that are not like the last ones."""
    names = ("h_0", "c_0")
    given = [state is not None for state in states]
    if any(given) and not all(given):
        raise ShapeError(f"{kind} takes both h_0 and c_0, or neither", "c_0")
    for name, state, want in zip(names, states, wanted, strict=False):
        if state is not None and state != want:
            kept = "layers·directions, batch, features" if batched else "layers·directions, features"
            raise ShapeError(f"{name} must be {show(want)} ({kept}), not {show(state)}", name)


def rnn_(
    input: Shape,  # noqa: A002
    h_0: Shape | None = None,
    *,
    input_size: Inferred = None,
    hidden_size: int,
    num_layers: int = 1,
    nonlinearity: str = "tanh",
    bias: bool = True,
    batch_first: bool = False,
    dropout: float = 0.0,
    bidirectional: bool = False,
) -> ShapeReport:
    """Return what an Elman network, h = tanh(W x + b + V h + c), does to a sequence.

    Args:
        input: (steps, batch, features), (batch, steps, features) with ``batch_first``, or (steps, features).
        h_0: The first state; zeros when left out.
        input_size: Features that go in; read off the input when left out.
        hidden_size: Features of a state.
        num_layers: Networks on top of each other.
        nonlinearity: tanh or relu.
        bias: Whether there are the two biases.
        batch_first: Whether the batch stands first in input and output; states keep it second.
        dropout: Dropout between layers.
        bidirectional: Whether a second network reads backwards.

    Returns:
        Output and last state, parameters, cost.

    Raises:
        ShapeError: If PyTorch would refuse the layer or the inputs.
    """
    word("nonlinearity", nonlinearity, ("tanh", "relu"))
    return _recurrent(
        "RNN",
        input,
        (h_0,),
        input_size=input_size,
        hidden_size=hidden_size,
        num_layers=num_layers,
        bias=bias,
        batch_first=batch_first,
        dropout=dropout,
        bidirectional=bidirectional,
    )


def lstm_(
    input: Shape,  # noqa: A002
    h_0: Shape | None = None,
    c_0: Shape | None = None,
    *,
    input_size: Inferred = None,
    hidden_size: int,
    num_layers: int = 1,
    bias: bool = True,
    batch_first: bool = False,
    dropout: float = 0.0,
    bidirectional: bool = False,
    proj_size: int = 0,
) -> ShapeReport:
    """Return what a long short-term memory does to a sequence.

    Args:
        input: (steps, batch, features), (batch, steps, features) with ``batch_first``, or (steps, features).
        h_0: The first hidden state; zeros when left out.
        c_0: The first cell state; given together with ``h_0``.
        input_size: Features that go in; read off the input when left out.
        hidden_size: Features of a cell.
        num_layers: Networks on top of each other.
        bias: Whether there are the two biases.
        batch_first: Whether the batch stands first in input and output; states keep it second.
        dropout: Dropout between layers.
        bidirectional: Whether a second network reads backwards.
        proj_size: Features that the hidden state is projected to; the cell keeps ``hidden_size``.

    Returns:
        Output, last hidden state, last cell state, parameters, cost.

    Raises:
        ShapeError: If PyTorch would refuse the layer or the inputs.
    """
    return _recurrent(
        "LSTM",
        input,
        (h_0, c_0),
        input_size=input_size,
        hidden_size=hidden_size,
        num_layers=num_layers,
        bias=bias,
        batch_first=batch_first,
        dropout=dropout,
        bidirectional=bidirectional,
        proj_size=proj_size,
    )


def gru_(
    input: Shape,  # noqa: A002
    h_0: Shape | None = None,
    *,
    input_size: Inferred = None,
    hidden_size: int,
    num_layers: int = 1,
    bias: bool = True,
    batch_first: bool = False,
    dropout: float = 0.0,
    bidirectional: bool = False,
) -> ShapeReport:
    """Return what a gated recurrent unit does to a sequence.

    Args:
        input: (steps, batch, features), (batch, steps, features) with ``batch_first``, or (steps, features).
        h_0: The first state; zeros when left out.
        input_size: Features that go in; read off the input when left out.
        hidden_size: Features of a state.
        num_layers: Networks on top of each other.
        bias: Whether there are the two biases.
        batch_first: Whether the batch stands first in input and output; states keep it second.
        dropout: Dropout between layers.
        bidirectional: Whether a second network reads backwards.

    Returns:
        Output and last state, parameters, cost.

    Raises:
        ShapeError: If PyTorch would refuse the layer or the inputs.
    """
    return _recurrent(
        "GRU",
        input,
        (h_0,),
        input_size=input_size,
        hidden_size=hidden_size,
        num_layers=num_layers,
        bias=bias,
        batch_first=batch_first,
        dropout=dropout,
        bidirectional=bidirectional,
    )


rnn = layer("RNN", rnn_)
lstm = layer("LSTM", lstm_)
gru = layer("GRU", gru_)
