"""Every check of an exhibit fails when what it checks is broken on purpose; metrics equal scikit-learn."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from sklearn import metrics

from dltui.byhand import rules
from dltui.byhand.functions import number
from dltui.byhand.operations import backprop as expressions
from dltui.byhand.sheet import Sheet
from dltui.lab import Exhibit, load
from dltui.lab.byhand import gradient_check, jacobians, training_step
from dltui.lab.byhand import metrics as shown

Break = Callable[[pytest.MonkeyPatch], None]


def twice(rule: Callable[..., list[Any]]) -> Callable[..., list[Any]]:
    """Return a rule of the chain that hands twice as much down."""
    return lambda node, result, up: [one and 2 * one for one in rule(node, result, up)]


def wrong_rules(monkeypatch: pytest.MonkeyPatch) -> None:
    for op in ("sum", "prod", "max", "exp", "tanh"):
        monkeypatch.setitem(rules.RULES, op, twice(rules.RULES[op]))


def wrong_max(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(rules.RULES, "max", lambda node, _, up: [up] * len(node.parts))


def wrong_sum(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(expressions.OPERATORS, expressions.ast.Add, lambda a, b: a - b)


def wrong_product(monkeypatch: pytest.MonkeyPatch) -> None:
    honest = jacobians.layer_case

    def broken(*case: Any) -> Any:
        forward, product, x, v = honest(*case)
        return forward, lambda g: 1.01 * product(g).ravel(), x, v

    monkeypatch.setattr(jacobians, "layer_case", broken)


def wrong_difference(monkeypatch: pytest.MonkeyPatch) -> None:
    honest = gradient_check.errors
    monkeypatch.setattr(gradient_check, "errors", lambda *case: tuple(2 * one for one in honest(*case)))


def wrong_verdict(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gradient_check, "PASSES", 1.0)


def wrong_step(monkeypatch: pytest.MonkeyPatch) -> None:
    def uphill(worked: Any, lr: float) -> Sheet:
        sheet = Sheet()
        for name in training_step.parameters(worked):
            one, slope = worked.inputs[name], worked.gradients.of[name]
            new = sheet.tensor(f"{name}′", one.shape)
            for place in new.places():
                new[place] = number(one[place].value + lr * slope[place].value)
        return sheet

    monkeypatch.setattr(training_step, "updated", uphill)


def wrong_gradient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(training_step, "parameters", lambda worked: list(worked.inputs)[2:5])


def wrong_share(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shown, "share", lambda scores, target, k: float(1 / k))


def wrong_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shown, "cut", lambda scores, positive, threshold: [0.5, 0.5])


def wrong_hits(monkeypatch: pytest.MonkeyPatch) -> None:
    honest = shown.work

    def lenient(name: str, given: dict[str, Any]) -> Any:
        return honest(name, given | ({"top_k": len(given["scores"][0])} if name == "accuracy" else {}))

    monkeypatch.setattr(shown, "work", lenient)


@pytest.mark.parametrize(
    ("name", "check", "break_it"),
    [
        ("backprop-graph", "circuit-of-the-notes", wrong_rules),
        ("backprop-graph", "autograd-and-differences", wrong_rules),
        ("backprop-graph", "autograd-and-differences", wrong_max),
        ("backprop-graph", "circuit-of-the-notes", wrong_sum),
        ("gates", "gates-of-the-notes", wrong_max),
        ("gates", "gates-of-torch", wrong_rules),
        ("vector-jacobian", "shape-rule", wrong_product),
        ("vector-jacobian", "product-without-the-matrix", wrong_product),
        ("gradient-check", "slope-of-the-exponential", wrong_difference),
        ("gradient-check", "layers-pass", wrong_rules),
        ("gradient-check", "broken-backward-is-caught", wrong_verdict),
        ("training-step", "one-step-of-the-optimiser", wrong_step),
        ("training-step", "every-parameter-has-a-gradient", wrong_gradient),
        ("training-step", "every-parameter-has-a-gradient", wrong_step),
        ("accuracy-metrics", "counted-one-by-one", wrong_share),
        ("accuracy-metrics", "limits", wrong_share),
        ("accuracy-metrics", "limits", wrong_cut),
        ("accuracy-metrics", "an-edit-counts", wrong_hits),
    ],
)
def test_a_broken_formula_is_found_out(
    name: str, check: str, break_it: Break, monkeypatch: pytest.MonkeyPatch
) -> None:
    exhibit: Exhibit = load(name)
    (found,) = [one for one in exhibit.checks if one.name == check]
    found.function()
    break_it(monkeypatch)
    with pytest.raises(AssertionError):
        found.function()


def test_the_table_of_scores_is_scored_as_by_scikit_learn() -> None:
    *_, last = load("accuracy-metrics")(samples=50, classes=4, skill=0.6, top_k=2, positive=1, threshold=0.3)
    scores, target = shown.score_table(50, 4, 0.6, 0)
    called = scores.argmax(axis=1)
    assert last.numbers["accuracy"] == metrics.top_k_accuracy_score(target, scores, k=2)
    assert last.numbers["confusion"] == metrics.confusion_matrix(target, called).tolist()
    for name, score in (("precision", metrics.precision_score), ("recall", metrics.recall_score)):
        np.testing.assert_allclose(last.numbers[name], score(target, called, average=None, zero_division=0))
    at = scores[:, 1] >= 0.3
    known = [metrics.precision_score(target == 1, at), metrics.recall_score(target == 1, at)]
    assert last.numbers["at_threshold"] == pytest.approx(known)
