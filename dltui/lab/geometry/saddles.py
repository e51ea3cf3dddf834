"""Saddles: where the gradient vanishes and a way down is left."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Annotated

import numpy as np
from numpy.typing import ArrayLike

from dltui.figures import Figure, Heatmap, Lines, Mark, Path, Series, Step, Steps, Table, number
from dltui.lab import Choice, Frame, Number, Slider, exhibit, near
from dltui.lab.geometry.two_weights import FAR, Curvature, Vector, curvature, descend, gradient, hessian, loss

EDGE = 2.0  # the map shows −2 … 2 in both weights
MOMENTS = 40  # frames of a longer run
STILL = 1e-3  # a gradient shorter than this counts as zero, a curvature as flat
TINY = 1e-9  # shown as 0


@exhibit(
    "two-weight-saddle",
    family="geometry",
    covers=("000a:two-weight-net", "000a:saddle-escape", "003:saddle", "003:hessian-escape"),
    kin={
        "dltui hessian MODEL": "your own model's eigenvalues: a negative one is a way out",
        "dltui landscape MODEL": "scan the loss around your own model",
    },
    sources=("Dauphin et al. 2014, arXiv:1406.2572", "Goodfellow, Bengio, Courville 2016, ch. 8.2.3"),
)
def two_weight_saddle(
    mode: Annotated[
        str, Choice("descend", "escape", help="descend, or descend and then jump along v₋")
    ] = "descend",
    w1: Annotated[float, Slider(-2, 2, step=0.05, help="start w₁")] = 1.2,
    w2: Annotated[float, Slider(-2, 2, step=0.05, help="start w₂")] = -1.2,
    steps: Annotated[int, Slider(0, 500, help="steps of gradient descent")] = 40,
    lr: Annotated[float, Slider(0.001, 1, log=True, help="learning rate η")] = 0.1,
    noise: Annotated[float, Slider(0, 1, step=0.01, help="std σ of the gradient noise")] = 0.0,
    alpha: Annotated[
        float, Slider(-2, 2, step=0.05, help="length α of the jump along v₋ (mode escape)")
    ] = 1.0,
    seed: Annotated[int, Slider(0, 9999, help="seed of the noise")] = 0,
) -> Iterator[Frame]:
    """Gradient descent on L = (1 − w₁w₂)² stops at the saddle in the middle, though lower ground is near.

    Try: --mode escape jumps out along v₋; --noise 0.05 nudges it out; --w2 -1.1 passes the saddle by, slowly;
    --steps 500 alone does not help.
    Notice: where it stops the slope ‖g‖ is 0, as at a minimum, and only the Hessian tells them apart: its eigenvalue
    λ₋ is negative, and along v₋ the loss falls, forwards and backwards alike.

    A net with two weights, ŷ = w₁·w₂·x, shall turn x = 1 into 1. All its minima lie on the hyperbola w₁w₂ = 1.
    At the origin g = 0 and H = [[0, −2], [−2, 0]] with the eigenvalues −2, along (1, 1)/√2, and +2, along
    (1, −1)/√2: a saddle. A start with w₁ = −w₂ runs straight into it and stays.

    Escape: near a point L(w + αv) ≈ L(w) + α·gᵀv + ½α²·vᵀHv. Where g = 0 and v = v₋ is a unit eigenvector of a
    negative eigenvalue, vᵀHv = λ₋‖v‖² = λ₋, so ΔL ≈ ½α²λ₋ < 0 for either sign of α.

    What is right where notes differ: some write uᵀHu = −λ‖u‖². It is +λ‖u‖², with the factor ½ in the expansion;
    the loss falls because λ itself is negative. The model holds for small steps only: at the origin it promises
    −1 for α = 1, and the loss falls by 0.75.
    """
    way = descend((w1, w2), lr, steps, noise, seed)
    ground = _ground()
    leaps = np.linspace(0, alpha, 11)[1:] if mode == "escape" and _inside(way[-1]) else np.empty(0)
    moments = np.unique(np.linspace(0, len(way) - 1, min(len(way), MOMENTS)).astype(int))
    total = len(moments) + len(leaps)
    for last in moments:
        yield _frame(_Moment(way[: last + 1], steps, lr, alpha), ground, total)
    for leap in leaps:
        yield _frame(_Moment(way, steps, lr, alpha, float(leap)), ground, total)


@dataclass(frozen=True)
class _Moment:
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

    def exact(self, length: ArrayLike) -> Vector:
        """Return the true change of L after a step of some length along v₋."""
        w1, w2 = self.here[:, None] + np.outer(self.bend.v_low, np.atleast_1d(length))
        return loss(w1, w2) - loss(*self.here)

    def model(self, length: ArrayLike) -> Vector:
        """Return what the second-order expansion promises: α·gᵀv₋ + ½α²λ₋."""
        far = np.atleast_1d(np.asarray(length, dtype=np.float64))
        return far * self.slope + 0.5 * far**2 * self.bend.low

    @property
    def verdict(self) -> str:
        """What kind of point this is, in words."""
        return _verdict(self.here, self.bend)


def _verdict(here: Vector, bend: Curvature) -> str:
    """Return what gradient and eigenvalues say of a point."""
    if bend.low < -STILL:
        return "saddle" if np.linalg.norm(gradient(here)) < STILL else "slope, bent down along v₋"
    flat = np.linalg.norm(gradient(here)) < STILL
    return "valley of minima, flat along v₋" if flat else "slope, bent down nowhere"


def _frame(now: _Moment, ground: Vector, total: int) -> Frame:
    """Return pictures and numbers of one moment."""
    figures: tuple[Figure, ...] = (_map(now, ground), _losses(now), _along(now), _pairs(now), _worked(now))
    return Frame(figures=figures, numbers=_numbers(now), caption=_caption(now), total=total)


def _caption(now: _Moment) -> str:
    """Return what this moment is."""
    done = len(now.way) - 1
    if done < now.steps and np.linalg.norm(now.here) > FAR:
        return f"ran away at step {done}: η = {now.lr:g} is too large for this start; try a smaller --lr"
    jumped = f", then a jump of {number(now.leap)} along v₋" if now.leap else ""
    return f"step {done} of {now.steps}{jumped}: L = {number(float(loss(*now.there)))}"


def _numbers(now: _Moment) -> dict[str, Number]:
    """Return what ``--json`` tells of one moment."""
    slope, bend = gradient(now.here), now.bend
    return {
        "step": len(now.way) - 1,
        "w": now.here.tolist(),
        "loss": float(loss(*now.here)),
        "gradient": slope.tolist(),
        "gradient_norm": float(np.linalg.norm(slope)),
        "hessian": hessian(now.here).tolist(),
        "eigenvalues": [bend.low, bend.high],
        "v_minus": bend.v_low.tolist(),
        "v_plus": bend.v_high.tolist(),
        "alpha": now.alpha,
        "delta_exact": float(now.exact(now.alpha)[0]),
        "delta_model": float(now.model(now.alpha)[0]),
        "w_after": now.there.tolist(),
        "loss_after": float(loss(*now.there)),
        "verdict": now.verdict,
    }


def _ground() -> Vector:
    """Return L over the map, shape (81, 81)."""
    axis = _axis()
    return loss(axis[None, :], axis[:, None])


def _axis() -> Vector:
    """Return the grid of either weight; it holds −1, 0 and 1."""
    return np.linspace(-EDGE, EDGE, 81)


def _inside(points: Vector) -> bool:
    """Return whether all points, shape (…, 2), lie on the map."""
    return bool((np.abs(points) <= EDGE).all())


def _map(now: _Moment, ground: Vector) -> Heatmap:
    """Return the loss from above, with the way so far and both eigenvectors."""
    seen = np.where(np.abs(now.way) <= EDGE, now.way, np.nan)
    paths = [_minima(), Path(name="way of descent", x=seen[:, 0], y=seen[:, 1])]
    marks = [Mark(name="start", x=float(now.way[0, 0]), y=float(now.way[0, 1]))]
    if _inside(now.here):
        paths += [_arrow(now, now.bend.v_low, f"v₋ with λ₋ = {_n(now.bend.low)}")]
        paths += [_arrow(now, now.bend.v_high, f"v₊ with λ₊ = {_n(now.bend.high)}")]
        marks.append(Mark(name="here", x=float(now.here[0]), y=float(now.here[1])))
    if now.leap and _inside(now.there):
        marks.append(Mark(name="after the jump", x=float(now.there[0]), y=float(now.there[1])))
    return Heatmap(
        title="L = (1 − w₁w₂)² from above",
        caption=f"{_caption(now)}. Here: {now.verdict}.",
        values=ground,
        x=_axis(),
        y=_axis(),
        x_label="w₁",
        y_label="w₂",
        value_label="L",
        scale="symlog",
        contours=True,
        paths=tuple(paths),
        marks=tuple(marks),
    )


def _minima() -> Path:
    """Return the hyperbola of minima, both branches with a gap between."""
    branch = np.linspace(1 / EDGE, EDGE, 40)
    x = np.concatenate((-branch, (np.nan,), branch))
    return Path(name="minima w₁w₂ = 1", x=x, y=1 / x)


def _arrow(now: _Moment, direction: Vector, name: str) -> Path:
    """Return a stroke of length 1 through the point, along an eigenvector."""
    ends = now.here + np.outer((-0.5, 0.5), direction)
    return Path(name=name, x=ends[:, 0], y=ends[:, 1])


def _along(now: _Moment) -> Lines:
    """Return L along v₋ beside its quadratic model, with the jump marked on both."""
    reach = max(1.5, abs(now.alpha))
    t = np.linspace(-reach, reach, 121)
    base, at = float(loss(*now.here)), np.array([now.alpha])
    warning = "" if now.bend.low < -STILL else " λ₋ is not negative here: no way down is promised."
    return Lines(
        title="L along v₋, from here",
        caption=f"A jump of α = {number(now.alpha)}: exact ΔL = {number(float(now.exact(at)[0]))}, "
        f"the model α·gᵀv₋ + ½α²λ₋ says {number(float(now.model(at)[0]))}.{warning}",
        series=(
            Series(name="true L", x=t, y=base + now.exact(t)),
            Series(name="quadratic model", x=t, y=base + now.model(t)),
            Series(name=f"α = {_n(now.alpha)}", x=at, y=base + now.exact(at), marks=True),
        ),
        x_label="distance along v₋",
        y_label="L",
    )


def _losses(now: _Moment) -> Lines:
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


def _worked(now: _Moment) -> Steps:
    """Return the computation here, with the numbers put in."""
    a, b = (_n(part, inner=True) for part in now.here)
    (h11, h12), (_, h22) = ([_n(part) for part in row] for row in hessian(now.here))
    slope, bend, base = gradient(now.here), now.bend, float(loss(*now.here))
    model, exact = float(now.model(now.alpha)[0]), float(now.exact(now.alpha)[0])
    at, low = _n(now.alpha, inner=True), _n(bend.low, inner=True)
    lines = (
        f"L = (1 − w₁w₂)² = (1 − {a}·{b})² = {_n(base)}",
        f"g = −2(1 − w₁w₂)·(w₂, w₁) = {_pair(slope)}, ‖g‖ = {_n(float(np.linalg.norm(slope)))}",
        f"H = [[2w₂², 4w₁w₂−2], [4w₁w₂−2, 2w₁²]] = [[{h11}, {h12}], [{h12}, {h22}]]",
        f"λ = w₁²+w₂² ± √((w₁²−w₂²)² + (4w₁w₂−2)²) = {_n(bend.low)}, {_n(bend.high)}",
        f"v₋ = {_pair(bend.v_low)}, v₋ᵀHv₋ = +λ₋‖v₋‖² = {_n(bend.low)}",
        f"ΔL ≈ α·gᵀv₋ + ½α²λ₋ = {at}·{_n(now.slope, inner=True)} + ½·{at}²·{low} = {_n(model)}",
        f"ΔL = L(w + αv₋) − L(w) = {_n(base + exact)} − {_n(base)} = {_n(exact)}",
    )
    notes = ("", "", "", now.verdict, "", "model", "exact")
    return Steps(
        title="Worked out, here",
        caption="Where you read vᵀHv = −λ‖v‖²: the sign is plus. The loss falls because λ₋ itself is negative.",
        steps=tuple(Step(formula=line, note=note) for line, note in zip(lines, notes, strict=True)),
    )


def _n(value: float, *, inner: bool = False) -> str:
    """Return a number for a formula, round-off as 0; a negative one in parentheses where it is ``inner``."""
    text = number(value if abs(value) > TINY else 0.0)
    return f"({text})" if inner and text.startswith("−") else text


def _pair(vector: Vector) -> str:
    """Return two components for a formula."""
    return f"({', '.join(_n(float(part)) for part in vector)})"


def _pairs(now: _Moment) -> Table:
    """Return both eigenpairs here, and what each means for someone who stands there."""
    bend = now.bend
    return Table(
        title="Eigenpairs of the Hessian, here",
        columns=("", "λ", "v: w₁", "v: w₂", "the loss bends"),
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


def _last(**knobs: float | str) -> dict[str, Number]:
    """Return the numbers of the last frame of a run, as the exhibit shows them."""
    *_, frame = two_weight_saddle(**knobs)
    return dict(frame.numbers)


@two_weight_saddle.check
def origin_is_a_saddle() -> None:
    """Gradient 0 and H = [[0, −2], [−2, 0]] with λ = −2, 2 at the origin (notes 003, W25)."""
    shown = _last(w1=0, w2=0, steps=0)
    near("g", shown["gradient"], (0, 0))
    near("H", shown["hessian"], ((0, -2), (-2, 0)))
    near("λ", shown["eigenvalues"], (-2, 2), 1e-12)
    near("v₋", shown["v_minus"], np.ones(2) / np.sqrt(2), 1e-12)
    assert shown["verdict"] == "saddle", f"the origin is called {shown['verdict']!r}, not a saddle"


@two_weight_saddle.check
def escape_from_the_origin() -> None:
    """ΔL along ±v₋ for α = 0.1, 0.5, 1: model −0.01, −0.25, −1; exact −0.009975, −0.234375, −0.75 (notes 000a)."""
    for alpha, model, exact in ((0.1, -0.01, -0.009975), (0.5, -0.25, -0.234375), (1.0, -1.0, -0.75)):
        for sign in (1, -1):
            shown = _last(mode="escape", w1=0, w2=0, alpha=sign * alpha)
            near(f"model ΔL at α = {sign * alpha}", shown["delta_model"], model, 1e-12)
            near(f"exact ΔL at α = {sign * alpha}", shown["delta_exact"], exact, 1e-12)
            near(f"L after α = {sign * alpha}", shown["loss_after"], 1 + exact, 1e-12)


@two_weight_saddle.check
def loss_along_v() -> None:
    """L along (1, 1)/√2 is 0.990025, 0.25, 0 at 0.1, 1, √2; along (1, −1)/√2 it is 2.25 at 1 (notes 003, W25)."""
    for alpha, known in ((0.1, 0.990025), (1.0, 0.25), (np.sqrt(2), 0.0)):
        near(f"L at {alpha:.3g}", _last(mode="escape", w1=0, w2=0, alpha=alpha)["loss_after"], known, 1e-12)
    across = curvature(np.zeros(2)).v_high
    near("L at 1 along v₊", loss(*across), 2.25, 1e-12)


@two_weight_saddle.check
def valley_and_slope() -> None:
    """λ at (1, 1): 0, 4; at (2, ½) and (½, 2): 0, 8.5; at (½, ½): −0.5, 1.5 with L 0.5625 and g (−0.75, −0.75)."""
    for w1, w2, low, high in ((1, 1, 0, 4), (2, 0.5, 0, 8.5), (0.5, 2, 0, 8.5), (0.5, 0.5, -0.5, 1.5)):
        near(f"λ at ({w1}, {w2})", _last(w1=w1, w2=w2, steps=0)["eigenvalues"], (low, high), 1e-12)
    half = _last(w1=0.5, w2=0.5, steps=0)
    near("L at (½, ½)", half["loss"], 0.5625)
    near("g at (½, ½)", half["gradient"], (-0.75, -0.75))


@two_weight_saddle.check
def descent_from_four_starts() -> None:
    """η = 0.1: (0, 0) stays; (.001, .001) reaches (1, 1) in 52 steps; (1, −1), (.3, −.3) end in the saddle (D16)."""
    near("end from (0, 0)", _last(w1=0, w2=0, lr=0.1, steps=200)["w"], (0, 0))
    near("end from (.001, .001)", _last(w1=0.001, w2=0.001, lr=0.1, steps=200)["w"], (1, 1), 1e-6)
    way = descend((0.001, 0.001), lr=0.1, steps=200)
    assert int(np.argmax(loss(*way.T) < 1e-6)) == 52, "from (.001, .001) L < 1e-6 is not reached at step 52"
    for start in (1.0, 0.3):
        near(
            f"end from ({start}, −{start})", _last(w1=start, w2=-start, lr=0.1, steps=200)["w"], (0, 0), 1e-9
        )


@two_weight_saddle.check
def derivatives_by_autograd() -> None:
    """The gradient and H at twenty random points against torch.autograd, to 1e-12."""
    import torch

    for point in np.random.default_rng(0).uniform(-EDGE, EDGE, (20, 2)):
        w = torch.tensor(point, requires_grad=True)
        (slope,) = torch.autograd.grad((1 - w[0] * w[1]) ** 2, w, create_graph=True)
        rows = [torch.autograd.grad(part, w, retain_graph=True)[0].numpy() for part in slope]
        near("g", gradient(point), slope.detach().numpy(), 1e-12)
        near("H", hessian(point), rows, 1e-12)


@two_weight_saddle.check
def derivatives_by_differences() -> None:
    """The gradient and H at twenty random points against central differences, h = 1e-5, to 1e-6."""
    h = 1e-5
    for point in np.random.default_rng(1).uniform(-EDGE, EDGE, (20, 2)):
        ends = [(point + h * e, point - h * e) for e in np.eye(2)]
        near("g", gradient(point), [(loss(*a) - loss(*b)) / (2 * h) for a, b in ends], 1e-6)
        near("H", hessian(point), [(gradient(a) - gradient(b)) / (2 * h) for a, b in ends], 1e-6)


@two_weight_saddle.check
def descent_like_torch() -> None:
    """Forty steps of descent against torch.optim.SGD on the same loss, to 1e-12."""
    import torch

    w = torch.tensor([1.2, -1.15], dtype=torch.float64, requires_grad=True)
    optimiser = torch.optim.SGD([w], lr=0.05)
    for _ in range(40):
        optimiser.zero_grad()
        ((1 - w[0] * w[1]) ** 2).backward()  # type: ignore[no-untyped-call]
        optimiser.step()
    near("w after 40 steps", _last(w1=1.2, w2=-1.15, lr=0.05, steps=40)["w"], w.detach().numpy(), 1e-12)
