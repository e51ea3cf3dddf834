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
    "activations": "activations",
    "dying-relu": "dying",
    "regression-losses": "regression",
    "cross-entropy": "entropy",
    "ce-vs-mse": "race",
    "binary-cross-entropy": "binary",
    "hinge-loss": "hinge",
    "output-heads": "heads",
    "loss-errors": "refusals",
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
        ("activations", "curve", lambda name, x: (np.tanh(x), 1 - np.tanh(x) ** 2)),
        ("dying-relu", "activate", lambda z, kind: (np.tanh(z), 1 - np.tanh(z) ** 2)),
        ("dying-relu", "of_dead", lambda slopes, gradients: 1e-300),
        ("regression-losses", "best_constant", lambda name, points, delta: float(np.mean(points))),
        (
            "regression-losses",
            "best_line",
            lambda name, points, delta: tuple(np.polyfit(range(5), points, 1)[::-1]),
        ),
        ("cross-entropy", "one_hot", lambda right, classes: [1.0] * classes),
        ("cross-entropy", "guess", float),
        ("ce-vs-mse", "mse_gradient", lambda z: 1 / (1 + np.exp(-z))),
        ("ce-vs-mse", "of_three", lambda logits: (np.zeros(3), np.zeros(3))),
        ("hinge-loss", "entropy_gradient", lambda scores, right: np.zeros(3)),
        ("output-heads", "slope_at", lambda name, x, **_: np.ones(len(x))),
        ("output-heads", "warning", lambda task, head, loss: ""),
        ("output-heads", "learn", lambda task: np.ones(3)),
        ("loss-errors", "ask", lambda case: ("", "")),
        ("loss-errors", "said_of", lambda message: "one-hot"),
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


@pytest.mark.parametrize(
    ("name", "primitive", "wrong"),
    [
        ("activations", "sigmoid", lambda x: 1 / (1 + np.exp(-2 * x))),
        ("regression-losses", "pow", lambda base, exponent: abs(base)),
        ("cross-entropy", "log", lambda x: np.log2(x)),
        ("binary-cross-entropy", "log", lambda x: np.log2(x)),
        ("hinge-loss", "max", lambda *numbers: numbers[0]),
        ("ce-vs-mse", "sigmoid", lambda x: 1 / (1 + np.exp(-2 * x))),
    ],
)
def test_a_wrong_primitive_is_noticed(
    name: str, primitive: str, wrong: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(value.EVALUATE, primitive, wrong)
    assert broken(name)


@pytest.mark.parametrize(
    ("name", "rule"),
    [("activations", "sigmoid"), ("ce-vs-mse", "sigmoid"), ("cross-entropy", "log"), ("hinge-loss", "max")],
)
def test_a_wrong_rule_is_noticed(name: str, rule: str, monkeypatch: pytest.MonkeyPatch) -> None:
    right = RULES[rule]
    monkeypatch.setitem(RULES, rule, lambda node, result, up: right(node, result, 2 * up))
    assert broken(name)


def test_the_family_is_on_its_shelf() -> None:
    assert {*MODULES, "softmax"} <= set(chosen(family="byhand"))
