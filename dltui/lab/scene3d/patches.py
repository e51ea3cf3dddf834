<<<<<<< HEAD
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
=======
"""Shapes from networks: a soup of points, an atlas of bent squares, and an atlas from a single picture."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

import numpy as np
import torch

from dltui.figures import Array, Bars, Figure, Images, Lines, Points, Scene, Series, number
from dltui.lab import Choice, Frame, Slider, exhibit, near
from dltui.lab.scene3d.sheets import (
    HELD,
    KINDS,
    LEARNT,
    LOSSES,
    PARTS,
    SHAPES,
    SHEETS,
    STEPS,
    Atlas,
    Made,
    code_of,
    distances,
    grid,
    laid,
    making,
    matched,
    mean_shapes,
    shown,
    spaced,
    target,
)
from dltui.lab.written import written
from dltui.scene.mesh import edge_counts, measure
from dltui.scene.points.distances import apart

CELLS = 12  # of the grid on a square, either way
GREY = (150, 150, 150)
NAMED = 8  # patches that the legend names
SEEN = 8  # pictures that are shown
BESIDE = 2.3  # from the true shape to the one that was made


@exhibit(
    "patch-decoder",
    family="scene3d",
    covers=("002c:point-mlp-gen", "002c:atlasnet", "002c:task-singleview"),
    kin={
        "dltui train atlasnet --data shapes3d-copy --loss chamfer": "a whole AtlasNet that copies clouds",
        "dltui cloud FILE --against OTHER": "Chamfer and earth mover's distance of two clouds of your own",
    },
    sources=(
        "Groueix et al. 2018 (AtlasNet), arXiv:1802.05384",
        "Fan, Su and Guibas 2017, arXiv:1612.00603",
        "Tatarchenko et al. 2019, arXiv:1905.03678",
    ),
)
def patch_decoder(
    shape: Annotated[str, Choice("bunny", "knot", "torus", "cube", "teapot", help="the target")] = "bunny",
    patches: Annotated[int, Slider(1, 12, help="bent squares K, a perceptron each")] = 6,
    points: Annotated[int, Slider(32, 512, log=True, help="points N of a step, over all patches")] = 256,
    loss: Annotated[str, Choice(*LOSSES, help="what is minimised on the target")] = "Chamfer",
    patch: Annotated[int, Slider(1, 12, help="the patch that is shown beside its square")] = 1,
    picture: Annotated[int, Slider(0, HELD - 1, help="held-out picture that a shape is made from")] = 1,
    seed: Annotated[int, Slider(0, 9999, help="seed of weights, points and pictures")] = 0,
) -> Iterator[Frame]:
    """Squares bent until they cover a shape, beside a soup of points; and a shape from one picture.

    Try: --patches 1 has to fold and stretch; --patches 12; --shape knot or torus; --points 32; --patch 3 is another
    sheet; --loss "earth mover's" pairs points one to one; --picture 7, 8, 9 are other kinds.
    Notice: the soup is near but has no surface; every patch is a surface that any grid can be cut from, as fine as you
    like. Patches overlap and leave gaps: nothing sews them together.

    A point generator is a perceptron whose last layer gives 3·N numbers: N places and nothing between them.

    AtlasNet gives a perceptron φₖ(z, u, v) a place (u, v) of a square and a code z, and takes what comes out as a place
    in space. As (u, v) runs over the square the place runs over a sheet; K perceptrons with weights of their own make
    K sheets, an atlas. It learns from places drawn anew in every step.

    Both minimise the squared Chamfer distance, CD = mean over x of min over y ‖x − y‖² + the same the other way, or
    give each point its own one (earth mover's).

    From a single picture: a small CNN reads one 24 × 24 picture into z. What the picture hides has to be guessed from
    other shapes; the mark to beat is the mean shape of the kind, the one that is nearest to all others of it.
    """
    true = target(shape, 600, 7)
    before: list[Made] = []
    known = shown(seed % 4)
    for moment in making(shape, patches, points, loss, seed):
        before.append(moment)
        seen = laid(moment.reader, known.seen[SHAPES:], spaced(LEARNT // SHEETS)).flatten(1, 2)
        kinds = torch.from_numpy(known.labels[SHAPES:])
        own = distances(seen, known.points[SHAPES:])
        mean = distances(mean_shapes(seed % 4)[kinds], known.points[SHAPES:])
        soup, one, many = moment.away[-1]
        yield Frame(
            figures=(
                _sheets(moment.networks[2], seed, true, min(patch, patches)),
                _square(min(patch, patches)),
                _sheet(moment.networks[2], seed, min(patch, patches)),
                _soup(moment, seed),
                _curves(before, patches),
                _pictures(seed, picture),
                _made(moment, seed, picture),
                _judged(own, mean, kinds),
                _formulas(moment, patches, points, own, mean),
            ),
            numbers={
                "step": moment.step,
                "soup": soup,
                "one_patch": one,
                "patches": many,
                "curve": [away[2] for away in moment.away],
                "from_pictures": float(own.mean()),
                "mean_shapes": float(mean.mean()),
                "this_picture": float(own[picture]),
                "parameters": [sum(part.numel() for part in net.parameters()) for net in moment.networks],
            },
            caption=f"step {moment.step} of {STEPS}: CD {one:.2g} by 1 patch, {many:.2g} by {patches}, soup {soup:.2g}",
            total=PARTS + 1,
        )


def meshed(atlas: Atlas, code: torch.Tensor, cells: int = CELLS) -> tuple[Array, Array]:
    """Return every patch cut from a grid.

    Args:
        atlas: The patches.
        code: What they are told, shape (1, c).
        cells: Of the grid, either way.

    Returns:
        Corners, shape (K, (cells + 1)², 3), and the triangles of one of them.
    """
    uv, faces = grid(cells)
    return laid(atlas, code, uv)[0].numpy(), faces


def _sheets(atlas: Atlas, seed: int, true: torch.Tensor, patch: int) -> Scene:
    """Return all patches over the points of the target."""
    corners, faces = meshed(atlas, code_of(seed))
    count, each = corners.shape[:2]
    return Scene(
        title=f"{count} bent square{'s' if count > 1 else ''} over the target",
        caption=f"grey: {true.shape[1]} points of the target; patch {patch} is shown by itself below",
        points=true[0].numpy(),
        point_rgb=np.tile(np.array(GREY, np.uint8), (true.shape[1], 1)),
        vertices=corners.reshape(-1, 3),
        faces=np.concatenate([faces + each * i for i in range(count)]).astype(np.int32),
        vertex_values=np.repeat(np.arange(count), each),
        value_names=tuple(f"patch {i + 1}" for i in range(min(count, NAMED))) + ("…",) * (count > NAMED),
    )


def _square(patch: int) -> Points:
    """Return the grid on the square."""
    uv = grid(CELLS)[0][0].numpy()
    return Points(
        title=f"The square of patch {patch}", caption="each point (u, v) goes to a place in space: colours are u",
        position=uv, value=uv[:, 0], axes=("u", "v"), equal=True,
    )  # fmt: skip


def _sheet(atlas: Atlas, seed: int, patch: int) -> Scene:
    """Return the same grid in space."""
    corners, faces = meshed(atlas, code_of(seed))
    uv = grid(CELLS)[0][0].numpy()
    area = measure(corners[patch - 1], faces.astype(np.int32)).area
    return Scene(
        title=f"Patch {patch}: the square after it is bent",
        caption=f"{len(uv)} corners, {len(faces)} triangles, area {number(area, 3)} of the 1 of the square",
        vertices=corners[patch - 1],
        faces=faces.astype(np.int32),
        vertex_values=uv[:, 0],
        value_label="u",
        shade="wire",
    )


def _soup(moment: Made, seed: int) -> Scene:
    """Return the points of the soup."""
    found = laid(moment.networks[0], code_of(seed), spaced(1))[0, 0].numpy()
    return Scene(
        title="The soup: loose points",
        caption=f"{len(found)} points; what lies between them is not said",
        points=found,
        point_values=found[:, 2],
        value_label="z",
    )


def _curves(before: list[Made], patches: int) -> Lines:
    """Return the distances over the steps."""
    x = np.array([one.step for one in before])
    away = np.array(before[-1].away)
    name = f"{patches} patches" if patches > 1 else "1 patch, other weights"
    return Lines(
        title="Distance from points that were never learnt from",
        series=tuple(
            Series(name=told, x=x, y=away[:, i]) for i, told in enumerate(("soup", "1 patch", name))
        ),
        x_label="step",
        y_label="squared Chamfer distance",
        y_scale="log",
    )


def _pictures(seed: int, picture: int) -> Images:
    """Return some of the held-out pictures."""
    known = shown(seed % 4)
    some = [(picture + i) % HELD for i in range(SEEN)]
    names = tuple(KINDS[known.labels[SHAPES + i]] + (" ◀" if i == picture else "") for i in some)
    return Images(
        title="Held-out pictures",
        caption="near is bright; the first one is made into a shape below",
        pixels=known.seen[SHAPES:][some, 0].numpy(),
        names=names,
    )


def _made(moment: Made, seed: int, picture: int) -> Scene:
    """Return the shape made from a picture, beside the true one."""
    known = shown(seed % 4)
    uv, faces = grid(CELLS)
    corners = laid(moment.reader, known.seen[SHAPES + picture][None], uv)[0].numpy()
    each = corners.shape[1]
    true = known.points[SHAPES + picture].numpy() - np.array([BESIDE, 0, 0], np.float32)
    return Scene(
        title="A shape from that one picture",
        caption="left: points of the true shape, which the network never saw; right: what it makes of the picture",
        points=true,
        point_rgb=np.tile(np.array(GREY, np.uint8), (len(true), 1)),
        vertices=corners.reshape(-1, 3),
        faces=np.concatenate([faces + each * i for i in range(len(corners))]).astype(np.int32),
        vertex_values=np.repeat(np.arange(len(corners)), each),
        value_names=tuple(f"patch {i + 1}" for i in range(len(corners))),
        up="y",
    )


def _judged(own: torch.Tensor, mean: torch.Tensor, kinds: torch.Tensor) -> Bars:
    """Return the distances by kind, of the network and of the mean shape."""
    labels, values = [], []
    for place, name in enumerate(KINDS):
        for told, part in (("network", own), ("mean shape", mean)):
            labels.append(f"{name}, {told}")
            values.append(float(part[kinds == place].mean()))
    return Bars(
        title="From one picture, against the mean shape",
        caption=f"{len(kinds)} held-out shapes: {number(float(own.mean()), 3)} against {number(float(mean.mean()), 3)}",
        labels=tuple(labels),
        values=np.array(values),
        value_label="squared Chamfer distance",
    )


def _formulas(moment: Made, patches: int, points: int, own: torch.Tensor, mean: torch.Tensor) -> Figure:
    """Return what is learnt, with the numbers of the moment."""
    soup, one, many = (sum(part.numel() for part in net.parameters()) for net in moment.networks)
    away = moment.away[-1]
    return written(
        (f"soup: z → 3·{points} = {3 * points} numbers", f"{soup:,} weights; CD = {number(away[0], 3)}"),
        (f"patch: (z, u, v) → (x, y, z), {one:,} weights", f"one alone: CD = {number(away[1], 3)}"),
        (
            f"atlas: {patches} of them, {many:,} weights, {-(-points // patches)} places each a step",
            f"CD = {number(away[2], 3)}",
        ),
        (
            f"picture → CNN → z → {SHEETS} patches: CD = {number(float(own.mean()), 3)}",
            f"the mean shape of the kind: {number(float(mean.mean()), 3)}",
        ),
    )


@patch_decoder.check
def patches_are_surfaces() -> None:
    """Each patch cut from grids of 4 to 20 cells is a disc: V − E + F = 1, no edge in over two triangles."""
    *_, moment = making("bunny", 6, 256, "Chamfer", 0)
    for cells in (4, 12, 20):
        corners, faces = meshed(moment.networks[2], code_of(0), cells)
        near("shape", corners.shape, (6, (cells + 1) ** 2, 3), 0)
        edges = {tuple(sorted(pair)) for a, b, c in faces.tolist() for pair in ((a, b), (b, c), (c, a))}
        near("V − E + F", len(corners[0]) - len(edges) + len(faces), 1, 0)
        counts, consistent = edge_counts(faces, len(corners[0]))
        assert consistent, "triangles are turned both ways"
        assert counts.max() == 2, f"an edge in {counts.max()} triangles"
        near("edges on the border", int((counts == 1).sum()), 4 * cells, 0)
        for sheet in corners:
            assert np.abs(sheet).max() <= 1, "tanh is left out"
            assert measure(sheet, faces.astype(np.int32)).area > 0.01, "a patch has no area"
    weights = [
        torch.cat([part.detach().flatten() for part in one.parameters()])
        for one in moment.networks[2].patches
    ]
    least = min(float((a - b).abs().max()) for i, a in enumerate(weights) for b in weights[:i])
    assert least > 0.1, "two patches share their weights"


@patch_decoder.check
def more_patches_come_nearer() -> None:
    """The distance from unseen points falls from 1 patch to 6, and 12 keep it, by the room that compares clouds."""
    found = []
    for count in (6, 12):
        *_, moment = making("bunny", count, 256, "Chamfer", 0)
        found.append(moment.away[-1][2])
        cloud = laid(moment.networks[2], code_of(0), spaced(600 // count))[0].reshape(-1, 3).numpy()
        known = apart(cloud, target("bunny", 600, 1000)[0].numpy()).chamfer_squared
        near(f"CD of {count} patches", found[-1], known, 1e-5)
    one = patch_decoder.last().value("one_patch")
    assert one > 1.2 * max(found), f"1 patch {one:.3g}, 6 patches {found[0]:.3g}, 12 patches {found[1]:.3g}"
    assert found[1] < 1.1 * found[0], f"6 patches {found[0]:.3g}, 12 patches {found[1]:.3g}"
    curve = patch_decoder.last().numbers["curve"]
    assert isinstance(curve, list)
    assert curve[-1] < 0.1 * curve[0], f"from {curve[0]:.3g} to {curve[-1]:.3g}"


@patch_decoder.check
def one_picture_beats_the_mean_shape() -> None:
    """Shapes from single held-out pictures are nearer than the mean shapes of their kinds (notes 002c)."""
    told = patch_decoder.last()
    known = shown(0)
    kinds = known.labels[SHAPES:]
    squares = []
    for kind, cloud in zip(kinds, known.points[SHAPES:].numpy().astype(float), strict=True):
        mean = mean_shapes(0)[kind].numpy().astype(float)
        gaps = ((mean[:, None] - cloud[None]) ** 2).sum(axis=2)
        squares.append(gaps.min(axis=0).mean() + gaps.min(axis=1).mean())
    near("mean shapes", told.value("mean_shapes"), np.mean(squares), 1e-5)
    assert told.value("from_pictures") < 0.9 * told.value("mean_shapes"), (
        f"{told.value('from_pictures'):.3g} from pictures, {told.value('mean_shapes'):.3g} without"
    )


@patch_decoder.check
def one_to_one_is_the_least() -> None:
    """The earth mover's loss of 6 points against all 720 ways to pair them."""
    from itertools import permutations

    draw = torch.Generator().manual_seed(0)
    one, other = torch.rand(6, 3, generator=draw), torch.rand(6, 3, generator=draw)
    away = ((one[:, None] - other[None]) ** 2).sum(2).double().sqrt()
    best = min(permutations(range(6)), key=lambda way: float(away[range(6), way].sum()))
    near(
        "mean square of the best pairs",
        float(matched(one, other)),
        float((away[range(6), best] ** 2).mean()),
        1e-5,
    )
>>>>>>> sl3
