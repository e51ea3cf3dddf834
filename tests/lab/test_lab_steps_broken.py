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
}


@pytest.mark.parametrize("what", BREAKS)
def test_a_broken_formula_is_noticed(what: str, monkeypatch: pytest.MonkeyPatch) -> None:
    name, module, attribute, broken = BREAKS[what]
    home = import_module(f"dltui.lab.{module}")
    monkeypatch.setattr(home, attribute, broken(getattr(home, attribute)))
    assert not all(one.holds for one in check_exhibit(name))
