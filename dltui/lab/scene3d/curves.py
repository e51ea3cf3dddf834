"""Curves and patches by control points: de Casteljau's lines, knots, weights, and a circle that only weights make."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Annotated

import numpy as np

from dltui.errors import UsageError
from dltui.figures import Array, Figure, Lines, Points, Scene, Series, Table, number
from dltui.lab import Choice, Frame, Slider, Typed, exhibit, near
from dltui.lab.scene3d.rooms import Doubles
from dltui.lab.written import written
from dltui.scene.curves import basis, bernstein, clamped, de_casteljau, patch, rational

FINE = 121  # places on a curve
FRAMES = 16  # of the way to t
DOTS = 24  # on every side of a polygon
ABOVE = np.array([0, 0, 0.01])  # so that a line is seen on a surface
NET = 13  # lines of a patch, either way
ROOT = math.sqrt(0.5)
YELLOW, RED, BLUE, GREY = (255, 200, 0), (230, 100, 80), (86, 180, 233), (150, 150, 150)
CURVES: dict[str, tuple[tuple[tuple[float, float], ...], tuple[float, ...]]] = {
    "square corners": (((0, 0), (0, 1), (1, 1), (1, 0)), (1, 1, 1, 1)),
    "quarter circle": (((1, 0), (1, 1), (0, 1)), (1, ROOT, 1)),
    "wave": (((0, 0), (0.2, 1), (0.5, -0.6), (0.9, 1.1), (1.2, 0.1), (1.5, 0.6)), (1, 1, 1, 1, 1, 1)),
    "loop": (((0, 0), (1.4, 1), (-0.4, 1), (1, 0)), (1, 1, 1, 1)),
}
KINDS = ("Bézier", "B-spline", "NURBS")


def inner_knots(text: str) -> tuple[float, ...] | None:
    """Return typed knots between 0 and 1, ascending; None for ``even``.

    Args:
        text: ``even``, or numbers with commas, such as ``0.3, 0.7``.

    Returns:
        The knots.

    Raises:
        UsageError: If it is neither.
    """
    if text.strip().lower() == "even":
        return None
    try:
        found = tuple(float(part) for part in text.split(","))
    except ValueError:
        found = (math.nan,)
    if not all(0 < one < 1 for one in found) or list(found) != sorted(found):
        raise UsageError(
            f"knots {text!r}: expected even, or ascending numbers between 0 and 1 such as 0.3, 0.7"
        )
    return found


@dataclass(frozen=True, eq=False)
class Curve:
    """What the knobs make.

    Attributes:
        kind: One of ``KINDS``.
        points: Control points, shape (n, 2).
        weights: One each, all 1 but for NURBS.
        degree: Of the pieces.
        knots: Shape (n + degree + 1,).
        chosen: The point that is dragged.
    """

    kind: str
    points: Doubles
    weights: Doubles
    degree: int
    knots: Doubles
    chosen: int

    def shares(self, t: Array) -> Doubles:
        """Return what each control point has in places of the curve, shape (k, n)."""
        plain = (
            bernstein(len(self.points) - 1, t) if self.kind == "Bézier" else basis(self.knots, self.degree, t)
        )
        return rational(plain, self.weights)

    def at(self, t: Array) -> Doubles:
        """Return places of the curve, shape (k, 2)."""
        return np.asarray(self.shares(t) @ self.points)


def curve_of(
    curve: str, kind: str, point: int, x: float, y: float, weight: float, degree: int, knots: str
) -> Curve:
    """Return the curve that the knobs make; typed knots tell the degree."""
    corners, weights = CURVES[curve]
    points = np.array(corners, np.float64)
    count = len(points)
    chosen = min(point, count - 1)
    points[chosen] += x, y
    heavy = np.array(weights, np.float64) if kind == "NURBS" else np.ones(count)
    if kind == "NURBS":
        heavy[chosen] *= weight
    typed = inner_knots(knots)
    p = count - 1 if kind == "Bézier" else min(degree, count - 1)
    row = clamped(count, p)
    if typed is not None and kind != "Bézier":
        typed = typed[: count - 2]
        p = count - 1 - len(typed)
        row = np.concatenate([np.zeros(p + 1), typed, np.ones(p + 1)])
    return Curve(kind, points, heavy, p, row, chosen)


def net_of(chosen: int, lift: float, weight: float) -> tuple[Doubles, Doubles]:
    """Return the control points of a bicubic patch, shape (4, 4, 3), one of them lifted, and the weights."""
    side = np.arange(4) / 3
    x, y = np.meshgrid(side, side, indexing="ij")
    net = np.stack([x, y, 0.35 * np.sin(math.pi * x) * np.cos(math.pi * y)], axis=-1)
    heavy = np.ones((4, 4))
    i, j = divmod(chosen, 4)
    net[i, j, 2] += lift
    heavy[i, j] = weight
    return net, heavy


@exhibit(
    "bezier-nurbs",
    family="scene3d",
    covers=("002c:bezier", "002c:nurbs"),
    kin={
        "dltui lab run parametric-patch": "any formula of u and v",
        "dltui lab run mesh-workshop": "smooth surfaces from coarse cages by splitting",
        "dltui lab run moving-average": "weights that add up to 1, over time",
        "dltui mesh FILE": "what is left of such surfaces in a file",
    },
    sources=("Piegl and Tiller 1997, The NURBS Book, ch. 1-4", "de Casteljau 1959", "Cox 1972; de Boor 1972"),
)
def bezier_nurbs(
    curve: Annotated[str, Choice(*CURVES, help="where the control points are at first")] = "square corners",
    kind: Annotated[str, Choice(*KINDS, help="what is made of them")] = "Bézier",
    t: Annotated[float, Slider(0, 1, step=0.01, help="place t on the curve; u on the patch")] = 0.5,
    point: Annotated[int, Slider(0, 15, help="control point that is dragged; up to 5 on a curve")] = 1,
    x: Annotated[float, Slider(-1, 1, step=0.05, help="how far it is dragged along x")] = 0.0,
    y: Annotated[float, Slider(-1, 1, step=0.05, help="and along y")] = 0.0,
    lift: Annotated[float, Slider(-1, 1, step=0.05, help="how far the patch's point is lifted")] = 0.6,
    weight: Annotated[
        float, Slider(0.01, 100, log=True, help="its weight, times what it is (NURBS and patch)")
    ] = 1.0,
    degree: Annotated[int, Slider(1, 5, help="degree p of B-spline and NURBS")] = 2,
    knots: Annotated[
        str, Typed(inner_knots, ("even", "0.2", "0.5, 0.5", "0.3, 0.7"), help="inner knots; typed ones set p")
    ] = "even",
) -> Iterator[Frame]:
    """A few control points, the curve that they draw to themselves, and a patch by sixteen of them.

    Try: drag --point 2 by --x and --y; --curve "quarter circle", first as Bézier, then --kind NURBS; --weight 20;
    --curve wave --kind B-spline, with --degree 1 and 3; --knots "0.5, 0.5"; --lift -1.
    Notice: a Bézier point moves the whole curve, a B-spline's only the pieces nearby; every curve stays in the hull of
    its points, as its shares are never negative and add up to 1; only weights make a true circle.

    Bézier: p(t) = Σ Bᵢ(t)·pᵢ with Bᵢ(t) = C(n, i)·tⁱ·(1 − t)ⁿ⁻ⁱ. De Casteljau gets there by parting: every side as t to
    1 − t, the sides between these points again, until one is left.

    B-spline: pieces of degree p that meet at knots; where a knot is repeated the curve loses smoothness. NURBS, the
    industry's standard, gives every point a weight: p(t) = Σ wᵢNᵢ(t)·pᵢ / Σ wᵢNᵢ(t).

    With (1, 0), (1, 1), (0, 1) and the weights 1, √2/2, 1 that is exactly a quarter of the unit circle; without
    weights the middle lies at (¾, ¾), 1.0607 from the origin. A patch is a curve of curves: Σ Bᵢ(u)·Bⱼ(v)·pᵢⱼ.
    """
    made = curve_of(curve, kind, point, x, y, weight, degree, knots)
    net = net_of(point, lift, weight)
    ways = np.linspace(0, t, FRAMES) if t > 0 else np.zeros(1)
    for at in ways:
        yield _frame(made, net, float(at), len(ways))


def _frame(made: Curve, net: tuple[Doubles, Doubles], t: float, total: int) -> Frame:
    """Return pictures and numbers at one place of the curve."""
    at = np.array([t])
    here, plain = made.at(at)[0], de_casteljau(made.points, t)[-1][0]
    shares = made.shares(at)[0]
    spot = patch(net[0], at, np.array([0.5]), net[1])[0]
    return Frame(
        figures=(_plane(made, t), _shares(made, t), _net(net, t), _worked(made, t), _places(made)),
        numbers={
            "t": t,
            "point": here.tolist(),
            "radius": float(np.linalg.norm(here)),
            "bezier_point": plain.tolist(),
            "bezier_radius": float(np.linalg.norm(plain)),
            "shares": shares.tolist(),
            "weights": made.weights.tolist(),
            "degree": made.degree,
            "knots": made.knots.tolist(),
            "patch_point": spot.tolist(),
        },
        caption=f"{made.kind}, t = {number(t, 3)}: ({number(here[0])}, {number(here[1])})",
        total=total,
    )


def _dotted(points: Doubles, count: int = DOTS) -> Doubles:
    """Return places along a polygon."""
    share = np.linspace(0, 1, count)[:, None]
    sides = [(1 - share) * a + share * b for a, b in pairwise(points)]
    return np.concatenate(sides or [points])


def _plane(made: Curve, t: float) -> Points:
    """Return control points, curve and the construction at t."""
    levels = de_casteljau(made.points, t)[1:-1] if made.kind == "Bézier" else []
    between = [_dotted(level, 14) for level in levels if len(level) > 1]
    at = made.at(np.array([t]))
    parts = [made.at(np.linspace(0, 1, FINE)), _dotted(made.points, 14), made.points, at]
    names = ["curve", "control polygon", f"control points, P{made.chosen} dragged", f"t = {number(t, 3)}"]
    if between:
        parts, names = [*parts, np.concatenate(between)], [*names, "de Casteljau"]
    return Points(
        title=f"{made.kind} of {len(made.points)} control points",
        caption=f"degree {made.degree}; knots {', '.join(number(k, 3) for k in made.knots)}",
        position=np.concatenate(parts),
        group=np.repeat(np.arange(len(parts)), [len(part) for part in parts]),
        group_names=tuple(names),
        axes=("x", "y"),
        equal=True,
    )


def _shares(made: Curve, t: float) -> Lines:
    """Return how much each control point has in the curve, over t."""
    over = np.linspace(0, 1, FINE)
    found, now = made.shares(over), made.shares(np.array([t]))[0]
    return Lines(
        title="What each control point has in the curve",
        caption=f"they add up to {number(float(now.sum()))}",
        series=tuple(
            Series(name=f"P{i}: {number(float(now[i]), 3)} at t", x=over, y=found[:, i])
            for i in range(len(made.points))
        ),
        x_label="t",
        y_label="share",
    )


def _net(net: tuple[Doubles, Doubles], u: float) -> Scene:
    """Return the bicubic patch with its net, and the curve at u on it."""
    points, heavy = net
    side = np.linspace(0, 1, NET)
    a, b = (part.ravel() for part in np.meshgrid(side, side, indexing="ij"))
    at = np.arange(NET * NET).reshape(NET, NET)
    quads = [part.ravel() for part in (at[:-1, :-1], at[1:, :-1], at[1:, 1:], at[:-1, 1:])]
    faces = np.concatenate([np.stack(quads[:3], axis=1), np.stack([quads[0], *quads[2:]], axis=1)])
    rods = np.concatenate([
        np.stack([points[:-1], points[1:]], axis=2).reshape(-1, 2, 3),
        np.stack([points[:, :-1], points[:, 1:]], axis=2).reshape(-1, 2, 3),
    ])
    line = patch(points, np.full(NET, u), side, heavy) + ABOVE
    lit = np.stack([line[:-1], line[1:]], axis=1)
    rgb = np.repeat(np.array([GREY, YELLOW], np.uint8), [len(rods), len(lit)], axis=0)
    return Scene(
        title="A bicubic patch of 4 × 4 control points",
        caption="grey: the net of control points; yellow: the curve at u = t, itself a Bézier curve in v",
        vertices=patch(points, a, b, heavy).astype(np.float32),
        faces=faces.astype(np.int32),
        vertex_values=b.astype(np.float32),
        value_label="v",
        segments=np.concatenate([rods, lit]).astype(np.float32),
        segment_rgb=rgb,
    )


def _worked(made: Curve, t: float) -> Figure:
    """Return the sums with the numbers put in."""
    here, shares = made.at(np.array([t]))[0], made.shares(np.array([t]))[0]
    lines = []
    if made.kind == "Bézier":
        for level, row in enumerate(de_casteljau(made.points, t)):
            text = ", ".join(f"({number(a, 3)}, {number(b, 3)})" for a, b in row)
            lines.append((
                text,
                f"(1 − {number(t, 3)})·left + {number(t, 3)}·right" if level else "control points",
            ))
    else:
        plain = basis(made.knots, made.degree, np.array([t]))[0]
        lines.append((
            f"N = {', '.join(number(float(n), 3) for n in plain)}",
            f"degree {made.degree}, by Cox and de Boor",
        ))
        lines.append((f"w = {', '.join(number(float(w), 3) for w in made.weights)}", "weights"))
        lines.append((f"Σ wᵢNᵢ = {number(float(made.weights @ plain))}", "what is divided by"))
    lines.append((
        f"shares {' + '.join(number(float(s), 3) for s in shares)} = {number(float(shares.sum()))}",
        "none negative",
    ))
    lines.append((f"p({number(t, 3)}) = ({number(here[0])}, {number(here[1])})", "the point of the curve"))
    lines.append((f"‖p‖ = {number(float(np.linalg.norm(here)))}", "from the origin"))
    return written(*lines)


def _places(made: Curve) -> Table:
    """Return places of the curve beside those of the plain Bézier curve."""
    rows = []
    for t in (0.0, 0.25, 0.5, 0.75, 1.0):
        here, plain = made.at(np.array([t]))[0], bernstein(len(made.points) - 1, t) @ made.points
        rows.append(
            (number(t), *(number(float(p)) for p in here), number(float(np.linalg.norm(here))),
             *(number(float(p)) for p in plain), number(float(np.linalg.norm(plain))))
        )  # fmt: skip
    return Table(
        title=f"{made.kind} beside plain Bézier", caption="on a circle around the origin ‖p‖ is the same everywhere",
        columns=("t", "x", "y", "‖p‖", "Bézier x", "y ", "‖p‖ "), rows=tuple(rows),
    )  # fmt: skip


@bezier_nurbs.check
def square_corners() -> None:
    """(0, 0), (0, 1), (1, 1), (1, 0) give (.5, .75) at t = .5; Bernstein = de Casteljau; in the hull (notes 002c)."""
    near("p(.5)", bezier_nurbs.last(t=0.5).numbers["point"], (0.5, 0.75), 1e-12)
    draw = np.random.default_rng(0)
    for curve in CURVES:
        for t in draw.uniform(0, 1, 5):
            shown = bezier_nurbs.last(curve=curve, t=t, point=2, x=0.3, y=-0.4).numbers
            near(f"{curve} at {t:.3g}", shown["point"], shown["bezier_point"], 1e-12)
    for kind in KINDS:
        for curve, (corners, _) in CURVES.items():
            shown = bezier_nurbs.last(curve=curve, kind=kind, t=0.37, weight=5.0, degree=3).numbers
            shares = np.array(shown["shares"], float)
            assert (shares >= 0).all(), f"{kind}: a share is negative"
            near("sum of shares", shares.sum(), 1, 1e-12)
            near("their mean of the corners", shares @ np.array(corners, float), shown["point"], 1e-12)


@bezier_nurbs.check
def exact_quarter_circle() -> None:
    """Weights 1, √2/2, 1: ‖p‖ = 1 all along, (.70710678, .70710678) at ½; plain (.75, .75), 1.0607 (notes 002c)."""
    for t in np.linspace(0, 1, 21):
        shown = bezier_nurbs.last(curve="quarter circle", kind="NURBS", t=float(t))
        near(f"‖p‖ at {t:.2f}", shown.value("radius"), 1, 1e-12)
    half = bezier_nurbs.last(curve="quarter circle", kind="NURBS", t=0.5)
    near("p(½)", half.numbers["point"], (0.70710678, 0.70710678), 1e-8)
    near("plain", half.numbers["bezier_point"], (0.75, 0.75), 1e-12)
    near("its radius", half.value("bezier_radius"), 0.75 * math.sqrt(2), 1e-12)


@bezier_nurbs.check
def knots_and_pieces() -> None:
    """Without inner knots a B-spline is the Bézier curve; degree 1 is the polygon; a far point changes nothing."""
    for curve, (corners, _) in CURVES.items():
        for t in (0.0, 0.2, 0.5, 0.9, 1.0):
            shown = bezier_nurbs.last(curve=curve, kind="B-spline", degree=5, t=t).numbers
            near(f"{curve} at {t}", shown["point"], shown["bezier_point"], 1e-12)
            straight = bezier_nurbs.last(curve=curve, kind="B-spline", degree=1, t=t).numbers["point"]
            place = t * (len(corners) - 1)
            known = [
                np.interp(place, np.arange(len(corners)), np.array(corners, float)[:, i]) for i in (0, 1)
            ]
            near(f"polygon of {curve} at {t}", straight, known, 1e-12)
    still = [
        bezier_nurbs.last(curve="wave", kind="B-spline", degree=2, point=5, y=y, t=0.3) for y in (0.0, 1.0)
    ]
    near("far point", still[0].numbers["point"], still[1].numbers["point"], 0)
    moved = [bezier_nurbs.last(curve="wave", kind="Bézier", point=5, y=y, t=0.3) for y in (0.0, 1.0)]
    gap = np.abs(np.subtract(moved[0].numbers["point"], moved[1].numbers["point"])).max()  # type: ignore[arg-type]
    near("of a Bézier curve", gap, 0.3**5, 1e-12)


@bezier_nurbs.check
def patch_is_a_curve_of_curves() -> None:
    """A patch by de Casteljau along v and then along u, and its corners are those of the net."""
    for lift, point in ((0.6, 5), (-1.0, 10)):
        net, _ = net_of(point, lift, 1.0)
        for t in (0.0, 0.3, 1.0):
            rows = np.stack([de_casteljau(row, 0.5)[-1][0] for row in net])
            known = de_casteljau(rows, t)[-1][0]
            near(
                f"patch at {t}",
                bezier_nurbs.last(t=t, point=point, lift=lift).numbers["patch_point"],
                known,
                1e-12,
            )
        corners = patch(net, [0, 0, 1, 1], [0, 1, 0, 1])
        near("corners", corners, net[[0, 0, 3, 3], [0, 3, 0, 3]], 1e-12)
