"""Recurrent networks, step by step: RNN, GRU and LSTM as torch has them, with two biases."""

from __future__ import annotations

from itertools import product
from typing import Literal

from dltui.byhand.batches import Rows
from dltui.byhand.functions import dot, largest, number, sigmoid, tanh, total
from dltui.byhand.operation import operation
from dltui.byhand.refusal import refuse, said_of_sum
from dltui.byhand.sheet import Sheet
from dltui.byhand.tensor import Place, Tensor
from dltui.byhand.value import Value

SYMBOLS = {"weight_ih": "w", "weight_hh": "u", "bias_ih": "b", "bias_hh": "d", "h": "h₀", "c": "c₀"}
START = "the state before the first step"


@operation(
    formula="hₜ = tanh(W·xₜ + b + U·hₜ₋₁ + d)",
    examples={
        "two": {
            "x": [[1, 0], [0, 1]],
            "weight_ih": [[0.5, -0.5], [1, 0.2]],
            "weight_hh": [[0.1, 0.3], [-0.2, 0.4]],
            "bias_ih": [0, 0.1],
            "bias_hh": [0, 0],
            "h": [0, 0],
        },
    },
    symbols=SYMBOLS,
)
def rnn(
    sheet: Sheet,
    x: Tensor,
    weight_ih: Tensor,
    weight_hh: Tensor,
    bias_ih: Tensor | None = None,
    bias_hh: Tensor | None = None,
    h: Tensor | None = None,
    *,
    nonlinearity: Literal["tanh", "relu"] = "tanh",
    batch_first: bool = False,
) -> Tensor:
    """Recurrent network: the state of every step from its input and the state before.

    Args:
        sheet: Where it is worked.
        x: (L, input_size), (input_size) for one step, or (L, N, input_size) for N samples.
        weight_ih: W, (hidden_size, input_size).
        weight_hh: U, (hidden_size, hidden_size).
        bias_ih: b, (hidden_size).
        bias_hh: d, (hidden_size).
        h: State before the first step, (hidden_size) or (N, hidden_size); zeros when left out.
        nonlinearity: tanh or relu.
        batch_first: Whether x is (N, L, input_size).

    Returns:
        The states, x with hidden_size numbers in place of input_size.
    """
    steps, rows, hidden = _check(x, weight_ih, weight_hh, bias_ih, bias_hh, h, 1, batch_first)
    states = sheet.tensor("y", rows.shape(hidden), "h")
    for sample, t in product(rows.samples(), range(rows.length)):
        at, row = rows.at(sample, t), steps.row(*rows.at(sample, t))
        before = states.row(*rows.at(sample, t - 1)) if t else _start(h, hidden, sample)
        sheet.heading(rows.mark(sample, t).removeprefix(", "))
        for j in range(hidden):
            both = [*_terms(row, weight_ih, bias_ih, j), *_terms(before, weight_hh, bias_hh, j)]
            states[*at, j] = tanh(total(both)) if nonlinearity == "tanh" else largest(number(0), total(both))
    return states.view(hidden) if len(x.shape) == 1 else states


@operation(
    formula="r = σ(…), z = σ(…), n = tanh(Wₙx + bₙ + r·(Uₙh + dₙ)), h′ = (1 − z)·n + z·h",
    examples={
        "two": {
            "x": [[1, -1]],
            "weight_ih": [[0.5, 0.1], [0.2, -0.3], [0.4, 0], [0, 0.6], [1, -0.5], [0.3, 0.3]],
            "weight_hh": [[0.1, 0], [0, 0.2], [0.5, 0.5], [-0.1, 0.3], [0.2, 0.7], [0.6, -0.4]],
            "bias_ih": [0, 0, 0, 0, 0.1, 0.1],
            "bias_hh": [0, 0, 0, 0, 0.2, -0.2],
            "h": [0.5, -0.5],
        },
    },
    remarks={
        "two": "torch multiplies r with Uₙh + dₙ; the notes multiply r with h first: see --reset before"
    },
    symbols=SYMBOLS,
)
def gru(
    sheet: Sheet,
    x: Tensor,
    weight_ih: Tensor,
    weight_hh: Tensor,
    bias_ih: Tensor | None = None,
    bias_hh: Tensor | None = None,
    h: Tensor | None = None,
    *,
    reset: Literal["after", "before"] = "after",
    batch_first: bool = False,
) -> Tensor:
    """Gated recurrent unit: a reset gate r, an update gate z, a candidate n, and a mixture of n and the old state.

    Args:
        sheet: Where it is worked.
        x: (L, input_size), (input_size) for one step, or (L, N, input_size) for N samples.
        weight_ih: W, (3·hidden_size, input_size): rows of r, of z, of n.
        weight_hh: U, (3·hidden_size, hidden_size).
        bias_ih: b, (3·hidden_size).
        bias_hh: d, (3·hidden_size).
        h: State before the first step, (hidden_size) or (N, hidden_size); zeros when left out.
        reset: Whether r multiplies Uₙh + dₙ (after the product, as torch has it) or h (before it, Cho 2014).
        batch_first: Whether x is (N, L, input_size).

    Returns:
        The states, x with hidden_size numbers in place of input_size.
    """
    steps, rows, hidden = _check(x, weight_ih, weight_hh, bias_ih, bias_hh, h, 3, batch_first)
    r, z, n = (sheet.tensor(name, rows.shape(hidden)) for name in "rzn")
    states = sheet.tensor("y", rows.shape(hidden), "h")
    for sample, t in product(rows.samples(), range(rows.length)):
        at, mark = rows.at(sample, t), rows.mark(sample, t)
        row, before = steps.row(*at), states.row(*rows.at(sample, t - 1)) if t else _start(h, hidden, sample)
        for place, (gate, told) in enumerate(((r, "reset gate"), (z, "update gate"))):
            sheet.heading(told + mark)
            for j in range(hidden):
                k = place * hidden + j
                both = [*_terms(row, weight_ih, bias_ih, k), *_terms(before, weight_hh, bias_hh, k)]
                gate[*at, j] = sigmoid(total(both))
        sheet.heading("candidate" + mark)
        for j in range(hidden):
            k = 2 * hidden + j
            if reset == "after":
                kept = [r[*at, j] * total(_terms(before, weight_hh, bias_hh, k))]
            else:
                kept = _terms([r[*at, i] * before[i] for i in range(hidden)], weight_hh, bias_hh, k)
            n[*at, j] = tanh(total([*_terms(row, weight_ih, bias_ih, k), *kept]))
        sheet.heading("new state" + mark)
        for j in range(hidden):
            states[*at, j] = (1 - z[*at, j]) * n[*at, j] + z[*at, j] * before[j]
    return states.view(hidden) if len(x.shape) == 1 else states


@operation(
    formula="i = σ(…), f = σ(…), g = tanh(…), o = σ(…), c′ = f·c + i·g, h′ = o·tanh(c′)",
    examples={
        "two": {
            "x": [1, -1],
            "weight_ih": [
                [0.5, 0.1],
                [0.2, -0.3],
                [0.4, 0],
                [0, 0.6],
                [1, -0.5],
                [0.3, 0.3],
                [0.7, 0],
                [0, -0.2],
            ],
            "weight_hh": [
                [0.1, 0],
                [0, 0.2],
                [0.5, 0.5],
                [-0.1, 0.3],
                [0.2, 0.7],
                [0.6, -0.4],
                [0, 0.1],
                [0.3, 0],
            ],
            "bias_ih": [0, 0, 1, 1, 0, 0, 0, 0],
            "bias_hh": [0, 0, 0, 0, 0.1, -0.1, 0, 0],
            "h": [0.5, -0.5],
            "c": [0.2, 0.4],
        },
    },
    symbols=SYMBOLS,
)
def lstm(
    sheet: Sheet,
    x: Tensor,
    weight_ih: Tensor,
    weight_hh: Tensor,
    bias_ih: Tensor | None = None,
    bias_hh: Tensor | None = None,
    h: Tensor | None = None,
    c: Tensor | None = None,
    *,
    batch_first: bool = False,
) -> tuple[Tensor, Tensor]:
    """Long short-term memory: gates that write, forget and show, a candidate, the new cell and the new state.

    Args:
        sheet: Where it is worked.
        x: (L, input_size), (input_size) for one step, or (L, N, input_size) for N samples.
        weight_ih: W, (4·hidden_size, input_size): rows of i, of f, of g, of o.
        weight_hh: U, (4·hidden_size, hidden_size).
        bias_ih: b, (4·hidden_size).
        bias_hh: d, (4·hidden_size).
        h: State before the first step, (hidden_size) or (N, hidden_size); zeros when left out.
        c: Cell before the first step, (hidden_size) or (N, hidden_size); zeros when left out.
        batch_first: Whether x is (N, L, input_size).

    Returns:
        The states, x with hidden_size numbers in place of input_size, and the last cell, the shape of c.
    """
    steps, rows, hidden = _check(x, weight_ih, weight_hh, bias_ih, bias_hh, h, 4, batch_first)
    if c is not None and c.shape != (*rows.batch, hidden):
        said = _said_of_state("hidden[1]", c, rows, hidden)
        refuse("c", f"c must have the shape {(*rows.batch, hidden)} of the state, not {c.shape}", said)
    gates = [sheet.tensor(name, rows.shape(hidden)) for name in "ifgo"]
    i, f, g, o = gates
    states, count = sheet.tensor("y", rows.shape(hidden), "h"), rows.length
    cells = [
        sheet.tensor(f"c{t + 1}", (*rows.batch, hidden), f"c{'′' * (count == 1) or t + 1}")
        for t in range(count)
    ]
    told = ("input gate", "forget gate", "candidate", "output gate")
    for sample, t in product(rows.samples(), range(count)):
        at, mark = rows.at(sample, t), rows.mark(sample, t)
        before = states.row(*rows.at(sample, t - 1)) if t else _start(h, hidden, sample)
        cell = cells[t - 1].row(*sample) if t else _start(c, hidden, sample)
        for place, (gate, name) in enumerate(zip(gates, told, strict=True)):
            sheet.heading(name + mark)
            for j in range(hidden):
                k = place * hidden + j
                both = [
                    *_terms(steps.row(*at), weight_ih, bias_ih, k),
                    *_terms(before, weight_hh, bias_hh, k),
                ]
                gate[*at, j] = tanh(total(both)) if gate is g else sigmoid(total(both))
        sheet.heading("new cell" + mark)
        for j in range(hidden):
            cells[t][*sample, j] = f[*at, j] * cell[j] + i[*at, j] * g[*at, j]
        sheet.heading("new state" + mark)
        for j in range(hidden):
            states[*at, j] = o[*at, j] * tanh(cells[t][*sample, j])
    return (states.view(hidden) if len(x.shape) == 1 else states), cells[-1]


def _terms(row: list[Value], weight: Tensor, bias: Tensor | None, k: int) -> list[Value]:
    """Return the terms of one row of the weights times the inputs, and the bias."""
    weighed = dot(weight.row(k), row)
    terms = list(weighed.parts) if weighed.op == "sum" else [weighed]
    return terms if bias is None else [*terms, bias[k]]


def _start(given: Tensor | None, hidden: int, sample: Place) -> list[Value]:
    """Return a sample's state before the first step: what was given, or zeros."""
    return [number(0)] * hidden if given is None else given.row(*sample)


def _check(
    x: Tensor,
    weight_ih: Tensor,
    weight_hh: Tensor,
    bias_ih: Tensor | None,
    bias_hh: Tensor | None,
    h: Tensor | None,
    gates: int,
    batch_first: bool,
) -> tuple[Tensor, Rows, int]:
    """Return the inputs with a length, where their rows are, and the hidden size, or refuse what does not fit."""
    if len(x.shape) not in {1, 2, 3}:
        refuse(
            "x",
            f"x must be (L, input_size), or {'(N, L' if batch_first else '(L, N'}, input_size), not {x.shape}",
        )
    steps = x.lifted(2) if len(x.shape) < 2 else x
    features = steps.shape[-1]
    where = Rows(steps.shape[:-1], batch_first=batch_first)
    rows, wide = weight_hh.shape if len(weight_hh.shape) == 2 else (0, 1)
    if rows != gates * wide or not rows:
        times = "" if gates == 1 else f"{gates}·"
        refuse("weight_hh", f"weight_hh must be ({times}hidden_size, hidden_size), not {weight_hh.shape}")
    if len(weight_ih.shape) != 2 or weight_ih.shape != (rows, features):
        refuse(
            "weight_ih",
            f"x has {features} features a step and the state {wide} numbers, so weight_ih must be "
            f"{(rows, features)}, not {weight_ih.shape}",
        )
    for name, bias in (("bias_ih", bias_ih), ("bias_hh", bias_hh)):
        if bias is not None and bias.shape != (rows,):
            strided = name == "bias_ih" and batch_first and len(x.shape) == 3 and min(x.shape[:2]) > 1
            said = said_of_sum(rows, len(bias.cells), strided=strided) if len(bias.shape) == 1 else ""
            refuse(name, f"{name} must have {rows} numbers, not {bias.shape}", said)
    if h is not None and h.shape != (*where.batch, wide):
        refuse(
            "h",
            f"h must have the shape {(*where.batch, wide)}: a number for each column of weight_hh, not {h.shape}",
            _said_of_state("hidden[0]" if gates == 4 else "hidden", h, where, wide),
        )
    return steps, where, wide


def _said_of_state(name: str, given: Tensor, where: Rows, wide: int) -> str:
    """Return what torch says of a state of the wrong size; it counts the layers, and takes one sample for a batch."""
    batch = where.batch or (1,)
    found = given.shape if where.batch else (1, *given.shape)
    if len(found) != 2:
        return ""
    return f"Expected {name} size {(1, *batch, wide)}, got {[1, *found]}"
