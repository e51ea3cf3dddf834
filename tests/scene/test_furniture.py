"""Chairs, tables and rooms of boxes, whose points know their parts."""

from __future__ import annotations

import numpy as np
import pytest

from dltui.scene.furniture import (
    CLASSES,
    HALF,
    KINDS,
    PARTS,
    Block,
    bumpy,
    chair,
    furniture,
    room,
    sampled,
    table,
)


def _touch(one: Block, other: Block) -> bool:
    return bool(np.all(one.low <= other.high + 1e-9) and np.all(other.low <= one.high + 1e-9))


@pytest.mark.parametrize("seed", range(5))
def test_parts_of_a_chair_touch(seed: int) -> None:
    seat, back, *rest = chair(np.random.default_rng(seed), arms=True)
    assert [part.name for part in (seat, back, *rest)] == ["seat", "back", *["leg"] * 4, *["arm"] * 2]
    assert _touch(seat, back)
    assert all(_touch(leg, seat) and not _touch(leg, back) and leg.low[2] == 0 for leg in rest[:4])
    assert all(_touch(arm, back) for arm in rest[4:])
    assert len(chair(np.random.default_rng(seed))) == 6


def test_a_table_stands_on_four_legs() -> None:
    top, *legs = table(np.random.default_rng(0))
    assert [leg.name for leg in legs] == ["leg"] * 4
    assert all(_touch(leg, top) and leg.low[2] == 0 for leg in legs)
    assert all((leg.low >= [*top.low[:2], 0]).all() and (leg.high <= top.high).all() for leg in legs)


def test_points_lie_on_faces_evenly_by_area() -> None:
    block = Block("a", np.zeros(3), np.array([1.0, 2.0, 3.0]))
    flat = Block("b", np.array([5.0, 0, 0]), np.array([6.0, 1, 0]))
    places, box = sampled([block, flat], 40_000, np.random.default_rng(1))
    first = places[box == 0]
    on = (first == block.low) | (first == block.high)
    assert on.any(axis=1).all()
    assert (places[box == 1][:, 2] == 0).all()
    shares = np.array([on[:, axis].mean() for axis in range(3)])
    assert shares == pytest.approx(np.array([12, 6, 4]) / 22, abs=0.01)
    assert (box == 1).mean() == pytest.approx(2 / 24, abs=0.01)


@pytest.mark.parametrize("kind", KINDS)
def test_furniture_has_the_parts_of_its_kind(kind: str) -> None:
    found = furniture(np.random.default_rng(2), 800, kind)
    parts = {
        "chair": {"seat", "back", "leg"},
        "armchair": {"seat", "back", "leg", "arm"},
        "table": {"top", "leg"},
    }
    assert {PARTS[at] for at in found.label} == parts[kind]
    assert np.linalg.norm(found.places, axis=1).max() == pytest.approx(1)


def test_a_room_holds_two_chairs_and_a_table_within_its_walls() -> None:
    found = room(np.random.default_rng(3), 1000)
    assert len(found.places) == 1000
    assert {CLASSES[at] for at in found.label} == set(CLASSES)
    for instance, name in ((1, "chair"), (2, "chair"), (3, "table")):
        assert {CLASSES[at] for at in found.label[found.instance == instance]} == {name}
    assert (found.places[found.label == CLASSES.index("floor")][:, 2] == 0).all()
    walls = found.places[found.label == CLASSES.index("wall")]
    assert ((walls[:, 1] == HALF) | (walls[:, 0] == -HALF)).all()
    assert (np.abs(found.places[:, :2]) <= HALF).all()


def test_radii_of_the_rough_ball_are_spread_alike_on_both_halves() -> None:
    found = bumpy(np.random.default_rng(4), 40_000)
    radius = np.linalg.norm(found.places, axis=1)
    spreads = [np.quantile(radius[found.label == half], [0.05, 0.25, 0.5, 0.75, 0.95]) for half in (0, 1)]
    assert spreads[0] == pytest.approx(spreads[1], abs=0.01)
