"""One step of a recurrent network, exactly as PyTorch computes it on the CPU."""

from __future__ import annotations

from dltui.shapes.arguments import flag, inferred, whole, word
from dltui.shapes.families.recurrent import ADDED, GATES, Kind
from dltui.shapes.layer import Inferred, layer
from dltui.shapes.report import Shape, ShapeError, ShapeReport, show
from dltui.shapes.symbol import product


def _cell(
    kind: Kind,
    shape: Shape,
    states: tuple[Shape | None, ...],
    input_size: int | None,
    hidden: int,
    bias: bool,
) -> ShapeReport:
    """Return the report of one step."""
    whole("hidden_size", hidden)
    flag("bias", bias)
    if len(shape) not in {1, 2}:
        raise ShapeError(f"{kind}Cell takes (batch, features) or (features); the input is {show(shape)}")
    size = inferred("input_size", input_size, shape[-1], "the input's last dimension")
    state = (*shape[:-1], hidden)
    given = [one is not None for one in states]
    if any(given) and not all(given):
        raise ShapeError(f"{kind}Cell takes both h_0 and c_0, or neither", "c_0")
    for name, one in zip(("h_0", "c_0"), states, strict=False):
        if one is not None and one != state:
            raise ShapeError(f"{name} must be {show(state)}, not {show(one)}", name)
    rows, batch = GATES[kind] * hidden, product(shape[:-1])
    tensors: dict[str, Shape] = {"weight_ih": (rows, size), "weight_hh": (rows, hidden)}
    if bias:
        tensors |= {"bias_ih": (rows,), "bias_hh": (rows,)}
    macs = batch * rows * (size + hidden)
    return ShapeReport(
        inputs=(shape, *(one for one in states if one is not None)),
        outputs=(state,) * len(states),
        tensors=tensors,
        macs=macs,
        bias_adds=2 * batch * rows if bias else 0,
        pointwise=batch * hidden * ADDED[kind],
        why=lambda: [
            f"weight_ih = {GATES[kind]}·{hidden} × {size}, weight_hh = {GATES[kind]}·{hidden} × {hidden}",
            f"MACs = batch × {rows} × ({size} + {hidden}) = {macs:,}",
        ],
        told={"input_size": size},
    )


def rnn_cell(
    input: Shape,  # noqa: A002
    h_0: Shape | None = None,
    *,
    input_size: Inferred = None,
    hidden_size: int,
    bias: bool = True,
    nonlinearity: str = "tanh",
) -> ShapeReport:
    """Return what one step of an Elman network does.

    Args:
        input: (batch, features) or (features).
        h_0: The state before; zeros when left out.
        input_size: Features that go in; read off the input when left out.
        hidden_size: Features of a state.
        bias: Whether there are the two biases.
        nonlinearity: tanh or relu.

    Returns:
        The state after, parameters, cost.

    Raises:
        ShapeError: If PyTorch would refuse the layer or the inputs.
    """
    word("nonlinearity", nonlinearity, ("tanh", "relu"))
    return _cell("RNN", input, (h_0,), input_size, hidden_size, bias)


def lstm_cell(
    input: Shape,  # noqa: A002
    h_0: Shape | None = None,
    c_0: Shape | None = None,
    *,
    input_size: Inferred = None,
    hidden_size: int,
    bias: bool = True,
) -> ShapeReport:
    """Return what one step of a long short-term memory does.

    Args:
        input: (batch, features) or (features).
        h_0: The hidden state before; zeros when left out.
        c_0: The cell state before; given together with ``h_0``.
        input_size: Features that go in; read off the input when left out.
        hidden_size: Features of a cell.
        bias: Whether there are the two biases.

    Returns:
        Hidden state and cell state after, parameters, cost.

    Raises:
        ShapeError: If PyTorch would refuse the layer or the inputs.
    """
    return _cell("LSTM", input, (h_0, c_0), input_size, hidden_size, bias)


def gru_cell(
    input: Shape,  # noqa: A002
    h_0: Shape | None = None,
    *,
    input_size: Inferred = None,
    hidden_size: int,
    bias: bool = True,
) -> ShapeReport:
    """Return what one step of a gated recurrent unit does.

    Args:
        input: (batch, features) or (features).
        h_0: The state before; zeros when left out.
        input_size: Features that go in; read off the input when left out.
        hidden_size: Features of a state.
        bias: Whether there are the two biases.

    Returns:
        The state after, parameters, cost.

    Raises:
        ShapeError: If PyTorch would refuse the layer or the inputs.
    """
    return _cell("GRU", input, (h_0,), input_size, hidden_size, bias)


rnncell = layer("RNNCell", rnn_cell)
lstmcell = layer("LSTMCell", lstm_cell)
grucell = layer("GRUCell", gru_cell)
