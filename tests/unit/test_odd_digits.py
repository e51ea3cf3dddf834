"""What looks like a digit and is no number, such as a raised 2, is refused in one sentence wherever one may type it."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from torch import nn

from dltui.byhand.inputs import _shape
from dltui.errors import DltuiError
from dltui.instruments.attention.look import query_place
from dltui.instruments.dream.spelled import spelled_cell, spelled_classes
from dltui.instruments.features.layers import find_layer
from dltui.instruments.planes.spelled import spelled_directions
from dltui.runs.find import _step
from dltui.sweep.space import read_space
from dltui.training.recipe import Recipe


@pytest.mark.parametrize(
    "ask",
    [
        lambda: read_space(["optimizer.lr=1e-4..1e-1/²"], Recipe()),
        lambda: spelled_directions("eigen:²"),
        lambda: spelled_cell("3,²"),
        lambda: spelled_classes("²", (), 10),
        lambda: find_layer(nn.Sequential(nn.Linear(2, 2)), "0#²"),
        lambda: _step("step=²", "run:one@step=²"),
        lambda: query_place("²", ["a", "b"], last=True),
        lambda: query_place("--1", ["a", "b"], last=True),
        lambda: Recipe().set("epochs=²"),
        lambda: _shape("input", "2,²"),
    ],
)
def test_no_number(ask: Callable[[], object]) -> None:
    with pytest.raises(DltuiError, match="²|--1"):
        ask()
