"""Gradient descent itself: a gradient, a step, a path; and the same on the long vector of a network."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import Annotated

import numpy as np

from dltui.descent.plain import Gradient
from dltui.descent.surface import Surface
from dltui.descent.surfaces import SURFACES, quadratic, ravine
from dltui.descent.walk import Walk, walk
from dltui.figures import Figure, Heatmap, Step, Steps, number
from dltui.figures import Surface as Relief
from dltui.lab import Choice, Frame, Number, Slider, exhibit, near
from dltui.lab.optimisers.maps import arrows, ground, losses, moments, pair
from dltui.lab.optimisers.net import Net, landscape

GROUNDS = ("parabola", "bowl", "two-weights", "saddle", "plateau", "himmelblau", "rugged", "cliff")
NET, SAMPLES, FOLD = Net(), 300, 50
HELD = 1e-4  # what autograd and finite differences may differ by


@exhibit(
    "gd-descent",
    family="optimisers",
    covers=(
        "000a:argmin-objective",
        "000a:gradient",
        "000a:gd-update",
        "000c:gradient-descent-basics",
        "000c:theta-next",
        "001:gd-batch",
        "002a:gradient-descent",
        "004:gradient-descent",
    ),
    kin={
        "dltui lab run lr-stability": "which η still converges",
        "dltui lab run batch-race": "the gradient of a few samples instead of all",
        "dltui landscape MODEL": "the loss around your own model",
    },
    sources=("Cauchy 1847", "Goodfellow, Bengio, Courville 2016, ch. 4.3"),
)
def gd_descent(
    surface: Annotated[
        str, Choice(*GROUNDS, "net", help="what is descended; net: all weights of a small network")
    ] = "himmelblau",
    x: Annotated[float, Slider(-5, 5, step=0.25, help="start, first weight")] = 0.0,
    y: Annotated[float, Slider(-5, 5, step=0.25, help="start, second weight, where there are two")] = -1.0,
    lr: Annotated[float, Slider(0.001, 1, log=True, help="learning rate η")] = 0.01,
    steps: Annotated[int, Slider(1, 200, help="steps")] = 25,
    seed: Annotated[int, Slider(0, 99, help="seed of the network's weights (surface net)")] = 0,
) -> Iterator[Frame]:
    """A point goes down a surface, each step against the gradient; arrows show −g elsewhere.

    Try: --surface parabola --x 1 --lr 0.1 goes 1, 0.8, 0.64; --y 1 ends in another of the four minima;
    --surface net descends in all 1,210 weights of a network.
    Notice: −g is straight across the lines of equal height and leads to the nearest low ground, not to the lowest; the
    steps grow shorter as the ground flattens, though η stays the same.

    Training looks for θ* = argmin L(θ), with all weights and biases in one long vector θ. The gradient g = ∂L/∂θ points
    where L rises fastest, so θ ← θ − η·g goes down, as long as η is not too large. With the whole training set in L
    nothing is left to chance: the same start gives the same path. On ½kθ² every step multiplies θ by 1 − ηk.
    """
    one = landscape(NET, SAMPLES, seed) if surface == "net" else SURFACES[surface]()
    start = None if surface == "net" else (x, y)[: one.dims]
    way = walk(one, Gradient(lr=lr), start, steps)
    told = moments(way.steps)
    for now in told:
        figures = _of_net(way, now, lr) if surface == "net" else _of_map(one, way, now, lr)
        yield Frame(
            figures=figures,
            numbers=_numbers(one, way, now),
            caption=_caption(way, now, steps),
            total=len(told),
        )


def _caption(way: Walk, now: int, steps: int) -> str:
    """Return what this moment is."""
    ended = f"; {way.ended}" if way.ended and now == way.steps else ""
    return f"step {now} of {steps}: L = {number(float(way.values[now]))}{ended}"


def _numbers(surface: Surface, way: Walk, now: int) -> dict[str, Number]:
    """Return what ``--json`` tells of one moment."""
    here = way.points[now]
    g = surface.gradient(here)
    found: dict[str, Number] = {
        "step": now,
        "loss": float(way.values[now]),
        "gradient_norm": float(np.linalg.norm(g)),
        "parameters": surface.dims,
        "losses": way.values[: now + 1].tolist(),
        "ended": way.ended,
    }
    if surface.dims <= 2:
        found |= {"theta": here.tolist(), "gradient": g.tolist(), "path": way.points[: now + 1].tolist()}
    return found


def _of_map(surface: Surface, way: Walk, now: int, lr: float) -> tuple[Figure, ...]:
    """Return the path on its surface, the loss, and the next step worked out."""
    walks = {"path": way}
    extra = [arrows("−g, shortened", *_field(surface))] if surface.dims == 2 else []
    shown = ground(
        surface, walks, now=now, caption=f"{surface.about}; {_caption(way, now, way.steps)}", extra=extra
    )
    views = (shown, _side(shown)) if isinstance(shown, Heatmap) else (shown,)
    return *views, losses(walks, now=now), _worked(surface, way, now, lr)


def _side(above: Heatmap) -> Relief:
    """Return the same ground from the side, with the path on it."""
    return Relief(
        title=above.title.replace("From above", "From the side"),
        values=above.values,
        x=above.x,
        y=above.y,
        x_label=above.x_label,
        y_label=above.y_label,
        value_label=above.value_label,
        scale=above.scale,
        paths=above.paths[:1],
        marks=above.marks[:1],
    )


@lru_cache(maxsize=16)
def _tails(surface_name: str, low: tuple[float, ...], high: tuple[float, ...]) -> np.ndarray:
    """Return the places from which arrows are drawn, shape (n, 2)."""
    del surface_name
    sides = [np.linspace(a, b, 11)[1:-1:2] for a, b in zip(low, high, strict=True)]
    return np.stack(np.meshgrid(*sides), -1).reshape(-1, 2)


def _field(surface: Surface) -> tuple[np.ndarray, np.ndarray]:
    """Return places and −g there, all drawn to one length and no longer than the gap between them."""
    tails = _tails(surface.name, surface.low, surface.high)
    g = surface.gradient(tails)
    lengths = np.linalg.norm(g, axis=-1, keepdims=True)
    reach = 0.1 * float(np.subtract(surface.high, surface.low).min())
    return tails, -reach * g / np.where(lengths > 0, lengths, 1.0)


def _of_net(way: Walk, now: int, lr: float) -> tuple[Figure, ...]:
    """Return θ of the network as a strip that is folded, the loss, and the step in symbols."""
    theta = way.points[now]
    rows = -(-theta.size // FOLD)
    strip = np.full(rows * FOLD, np.nan)
    strip[: theta.size] = theta
    ends = np.cumsum(NET.counts)
    told = ", ".join(f"{name} to {end}" for name, end in zip(NET.shapes, ends, strict=True))
    heat = Heatmap(
        title=f"θ, all {theta.size} weights and biases in one row, folded after every {FOLD}",
        caption=f"Where each ends: {told}.",
        values=strip.reshape(rows, FOLD),
        x=np.arange(float(FOLD)),
        y=np.arange(0.0, rows * FOLD, FOLD),
        x_label="place",
        y_label="first place of the row",
        value_label="θ",
        colormap="coolwarm",
        downwards=True,
    )
    g = way.gradients[min(now, way.steps - 1)] if way.steps else np.zeros_like(theta)
    lines = (
        Step(
            formula=f"θ ∈ ℝ^{theta.size}, L(θ) = {number(float(way.values[now]))}",
            note=f"mean over {SAMPLES} digits",
        ),
        Step(formula=f"θ* = argmin L(θ); ‖g‖ = {number(float(np.linalg.norm(g)))}"),
        Step(formula=f"θ ← θ − {number(lr)}·g", note="all numbers at once"),
    )
    return heat, losses({"L": way}, now=now), Steps(title="What is sought", steps=lines)


def _worked(surface: Surface, way: Walk, now: int, lr: float) -> Steps:
    """Return the next step with its numbers."""
    here = way.points[now]
    g = surface.gradient(here)
    after = here - lr * g
    limit = float(np.abs(np.linalg.eigvalsh(surface.hessian(here))).max())
    lines = (
        Step(formula=f"θ = {pair(here)}, L = {number(float(surface.value(here)))}"),
        Step(formula=f"g = ∂L/∂θ = {pair(g)}", note=f"‖g‖ = {number(float(np.linalg.norm(g)))}"),
        Step(
            formula=f"θ − η·g = {pair(here)} − {number(lr)}·{pair(g)} = {pair(after)}", note="the next step"
        ),
        Step(
            formula=f"L = {number(float(surface.value(after)))}",
            note=f"sure to fall for η < 2/λ, here 2/{number(limit)} = {number(2 / limit)}"
            if limit > 0
            else "flat here",
        ),
    )
    return Steps(title="Worked out, here", steps=lines)


@gd_descent.check
def notes_on_the_parabola() -> None:
    """x² from 1 with η = 0.1: 0.8, then 0.64 (notes 000a); ½kw² goes w₀(1 − ηk)ᵗ (notes 002a)."""
    path = np.array(gd_descent.last(surface="parabola", x=1.0, lr=0.1, steps=2).numbers["path"])
    near("path", path[:, 0], (1, 0.8, 0.64), 1e-12)
    for kappa in (1.0, 5.0, 30.0):
        way = walk(ravine(kappa), Gradient(lr=0.05), (2.0, 1.0), 20).points
        t = np.arange(21)
        near(f"iterates, k = {kappa}", way, np.stack((2 * 0.95**t, (1 - 0.05 * kappa) ** t), -1), 1e-12)


@gd_descent.check
def step_of_one_over_the_curvature() -> None:
    """½aθ²: one step of η = 1/a ends at 0, η just below 2/a converges, just above it does not (notes 004)."""
    for a in (0.5, 4.0, 9.0):
        line = quadratic([[a]])
        near("one step of 1/a", walk(line, Gradient(lr=1 / a), (3.0,), 1).points[1], (0,), 1e-12)
        below, above = (walk(line, Gradient(lr=f * 2 / a), (3.0,), 400).values for f in (0.99, 1.01))
        assert below[-1] < 1e-3 * below[0], f"a = {a}: η = 1.98/a does not converge"
        assert above[-1] > 1e3 * above[0], f"a = {a}: η = 2.02/a does not diverge"


@gd_descent.check
def gradients_by_differences_and_autograd() -> None:
    """The gradient of every surface and of the network against central differences, below 1e-4 of its size."""
    draw = np.random.default_rng(0)
    for name in (*GROUNDS, "net"):
        one = landscape(NET, 40, 0) if name == "net" else SURFACES[name]()
        w = np.array(one.start)
        v = draw.standard_normal(one.dims)
        known = (one.value(w + 1e-5 * v) - one.value(w - 1e-5 * v)) / 2e-5
        near(f"g·v on {name}", one.gradient(w) @ v, known, HELD)


@gd_descent.check
def network_like_torch() -> None:
    """Ten steps on all weights of the network against torch's autograd and SGD, to 1e-10."""
    import torch
    from torch import nn

    from dltui.lab.optimisers.net import pictures

    twin = nn.Sequential(nn.Linear(64, 16), nn.Tanh(), nn.Linear(16, 10)).double()
    assert NET.size == sum(p.numel() for p in twin.parameters()), f"θ has {NET.size} numbers"
    nn.utils.vector_to_parameters(torch.from_numpy(NET.start(3)), twin.parameters())
    optimiser = torch.optim.SGD(twin.parameters(), lr=0.5)
    x, y = (torch.from_numpy(part) for part in pictures(SAMPLES))
    for _ in range(10):
        optimiser.zero_grad()
        nn.functional.cross_entropy(twin(x), y).backward()  # type: ignore[no-untyped-call]
        optimiser.step()
    shown = gd_descent.last(surface="net", lr=0.5, steps=10, seed=3).numbers
    near("loss", shown["loss"], nn.functional.cross_entropy(twin(x), y).item(), 1e-10)
    assert shown["parameters"] == NET.size, f"{shown['parameters']} parameters are shown"


@gd_descent.check
def the_same_path_again() -> None:
    """With all samples in L nothing is left to chance: the same start gives the same path, bit for bit (notes 001)."""
    one, other = (walk(landscape(NET, 60, 0), Gradient(lr=0.5), steps=5).points for _ in range(2))
    assert (one == other).all(), "two descents from one start part"


@gd_descent.check
def path_like_torch() -> None:
    """Twenty-five steps on Himmelblau's function against torch's autograd and SGD, to 1e-10."""
    import torch

    w = torch.tensor([0.0, -1.0], dtype=torch.float64, requires_grad=True)
    optimiser = torch.optim.SGD([w], lr=0.01)
    for _ in range(25):
        optimiser.zero_grad()
        ((w[0] ** 2 + w[1] - 11) ** 2 + (w[0] + w[1] ** 2 - 7) ** 2).backward()  # type: ignore[no-untyped-call]
        optimiser.step()
    near("θ", gd_descent.last().numbers["theta"], w.detach().numpy(), 1e-10)
