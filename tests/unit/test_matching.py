"""Matching rows and columns of a cost that is not finite ends in a sentence; no path would ever end."""

from __future__ import annotations

import numpy as np
import pytest

from dltui.errors import DltuiError
from dltui.matching import assignment, matching, rematched


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_costs_that_are_not_finite(bad: float) -> None:
    cost = np.random.default_rng(0).random((4, 4))
    known = matching(cost)
    cost[2] = bad
    for ask in (lambda: assignment(cost), lambda: rematched(cost, known, 2)):
        with pytest.raises(DltuiError, match="can't match what has costs that are NaN or infinite: expected"):
            ask()
