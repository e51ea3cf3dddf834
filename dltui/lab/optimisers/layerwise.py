"""LARS: a rate for every layer, so that each goes a fixed share of its own length."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import Annotated

import numpy as np

from dltui.descent.plain import Lars, Momentum
from dltui.descent.rule import Here, Vector
from dltui.descent.walk import Walk, fed
from dltui.figures import Bars, Cell, Figure, Lines, Series, Step, Steps, Table, number
from dltui.lab import Frame, Number, Slider, exhibit, near
from dltui.lab.optimisers.maps import losses, moments
from dltui.lab.optimisers.net import CLASSES, PIXELS, Net, pictures, trained

NET, SAMPLES, TESTED = Net((PIXELS, 32, 32, CLASSES)), 600, 400
INERTIA = 0.9
LAYERS = tuple(
    w + b for w, b in zip(NET.counts[::2], NET.counts[1::2], strict=True)
)  # a bias goes with its weights
NAMES = tuple(f"layer {place}" for place in range(1, len(LAYERS) + 1))


def lars(lr: float, trust: float, decay: float, layers: tuple[int, ...] = LAYERS) -> Lars:
    """Return LARS with momentum 0.9 over the layers of the network."""
    return Lars(lr=lr, trust=trust, weight_decay=decay, momentum=INERTIA, layers=layers)


@lru_cache(maxsize=4)
def runs(lr: float, trust: float, decay: float, batch: int, steps: int, seed: int) -> dict[str, Walk]:
    """Return both trainings from the same weights with the same batches."""
    rules = {"SGD": Momentum(lr=lr, momentum=INERTIA), "LARS": lars(lr, trust, decay)}
    return {
        name: trained(NET, rule, steps, samples=SAMPLES, batch=batch, seed=seed)
        for name, rule in rules.items()
    }


def lengths(theta: Vector) -> Vector:
    """Return the length of each layer's part of a vector as long as θ, shape (layers,)."""
    return np.array([np.linalg.norm(part) for part in np.split(theta, np.cumsum(LAYERS)[:-1])])


@exhibit(
    "layerwise-rate",
    family="optimisers",
    covers=("001:lars",),
    kin={
        "dltui lab run adaptive-steps": "a rate for every single weight",
        "dltui lab run batch-race": "what large batches save and cost",
        "dltui gradients MODEL": "gradient norms of your own layers",
    },
    sources=("You, Gitman, Ginsburg 2017, arXiv:1708.03888",),
)
def layerwise_rate(
    lr: Annotated[float, Slider(0.01, 10, log=True, help="learning rate η of both")] = 1.0,
    trust: Annotated[float, Slider(1e-4, 0.1, log=True, help="trust coefficient τ")] = 0.01,
    decay: Annotated[float, Slider(0, 0.1, step=0.001, help="weight decay β")] = 0.0,
    batch: Annotated[int, Slider(8, 600, log=True, help="digits a step, of 600")] = 600,
    steps: Annotated[int, Slider(5, 100, help="steps")] = 30,
    seed: Annotated[int, Slider(0, 99, help="seed of weights and batches")] = 0,
) -> Iterator[Frame]:
    """The rate of each layer under LARS, while it and SGD train the same network on large batches.

    Try: --lr 3 is too much for SGD, not for LARS; --trust 0.0001 hardly moves; --batch 32 makes the slopes noisy.
    Notice: layers differ in ‖w‖/‖g‖, and one η is a bold step for one and a timid one for another. Under LARS each goes
    the same share of its own length, so that a rate that suits large batches breaks none of them.

    ηₗ = η·τ‖wₗ‖/(‖gₗ‖ + β‖wₗ‖), m ← 0.9·m − ηₗ·(g + βw), θ ← θ + m. Without β the plain step is η·τ‖wₗ‖ long however
    long the gradient is. The weights and the bias of a layer count as one here: a bias that begins at 0 has no
    length, and alone would never move.
    """
    found = runs(lr, trust, decay, batch, steps, seed)
    told = moments(min(steps, found["LARS"].steps), 20)[1:]
    x, y = pictures(TESTED, "test")
    for now in told:
        accuracy = {name: NET.accuracy(way.points[min(now, way.steps)], x, y) for name, way in found.items()}
        figures: tuple[Figure, ...] = (
            _bars(found["LARS"], now),
            losses(found, now=now),
            _rates(found["LARS"], now, lr),
            _worked(found["LARS"], now, lr, trust, decay),
            _table(found, now, lr, accuracy),
        )
        ends = {name: way.values[min(now, way.steps)] for name, way in found.items()}
        caption = f"step {now} of {steps}: L SGD {number(ends['SGD'], 3)}, LARS {number(ends['LARS'], 3)}"
        yield Frame(figures=figures, numbers=_numbers(found, now, accuracy), caption=caption, total=len(told))


def _rate(way: Walk, now: int) -> Vector:
    """Return the rate of each layer at a step."""
    firsts = np.cumsum((0, *LAYERS[:-1]))
    found: Vector = way.memory["rate"][now - 1, firsts]
    return found


def _bars(way: Walk, now: int) -> Bars:
    """Return the rate of each layer."""
    return Bars(
        title=f"The rate of each layer under LARS, step {now}",
        labels=NAMES,
        values=_rate(way, now),
        value_label="ηₗ",
    )


def _rates(way: Walk, now: int, lr: float) -> Lines:
    """Return the rates over the steps, SGD's one beside them."""
    count = np.arange(1.0, now + 1)
    each = np.array([_rate(way, t) for t in range(1, now + 1)])
    return Lines(
        title="The rates, step by step",
        caption="They grow as gradients shrink: the step stays a share of the layer's length.",
        series=(
            *(Series(name=name, x=count, y=each[:, place]) for place, name in enumerate(NAMES)),
            Series(name="SGD, all layers", x=count, y=np.full(now, lr)),
        ),
        x_label="step",
        y_label="ηₗ",
        y_scale="log",
    )


def _worked(way: Walk, now: int, lr: float, trust: float, decay: float) -> Steps:
    """Return the rates of the newest step with their numbers, a layer a line."""
    w, g = lengths(way.points[now - 1]).tolist(), lengths(way.gradients[now - 1]).tolist()
    lines = []
    for name, size, slope, rate in zip(NAMES, w, g, _rate(way, now).tolist(), strict=True):
        long = number(size)
        below = f"{number(slope)} + {number(decay)}·{long}"
        lines.append(
            Step(formula=f"{number(lr)}·{number(trust)}·{long}/({below}) = {number(rate)}", note=name)
        )
    return Steps(title=f"Worked out: ηₗ = η·τ‖wₗ‖/(‖gₗ‖ + β‖wₗ‖) at step {now}", steps=tuple(lines))


def _table(found: dict[str, Walk], now: int, lr: float, accuracy: dict[str, float]) -> Table:
    """Return lengths, slopes and steps of each layer."""
    way, plain = found["LARS"], found["SGD"]
    w, g, rate = lengths(way.points[now - 1]), lengths(way.gradients[now - 1]), _rate(way, now)
    other = min(now, plain.steps)
    w0, g0 = lengths(plain.points[other - 1]), lengths(plain.gradients[other - 1])
    rows: list[tuple[Cell, ...]] = []
    for i, name in enumerate(NAMES):
        cells = (w[i], g[i], rate[i], rate[i] * g[i] / w[i], lr * g0[i] / w0[i])
        rows.append((name, *(float(cell) for cell in cells)))
    told = ", ".join(f"{share:.3f} by {name}" for name, share in accuracy.items())
    return Table(
        title="Layer by layer",
        caption=f"Accuracy on {TESTED} held-out digits: {told}.",
        columns=("", "‖w‖", "‖g‖", "ηₗ", "ηₗ‖g‖/‖w‖ of LARS", "η‖g‖/‖w‖ of SGD"),
        rows=tuple(rows),
    )


def _numbers(found: dict[str, Walk], now: int, accuracy: dict[str, float]) -> dict[str, Number]:
    """Return what ``--json`` tells of one moment."""
    numbers: dict[str, Number] = {"step": now, "rates": _rate(found["LARS"], now).tolist()}
    for name, way in found.items():
        last = min(now, way.steps)
        numbers |= {
            f"{name}_loss": float(way.values[last]),
            f"{name}_accuracy": accuracy[name],
            f"{name}_ended": way.ended,
        }
    way = found["LARS"]
    numbers["shares"] = (
        _rate(way, now) * lengths(way.gradients[now - 1]) / lengths(way.points[now - 1])
    ).tolist()
    return numbers


@layerwise_rate.check
def scaling_a_layer_leaves_its_step() -> None:
    """Ten times the gradient of one layer, β = 0: its step is as long as before, that of SGD is not (notes 001)."""
    theta = NET.start(0)
    x, y = pictures(200)
    g = NET.run(theta, x, y)[1]
    louder = g.copy()
    louder[: LAYERS[0]] *= 10
    for rule, ratio in ((lars(1.0, 0.01, 0.0), 1.0), (Momentum(lr=0.1), 10.0)):
        steps = [lengths(fed(rule, one[None], theta).points[1] - theta) for one in (g, louder)]
        near(
            f"the first layer's step of {rule.title}, over that before",
            steps[1][0] / steps[0][0],
            ratio,
            1e-9,
        )
        near(f"other steps of {rule.title}", steps[1][1:], steps[0][1:], 1e-12)


@layerwise_rate.check
def rate_by_the_formula() -> None:
    """ηₗ = η·τ‖w‖/(‖g‖ + β‖w‖) and the step −ηₗ(g + βw) of every layer, written anew in torch, to 1e-12."""
    import torch

    theta, beta = NET.start(1), 0.05
    x, y = pictures(200)
    g = NET.run(theta, x, y)[1]
    rule = lars(2.0, 0.01, beta)
    after, memory = rule.step(Here(theta, g, 1), {})
    parts = (torch.split(torch.from_numpy(one), [*LAYERS]) for one in (theta, g, after, memory["rate"]))
    for w, slope, new, rate in zip(*parts, strict=True):
        known = 2.0 * 0.01 * w.norm() / (slope.norm() + beta * w.norm())
        near("ηₗ", rate.numpy(), np.full(len(rate), known.item()), 1e-12)
        near("w", new.numpy(), (w - known * (slope + beta * w)).numpy(), 1e-12)


@layerwise_rate.check
def every_layer_goes_its_share() -> None:
    """Without β each layer's plain step is η·τ of its length at every step; gradient as torch's autograd has it."""
    frame = layerwise_rate.last(steps=20)
    near("shares", frame.numbers["shares"], np.full(len(LAYERS), 0.01), 1e-9)


@layerwise_rate.check
def large_batches() -> None:
    """On all 600 digits LARS ends lower than SGD at η = 1, and at η = 3 SGD breaks and LARS does not (You et al.)."""
    for lr, share in ((1.0, 0.5), (3.0, 1e-2)):
        way = runs(lr, 0.01, 0.0, SAMPLES, 60, 1)
        plain, layered = (float(way[name].values[-1]) for name in ("SGD", "LARS"))
        assert layered < share * plain, f"η = {lr}: {plain} by SGD, {layered} by LARS"
