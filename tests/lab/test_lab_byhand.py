"""The checks of the exhibits by hand fail when what they check is broken on purpose."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any

import numpy as np
import pytest

from dltui.byhand import functions, value
from dltui.byhand.rules import RULES
from dltui.lab.checks import check_exhibit
from dltui.lab.exhibit import chosen

MODULES = {
    "neuron": "neuron",
    "linear-layer": "linear",
    "linear-collapse": "linear",
    "mlp-forward": "forward",
}


def broken(name: str) -> list[str]:
    return [one.check for one in check_exhibit(name) if not one.holds]


@pytest.mark.parametrize("name", ["neuron", "linear-layer", "mlp-forward", "softmax"])
def test_a_sum_that_forgets_its_last_term_is_noticed(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    right: Callable[..., float] = value.EVALUATE["sum"]
    monkeypatch.setitem(
        value.EVALUATE, "sum", lambda *terms: right(*terms[:-1]) if len(terms) > 2 else right(*terms)
    )
    assert broken(name)


def test_a_wrong_gradient_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    right = RULES["prod"]
    monkeypatch.setitem(RULES, "prod", lambda node, result, up: right(node, result, 2 * up))
    assert broken("linear-layer") == ["torch-layer"]


@pytest.mark.parametrize(
    ("name", "attribute", "wrong"),
    [
        ("neuron", "DETECTOR", (1.0, 1.0, 2.0)),
        ("linear-collapse", "collapsed", lambda layers: layers[0]),
        ("linear-collapse", "ring_accuracy", lambda seed, activation: 0.5),
        ("mlp-forward", "forward_matrices", lambda parts, activation: {n: np.zeros(1) for n in "xzay"}),
    ],
)
def test_a_broken_exhibit_is_noticed(
    name: str, attribute: str, wrong: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(import_module(f"dltui.lab.byhand.{MODULES[name]}"), attribute, wrong)
    assert broken(name)


def test_a_softmax_without_its_shift_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    module = import_module("dltui.byhand.operations.softmax")
    monkeypatch.setattr(module, "largest", lambda *_: functions.number(0))
    assert broken("softmax")


def test_the_family_is_on_its_shelf() -> None:
    assert {"neuron", "linear-layer", "linear-collapse", "mlp-forward", "softmax"} <= set(
        chosen(family="byhand")
    )
