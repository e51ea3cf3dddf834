"""The checks of the exhibits on geometry fail when what they check is broken on purpose; formulas that are typed."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import numpy as np
import pytest

from dltui.descent.surfaces import SURFACES
from dltui.errors import UsageError
from dltui.lab.exhibit import Check, load
from dltui.lab.geometry.hunt import hunt as right_hunt
from dltui.lab.geometry.stacks import Stack
from dltui.lab.geometry.surfaces import surface
from dltui.lab.geometry.taylor import expanded as right_expansion
from dltui.lab.run import run

BREAKS: list[tuple[str, str, str, Any]] = [  # exhibit, module, what is broken in it, how
    (
        "critical-points",
        "critical",
        "kind_of",
        lambda values, flat=0.0: "minimum" if min(values) > 0 else "saddle",
    ),
    (
        "taylor-overlay",
        "taylor",
        "expanded",
        lambda ground, at, steps: right_expansion(ground, at, np.asarray(steps) * [1.0, -1.0]),
    ),
    (
        "saddle-count",
        "random_matrices",
        "share",
        lambda values, shift=0.0: float((values + shift > 0).mean()),
    ),
    ("curvature-compass", "compass", "curvature_along", lambda matrix, v: -float(v @ matrix @ v)),
    ("eigen-hunt", "hunt", "hunt", lambda name, shift, *rest: right_hunt(name, 0.0, *rest)),
    ("stuck-points", "stuck", "kind_of", lambda values, flat=0.0: "minimum"),
    ("gradient-thermometer", "thermometer", "ratio", lambda reading: 1.0),
    ("blow-up-watch", "watchdog", "flag", lambda losses, slopes: ""),
    ("restart-spread", "restarts", "best_of", lambda found: 1.0),
    (
        "degradation",
        "stacks",
        "grown",
        lambda net, depth: Stack(depth, skip=False, norm=True).double().eval(),
    ),
    ("flat-or-sharp", "basins", "slope", lambda w: 2 * np.asarray(w)),
    ("landscape-slice", "slices", "_height", lambda found: 1.0),
]


@pytest.mark.parametrize(("exhibit", "module", "attribute", "wrong"), BREAKS)
def test_a_broken_exhibit_is_noticed(
    exhibit: str, module: str, attribute: str, wrong: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(import_module(f"dltui.lab.geometry.{module}"), attribute, wrong)
    assert any(fails(check) for check in load(exhibit).checks), "no check has noticed"


def fails(check: Check) -> bool:
    try:
        check.function()
    except Exception:  # noqa: BLE001 - a check that breaks does not hold
        return True
    return False


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("x**2 + z", "variable z"),
        ("x^2", r"write \*\* for a power"),
        ("sinn(x)", "did you mean sin"),
        ("log(-1 - x**2)", "no finite value"),
        ("", "can't read"),
    ],
)
def test_a_formula_that_means_nothing_is_refused(text: str, told: str) -> None:
    with pytest.raises(UsageError, match=told):
        run("critical-points", {"f": text})


def test_a_surface_by_name_or_formula() -> None:
    one, other = surface("himmelblau"), surface("(x**2 + y - 11)**2 + (x + y**2 - 7)**2")
    assert one(1.0, -0.5).value == other(1.0, -0.5).value
    assert np.isnan(surface("log(x)").ground[:, 0]).all()
    assert (
        "not finite" in run("critical-points", {"f": "log(x)*y", "x": -1}).document()["figures"][3]["words"]
    )


@pytest.mark.parametrize("name", ["saddle", "himmelblau", "monkey-saddle", "two-weights", "valley"])
def test_a_typed_formula_has_the_derivatives_of_the_closed_form(name: str) -> None:
    known = SURFACES[name]()
    text = known.formula.replace("xy²", "x*y**2").replace("½", "0.5*").replace("w₁w₂", "x*y")
    for sign, plain in (
        ("²", "**2"),
        ("³", "**3"),
        ("⁴", "**4"),
        ("3x", "3*x"),
        ("100(", "100*("),
        ("−", "-"),
    ):
        text = text.replace(sign, plain)
    for place in np.random.default_rng(0).uniform(-2, 2, (5, 2)):
        jet = surface(text)(*place)
        assert jet.value == pytest.approx(known.value(place))
        assert jet.gradient == pytest.approx(known.gradient(place))
        assert jet.hessian == pytest.approx(known.hessian(place))
