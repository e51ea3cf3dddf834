"""A loss that stands still while its gradient stays long."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

import numpy as np

from dltui.descent.plain import Gradient
from dltui.descent.surfaces import ravine
from dltui.descent.walk import Walk, walk
from dltui.figures import Heatmap, Lines, Mark, Path, Series, Steps, Table, number
from dltui.lab import Frame, Number, Slider, exhibit, near
from dltui.lab.geometry.maps import named_ends
from dltui.lab.written import written

FRAMES = 20
TOLD = (0, 1, 2, 5, 10, 20, 50, 100, 199)


def contraction(kappa: float, lr: float) -> tuple[float, float]:
    """Return what a step multiplies x and y by: 1 − η and 1 − ηκ."""
    return 1 - lr, 1 - lr * kappa


def best_rate(kappa: float) -> float:
    """Return η = 2/(λ_max + λ_min), at which both shrink alike."""
    return 2 / (kappa + 1)


@exhibit(
    "ill-conditioned-stall",
    family="geometry",
    covers=("000a:stall-vs-gradnorm", "000a:grad-norm", "000a:ill-conditioning"),
    kin={
        "dltui lab run feature-scale-valley": "how data make such a valley, and how to undo it",
        "dltui lab run newton-step": "one step, whatever the condition number",
        "dltui gradients MODEL": "the gradient norm of a network of your own, by layer",
    },
    sources=("Goodfellow, Bengio, Courville 2016, ch. 8.2.1", "Nesterov 2004, thm. 2.1.15"),
)
def ill_conditioned_stall(
    kappa: Annotated[float, Slider(1, 1000, log=True, help="condition number κ")] = 100.0,
    lr: Annotated[float, Slider(0.0005, 1, log=True, help="learning rate η")] = 0.02,
    x: Annotated[float, Slider(-10, 10, step=0.5, help="start along the floor")] = -10.0,
    y: Annotated[float, Slider(-1.5, 1.5, step=0.1, help="start up the wall")] = 1.0,
    steps: Annotated[int, Slider(1, 1000, help="steps of descent")] = 199,
) -> Iterator[Frame]:
    """Loss and gradient norm of a descent in a narrow valley, on one axis of steps.

    Try: --lr 0.0198 settles on the wall; --kappa 1 --lr 1 is done in one step; --lr 0.021 runs away.
    Notice: the loss hardly falls any more and ‖g‖ stays at 100: a loss that stands still is no sign that the gradient
    is 0. Nearly all of it points at the wall, across the way to go.

    L = ½(x² + κy²), with eigenvalues 1 and κ; their ratio is the condition number. g = (x, κy), and a step multiplies x
    by 1 − η and y by 1 − ηκ. At η = 2/κ that is 1 − 2/κ along the floor and −1 across: from wall to wall for ever. The
    best rate η = 2/(κ + 1) shrinks both by (κ − 1)/(κ + 1) a step.

    ‖g‖ is the root of the sum of squares of all partial derivatives; 0 would be a critical point, ∞ or NaN a run that
    is lost.
    """
    way = walk(ravine(kappa), Gradient(lr=lr), (x, y), steps)
    for k in range(FRAMES + 1):
        yield _frame(way, kappa, lr, min(way.steps, round(steps * k / FRAMES)), steps)


def _frame(way: Walk, kappa: float, lr: float, last: int, steps: int) -> Frame:
    """Return pictures and numbers after so many steps."""
    points, values = way.points[: last + 1], way.values[: last + 1]
    norms = np.linalg.norm(points * (1.0, kappa), axis=-1)
    along, across = contraction(kappa, lr)
    numbers: dict[str, Number] = {
        "step": last,
        "loss": float(values[-1]),
        "gradient_norm": float(norms[-1]),
        "w": points[-1].tolist(),
        "factor_x": along,
        "factor_y": across,
        "best_rate": best_rate(kappa),
        "best_factor": (kappa - 1) / (kappa + 1),
        "ended": way.ended if last == way.steps else "",
    }
    ended = f"; {way.ended}" if numbers["ended"] else ""
    return Frame(
        figures=(
            _loss(values),
            _norm(norms),
            _map(way, kappa, last),
            _worked(points[-1], kappa, lr),
            _table(points, values, norms, kappa),
        ),
        numbers=numbers,
        caption=f"step {last} of {steps}: L = {number(float(values[-1]))}, ‖g‖ = {number(float(norms[-1]))}{ended}",
        total=FRAMES + 1,
    )


def _loss(values: np.ndarray) -> Lines:
    """Return the loss over the steps."""
    return Lines(
        title="Loss",
        series=(Series(name="L", x=np.arange(float(len(values))), y=values),),
        x_label="step",
        y_label="L",
        y_scale="linear" if values.max() < 1e3 * max(values.min(), 1e-300) else "symlog",
    )


def _norm(norms: np.ndarray) -> Lines:
    """Return the gradient norm over the steps, from 0 up so that its size is seen."""
    steps = np.arange(float(len(norms)))
    return Lines(
        title="Gradient norm",
        series=(
            Series(name="‖g‖", x=steps, y=norms),
            Series(name="a critical point has 0", x=steps, y=0 * norms),
        ),
        x_label="step",
        y_label="‖g‖",
        y_scale="linear" if norms.max() < 1e4 else "symlog",
    )


def _map(way: Walk, kappa: float, last: int) -> Heatmap:
    """Return the valley from above."""
    ground = ravine(kappa)
    across, up = ground.axes(61)
    seen = ground.inside(way.points[: last + 1])
    return Heatmap(
        title=f"L = {ground.formula} from above",
        values=ground.ground(61),
        x=across,
        y=up,
        x_label="x",
        y_label="y",
        value_label="L",
        scale="symlog",
        contours=True,
        paths=(Path(name="descent", x=seen[:, 0], y=seen[:, 1]),),
        marks=(*named_ends(seen), Mark(name="minimum", x=0.0, y=0.0)),
    )


def _worked(here: np.ndarray, kappa: float, lr: float) -> Steps:
    """Return loss, slope and the next step with the numbers put in."""
    x, y = (float(part) for part in here)
    a, b, k, eta = (number(one) for one in (x, y, kappa, lr))
    along, across = 1 - lr, 1 - lr * kappa
    return written(
        (f"L = ½(x² + κy²) = ½(({a})² + {k}·({b})²) = {number((x**2 + kappa * y**2) / 2)}", "the loss here"),
        (
            f"‖g‖ = √(x² + κ²y²) = {number(float(np.hypot(x, kappa * y)))}",
            f"g = (x, κy) = ({a}, {number(kappa * y)})",
        ),
        (f"x ← (1 − η)x = {number(along)}·({a}) = {number(along * x)}", f"η = {eta}: along the valley"),
        (f"y ← (1 − ηκ)y = ({number(across)})·({b}) = {number(across * y)}", "from wall to wall"),
        (f"best: η = 2/(κ + 1) = {number(best_rate(kappa))}, factor {number((kappa - 1) / (kappa + 1))}", ""),
    )


def _table(points: np.ndarray, values: np.ndarray, norms: np.ndarray, kappa: float) -> Table:
    """Return some steps in numbers."""
    rows = [
        (
            k, float(points[k, 0]), float(points[k, 1]), float(values[k]), float(norms[k]),
            f"{100 * (kappa * points[k, 1] / norms[k]) ** 2:.1f} %" if norms[k] > 0 else "none",
        )
        for k in TOLD if k < len(points)
    ]  # fmt: skip
    return Table(
        title="Step by step",
        caption="across: the share of ‖g‖² that points at the wall",
        columns=("step", "x", "y", "L", "‖g‖", "across"),
        rows=tuple(rows),
    )


@ill_conditioned_stall.check
def stall_of_the_notes() -> None:
    """κ = 100, η = .02 from (−10, 1): L 100, 98.02, 56.63, 50.88, 50.016 while ‖g‖ is 100.5 … 100.0 (notes 000a)."""
    for steps, loss in ((1, 98.02), (50, 56.63), (100, 50.88), (199, 50.016)):
        near(f"loss after {steps}", ill_conditioned_stall.last(steps=steps).numbers["loss"], loss, 1e-4)
    first = next(iter(ill_conditioned_stall())).numbers
    near("first loss", first["loss"], 100)
    near("first ‖g‖", first["gradient_norm"], 100.4988, 1e-5)
    near("last ‖g‖", ill_conditioned_stall.last().numbers["gradient_norm"], 100.0, 1e-4)


@ill_conditioned_stall.check
def shrinks_as_the_theory_says() -> None:
    """At η = 2/(κ + 1) each step measured takes (κ − 1)/(κ + 1) of the distance, for κ = 2, 10, 100 (notes 000a)."""
    for kappa in (2.0, 10.0, 100.0):
        way = walk(ravine(kappa), Gradient(lr=best_rate(kappa)), (-10.0, 1.0), 20)
        distance = np.linalg.norm(way.points, axis=-1)
        near(f"κ = {kappa}", distance[1:] / distance[:-1], np.full(20, (kappa - 1) / (kappa + 1)), 1e-9)
        near(
            "told",
            ill_conditioned_stall.last(kappa=kappa).numbers["best_factor"],
            (kappa - 1) / (kappa + 1),
            1e-12,
        )


@ill_conditioned_stall.check
def norm_like_torch() -> None:
    """‖g‖ is torch's root of the sum of squared partial derivatives, after 7 steps, to 1e-9."""
    import torch

    w = torch.tensor([-10.0, 1.0], dtype=torch.float64, requires_grad=True)
    optimizer = torch.optim.SGD([w], 0.013)
    for _ in range(8):
        optimizer.zero_grad()
        (0.5 * (w[0] ** 2 + 60 * w[1] ** 2)).backward()  # type: ignore[no-untyped-call]
        norm = torch.nn.utils.get_total_norm([w.grad]) if w.grad is not None else torch.zeros(())
        optimizer.step()
    near(
        "‖g‖",
        ill_conditioned_stall.last(kappa=60, lr=0.013, steps=7).numbers["gradient_norm"],
        norm.item(),
        1e-9,
    )
