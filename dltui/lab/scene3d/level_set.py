"""A surface as the places where a formula is 0: cut, meshed, marched by rays, asked at a place."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Annotated

import numpy as np
from numpy.typing import NDArray

from dltui.figures import Heatmap, Images, Lines, Mark, Path, Scene, Series, Steps, Table, number
from dltui.lab import Choice, Frame, Slider, Typed, exhibit, near
from dltui.lab.written import written
from dltui.scene.cubes import marching_cubes
from dltui.scene.mesh import Measures, measure
from dltui.scene.sdf.formula import formula
from dltui.scene.sdf.joins import Offset
from dltui.scene.sdf.march import march
from dltui.scene.sdf.own import Own
from dltui.scene.squares import contour
from dltui.scene.surface import cut, picture, probe

Doubles = NDArray[np.float64]
GALLERY = {
    "torus": "(R - sqrt(x**2 + y**2))**2 + z**2 - r**2",
    "sphere": "x**2 + y**2 + z**2 - r**2",
    "torus quartic": "(x**2 + y**2 + z**2 + R**2 - r**2)**2 - 4*R**2*(x**2 + y**2)",
    "cone": "x**2 + y**2 - z**2",
    "heart": "(x**2 + 9/4*y**2 + z**2 - 1)**3 - x**2*z**3 - 9/80*y**2*z**3",
    "Cayley cubic": "x**2 + y**2 + z**2 + 2*x*y*z - 1",
}
CELLS, DRAWS, HALF = 48, 100_000, 1.6  # of the mesh, of the Monte-Carlo volume, of a window by default
SIZE = (112, 84)  # of the picture by rays
EDGE = 1e-9  # |f − iso| up to which a place is on the surface


def read(text: str) -> tuple[str, str]:
    """Return name and formula of a surface of the gallery, or of one that is typed.

    Raises:
        UsageError: If it is neither.
    """
    names = {name.lower(): name for name in GALLERY}
    known = names.get(text.strip().lower())
    if known is None:
        formula(text, R=1.0, r=1.0)
    return (known, GALLERY[known]) if known else (text.strip(), text)


@dataclass(frozen=True)
class Level:
    """A level set with the window in which it is looked at.

    Attributes:
        name: What it is called.
        node: f, as it is.
        iso: The level.
        R: Of the torus: from its middle to that of the tube.
        r: Radius.
    """

    name: str
    node: Own
    iso: float
    R: float
    r: float

    @property
    def tube(self) -> float:
        """Radius of the tube, or of the sphere, at this level; 0 where there is none."""
        return math.sqrt(max(self.r**2 + self.iso, 0.0))

    @property
    def half(self) -> float:
        """Half the side of the window."""
        known = {"sphere": self.tube, "torus": self.R + self.tube, "torus quartic": self.R + self.r}
        known["cone"] = known["heart"] = 1.3
        return max(1.2 * known.get(self.name, HALF), 0.6)

    @property
    def window(self) -> Doubles:
        """Half its sides along x, y and z: a ring lies flat."""
        ring = self.name.startswith("torus") and self.iso <= 0
        return np.array([self.half, self.half, 1.2 * self.r if ring else self.half])

    @cached_property
    def mesh(self) -> tuple[Doubles, NDArray[np.int64]]:
        """The surface by marching cubes."""
        sides = np.linspace(-self.window, self.window, CELLS + 1)
        x, y, z = np.meshgrid(*sides.T, indexing="ij")
        values = self.node.at(x, y, z)
        return marching_cubes(values, -self.window, sides[1] - sides[0], self.iso)

    @cached_property
    def measures(self) -> Measures:
        """What can be measured of the mesh."""
        return measure(*self.mesh)

    @property
    def closed_form(self) -> float | None:
        """The volume by a closed form: 4πr³/3 of a sphere, 2π²Rr² of a ring whose hole is open."""
        if self.name == "sphere":
            return 4 / 3 * math.pi * self.tube**3
        ring = self.name == "torus" and self.tube <= self.R
        return 2 * math.pi**2 * self.R * self.tube**2 if ring else None

    def verdict(self, value: float) -> str:
        """Return on which side a value is."""
        if not math.isfinite(value):
            return "f has no value here"
        away = value - self.iso
        return "on the surface" if abs(away) < EDGE else "inside" if away < 0 else "outside"

    def monte_carlo(self, seed: int) -> tuple[float, float]:
        """Return the volume of what is inside, by counting random places, and its standard error."""
        places = np.random.default_rng(seed).uniform(-self.window, self.window, (DRAWS, 3))
        share = float((self.node(places) < self.iso).mean())
        cube = float(np.prod(2 * self.window))
        return share * cube, cube * math.sqrt(share * (1 - share) / DRAWS)


@exhibit(
    "implicit-level-set",
    family="scene3d",
    covers=(
        "002c:implicit-surface",
        "002c:implicit-sphere",
        "002c:implicit-torus",
        "002c:inside-outside-sign",
        "002c:algebraic-surface",
    ),
    kin={
        "dltui sdf 'torus(2, .5)'": "the same ring as a signed distance",
    },
    sources=("Blinn 1982", "Lorensen and Cline 1987", "Hart 1996"),
)
def implicit_level_set(
    f: Annotated[
        str, Typed(read, tuple(GALLERY), help="a surface by name, or a formula in x, y, z, R, r")
    ] = "torus",
    iso: Annotated[float, Slider(-4, 4, step=0.05, help="level of the surface f = iso")] = 0.0,
    R: Annotated[float, Slider(0, 3, step=0.05, help="R of the torus")] = 2.0,  # noqa: N803 - as notes write it
    r: Annotated[float, Slider(0.05, 2, step=0.05, help="r of sphere and tube")] = 0.5,
    px: Annotated[float, Slider(-4, 4, step=0.1, help="x of the probe")] = 0.0,
    py: Annotated[float, Slider(-4, 4, step=0.1, help="y of the probe")] = 0.0,
    pz: Annotated[float, Slider(-4, 4, step=0.1, help="z of the probe")] = 0.0,
    axis: Annotated[str, Choice("x", "y", "z", help="axis that the cut stands on")] = "z",
    at: Annotated[float, Slider(-3, 3, step=0.05, help="where on it the cut is")] = 0.0,
    seed: Annotated[int, Slider(0, 9999, help="seed of the Monte-Carlo volume")] = 0,
) -> Iterator[Frame]:
    """Where a formula is 0: a surface, cut, meshed and seen by rays, and a probe that is told its side.

    Try: --iso 0.5 swells it, --iso -0.2 thins it; --px 3 is outside by 0.75; --f heart; --f "x**4 + y**4 + z**4 - 1";
    --R 0.3 closes the hole.
    Notice: one evaluation tells inside from outside, wherever the place is; but |f| is no distance: on the sphere
    ‖∇f‖ is 2r, not 1.

    f gives a number to every place, as a room has a temperature everywhere; the surface {f = iso} is the sheet on
    which it is 0 degrees. f < iso is inside, f > iso outside. Sphere: x² + y² + z² − r². Torus:
    (R − √(x² + y²))² + z² − r².

    Algebraic surfaces are those of polynomials. The torus is one too, without the root:
    (x² + y² + z² + R² − r²)² − 4R²(x² + y²) = 0; squaring keeps its sign, since it is the product of f and of
    (R + √(x² + y²))² + z² − r², which is above 0 for R > r. For a cow nobody knows a polynomial.

    The rays look for a change of sign at 64 places each, then halve ten times: nothing is known of how steep f is, so
    that no step is safe. Signed distances go much faster.
    """
    name, text = read(f)
    now = Level(name, formula(text, R=R, r=r), iso, R, r)
    place = (px, py, pz)
    volume, error = now.monte_carlo(seed)
    told = probe(now.node, place)
    value, slope = (float(told[key]) for key in ("value", "slope"))  # type: ignore[arg-type]
    found = now.measures
    yield Frame(
        figures=(
            _mesh(now, place, axis, at),
            _cut(now, place, axis, at),
            _rays(now),
            _line(now, place),
            _places(now, place),
            _worked(now, place, value, slope, (volume, error)),
        ),
        numbers={
            "f": value if math.isfinite(value) else None,
            "verdict": now.verdict(value),
            "slope": slope if math.isfinite(slope) else None,
            "triangles": found.faces,
            "area": found.area,
            "volume": found.volume,
            "volume_monte_carlo": volume,
            "volume_error": error,
            "volume_closed_form": now.closed_form,
            "euler": found.euler,
        },
        caption=f"f({_spelled(place)}) = {number(value)}, {now.verdict(value)}",
        total=1,
    )


def _spelled(place: tuple[float, float, float]) -> str:
    return ", ".join(number(part) for part in place)


def _mesh(now: Level, place: tuple[float, float, float], axis: str, at: float) -> Scene:
    """Return the mesh, the probe and the rim of the cut."""
    vertices, faces = now.mesh
    half, flat, stand = now.half, ["xyz".index(name) for name in "xyz" if name != axis], "xyz".index(axis)
    rim = np.empty((5, 3))
    rim[:, flat] = np.array([(-1, -1), (1, -1), (1, 1), (-1, 1), (-1, -1)]) * half
    rim[:, stand] = at
    probed = np.array([place])
    near_by = bool((np.abs(probed) <= 1.5 * half).all())
    closed = "closed" if now.measures.watertight else "cut off by the window, or with a pinch"
    told = (
        f"{len(faces):,} triangles, {closed}, V − E + F = {now.measures.euler}"
        if len(faces)
        else "no surface here"
    )
    return Scene(
        title=f"{now.name}: f = {number(now.iso)}",
        caption=f"{told}; frame: the cut at {axis} = {number(at)}"
        + ("; dot: the probe" if near_by else "; the probe lies outside of the window"),
        points=(probed if near_by else probed[:0]).astype(np.float32),
        point_rgb=np.full((int(near_by), 3), (255, 90, 60), np.uint8),
        size=4,
        vertices=vertices.astype(np.float32),
        faces=faces.astype(np.int32),
        segments=np.stack([rim[:-1], rim[1:]], axis=1).astype(np.float32),
        segment_rgb=np.full((4, 3), (240, 220, 90), np.uint8),
        shade="smooth",
    )


def _cut(now: Level, place: tuple[float, float, float], axis: str, at: float) -> Heatmap:
    """Return f over a plane, with the line on which it has its level."""
    side, values = cut(now.node, now.half, axis, at, places=81)
    across, up = ["xyz".index(name) for name in "xyz" if name != axis]
    x, y = contour(values, side, side, now.iso)
    spot = (place[across], place[up])
    here = abs(place["xyz".index(axis)] - at) < 0.05 and max(map(abs, spot)) <= now.half
    away = np.where(np.isfinite(values), values, np.nan)
    size = float(np.nanmax(np.abs(away), initial=0)) or 1.0
    return Heatmap(
        title=f"Cut at {axis} = {number(at)}",
        caption="Line: f = " + number(now.iso) + " (by marching squares)."
        if x.size
        else "f has this level nowhere here.",
        values=away,
        x=side,
        y=side,
        x_label="xyz"[across],
        y_label="xyz"[up],
        value_label="f",
        colormap="coolwarm",
        limits=(-size, size),
        scale="symlog",
        paths=(Path(name=f"f = {number(now.iso)}", x=x, y=y, ends=False),) if x.size else (),
        marks=(Mark(name="probe", x=spot[0], y=spot[1]),) if here else (),
    )


def _rays(now: Level) -> Images:
    """Return the surface as rays find it."""
    pixels, asked = picture(Offset(now.node, now.iso), now.half / 1.6, 35, 30, size=SIZE, follow=march)
    return Images(
        title=f"By {SIZE[0]} × {SIZE[1]} rays that are marched",
        caption=f"{asked:.0f} evaluations of f a ray; bright where it is met head-on",
        pixels=pixels[None],
    )


def _line(now: Level, place: tuple[float, float, float]) -> Lines:
    """Return f along the line through the probe, parallel to x."""
    x = np.linspace(-now.half, now.half, 241)
    line = np.stack([x, np.full_like(x, place[1]), np.full_like(x, place[2])], axis=1)
    y = np.asarray(now.node(line), np.float64)
    y = np.where(np.isfinite(y), y, np.nan)
    curves = [Series(name="f", x=x, y=y)]
    value = float(now.node(np.array(place)))
    if abs(place[0]) <= now.half and math.isfinite(value):
        curves.append(Series(name="probe", x=np.array([place[0]]), y=np.array([value]), marks=True))
    crossed = int((np.diff((y < now.iso).astype(int)) != 0).sum())
    return Lines(
        title="f along x, through the probe",
        caption=f"y = {number(place[1])}, z = {number(place[2])}: the surface is crossed {crossed} times",
        series=tuple(curves),
        x_label="x",
        y_label="f",
        levels=((now.iso, f"f = {number(now.iso)}"),),
    )


def _places(now: Level, place: tuple[float, float, float]) -> Table:
    """Return f, its side and its slope at the probe and at places that notes ask about."""
    big, small = now.R, now.r
    asked = {
        "probe": place,
        "middle": (0.0, 0.0, 0.0),
        "R": (big, 0.0, 0.0),
        "R + r": (big + small, 0.0, 0.0),
        "R − r": (big - small, 0.0, 0.0),
        "R, up by r": (big, 0.0, small),
        "r": (small, 0.0, 0.0),
        "R + 1": (big + 1, 0.0, 0.0),
    }
    rows = []
    for name, where in asked.items():
        told = probe(now.node, where)
        value, slope = (float(told[key]) for key in ("value", "slope"))  # type: ignore[arg-type]
        rows.append((name, _spelled(where), number(value), now.verdict(value), number(slope)))
    return Table(
        title="Asked at a few places", columns=("where", "x, y, z", "f", "side", "‖∇f‖"), rows=tuple(rows)
    )


def _worked(
    now: Level, place: tuple[float, float, float], value: float, slope: float, volume: tuple[float, float]
) -> Steps:
    """Return the numbers of the moment put in."""
    x, y, z = (number(part) for part in place)
    lines = [(f"f = {now.node.text.replace('**', '^')}", f"R = {number(now.R)}, r = {number(now.r)}")]
    if now.name == "torus":
        lines.append((f"f(p) = ({number(now.R)} − √({x}² + {y}²))² + {z}² − {number(now.r)}²", ""))
    if now.name == "sphere":
        lines.append((f"f(p) = {x}² + {y}² + {z}² − {number(now.r)}²", ""))
    lines += [
        (f"f(p) = {number(value, 6)}", f"{now.verdict(value)}: compared with {number(now.iso)}"),
        (f"‖∇f(p)‖ = {number(slope)}", "a distance has 1 everywhere"),
        (
            f"volume by {DRAWS:,} random places = {number(volume[0])} ± {number(volume[1], 2)}",
            "share inside · window",
        ),
    ]
    if now.measures.volume is not None:
        lines.append((f"volume of the mesh = {number(now.measures.volume)}", f"{CELLS}³ cells"))
    if now.closed_form is not None:
        form = "4/3·π·r³" if now.name == "sphere" else "2π²·R·r²"
        lines.append((
            f"volume in closed form = {number(now.closed_form, 6)}",
            f"{form} with r = √(r² + iso)",
        ))
    return written(*lines)


def _value(f: str, *place: float, R: float = 2.0, r: float = 0.5) -> float:  # noqa: N803
    """Return f at a place, as the exhibit tells it."""
    px, py, pz = place
    return next(iter(implicit_level_set(f=f, R=R, r=r, px=px, py=py, pz=pz))).value("f")


@implicit_level_set.check
def torus_of_the_notes() -> None:
    """R = 2, r = ½: −.25, 0, 0, 0, 3.75, .75, .11 at the seven places of notes 002c, and the verdicts."""
    known = {
        (2, 0, 0): -0.25,
        (2.5, 0, 0): 0,
        (1.5, 0, 0): 0,
        (2, 0, 0.5): 0,
        (0, 0, 0): 3.75,
        (3, 0, 0): 0.75,
        (2, 0, 0.6): 0.11,
    }
    for place, value in known.items():
        shown = implicit_level_set.last(px=place[0], py=place[1], pz=place[2]).numbers
        near(f"f{place}", shown["f"], value, 1e-12)
        side = "on the surface" if not value else "inside" if value < 0 else "outside"
        assert shown["verdict"] == side, f"{place} is called {shown['verdict']}"


@implicit_level_set.check
def sphere_is_no_distance() -> None:
    """f(0) = −r², f(r, 0, 0) = 0 and ‖∇f‖ = 2r on the sphere, for three radii (notes 002c)."""
    for radius in (0.5, 1.0, 1.5):
        near("f(0)", _value("sphere", 0, 0, 0, r=radius), -(radius**2), 1e-12)
        on = implicit_level_set.last(f="sphere", r=radius, px=radius).numbers
        near("f(r, 0, 0)", on["f"], 0, 1e-12)
        near("‖∇f‖", on["slope"], 2 * radius, 1e-6)


@implicit_level_set.check
def volumes_in_closed_form() -> None:
    """Counting and mesh give 4.18879 of the unit sphere and 9.8696 of the torus, within 4 errors and 1 %."""
    for f, r, known in (("sphere", 1.0, 4.18879), ("torus", 0.5, 9.8696)):
        shown = implicit_level_set.last(f=f, r=r)
        away = abs(shown.value("volume_monte_carlo") - known)
        assert away < 4 * shown.value("volume_error"), f"{f}: {away} from {known}"
        near(f"mesh of the {f}", shown.value("volume") / known, 1.0, 0.02)
        near("closed form", shown.numbers["volume_closed_form"], known, 1e-5)


@implicit_level_set.check
def cut_is_the_circles() -> None:
    """The line f = 0 in the cut z = 0 of the torus lies on the circles of radius R ± r, to 2e-3."""
    frame = implicit_level_set.last()
    path = next(one for one in frame.figures if isinstance(one, Heatmap)).paths[0]
    known = np.isfinite(path.x)
    radius = np.hypot(path.x[known], path.y[known])
    near("distance from both circles", np.abs(np.abs(radius - 2) - 0.5).max(), 0.0, 3e-3)
    for ring in (1.5, 2.5):
        turned = np.arctan2(path.y[known], path.x[known])[np.abs(radius - ring) < 0.1]
        assert len(np.unique((turned * 6).round())) > 36, f"the circle of radius {ring} has gaps"


@implicit_level_set.check
def quartic_has_the_same_sign() -> None:
    """The torus quartic has the sign of the form with the root at 5,000 random places, for three pairs R, r."""
    for big, small in ((2.0, 0.5), (1.0, 0.4), (1.5, 1.2)):
        places = np.random.default_rng(0).uniform(-3, 3, (5000, 3))
        root, quartic = (
            formula(GALLERY[name], R=big, r=small)(places) for name in ("torus", "torus quartic")
        )
        square = places[:, 0] ** 2 + places[:, 1] ** 2
        known = (big - np.sqrt(square)) ** 2 + places[:, 2] ** 2 - small**2
        near("the form with the root", root, known, 1e-12)
        assert (np.sign(quartic) == np.sign(known)).all(), f"signs differ for R = {big}, r = {small}"


@implicit_level_set.check
def rays_meet_the_sphere() -> None:
    """Rays that are marched meet a sphere where the quadratic formula says, to 1e-3."""
    turn = np.random.default_rng(0).normal(size=(3, 400))
    origin = (4 * turn / np.linalg.norm(turn, axis=0)).astype(np.float32)
    goal = np.random.default_rng(1).uniform(-1, 1, (3, 400))
    way = ((goal - origin) / np.linalg.norm(goal - origin, axis=0)).astype(np.float32)
    found = march(formula(GALLERY["sphere"], r=1.0), origin, way, reach=1.5)
    along = -(origin * way).sum(axis=0)
    inner = along**2 - 16 + 1
    sure = np.abs(inner) > 0.02
    assert (found.hit == (inner > 0))[sure].all(), "a ray hits or misses wrongly"
    both = found.hit & sure
    near("distances", found.distance[both], (along - np.sqrt(np.maximum(inner, 0)))[both], 1e-3)
