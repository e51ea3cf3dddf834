"""Parts: distances, contacts, programs, and what is fitted to points."""

from __future__ import annotations

import numpy as np
import pytest

from dltui.errors import UsageError
from dltui.scene.parts import Part, attached, contacts, execute, fitted, gap, overlap, spelled_out, together


@pytest.mark.parametrize("kinds", [("box", "box"), ("box", "cylinder"), ("cylinder", "cylinder")])
def test_the_gap_is_the_distance_of_the_nearest_points(kinds: tuple[str, str]) -> None:
    draw = np.random.default_rng(0)
    for _ in range(20):
        parts = []
        for kind in kinds:
            a, b, c = draw.uniform(0.1, 0.5, 3)
            x, y, z = draw.uniform(-1, 1, 3)
            parts.append(Part(kind, kind, (a, b if kind == "box" else a, c), (x, y, z)))
        one, other = parts
        ways = ((one, other), (other, one))
        near = max(min(float(b.node(a.points(4000, 1)).min()) for a, b in ways), 0.0)
        found = gap(one, other)
        assert found == pytest.approx(gap(other, one))
        assert found - 0.01 <= near <= found + 0.06, (one, other)


def test_what_is_attached_touches() -> None:
    seat, leg = Part("seat", "box", (0.5, 0.4, 0.05)), Part("leg", "cylinder", (0.05, 0.05, 0.3))
    for side in ("below", "above", "left", "right", "front", "behind"):
        put = attached(leg, seat, 0.02, 0.03, side)
        assert gap(put, seat) < 0.01
    assert attached(leg, seat, 0.3, 0.2).middle == pytest.approx((0.3, 0.2, -0.35))
    assert contacts([seat, attached(leg, seat), attached(leg, seat, 3.0, 0.0)]) == [(0, 1)]


def test_a_program_makes_what_it_says() -> None:
    seat, leg = execute("create_box(seat)\ncreate_cylinder(leg)\nattach(leg, seat)")
    assert (seat.kind, leg.kind, gap(seat, leg)) == ("box", "cylinder", 0.0)
    assert leg.middle[2] == pytest.approx(-seat.half[2] - leg.half[2])
    assert leg.volume == pytest.approx(np.pi * leg.half[0] ** 2 * 2 * leg.half[2])
    back = execute("create_box(s, 1, 1, 0.1); create_box(b, 1, 0.1, 0.8); attach(b, s, 0, 0.45, above)")[1]
    assert back.middle == pytest.approx((0, 0.45, 0.45))


@pytest.mark.parametrize(
    ("program", "told"),
    [
        ("", "creates one part"),
        ("box", "expected a call"),
        ("grow(seat)", "no call 'grow'"),
        ("create_box(seat, 1)", "three sides"),
        ("create_box(seat, 1, 1, zero)", "'zero' is no size"),
        ("create_box(seat, 1, 1, -1)", "'-1' is no size"),
        ("create_box(1)", "a name first"),
        ("create_box(a); create_box(a)", "created twice"),
        ("create_box(a); attach(a, b)", "'b', which is not created"),
        ("create_box(a); attach(a, a)", "beside itself"),
        ("create_box(a); create_box(b); attach(a, b, 1)", "two numbers or none"),
    ],
)
def test_a_program_that_means_nothing_is_refused(program: str, told: str) -> None:
    with pytest.raises(UsageError, match=told):
        execute(program)


def test_points_tell_what_they_lie_on() -> None:
    box, rod = Part("b", "box", (0.4, 0.3, 0.1), (1, 0, 0)), Part("c", "cylinder", (0.2, 0.2, 0.5), (0, 1, 0))
    for part in (box, rod):
        found, away = fitted(part.points(800, 3), part.name)
        assert found.kind == part.kind
        assert found.half == pytest.approx(part.half, abs=0.02)
        assert found.middle == pytest.approx(part.middle, abs=0.01)
        assert away < 0.01


def test_a_shape_is_spelled_out_and_made_again() -> None:
    parts = execute(
        "create_box(s, 1, 1, 0.1); create_cylinder(l, 0.05, 0.6); attach(l, s, 0.4, -0.4); "
        "create_box(b, 1, 0.1, 0.7); attach(b, s, 0, 0.45, above)"
    )
    again = execute(spelled_out(parts, contacts(parts)))
    assert {part.name for part in again} == {"s", "l", "b"}
    assert overlap(parts, again) == pytest.approx(1.0)
    assert overlap(parts[:1], parts) == pytest.approx(0.1 / sum(part.volume for part in parts), abs=0.02)
    places = np.random.default_rng(0).uniform(-1, 1, (200, 3))
    assert together(parts)(places) == pytest.approx(np.min([part.node(places) for part in parts], axis=0))
