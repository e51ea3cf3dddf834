"""Surfaces by name or by a formula that is typed: what is refused, and derivatives like those in closed form."""

from __future__ import annotations

import numpy as np
import pytest

from dltui.descent.surfaces import SURFACES
from dltui.errors import UsageError
from dltui.figures import Scene
from dltui.lab import EXHIBITS, load
from dltui.lab.geometry.surfaces import surface
from dltui.lab.run import run


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


def test_sheets_laid_over_each_other_are_told_apart_without_colours() -> None:
    scene = next(one for one in run("taylor-overlay").shown if isinstance(one, Scene))
    assert scene.vertex_rgb is not None
    light = scene.vertex_rgb.reshape(3, -1, 3) @ (0.2126, 0.7152, 0.0722)
    assert (np.diff(light[:, 0]) > 50).all(), "sheets alike in brightness"
    assert (light == light[:, :1]).all(), "a sheet of several colours"


GEOMETRY = [name for name in EXHIBITS if EXHIBITS.entry(name).family == "geometry"]


@pytest.mark.parametrize("name", GEOMETRY)
def test_a_heading_fits_into_eighty_cells(name: str) -> None:
    first = next(iter(load(name)()))
    assert len(f"{name} · {first.caption}") <= 80, first.caption
