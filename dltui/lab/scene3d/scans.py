"""Clouds of points as scanners leave them: holes, noise, normals, and two scans laid upon each other."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from typing import Annotated

import numpy as np

from dltui.figures import Figure, Heatmap, Histogram, Lines, Scene, Series, Table, number
from dltui.lab import Choice, Frame, Slider, exhibit, near
from dltui.lab.scene3d.scan_work import (
    FIRST,
    FOCAL,
    NOISES,
    PIXELS,
    Found,
    carried,
    error,
    found_for,
    normals_under_noise,
    scan,
)
from dltui.lab.written import written
from dltui.scene.describe import spacing
from dltui.scene.points.registration import Motion

WRONG = 10.0  # degrees off at which an alignment has failed
ARROWS = 250  # normals that are drawn
LINKS = 150  # pairs that are drawn
LAMP = np.array([-0.3, -0.75, 0.59])  # where light comes from
BLUE, ORANGE, GREY = (86, 180, 233), (230, 159, 0), (150, 150, 150)
SHAPES = ("bunny", "knot", "torus", "cube", "sphere", "teapot")


@exhibit(
    "cloud-scan",
    family="scene3d",
    covers=(
        "002c:point-cloud",
        "002c:normals-surfels",
        "002c:scan-sensors",
        "002c:registration",
        "002c:cloud-noise-incomplete",
    ),
    kin={
        "dltui lab run cloud-distance": "how far two clouds are apart",
        "dltui lab run mesh-workshop": "what clouds lack: edges and faces",
        "dltui lab run repr-compare": "what clouds are good at, beside other ways",
        "dltui cloud FILE": "a cloud of your own, turned, thinned, cleaned, given normals",
        "dltui cloud FILE --against OTHER --align": "two clouds of your own laid upon each other",
        "dltui critical MODEL": "the points of a cloud on which a classifier hangs",
    },
    sources=(
        "Besl and McKay 1992, doi:10.1109/34.121791",
        "Hoppe et al. 1992, doi:10.1145/133994.134011",
        "Chetverikov et al. 2002, doi:10.1109/ICPR.2002.1047997",
    ),
)
def cloud_scan(
    shape: Annotated[str, Choice(*SHAPES, help="what is scanned")] = "bunny",
    second: Annotated[
        str, Choice("another view", "same points", help="what the second scan is, before it is displaced")
    ] = "another view",
    n: Annotated[int, Slider(50, 4000, log=True, help="points N of a scan at most")] = 1000,
    noise: Annotated[float, Slider(0, 0.1, step=0.002, help="std σ of the error along each axis")] = 0.004,
    outliers: Annotated[float, Slider(0, 0.3, step=0.01, help="share of points that lie anywhere")] = 0.0,
    missing: Annotated[float, Slider(0, 0.6, step=0.02, help="share that is lost, from one side")] = 0.0,
    angle: Annotated[
        float, Slider(-180, 180, step=5, help="turn of the second scan about z, degrees")
    ] = 20.0,
    shift: Annotated[float, Slider(-1, 1, step=0.05, help="shift of the second scan along x")] = 0.1,
    overlap: Annotated[float, Slider(0.2, 1, step=0.05, help="share of the pairs that count")] = 0.7,
    neighbours: Annotated[int, Slider(3, 40, help="neighbours k of a normal")] = 12,
    steps: Annotated[int, Slider(0, 100, help="steps of registration")] = 40,
    seed: Annotated[int, Slider(0, 9999, help="seed of noise, outliers and choice of points")] = 0,
) -> Iterator[Frame]:
    """Two depth scans of one object as bare points, their normals, and the second laid upon the first.

    Try: --noise 0.03 or --outliers 0.1 and look at the normals; --missing 0.5; --angle 120, too far to find back;
    --overlap 1 lets points pull that the other scan never saw; --shape sphere; --neighbours 40 rounds edges off.
    Notice: a cloud is N × 3 numbers and no more: no order, no surface, no inside, and nothing tells a hole of the
    object from one of the scan; normals and alignment have to be guessed from neighbours, and noise spoils both.

    A depth camera tells for the pixel (u, v) the depth d along its axis: the point is ((u − c)·d/f, (c − v)·d/f,
    −d) before the camera, and the camera's pose carries it into the world. It sees one side only; the rest is a hole.

    A normal makes a point a surfel, which light can fall on. It is the direction in which the k nearest neighbours vary
    least: the eigenvector of the least eigenvalue of Σ (p − p̄)(p − p̄)ᵀ, turned towards the scanner.

    Registration (iterative closest points): pair every point with the nearest one, move by the rotation and shift with
    the least squares, R = V·diag(1, 1, det VUᵀ)·Uᵀ from the singular value decomposition U·S·Vᵀ of Σ (p − p̄)(q − q̄)ᵀ,
    and again. The mean square of the pairs that count never grows, but it may end in a wrong place: where the turn was
    too large, where the object is round, or where the scans overlap too little.
    """
    found = found_for(
        shape, second, n, noise, outliers, missing, angle, shift, overlap, neighbours, steps, seed
    )
    fixed = _still(found, _spoilt(shape, neighbours, noise, seed, found))
    for done in range(len(found.motions)):
        yield _frame(found, fixed, done, angle, shift)


def _frame(found: Found, still: tuple[Figure, ...], done: int, angle: float, shift: float) -> Frame:
    """Return pictures and numbers after some steps."""
    motion, total = found.motions[done], len(found.motions)
    off, away = error(motion.matrix, found.truth)
    turned = math.degrees(math.atan2(motion.matrix[1, 0], motion.matrix[0, 0]))
    wrong = ", a wrong place" if done == total - 1 and off > WRONG else ""
    squares = [one.rms**2 for one in found.motions[: done + 1]]
    scan_ = found.scans[0]
    back = scan_.camera.project(scan_.places.T)
    return Frame(
        figures=(_laid(found, motion), _curve(squares), *still, _steps(found, motion, angle, shift)),
        numbers={
            "shape": [len(found.fixed), 3],
            "bytes": len(found.fixed) * 12,
            "mse": squares,
            "turn_found": turned,
            "angle_error": off,
            "shift_error": away,
            "normal_error": float(found.angles.mean()),
            "reprojection_error": float(np.abs(back[:2] - scan_.pixels).max()),
        },
        caption=f"step {done} of {total - 1}: {number(off, 3)}° and {number(away, 3)} off{wrong}",
        total=total,
    )


def _laid(found: Found, motion: Motion) -> Scene:
    """Return both scans in one space, with links from points to their nearest ones."""
    here = motion(found.moving)
    some = np.unique(np.linspace(0, len(here) - 1, LINKS).astype(int))
    to = found.fixed[found.follower.nearest(here[some])[1]]
    ends = np.stack([here[some], to], axis=1)
    colours = np.repeat(np.array([BLUE, ORANGE], np.uint8), [len(found.fixed), len(here)], axis=0)
    return Scene(
        title="Two scans: blue stays, orange is laid upon it",
        caption="grey lines join points to their nearest ones: where they are long, the scans are apart",
        points=np.concatenate([found.fixed, here]).astype(np.float32),
        point_rgb=colours,
        segments=ends.astype(np.float32),
        segment_rgb=np.full((len(ends), 3), GREY, np.uint8),
    )


def _curve(squares: list[float]) -> Lines:
    """Return the error over the steps."""
    y = np.array(squares)
    logarithmic = bool((y > 1e-30).all())
    return Lines(
        title="Mean square of the pairs that count",
        series=(Series(name="MSE", x=np.arange(len(y)), y=y),),
        x_label="step",
        y_label="MSE",
        y_scale="log" if logarithmic else "linear",
    )


def _still(found: Found, spoilt: Lines) -> tuple[Figure, ...]:
    """Return the pictures that don't change while scans are laid upon each other."""
    depth = found.scans[0].depth
    side = np.arange(PIXELS) + 0.5
    seen = int(np.isfinite(depth).sum())
    counts, edges = np.histogram(found.angles, bins=np.linspace(0, 90, 31))
    spots = np.unique(np.linspace(0, len(found.fixed) - 1, ARROWS).astype(int))
    cloud = found.geometry
    assert cloud.normals is not None
    length = 3 * (0.0 if math.isnan(far := spacing(cloud.vertices)) else far)
    ends = np.stack([cloud.vertices[spots], cloud.vertices[spots] + length * cloud.normals[spots]], axis=1)
    return (
        Heatmap(
            title="The first scan as a depth map", caption=f"{PIXELS * PIXELS - seen:,} pixels see nothing",
            values=depth, x=side, y=side, x_label="u", y_label="v", value_label="depth d", colormap="magma",
            downwards=True, fine=True, equal=True,
        ),
        Scene(
            title="Points with normals: surfels, lit",
            caption=f"{len(spots)} of {len(cloud.vertices)} normals are drawn; light comes from the left, above",
            points=cloud.vertices, point_values=np.maximum(cloud.normals @ LAMP, 0), value_label="light, n·l",
            colormap="cividis", segments=ends.astype(np.float32),
            segment_rgb=np.full((len(ends), 3), GREY, np.uint8),
        ),
        Histogram(
            title="How far normals are off", edges=edges, counts=counts,
            value_label="degrees off the true normal",
        ),
        spoilt,
        Table(
            title="What a cloud is", columns=("of it", "what there is"),
            rows=(
                ("points", f"{len(cloud.vertices):,} × 3 numbers, in any order"),
                ("bytes", f"{len(cloud.vertices) * 12:,} as float32"),
                ("to the nearest point", number(far)),
                ("edges, faces", "none: what lies between points is not said"),
                ("holes", "unknown: of the object, or never seen?"),
                ("inside or outside", "not said"),
                ("smooth, simplify", "not properly, without a surface"),
                ("good for", "any shape; huge scans, a city by LiDAR"),
            ),
        ),
    )  # fmt: skip


def _spoilt(shape: str, neighbours: int, noise: float, seed: int, found: Found) -> Lines:
    """Return what noise does to normals, with few neighbours and with many."""
    x = np.array(NOISES)
    series = [
        Series(name=f"k = {k}", x=x, y=np.array(normals_under_noise(shape, k, seed)))
        for k in dict.fromkeys((neighbours, 6, 40))
    ]
    now = Series(name="this cloud", x=np.array([noise]), y=np.array([found.angles.mean()]), marks=True)
    return Lines(
        title="Noise and normals: how far they are off in the mean",
        caption="many neighbours bear noise, and round off what is sharp; outliers and fewer points come on top",
        series=(*series, now),
        x_label="noise σ",
        y_label="degrees",
    )


def _steps(found: Found, motion: Motion, angle: float, shift: float) -> Figure:
    """Return one pixel and the motion with the numbers put in."""
    one = found.scans[0]
    row, column = (
        int(part) for part in np.argwhere(np.isfinite(one.depth))[np.isfinite(one.depth).sum() // 2]
    )
    d, half, f = float(one.depth[row, column]), PIXELS / 2, FOCAL
    u, v = column + 0.5, row + 0.5
    x, y = (u - half) * d / f, (half - v) * d / f
    off, away = error(motion.matrix, found.truth)
    turned = math.degrees(math.atan2(motion.matrix[1, 0], motion.matrix[0, 0]))
    lost = carried(motion.matrix, np.zeros((1, 3)))[0]
    return written(
        (
            f"pixel (u, v) = ({u:g}, {v:g}), d = {number(d)}, f = {number(f)}, c = {half:g}",
            "what the camera tells",
        ),
        (
            f"x = (u − c)·d/f = {number(x)}, y = (c − v)·d/f = {number(y)}, z = −{number(d)}",
            "before the camera",
        ),
        (
            f"u = c − f·x/z = {number(half + f * x / d)}, v = c + f·y/z = {number(half - f * y / d)}",
            "back again",
        ),
        (f"displaced by {number(angle)}° about z and {number(shift)} along x", "what is to be found"),
        (
            f"R turns by {number(turned)}° about z, t = ({', '.join(number(float(p), 3) for p in lost)})",
            "found so far",
        ),
        (
            f"off by {number(off, 3)}° and {number(away, 3)}",
            "R·x + t against the inverse of the displacement",
        ),
    )


@cloud_scan.check
def rows_shuffle_freely() -> None:
    """The same points in another order draw the same picture, cell by cell."""
    from dltui.draw import Depth, Look, draw

    clean = scan("torus", FIRST).places.astype(np.float32)
    figure = Scene(title="cloud", points=clean)
    other = replace(figure, points=clean[np.random.default_rng(5).permutation(len(clean))])
    one, two = (draw(each, Look(width=70, height=24, depth=Depth.TRUE)).canvas for each in (figure, other))
    for part in ("glyph", "front", "back"):
        near(part, getattr(one, part), getattr(two, part), 0)
    near("N × 3", cloud_scan.last(n=500, steps=0).numbers["shape"], (500, 3))


@cloud_scan.check
def pixels_come_back() -> None:
    """Points of every scan through K·[R|t], written out here, fall on the middles of their pixels to 1e-5."""
    for name in SHAPES:
        one = scan(name, FIRST)
        k = np.array([[FOCAL, 0, PIXELS / 2], [0, FOCAL, PIXELS / 2], [0, 0, 1]])
        world = (
            np.linalg.inv(one.camera.pose)
            @ np.concatenate([one.places, np.ones((len(one.places), 1))], axis=1).T
        )
        seen = k @ (np.diag([1, -1, -1]) @ world[:3])  # y down and z ahead, as pixels are counted
        near(f"{name}: u, v", seen[:2] / seen[2], one.pixels, 1e-5 / PIXELS)
        assert cloud_scan.last(shape=name, second="same points", steps=0).value("reprojection_error") < 1e-5
    ball = np.linalg.norm(scan("sphere", FIRST).places, axis=1)
    assert 0.995 < ball.min() < ball.max() < 1 + 1e-6, "points of the sphere don't lie on it"


@cloud_scan.check
def known_motion_isfound_for() -> None:
    """20° about z and 0.1 along x, on the same points without noise, to 1e-3 (notes 002c)."""
    for name in ("bunny", "knot"):
        shown = cloud_scan.last(shape=name, second="same points", noise=0, overlap=1, steps=100)
        near("turn", shown.numbers["turn_found"], -20.0, 1e-3 / 20)
        assert shown.value("angle_error") < math.degrees(1e-3), f"{name}: {shown.value('angle_error')}° off"
        assert shown.value("shift_error") < 1e-3, f"{name}: {shown.value('shift_error')} off"


@cloud_scan.check
def error_never_grows() -> None:
    """The mean square falls from step to step, for full and for partial overlap, with noise and outliers."""
    for knobs in ({}, {"overlap": 1.0}, {"noise": 0.03, "outliers": 0.1}, {"shape": "cube", "angle": 40.0}):
        squares = np.array(cloud_scan.last(**knobs).numbers["mse"])
        assert len(squares) > 5, f"{knobs}: it stopped after {len(squares)} steps"
        assert (np.diff(squares) <= 1e-12).all(), (
            f"{knobs}: the mean square grows by {np.diff(squares).max():.3g}"
        )
        assert squares[-1] < 0.8 * squares[0], f"{knobs}: from {squares[0]:.3g} to {squares[-1]:.3g} only"


@cloud_scan.check
def normals_of_a_sphere() -> None:
    """Estimated normals of a clean sphere against p/‖p‖: below 2° in the mean; noise makes them worse."""
    found = found_for("sphere", "same points", 1000, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0, 12, 0, 0)
    assert found.geometry.normals is not None
    outward = found.fixed / np.linalg.norm(found.fixed, axis=1, keepdims=True)
    cosine = np.clip(np.einsum("ij,ij->i", found.geometry.normals, outward), -1, 1)
    mean = float(np.degrees(np.arccos(cosine)).mean())
    assert mean < 2, f"normals are {mean:.3g}° off in the mean"
    near("told", cloud_scan.last(shape="sphere", noise=0, steps=0).value("normal_error"), mean, 1.5)
    noisy = cloud_scan.last(shape="sphere", noise=0.05, steps=0).value("normal_error")
    assert noisy > 5 * mean, f"noise of 0.05 leaves normals {noisy:.3g}° off"
