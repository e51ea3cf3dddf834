"""Parametric surfaces: a flat cloth with coordinates u and v, and how a formula bends it in space."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Annotated

import numpy as np

from dltui.figures import Array, Bars, Figure, Heatmap, Mark, Path, Points, Scene, Table, number
from dltui.lab import Choice, Frame, Slider, Typed, exhibit, near
from dltui.lab.scene3d.cloths import (
    BEYOND,
    EYE,
    FINE,
    GALLERY,
    HALF,
    RIGHT,
    TAU,
    At,
    Cloth,
    circle,
    cloth,
    drawn,
    grid,
    share,
)
from dltui.lab.scene3d.rooms import Doubles
from dltui.lab.written import written

LINES = (8, 4)  # lines of the cloth's coordinates
STEP = 1e-5  # for slopes by differences
YELLOW, BLUE, RED, GREEN, GREY = (255, 200, 0), (86, 180, 233), (230, 100, 80), (0, 158, 115), (140, 140, 140)


@exhibit(
    "parametric-patch",
    family="scene3d",
    covers=("002c:parametric-surface", "002c:param-circle", "002c:param-sphere"),
    kin={
        "dltui lab run taylor-overlay": "slopes of a typed formula, one output only",
        "dltui lab run bezier-nurbs": "surfaces by control points",
        "dltui lab run implicit-level-set": "surfaces by f(x, y, z) = 0",
        "dltui lab run mesh-workshop": "the same shapes as triangles",
        "dltui cloud torus:n=5000": "points that lie evenly on made shapes",
    },
    sources=("do Carmo 1976, Differential Geometry of Curves and Surfaces, ch. 2",),
)
def parametric_patch(
    surface: Annotated[
        str,
        Typed(
            cloth,
            (*GALLERY, "u/2 - 1.5; v; exp(-(u - 3)**2 - v**2)"),
            help="a name, or x; y; z in u, v and r",
        ),
    ] = "sphere",
    r: Annotated[float, Slider(0.1, 3, step=0.05, help="radius r in the formulas")] = 1.0,
    u: Annotated[float, Slider(0, TAU, help="u of the lit point, and t of the circle")] = 5.0,
    v: Annotated[float, Slider(-HALF, HALF, help="v of the lit point")] = 0.3,
    sampling: Annotated[
        str, Choice("on the cloth", "on the surface", help="where random points lie evenly")
    ] = "on the cloth",
    n: Annotated[int, Slider(50, 5000, log=True, help="random points")] = 1500,
    seed: Annotated[int, Slider(0, 9999, help="seed of the points")] = 0,
) -> Iterator[Frame]:
    """A flat cloth with coordinates u and v, and the surface a formula bends it to; a point lit in both.

    Try: --surface torus, or your own --surface "u/2; v; sin(u)*cos(v)"; turn --u and --v; --sampling "on the surface";
    --r 0.1; --surface "Möbius band", where the normal comes back upside down.
    Notice: u and v are places on the cloth, f says where they lie in space; even on the cloth is not even on the
    surface: a third of the sphere's points crowd into the 13 % of its area beyond 60° of latitude.

    f: ℝ² → ℝ³. A circle is the case of one coordinate, p(t) = (r cos t, r sin t), t ∈ [0, 2π). The sphere is
    s(u, v) = (r cos u cos v, r sin u cos v, r sin v), u ∈ [0, 2π) the longitude, v ∈ [−π/2, π/2] the latitude.

    The slopes f_u and f_v lie in the tangent plane. f_u × f_v is the normal, and its length tells how much area a piece
    of cloth gets: r² cos v on the sphere. To sample a surface is easy, any (u, v) gives a point on it; to sample it
    evenly, draw (u, v) and keep it with a chance that grows with |f_u × f_v|.

    Whether a place of space lies on the surface or inside is hard to say: that is an equation for u and v.
    """
    one = cloth(surface, r)
    place, along, up = (part.reshape(3) for part in one.at(u, v))
    normal = np.cross(along, up)
    spots = drawn(one, sampling, n, seed)
    beyond = float((np.abs(spots[:, 1]) > BEYOND).mean())
    yield Frame(
        figures=(
            _bent(one, u, v), _flat(one, u, v), _cloud(one, spots), _shares(one, beyond, sampling), _ring(r, u),
            _worked(one, r, u, v), _known(one, u),
        ),
        numbers={
            "point": place.tolist(),
            "f_u": along.tolist(),
            "f_v": up.tolist(),
            "normal": normal.tolist(),
            "stretch": float(np.linalg.norm(normal)),
            "radius": float(np.linalg.norm(place)),
            "circle": circle(r, u).tolist(),
            "beyond_60": beyond,
            "expected": share(one, sampling),
            "points": len(spots),
        },
        caption=f"{one.name} at u = {number(u, 3)}, v = {number(v, 3)}: ({', '.join(number(p, 3) for p in place)})",
        total=1,
    )  # fmt: skip


def _line(at: At, u: Array, v: Array) -> Array:
    """Return a line as pieces, shape (k, 2, 3)."""
    places = at(u, v)
    return np.stack([places[:-1], places[1:]], axis=1)


def _net(at: At) -> Array:
    """Return the lines of the coordinates as pieces, shape (k, 2, 3)."""
    around, upward = np.linspace(0, TAU, 49), np.linspace(-HALF, HALF, 25)
    pieces = [_line(at, np.full(25, here), upward) for here in np.linspace(0, TAU, LINES[0] + 1)]
    pieces += [_line(at, around, np.full(49, here)) for here in np.linspace(-HALF, HALF, LINES[1] + 1)]
    return np.concatenate(pieces)


@dataclass(frozen=True, eq=False)
class Ground:
    """What of a picture stays while the point moves: the cloth lying flat on the left, and bent.

    Attributes:
        flat: Where u and v lie on the flat cloth.
        places: Corners of both, shape (2k, 3).
        faces: Their triangles.
        stretch: |f_u × f_v| on a grid of u and v.
        net: Lines of the coordinates of both.
        size: The longest side of the surface.
    """

    flat: At
    places: Doubles
    faces: Array
    stretch: Doubles
    net: Array
    size: float


@lru_cache(maxsize=16)
def _ground(one: Cloth) -> Ground:
    """Return the flat and the bent cloth."""
    a, b = grid(*FINE)
    places = one.places(a, b).reshape(-1, 3)
    low, high = places.min(axis=0), places.max(axis=0)
    size = float((high - low).max())
    reach = float(np.abs((places - (low + high) / 2) @ RIGHT).max())
    middle = (low + high) / 2 - RIGHT * (reach + 0.75 * size)

    def flat(u: Array, v: Array) -> Doubles:
        far, tall = np.broadcast_arrays(np.asarray(u, float), np.asarray(v, float))
        across, up = size * 1.2 * (far / TAU - 0.5), size * 0.8 * tall / math.pi
        return np.asarray(middle + across[..., None] * RIGHT + up[..., None] * np.array([0.0, 0.0, 1.0]))

    corner = np.arange(a.size).reshape(a.shape)
    quads = [part.ravel() for part in (corner[:-1, :-1], corner[1:, :-1], corner[1:, 1:], corner[:-1, 1:])]
    faces = np.concatenate([np.stack(quads[:3], axis=1), np.stack([quads[0], *quads[2:]], axis=1)])
    return Ground(
        flat,
        np.concatenate([places, flat(a, b).reshape(-1, 3)]),
        np.concatenate([faces, faces + len(places)]),
        one.stretch(a, b),
        np.concatenate([_net(one.places), _net(flat)]),
        size,
    )


def _bent(one: Cloth, u: float, v: float) -> Scene:
    """Return the flat cloth and the bent one with lines of their coordinates, the point, its slopes and its normal."""
    ground = _ground(one)
    around, upward = np.linspace(0, TAU, 49), np.linspace(-HALF, HALF, 25)
    place, along, up = (part.reshape(3) for part in one.at(u, v))
    arrows = [along, up, np.cross(along, up)]
    arrows = [0.3 * ground.size * arrow / max(float(np.linalg.norm(arrow)), 1e-12) for arrow in arrows]
    cross, lift = 0.05 * ground.size * np.eye(3), 0.015 * ground.size * EYE  # what is lit lies above the net
    lines, colours = [ground.net], [(GREY, len(ground.net))]
    for at in (one.places, ground.flat):
        spot = at(np.array(u), np.array(v)).reshape(3)
        lines += [_line(at, around, np.full(49, v)) + lift, _line(at, np.full(25, u), upward) + lift]
        lines.append(np.stack([spot - cross, spot + cross], axis=1) + lift)
        colours += [(BLUE, 48), (RED, 24), (YELLOW, 3)]
    lines.append(np.stack([np.repeat(place[None], 3, axis=0), place + arrows], axis=1))
    colours += [(BLUE, 1), (RED, 1), (GREEN, 1)]
    rgb = np.array([colour for colour, _ in colours], np.uint8)
    return Scene(
        title=f"The flat cloth, left, and bent: {one.name}",
        caption="blue: along u; red: along v; green: f_u × f_v; yellow: the point in both",
        vertices=ground.places.astype(np.float32),
        faces=ground.faces.astype(np.int32),
        vertex_values=np.tile(ground.stretch.ravel(), 2).astype(np.float32),
        value_label="|f_u × f_v|",
        segments=np.concatenate(lines).astype(np.float32),
        segment_rgb=np.repeat(rgb, [count for _, count in colours], axis=0),
    )


def _flat(one: Cloth, u: float, v: float) -> Heatmap:
    """Return the cloth lying flat, with the point and both lines through it."""
    a, b = grid(*FINE)
    ends_u, ends_v = np.array([0, TAU]), np.array([-HALF, HALF])
    return Heatmap(
        title="How much area each piece of the cloth gets",
        values=_ground(one).stretch.T,
        x=a[:, 0],
        y=b[0],
        x_label="u",
        y_label="v",
        value_label="|f_u × f_v|",
        paths=(
            Path(name="u alone", x=ends_u, y=np.full(2, v), ends=False),
            Path(name="v alone", x=np.full(2, u), y=ends_v, ends=False),
        ),
        marks=(Mark(name="the point", x=u, y=v),),
    )


def _cloud(one: Cloth, spots: Doubles) -> Scene:
    """Return random points on the surface."""
    return Scene(
        title=f"{len(spots):,} random points on it",
        points=one.at(spots[:, 0], spots[:, 1])[0].astype(np.float32),
        point_values=np.abs(np.degrees(spots[:, 1])).astype(np.float32),
        value_label="|v| in degrees",
    )


def _shares(one: Cloth, beyond: float, sampling: str) -> Bars:
    """Return how many points lie beyond 60° of v."""
    return Bars(
        title="Share of points with |v| beyond 60°",
        labels=(f"drawn {sampling}", "even on the cloth", "even on the surface"),
        values=np.array([beyond, share(one, "on the cloth"), share(one, "on the surface")]),
        value_label="share",
    )


def _ring(r: float, t: float) -> Points:
    """Return the circle with one coordinate, a point on it and its radius."""
    around = circle(r, np.linspace(0, TAU, 181))
    ray = circle(r, t) * np.linspace(0, 1, 30)[:, None]
    point = circle(r, t)[None]
    return Points(
        title=f"One coordinate: the circle p(t), t = u = {number(t, 3)}",
        position=np.concatenate([around, ray, point]),
        group=np.repeat([0, 1, 2], [len(around), len(ray), 1]),
        group_names=("p(t)", "radius r", f"({number(point[0, 0], 3)}, {number(point[0, 1], 3)})"),
        axes=("x", "y"),
        equal=True,
    )


def _worked(one: Cloth, r: float, u: float, v: float) -> Figure:
    """Return the formulas with the numbers put in."""
    place, along, up = (part.reshape(3) for part in one.at(u, v))
    normal = np.cross(along, up)
    shown = [f"({', '.join(number(float(p)) for p in row)})" for row in (place, along, up, normal)]
    point = circle(r, u)
    return written(
        *((f"{axis} = {part.text.strip()}", "") for axis, part in zip("xyz", one.parts, strict=True)),
        (f"f({number(u)}, {number(v)}) = {shown[0]}", f"r = {number(r)}"),
        (f"f_u = {shown[1]}", "the slope along u"),
        (f"f_v = {shown[2]}", "the slope along v"),
        (
            f"f_u × f_v = {shown[3]}",
            f"the normal; its length {number(float(np.linalg.norm(normal)))} is the stretch",
        ),
        (f"p({number(u)}) = ({number(point[0])}, {number(point[1])})", "the circle at t = u"),
    )


def _known(one: Cloth, u: float) -> Table:
    """Return the surface at places that one can work out in the head."""
    rows = []
    for name, a, b in (
        ("(0, 0)", 0.0, 0.0),
        ("(π/2, 0)", HALF, 0.0),
        ("(u, π/2)", u, HALF),
        ("(π, −π/2)", math.pi, -HALF),
    ):
        place = one.at(a, b)[0].reshape(3) + 0.0
        place[np.abs(place) < 1e-12] = 0
        rows.append((name, *(number(float(p)) for p in place), number(float(np.linalg.norm(place)))))
    return Table(title="At the ends of the cloth", columns=("(u, v)", "x", "y", "z", "‖f‖"), rows=tuple(rows))


@parametric_patch.check
def circle_and_sphere() -> None:
    """‖p‖ = r, p(π/2) = (0, r); ‖s‖ = r, s(0, 0) = (r, 0, 0), s(π/2, 0) = (0, r, 0), s(u, π/2) = (0, 0, r)."""
    draw = np.random.default_rng(0)
    for r in (0.1, 1.0, 2.5):
        for u, v in zip(draw.uniform(0, TAU, 8), draw.uniform(-HALF, HALF, 8), strict=True):
            shown = parametric_patch.last(r=r, u=u, v=v, n=50)
            near("‖p‖", np.linalg.norm(np.array(shown.numbers["circle"])), r, 1e-12)
            near("‖s‖", shown.value("radius"), r, 1e-12)
            known = r * np.array([math.cos(u) * math.cos(v), math.sin(u) * math.cos(v), math.sin(v)])
            near("s", shown.numbers["point"], known, 1e-12)
        near("p(π/2)", parametric_patch.last(r=r, u=HALF).numbers["circle"], (0, r), 1e-12)
        for u, v, axis in ((0.0, 0.0, 0), (HALF, 0.0, 1), (4.0, HALF, 2)):
            near(
                f"s({u:.3g}, {v:.3g})",
                parametric_patch.last(r=r, u=u, v=v).numbers["point"],
                r * np.eye(3)[axis],
                1e-12,
            )


@parametric_patch.check
def points_crowd_at_the_poles() -> None:
    """Beyond 60° lie 1/3 of the points that are even in v, and 1 − sin 60° = 0.13397 of those even by area."""
    for sampling, known in (("on the cloth", 1 / 3), ("on the surface", 1 - math.sin(BEYOND))):
        shown = parametric_patch.last(sampling=sampling, n=5000)
        near(f"expected {sampling}", shown.value("expected"), known, 1e-3)
        spread = 4 * math.sqrt(known * (1 - known) / 5000)
        near(f"drawn {sampling}", shown.value("beyond_60"), known, spread)
    u, v = (np.arange(50) + 0.5) / 50 * TAU, (np.arange(400) + 0.5) / 400 * math.pi - HALF
    area = cloth("sphere", 2.0).stretch(u[:, None], v[None, :]).mean()
    near("area of the sphere, r = 2", area * TAU * math.pi, 16 * math.pi, 1e-5)


@parametric_patch.check
def normals_by_differences() -> None:
    """f_u × f_v of every surface in the gallery against differences of places, h = 1e-5, to 1e-6."""
    draw = np.random.default_rng(1)
    for name in GALLERY:
        one = cloth(name, 0.8)
        for u, v in zip(draw.uniform(0.1, 6, 4), draw.uniform(-1.4, 1.4, 4), strict=True):
            shown = parametric_patch.last(surface=name, r=0.8, u=u, v=v, n=50).numbers
            along = (one.at(u + STEP, v)[0] - one.at(u - STEP, v)[0]) / (2 * STEP)
            up = (one.at(u, v + STEP)[0] - one.at(u, v - STEP)[0]) / (2 * STEP)
            near(f"normal of the {name}", shown["normal"], np.cross(along, up).reshape(3), 1e-6)
