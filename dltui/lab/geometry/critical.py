"""Critical points: where any surface is level, and what its Hessian says there."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from typing import Annotated, Any

import numpy as np

from dltui.figures import Cell, Heatmap, Mark, Path, Steps, Table, number
from dltui.figures import Surface as Landscape
from dltui.lab import Frame, Number, Slider, Typed, exhibit, near
from dltui.lab.geometry.jets import Array
from dltui.lab.geometry.stationary import FLAT, MOST, Point, kind_of, stationary
from dltui.lab.geometry.surfaces import GALLERY, Surface, surface
from dltui.lab.written import written

OFFERS = (*GALLERY, "x**2 + y**4", "x**2 + y**3")
FEW = 4  # points of a line that are listed
SIGNS = (  # eigenvalues, a function that has them at 0, and what it is there
    ((2.0, 2.0), "x² + y²"),
    ((-2.0, -2.0), "−x² − y²"),
    ((2.0, -2.0), "x² − y²"),
    ((2.0, -2.0, 0.0), "x² − y² + z³"),
    ((2.0, 0.0), "x² + y⁴, x² − y⁴, x² + y³"),
)


@exhibit(
    "critical-points",
    family="geometry",
    covers=(
        "000a:non-convex",
        "000a:stationary-classifier",
        "000a:quad-bowl",
        "000a:quad-saddle",
        "002a:local-minimum-saddle",
        "003:local-min",
    ),
    kin={
        "dltui lab run stuck-points": "how long descent takes to leave such places",
        "dltui lab run saddle-count": "why minima are rare where there are many directions",
        "dltui lab run taylor-overlay": "the quadric whose signs these are",
        "dltui hessian MODEL": "the eigenvalues of your own model",
    },
    sources=("Dauphin et al. 2014, arXiv:1406.2572", "Himmelblau 1972, Applied Nonlinear Programming"),
)
def critical_points(
    f: Annotated[
        str, Typed(surface, OFFERS, help="a surface by name, or a formula in x and y")
    ] = "Himmelblau",
    x: Annotated[float, Slider(-10, 10, step=0.1, help="x of the point that is worked out")] = 1.0,
    y: Annotated[float, Slider(-10, 10, step=0.1, help="y of that point")] = 0.5,
    edge: Annotated[float, Slider(0, 10, step=0.5, help="half width of the window; 0 for its own")] = 0.0,
) -> Iterator[Frame]:
    """All level points of a surface: gradient 0, eigenvalues of the Hessian, and what they are.

    Try: --f "monkey saddle" has an H of zeros; --f "x**2 + y**3" is undecided by H; --f "x*y*(1 - x - y)" is your own.
    Notice: Himmelblau's surface has four minima of the same depth, and between each two neighbours a saddle; a short
    gradient says only that the ground is level, the signs of the eigenvalues say of what kind.

    ∇f = 0, then the eigenvalues of H: all > 0 a minimum, all < 0 a maximum, both signs a saddle. With a 0 among
    eigenvalues of one sign H can't decide, and the values on a small ring around the point do.

    What is right where notes differ: "a zero eigenvalue: undecided" holds only where the others have one sign.
    (+, −, 0) is a saddle whatever the 0 hides: along one eigenvector f falls, along another it rises.
    """
    ground = surface(f)
    width = edge or ground.edge
    points = stationary(ground, width)
    here = np.array([x, y])
    figures = (
        _map(ground, points, here, width),
        _table(points),
        _worked(ground, here),
        _landscape(ground, width, points),
        _signs(),
    )
    counts = Counter(point.by_signs for point in points)
    yield Frame(
        figures=figures,
        numbers=_numbers(ground, points, here),
        caption=_caption(points, counts),
        total=1,
    )


def _caption(points: list[Point], counts: Counter[str]) -> str:
    """Return how many points there are of each kind."""
    if not points:
        return "no level point in this window: try a larger --edge"
    told = ", ".join(f"{count} {kind if count == 1 else _plural(kind)}" for kind, count in counts.items())
    more = " (they fill lines or areas: a sample)" if counts["undecided"] > MOST else ""
    return f"level points: {told}{more}"


def _plural(kind: str) -> str:
    return {"minimum": "minima", "maximum": "maxima", "saddle": "saddles"}.get(kind, kind)


def _numbers(ground: Surface, points: list[Point], here: Array) -> dict[str, Number]:
    """Return what ``--json`` tells; of many points the first ones."""
    jet = ground(*here)
    told: dict[str, Number] = {
        kind: sum(point.by_signs == kind for point in points)
        for kind in ("minimum", "maximum", "saddle", "undecided")
    }
    some = points[:MOST]
    told |= {
        "points": [point.at.tolist() for point in some],
        "values": [point.value for point in some],
        "eigenvalues": [point.values.tolist() for point in some],
        "kinds": ", ".join(point.by_signs for point in some),
        "around": ", ".join(point.around for point in some),
    }
    if _finite(jet.value, jet.gradient, jet.hessian):
        told |= {
            "value_here": float(jet.value),
            "gradient_here": jet.gradient.tolist(),
            "hessian_here": jet.hessian.tolist(),
            "eigenvalues_here": np.linalg.eigvalsh(jet.hessian).tolist(),
        }
    return told


def _finite(*parts: Array) -> bool:
    return all(bool(np.isfinite(part).all()) for part in parts)


def _apart(points: list[Point]) -> tuple[list[Point], list[Point]]:
    """Return the points to be marked, and those that are too many for it: samples of a line or an area."""
    decided = [point for point in points if point.by_signs != "undecided"]
    rest = [point for point in points if point.by_signs == "undecided"]
    many = len(rest) > MOST
    return ([*decided, *([] if many else rest)])[:MOST], rest if many else []


def _map(ground: Surface, points: list[Point], here: Array, edge: float) -> Heatmap:
    """Return the surface from above, every level point marked, and the ways out of saddles."""
    axis = ground.axis(edge)
    shown, line = _apart(points)
    marks = [
        Mark(name=f"{point.by_signs} {i + 1}", x=float(point.at[0]), y=float(point.at[1]))
        for i, point in enumerate(shown)
    ]
    if np.abs(here).max() <= edge:
        marks.append(Mark(name="(x, y)", x=float(here[0]), y=float(here[1])))
    saddles = [point for point in shown if point.by_signs == "saddle"]
    return Heatmap(
        title=ground.title,
        values=ground.over(edge),
        x=axis,
        y=axis,
        value_label="f",
        scale="symlog",
        contours=True,
        paths=(
            *([_strokes("ways down from saddles, along v₋", saddles, 0.15 * edge)] if saddles else []),
            *([_strokes("level all along, λ = 0", line, 0.05 * edge)] if line else []),
        ),
        marks=tuple(marks),
    )


def _strokes(name: str, points: list[Point], reach: float) -> Path:
    """Return a stroke through every point along the eigenvector of its eigenvalue that is negative, or else 0."""
    far = np.array([-reach, reach, np.nan])[:, None]
    ways = [one.vectors[0 if one.values[0] < 0 else int(np.abs(one.values).argmin())] for one in points]
    ends = np.concatenate([one.at + far * way for one, way in zip(points, ways, strict=True)])
    return Path(name=name, x=ends[:, 0], y=ends[:, 1], ends=False)


def _table(points: list[Point]) -> Table:
    """Return every level point in numbers."""
    marked, line = _apart(points)
    shown = [*marked, *line[:FEW]]
    rows: list[tuple[Cell, ...]] = [
        (i + 1, *map(float, (*one.at, one.value, *one.values)), one.by_signs, one.around)
        for i, one in enumerate(shown)
    ]
    more = f"{len(points) - len(shown)} more are not listed. " if len(points) > len(shown) else ""
    return Table(
        title="Level points",
        caption=f"{more}By ring: what the values on a small circle around the point say.",
        columns=("", "x", "y", "f", "λ₋", "λ₊", "by H", "by ring"),
        rows=tuple(rows),
    )


def _landscape(ground: Surface, edge: float, points: list[Point]) -> Landscape:
    """Return the surface from the side."""
    axis = ground.axis(edge)
    return Landscape(
        title="From the side",
        values=ground.over(edge),
        x=axis,
        y=axis,
        value_label="f",
        scale="symlog",
        marks=tuple(
            Mark(name=f"{one.by_signs} {i + 1}", x=float(one.at[0]), y=float(one.at[1]))
            for i, one in enumerate(_apart(points)[0])
        ),
    )


def _worked(ground: Surface, here: Array) -> Steps:
    """Return gradient, Hessian and verdict at the point that was asked for."""
    jet = ground(*here)
    at = f"({number(float(here[0]))}, {number(float(here[1]))})"
    if not _finite(jet.value, jet.gradient, jet.hessian):
        ends = (f"f{at} is not finite, or has no slope", "the mathematics ends here: move (x, y)")
        return written(ends, title=f"Worked out at {at}")
    values, vectors = np.linalg.eigh(jet.hessian)
    slope = float(np.linalg.norm(jet.gradient))
    flat = FLAT * max(1.0, float(np.abs(values).max()))
    level = slope <= flat
    kind = kind_of(values, flat)
    rows = [", ".join(number(float(one)) for one in row) for row in jet.hessian]
    verdict = kind if level else "no level point: it slopes"
    lines = [
        (f"f{at} = {number(float(jet.value))}", ""),
        (f"∇f = ({', '.join(number(float(one)) for one in jet.gradient)}), ‖∇f‖ = {number(slope)}", verdict),
        (f"H = [[{rows[0]}], [{rows[1]}]]", "symmetric"),
        (f"λ = {number(float(values[0]))}, {number(float(values[1]))}", f"by their signs: {kind}"),
    ]
    if values[0] < -flat:
        v = ", ".join(number(float(one)) for one in vectors[:, 0])
        lines.append((f"v₋ = ({v}), v₋ᵀHv₋ = λ₋ = {number(float(values[0]))}", "bends down along v₋"))
    return written(*lines, title=f"Worked out at {at}")


def _signs() -> Table:
    """Return the rule, each case with a function that has these eigenvalues at 0."""
    rows = [
        (
            ", ".join("0" if not value else "+" if value > 0 else "−" for value in values),
            example,
            kind_of(values),
        )
        for values, example in SIGNS
    ]
    return Table(
        title="What the signs of the eigenvalues say",
        caption="x² + y⁴ has a minimum at 0, x² − y⁴ a saddle, x² + y³ neither; all three have H = [[2, 0], [0, 0]].",
        columns=("signs", "for example at 0", "verdict"),
        rows=tuple(rows),
    )


@critical_points.check
def bowl_and_saddle() -> None:
    """x² + y²: λ = 2, 2, a minimum; x² − y²: λ = −2, 2, a saddle; −x² − y² a maximum; all at (0, 0) (notes 000a)."""
    for f, values, kind in (
        ("bowl", (2, 2), "minimum"),
        ("saddle", (-2, 2), "saddle"),
        ("peak", (-2, -2), "maximum"),
    ):
        found = critical_points.last(f=f).numbers
        near(f"points of {f}", found["points"], ((0, 0),), 1e-9)
        near(f"λ of {f}", found["eigenvalues"], (values,), 1e-12)
        assert found["kinds"] == found["around"] == kind, f"{f} is called {found['kinds']}, {found['around']}"


@critical_points.check
def himmelblau() -> None:
    """Four minima of value 0, four saddles, one maximum of 181.617 at the places that are known (Himmelblau 1972)."""
    found = critical_points.last(f="Himmelblau").numbers
    places = np.array(found["points"])
    near(
        "minima",
        places[:4],
        ((-3.779310, -3.283186), (-2.805118, 3.131313), (3, 2), (3.584428, -1.848127)),
        1e-6,
    )
    near("their values", found["values"][:4], np.zeros(4), 1e-12)  # type: ignore[index]
    known = ((3.385154, 0.073852), (0.086678, 2.884255), (-3.073026, -0.081353), (-0.127961, -1.953715))
    near("saddles", places[4:8], known, 1e-6)
    near("maximum", places[8], (-0.270845, -0.923039), 1e-6)
    near("its value", found["values"][8], 181.616522, 1e-6)  # type: ignore[index]
    assert found["kinds"] == ", ".join(["minimum"] * 4 + ["saddle"] * 4 + ["maximum"]), found["kinds"]


@critical_points.check
def undecided_by_signs() -> None:
    """(+, 0) may be a minimum, a saddle or neither; a monkey saddle has H = 0 and three valleys."""
    for f, kind in (("x**2 + y**4", "minimum"), ("x**2 - y**4", "saddle"), ("x**2 + y**3", "slope")):
        found = critical_points.last(f=f).numbers
        near(f"λ of {f}", found["eigenvalues"], ((0, 2),), 1e-5)
        assert (found["kinds"], found["around"]) == ("undecided", kind), f"{f}: {found['around']}"
    monkey = critical_points.last(f="monkey saddle").numbers
    near("λ of the monkey saddle", monkey["eigenvalues"], ((0, 0),), 1e-5)
    assert monkey["around"] == "saddle with 3 valleys", monkey["around"]


@critical_points.check
def mixed_signs_stay_a_saddle() -> None:
    """(+, −, 0) is a saddle: x² − y² + z³ is both above and below 0 arbitrarily near to 0, for any function of z."""
    rules = {row[0]: row[2] for row in _signs().rows}
    assert rules["+, −, 0"] == "saddle", f"(+, −, 0) is called {rules['+, −, 0']!r}"
    assert rules["+, 0"] == "undecided", f"(+, 0) is called {rules['+, 0']!r}"
    draw = np.random.default_rng(0)
    for power, sign in ((3, 1), (4, 1), (4, -1), (2, 0)):
        for radius in (1e-1, 1e-3):
            x, y, z = radius * draw.uniform(-1, 1, (3, 200))
            values = x**2 - y**2 + sign * z**power
            assert values.min() < 0 < values.max(), "f takes one sign near a point with eigenvalues of both"


@critical_points.check
def derivatives_by_autograd() -> None:
    """Value, gradient and Hessian of eight surfaces at ten points against torch.autograd, to 1e-9."""
    import torch

    known: dict[str, Callable[..., Any]] = {
        "Himmelblau": lambda x, y: (x**2 + y - 11) ** 2 + (x + y**2 - 7) ** 2,
        "monkey saddle": lambda x, y: x**3 - 3 * x * y**2,
        "two weights": lambda x, y: (1 - x * y) ** 2,
        "plateau": lambda x, y: 1 - torch.exp(-(x**2 + y**2)),
        "ripples": lambda x, y: (x**2 + y**2) / 4 + torch.sin(3 * x) * torch.sin(3 * y),
        "log(1 + x**2)*sqrt(2 + cos(y))": lambda x, y: torch.log(1 + x**2) * torch.sqrt(2 + torch.cos(y)),
        "tanh(x*y)/(1 + exp(-y)) + erf(x)": lambda x, y: torch.tanh(x * y) * torch.sigmoid(y) + torch.erf(x),
        "(2 + x**2)**y - max(x, y)": lambda x, y: (2 + x**2) ** y - torch.maximum(x, y),
    }
    for text, function in known.items():
        for place in np.random.default_rng(0).uniform(-2, 2, (10, 2)):
            w = torch.tensor(place, requires_grad=True)
            slope = torch.autograd.functional.jacobian(lambda w, f=function: f(w[0], w[1]), w)  # type: ignore[no-untyped-call]
            bend = torch.autograd.functional.hessian(lambda w, f=function: f(w[0], w[1]), w)  # type: ignore[no-untyped-call]
            jet = surface(text)(*place)
            near(f"value of {text}", jet.value, float(function(w[0], w[1]).detach()), 1e-9)
            near(f"gradient of {text}", jet.gradient, slope.numpy(), 1e-9)
            near(f"Hessian of {text}", jet.hessian, bend.numpy(), 1e-9)


@critical_points.check
def labels_by_the_hessian() -> None:
    """The worked-out verdict at each level point of Himmelblau's surface is the one of the table (notes 000a)."""
    found = critical_points.last(f="Himmelblau").numbers
    for place, kind in zip(np.array(found["points"]), str(found["kinds"]).split(", "), strict=True):
        here = surface("Himmelblau")(*place).hessian
        assert kind_of(np.linalg.eigvalsh(here)) == kind, f"{place} is called {kind}"
