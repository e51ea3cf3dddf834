"""Clouds, meshes and patches of the lab: what is refused, what surfaces are made of."""

from __future__ import annotations

import numpy as np
import pytest

from dltui.errors import UsageError
from dltui.lab import load
from dltui.lab.run import run
from dltui.lab.scene3d.cloths import GALLERY, cloth
from dltui.lab.scene3d.kinds import KINDS, SHAPES, five


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("u; v", "2 formulas"),
        ("u; v; w", "variable w"),
        ("u; v; log(v)", "not finite"),
        ("u; u; u", "no area"),
        ("sinn(u); v; 0*u", "did you mean sin"),
        ("", "1 formula:"),
    ],
)
def test_a_surface_that_means_nothing_is_refused(text: str, told: str) -> None:
    with pytest.raises(UsageError, match=told):
        run("parametric-patch", {"surface": text})


def test_a_surface_by_name_is_the_one_that_is_typed() -> None:
    for name, text in GALLERY.items():
        one, other = cloth(name.upper(), 0.7), cloth(text, 0.7)
        assert one.name == name
        assert other.name == "Your surface"
        assert (one.places(1.0, 0.2) == other.places(1.0, 0.2)).all()


def test_a_normal_comes_back_upside_down_on_a_moebius_band() -> None:
    one = load("parametric-patch").last(surface="Möbius band", u=0.0, v=0.0).numbers
    other = load("parametric-patch").last(surface="Möbius band", u=2 * np.pi, v=0.0).numbers
    assert one["point"] == pytest.approx(other["point"])
    assert one["normal"] == pytest.approx(-np.array(other["normal"]))


def test_a_turn_too_far_is_not_found_back() -> None:
    assert load("cloud-scan").last(angle=150.0).value("angle_error") > 20


def test_a_teapot_stays_open() -> None:
    shown = load("mesh-workshop").last(shape="teapot").numbers
    assert not shown["watertight"]
    assert shown["volume"] is None
    assert shown["volume_drift"] is None


@pytest.mark.parametrize("text", ["odd", "0.5, 0.2", "0, 0.5", "1.5", "nan"])
def test_knots_that_mean_nothing_are_refused(text: str) -> None:
    with pytest.raises(UsageError, match="ascending numbers between 0 and 1"):
        run("bezier-nurbs", {"knots": text})


def test_typed_knots_tell_the_degree() -> None:
    one = load("bezier-nurbs")
    assert one.last(curve="wave", kind="B-spline", knots="0.3, 0.7").numbers["degree"] == 3
    many = one.last(curve="quarter circle", kind="NURBS", knots="0.2, 0.4, 0.6").numbers
    assert many["degree"] == 1
    assert many["knots"] == [0, 0, 0.2, 1, 1]


def test_a_shape_in_five_ways_is_one_shape() -> None:
    for name in SHAPES:
        one = five(name, 24, 1)
        for kind, most in zip(KINDS, (1e-6, 0.02, 1e-6, 1e-5, 0.05), strict=True):
            assert np.abs(one.node(one.sampled(kind))).max() < most, f"{name} as {kind}"
        truth = one.node(one.asked) < 0
        for kind in ("cloud", "mesh", "voxels"):
            verdict = one.verdict(kind)
            assert verdict is not None
            assert (verdict == truth).mean() > 0.95, f"{name} as {kind}"
        assert one.verdict("patch") is None
