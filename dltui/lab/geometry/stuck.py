"""Where descent gets stuck: a saddle, a plateau, a local basin; and how long it takes to leave."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Annotated

import numpy as np
from numpy.typing import NDArray

from dltui.descent.known import OPTIMISERS
from dltui.descent.rule import Rule, Vector
from dltui.descent.surface import Surface
from dltui.descent.surfaces import plateau, rugged, saddle, two_weights
from dltui.descent.walk import Walk, walk
from dltui.figures import Cell, Heatmap, Lines, Path, Series, Table, number
from dltui.lab import Choice, Frame, Number, Slider, exhibit, near
from dltui.lab.geometry.maps import named_ends
from dltui.lab.geometry.stationary import kind_of

STILL = 1e-2  # a gradient shorter than this counts as none, an eigenvalue smaller than this as 0
PATIENCE = 600  # steps after which nothing is expected any more
DISTANCES = np.logspace(-6, 0.3, 22)
RULES = ("gd", "momentum", "nesterov", "rmsprop", "adam")
FRAMES = 20


@dataclass(frozen=True)
class Place:
    """A place at which descent gets stuck.

    Attributes:
        surface: What is descended.
        centre: The place.
        left: Whether points, shape (…, 2), have come to where they should.
        goal: What ``left`` asks for, in words.
        enough: A value below which it has come there for sure.
    """

    surface: Surface
    centre: tuple[float, float]
    left: Callable[[Vector], NDArray[np.bool_]]
    goal: str
    enough: float


@lru_cache(maxsize=1)
def places() -> dict[str, Place]:
    """Return the places by name."""
    weights, plain, rough, walls = two_weights(), plateau(), rugged(), saddle()
    return {
        "saddle": Place(weights, (0.0, 0.0), lambda w: weights.value(w) < 1e-6, "L < 10⁻⁶", 1e-6),
        "plateau": Place(plain, (3.5, 0.0), lambda w: plain.value(w) < 1e-2, "L < 0.01", 1e-2),
        "local basin": Place(rough, (2.0, 2.0), lambda w: rough.value(w) < 1e-2, "L < 0.01", 1e-2),
        "saddle with two wells": Place(walls, (0.0, 0.0), lambda w: np.abs(w[..., 1]) > 0.5, "|y| > ½", -0.4),
    }


def leaving(place: Place, rule: Rule, start: Vector, steps: int = PATIENCE) -> int | None:
    """Return after how many steps a descent has left a place for good ground, or None where it does not."""
    way = walk(place.surface, rule, start, steps, below=place.enough, remember=False)
    return way.first(lambda one: place.left(one.points))


def verdict(surface: Surface, w: Vector) -> str:
    """Return what gradient and eigenvalues say of a point."""
    if np.linalg.norm(surface.gradient(w)) >= STILL:
        return "on a slope"
    values = np.linalg.eigvalsh(surface.hessian(w))
    if (np.abs(values) < STILL).all():
        return "plateau: no slope, no curvature"
    kind = kind_of(values, STILL)
    if kind == "minimum":
        deep = surface.value(w) < STILL or any(np.allclose(w, one, atol=0.1) for one in surface.minima)
        return "minimum" if deep else "local minimum, lower ground is elsewhere"
    return "minimum, flat along its valley" if kind == "undecided" and values[-1] > STILL else kind


def began(place: Place, distance: float, angle: float) -> Vector:
    """Return a start at some distance from a place, in a direction of so many degrees."""
    turn = math.radians(angle)
    way = np.round([math.cos(turn), math.sin(turn)], 15)  # so that 45° is a diagonal to the last bit
    return np.array(place.centre) + distance * way


@exhibit(
    "stuck-points",
    family="geometry",
    covers=("000a:gd-failure-stuck", "000a:plateau", "000a:saddle-slowdown", "002a:local-minimum-saddle"),
    kin={
        "dltui lab run two-weight-saddle": "the saddle, step by step, with a jump out of it",
        "dltui lab run critical-points": "such places on any surface",
        "dltui lab run restart-spread": "where many descents of one network end",
        "dltui hessian MODEL": "whether your own network stands at one",
    },
    sources=("Dauphin et al. 2014, arXiv:1406.2572", "Du et al. 2017, arXiv:1705.10412"),
)
def stuck_points(
    where: Annotated[str, Choice(*places(), help="where descent begins")] = "saddle",
    distance: Annotated[
        float, Slider(1e-6, 2, log=True, help="distance of the start from that place")
    ] = 0.0014,
    angle: Annotated[float, Slider(-180, 180, step=5, help="in which direction, in degrees")] = 45.0,
    optimiser: Annotated[str, Choice(*RULES, help="how it descends")] = "gd",
    lr: Annotated[float, Slider(0.001, 0.5, log=True, help="learning rate η")] = 0.1,
    steps: Annotated[int, Slider(1, 1000, help="steps shown")] = 100,
) -> Iterator[Frame]:
    """Descent near a saddle, on a plateau, in a local basin: steps to leave against the start's distance.

    Try: --angle -45 runs into the saddle for good; --where plateau --optimiser adam is out long before gd;
    --where "local basin" --distance 1.5 begins beyond the rim.
    Notice: all three have a short gradient. Near a saddle each step multiplies the distance by 1 + η|λ₋|, so that a
    start a thousand times nearer costs ln 1000/ln(1 + η|λ₋|) steps more; from a local basin no patience leads out.

    ‖g‖ alone does not tell them apart, the eigenvalues of H do: both signs at the saddle, all about 0 on the plateau,
    all above 0 in the basin. Local basin: 0.1w² + ½(1 − cos 3w) in both weights; plateau: 1 − exp(−½(x² + y²)).

    Told as it is: at an angle of −45° descent never leaves the saddle, on paper. A start that is off the diagonal by
    the rounding of one float64, 10⁻¹⁹, is out after 255 steps: noise of any size makes a saddle a delay, not a trap.
    """
    place, rule = places()[where], OPTIMISERS[optimiser](lr=lr)
    start = began(place, distance, angle)
    way = walk(place.surface, rule, start, steps)
    spent = leaving(place, rule, start)
    sweep = _sweep(optimiser, lr, angle)
    rules = _rules(place, lr, start)
    moments = np.unique(np.linspace(0, way.steps, min(way.steps + 1, FRAMES)).astype(int))
    for last in moments:
        figures = (_map(place, way, last), _course(place, way, last), sweep, _said(place, way, last), rules)
        yield Frame(
            figures=figures,
            numbers=_numbers(place, way, last, spent),
            caption=_caption(place, way, last, spent),
            total=len(moments),
        )


def _caption(place: Place, way: Walk, last: int, spent: int | None) -> str:
    """Return where it is."""
    if way.ended and last == way.steps:
        return way.ended
    found = "never leaves" if spent is None else f"left after {spent} steps"
    return f"step {last}: {verdict(place.surface, way.points[last])}; {found}"


def _numbers(place: Place, way: Walk, last: int, spent: int | None) -> dict[str, Number]:
    """Return what ``--json`` tells."""
    w = way.points[last]
    return {
        "step": int(last),
        "w": w.tolist(),
        "loss": float(place.surface.value(w)),
        "gradient_norm": float(np.linalg.norm(place.surface.gradient(w))),
        "eigenvalues": np.linalg.eigvalsh(place.surface.hessian(w)).tolist(),
        "verdict": verdict(place.surface, w),
        "steps_to_leave": spent,
    }


@lru_cache(maxsize=8)
def _ground(surface: Surface) -> tuple[Vector, NDArray[np.bool_]]:
    """Return the values of a surface on its map, and where it has neither slope nor curvature."""
    grid = np.stack(np.meshgrid(*surface.axes()), -1)
    level = np.linalg.norm(surface.gradient(grid), axis=-1) < STILL
    flat = level & (np.abs(np.linalg.eigvalsh(surface.hessian(grid))) < STILL).all(-1)
    return surface.value(grid), flat


def _map(place: Place, way: Walk, last: int) -> Heatmap:
    """Return the surface from above with the way; cells of the plateau are holes."""
    surface = place.surface
    x, y = surface.axes()
    values, flat = _ground(surface)
    seen = surface.inside(way.points[: last + 1])
    told = (
        f"Holes: plateau, ‖g‖ and all |λ| below {STILL:g}, {flat.mean():.0%} of the map."
        if flat.any()
        else ""
    )
    return Heatmap(
        title=f"L = {surface.formula} from above",
        caption=told,
        values=np.where(flat, np.nan, values),
        x=x,
        y=y,
        value_label="L",
        scale="symlog",
        contours=True,
        paths=(Path(name="way of descent", x=seen[:, 0], y=seen[:, 1]),),
        marks=named_ends(seen),
    )


def _course(place: Place, way: Walk, last: int) -> Lines:
    """Return loss and slope over the steps."""
    points = way.points[: last + 1]
    step = np.arange(float(last + 1))
    slopes = np.linalg.norm(place.surface.gradient(points), axis=-1)
    return Lines(
        title="Loss and slope, step by step",
        caption="A short gradient is no proof of a minimum.",
        series=(
            Series(name="‖g‖", x=step, y=np.maximum(slopes, 1e-17)),
            Series(name="L", x=step, y=np.maximum(place.surface.value(points), 1e-17)),
        ),
        x_label="step",
        y_label="L, ‖g‖",
        y_scale="log",
        levels=((STILL, f"short: below {STILL:g}"),),
    )


@lru_cache(maxsize=16)
def _sweep(optimiser: str, lr: float, angle: float) -> Lines:
    """Return the steps to leave each place, over the distance of the start."""
    lines, never = [], []
    rule = OPTIMISERS[optimiser](lr=lr)
    for name, place in places().items():
        starts = np.array([began(place, float(d), angle) for d in DISTANCES])
        way = walk(place.surface, rule, starts, PATIENCE, below=place.enough, remember=False)
        left = place.left(way.points)
        steps = np.where(left.any(0), left.argmax(0), np.nan)
        if np.isfinite(steps).any():
            lines.append(Series(name=name, x=DISTANCES, y=steps))
        if np.isnan(steps).any():
            never.append(name)
    gaps = (
        f"Where there is no curve it has not left after {PATIENCE} steps: {', '.join(never)}."
        if never
        else ""
    )
    return Lines(
        title="Steps to leave against the distance of the start",
        caption=gaps,
        series=tuple(lines)
        or (Series(name="none leaves", x=DISTANCES, y=np.full(len(DISTANCES), PATIENCE)),),
        x_label="distance",
        y_label="steps",
        x_scale="log",
    )


def _said(place: Place, way: Walk, last: int) -> Table:
    """Return what slope and curvature say at the start and here."""
    rows: list[tuple[Cell, ...]] = []
    for name, w in (("start", way.points[0]), (f"step {last}", way.points[last])):
        values = np.linalg.eigvalsh(place.surface.hessian(w))
        slope = float(np.linalg.norm(place.surface.gradient(w)))
        rows.append((
            name,
            float(place.surface.value(w)),
            slope,
            *map(float, values),
            verdict(place.surface, w),
        ))
    return Table(
        title="What slope and curvature say",
        columns=("", "L", "‖g‖", "λ₋", "λ₊", "verdict"),
        rows=tuple(rows),
    )


def _rules(place: Place, lr: float, start: Vector) -> Table:
    """Return the steps that each optimiser takes from the same start at the same rate."""
    rows = [
        (OPTIMISERS[name].title, leaving(place, OPTIMISERS[name](lr=lr), start, PATIENCE)) for name in RULES
    ]
    return Table(
        title="Steps to leave, by optimiser",
        caption=f"{place.goal}; same start, same η = {number(lr)}; – not after {PATIENCE} steps",
        columns=("optimiser", "steps"),
        rows=tuple(rows),
    )


@stuck_points.check
def steps_from_three_starts() -> None:
    """(1 − w₁w₂)², η = .1: from (.001, .001) 52 steps to L < 1e-6, (.1, .2) 25, (.001, −.001) never (notes 000a)."""
    for (x, y), known in (((0.001, 0.001), 52), ((0.1, 0.2), 25), ((0.001, -0.001), None)):
        frame = stuck_points.last(distance=math.hypot(x, y), angle=math.degrees(math.atan2(y, x)), lr=0.1)
        found = frame.numbers["steps_to_leave"]
        assert found == known, f"from ({x}, {y}) it leaves after {found} steps, known is {known}"
    near("where it ends", frame.numbers["w"], (0, 0), 1e-6)
    near("its way along the diagonal", np.sum(np.array(frame.numbers["w"])), 0, 1e-15)
    assert frame.numbers["verdict"] == "saddle", f"it ends at a {frame.numbers['verdict']}"


@stuck_points.check
def escape_steps_by_optimiser() -> None:
    """x² − y² + y⁴/2 from (1, .001), η = .02, until |y| > ½: SGD 162, momentum 42, Adam 25 steps (notes 002a)."""
    place = places()["saddle with two wells"]
    for name, known in (("gd", 162), ("momentum", 42), ("adam", 25)):
        found = leaving(place, OPTIMISERS[name](lr=0.02), np.array([1.0, 1e-3]))
        assert found == known, f"{name} leaves after {found} steps, known is {known}"


@stuck_points.check
def a_local_basin_is_not_left() -> None:
    """In the basin ‖g‖ < 1e-8 and both eigenvalues are above 0, while L stays above the minimum of 0 (notes 000a)."""
    frame = stuck_points.last(where="local basin", distance=0.3, steps=300)
    assert float(frame.numbers["gradient_norm"]) < 1e-8, frame.numbers["gradient_norm"]  # type: ignore[arg-type]
    assert np.min(np.array(frame.numbers["eigenvalues"])) > 1, frame.numbers["eigenvalues"]
    assert float(frame.numbers["loss"]) > 0.5, frame.numbers["loss"]  # type: ignore[arg-type]
    assert frame.numbers["steps_to_leave"] is None, "it leaves the basin"
    assert str(frame.numbers["verdict"]).startswith("local minimum"), frame.numbers["verdict"]


@stuck_points.check
def a_plateau_is_flat_in_every_way() -> None:
    """On the plateau ‖g‖ is small and all eigenvalues are about 0, yet it is no critical point (notes 000a)."""
    first = next(iter(stuck_points(where="plateau", distance=1e-6)))
    slope = float(first.numbers["gradient_norm"])  # type: ignore[arg-type]
    near("‖g‖ = r·exp(−½r²)", slope, 3.5 * math.exp(-(3.5**2) / 2), 1e-6)
    near("λ", first.numbers["eigenvalues"], (0, 0), 0.03)
    last = stuck_points.last(where="plateau", distance=1e-6, steps=1000)
    assert last.numbers["steps_to_leave"], "it never leaves, though there is a slope"


@stuck_points.check
def time_grows_with_the_logarithm() -> None:
    """A start a thousand times nearer to the saddle costs ln 1000/ln(1 + η|λ₋|) = 37.9 steps more, within one step."""
    place, rule = places()["saddle"], OPTIMISERS["gd"](lr=0.1)
    one, other = (leaving(place, rule, began(place, d, 45.0)) for d in (1e-3, 1e-6))
    assert one is not None, "it never leaves"
    assert other is not None, "it never leaves"
    near("steps more", other - one, math.log(1000) / math.log(1.2), 1 / 37)
