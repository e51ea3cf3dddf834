"""Clouds, meshes and patches of the lab: what is refused, what surfaces are made of."""

from __future__ import annotations

import numpy as np
import pytest

from dltui.errors import UsageError
from dltui.lab import load
from dltui.lab.run import run
from dltui.lab.scene3d.cloths import GALLERY, cloth
from dltui.lab.scene3d.cloud_pairs import Pair, pair_of
from dltui.lab.scene3d.cut_maps import cut_map
from dltui.lab.scene3d.implicit_nets import SHAPES as SHAPES_OF_NETS
from dltui.lab.scene3d.implicit_nets import halved
from dltui.lab.scene3d.kinds import KINDS, SHAPES, five, timed


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


def test_milliseconds_are_those_of_a_shape_that_is_made_anew() -> None:
    known = five("sphere", 8, 2)
    assert len(known.cloud.vertices)
    one, took = timed("sphere", 8, 2)
    assert one is not known
    assert one.bytes == known.bytes
    assert all(part is None or part > 0 for parts in took.values() for part in parts)
    assert timed("sphere", 8, 2)[0] is one


def test_a_mended_matching_is_as_short_as_one_that_is_found_anew() -> None:
    now = Pair(*pair_of("ball and cube", 12, 0), squared=False, mean=True)
    place = np.array([2.0, 0.5, -1.0])
    there = now.with_point(3, place).with_point(5, -place)
    assert there.before is not None
    anew = Pair(there.one, there.other, squared=False, mean=True)
    assert there.one[3].tolist() == place.tolist()
    assert there.emd == pytest.approx(anew.emd, rel=1e-12)
    assert now.one[3].tolist() != place.tolist()


def test_a_probe_one_step_of_the_sliders_off_a_cut_is_not_on_it() -> None:
    """0.15 − 0.1 is a little less than 0.05, 0.2 − 0.15 a little more: neither may count."""
    side = np.linspace(-1, 1, 3)
    for step in range(-20, 21):
        at = step * 0.05
        for probe, here in ((at, 1), (at + 0.05, 0), (at - 0.05, 0)):
            shown = cut_map(np.zeros((3, 3)), side, "z", at, (0.0, 0.0, probe), title="", caption="")
            assert len(shown.marks) == here


@pytest.mark.parametrize("hidden", [0.0, 0.5, 0.9])
@pytest.mark.parametrize("seed", [0, 99])
def test_something_of_a_box_is_seen_whatever_is_hidden(hidden: float, seed: int) -> None:
    """A side of a box is more than a tenth of it, and all its points have the same x."""
    seen, places, distances = halved(SHAPES_OF_NETS.index("box"), hidden, seed)
    assert len(seen) >= (1 - hidden) * len(halved(SHAPES_OF_NETS.index("box"), 0.0, seed)[0]) - 1
    assert len(places) == len(distances) > 0
