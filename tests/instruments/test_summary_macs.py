"""Multiply-accumulates of ``dltui summary``: worked by hand, after the calculus of shapes, and as the page tells."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
import torch
from torch import nn

sys.path.insert(0, str(Path(__file__).parent))

from mac_cases import CASES, Case
from mac_peers import versions
from mac_table import PAGE, holds_for, page

from dltui.instruments.summary import summarize
from dltui.results.summary import Summary
from dltui.shapes import infer


def summed(case: Case, **options: object) -> Summary:
    torch.manual_seed(0)
    return summarize(case.build(), input_data=list(case.inputs()), **options)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_hand_derived(case: Case) -> None:
    found = summed(case)
    assert found.macs == case.macs
    assert found.operations("mac") == case.macs
    assert found.operations("matmul") == 2 * case.macs
    assert found.uncounted == []


def test_there_are_forty_cases() -> None:
    assert len({case.name for case in CASES}) >= 40
    assert CASES[0].macs == 442_368
    assert {case.name: case.macs for case in CASES}["TransformerEncoderLayer"] == 680_960


@pytest.mark.parametrize("case", [c for c in CASES if "packed" not in c.name], ids=lambda case: case.name)
def test_a_real_run_counts_the_same(case: Case) -> None:
    assert summed(case, device="cpu").macs == case.macs


LAYERS = [
    ("Conv2d(3, 8, 3, padding=1)", (2, 3, 32, 32)),
    ("Conv2d(6, 8, (3, 5), stride=2, padding=1, groups=2, bias=False)", (3, 6, 17, 19)),
    ("ConvTranspose2d(8, 4, 4, stride=2, padding=1, groups=4)", (2, 8, 16, 16)),
    ("Linear(64, 64)", (2, 10, 64)),
    ("Linear(64, 64, bias=False)", (2, 64)),
    ("LSTM(10, 20, 2, bidirectional=True)", (5, 2, 10)),
    ("GRU(10, 20)", (5, 2, 10)),
    ("RNN(10, 20, bias=False)", (5, 2, 10)),
    ("LayerNorm(64)", (2, 10, 64)),
    ("BatchNorm2d(3)", (2, 3, 8, 8)),
    ("GroupNorm(2, 6)", (2, 6, 8, 8)),
    ("MaxPool2d(2)", (2, 3, 8, 8)),
    ("AvgPool2d(3, 2)", (2, 3, 9, 9)),
    ("Softmax(-1)", (2, 10)),
    ("ReLU()", (2, 3, 8, 8)),
    ("Embedding(100, 16)", (2, 7)),
]


@pytest.mark.parametrize(("spelled", "shape"), LAYERS, ids=[spelled for spelled, _ in LAYERS])
def test_costs_follow_the_calculus_of_shapes(spelled: str, shape: tuple[int, ...]) -> None:
    report = infer(spelled, shape)
    name, _, arguments = spelled.partition("(")
    module = eval(f"nn.{name}({arguments}", {"nn": nn})  # spelled in this very file
    found = summarize(module, shape)
    assert found.macs == report.macs
    assert found.operations("bias") == report.operations("bias")
    assert found.parameters == report.parameters
    assert tuple(found.outputs[0]["shape"]) == report.output
    if name not in {"LSTM", "GRU", "RNN"}:  # whose steps are counted roughly there, one by one here
        assert found.operations("all") == report.operations("all")


def test_a_bias_added_after_the_product_is_a_bias() -> None:
    transposed = nn.Sequential(nn.Unflatten(1, (4, 6)), nn.Linear(6, 5))
    found = summarize(transposed, (2, 24))
    assert found.operations("bias") - found.operations("matmul") == 2 * 4 * 5


def test_the_written_table_is_true() -> None:
    if not holds_for(versions()):
        pytest.skip(f"{PAGE.name} was written for other versions than {versions()}")
    assert PAGE.read_text(encoding="utf-8") == page()
