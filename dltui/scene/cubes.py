"""Marching cubes (Lorensen and Cline 1987): from values on a grid to triangles.

The table of cases is not written down but worked out: on each face of a cell the stretches of its rim that lie inside
are cut off one by one. Neighbours see a shared face alike, so that what comes out has no cracks, also where the
original table had.
"""

from __future__ import annotations

from functools import cache
from itertools import product

import numpy as np
from numpy.typing import NDArray

Doubles = NDArray[np.float64]
CORNERS = tuple(product((0, 1), repeat=3))  # x, y, z of a corner; its number is 4x + 2y + z
# The corners of each face, counter-clockwise seen from outside the cell.
FACES = (
    (0, 1, 3, 2), (4, 6, 7, 5), (0, 4, 5, 1), (2, 3, 7, 6), (0, 2, 6, 4), (1, 5, 7, 3),
)  # fmt: skip
EDGES = tuple((a, b) for a in range(8) for b in range(a + 1, 8) if bin(a ^ b).count("1") == 1)
NUMBER = {frozenset(edge): i for i, edge in enumerate(EDGES)}


@cache
def table() -> tuple[NDArray[np.int64], ...]:
    """Return the triangles of the 256 cases as edges of the cell, shape (t, 3); bit c says that corner c is inside."""
    return tuple(_case([bool(case >> corner & 1) for corner in range(8)]) for case in range(256))


@cache
def _padded() -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Return the triangles of all cases, shape (256, t, 3), and which of them there are, shape (256, t)."""
    most = max(len(one) for one in table())
    edges, there = np.zeros((256, most, 3), np.int64), np.zeros((256, most), np.bool_)
    for case, triangles in enumerate(table()):
        edges[case, : len(triangles)], there[case, : len(triangles)] = triangles, True
    return edges, there


def _case(inside: list[bool]) -> NDArray[np.int64]:
    """Return the triangles of one case: loops around the cell, cut into fans."""
    after: dict[int, int] = {}
    for face in FACES:
        steps = [(face[i], face[(i + 1) % 4]) for i in range(4)]
        crossed = [
            (NUMBER[frozenset(step)], inside[step[1]]) for step in steps if inside[step[0]] != inside[step[1]]
        ]
        for place, (edge, enters) in enumerate(crossed):
            if enters:  # the stretch that begins here ends at the next crossing
                after[crossed[(place + 1) % len(crossed)][0]] = edge
    triangles: list[tuple[int, int, int]] = []
    while after:
        first, edge = after.popitem()
        loop = [first]
        while edge != first:
            loop.append(edge)
            edge = after.pop(edge)
        triangles += _fan(loop)
    return np.array(triangles, np.int64).reshape(-1, 3)


def _fan(loop: list[int]) -> list[tuple[int, int, int]]:
    """Return a loop as triangles that share a corner, such that none of their sides lies on a face of the cell.

    A side there would be one of the neighbour's too, and four triangles would meet in it.
    """
    for turn in range(len(loop)):
        turned = loop[turn:] + loop[:turn]
        if not any(_on_a_face(turned[0], other) for other in turned[2:-1]):
            loop = turned
            break
    return [(loop[0], loop[i + 1], loop[i]) for i in range(1, len(loop) - 1)]


def _on_a_face(one: int, other: int) -> bool:
    """Return whether two edges of a cell lie on one face."""
    corners = {*EDGES[one], *EDGES[other]}
    return any(corners <= set(face) for face in FACES)


def marching_cubes(
    values: NDArray[np.floating], low: Doubles, step: Doubles, level: float = 0.0
) -> tuple[Doubles, NDArray[np.int64]]:
    """Return the surface on which values on a grid have a level.

    Args:
        values: On the corners of the cells, shape (nx, ny, nz), smaller inside; NaN counts as outside.
        low: Place of the first corner, shape (3,).
        step: Sides of a cell, shape (3,).
        level: Of the surface.

    Returns:
        Vertices, shape (v, 3), and triangles, shape (t, 3), counter-clockwise seen from outside.
    """
    held = np.nan_to_num(np.asarray(values, np.float64) - level, nan=np.inf)
    inside = held < 0
    vertices, numbers = _crossings(held, inside, low, step)
    case = cases(inside)
    cells = np.flatnonzero((case.ravel() > 0) & (case.ravel() < 255))
    kinds = case.ravel()[cells]
    order = np.argsort(kinds, kind="stable")
    kinds, at = kinds[order], np.unravel_index(cells[order], case.shape)
    own = np.stack([_edge_numbers(numbers, at, edge) for edge in range(12)], axis=1)
    edges, there = _padded()
    faces = np.take_along_axis(own[:, None], edges[kinds], axis=2)[there[kinds]]
    return vertices, faces


def cases(inside: NDArray[np.bool_]) -> NDArray[np.uint8]:
    """Return the number of the case of every cell of a grid, whose corners are inside or not, shape (nx − 1, …)."""
    case = np.zeros(tuple(size - 1 for size in inside.shape), np.uint8)
    for corner, place in enumerate(CORNERS):
        case |= inside[_shifted(place, inside.shape)].astype(np.uint8) << corner
    return case


def _shifted(place: tuple[int, ...], shape: tuple[int, ...]) -> tuple[slice, ...]:
    """Return the part of a grid that holds one corner of every cell."""
    return tuple(slice(offset, size - 1 + offset) for offset, size in zip(place, shape, strict=True))


def _crossings(
    held: Doubles, inside: NDArray[np.bool_], low: Doubles, step: Doubles
) -> tuple[Doubles, list[NDArray[np.int64]]]:
    """Return where edges of the grid cross the surface, and for each direction the vertex on each edge."""
    vertices: list[Doubles] = []
    numbers: list[NDArray[np.int64]] = []
    count = 0
    for axis in range(3):
        near = tuple(slice(None, -1) if i == axis else slice(None) for i in range(3))
        far = tuple(slice(1, None) if i == axis else slice(None) for i in range(3))
        place = np.nonzero(inside[near] != inside[far])
        number = np.full(inside[near].shape, -1, np.int64)
        number[place] = np.arange(count, count + place[0].size)
        count += place[0].size
        a, b = held[near][place], held[far][place]
        with np.errstate(invalid="ignore", divide="ignore"):
            share = np.where(np.isfinite(a) & np.isfinite(b), a / (a - b), 0.5)
        spot = np.stack(place, axis=1).astype(np.float64)
        spot[:, axis] += share
        vertices.append(low + spot * step)
        numbers.append(number)
    return np.concatenate(vertices), numbers


def _edge_numbers(
    numbers: list[NDArray[np.int64]], place: tuple[NDArray[np.int64], ...], edge: int
) -> NDArray[np.int64]:
    """Return the vertex on one edge of every cell."""
    start, stop = (CORNERS[corner] for corner in EDGES[edge])
    axis = next(i for i in range(3) if start[i] != stop[i])
    spot = tuple(place[i] + start[i] for i in range(3))
    return numbers[axis].take(np.ravel_multi_index(spot, numbers[axis].shape))
