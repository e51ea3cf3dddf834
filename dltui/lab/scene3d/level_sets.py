"""Level sets of typed formulas, and their pictures: mesh, cut, rays, a line, places."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from dltui.figures import Heatmap, Images, Lines, Path, Scene, Series, Steps, Table, number
from dltui.lab.scene3d.cut_maps import cut_map
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


def spelled(place: tuple[float, float, float]) -> str:
    """Return a place as text."""
    return ", ".join(number(part) for part in place)


def mesh_of(now: Level, place: tuple[float, float, float], axis: str, at: float) -> Scene:
    """Return the mesh, the probe and the rim of the cut."""
    vertices, faces = now.mesh
    half, flat, stand = now.half, ["xyz".index(name) for name in "xyz" if name != axis], "xyz".index(axis)
    rim = np.empty((5, 3))
    rim[:, flat] = np.array([(-1, -1), (1, -1), (1, 1), (-1, 1), (-1, -1)]) * half / 1.15
    rim[:, stand] = at
    probed = np.array([place])
    near_by = bool((np.abs(probed) <= 1.5 * half).all())
    closed = "closed" if now.measures.watertight else "cut off by the window, or with a pinch"
    told = (
        f"{len(faces):,} triangles, {closed}, V − E + F = {number(now.measures.euler)}"
        if len(faces)
        else "no surface here"
    )
    return Scene(
        title=f"{now.name}: f = {number(now.iso)}",
        caption=f"{told}; frame: the cut at {axis} = {number(at)}"
        + ("; dot: the probe" if near_by else "; the probe lies outside of the window"),
        points=(probed if near_by else probed[:0]).astype(np.float32),
        point_rgb=np.full((int(near_by), 3), (255, 90, 60), np.uint8),
        size=3,
        vertices=vertices.astype(np.float32),
        faces=faces.astype(np.int32),
        segments=np.stack([rim[:-1], rim[1:]], axis=1).astype(np.float32),
        segment_rgb=np.full((4, 3), (240, 220, 90), np.uint8),
        shade="smooth",
    )


def cut_of(now: Level, place: tuple[float, float, float], axis: str, at: float) -> Heatmap:
    """Return f over a plane, with the line on which it has its level."""
    side, values = cut(now.node, now.half, axis, at, places=81)
    x, y = contour(values, side, side, now.iso)
    line = Path(name=f"f = {number(now.iso)}", x=x, y=y, ends=False)
    told = (
        f"Line: f = {number(now.iso)} (by marching squares)." if x.size else "f has this level nowhere here."
    )
    return cut_map(
        values, side, axis, at, place, title=f"Cut at {axis} = {number(at)}", caption=told,
        paths=(line,) if x.size else (), scale="symlog",
    )  # fmt: skip


def rays_of(now: Level) -> Images:
    """Return the surface as rays find it."""
    pixels, asked = picture(Offset(now.node, now.iso), now.half / 1.6, 35, 30, size=SIZE, follow=march)
    return Images(
        title=f"By {SIZE[0]} × {SIZE[1]} rays that are marched",
        caption=f"{asked:.0f} evaluations of f a ray; lit from above and from the left, with shadows",
        pixels=pixels[None],
    )


def line_of(now: Level, place: tuple[float, float, float]) -> Lines:
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


def places_of(now: Level, place: tuple[float, float, float]) -> Table:
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
        rows.append((name, spelled(where), number(value), now.verdict(value), number(slope)))
    return Table(
        title="Asked at a few places", columns=("where", "x, y, z", "f", "side", "‖∇f‖"), rows=tuple(rows)
    )


def worked(
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
