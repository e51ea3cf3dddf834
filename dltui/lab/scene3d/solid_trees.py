"""Trees of solids, spelled with A, B, k and t for what the knobs say."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from dltui.scene.cubes import marching_cubes
from dltui.scene.mesh import Measures, measure
from dltui.scene.sdf.joins import Complement, Intersection, Mix, Offset, Shell, Union
from dltui.scene.sdf.nodes import Node
from dltui.scene.sdf.parse import parse

Doubles = NDArray[np.float64]
PLACE = tuple[float, float, float]
FIRST, SECOND = "sphere(1)", "move(sphere(1), 1, 0, 0)"
LETTERS = re.compile(r"\b(A|B|k|t)\b(?!\s*=)")
ENDLESS, LEAST = 2.0, 0.3  # half side of the window of what has no end, and of what is tiny
JOINS = {Union: "min", Intersection: "max", Complement: "−", Mix: "mix", Offset: "grown", Shell: "skin"}
STEP = 1e-4  # by which slopes are taken


def filled(tree: str, a: str = FIRST, b: str = SECOND, k: float = 0.3, t: float = 0.5) -> str:
    """Return a tree with its letters replaced."""
    words = {"A": f"({a})", "B": f"({b})", "k": repr(k), "t": repr(t)}
    return LETTERS.sub(lambda found: words[found[0]], tree)


def read(tree: str) -> Node:
    """Return the tree over the first solids, to see whether it can be read.

    Raises:
        UsageError: If it can't.
    """
    return parse(filled(tree))


@dataclass(frozen=True)
class Made:
    """A tree with the window in which it is looked at.

    Attributes:
        node: The tree.
        half: Half the side of the window.
    """

    node: Node
    half: float

    def mesh(self, cells: int) -> tuple[Doubles, NDArray[np.int64]]:
        """Return the surface by marching cubes."""
        side = np.linspace(-self.half, self.half, cells + 1)
        x, y, z = np.meshgrid(side, side, side, indexing="ij")
        return marching_cubes(self.node.at(x, y, z), np.full(3, -self.half), np.full(3, side[1] - side[0]))

    @cached_property
    def shown(self) -> tuple[Doubles, NDArray[np.int64]]:
        """The mesh that is shown."""
        return self.mesh(44)

    @cached_property
    def measures(self) -> Measures:
        """Its numbers."""
        return measure(*self.shown)


def made(text: str) -> Made:
    """Return a tree with its window."""
    node = parse(text)
    return Made(node, max(node.reach * 1.1, LEAST) if math.isfinite(node.reach) else ENDLESS)


def slopes(node: Node, places: Doubles) -> Doubles:
    """Return ∇f at places, shape (…, 3), by central differences."""
    parts = [(node(places + STEP * e) - node(places - STEP * e)) / (2 * STEP) for e in np.eye(3)]
    return np.stack(parts, axis=-1)


def parts_of(node: Node) -> list[Node]:
    """Return what a join joins; nothing of a solid, moved or not."""
    if type(node) not in JOINS:
        return []
    return [part for part in (getattr(node, "a", None), getattr(node, "b", None)) if isinstance(part, Node)]


def boxes(node: Node, place: PLACE) -> tuple[list[str], list[str], list[tuple[int, int]]]:
    """Return a tree as boxes with f at a place in each, and arrows from parts to wholes."""
    names, notes, edges = list[str](), list[str](), list[tuple[int, int]]()

    def add(one: Node) -> int:
        number = len(names)
        k = getattr(one, "k", 0.0)
        word = JOINS.get(type(one), one.text)
        names.append(f"s{word}, k = {k:.3g}" if type(one) in {Union, Intersection} and k else word)
        notes.append(f"f = {float(one(np.array(place))):.4g}".replace("-", "−"))
        edges.extend((add(part), number) for part in parts_of(one))
        return number

    add(node)
    return names, notes, edges


def sweep(tree: str, a: str, b: str, values: Doubles, letter: str) -> Iterator[tuple[float, Measures]]:
    """Yield the numbers of the mesh for every width k, or share t."""
    for value in values.tolist():
        one = made(filled(tree, a, b, **{letter: value}))
        yield value, measure(*one.mesh(24))
