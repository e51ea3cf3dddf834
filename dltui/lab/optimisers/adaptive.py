"""A rate for every parameter: what the size of past gradients makes of one η."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

import numpy as np

from dltui.descent.adam import Adam
from dltui.descent.adaptive import AdaGrad, RmsProp, RootMeanSquare
from dltui.descent.plain import Gradient
from dltui.descent.rule import Rule, Vector
from dltui.descent.walk import Walk, fed, walk
from dltui.figures import Bars, Cell, Figure, Histogram, Lines, Series, Step, Steps, Table, number
from dltui.lab import Choice, Frame, Number, Slider, exhibit, near
from dltui.lab.optimisers.maps import losses, moments
from dltui.lab.optimisers.net import Net, landscape

NOTES = (3.0, 4.0, 12.0)
NET, SAMPLES = Net(), 300
BINS = 30


def rules(lr: float, alpha: float) -> dict[str, Rule]:
    """Return one rate for all, and the rules that divide it by what gradients were, each at the same η."""
    return {
        "one η for all": Gradient(lr=lr),
        "RMS of all": RootMeanSquare(lr=lr),
        "AdaGrad": AdaGrad(lr=lr),
        "RMSProp": RmsProp(lr=lr, alpha=alpha, warm=True),
        "Adam": Adam(lr=lr, beta2=alpha),
    }


def gradients(kind: str, steps: int) -> dict[str, Vector]:
    """Return gradients that come in, one series a parameter, by its name."""
    t = np.arange(steps)
    if kind == "notes":
        return {"θ": np.array(NOTES)}
    if kind == "constant":
        return {"g = 10": np.full(steps, 10.0), "g = 1": np.ones(steps), "g = 0.1": np.full(steps, 0.1)}
    if kind == "jump":
        loud = (t >= steps // 3) & (t < 2 * steps // 3)
        return {"jumps to 10": np.where(loud, 10.0, 1.0), "always 1": np.ones(steps)}
    return {"every step": np.ones(steps), "every 10th step": np.where(t % 10 == 0, 1.0, 0.0)}


def rate(rule: Rule, way: Walk, now: int) -> Vector:
    """Return what each gradient was multiplied by at a step, shape (d,)."""
    if "rate" in way.memory:
        found: Vector = way.memory["rate"][now - 1]
        return found
    return np.full(way.points.shape[1:], rule.lr)


@exhibit(
    "adaptive-steps",
    family="optimisers",
    covers=(
        "000a:per-param-lr",
        "000a:rms-simple",
        "000a:adagrad",
        "000a:rmsprop",
        "000c:second-moment",
        "000c:adagrad",
        "000c:rmsprop",
        "000c:effective-lr",
        "002a:adagrad",
        "002a:rmsprop",
        "004:adagrad",
        "004:rmsprop",
    ),
    kin={
        "dltui lab run ravine-zigzag": "what one rate for all costs",
        "dltui lab run layerwise-rate": "one rate a layer instead of one a weight",
        "dltui lab run adam-trace": "Adam's two averages, line by line",
        "dltui lab run lesser-known": "AdaDelta, RAdam and FTRL",
        "dltui byhand adagrad": "a few steps, line by line",
    },
    sources=("Duchi et al. 2011 (AdaGrad)", "Tieleman and Hinton 2012 (RMSProp)", "arXiv:1412.6980 (Adam)"),
)
def adaptive_steps(
    kind: Annotated[
        str,
        Choice(
            "jump",
            "constant",
            "sparse",
            "notes",
            "network",
            help="which gradients; network: all its weights, live",
        ),
    ] = "jump",
    lr: Annotated[float, Slider(0.001, 1, log=True, help="learning rate η")] = 0.1,
    alpha: Annotated[float, Slider(0.5, 0.999, step=0.01, help="share α that RMSProp and Adam keep")] = 0.9,
    steps: Annotated[int, Slider(3, 300, help="steps")] = 90,
    seed: Annotated[int, Slider(0, 99, help="seed of the network's weights (network)")] = 0,
) -> Iterator[Frame]:
    """The rate that each parameter really has: η over the size σ of its gradients, by four measures of σ.

    Try: --kind constant makes steps of g = 10 and g = 0.1 equal; --kind sparse; --kind network shows the rates of all
    1,210 weights of a network that learns digits; --kind notes has g = 3, 4, 12.
    Notice: after the loud time RMSProp and Adam forget and their rates recover; AdaGrad's sum only grows, its rate only
    falls. A parameter whose gradients are rare or small keeps a large rate.

    θᵢ ← θᵢ − (η/σᵢ)·gᵢ. RMS of all: σ = √(Σg²/t). AdaGrad: σ = √Σg². RMSProp: σ² ← α·σ² + (1 − α)·g², begun with
    |g|. Adam: the same begun with 0 and divided by 1 − αᵗ. With σ = 1 it is plain descent. Under a constant g AdaGrad
    steps by η/√t, the others by η.

    What notes leave open: RMSProp begun with |g| gives σ = 3, 3.1145, 4.8094 for g = 3, 4, 12; torch begins with 0 and
    gives 0.9487, 1.5524, 4.0705. An ε of 1e-10 to 1e-8 stands beside σ, or a first gradient of 0 would divide by 0.
    """
    if kind == "network":
        yield from _network(lr, alpha, steps, seed)
        return
    series = gradients(kind, steps)
    given = np.stack(list(series.values()), -1)
    each = rules(lr, alpha)
    walks = {name: fed(rule, given) for name, rule in each.items()}
    told = moments(len(given))[1:]
    for now in told:
        figures: tuple[Figure, ...] = (
            _bars(each, walks, list(series), now),
            _over_time(each, walks, series, now),
            _sizes(walks, series, now),
            _worked(walks, given, lr, alpha, now),
            _table(walks, given, now),
        )
        numbers: dict[str, Number] = {"step": now}
        for name, rule in each.items():
            key = name.replace(" ", "_")
            numbers |= {
                f"rate_{key}": rate(rule, walks[name], now).tolist(),
                f"theta_{key}": walks[name].points[now].tolist(),
            }
            if "σ" in walks[name].memory:
                numbers[f"sigma_{key}"] = walks[name].memory["σ"][:now, 0].tolist()
        caption = f"step {now} of {len(given)}: η/σ " + ", ".join(
            f"{name} {number(float(rate(each[name], walks[name], now)[0]), 2)}"
            for name in ("AdaGrad", "RMSProp")
        )
        yield Frame(figures=figures, numbers=numbers, caption=caption, total=len(told))


def _bars(each: dict[str, Rule], walks: dict[str, Walk], names: list[str], now: int) -> Bars:
    """Return the rate of every parameter under every rule."""
    found = {
        f"{name}, {parameter}" if len(names) > 1 else name: rate(each[name], walks[name], now)[place]
        for name in each
        for place, parameter in enumerate(names)
    }
    return Bars(
        title=f"The rate of each parameter, η/σ, at step {now}",
        labels=tuple(found),
        values=np.array(list(found.values())),
        value_label="rate",
        scale="log",
    )


def _over_time(each: dict[str, Rule], walks: dict[str, Walk], series: dict[str, Vector], now: int) -> Lines:
    """Return the rate of the first parameter over the steps."""
    count = np.arange(1.0, now + 1)
    return Lines(
        title=f"Rate of the parameter “{next(iter(series))}”, step by step",
        series=tuple(
            Series(name=name, x=count, y=np.array([rate(rule, walks[name], t)[0] for t in range(1, now + 1)]))
            for name, rule in each.items()
        ),
        x_label="step",
        y_label="η/σ",
        y_scale="log",
    )


def _sizes(walks: dict[str, Walk], series: dict[str, Vector], now: int) -> Lines:
    """Return |g| of the first parameter with each σ."""
    count = np.arange(1.0, now + 1)
    name, first = next(iter(series.items()))
    sizes = {one: way.memory["σ"][:now, 0] for one, way in walks.items() if "σ" in way.memory}
    return Lines(
        title=f"|g| and σ of the parameter “{name}”",
        series=(
            Series(name="|g|", x=count, y=np.abs(first[:now]), marks=True),
            *(Series(name=f"σ, {one}", x=count, y=size) for one, size in sizes.items()),
        ),
        x_label="step",
        y_label="|g|, σ",
        y_scale="log",
    )


def _worked(walks: dict[str, Walk], given: Vector, lr: float, alpha: float, now: int) -> Steps:
    """Return the newest σ and step of the first parameter with their numbers, a rule a line."""
    past = given[:now, 0]
    g, total = float(past[-1]), float((past**2).sum())
    kept = walks["RMSProp"].memory["σ"][:, 0]
    before = float(kept[now - 2]) if now > 1 else abs(g)
    roots = {
        "RMS of all": f"√(Σg²/t) = √({number(total)}/{now})",
        "AdaGrad": f"√Σg² = √{number(total)}",
        "RMSProp": f"√(α·σ² + (1 − α)·g²) = √({number(alpha)}·{number(before)}² + {number(1 - alpha)}·{number(g)}²)",
    }
    lines = []
    for name, root in roots.items():
        size = float(walks[name].memory["σ"][now - 1, 0])
        move = float(walks[name].points[now, 0] - walks[name].points[now - 1, 0])
        lines.append(Step(formula=f"σ = {root} = {number(size)}", note=name))
        lines.append(
            Step(formula=f"Δθ = −(η/σ)·g = −({number(lr)}/{number(size)})·{number(g)} = {number(move)}")
        )
    return Steps(title="Worked out: the newest step of the first parameter", steps=tuple(lines))


def _table(walks: dict[str, Walk], given: Vector, now: int) -> Table:
    """Return σ and the step of the first parameter, the newest steps of it."""
    kept = {name: way for name, way in walks.items() if "σ" in way.memory}
    rows: list[tuple[Cell, ...]] = []
    for t in range(max(1, now - 7), now + 1):
        sizes = (float(way.memory["σ"][t - 1, 0]) for way in kept.values())
        moves = (float(way.points[t, 0] - way.points[t - 1, 0]) for way in kept.values())
        rows.append((t, float(given[t - 1, 0]), *sizes, *moves))
    return Table(
        title="The newest steps of the first parameter",
        columns=("t", "g", *(f"σ {name}" for name in kept), *(f"Δθ {name}" for name in kept)),
        rows=tuple(rows),
    )


def _network(lr: float, alpha: float, steps: int, seed: int) -> Iterator[Frame]:
    """Yield histograms of the rates of all weights of a network that is trained under each rule."""
    ground = landscape(NET, SAMPLES, seed)
    each = rules(lr / 10, alpha)  # rates of 0.01 suit a network
    walks = {name: walk(ground, rule, steps=steps) for name, rule in each.items()}
    told = moments(steps, 12)[1:]
    for now in told:
        shown = [_histogram(name, way, now) for name, way in walks.items() if "rate" in way.memory]
        figures: tuple[Figure, ...] = (shown[-1], losses(walks, now=now), *shown[:-1], _split(walks, now))
        adam = walks["Adam"]
        numbers: dict[str, Number] = {
            "step": now,
            "loss": float(adam.values[now]),
            "median_rate": float(np.median(adam.memory["rate"][now - 1])),
            "weights": NET.size,
        }
        caption = f"step {now} of {steps}: {NET.size:,} weights, each with its own rate"
        yield Frame(figures=figures, numbers=numbers, caption=caption, total=len(told))


def _histogram(name: str, way: Walk, now: int) -> Histogram:
    """Return how the rates of all weights are spread."""
    sizes = way.memory["σ" if "σ" in way.memory else "v"][now - 1]
    powers = np.log10(way.memory["rate"][now - 1][sizes > 0])  # a pixel that is always 0 has no gradient
    counts, edges = np.histogram(powers, BINS)
    return Histogram(
        title=f"{name}: rates of the weights",
        caption=f"{NET.size - len(powers)} weights had no gradient yet and are left out",
        edges=edges,
        counts=counts,
        value_label="log₁₀ of η/(σ + ε)",
    )


def _split(walks: dict[str, Walk], now: int) -> Table:
    """Return the median rate in each part of the network."""
    ends = np.cumsum(NET.counts)[:-1]
    rows: list[tuple[Cell, ...]] = []
    for name, way in walks.items():
        if "rate" in way.memory:
            parts = np.split(way.memory["rate"][now - 1], ends)
            rows.append((name, *(float(np.median(part)) for part in parts)))
    return Table(title="Median rate of each parameter", columns=("rule", *NET.shapes), rows=tuple(rows))


@adaptive_steps.check
def sizes_of_the_notes() -> None:
    """G = 3, 4, 12: RMS 3, 3.535534, 7.505553; AdaGrad 3, 5, 13; RMSProp 3, 3.114482, 4.809366 (notes 000a)."""
    shown = adaptive_steps.last(kind="notes", alpha=0.9).numbers
    near("σ, RMS of all", shown["sigma_RMS_of_all"], (3, 3.535534, 7.505553), 1e-6)
    near("σ, AdaGrad", shown["sigma_AdaGrad"], (3, 5, 13), 1e-12)
    near("σ, RMSProp", shown["sigma_RMSProp"], (3, 3.114482, 4.809366), 1e-6)
    cold = fed(RmsProp(alpha=0.9), np.array(NOTES)[:, None]).memory["σ"][:, 0]
    near("σ, RMSProp begun with 0", cold, (0.948683, 1.552417, 4.070504), 1e-6)
    for g in (1e-3, -2.0, 50.0):
        near(
            "first step of RMS",
            fed(RootMeanSquare(lr=0.1, eps=0.0), [[g]]).points[1],
            [-0.1 * np.sign(g)],
            1e-12,
        )


@adaptive_steps.check
def steps_under_a_constant_gradient() -> None:
    """G = 1: AdaGrad 1, 0.1, 0.01 at t = 1, 100, 10,000; RMSProp 3.162, 1.239, 1.00001 at 1, 10, 100 (notes 000c)."""
    one = np.ones((10_000, 1))
    adagrad = fed(AdaGrad(lr=1.0), one).memory["rate"][:, 0]
    near("AdaGrad", adagrad[[0, 99, 9999]], (1, 0.1, 0.01), 1e-9)
    near("η/√t", adagrad, 1 / np.sqrt(np.arange(1.0, 10_001)), 1e-9)
    rmsprop = fed(RmsProp(lr=1.0, alpha=0.9), one[:100]).memory["rate"][:, 0]
    near("RMSProp", rmsprop[[0, 9, 99]], (3.162, 1.239, 1.00001), 5e-4)
    for c in (0.1, 7.0):
        adam = fed(Adam(lr=0.5), np.full((50, 1), c)).memory["rate"][:, 0]
        near(f"Adam's rate at g = {c} over α/(c + ε)", adam * (c + 1e-8) / 0.5, np.ones(50), 1e-9)


@adaptive_steps.check
def plain_descent_where_sizes_are_one() -> None:
    """With every σ = 1, RMS is plain descent (notes 000a)."""
    signs = np.where(np.random.default_rng(0).random((40, 3)) < 0.5, -1.0, 1.0)
    near("θ", fed(RootMeanSquare(lr=0.1, eps=0.0), signs).points, fed(Gradient(lr=0.1), signs).points, 1e-12)


@adaptive_steps.check
def forgetting_and_not() -> None:
    """After the loud time RMSProp's rate is back at η/1, AdaGrad's is not; rare gradients keep a large rate."""
    shown = adaptive_steps.last(steps=300).numbers
    near("RMSProp's rate at last", shown["rate_RMSProp"], (0.1, 0.1), 1e-3)
    adagrad = np.array(shown["rate_AdaGrad"])
    assert adagrad[0] < adagrad[1] / 5, f"AdaGrad's rates at last: {adagrad}"
    rare = np.array(adaptive_steps.last(kind="sparse", steps=100).numbers["rate_AdaGrad"])
    near("rare over frequent", rare[1] / rare[0], np.sqrt(10), 1e-6)


@adaptive_steps.check
def same_as_torch() -> None:
    """Twenty steps of AdaGrad and RMSProp with random gradients against torch.optim, to 1e-10."""
    import torch

    g = np.random.default_rng(1).standard_normal((20, 4))
    for rule in (AdaGrad(lr=0.1), RmsProp(lr=0.1, alpha=0.9)):
        w = torch.zeros(4, dtype=torch.float64, requires_grad=True)
        optimiser: torch.optim.Optimizer = torch.optim.Adagrad([w], lr=0.1)
        if isinstance(rule, RmsProp):
            optimiser = torch.optim.RMSprop([w], lr=0.1, alpha=0.9)
        for row in g:
            w.grad = torch.from_numpy(row)
            optimiser.step()
        near(f"θ of {rule.title}", fed(rule, g).points[-1], w.detach().numpy(), 1e-10)


@adaptive_steps.check
def rates_fall_as_sizes_grow() -> None:
    """Over all weights of a training network the rate falls where vᶜ rises, strictly (notes 000c)."""
    way = walk(landscape(NET, 60, 0), Adam(lr=0.01), steps=10)
    sizes, found = way.memory["v̂"][-1], way.memory["rate"][-1]
    order = np.argsort(sizes)
    assert (np.diff(found[order]) <= 0).all(), "a larger vᶜ has a larger rate"
    near("rate", found, 0.01 / (np.sqrt(sizes) + 1e-8), 1e-12)
