"""Chairs, tables and rooms of boxes whose sizes are drawn, as points that know which part they belong to; z points up.

Stand-ins for labelled scans (PartNet, ScanNet), with the truth known for every point.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Doubles = NDArray[np.float64]
Whole = NDArray[np.int64]

PARTS = ("seat", "back", "leg", "arm", "top")
CLASSES = ("floor", "wall", "chair", "table")
KINDS = ("chair", "armchair", "table")
HALF, TALL = 2.0, 1.6  # half a side of the floor of a room, and the height of its walls


@dataclass(frozen=True, eq=False)
class Block:
    """A box along the axes.

    Attributes:
        name: What part it is.
        low: Its lowest corner, shape (3,).
        high: Its highest corner, shape (3,).
    """

    name: str
    low: Doubles
    high: Doubles

    @property
    def areas(self) -> Doubles:
        """Areas of the pairs of faces across x, y and z, shape (3,)."""
        a, b, c = self.high - self.low
        return 2 * np.array([b * c, a * c, a * b])


@dataclass(frozen=True, eq=False)
class Labelled:
    """A cloud whose points have labels.

    Attributes:
        places: Points, shape (n, 3).
        label: Number of the class or part of each, shape (n,).
        instance: Which object each belongs to: 0 is none, as floor and walls; shape (n,).
        names: What the labels are called.
    """

    places: Doubles
    label: Whole
    instance: Whole
    names: tuple[str, ...]


def chair(draw: np.random.Generator, arms: bool = False) -> list[Block]:
    """Return a chair about 1 high, standing on z = 0, its back towards y > 0.

    Args:
        draw: Where its sizes come from.
        arms: Whether it has armrests.

    Returns:
        Seat, back and four legs, then two arms where there are any; each touches the seat or the back.
    """
    w, d = draw.uniform(0.22, 0.32, 2)  # halves of width and depth
    h, back = draw.uniform(0.38, 0.5), draw.uniform(0.4, 0.6)
    thick, leg = draw.uniform(0.04, 0.08), draw.uniform(0.02, 0.04)
    top = h + thick
    found = [
        _block("seat", (-w, -d, h), (w, d, top)),
        _block("back", (-w, d - thick, top), (w, d, top + back)),
        *_legs(w, d, h, leg),
    ]
    if arms:
        up = top + draw.uniform(0.15, 0.22)
        for side in (-1, 1):
            x = sorted((side * w, side * (w - 2 * leg)))
            found.append(_block("arm", (x[0], -d, up), (x[1], d - thick, up + 2 * leg)))
    return found


def table(draw: np.random.Generator) -> list[Block]:
    """Return a table, standing on z = 0: a top and four legs."""
    w, d = draw.uniform(0.4, 0.65, 2)
    h, thick, leg = draw.uniform(0.55, 0.75), draw.uniform(0.03, 0.08), draw.uniform(0.03, 0.05)
    return [_block("top", (-w, -d, h), (w, d, h + thick)), *_legs(w, d, h, leg)]


def sampled(blocks: list[Block], count: int, draw: np.random.Generator) -> tuple[Doubles, Whole]:
    """Return points drawn evenly by area from the faces of boxes.

    Args:
        blocks: The boxes.
        count: How many points.
        draw: Where chance comes from.

    Returns:
        Places, shape (n, 3), and from which box each came, shape (n,).
    """
    areas = np.array([block.areas for block in blocks]).ravel()
    face = draw.choice(len(areas), count, p=areas / areas.sum())
    box, axis = np.divmod(face, 3)
    low, high = (np.array([getattr(block, end) for block in blocks])[box] for end in ("low", "high"))
    share = draw.random((count, 3))
    share[np.arange(count), axis] = draw.integers(2, size=count)
    return low + share * (high - low), box


def furniture(draw: np.random.Generator, count: int, kind: str = "") -> Labelled:
    """Return a chair, with or without arms, or a table, its points labelled by ``PARTS``.

    Args:
        draw: Where everything comes from.
        count: How many points.
        kind: One of ``KINDS``; drawn where it is empty.

    Returns:
        The cloud, turned about z, its middle at 0 and its farthest point at 1.
    """
    kind = kind or str(draw.choice(KINDS))
    blocks = table(draw) if kind == "table" else chair(draw, arms=kind == "armchair")
    places, box = sampled(blocks, count, draw)
    label = np.array([PARTS.index(block.name) for block in blocks])[box]
    places = _turned(places, float(draw.uniform(0, 2 * np.pi)))
    places -= (places.min(axis=0) + places.max(axis=0)) / 2
    places /= np.linalg.norm(places, axis=1).max()
    return Labelled(places, label, np.ones(count, np.int64), PARTS)


def room(draw: np.random.Generator, count: int) -> Labelled:
    """Return a room with two walls, a table in its middle and a chair on either side, labelled by ``CLASSES``.

    Args:
        draw: Where everything comes from.
        count: How many points; four tenths lie on floor and walls.

    Returns:
        The cloud, its floor at z = 0; the chairs are instances 1 and 2, the table is 3.
    """
    shell = [
        _block("floor", (-HALF, -HALF, 0), (HALF, HALF, 0)),
        _block("wall", (-HALF, HALF, 0), (HALF, HALF, TALL)),
        _block("wall", (-HALF, -HALF, 0), (-HALF, HALF, TALL)),
    ]
    around = count * 4 // 10
    each = (count - around) // 3
    places, box = sampled(shell, around, draw)
    parts, labels, objects = [places], [np.minimum(box, 1)], [np.zeros(around, np.int64)]
    angle = draw.uniform(0, 2 * np.pi)
    away = 1.05 * np.array([np.cos(angle), np.sin(angle), 0])
    for number, spot in ((1, away), (2, -away), (3, np.zeros(3))):
        most = count - around - 2 * each if number == 3 else each
        blocks = table(draw) if number == 3 else chair(draw, arms=bool(draw.integers(2)))
        found = _turned(sampled(blocks, most, draw)[0], float(draw.uniform(0, 2 * np.pi)))
        parts.append(found + spot)
        labels.append(np.full(most, CLASSES.index("table" if number == 3 else "chair")))
        objects.append(np.full(most, number))
    return Labelled(np.concatenate(parts), np.concatenate(labels), np.concatenate(objects), CLASSES)


def bumpy(draw: np.random.Generator, count: int) -> Labelled:
    """Return a ball, one half of it wavy and the other rough: what only neighbours can tell.

    Args:
        draw: Where everything comes from.
        count: How many points.

    Returns:
        The cloud; which half is the rough one is drawn anew. Radii are spread alike on both, from 0.85 to 1.15.
    """
    away, pole = draw.standard_normal((count, 3)), draw.standard_normal(3)
    away /= np.linalg.norm(away, axis=1, keepdims=True)
    rough = away @ pole > 0
    across = np.cross(pole, draw.standard_normal(3))
    waves = np.pi * (away @ across) / np.linalg.norm(across)  # even from −π to π over either half
    phase = np.where(rough, draw.uniform(-np.pi, np.pi, count), waves) + draw.uniform(0, 2 * np.pi)
    places = away * (1 + 0.15 * np.sin(phase))[:, None]
    return Labelled(places, rough.astype(np.int64), np.ones(count, np.int64), ("wavy", "rough"))


def _block(name: str, low: tuple[float, ...], high: tuple[float, ...]) -> Block:
    """Return a box by its corners."""
    return Block(name, np.array(low, float), np.array(high, float))


def _legs(w: float, d: float, h: float, leg: float) -> list[Block]:
    """Return four legs below the corners of a board."""
    return [
        _block(
            "leg",
            (x * (w - leg) - leg, y * (d - leg) - leg, 0),
            (x * (w - leg) + leg, y * (d - leg) + leg, h),
        )
        for x in (-1, 1)
        for y in (-1, 1)
    ]


def _turned(places: Doubles, angle: float) -> Doubles:
    """Return places turned about z."""
    c, s = np.cos(angle), np.sin(angle)
    found: Doubles = places @ np.array([[c, s, 0], [-s, c, 0], [0, 0, 1]])
    return found
