"""From text to a tree: ``max(sphere(1), -box(.6))``. The text is read as Python's grammar and never run."""

from __future__ import annotations

import ast
import difflib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from dltui.errors import UsageError
from dltui.scene.sdf.joins import (
    Complement,
    Intersection,
    Mix,
    Moved,
    Offset,
    Repeated,
    Scaled,
    Shell,
    Turned,
    Twisted,
    Union,
)
from dltui.scene.sdf.nodes import (
    Box,
    Capsule,
    Cone,
    Cylinder,
    Ellipsoid,
    Metaballs,
    Node,
    Plane,
    Sphere,
    Torus,
)
from dltui.spelling import expression

LONGEST, DEEPEST = 20_000, 200
LARGEST = 1e6  # of numbers; far beyond, float32 tells no surface


@dataclass(frozen=True)
class Word:
    """One function of the language.

    Attributes:
        make: Makes a node of what stands between the brackets.
        takes: What stands there, as help shows it.
        help: What comes of it.
    """

    make: Callable[..., Node]
    takes: str
    help: str


def _box(a: float = 0.5, b: float | None = None, c: float | None = None) -> Node:
    """Return a box of half sides, a cube of one."""
    return Box(a, a if b is None else b, (a if b is None else b) if c is None else c)


def _blobs(*numbers: float) -> Node:
    """Return metaballs from x, y, z and radius of each."""
    if not numbers or len(numbers) % 4:
        raise TypeError("expected x, y, z and radius of each blob")
    return Metaballs(tuple((*numbers[i : i + 3], numbers[i + 3]) for i in range(0, len(numbers), 4)))  # type: ignore[misc]


def _many(join: Callable[..., Node]) -> Callable[..., Node]:
    """Return a join of two or more."""

    def joined(first: Node, *others: Node) -> Node:
        _solid(first, *others)
        for other in others:
            first = join(first, other)
        return first

    return joined


def _smooth(join: Callable[..., Node]) -> Callable[..., Node]:
    """Return a blend of two over a width."""

    def joined(a: Node, b: Node, k: float = 0.2) -> Node:
        _solid(a, b)
        return join(a, b, _above(k))

    return joined


def _mixed(a: Node, b: Node, t: float = 0.5) -> Node:
    """Return a solid on the way between two."""
    _solid(a, b)
    if not 0 <= t <= 1:
        raise TypeError(f"expected a share from 0 to 1, not {t:g}")
    return Mix(a, b, t)


def _turned(a: Node, axis: str, degrees: float) -> Node:
    """Return a solid turned around an axis."""
    _solid(a)
    if axis not in {"x", "y", "z"}:
        raise TypeError(f"expected the axis x, y or z, not {axis}")
    return Turned(a, axis, degrees)  # type: ignore[arg-type]


def _of(make: Callable[..., Node]) -> Callable[..., Node]:
    """Return a change of one solid by numbers."""

    def changed(a: Node, *numbers: float) -> Node:
        _solid(a)
        return make(a, *numbers)

    return changed


def _solid(*parts: object) -> None:
    """Refuse a number where a solid must stand."""
    for part in parts:
        if not isinstance(part, Node):
            raise TypeError(f"expected a solid such as sphere(1), not {part}")


def _above(number: float) -> float:
    """Refuse what is not above 0."""
    if not number > 0:
        raise TypeError(f"expected a number above 0, not {number:g}")
    return number


WORDS: dict[str, Word] = {
    "sphere": Word(Sphere, "r=1", "a ball"),
    "box": Word(_box, "a=.5, b, c", "a box of these half sides"),
    "torus": Word(Torus, "R=1, r=.35", "a ring around z"),
    "cylinder": Word(Cylinder, "r=.5, h=1", "of half height h, along z"),
    "capsule": Word(Capsule, "r=.4, h=.6", "a cylinder with round ends"),
    "cone": Word(Cone, "r=.8, s=0, h=.8", "of radius r below and s above"),
    "ellipsoid": Word(Ellipsoid, "a, b, c", "of these half axes"),
    "plane": Word(Plane, "a=0, b=0, c=1, d=0", "all below ax + by + cz = d"),
    "metaballs": Word(_blobs, "x, y, z, r, …", "blobs that flow together"),
    "min": Word(_many(Union), "A, B, …", "what is in any of them: union"),
    "max": Word(
        _many(Intersection), "A, B, …", "what is in all of them: intersection; max(A, -B) cuts B out"
    ),
    "smin": Word(_smooth(Union), "A, B, k=.2", "union, blended over k"),
    "smax": Word(_smooth(Intersection), "A, B, k=.2", "intersection, blended over k"),
    "mix": Word(_mixed, "A, B, t=.5", "on the way from A to B: (1 − t)·A + t·B"),
    "round": Word(_of(Offset), "A, d", "grown by d, edges rounded; A - d is the opposite sign"),
    "shell": Word(_of(Shell), "A, t", "a skin of thickness t"),
    "move": Word(_of(Moved), "A, x, y, z", "moved"),
    "turn": Word(_turned, "A, z, degrees", "turned around an axis"),
    "scale": Word(_of(Scaled), "A, f", "larger by f"),
    "repeat": Word(_of(Repeated), "A, x, y, z", "again at every multiple; 0 for an axis leaves it"),
    "twist": Word(_of(Twisted), "A, k", "turned by k radians a unit of height"),
}
GROW = ("sphere", "torus", "cylinder", "capsule", "cone", "ellipsoid", "box")  # whose numbers are sizes


def parse(text: str) -> Node:
    """Return the tree that a text spells.

    Args:
        text: Calls of the words above, with ``-A`` for the complement, ``A - .1`` and ``A + .1`` for f − .1 and f + .1.

    Returns:
        The tree.

    Raises:
        UsageError: If it is no such text.
    """
    if len(text) > LONGEST:
        raise UsageError(f"the expression has {len(text):,} characters: expected {LONGEST:,} at most")
    try:
        tree = expression(text.strip() or "?")
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        where = f" near character {error.offset}" if isinstance(error, SyntaxError) and error.offset else ""
        raise UsageError(
            f"can't read {_short(text)!r}{where}: expected something like max(sphere(1), -box(.6))"
        ) from error
    found = _read(tree, text, 0)
    if not isinstance(found, Node):
        raise UsageError(f"{_short(text)!r} is a number: expected a solid such as sphere(1)")
    return found


def _read(node: ast.expr, text: str, depth: int) -> Any:
    """Return a node, a number, or the name of an axis."""
    if depth > DEEPEST:
        raise UsageError(f"{_short(text)!r} is nested more than {DEEPEST} deep")
    if (
        isinstance(node, ast.Constant)
        and isinstance(node.value, int | float)
        and not isinstance(node.value, bool)
    ):
        if not abs(node.value) <= LARGEST:
            raise UsageError(
                f"{ast.get_source_segment(text, node)} is too large a number: expected up to {LARGEST:g}"
            )
        return float(node.value)
    if isinstance(node, ast.Name) and node.id in {"x", "y", "z"}:
        return node.id
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        inner = _read(node.operand, text, depth + 1)
        return Complement(inner) if isinstance(inner, Node) else -inner
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add | ast.Sub):
        return _sum(node, text, depth)
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
        return _call(node, node.func.id, text, depth)
    said = ast.get_source_segment(text.strip(), node) or text
    raise UsageError(f"can't read {_short(said)!r}: expected a number, or one of {', '.join(WORDS)}")


def _sum(node: ast.BinOp, text: str, depth: int) -> Any:
    """Return what a plus or minus makes of a solid and a number."""
    left, right = _read(node.left, text, depth + 1), _read(node.right, text, depth + 1)
    sign = 1.0 if isinstance(node.op, ast.Add) else -1.0
    if isinstance(left, float) and isinstance(right, float):
        return left + sign * right
    if isinstance(left, Node) and isinstance(right, float):
        return Offset(left, -sign * right)
    raise UsageError(
        f"can't read {_short(text)!r}: only a number is added to a solid; min joins two, max(A, -B) takes one away"
    )


def _call(node: ast.Call, name: str, text: str, depth: int) -> Node:
    """Return what a function makes of its arguments."""
    word = WORDS.get(name)
    if word is None:
        near = difflib.get_close_matches(name, WORDS, 1)
        hint = f"did you mean {near[0]}?" if near else f"expected one of {', '.join(WORDS)}"
        raise UsageError(f"there is no {name!r} among the solids: {hint}")
    parts = [_read(part, text, depth + 1) for part in node.args]
    named = {key.arg: _read(key.value, text, depth + 1) for key in node.keywords if key.arg}
    sizes = [part for part in (*parts, *named.values()) if isinstance(part, float)]
    if name in GROW and any(size < 0 for size in sizes):
        raise UsageError(f"{name} has a size below 0: expected numbers from 0 on")
    if name == "scale" and any(not size > 0 for size in sizes):
        raise UsageError("scale has a factor that is not above 0")
    try:
        return word.make(*parts, **named)
    except TypeError as error:
        why = str(error) if str(error).startswith("expected") else f"expected {name}({word.takes})"
        raise UsageError(f"can't read {name} as it stands: {why}") from error


def _short(text: str) -> str:
    return text if len(text) <= 60 else f"{text[:57]}…"
