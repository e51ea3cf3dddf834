"""What is refused: by us with a sentence, by torch with the very text that the sentence quotes."""

from __future__ import annotations

import math
from typing import Any

import pytest

from dltui.byhand import OPERATIONS, Refused, load, work
from dltui.byhand.tensor import nested
from dltui.instruments.byhand import says, torch_answer

ONE = [[1.0, 2.0], [3.0, 4.0]]
KERNEL = [[[[1.0, 1.0], [1.0, 1.0]]]]
CASES: list[tuple[str, dict[str, Any], str]] = [
    ("linear", {"x": [[1.0, 2.0]], "weight": [[1.0, 2.0, 3.0]]}, "weight"),
    ("conv2d", {"x": [ONE, ONE], "weight": KERNEL}, "weight"),
    ("conv2d", {"x": [[ONE, ONE]], "weight": KERNEL}, "weight"),
    ("conv2d", {"x": [ONE], "weight": [[[[1.0] * 3] * 3]]}, "weight"),
    ("conv2d", {"x": [ONE], "weight": [[[[1.0] * 2] * 2]], "dilation": 3, "padding": 0}, "weight"),
    ("conv2d", {"x": [[[[ONE]]]], "weight": KERNEL}, "x"),
    ("conv2d", {"x": [ONE], "weight": KERNEL, "bias": [1.0, 2.0]}, "bias"),
    ("conv2d", {"x": [ONE], "weight": KERNEL, "stride": 0}, "stride"),
    ("conv2d", {"x": [ONE], "weight": KERNEL, "padding": -1}, "padding"),
    ("conv2d", {"x": [ONE], "weight": KERNEL, "dilation": 0}, "dilation"),
    ("conv2d", {"x": [ONE], "weight": KERNEL, "groups": 0}, "groups"),
    ("conv2d", {"x": [ONE, ONE], "weight": KERNEL * 3, "groups": 2}, "groups"),
    ("conv2d", {"x": [ONE, ONE], "weight": KERNEL, "groups": 2}, "groups"),
    ("conv1d", {"x": [[1.0, 2.0]], "weight": [[[1.0, 1.0, 1.0]]]}, "weight"),
    ("conv1d", {"x": ONE, "weight": [[[1.0]]]}, "weight"),
    ("convtranspose2d", {"x": [ONE, ONE], "weight": KERNEL}, "weight"),
    ("convtranspose2d", {"x": [ONE], "weight": KERNEL, "bias": [1.0, 2.0]}, "bias"),
    ("convtranspose1d", {"x": [[1.0]], "weight": [[[1.0]]], "stride": 0}, "stride"),
    ("convtranspose1d", {"x": [[1.0]], "weight": [[[1.0]]], "padding": -1}, "padding"),
    ("flatten", {"x": ONE, "start_dim": 2}, "start_dim"),
    ("flatten", {"x": ONE, "start_dim": 1, "end_dim": 0}, "start_dim"),
    ("batchnorm", {"x": [[1.0, 2.0]]}, "x"),
    ("instancenorm", {"x": [[[1.0]]]}, "x"),
    ("groupnorm", {"x": [ONE], "num_groups": 3}, "num_groups"),
    ("layernorm", {"x": ONE, "normalized_shape": (3,)}, "normalized_shape"),
    ("linear", {"x": ONE, "weight": ONE, "bias": [1.0, 2.0, 3.0]}, "bias"),
    ("batchnorm", {"x": ONE, "eps": 0.0}, "eps"),
    ("groupnorm", {"x": [[1.0, 2.0]], "num_groups": 2}, "x"),
    ("maxpool1d", {"x": [[1.0, 2.0, 3.0]], "kernel_size": 2, "padding": 2}, "padding"),
    ("maxpool2d", {"x": [ONE], "kernel_size": 2, "padding": 2}, "padding"),
    ("avgpool1d", {"x": [[1.0, 2.0, 3.0]], "kernel_size": 2, "padding": 2}, "padding"),
    ("adadelta", {"weight": [1.0], "gradient": [[1.0]], "rho": 2.0}, "rho"),
    ("softmax", {"x": ONE, "dim": 2}, "dim"),
    ("attention", {"query": ONE, "key": [[1.0]], "value": [[1.0]]}, "key"),
    ("attention", {"query": ONE, "key": ONE, "value": ONE, "attn_mask": ONE, "is_causal": True}, "attn_mask"),
    (
        "multiheadattention",
        {
            "query": [[1.0] * 3],
            "in_proj_weight": [[1.0] * 3] * 9,
            "out_proj_weight": [[1.0] * 3] * 3,
            "num_heads": 2,
        },
        "num_heads",
    ),
]


LONG = [[[1.0, 2.0]] * 4] * 3
HEADS = {"in_proj_weight": [[1.0] * 2] * 6, "out_proj_weight": [[1.0] * 2] * 2, "num_heads": 1}
CASES += [
    ("multiheadattention", {"query": one, **HEADS, **keys, bias: [1.0] * size, "batch_first": first}, bias)
    for one, keys, first in (
        (ONE, {}, False),
        (LONG, {}, False),
        (LONG, {}, True),
        (LONG, {"key": LONG}, True),
    )
    for bias, size in (("in_proj_bias", 4), ("in_proj_bias", 7), ("in_proj_bias", 9), ("out_proj_bias", 3))
]
CASES += [
    (
        name,
        {"x": one, "weight_ih": [[1.0] * 2] * rows, "weight_hh": [[1.0] * 2] * rows, "batch_first": first}
        | {part: [1.0] * size if "_" in part or one is ONE else [[1.0] * size] * 4},
        part,
    )
    for name, rows in (("rnn", 2), ("gru", 6), ("lstm", 8))
    for one, first in ((ONE, False), (LONG, False), (LONG, True))
    for part, size in (
        ("bias_ih", rows + 1),
        ("bias_hh", rows - 1 or 3),
        ("h", 3),
        *[("c", 3)] * (name == "lstm"),
    )
    if size != 1
]
CASES += [
    ("interpolate", {"x": ONE, "size": (0, 3)}, "size"),
    ("interpolate", {"x": ONE, "mode": "nearest", "align_corners": True}, "align_corners"),
    ("affinegrid", {"theta": [[1.0, 2.0], [3.0, 4.0]]}, "theta"),
    ("affinegrid", {"theta": [[[1.0, 0.0, 0.0]] * 3] * 2, "size": (2, 4)}, "theta"),
    ("affinegrid", {"theta": [[1.0] * 3] * 2, "size": (2, 0)}, "size"),
    ("gridsample", {"x": ONE, "grid": [[[0.0] * 3]]}, "grid"),
    ("gridsample", {"x": ONE, "grid": [[[[0.0] * 2]]] * 2}, "grid"),
    ("flip", {"x": ONE, "dims": 2}, "dims"),
    ("flip", {"x": ONE, "dims": (1, -1)}, "dims"),
]


@pytest.mark.parametrize(
    ("name", "given", "argument"), CASES, ids=[f"{n}-{a}-{i}" for i, (n, _, a) in enumerate(CASES)]
)
def test_torch_says_what_we_quote(name: str, given: dict[str, Any], argument: str) -> None:
    with pytest.raises(Refused) as refused:
        work(name, given)
    one = load(name)
    assert refused.value.argument == argument
    assert refused.value.sentence.strip()
    tensors = {key: value for key, value in given.items() if key in one.tensors}
    told = says(one, tensors, **{key: value for key, value in given.items() if key in one.settings})
    assert refused.value.torch
    assert told.startswith(refused.value.torch)


@pytest.mark.parametrize(
    ("name", "given", "word"),
    [
        ("linear", {"x": [[1, 2], [3]]}, "equally long"),
        ("linear", {"x": [[1, "a"]]}, "number"),
        ("linear", {"x": [1, [2]]}, "number"),
        ("linear", {"y": 1}, "unknown argument"),
        ("softmax", {"x": 3}, "single number"),
        ("softmax", {"x": [1, 2], "temperature": 0}, "above 0"),
        ("attention", {"query": ONE, "key": ONE, "value": ONE, "attn_mask": [[1, 1], [0, 0]]}, "row 1"),
        ("conv2d", {"x": [[1] * 200] * 200}, "small tensors"),
        ("crop", {"x": ONE, "top": 1, "height": 2}, "within x"),
        ("crop", {"x": ONE, "left": -1}, "within x"),
        ("crop", {"x": [1]}, "H, W"),
        ("flip", {"x": 1}, "no dimension"),
        ("normalize", {"x": [ONE], "mean": [0], "std": [0]}, "above 0"),
        ("normalize", {"x": [ONE], "mean": [0, 1], "std": [1]}, "1 channels"),
        ("normalize", {"x": ONE}, "C, H, W"),
        ("gridsample", {"x": ONE, "grid": [[[math.inf, 0]]]}, "finite"),
        ("gridsample", {"x": ONE, "grid": [0, 0]}, "h, w, 2"),
        ("gridsample", {"x": [1], "grid": [[[0, 0]]]}, "H, W"),
        ("interpolate", {"x": [1]}, "H, W"),
    ],
)
def test_what_torch_has_no_word_for(name: str, given: dict[str, Any], word: str) -> None:
    with pytest.raises(Exception, match=word):
        work(name, given)


SHAPES = [
    (),
    (1,),
    (2,),
    (7,),
    (1, 1),
    (2, 2),
    (5, 1),
    (3, 7),
    (2, 2, 2),
    (1, 1, 1, 1),
    (2, 1, 3, 3),
    (1,) * 5,
]
ODD: dict[str, list[Any]] = {
    "int": [0, -1, 3, 50],
    "Ints": [0, -1, 3],
    "float": [0.0, -1.0, 100.0, math.nan, math.inf],
}


@pytest.mark.parametrize("name", OPERATIONS)
def test_odd_shapes_and_settings_are_worked_as_by_torch_or_refused(name: str) -> None:
    operation = load(name)
    usual = {k: v for k, v in next(iter(operation.examples.values())).items() if k != "upstream"}
    if operation.shaping:
        return
    odd = [{one: nested([1.0] * math.prod(shape), shape)} for one in operation.tensors for shape in SHAPES]
    odd += [
        {one: value} for one, kind in operation.settings.items() for value in ODD.get(kind.split(" ")[0], [])
    ]
    for case in odd:
        try:
            worked = work(name, usual | case)
        except Refused:
            continue
        assert torch_answer(worked, backward=True).difference < 1e-8, case
