"""Softmax, attention and recurrent networks against torch."""

from __future__ import annotations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from .agree import agree, many  # noqa: TID252 - the tests of this folder share it
from .draws import numbers, sizes  # noqa: TID252

GATES = {"rnn": 1, "gru": 3, "lstm": 4}


@many
@given(st.data())
def test_softmax(data: st.DataObject) -> None:
    shape = data.draw(sizes(1, 3))
    case = {"x": data.draw(numbers(*shape)), "upstream": data.draw(numbers(*shape))}
    case["dim"] = data.draw(st.integers(-len(shape), len(shape) - 1))
    agree("logsoftmax", case)
    agree("softmax", case | {"temperature": data.draw(st.sampled_from([0.5, 1.0, 2.0, 10.0]))})


@many
@given(st.data())
def test_attention(data: st.DataObject) -> None:
    lead = data.draw(sizes(0, 1, 2))
    length, many = data.draw(st.integers(1, 3)), data.draw(st.integers(1, 3))
    width, wide = data.draw(st.integers(1, 3)), data.draw(st.integers(1, 2))
    case = {
        "query": data.draw(numbers(*lead, length, width)),
        "key": data.draw(numbers(*lead, many, width)),
        "value": data.draw(numbers(*lead, many, wide)),
        "scale": data.draw(st.none() | st.sampled_from([0.5, 1.0])),
        "upstream": data.draw(numbers(*lead, length, wide)),
    }
    if data.draw(st.booleans()):
        case["is_causal"] = True
    elif data.draw(st.booleans()):
        mask = data.draw(numbers(length, many, cell=st.booleans()))
        assume(all(any(row) for row in mask))
        case["attn_mask"] = mask
    agree("attention", case)


@many
@given(st.data())
def test_multihead_attention(data: st.DataObject) -> None:
    heads = data.draw(st.integers(1, 2))
    width = heads * data.draw(st.integers(1, 2))
    length = data.draw(st.integers(1, 3))
    many = data.draw(st.integers(1, 3))
    other = data.draw(st.booleans())
    batch, front = data.draw(sizes(0, 1, 2)), data.draw(st.booleans())

    def rows(count: int) -> tuple[int, ...]:
        return (*batch, count, width) if front else (count, *batch, width)

    case = {
        "query": data.draw(numbers(*rows(length))),
        "key": data.draw(numbers(*rows(many))) if other else None,
        "in_proj_weight": data.draw(numbers(3 * width, width)),
        "in_proj_bias": data.draw(st.none() | numbers(3 * width)),
        "out_proj_weight": data.draw(numbers(width, width)),
        "out_proj_bias": data.draw(st.none() | numbers(width)),
        "num_heads": heads,
        "batch_first": front,
        "upstream": data.draw(numbers(*rows(length))),
    }
    if data.draw(st.booleans()):
        mask = data.draw(numbers(length, many if other else length, cell=st.booleans()))
        assume(not any(all(row) for row in mask))
        case["attn_mask"] = mask
    agree("multiheadattention", case)


@pytest.mark.parametrize("kind", GATES)
@many
@given(st.data())
def test_recurrent(kind: str, data: st.DataObject) -> None:
    wide, hidden = data.draw(st.integers(1, 2)), data.draw(st.integers(1, 2))
    lead = data.draw(sizes(0, 2))
    front = data.draw(st.booleans())
    batch = () if len(lead) < 2 else lead[:1] if front else lead[1:]
    rows = GATES[kind] * hidden
    case = {
        "x": data.draw(numbers(*lead, wide)),
        "weight_ih": data.draw(numbers(rows, wide)),
        "weight_hh": data.draw(numbers(rows, hidden)),
        "bias_ih": data.draw(st.none() | numbers(rows)),
        "bias_hh": data.draw(st.none() | numbers(rows)),
        "h": data.draw(st.none() | numbers(*batch, hidden)),
        "batch_first": front,
        "upstream": data.draw(numbers(*lead, hidden)),
    }
    case |= {"nonlinearity": data.draw(st.sampled_from(["tanh", "relu"]))} if kind == "rnn" else {}
    case |= {"reset": data.draw(st.sampled_from(["after", "before"]))} if kind == "gru" else {}
    case |= {"c": data.draw(st.none() | numbers(*batch, hidden))} if kind == "lstm" else {}
    agree(kind, case)
