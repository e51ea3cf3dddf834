"""The checks of batches, schedules and second-order steps fail when a formula is broken on purpose: one line each."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any

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
}


@pytest.mark.parametrize("what", BREAKS)
def test_a_broken_formula_is_noticed(what: str, monkeypatch: pytest.MonkeyPatch) -> None:
    name, module, attribute, broken = BREAKS[what]
    home = import_module(f"dltui.lab.{module}")
    *owner, attribute = attribute.split(".")
    home = getattr(home, owner[0]) if owner else home
    monkeypatch.setattr(home, attribute, broken(getattr(home, attribute)))
    assert not all(one.holds for one in check_exhibit(name))
