"""Second-order steps: Newton, saddle-free Newton and L-BFGS beside plain descent."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Annotated

import numpy as np
from numpy.typing import NDArray

from dltui.descent.curved import Lbfgs, Newton, SaddleFree
from dltui.descent.plain import Gradient
from dltui.descent.rule import Rule
from dltui.descent.surface import Surface
from dltui.descent.surfaces import SURFACES, quadratic
from dltui.descent.walk import Walk, walk
from dltui.figures import Cell, Heatmap, Lines, Mark, Path, Series, Step, Steps, Table, number
from dltui.lab import Choice, Frame, Number, Slider, exhibit, near
from dltui.lab.optimisers.maps import pair, signed, weights

Array = NDArray[np.float64]

SHOWN = ("two-weights", "ravine", "saddle", "valley", "himmelblau")
SADDLED = ("two-weights", "saddle")  # these have a saddle at the origin
TINY = 1e-12  # a slope or a curvature below this counts as 0
ROWS = 9  # steps in the table


def rules(lr: float) -> dict[str, Rule]:
    """Return the four that are compared, by name."""
    return {
        "Newton": Newton(),
        "saddle-free": SaddleFree(),
        "L-BFGS": Lbfgs(),
        "descent": Gradient(lr=lr),
    }


def verdict(surface: Surface, place: Array) -> str:
    """Return what slope and eigenvalues say of a place."""
    low, high = np.linalg.eigvalsh(surface.hessian(place))
    if np.linalg.norm(surface.gradient(place)) > 1e-4:
        return "on the way"
    if low < -TINY:
        return "saddle" if high > TINY else "maximum"
    return "minimum" if low > TINY else "flat minimum"


@exhibit(
    "newton-step",
    family="optimisers",
    covers=("000a:newton", "000a:lbfgs", "001:newton-opt"),
    kin={
        "dltui lab run optimiser-race": "rules that know only the gradient",
        "dltui lab run newton-root": "the same idea on one number: a root of f",
        "dltui lab run ill-conditioned-stall": "the valley that plain descent cannot leave",
        "dltui lab run feature-scale-valley": "scaling the data instead of the step",
        "dltui lab run two-weight-saddle": "the saddle, and the way out along v₋",
        "dltui hessian MODEL": "the curvature of a network of your own",
    },
    sources=("Dauphin et al. 2014, arXiv:1406.2572", "Nocedal and Wright 2006, ch. 3 and 7"),
)
def newton_step(
    surface: Annotated[str, Choice(*SHOWN, help="surface that is descended")] = "two-weights",
    x: Annotated[float, Slider(-2, 2, step=0.1, help="start, first weight")] = 0.1,
    y: Annotated[float, Slider(-2, 2, step=0.1, help="start, second weight")] = 0.2,
    lr: Annotated[float, Slider(0.0001, 0.5, log=True, help="learning rate η of plain descent")] = 0.05,
    steps: Annotated[int, Slider(1, 60, help="steps of all four")] = 12,
) -> Iterator[Frame]:
    """Newton, saddle-free Newton, L-BFGS and plain descent on one contour, with the signs of the Hessian.

    Try: --surface ravine --lr 0.019: Newton is there in one step; --x 1.2 --y 0.5 starts where it is right; --surface
    valley.
    Notice: from near the saddle Newton goes into it, in three steps; divided by |λ| instead of λ it goes down; and
    L-BFGS guesses curvature from its own steps, without a Hessian.

    The second-order expansion L + gᵀΔ + ½ΔᵀHΔ has its one critical point at Δ = −H⁻¹g, and Newton steps there: a large
    step where it is flat, a small one where it is steep, and one step on any quadratic.

    What is right where notes differ: it is not said that this point is a minimum, and Newton does not escape saddles.
    Along an eigenvector of λ < 0 it divides by a negative number and climbs: where H is not positive definite it is
    drawn to the saddle. Saddle-free Newton takes |H| = V|Λ|Vᵀ. A real network has too many weights for H, and uses
    products H·v or what L-BFGS keeps: a few pairs of step and change of slope.
    """
    ground = SURFACES[surface]()
    walks = {name: walk(ground, rule, (x, y), steps) for name, rule in rules(lr).items()}
    for last in range(steps + 1):
        yield _frame(ground, walks, last, steps)


def _frame(ground: Surface, walks: dict[str, Walk], last: int, steps: int) -> Frame:
    """Return pictures and numbers after so many steps."""
    ends = {name: one.points[min(last, one.steps)] for name, one in walks.items()}
    numbers: dict[str, Number] = {"step": last}
    for name, end in ends.items():
        key = name.lower().replace("-", "_")
        numbers |= {
            f"{key}_w": [_plain(float(one)) for one in end],
            f"{key}_loss": float(ground.value(end)),
            f"{key}_gradient_norm": float(np.linalg.norm(ground.gradient(end))),
            f"{key}_eigenvalues": [_plain(float(one)) for one in np.linalg.eigvalsh(ground.hessian(end))],
            f"{key}_verdict": verdict(ground, end),
        }
    return Frame(
        figures=(
            _map(ground, walks, last),
            _losses(walks, last),
            _worked(ground, walks["Newton"], last),
            _ends(ground, ends, walks, last),
            _trace(ground, walks["Newton"], last),
        ),
        numbers=numbers,
        caption=f"step {last}, L: "
        + ", ".join(
            f"{name} {number(float(ground.value(end)), 2)}" for name, end in ends.items() if name != "descent"
        ),
        total=steps + 1,
    )


def _map(ground: Surface, walks: dict[str, Walk], last: int) -> Heatmap:
    """Return the surface from above with four ways, and where the Hessian has a negative eigenvalue."""
    across, up = ground.axes(61)
    places = np.stack(np.meshgrid(across, up), -1)
    bent = np.linalg.eigvalsh(ground.hessian(places))[..., 0] < 0
    paths = []
    for name, one in walks.items():
        seen = ground.inside(one.points[: last + 1])
        paths.append(Path(name=name, x=seen[:, 0], y=seen[:, 1]))
    marks = (
        [Mark(name="start", x=float(seen[0, 0]), y=float(seen[0, 1]))] if np.isfinite(seen[0]).all() else []
    )
    if ground.name in SADDLED:
        marks.append(Mark(name="saddle", x=0.0, y=0.0))
    marks += [Mark(name="minimum", x=spot[0], y=spot[1]) for spot in ground.minima]
    values = ground.ground(61)
    return Heatmap(
        title=f"From above: L = {ground.formula}",
        caption=f"λ₋ < 0 on {bent.mean():.0%} of this map: there Newton climbs along v₋",
        values=values,
        x=across,
        y=up,
        x_label=weights(ground)[0],
        y_label=weights(ground)[1],
        value_label="L",
        scale="symlog",
        contours=True,
        paths=tuple(paths),
        marks=tuple(marks),
    )


def _losses(walks: dict[str, Walk], last: int) -> Lines:
    """Return the loss of each, step by step."""
    series = []
    for name, one in walks.items():
        values = one.values[: last + 1]
        series.append(Series(name=name, x=np.arange(float(len(values))), y=values))
    least = min(float(one.values.min()) for one in walks.values())
    return Lines(
        title="Loss, step by step",
        series=tuple(series),
        x_label="step",
        y_label="L",
        y_scale="symlog" if least < 0 else "linear",
    )


def _worked(ground: Surface, newton: Walk, last: int) -> Steps:
    """Return the newest step of Newton's that moved, with its numbers, along the eigenvectors of the Hessian."""
    slopes = np.linalg.norm(ground.gradient(newton.points[: min(last, newton.steps) + 1]), axis=-1)
    k = int(np.flatnonzero(slopes[: max(len(slopes) - 1, 1)] > TINY)[-1]) if slopes[0] > TINY else 0
    here = newton.points[k]
    g, (values, vectors) = ground.gradient(here), np.linalg.eigh(ground.hessian(here))
    lines = [Step(formula=f"w = {pair(here)}, g = {pair(g)}")]
    for value, vector, name in zip(values, vectors.T, "₋₊", strict=True):
        slope, bend = _plain(float(vector @ g)), _plain(float(value))
        away = f"−{signed(slope)}/{signed(bend)} = {number(-slope / bend)}" if bend else "flat: no step"
        lines.append(
            Step(
                formula=f"v{name} = {pair(vector)}: −(v·g)/λ = {away}",
                note=("uphill, for λ < 0" if bend < 0 else "downhill") if bend and slope else "",
            )
        )
    return Steps(title=f"Worked out: Newton's step {k + 1}, −H⁻¹g along each eigenvector", steps=tuple(lines))


def _ends(ground: Surface, ends: dict[str, Array], walks: dict[str, Walk], last: int) -> Table:
    """Return where each stands."""
    rows: list[tuple[Cell, ...]] = []
    for name, end in ends.items():
        low, high = np.linalg.eigvalsh(ground.hessian(end))
        said = walks[name].ended if walks[name].ended and last >= walks[name].steps else verdict(ground, end)
        slope = float(np.linalg.norm(ground.gradient(end)))
        rows.append((name, *map(_plain, (*end, ground.value(end), slope, low, high)), said))
    return Table(
        title=f"After step {last}",
        columns=("rule", *weights(ground), "L", "‖g‖", "λ₋", "λ₊", "it is"),
        rows=tuple(rows),
    )


def _trace(ground: Surface, newton: Walk, last: int) -> Table:
    """Return Newton's steps with their eigenvalues."""
    rows: list[tuple[Cell, ...]] = []
    still = np.linalg.norm(ground.gradient(newton.points), axis=-1) < TINY
    most = int(still.argmax()) if still.any() else ROWS  # where the slope is 0 nothing moves any more
    for k, place in enumerate(newton.points[: min(last, ROWS, most) + 1]):
        low, high = np.linalg.eigvalsh(ground.hessian(place))
        signs = "".join("+" if one > TINY else "−" if one < -TINY else "0" for one in (low, high))
        rows.append((k, *map(_plain, (*place, ground.value(place), low, high)), signs))
    return Table(
        title="Newton, step by step",
        caption=newton.ended,
        columns=("step", *weights(ground), "L", "λ₋", "λ₊", "signs"),
        rows=tuple(rows),
    )


def _plain(value: float) -> float:
    """Return a number without its round-off."""
    return 0.0 if abs(value) < TINY else float(value)


@newton_step.check
def one_step_on_any_quadratic() -> None:
    """Twenty random positive-definite quadratics: Newton is at the minimum after one step, to 1e-9."""
    draw = np.random.default_rng(0)
    for _ in range(20):
        root = draw.standard_normal((2, 2))
        bowl = quadratic(root @ root.T + 0.1 * np.eye(2))
        for rule in (Newton(), SaddleFree()):
            near("w after one step", walk(bowl, rule, draw.uniform(-5, 5, 2), 1).points[-1], (0, 0), 1e-9)
    near(
        "on the ravine",
        newton_step.last(surface="ravine", x=2, y=1, steps=1).numbers["newton_loss"],
        0,
        1e-20,
    )


@newton_step.check
def into_the_saddle() -> None:
    """(.1, .2) on (1 − w₁w₂)²: Newton is in the saddle after 3 steps, |H| has L = 7e-6 after 6 (notes 000a)."""
    found = newton_step.last(steps=3).numbers
    near("Newton", found["newton_w"], (0, 0), 1e-3)
    near("eigenvalues", found["newton_eigenvalues"], (-2, 2), 1e-3)
    assert found["newton_verdict"] in {"saddle", "on the way"}, found["newton_verdict"]
    assert newton_step.last(steps=6).numbers["newton_verdict"] == "saddle"
    near("saddle-free", newton_step.last(steps=6).numbers["saddle_free_loss"], 7e-6, 1e-6)


@newton_step.check
def solves_like_numpy() -> None:
    """Every Newton step against numpy.linalg.solve of torch's own gradient and Hessian, to 1e-9."""
    import torch

    def loss(w: torch.Tensor) -> torch.Tensor:
        return (1 - w[0]) ** 2 + 100 * (w[1] - w[0] ** 2) ** 2

    points = walk(SURFACES["valley"](), Newton(), (-1.2, 1.0), 5).points
    for before, after in pairwise(points):
        w = torch.tensor(before, requires_grad=True)
        (g,) = torch.autograd.grad(loss(w), w)
        h = torch.autograd.functional.hessian(loss, w.detach())  # type: ignore[no-untyped-call]
        near("w", after, before - np.linalg.solve(h.numpy(), g.numpy()), 1e-9)


@newton_step.check
def lbfgs_like_torch() -> None:
    """L-BFGS on the ravine against torch.optim.LBFGS, to 1e-9, and in fewer steps than descent (notes 000a)."""
    import torch

    ground = SURFACES["ravine"]()
    own = walk(ground, Lbfgs(), (-2.0, 1.0), 30)
    w = torch.tensor([-2.0, 1.0], dtype=torch.float64, requires_grad=True)
    theirs = torch.optim.LBFGS([w], lr=1.0, max_iter=1, history_size=10, tolerance_grad=0, tolerance_change=0)

    def closure() -> torch.Tensor:
        theirs.zero_grad()
        loss = 0.5 * (w[0] ** 2 + 100 * w[1] ** 2)
        loss.backward()  # type: ignore[no-untyped-call]
        return loss

    for k in range(1, 9):
        theirs.step(closure)  # type: ignore[no-untyped-call]
        near(f"w after {k}", own.points[k], w.detach().numpy(), 1e-9)
    there = [
        one.first(lambda way: way.values < 1e-6)
        for one in (own, walk(ground, Gradient(lr=0.0198), (-2, 1), 2000))
    ]
    assert there[0] is not None, "L-BFGS does not get there"
    assert there[1] is None or there[0] < there[1] / 5, there
