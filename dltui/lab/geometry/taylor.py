"""The surface, its tangent plane and its quadric: how far a Taylor expansion can be trusted."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Annotated

import numpy as np
from numpy.typing import NDArray

from dltui.figures import Lines, Scene, Series, Steps, Table, number
from dltui.lab import Choice, Frame, Number, Slider, Typed, exhibit, near
from dltui.lab.geometry.jets import Array
from dltui.lab.geometry.surfaces import GALLERY, Surface, surface
from dltui.lab.written import written

SIDE = 21  # points along each side of the three sheets
RADII: Array = np.logspace(0, -9, 10, base=2.0)  # of the radius, at which errors are measured
TURNS = 64  # directions over which the largest error is taken
SHEETS = {  # names and colours of what is laid over what; ever brighter, for terminals without colours
    "true surface": (45, 75, 215),
    "tangent plane": (240, 130, 40),
    "quadric": (225, 255, 230),
}
TOLD = dict(zip(SHEETS, ("blue", "orange", "pale green"), strict=True))


def expanded(ground: Surface, at: Array, steps: Array) -> tuple[Array, Array, Array]:
    """Return f, its tangent plane and its quadric at ``at + steps``.

    Args:
        ground: The surface.
        at: Where it is expanded, shape (2,).
        steps: Steps d from there, shape (…, 2).

    Returns:
        f(at + d), f + dᵀg, and f + dᵀg + ½dᵀHd, each of shape (…).
    """
    jet = ground(*at)
    first: Array = jet.value + steps @ jet.gradient
    bent: Array = np.einsum("...i,ij,...j->...", steps, jet.hessian, steps)
    second: Array = first + bent / 2
    true: Array = ground(at[0] + steps[..., 0], at[1] + steps[..., 1]).value
    return true, first, second


def errors(ground: Surface, at: Array, radius: float) -> tuple[Array, Array, Array]:
    """Return radii, and the largest error of plane and quadric on a ring of each, NaN where f has no value."""
    turn = np.arange(TURNS) * (2 * np.pi / TURNS)
    ring = np.stack((np.cos(turn), np.sin(turn)), -1)
    radii = np.asarray(radius * RADII, np.float64)
    true, first, second = expanded(ground, at, radii[:, None, None] * ring)
    plane: Array = np.abs(true - first).max(1)
    quadric: Array = np.abs(true - second).max(1)
    return radii, plane, quadric


def order_of(radii: Array, error: Array) -> float | None:
    """Return the power of the radius with which an error falls at the small end, or None where it is rounding."""
    good = np.isfinite(error) & (error > 1e-11)
    if good.sum() < 4:
        return None
    return float(np.polyfit(np.log(radii[good][-4:]), np.log(error[good][-4:]), 1)[0])


@exhibit(
    "taylor-overlay",
    family="geometry",
    covers=("000a:taylor-2", "000a:tangent-quadric", "003:taylor-hessian"),
    kin={
        "dltui lab run critical-points": "what the quadric says where the plane is level",
        "dltui landscape MODEL": "the true surface around your own weights",
    },
    sources=("Goodfellow, Bengio, Courville 2016, ch. 4.3.1",),
)
def taylor_overlay(
    f: Annotated[
        str, Typed(surface, tuple(GALLERY), help="a surface by name, or a formula in x and y")
    ] = "two weights",
    x: Annotated[float, Slider(-5, 5, step=0.1, help="x of the point of expansion")] = 0.5,
    y: Annotated[float, Slider(-5, 5, step=0.1, help="y of that point")] = 0.5,
    radius: Annotated[float, Slider(0.01, 3, log=True, help="length d of the step")] = 1.0,
    angle: Annotated[float, Slider(-180, 180, help="direction of the step in degrees")] = 45.0,
    sheets: Annotated[str, Choice("both", "plane", "quadric", help="what is laid over the surface")] = "both",
) -> Iterator[Frame]:
    """A surface with its tangent plane and quadric at a point, and how both go wrong with the distance.

    Try: --radius 0.2 makes all three one; --f ripples --radius 2 shows a quadric that knows nothing of what is further
    away; --sheets plane.
    Notice: halve the radius: the plane's error falls to a quarter, the quadric's to an eighth, on any smooth surface.

    f(p + d) ≈ f(p) + dᵀg + ½dᵀHd: value, slope, curvature. The plane stops after dᵀg. What is left out is of the order
    d² for the plane and d³ for the quadric. If H has positive eigenvalues only, the quadric is a bowl; with both signs
    it is a saddle, and bends down along v₋ even where f itself turns up again.
    """
    ground, at = surface(f), np.array([x, y])
    turn = math.radians(angle)
    step = radius * np.array([math.cos(turn), math.sin(turn)])
    true, first, second = (float(value) for value in expanded(ground, at, step))
    orders = {"plane": None, "quadric": None} | _orders(ground, at, radius)
    told: dict[str, Number] = {
        "step": step.tolist(),
        "true": _known(true),
        "first_order": _known(first),
        "second_order": _known(second),
        "order_of_plane": orders["plane"],
        "order_of_quadric": orders["quadric"],
    }
    if not math.isfinite(first + second):
        where = written((f"{ground.title} has no slope at this point", ""))
        yield Frame(figures=(where,), numbers=told, caption="no expansion here: move x and y", total=1)
        return
    figures = (
        _overlay(ground, at, radius, sheets),
        _along(ground, at, step, radius),
        _errors(ground, at, radius, orders),
        _worked(ground, at, step),
        _table(ground, at, step),
    )
    said = f"d = {number(radius)}: true {number(true)}, plane {number(first)}, quadric {number(second)}"
    yield Frame(figures=figures, numbers=told, caption=said, total=1)


def _known(value: float) -> float | None:
    """Return a number for ``--json``: none where it is not finite."""
    return value if math.isfinite(value) else None


def _orders(ground: Surface, at: Array, radius: float) -> dict[str, float | None]:
    """Return the powers of d with which both errors fall."""
    radii, plane, quadric = errors(ground, at, min(radius, 0.5))
    return {"plane": order_of(radii, plane), "quadric": order_of(radii, quadric)}


def _overlay(ground: Surface, at: Array, radius: float, sheets: str) -> Scene:
    """Return the three sheets over each other in space."""
    axis = np.linspace(-radius, radius, SIDE)
    steps = np.stack(np.meshgrid(axis, axis), -1)
    heights = dict(zip(SHEETS, expanded(ground, at, steps), strict=True))
    shown = ["true surface", *(name for name in list(SHEETS)[1:] if sheets in {"both", name.split()[-1]})]
    known = np.concatenate([heights[name].ravel() for name in shown])
    known = known[np.isfinite(known)]
    tall = max(float(np.ptp(known)), 1e-12)
    corners, faces, colours = [], [], []
    for count, name in enumerate(shown):
        z = np.nan_to_num((heights[name] - known.min()) / tall * 2 * radius, nan=0.0)
        corners.append(np.stack([steps[..., 0] + at[0], steps[..., 1] + at[1], z], -1).reshape(-1, 3))
        faces.append(_faces(np.isfinite(heights[name])) + count * SIDE * SIDE)
        colours.append(np.tile(SHEETS[name], (SIDE * SIDE, 1)))
    named = ", ".join(f"{name} {TOLD[name]}" for name in shown)
    return Scene(
        title=f"{ground.title} around ({number(float(at[0]))}, {number(float(at[1]))})",
        caption=f"{named}, from dark to bright; heights {number(float(known.min()))} to {number(float(known.max()))}, "
        f"{number(2 * radius)} wide",
        vertices=np.concatenate(corners).astype(np.float32),
        faces=np.concatenate(faces).astype(np.int32),
        vertex_rgb=np.concatenate(colours).astype(np.uint8),
        shade="plain",
    )


def _faces(known: NDArray[np.bool_]) -> NDArray[np.intp]:
    """Return two triangles for every square of a sheet whose corners all have a height."""
    place = np.arange(SIDE * SIDE).reshape(SIDE, SIDE)
    a, b, c, d = place[:-1, :-1], place[:-1, 1:], place[1:, 1:], place[1:, :-1]
    whole = (known[:-1, :-1] & known[:-1, 1:] & known[1:, 1:] & known[1:, :-1]).ravel()
    first = np.stack([a, b, c], -1).reshape(-1, 3)[whole]
    found: NDArray[np.intp] = np.concatenate([first, np.stack([a, c, d], -1).reshape(-1, 3)[whole]])
    return found


def _along(ground: Surface, at: Array, step: Array, radius: float) -> Lines:
    """Return all three along the direction of the step."""
    t = np.linspace(-1, 1, 121)
    curves = expanded(ground, at, t[:, None] * step)
    ends = np.array([1.0]), np.array([float(expanded(ground, at, step)[0])])
    lines = [
        Series(name=name, x=t * radius, y=np.where(np.isfinite(values), values, np.nan))
        for name, values in zip(SHEETS, curves, strict=True)
    ]
    return Lines(
        title="Along the step",
        series=(*lines, Series(name="f(p + d)", x=ends[0] * radius, y=ends[1], marks=True)),
        x_label="distance from p",
        y_label="f",
    )


def _errors(ground: Surface, at: Array, radius: float, orders: dict[str, float | None]) -> Lines:
    """Return both errors over the radius, on logarithmic axes: two straight lines."""
    radii, plane, quadric = errors(ground, at, radius)
    told = {
        name: "exact up to rounding" if order is None else f"falls as d^{order:.2f}"
        for name, order in orders.items()
    }
    lines = [
        Series(name=f"{name}: {told[name]}", x=radii, y=np.where(error > 1e-14, error, np.nan))
        for name, error in (("plane", plane), ("quadric", quadric))
    ]
    shown = tuple(line for line in lines if np.isfinite(line.y).any())
    return Lines(
        title="Largest error on a ring of radius d",
        caption="" if len(shown) == len(lines) else "What is exact up to rounding has no curve.",
        series=shown or (Series(name="rounding", x=radii, y=np.full(len(radii), 1e-16)),),
        x_label="d",
        y_label="error",
        x_scale="log",
        y_scale="log",
    )


def _worked(ground: Surface, at: Array, step: Array) -> Steps:
    """Return the expansion with the numbers put in."""
    jet = ground(*at)
    true, first, second = (float(value) for value in expanded(ground, at, step))
    g, h, base = jet.gradient, jet.hessian, float(jet.value)
    pair = f"({number(float(step[0]))}, {number(float(step[1]))})"
    rows = ", ".join(f"[{', '.join(number(float(one)) for one in row)}]" for row in h)
    lines = (
        (f"f(p) = {number(base)}, g = ({number(float(g[0]))}, {number(float(g[1]))}), H = [{rows}]", "at p"),
        (f"d = {pair}, dᵀg = {number(first - base)}, ½dᵀHd = {number(second - first)}", "slope, curvature"),
        (f"f(p) + dᵀg = {number(first)}", "plane"),
        (f"f(p) + dᵀg + ½dᵀHd = {number(second)}", "quadric"),
        (f"f(p + d) = {number(true)}", "true"),
    )
    return written(*lines)


def _table(ground: Surface, at: Array, step: Array) -> Table:
    """Return the errors along the step as it is halved: by four and by eight."""
    rows = []
    for halving in range(6):
        d = step / 2**halving
        true, first, second = (float(value) for value in expanded(ground, at, d))
        rows.append((float(np.linalg.norm(d)), true, true - first, true - second))
    return Table(
        title="Halve the step",
        columns=("d", "f(p + d)", "error of the plane", "error of the quadric"),
        rows=tuple(rows),
    )


@taylor_overlay.check
def step_of_the_notes() -> None:
    """(1 − w₁w₂)² at (.5, .5), step (.1, −.2): .6724 true, .6375 first order, .6700 second order (notes 000a)."""
    frame = taylor_overlay.last(radius=math.hypot(0.1, 0.2), angle=math.degrees(math.atan2(-0.2, 0.1)))
    near("step", frame.numbers["step"], (0.1, -0.2), 1e-12)
    near("true", frame.numbers["true"], 0.6724, 1e-12)
    near("first order", frame.numbers["first_order"], 0.6375, 1e-12)
    near("second order", frame.numbers["second_order"], 0.67, 1e-12)


@taylor_overlay.check
def errors_fall_as_squares_and_cubes() -> None:
    """Errors scale as d² and d³ on every surface that is not itself a plane or quadric (notes 000a, 003)."""
    for f, at in (
        ("two weights", (0.5, 0.5)),
        ("Himmelblau", (1.0, -0.5)),
        ("plateau", (0.7, 0.3)),
        ("ripples", (1, 0.2)),
    ):
        frame = taylor_overlay.last(f=f, x=at[0], y=at[1], radius=0.1)
        near(f"order of the plane on {f}", frame.numbers["order_of_plane"], 2, 0.05)
        near(f"order of the quadric on {f}", frame.numbers["order_of_quadric"], 3, 0.05)


@taylor_overlay.check
def a_quadric_is_its_own_expansion() -> None:
    """On x² − y² the second order is exact at any distance; the plane is off by dₓ² − d_y²."""
    frame = taylor_overlay.last(f="saddle", x=1.0, y=-0.5, radius=3.0, angle=20.0)
    near("second order", frame.numbers["second_order"], frame.numbers["true"], 1e-12)
    dx, dy = np.array(frame.numbers["step"])
    off = float(frame.numbers["true"]) - float(frame.numbers["first_order"])  # type: ignore[arg-type]
    near("error of the plane", off, dx**2 - dy**2, 1e-12)
    assert frame.numbers["order_of_quadric"] is None, "an exact expansion has no error to fall"


@taylor_overlay.check
def third_order_by_torch() -> None:
    """What the quadric leaves out against the third derivative by torch: d³f‴/6 along the step, d = 10⁻³."""
    import torch

    at, d = np.array([0.5, 0.5]), 1e-3 * np.array([0.6, 0.8])
    t = torch.zeros((), dtype=torch.float64, requires_grad=True)
    value = (1 - (0.5 + 0.6 * t) * (0.5 + 0.8 * t)) ** 2
    for _ in range(3):
        (value,) = torch.autograd.grad(value, t, create_graph=True)
    true, _, second = expanded(surface("two weights"), at, d)
    near("f − quadric, in units of d³/6", (true - second) / (1e-9 / 6), value.item(), 1e-2)
