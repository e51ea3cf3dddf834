"""A surface as the places where a formula is 0: cut, meshed, marched by rays, asked at a place."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Annotated

import numpy as np

from dltui.figures import Heatmap, number
from dltui.lab import Choice, Frame, Slider, Typed, exhibit, near
from dltui.lab.scene3d.level_sets import (
    GALLERY,
    Level,
    cut_of,
    line_of,
    mesh_of,
    places_of,
    rays_of,
    read,
    spelled,
    worked,
)
from dltui.scene.sdf.formula import formula
from dltui.scene.sdf.march import march
from dltui.scene.surface import probe


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
        "dltui lab run sdf-csg": "functions that say how far it is, and how solids join",
        "dltui lab run marching-cubes": "how the mesh is made, cell by cell",
        "dltui lab run ray-volume": "rays that gather light instead of looking for a surface",
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
            mesh_of(now, place, axis, at),
            cut_of(now, place, axis, at),
            rays_of(now),
            line_of(now, place),
            places_of(now, place),
            worked(now, place, value, slope, (volume, error)),
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
        caption=f"f({spelled(place)}) = {number(value)}, {now.verdict(value)}",
        total=1,
    )


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
