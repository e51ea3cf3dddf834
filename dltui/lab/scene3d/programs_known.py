"""A chair as parts, and what is found of it: boxes around its points, a program, a network that draws others."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import torch

from dltui.figures import Array
from dltui.lab.scene3d.chairs import (
    LATENT,
    GraphVae,
    chair,
    leaf_of,
)
from dltui.lab.scene3d.choices import LEAVES
from dltui.lab.scene3d.rooms import Doubles
from dltui.scene.parts import Part, contacts, execute, fitted, overlap, spelled_out

EACH = 400  # points of a part
SAMPLES, ROW = 200, 5  # graphs that are drawn from the network; how many of them are shown
NEARLY = 0.02  # how far fitted parts may be apart and still touch, at least
TREE = {"chair": ("seat", "back", "armrest", "legs"), "legs": ("strut", "wheel")}


@dataclass(frozen=True, eq=False)
class Known:
    """What is known of a chair before anything learns.

    Attributes:
        parts: Its parts.
        points: Points of its surface, shape (n, 3).
        whose: The part of each, shape (n,).
        found: Boxes and cylinders that were fitted to the points of each part.
        away: How far points lie from those, in the mean, each.
        joined: Fitted parts that touch, nearly.
        program: Calls that put the fitted parts together.
        iou: Of the fitted parts with the chair, and of what the program makes.
    """

    parts: list[Part]
    points: Doubles
    whose: Array
    found: list[Part]
    away: list[float]
    joined: list[tuple[int, int]]
    program: str
    iou: tuple[float, float]


@lru_cache(maxsize=16)
def known_of(
    width: float, leg: float, back: float, arms: bool, wheels: bool, noise: float, seed: int
) -> Known:
    """Return a chair, points of it, and what can be told from the points."""
    parts = chair(width, 0.9, leg, back, arms=arms, wheels=wheels)
    points = np.concatenate([part.points(EACH, seed + i) for i, part in enumerate(parts)])
    points = points + np.random.default_rng([seed, 3]).normal(0, 1, points.shape) * noise
    whose = np.repeat(np.arange(len(parts)), EACH)
    pairs = [fitted(points[whose == i], part.name) for i, part in enumerate(parts)]
    found = [part for part, _ in pairs]
    joined = contacts(found, NEARLY + 3 * noise)
    program = spelled_out(found, joined)
    return Known(
        parts, points, whose, found, [away for _, away in pairs], joined, program,
        (overlap(parts, found), overlap(parts, execute(program))),
    )  # fmt: skip


def drawn_chairs(network: GraphVae, seed: int) -> list[tuple[list[Part], list[tuple[int, int]]]]:
    """Return chairs of codes drawn from a normal distribution."""
    return network.chairs(torch.randn(SAMPLES, LATENT, generator=torch.Generator().manual_seed(seed + 1)))


def nodes_of(known: Known) -> tuple[list[str], list[str]]:
    """Return the inner nodes of the tree and its leaves: those that the chair has."""
    leaves = [leaf for leaf in LEAVES if any(leaf_of(part.name) == leaf for part in known.parts)]
    return ["chair", *(["legs"] if "wheel" in leaves else [])], leaves


def under(node: str) -> tuple[str, ...]:
    """Return the leaves below a node, or itself."""
    return tuple(leaf for child in TREE[node] for leaf in under(child)) if node in TREE else (node,)


def lit_points(known: Known, node: str) -> Array:
    """Return which points belong to a node."""
    own = np.array([leaf_of(part.name) in under(node) for part in known.parts])
    return np.asarray(own[known.whose])


def between(parts: list[Part], edges: list[tuple[int, int]], one: str, other: str) -> int:
    """Return how many edges join parts of two leaves."""
    return sum({leaf_of(parts[i].name), leaf_of(parts[j].name)} == {one, other} for i, j in edges)


def meshes(
    parts: list[Part], classes: list[int], shifts: Doubles | None = None
) -> tuple[Array, Array, Array]:
    """Return corners, triangles and the class of each corner of parts."""
    corners, faces, values, count = [], [], [], 0
    for place, part in enumerate(parts):
        mesh = part.mesh
        shift = 0.0 if shifts is None else shifts[place]
        corners.append(mesh.vertices + shift)
        faces.append(mesh.faces + count)
        values.append(np.full(len(mesh.vertices), classes[place]))
        count += len(mesh.vertices)
    return np.concatenate(corners).astype(np.float32), np.concatenate(faces), np.concatenate(values)
