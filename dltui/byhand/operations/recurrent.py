"""Recurrent networks, step by step: RNN, GRU and LSTM as torch has them, with two biases."""

from __future__ import annotations

from typing import Literal

from dltui.byhand.functions import dot, largest, number, sigmoid, tanh, total
from dltui.byhand.operation import operation
from dltui.byhand.refusal import refuse
from dltui.byhand.sheet import Sheet
from dltui.byhand.tensor import Tensor
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
) -> Tensor:
    """Recurrent network: the state of every step from its input and the state before.

    Args:
        sheet: Where it is worked.
        x: (L, input_size), or (input_size) for one step.
        weight_ih: W, (hidden_size, input_size).
        weight_hh: U, (hidden_size, hidden_size).
        bias_ih: b, (hidden_size).
        bias_hh: d, (hidden_size).
        h: State before the first step, (hidden_size); zeros when left out.
        nonlinearity: tanh or relu.

    Returns:
        The states, (L, hidden_size) or (hidden_size).
    """
    steps, hidden = _check(x, weight_ih, weight_hh, bias_ih, bias_hh, h, 1)
    states = sheet.tensor("y", (steps.shape[0], hidden), "h")
    before = _start(h, hidden)
    for t in range(steps.shape[0]):
        sheet.heading(f"step {t + 1}" if steps.shape[0] > 1 else "")
        for j in range(hidden):
            inner = total([
                *_terms(steps.row(t), weight_ih, bias_ih, j),
                *_terms(before, weight_hh, bias_hh, j),
            ])
            states[t, j] = tanh(inner) if nonlinearity == "tanh" else largest(number(0), inner)
        before = states.row(t)
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
) -> Tensor:
    """Gated recurrent unit: a reset gate r, an update gate z, a candidate n, and a mixture of n and the old state.

    Args:
        sheet: Where it is worked.
        x: (L, input_size), or (input_size) for one step.
        weight_ih: W, (3·hidden_size, input_size): rows of r, of z, of n.
        weight_hh: U, (3·hidden_size, hidden_size).
        bias_ih: b, (3·hidden_size).
        bias_hh: d, (3·hidden_size).
        h: State before the first step, (hidden_size); zeros when left out.
        reset: Whether r multiplies Uₙh + dₙ (after the product, as torch has it) or h (before it, Cho 2014).

    Returns:
        The states, (L, hidden_size) or (hidden_size).
    """
    steps, hidden = _check(x, weight_ih, weight_hh, bias_ih, bias_hh, h, 3)
    count = steps.shape[0]
    r, z, n = (sheet.tensor(name, (count, hidden)) for name in "rzn")
    states = sheet.tensor("y", (count, hidden), "h")
    before = _start(h, hidden)
    for t in range(count):
        mark = f", step {t + 1}" if count > 1 else ""
        row = steps.row(t)
        for place, (gate, told) in enumerate(((r, "reset gate"), (z, "update gate"))):
            sheet.heading(told + mark)
            for j in range(hidden):
                k = place * hidden + j
                both = [*_terms(row, weight_ih, bias_ih, k), *_terms(before, weight_hh, bias_hh, k)]
                gate[t, j] = sigmoid(total(both))
        sheet.heading("candidate" + mark)
        for j in range(hidden):
            k = 2 * hidden + j
            if reset == "after":
                kept = [r[t, j] * total(_terms(before, weight_hh, bias_hh, k))]
            else:
                kept = _terms([r[t, i] * before[i] for i in range(hidden)], weight_hh, bias_hh, k)
            n[t, j] = tanh(total([*_terms(row, weight_ih, bias_ih, k), *kept]))
        sheet.heading("new state" + mark)
        for j in range(hidden):
            states[t, j] = (1 - z[t, j]) * n[t, j] + z[t, j] * before[j]
        before = states.row(t)
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
) -> tuple[Tensor, Tensor]:
    """Long short-term memory: gates that write, forget and show, a candidate, the new cell and the new state.

    Args:
        sheet: Where it is worked.
        x: (L, input_size), or (input_size) for one step.
        weight_ih: W, (4·hidden_size, input_size): rows of i, of f, of g, of o.
        weight_hh: U, (4·hidden_size, hidden_size).
        bias_ih: b, (4·hidden_size).
        bias_hh: d, (4·hidden_size).
        h: State before the first step, (hidden_size); zeros when left out.
        c: Cell before the first step, (hidden_size); zeros when left out.

    Returns:
        The states, (L, hidden_size) or (hidden_size), and the last cell, (hidden_size).
    """
    steps, hidden = _check(x, weight_ih, weight_hh, bias_ih, bias_hh, h, 4)
    if c is not None and c.shape != (hidden,):
        refuse("c", f"c must have {hidden} numbers, as many as the hidden state, not {c.shape}")
    count = steps.shape[0]
    gates = [sheet.tensor(name, (count, hidden)) for name in "ifgo"]
    i, f, g, o = gates
    states = sheet.tensor("y", (count, hidden), "h")
    cells = [sheet.tensor(f"c{t + 1}", (hidden,), f"c{'′' * (count == 1) or t + 1}") for t in range(count)]
    before, cell = _start(h, hidden), _start(c, hidden)
    for t in range(count):
        mark = f", step {t + 1}" if count > 1 else ""
        told = ("input gate", "forget gate", "candidate", "output gate")
        for place, (gate, name) in enumerate(zip(gates, told, strict=True)):
            sheet.heading(name + mark)
            for j in range(hidden):
                k = place * hidden + j
                both = [*_terms(steps.row(t), weight_ih, bias_ih, k), *_terms(before, weight_hh, bias_hh, k)]
                gate[t, j] = tanh(total(both)) if gate is g else sigmoid(total(both))
        sheet.heading("new cell" + mark)
        for j in range(hidden):
            cells[t][j] = f[t, j] * cell[j] + i[t, j] * g[t, j]
        cell = cells[t].row()
        sheet.heading("new state" + mark)
        for j in range(hidden):
            states[t, j] = o[t, j] * tanh(cell[j])
        before = states.row(t)
    return (states.view(hidden) if len(x.shape) == 1 else states), cells[-1]


def _terms(row: list[Value], weight: Tensor, bias: Tensor | None, k: int) -> list[Value]:
    """Return the terms of one row of the weights times the inputs, and the bias."""
    weighed = dot(weight.row(k), row)
    terms = list(weighed.parts) if weighed.op == "sum" else [weighed]
    return terms if bias is None else [*terms, bias[k]]


def _start(given: Tensor | None, hidden: int) -> list[Value]:
    """Return a state before the first step: what was given, or zeros."""
    return [number(0)] * hidden if given is None else given.row()


def _check(
    x: Tensor,
    weight_ih: Tensor,
    weight_hh: Tensor,
    bias_ih: Tensor | None,
    bias_hh: Tensor | None,
    h: Tensor | None,
    gates: int,
) -> tuple[Tensor, int]:
    """Return the inputs as (L, input_size) and the hidden size, or refuse sizes that do not go together."""
    if len(x.shape) not in {1, 2}:
        refuse("x", f"x must be (L, input_size) or (input_size) without a batch, not {x.shape}")
    steps = x.lifted(2)
    rows, wide = weight_hh.shape if len(weight_hh.shape) == 2 else (0, 1)
    if rows != gates * wide or not rows:
        times = "" if gates == 1 else f"{gates}·"
        refuse("weight_hh", f"weight_hh must be ({times}hidden_size, hidden_size), not {weight_hh.shape}")
    if len(weight_ih.shape) != 2 or weight_ih.shape != (rows, steps.shape[1]):
        refuse(
            "weight_ih",
            f"x has {steps.shape[1]} features a step and the state {wide} numbers, so weight_ih must be "
            f"{(rows, steps.shape[1])}, not {weight_ih.shape}",
        )
    for name, bias in (("bias_ih", bias_ih), ("bias_hh", bias_hh)):
        if bias is not None and bias.shape != (rows,):
            refuse(name, f"{name} must have {rows} numbers, not {bias.shape}")
    if h is not None and h.shape != (wide,):
        refuse("h", f"h must have {wide} numbers, as many as weight_hh has columns, not {h.shape}")
    return steps, wide
