"""The checks of batches, schedules and second-order steps fail when a formula is broken on purpose: one line each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from importlib import import_module
from typing import Any

import numpy as np
import pytest

from dltui.lab.checks import check_exhibit

Broken = Callable[[Any], Any]  # takes what is right, returns what is not

BREAKS: dict[str, tuple[str, str, str, Broken]] = {
    "batch-race: half a step": (
        "batch-race",
        "optimisers.batches",
        "gradients",
        lambda right: lambda w, rows=None: right(w, rows) / 2,
    ),
    "batch-race: a batch that is seen again and again": (
        "batch-race",
        "optimisers.batches",
        "order",
        lambda right: lambda batch, *rest: [right(batch, *rest)[0]] * len(right(batch, *rest)),
    ),
    "batch-counter: a last batch that is always full": (
        "batch-counter",
        "optimisers.counting",
        "Counter.last",
        lambda right: property(lambda self: self.batch),
    ),
    "batch-counter: a sample that is seen twice": (
        "batch-counter",
        "optimisers.counting",
        "shuffled",
        lambda right: lambda n, *rest: [row // 2 for row in right(n, *rest)],
    ),
    "noise-scale: noise that falls with the root of the batch": (
        "noise-scale",
        "optimisers.noise",
        "expected",
        lambda right: lambda spread, m, *rest: right(spread, 1, *rest) / m**0.5,
    ),
    "noise-scale: drawn without repetition and told otherwise": (
        "noise-scale",
        "optimisers.noise",
        "factor",
        lambda right: lambda m, n, replacement: 1.0,
    ),
    "noise-escape: noise that is forgotten": (
        "noise-escape",
        "optimisers.escape",
        "walk",
        lambda right: lambda *given, noise=0.0, seed=0: right(*given),
    ),
    "noise-escape: a walker that climbs at any temperature": (
        "noise-escape",
        "optimisers.escape",
        "anneal",
        lambda right: lambda surface, cold, *rest, **more: right(surface, cold + 1, *rest, **more),
    ),
    "newton-root: half a step": (
        "newton-root",
        "optimisers.roots",
        "search",
        lambda right: lambda curve, *rest: right(replace(curve, slope=lambda x: 2 * curve.slope(x)), *rest),
    ),
    "newton-step: divided by |λ| where it shall be λ": (
        "newton-step",
        "optimisers.newton",
        "Newton",
        lambda right: import_module("dltui.descent.curved").SaddleFree,
    ),
    "newton-step: L-BFGS that remembers one pair": (
        "newton-step",
        "optimisers.newton",
        "Lbfgs",
        lambda right: lambda: right(history=1),
    ),
    "warm-up: one step late": (
        "warm-up",
        "optimisers.warm",
        "warm_linear",
        lambda right: lambda t, *rest: right(np.asarray(t) + 1, *rest),
    ),
    "warm-up: a root that forgets the width": (
        "warm-up",
        "optimisers.warm",
        "inverse_root",
        lambda right: lambda t, d_model, warmup: right(t, 1, warmup),
    ),
    "lr-schedules: a cosine that ends half-way": (
        "lr-schedules",
        "optimisers.planned_rates",
        "cosine",
        lambda right: lambda t, eta, total: right(t, eta, 2 * total),
    ),
    "lr-schedules: a fall that comes one epoch late": (
        "lr-schedules",
        "optimisers.planned_rates",
        "step_decay",
        lambda right: lambda t, *rest: right(np.asarray(t) - 1, *rest),
    ),
}


def _forget(name: str) -> None:
    """Empty every cache of a module, so that nothing right hides what is broken, nor the other way round."""
    for value in vars(import_module(name)).values():
        if hasattr(value, "cache_clear"):
            value.cache_clear()


@pytest.mark.parametrize("what", BREAKS)
def test_a_broken_formula_is_noticed(what: str, monkeypatch: pytest.MonkeyPatch) -> None:
    name, module, path, broken = BREAKS[what]
    module = f"dltui.lab.{module}"
    *owner, attribute = path.split(".")
    home = getattr(import_module(module), owner[0]) if owner else import_module(module)
    _forget(module)
    try:
        with monkeypatch.context() as patch:
            patch.setattr(home, attribute, broken(getattr(home, attribute)))
            assert not all(one.holds for one in check_exhibit(name))
    finally:
        _forget(module)
