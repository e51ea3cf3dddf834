"""Pictures of one moment at the two-weight saddle: the map, the descent, the loss along v₋, the numbers put in."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from dltui.figures import Figure, Heatmap, Lines, Mark, Path, Series, Steps, Table, number
from dltui.lab.geometry.two_weights import (
    FAR,
    STILL,
    Curvature,
    Vector,
    change,
    curvature,
    expansion,
    gradient,
    hessian,
    loss,
    minima,
    verdict,
)
from dltui.lab.written import written

EDGE = 2.0  # the map shows −2 … 2 in both weights
TINY = 1e-9  # shown as 0
AXIS = np.linspace(-EDGE, EDGE, 81)  # holds −1, 0 and 1
GROUND = loss(AXIS[None, :], AXIS[:, None])


@dataclass(frozen=True)
class Moment:
    """Where the descent is, and what the loss looks like from there.

    Attributes:
        way: All points so far, shape (n, 2).
        steps: Steps that were asked for.
        lr: Learning rate η.
        alpha: Length of the jump that is asked about.
        leap: How far of it is done.
    """

    way: Vector
    steps: int
    lr: float
    alpha: float
    leap: float = 0.0

    @property
    def here(self) -> Vector:
        """The point that is looked at, before any jump."""
        last: Vector = self.way[-1]
        return last

    @cached_property
    def bend(self) -> Curvature:
        """Eigenpairs of the Hessian here."""
        return curvature(self.here)

    @property
    def there(self) -> Vector:
        """Where the jump has got to."""
        return self.here + self.leap * self.bend.v_low

    @cached_property
    def slope(self) -> float:
        """The derivative of L along v₋; 0 at the saddle."""
        return float(gradient(self.here) @ self.bend.v_low)

    @property
    def true(self) -> float:
        """How much L changes by the jump of length α."""
        return float(change(self.here, self.bend.v_low, self.alpha))

    @property
    def promised(self) -> float:
        """What the second-order expansion says of it."""
        return float(expansion(self.slope, self.bend.low, self.alpha))


def figures(now: Moment) -> tuple[Figure, ...]:
    """Return the pictures of one moment in the order in which its story is told."""
    return _map(now), _losses(now), _along(now), _pairs(now), _worked(now)


def caption(now: Moment) -> str:
    """Return what this moment is."""
    done = len(now.way) - 1
    if done < now.steps and np.linalg.norm(now.here) > FAR:
        return f"ran away at step {done}: η = {now.lr:g} is too large for this start; try a smaller --lr"
    jumped = f", then a jump of {number(now.leap)} along v₋" if now.leap else ""
    return f"step {done} of {now.steps}{jumped}: L = {number(float(loss(*now.there)))}"


def inside(points: Vector) -> bool:
    """Return whether all points, shape (…, 2), lie on the map."""
    return bool((np.abs(points) <= EDGE).all())


def _map(now: Moment) -> Heatmap:
    """Return the loss from above, with the way so far and both eigenvectors."""
    seen = np.where(np.abs(now.way) <= EDGE, now.way, np.nan)
    x, y = minima(EDGE)
    paths = [Path(name="minima w₁w₂ = 1", x=x, y=y, ends=False)]
    paths += [Path(name="way of descent", x=seen[:, 0], y=seen[:, 1])]
    marks = [Mark(name="start", x=float(now.way[0, 0]), y=float(now.way[0, 1]))]
    if inside(now.here):
        paths += [_arrow(now, now.bend.v_low, f"v₋ with λ₋ = {_n(now.bend.low)}")]
        paths += [_arrow(now, now.bend.v_high, f"v₊ with λ₊ = {_n(now.bend.high)}")]
        marks.append(Mark(name="here", x=float(now.here[0]), y=float(now.here[1])))
    if now.leap and inside(now.there):
        ends = np.stack((now.here, now.there))
        paths.append(Path(name="jump", x=ends[:, 0], y=ends[:, 1]))
        marks.append(Mark(name="after the jump", x=float(now.there[0]), y=float(now.there[1])))
    return Heatmap(
        title="L = (1 − w₁w₂)² from above",
        caption=f"{caption(now)}. Here: {verdict(now.here)}.",
        values=GROUND,
        x=AXIS,
        y=AXIS,
        x_label="w₁",
        y_label="w₂",
        value_label="L",
        scale="symlog",
        contours=True,
        paths=tuple(paths),
        marks=tuple(marks),
    )


def _arrow(now: Moment, direction: Vector, name: str) -> Path:
    """Return a stroke of length 1 through the point, along an eigenvector."""
    ends = now.here + np.outer((-0.5, 0.5), direction)
    return Path(name=name, x=ends[:, 0], y=ends[:, 1], ends=False)


def _along(now: Moment) -> Lines:
    """Return L along v₋ beside its quadratic model, with the jump marked on both."""
    reach = max(1.5, abs(now.alpha))
    t = np.linspace(-reach, reach, 121)
    base, low = loss(*now.here), now.bend.low
    warning = "" if low < -STILL else " λ₋ is not negative here: no way down is promised."
    return Lines(
        title="L along v₋, from here",
        caption=f"A jump of α = {number(now.alpha)}: exact ΔL = {number(now.true)}, "
        f"the model α·gᵀv₋ + ½α²λ₋ says {number(now.promised)}.{warning}",
        series=(
            Series(name="true L", x=t, y=base + change(now.here, now.bend.v_low, t)),
            Series(name="quadratic model", x=t, y=base + expansion(now.slope, low, t)),
            Series(
                name=f"α = {_n(now.alpha)}",
                x=np.array([now.alpha]),
                y=np.array([base + now.true]),
                marks=True,
            ),
        ),
        x_label="distance along v₋",
        y_label="L",
    )


def _losses(now: Moment) -> Lines:
    """Return loss and gradient norm over the steps: at the saddle both lie still, and the loss is not small."""
    step = np.arange(len(now.way))
    slopes = np.linalg.norm(gradient(now.way), axis=-1)
    return Lines(
        title="Loss and slope, step by step",
        caption="A minimum has L = 0; the saddle has L = 1 and ‖g‖ = 0 as well.",
        series=(
            Series(name="L", x=step, y=loss(*now.way.T)),
            Series(name="‖g‖", x=step, y=slopes),
        ),
        x_label="step",
        y_label="L, ‖g‖",
        levels=((1.0, "saddle"),),
    )


def _worked(now: Moment) -> Steps:
    """Return the computation here, with the numbers put in."""
    a, b = (_n(part, inner=True) for part in now.here)
    (h11, h12), (_, h22) = ([_n(part) for part in row] for row in hessian(now.here))
    slope, bend, base = gradient(now.here), now.bend, float(loss(*now.here))
    at, low = _n(now.alpha, inner=True), _n(bend.low, inner=True)
    lines = (
        f"L = (1 − w₁w₂)² = (1 − {a}·{b})² = {_n(base)}",
        f"g = −2(1 − w₁w₂)·(w₂, w₁) = {_pair(slope)}, ‖g‖ = {_n(float(np.linalg.norm(slope)))}",
        f"H = [[2w₂², 4w₁w₂−2], [4w₁w₂−2, 2w₁²]] = [[{h11}, {h12}], [{h12}, {h22}]]",
        f"λ = w₁²+w₂² ± √((w₁²−w₂²)² + (4w₁w₂−2)²) = {_n(bend.low)}, {_n(bend.high)}",
        f"v₋ = {_pair(bend.v_low)}, v₋ᵀHv₋ = +λ₋‖v₋‖² = {_n(bend.low)}",
        f"ΔL ≈ α·gᵀv₋ + ½α²λ₋ = {at}·{_n(now.slope, inner=True)} + ½·{at}²·{low} = {_n(now.promised)}",
        f"ΔL = L(w + αv₋) − L(w) = {_n(base + now.true)} − {_n(base)} = {_n(now.true)}",
    )
    notes = ("", "", "", verdict(now.here), "", "model", "exact")
    return written(
        *zip(lines, notes, strict=True),
        title="Worked out, here",
        caption="Where you read vᵀHv = −λ‖v‖²: the sign is plus. The loss falls because λ₋ itself is negative.",
    )


def _n(value: float, *, inner: bool = False) -> str:
    """Return a number for a formula, round-off as 0; a negative one in parentheses where it is ``inner``."""
    text = number(value if abs(value) > TINY else 0.0)
    return f"({text})" if inner and text.startswith("−") else text


def _pair(vector: Vector) -> str:
    """Return two components for a formula."""
    return f"({', '.join(_n(float(part)) for part in vector)})"


def _pairs(now: Moment) -> Table:
    """Return both eigenpairs here, and what each means for someone who stands there."""
    bend = now.bend
    return Table(
        title="Eigenpairs of the Hessian, here",
        columns=("pair", "λ", "v: w₁", "v: w₂", "the loss bends"),
        rows=(
            ("v₋", bend.low, float(bend.v_low[0]), float(bend.v_low[1]), _bends(bend.low)),
            ("v₊", bend.high, float(bend.v_high[0]), float(bend.v_high[1]), _bends(bend.high)),
        ),
    )


def _bends(value: float) -> str:
    """Return what an eigenvalue says."""
    if abs(value) < STILL:
        return "not at all: flat"
    return "up: a wall on both sides" if value > 0 else "down: a way out on both sides"
