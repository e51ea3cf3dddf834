"""Pictures of one shape in five ways, and of what each of them answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from dltui.figures import Array, Bars, Figure, Lines, Scene, Series, Steps, Table, number
from dltui.lab.scene3d.cloths import EYE, RIGHT, TAU
from dltui.lab.scene3d.kinds import KINDS, REACH, SHAPES, Five, five
from dltui.lab.scene3d.rooms import Doubles
from dltui.lab.written import written
from dltui.scene.crossings import SLANT, Crossings

UP = np.cross(EYE, RIGHT)  # of the picture
STAND = ((-1.05, 0.8), (1.05, 0.8), (3.15, 0.8), (0.0, -1.0), (2.1, -1.0))  # of the five, to the right and up
SLICE = 30  # points of the slice through the field, either way
CLAY, BLUE, ORANGE, YELLOW, GREY = (
    (216, 199, 173),
    (86, 180, 233),
    (230, 120, 20),
    (255, 200, 0),
    (120, 120, 120),
)
MESH = (130, 190, 160)
JUDGED = (
    ("cloud", "small; a scanner", "no surface", "points, holes", "move points"),
    ("mesh", "small; by hand", "anything", "the fastest", "move vertices"),
    ("patch", "tiny; CAD", "drag points", "cut up first", "drag points"),
    ("SDF", "tiny; a formula", "blend, cut", "march rays", "bend space"),
    ("voxels", "N³ of all space", "flip cells", "many faces", "fill anew"),
)
SETS = (
    ("Princeton Shape Benchmark", "about 1,800", "early, small"),
    ("ShapeNet", "several million", "the ImageNet of 3D"),
    ("ShapeNetCore", "51,000 in 55 classes", "single objects"),
    ("Objaverse", "800,000; XL 10 million", "larger still"),
)


def figures(
    one: Five,
    probe: Doubles,
    crossed: Crossings,
    agree: Sequence[float | None],
    off: Sequence[float | None],
    took: Mapping[str, Sequence[float | None]],
) -> tuple[Figure, ...]:
    """Return all pictures.

    Args:
        one: The shape.
        probe: The place whose ray is shown, shape (3,).
        crossed: What that ray crosses.
        agree: Share of verdicts inside or outside that are right, None where there are none.
        off: Largest |f| of points on the surface.
        took: Milliseconds by question.

    Returns:
        The five together, bytes, density of samples, the ray, the search, what is asked, times, judgements, sets, sums.
    """
    return (
        _row(one), _bytes(one), _density(one), _ray(one, probe, crossed), _search(one), _asked(one, agree, off),
        _times(one, took), _judged(), _sets(), _worked(one, probe, crossed),
    )  # fmt: skip


def _row(one: Five) -> Scene:
    """Return the five ways beside each other."""
    stand = [across * RIGHT + up * UP for across, up in STAND]
    parts = [(one.scene(kind), stand[KINDS.index(kind)], colour) for kind, colour in
             (("mesh", MESH), ("patch", CLAY), ("voxels", CLAY))]  # fmt: skip
    vertices, faces, rgb, first = [], [], [], 0
    for scene, at, colour in parts:
        vertices.append(scene.vertices + at)
        faces.append(scene.faces + first)
        rgb.append(np.tile(np.array(colour, np.uint8), (len(scene.vertices), 1)))
        first += len(scene.vertices)
    side = np.linspace(-REACH, REACH, SLICE)
    across, up = (part.ravel() for part in np.meshgrid(side, side))
    plane = across[:, None] * RIGHT + up[:, None] * np.array([0.0, 0.0, 1.0])
    value = np.asarray(one.node(plane), np.float64)
    fade = np.clip(1 - np.abs(value), 0.25, 1)[:, None]
    field = fade * np.where(value[:, None] < 0, BLUE, ORANGE)
    behind = one.landed.places[one.landed.places @ EYE < 0]
    points = [one.cloud.vertices + stand[0], plane + stand[3], behind + stand[3]]
    colours = [np.tile(CLAY, (len(points[0]), 1)), field, np.tile(CLAY, (len(behind), 1))]
    around = np.linspace(0, TAU, 49)
    lines = [one.patch.places(np.full(49, at), around / 2 - TAU / 4) for at in np.linspace(0, TAU, 9)]
    lines += [one.patch.places(around, np.full(49, at)) for at in np.linspace(-TAU / 4, TAU / 4, 7)]
    net = np.concatenate([np.stack([line[:-1], line[1:]], axis=1) for line in lines]) + stand[2]
    return Scene(
        title=f"The {one.name} as {', '.join(KINDS)}",
        caption="above cloud, mesh, patch; below a slice through the SDF (blue inside, orange outside), voxels",
        points=np.concatenate(points).astype(np.float32),
        point_rgb=np.concatenate(colours).astype(np.uint8),
        vertices=np.concatenate(vertices).astype(np.float32),
        faces=np.concatenate(faces).astype(np.int32),
        vertex_rgb=np.concatenate(rgb),
        segments=net.astype(np.float32),
        segment_rgb=np.tile(np.array(GREY, np.uint8), (len(net), 1)),
    )


def _bytes(one: Five) -> Bars:
    """Return what each way keeps."""
    return Bars(
        title="Bytes", labels=KINDS, values=np.array(one.bytes, float), value_label="bytes", scale="log",
        caption=f"256³ voxels would be {256**3:,} cells: 2 MiB as bits, 64 MiB as float32, 4 GiB with 64 channels",
    )  # fmt: skip


def _density(one: Five) -> Scene:
    """Return the mesh twice, coloured by how densely points drawn from it lie: by area, and by triangle."""
    corners = one.mesh.vertices[one.mesh.faces].reshape(-1, 3)
    both = np.concatenate([corners, corners + 2.1 * RIGHT])
    return Scene(
        title="Points drawn from the mesh: how dense they lie",
        caption="left: triangles by area, even everywhere; right: each as often, dense where they are small",
        vertices=both.astype(np.float32),
        faces=np.arange(len(both)).reshape(-1, 3).astype(np.int32),
        vertex_values=np.repeat(np.clip(np.concatenate(one.crowding), 0.4, 2.5), 3).astype(np.float32),
        value_label="density, 0.4 … 2.5",
    )


def _ray(one: Five, probe: Doubles, crossed: Crossings) -> Scene:
    """Return the mesh cut open along the ray of the probe, and its crossings."""
    hits = probe + crossed.distance[:, None] * SLANT
    far = max(2.0, float(crossed.distance.max(initial=0)) + 0.5)
    way = SLANT / np.linalg.norm(SLANT)
    away = EYE - (EYE @ way) * way  # across the ray, towards the eye
    middles = one.mesh.vertices[one.mesh.faces].mean(axis=1) - probe
    lift = 0.02 * away
    stars = [_star(hit, 0.07) + lift for hit in hits] + [_star(probe, 0.1) + lift]
    ends = np.concatenate([np.stack([probe, probe + far * SLANT])[None] + lift, *stars])
    count = len(hits)
    told = f"{count} crossing{'s' * (count != 1)}, {'odd: inside' if count % 2 else 'even: outside'}"
    return Scene(
        title="Inside the mesh? A ray from the probe",
        caption=f"orange: the probe; yellow: its ray, {told}",
        vertices=one.mesh.vertices,
        faces=one.mesh.faces[middles @ away < 0],
        segments=ends.astype(np.float32),
        segment_rgb=np.array([YELLOW] * (1 + 3 * count) + [ORANGE] * 3, np.uint8),
    )


def _star(place: Doubles, size: float) -> Array:
    """Return a place as three short lines."""
    return np.stack([place - size * np.eye(3), place + size * np.eye(3)], axis=1)


def _search(one: Five) -> Lines:
    """Return how fast places find the surface, of this shape and of the others."""
    series = []
    for name in (one.name, *(name for name in SHAPES if name != one.name)):
        gaps = np.maximum([part.max() for part in five(name, one.resolution, one.seed).landed.gaps], 1e-16)
        series.append(Series(name=name, x=np.arange(len(gaps)), y=gaps))
    return Lines(
        title="Searching for f = 0 from 1000 random places",
        caption="the worst of them; on a true distance one step is enough, and on a mere bound it is not",
        series=tuple(series), x_label="Newton's steps, of seven values of f", y_label="largest |f|", y_scale="log",
        levels=((1e-6, "landed"),),
    )  # fmt: skip


def _asked(one: Five, agree: Sequence[float | None], off: Sequence[float | None]) -> Table:
    """Return what each way answers."""
    n = one.resolution
    right = ["—" if part is None else f"{100 * part:.4g} %" for part in agree]
    gaps = ["—" if part is None else number(part, 2) for part in off]
    steps = f"{number(float(one.landed.steps.mean()), 2)}× Newton"
    count, faces = len(one.cloud.vertices), len(one.mesh.faces)
    return Table(
        title="The same questions to each",
        caption="right: of 1000 places; the cloud's guess is the nearest normal's; a patch must be solved for u and v",
        columns=("", *KINDS),
        rows=(
            ("family", "explicit", "explicit", "explicit", "implicit", "implicit"),
            ("keeps", f"{count} points", f"{faces} faces", "3 formulas", "a formula", f"{n}³ cells"),
            ("a point of it", "a row", "by area", "any (u, v)", steps, "a face"),
            ("off by at most", *gaps),
            ("inside?", "a guess", "a ray", "no", "a sign", "a look-up"),
            ("looks at", f"{count}", f"{faces}", "—", "1", "1"),
            ("right", *right),
        ),
    )  # fmt: skip


def _times(one: Five, took: Mapping[str, Sequence[float | None]]) -> Table:
    """Return milliseconds, which differ from run to run."""
    rows = [
        (name, *("—" if part is None else f"{part:.2g}" for part in parts)) for name, parts in took.items()
    ]
    return Table(
        title="Milliseconds, measured here and now",
        caption="they differ between machines and runs, so that they are among no numbers",
        columns=("", *KINDS),
        rows=(("bytes", *(f"{size:,}" for size in one.bytes)), *rows),
    )


def _judged() -> Table:
    """Return the four things to judge by."""
    return Table(
        title="Four things to judge by: none is best at all",
        columns=("way", "storage, creation", "edit, smooth", "render", "animate"), rows=JUDGED,
    )  # fmt: skip


def _sets() -> Table:
    """Return where shapes come from."""
    return Table(
        title="Collections of shapes", columns=("collection", "models", "what it is"), rows=SETS,
        caption="open one of theirs with dltui mesh FILE.off, .obj, .ply …",
    )  # fmt: skip


def _worked(one: Five, probe: Doubles, crossed: Crossings) -> Steps:
    """Return the tests with their numbers put in."""
    value, n = float(one.node(probe[None])[0]), one.resolution
    where = ", ".join(number(float(part), 3) for part in probe)
    far = ", ".join(number(float(part), 3) for part in np.sort(crossed.distance)[:8]) or "nothing"
    v, f = len(one.mesh.vertices), len(one.mesh.faces)
    return written(
        (f"ray from ({where}) crosses at t = {far}", f"{f:,} triangles are looked at"),
        (f"{len(crossed.distance)} mod 2 = {len(crossed.distance) % 2}", "odd: inside; even: outside"),
        (f"{one.spelled.distance} there = {number(value)}", "one sign: below 0 is inside"),
        (f"cloud {len(one.cloud.vertices):,}·12 = {one.bytes[0]:,} bytes", "three float32 a point"),
        (
            f"mesh {v:,}·12 + {f:,}·12 = {one.bytes[1]:,} bytes",
            "three float32 a vertex, three int32 a triangle",
        ),
        (f"voxels {n}³/8 = {one.bytes[4]:,} bytes", f"{int(one.voxels.sum()):,} of {n**3:,} cells are full"),
    )
