"""How sharp the loss is around a model's weights, in measures that are compared in the literature.

Keskar et al. 2017 (arXiv:1609.04836), the ascent of SAM (Foret et al. 2021, arXiv:2010.01412) and of its
scale-invariant form ASAM (Kwon et al. 2021, arXiv:2102.11600), the curvature dᵀHd along filter-normalised random
directions (Li et al. 2018), and how far one can go along a direction before the loss has risen by a given amount. Every
number comes with its settings, and with an error where it is an estimate.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from math import isfinite, sqrt
from statistics import mean, stdev

import torch
from torch import Tensor

from dltui.instruments.axes import Axes, Span
from dltui.instruments.curvature.hvp import hessian
from dltui.instruments.directions import plane
from dltui.objective import Objective, Twin, same_randomness
from dltui.progress import Report, silent
from dltui.results.sharpness import Measure

EPSILON = 1e-3  # half-width of Keskar's box, times |θ_i| + 1
ASCENT = 20  # steps of projected ascent
RHO, SCALED_RHO = 0.05, 0.5  # radius of SAM and of ASAM, as in the papers
DRAWS = 10  # random directions
RISE = 0.1  # rise of the loss at the rim of a basin
NEAREST, GROWTH, FARTHEST = 1e-3, sqrt(2), 1e3  # where a rim is looked for
REFINED = 8  # halvings of the interval in which the rim lies
TICKS = ASCENT + 2 + DRAWS  # steps of work that are told, besides the rims


@dataclass(frozen=True, eq=False)
class Sharp:
    """Directions, with measures of sharpness at θ* and along them; called with an objective, it finds them.

    Attributes:
        span: Finds the directions.
        seed: Seed of the random directions of the average curvature.
    """

    span: Span
    seed: int = 0

    def __call__(self, objective: Objective, report: Report) -> Axes:
        """Find the directions, then measure."""
        axes = self.span(objective, report)

        def more(done: int, total: int, partial: object = None) -> None:
            report(axes.products + done, axes.products + total, partial)

        found = sharpness(objective, axes.directions, seed=self.seed, report=more)
        ticks = TICKS + 2 * len(axes.directions)
        return replace(axes, measures=[asdict(one) for one in found], products=axes.products + ticks)


def sharpness(
    objective: Objective, directions: Sequence[Tensor] = (), *, seed: int = 0, report: Report = silent
) -> list[Measure]:
    """Measure how sharp the loss is around a model's weights.

    Args:
        objective: The loss of a model on its data.
        directions: Directions along which the width of the basin is measured, shape (n,) each.
        seed: Seed of the random directions of the average curvature.
        report: Called as the work goes on.

    Returns:
        Keskar's measure, the rises of SAM and ASAM, the average curvature, and two widths a direction.
    """
    total, done = TICKS + 2 * len(directions), 0

    def tick() -> None:
        nonlocal done
        done += 1
        report(done, total)

    with same_randomness():
        here = objective.center().loss
        found = [_keskar(objective, here, seed, tick), *_rises(objective, here, tick)]
        found.append(_average(objective, seed, tick))
        for place, direction in enumerate(directions):
            for side in (1.0, -1.0):
                found.append(_width(objective, here, direction * side, f"{'+−'[side < 0]}d{'₁₂'[place]}"))
                tick()
    return found


def _keskar(objective: Objective, here: float, seed: int, tick: Callable[[], None]) -> Measure:
    """Climb in the box |y_i| ≤ ε(|θ_i| + 1) by the sign of the gradient, from beside θ*, and keep the highest point."""
    twin = objective.twin()
    theta = twin.flat.clone()
    box = EPSILON * (theta.abs() + 1)
    y = box * _small(len(theta), seed).to(theta)
    best, before = here, here
    _stand(twin, theta + y)
    for step in range(ASCENT):
        slope = objective.gradient(twin).to(theta)
        y = torch.minimum(torch.maximum(y + box * slope.sign() * (2 / (step + 1) ** 0.5), -box), box)
        _stand(twin, theta + y)
        best, before = max(best, objective.read(twin).loss), best if step == ASCENT * 3 // 4 else before
        tick()
    value = 100 * (best - here) / (1 + here)
    late = 0.0 if best == here else (best - before) / (best - here)
    return Measure(
        "Keskar",
        value if isfinite(value) else None,
        None,
        "lower bound",
        f"100·(max L(θ* + y) − L) / (1 + L) over |y_i| ≤ {EPSILON:g}·(|θ_i| + 1), by {ASCENT} steps of projected sign "
        f"ascent; the last quarter of them brought {100 * late:.1g} % of the rise",
        {"epsilon": EPSILON, "steps": ASCENT, "seed": seed, "share_of_last_quarter": late},
    )


def _rises(objective: Objective, here: float, tick: Callable[[], None]) -> list[Measure]:
    """Take the one step of SAM, and that of ASAM."""
    twin = objective.twin()
    theta = twin.flat.clone()
    slope = objective.gradient(twin).to(theta)
    scaled = theta.abs() * slope
    steps = {
        "SAM": (RHO * slope / slope.norm().clamp(min=1e-30), RHO, "ρ·g/‖g‖"),
        "ASAM": (
            SCALED_RHO * theta.abs() * scaled / scaled.norm().clamp(min=1e-30), SCALED_RHO, "ρ·T²g/‖Tg‖, T = |θ*|"
        ),
    }  # fmt: skip
    found = []
    for name, (step, rho, told) in steps.items():
        _stand(twin, theta + step)
        rise = objective.read(twin).loss - here
        definition = f"L(θ* + {told}) − L(θ*), ρ = {rho:g}"
        found.append(
            Measure(f"{name} rise", rise if isfinite(rise) else None, None, "exact", definition, {"rho": rho})
        )
        tick()
    return found


def _average(objective: Objective, seed: int, tick: Callable[[], None]) -> Measure:
    """Return the mean of dᵀHd over filter-normalised random directions."""
    twin, values = objective.twin(), list[float]()
    with hessian(objective) as product:
        for draw in range(DRAWS):
            (direction,), _ = plane(twin, "filter", seed + draw, 1)
            one, other = (v.to("cpu", torch.float64) for v in (direction, product(direction)))
            values.append(float(one @ other))
            tick()
    return Measure(
        "average curvature",
        mean(values),
        stdev(values) / sqrt(DRAWS),
        "estimate",
        f"mean of dᵀHd over {DRAWS} filter-normalised random directions, with its standard error",
        {"directions": DRAWS, "seed": seed},
    )


def _width(objective: Objective, here: float, direction: Tensor, name: str) -> Measure:
    """Return how far one can go along a direction before the loss has risen by 0.1."""
    twin = objective.twin()
    theta = twin.flat.clone()

    def low(distance: float) -> bool:
        _stand(twin, theta + distance * direction)
        return objective.read(twin).loss < here + RISE  # also False where it is not finite

    inside, outside = 0.0, NEAREST
    while outside <= FARTHEST and low(outside):
        inside, outside = outside, outside * GROWTH
    reached = outside <= FARTHEST
    for _ in range(REFINED if reached else 0):
        half = (inside + outside) / 2
        inside, outside = (half, outside) if low(half) else (inside, half)
    error = (outside - inside) / 2 if reached else None
    return Measure(
        f"basin width {name}",
        (inside + outside) / 2 if reached else None,
        None,
        f"within {error:.1g}" if error is not None else f"beyond {FARTHEST:g}",
        f"distance at which L has risen by {RISE:g}, in steps of that direction",
        {"rise": RISE, "length": float(direction.norm())},
    )


def _small(count: int, seed: int) -> Tensor:
    """Return a start beside θ*, where slopes that are exactly 0 there have a sign: a tenth of the box at most."""
    return 0.2 * torch.rand(count, generator=torch.Generator().manual_seed(seed), dtype=torch.float64) - 0.1


def _stand(twin: Twin, theta: Tensor) -> None:
    """Put a copy at other weights."""
    with torch.no_grad():
        twin.flat.copy_(theta)
