"""Normals and density of points, from their neighbours."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from dltui.scene.geometry import Geometry
from dltui.scene.points.neighbours import Tree
from dltui.scene.points.thinning import enough

Doubles = NDArray[np.float64]
Ints = NDArray[np.int64]
BATCH = 1 << 16  # points whose neighbours are looked at at once
WAYS = 8  # neighbours across which normals are made to agree


def with_normals(geometry: Geometry, neighbours: int = 16, *, viewpoint: Doubles | None = None) -> Geometry:
    """Return points with normals: the direction in which their neighbours vary least, all on one side.

    Signs spread along a tree of neighbours whose normals agree best (Hoppe et al. 1992), from the outermost point of
    each piece, whose normal points away from the middle; with a viewpoint every normal turns towards that instead.

    Args:
        geometry: Points.
        neighbours: How many of them are looked at.
        viewpoint: From where they were scanned, shape (3,), or None.

    Returns:
        The same points, with the channel ``curvature``: the share of the variance along the normal, 0 … ⅓.

    Raises:
        UsageError: If there are not so many points.
    """
    enough(geometry, neighbours)
    places = geometry.vertices.astype(np.float64)
    _, number = Tree(places).nearest(places, neighbours + 1)
    normals, curvature = directions(places, number)
    if viewpoint is not None:
        normals *= np.where(np.einsum("ij,ij->i", normals, viewpoint - places) < 0, -1, 1)[:, None]
    else:
        normals = one_sided(places, normals, number[:, 1 : WAYS + 1])
    return replace(
        geometry,
        normals=normals.astype(np.float32),
        channels=geometry.channels | {"curvature": curvature.astype(np.float32)},
        remarks=(*geometry.remarks, f"normals from {neighbours} neighbours"),
    )


def directions(places: Doubles, number: Ints) -> tuple[Doubles, Doubles]:
    """Return the direction of least variance among neighbours, and its share of the whole.

    Args:
        places: Points, shape (n, 3).
        number: Neighbours of each, itself among them, shape (n, k).

    Returns:
        Unit vectors, shape (n, 3), of either sign, and shares, shape (n,).
    """
    normals, share = np.empty_like(places), np.empty(len(places))
    for start in range(0, len(places), BATCH):
        near = places[number[start : start + BATCH]]
        near -= near.mean(axis=1, keepdims=True)
        values, vectors = np.linalg.eigh(np.einsum("nki,nkj->nij", near, near))
        normals[start : start + BATCH] = vectors[:, :, 0]
        total = values.sum(axis=1)
        share[start : start + BATCH] = np.maximum(values[:, 0], 0) / np.where(total > 0, total, 1)
    return normals, share


def one_sided(places: Doubles, normals: Doubles, number: Ints) -> Doubles:
    """Return normals turned so that neighbours agree, each piece outwards.

    Args:
        places: Points, shape (n, 3).
        normals: Unit vectors of either sign, shape (n, 3).
        number: Neighbours of each, shape (n, k).

    Returns:
        The normals, turned.
    """
    count = len(places)
    one = np.repeat(np.arange(count), number.shape[1])
    other = number.ravel()
    agree = np.einsum("ij,ij->i", normals[one], normals[other])
    piece, sign = _forest(count, one, other, agree)
    turned = normals * sign[:, None]
    away = np.linalg.norm(places - places.mean(axis=0), axis=1)
    order = np.lexsort((away, piece))
    last = np.append(piece[order][1:] != piece[order][:-1], True)
    outermost = order[last]  # of each piece
    outwards = np.einsum("ij,ij->i", turned[outermost], places[outermost] - places.mean(axis=0)) < 0
    flip = np.zeros(count, np.bool_)
    flip[piece[outermost]] = outwards
    return np.asarray(np.where(flip[piece][:, None], -turned, turned))


def _forest(count: int, one: Ints, other: Ints, agree: Doubles) -> tuple[Ints, Doubles]:
    """Return the piece and the sign of each point along a spanning forest of best agreement (Borůvka 1926).

    In every round each piece is joined to another one by its best edge, and turned as a whole if that edge says so.
    """
    piece, sign = np.arange(count), np.ones(count)
    weight = np.abs(agree)
    edge = np.arange(len(one))
    while True:
        apart = piece[one[edge]] != piece[other[edge]]
        edge = edge[apart]
        if not edge.size:
            return piece, sign
        # The best edge of each piece; ties go to the lower number, so that no circle can close.
        best = np.full(count, -1, np.int64)
        order = edge[np.lexsort((-edge, weight[edge]))]
        best[piece[one[order]]] = order
        best_back = np.full(count, -1, np.int64)
        best_back[piece[other[order]]] = order
        rank = np.full(len(one) + 1, -1, np.int64)
        rank[order] = np.arange(len(order))
        chosen = np.where(rank[best] >= rank[best_back], best, best_back)
        has = np.flatnonzero(chosen >= 0)
        link = chosen[has]
        ends = piece[one[link]], piece[other[link]]
        parent, turn = np.arange(count), np.ones(count)
        target = np.where(ends[0] == has, ends[1], ends[0])
        parent[has] = target
        turn[has] = np.where(sign[one[link]] * sign[other[link]] * agree[link] < 0, -1, 1)
        pairs = has[
            (parent[parent[has]] == has) & (has < parent[has])
        ]  # two that chose each other: the lower is the root
        parent[pairs], turn[pairs] = pairs, 1
        while (parent != parent[parent]).any():
            turn *= turn[parent]
            parent = parent[parent]
        sign = sign * turn[piece]
        piece = parent[piece]


def with_density(geometry: Geometry, neighbours: int = 16) -> Geometry:
    """Return points with the channel ``density``: neighbours in the ball that reaches to the last one, by its volume.

    Args:
        geometry: Points.
        neighbours: How many.

    Returns:
        The same points; the density is infinite, hence NaN, where so many lie at one place.

    Raises:
        UsageError: If there are not so many points.
    """
    enough(geometry, neighbours)
    away, _ = Tree(geometry.vertices).nearest(geometry.vertices, neighbours + 1)
    reach = away[:, -1]
    volume = 4 / 3 * math.pi * reach**3
    density = np.where(reach > 0, neighbours / np.where(reach > 0, volume, 1), np.nan)
    return replace(geometry, channels=geometry.channels | {"density": density})
