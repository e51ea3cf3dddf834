"""Norms against torch."""

from __future__ import annotations

from math import prod

from hypothesis import assume, given
from hypothesis import strategies as st

from .agree import agree, many  # noqa: TID252 - the tests of this folder share it
from .draws import numbers, sizes  # noqa: TID252

eps = st.sampled_from([1e-5, 1e-3, 0.1])
positive = st.integers(1, 300).map(lambda n: n / 100)


def spread(case: dict, sets: list[list[float]]) -> None:
    """Leave out rows that are nearly constant: their gradients are huge, and no two ways to add agree on them."""
    assume(all(max(row) - min(row) > 0.1 or max(row) == min(row) for row in sets))


def _flat(value: object) -> list[float]:
    return [n for part in value for n in _flat(part)] if isinstance(value, list) else [value]  # type: ignore[list-item]


@many
@given(st.data())
def test_batch_norm(data: st.DataObject) -> None:
    channels = data.draw(st.integers(1, 3))
    shape = (data.draw(st.integers(2, 3)), channels, *data.draw(sizes(0, 2)))
    case = {"x": data.draw(numbers(*shape)), "upstream": data.draw(numbers(*shape)), "eps": data.draw(eps)}
    case |= {name: data.draw(st.none() | numbers(channels)) for name in ("weight", "bias")}
    if not data.draw(st.booleans()):
        case |= {
            "training": False,
            "running_mean": data.draw(numbers(channels)),
            "running_var": data.draw(numbers(channels, cell=positive)),
        }
    spread(case, [[n for sample in case["x"] for n in _flat(sample[c])] for c in range(channels)])
    agree("batchnorm", case)


@many
@given(st.data())
def test_layer_and_rms_norm(data: st.DataObject) -> None:
    tail = data.draw(sizes(1, 2))
    shape = (*data.draw(sizes(0, 2)), *tail)
    case = {"x": data.draw(numbers(*shape)), "upstream": data.draw(numbers(*shape)), "eps": data.draw(eps)}
    case |= {"normalized_shape": tail, "weight": data.draw(st.none() | numbers(*tail))}
    rows, size = _flat(case["x"]), prod(tail)
    spread(case, [rows[i : i + size] for i in range(0, len(rows), size)])
    agree("layernorm", case | {"bias": data.draw(st.none() | numbers(*tail))})
    agree("rmsnorm", case)


@many
@given(st.data())
def test_instance_and_group_norm(data: st.DataObject) -> None:
    groups = data.draw(st.integers(1, 2))
    channels = groups * data.draw(st.integers(1, 2))
    shape = (data.draw(st.integers(1, 2)), channels, *data.draw(sizes(1, 2)))
    assume(prod(shape[2:]) > 1)
    case = {"x": data.draw(numbers(*shape)), "upstream": data.draw(numbers(*shape)), "eps": data.draw(eps)}
    case |= {name: data.draw(st.none() | numbers(channels)) for name in ("weight", "bias")}
    spread(case, [_flat(channel) for sample in case["x"] for channel in sample])
    agree("instancenorm", case)
    agree("groupnorm", case | {"num_groups": groups})
