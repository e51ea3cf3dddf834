"""Adam, line by line: two running means, both freed of the zero that they begin with, and the step that they make."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

import numpy as np

from dltui.descent.adam import Adam
from dltui.descent.rule import Vector
from dltui.descent.surface import Surface
from dltui.descent.surfaces import SURFACES
from dltui.descent.walk import Walk, fed, walk
from dltui.figures import Figure, Histogram, Lines, Series, Steps, Table, number
from dltui.lab import Choice, Frame, Number, Slider, Switch, Typed, exhibit, near
from dltui.lab.geometry.surfaces import GALLERY, surface
from dltui.lab.optimisers.maps import ground, losses, moments, signed
from dltui.lab.optimisers.net import Net, landscape
from dltui.lab.written import written

GIVEN = {"notes": (2.0, -1.0, 0.5), "constant": (1.0,), "alternating": (1.0, -1.0)}
GROUNDS = ("parabola", "himmelblau", "saddle", "valley")
NET, SAMPLES = Net(), 300
SYMBOLS = ("m", "v", "m̂", "v̂")
SHOWN = ("m", "v", "mᶜ", "vᶜ")  # a hat is lost in the cells of a terminal
NEWEST = 8
BEGUN = (0.7, 0.5)  # where a typed formula is begun, as shares of its window


def typed(text: str) -> Surface:
    """Return a formula in x and y as a surface that can be walked on, from a place where it has a value."""
    one = surface(text)
    axis = one.axis(one.edge)
    up, across = np.nonzero(np.isfinite(one.ground))
    spots = np.stack((axis[across], axis[up]), -1)
    start = spots[np.linalg.norm(spots - one.edge * np.array(BEGUN), axis=-1).argmin()]

    def gradient(w: Vector) -> Vector:
        jet = one(w[..., 0], w[..., 1])  # that of log x is 1/x even where there is no log x
        return np.where(np.isfinite(jet.value)[..., None], np.broadcast_to(jet.gradient, w.shape), np.nan)

    return Surface(
        "typed",
        one.formula.text,
        "a typed formula",
        lambda w: np.broadcast_to(one(w[..., 0], w[..., 1]).value, w.shape[:-1]),
        gradient,
        lambda w: np.broadcast_to(one(w[..., 0], w[..., 1]).hessian, (*w.shape, w.shape[-1])),
        tuple(start.tolist()),
        (-one.edge, -one.edge),
        (one.edge, one.edge),
    )


def ground_of(source: str, f: str) -> Surface | None:
    """Return the surface that a source descends, or None for one that does not."""
    if source == "typed":
        return typed(f)
    return SURFACES[source]() if source in SURFACES else None


def traced(source: str, rule: Adam, steps: int, scale: float, seed: int, f: str = "") -> Walk:
    """Return Adam on given gradients, on a surface, or on all weights of a network.

    Args:
        source: What the gradients come from.
        rule: Adam with its settings.
        steps: Steps; gradients that are given are repeated.
        scale: What given gradients are multiplied by.
        seed: Seed of the network's weights.
        f: The formula of a source that is typed.

    Returns:
        The walk with its memory.
    """
    if source == "network":
        return walk(landscape(NET, SAMPLES, seed), rule, steps=steps)
    if (below := ground_of(source, f)) is not None:
        return walk(below, rule, steps=steps)
    pattern = np.array(GIVEN[source])
    count = len(pattern) if source == "notes" else steps
    return fed(rule, scale * np.resize(pattern, count)[:, None])


@exhibit(
    "adam-trace",
    family="optimisers",
    covers=(
        "000a:adam",
        "000b:adam",
        "000c:adam",
        "000c:bias-correction",
        "002a:adam",
        "003:adam",
        "004:adam",
    ),
    kin={
        "dltui lab run moving-average": "what a running mean keeps, and why it begins too small",
        "dltui lab run adaptive-steps": "the rate of each parameter under Adam and its forebears",
        "dltui lab run optimiser-race": "Adam against its forebears",
        "dltui lab run lesser-known": "RAdam, which waits until v can be trusted",
        "dltui byhand adam": "the same as on paper, with your own numbers",
    },
    sources=("Kingma and Ba 2015, arXiv:1412.6980",),
)
def adam_trace(
    source: Annotated[
        str,
        Choice(
            *GIVEN, *GROUNDS, "typed", "network", help="where gradients come from; network: live, on digits"
        ),
    ] = "notes",
    f: Annotated[
        str,
        Typed(surface, ("x**4 + y**2", *GALLERY), help="formula in x and y, or a surface by name (typed)"),
    ] = "x**4 + y**2",
    lr: Annotated[float, Slider(1e-4, 1, log=True, help="learning rate α")] = 0.1,
    beta1: Annotated[float, Slider(0, 0.99, step=0.01, help="share β₁ of m that is kept")] = 0.9,
    beta2: Annotated[float, Slider(0, 0.9999, step=0.001, help="share β₂ of v that is kept")] = 0.999,
    corrected: Annotated[bool, Switch(help="divide both means by 1 − βᵗ")] = True,
    scale: Annotated[float, Slider(1e-4, 100, log=True, help="what given gradients are multiplied by")] = 1.0,
    steps: Annotated[int, Slider(1, 300, log=True, help="steps, but for the three of the notes")] = 40,
    seed: Annotated[int, Slider(0, 99, help="seed of the network's weights (network)")] = 0,
) -> Iterator[Frame]:
    """Adam written out, step by step: g, m, v, both corrected, the step, θ; and what correcting is worth.

    Try: --no-corrected makes first steps three times too long; --scale 100 and --scale 0.0001 change no step;
    --source typed --f "x**4 + 5*y**2"; --source network traces one of 1,210 weights.
    Notice: the first step is α long whatever the gradient's size, since mᶜ/√vᶜ is ±1. The means begin at 0 and are too
    small by 1 − βᵗ: ten and a thousand times at first, v still by a third after a thousand steps.

    m ← β₁m + (1 − β₁)g, v ← β₂v + (1 − β₂)g², mᶜ = m/(1 − β₁ᵗ), vᶜ = v/(1 − β₂ᵗ), θ ← θ − α·mᶜ/(√vᶜ + ε); papers
    write a hat for the c of corrected. It joins momentum's direction and RMSProp's rates. E[m] = (1 − β₁ᵗ)·E[g] where
    gradients keep their mean, hence the correction. ε = 1e-8 stands outside of the root; it shows where gradients are
    as small as it.
    """
    rule = Adam(lr=lr, beta1=beta1, beta2=beta2, corrected=corrected)
    way = traced(source, rule, steps, scale, seed, f)
    below = ground_of(source, f)
    place = _place(way, source)
    told = moments(way.steps, 20)[1:] or [0]
    for now in told:
        figures: tuple[Figure, ...] = (
            _table(way, place, now),
            *_pictures(source, below, way, place, now),
            _factors(beta1, beta2, max(now, 1)),
        )
        figures = (*figures, _lengths(rule, way, place), _worked(rule, way, place, now))
        move = float(way.points[now, place] - way.points[now - 1, place]) if now else 0.0
        caption = f"step {now} of {way.steps}: θ = {number(float(way.points[now, place]), 6)}, moved by {number(move)}"
        if way.ended and now == way.steps:
            caption = way.ended
        yield Frame(
            figures=figures, numbers=_numbers(way, place, now, rule), caption=caption, total=len(told)
        )


def _place(way: Walk, source: str) -> int:
    """Return which weight is traced: the one that had the largest gradient at first, where there are many."""
    return int(np.abs(way.gradients[0]).argmax()) if source == "network" and way.steps else 0


def _table(way: Walk, place: int, now: int) -> Table:
    """Return the newest steps of the traced weight."""
    rows = tuple(
        (
            t,
            float(way.gradients[t - 1, place]),
            *(float(way.memory[symbol][t - 1, place]) for symbol in SYMBOLS),
            float(way.points[t, place] - way.points[t - 1, place]),
            float(way.points[t, place]),
        )
        for t in range(max(1, now - NEWEST + 1), now + 1)
    )
    named = f" θ₍{place}₎ of {way.points.shape[1]:,}" if way.points.shape[1] > 2 else ""
    return Table(title=f"Adam, step by step{named}", columns=("t", "g", *SHOWN, "step", "θ"), rows=rows)


def _pictures(source: str, below: Surface | None, way: Walk, place: int, now: int) -> tuple[Figure, ...]:
    """Return what the source has to show besides the table."""
    count = np.arange(1.0, now + 1)
    means = Lines(
        title="m and mᶜ beside g",
        series=(
            Series(name="g", x=count, y=way.gradients[:now, place], marks=True),
            Series(name="m", x=count, y=way.memory["m"][:now, place]),
            Series(name="mᶜ", x=count, y=way.memory["m̂"][:now, place]),
            Series(name="√vᶜ", x=count, y=np.sqrt(way.memory["v̂"][:now, place])),
        ),
        x_label="t",
        y_label="g, m, mᶜ, √vᶜ",
    )
    walks = {"Adam": way}
    if below is not None:
        return ground(below, walks, now=now), losses(walks, now=now), means
    if source == "network":
        moves = np.abs(way.points[now] - way.points[now - 1])
        counts, edges = np.histogram(moves, 30)
        spread = Histogram(
            title=f"Length of the step of all {NET.size:,} weights",
            caption="at first all are α long, save where there is no gradient",
            edges=edges,
            counts=counts,
            value_label="|Δθ|",
        )
        return losses(walks, now=now), spread, means
    return (means,)


def factors(beta: float, t: Vector) -> Vector:
    """Return 1/(1 − βᵗ), what the running mean is multiplied by at each t."""
    found: Vector = 1 / (1 - beta**t)
    return found


def _factors(beta1: float, beta2: float, now: int) -> Lines:
    """Return both factors of the correction over t."""
    t = np.unique(np.geomspace(1, 10_000, 80).round())
    return Lines(
        title="The correction: 1/(1 − βᵗ)",
        caption=f"at t = {now}: {number(float(factors(beta1, np.array(float(now)))))} for m, "
        f"{number(float(factors(beta2, np.array(float(now)))))} for v",
        series=(
            Series(name=f"for m, β₁ = {number(beta1)}", x=t, y=factors(beta1, t)),
            Series(name=f"for v, β₂ = {number(beta2)}", x=t, y=factors(beta2, t)),
        ),
        x_label="t",
        y_label="factor",
        x_scale="log",
        y_scale="log",
    )


def lengths(rule: Adam, gradients: Vector, *, corrected: bool) -> Vector:
    """Return |step|/α on given gradients of one weight, with or without the correction, shape (n,)."""
    other = Adam(lr=1.0, beta1=rule.beta1, beta2=rule.beta2, eps=rule.eps, corrected=corrected)
    return np.abs(np.diff(fed(other, gradients[:, None]).points[:, 0]))


def _lengths(rule: Adam, way: Walk, place: int) -> Lines:
    """Return how long steps are with and without the correction on the same gradients."""
    count, g = np.arange(1.0, way.steps + 1), way.gradients[:, place]
    return Lines(
        title="Length of a step over α, on these gradients",
        series=tuple(
            Series(name=name, x=count, y=lengths(rule, g, corrected=on))
            for name, on in (("corrected", True), ("not corrected", False))
        ),
        x_label="t",
        y_label="|Δθ|/α",
        levels=((1.0, "α"),),
    )


def _worked(rule: Adam, way: Walk, place: int, now: int) -> Steps:
    """Return the newest step with its numbers."""
    if not now:
        return written(("m = v = 0", ""), title="Worked out: the newest step")
    g, after = float(way.gradients[now - 1, place]), float(way.points[now, place])
    m, v, mhat, vhat = (float(way.memory[symbol][now - 1, place]) for symbol in SYMBOLS)
    m0, v0 = (float(way.memory[symbol][now - 2, place]) if now > 1 else 0.0 for symbol in "mv")
    b1, b2 = number(rule.beta1), number(rule.beta2)
    low, high = (f"/(1 − {b1}^{now})", f"/(1 − {b2}^{now})") if rule.corrected else ("", "")
    lines = (
        f"m = {b1}·{signed(m0)} + {number(1 - rule.beta1)}·{signed(g)} = {number(m)}",
        f"v = {b2}·{number(v0)} + {number(1 - rule.beta2)}·{signed(g)}² = {number(v)}",
        f"mᶜ = {number(m)}{low} = {number(mhat)}",
        f"vᶜ = {number(v)}{high} = {number(vhat)}",
        f"θ = {number(float(way.points[now - 1, place]), 6)} − {number(rule.lr)}·{signed(mhat)}/"
        f"(√{number(vhat)} + 1e-8) = {number(after, 7)}",
    )
    return written(*((line, "") for line in lines), title="Worked out: the newest step")


def _numbers(way: Walk, place: int, now: int, rule: Adam) -> dict[str, Number]:
    """Return what ``--json`` tells of one moment."""
    found: dict[str, Number] = {
        "step": now,
        "weight": place,
        "theta": way.points[: now + 1, place].tolist(),
        "g": way.gradients[:now, place].tolist(),
    }
    for symbol, name in zip(SYMBOLS, ("m", "v", "m_hat", "v_hat"), strict=True):
        found[name] = way.memory[symbol][:now, place].tolist() if now else []
    t = np.array(float(max(now, 1)))
    found |= {
        "factor_m": float(factors(rule.beta1, t)),
        "factor_v": float(factors(rule.beta2, t)),
        "ended": way.ended,
    }
    if way.values.size:
        loss = float(way.values[now])
        found["loss"] = loss if np.isfinite(loss) else None
    return found


@adam_trace.check
def trace_of_the_notes() -> None:
    """α = 0.1, g = 2, −1, 0.5: θ −0.1, −0.1266337, −0.1606766; m, v, mᶜ, vᶜ of the notes (000c, D14)."""
    shown = adam_trace.last().numbers
    near("θ", shown["theta"], (0, -0.0999999995, -0.1266337033, -0.1606766179), 1e-9)
    near("m", shown["m"], (0.2, 0.08, 0.122), 1e-12)
    near("v", shown["v"], (0.004, 0.004996, 0.005241004), 1e-12)
    near("mᶜ", shown["m_hat"], (2, 0.42105263, 0.45018450), 1e-7)
    near("vᶜ", shown["v_hat"], (4, 2.49924962, 1.74874950), 1e-7)


@adam_trace.check
def factors_of_the_notes() -> None:
    """At t = 1: 10 and 1,000; at 100: 1.000027 and 10.503; at 1,000: 1 and 1.5815 (notes 000c)."""
    t = np.array((1.0, 2.0, 10.0, 100.0, 1000.0))
    near("for m", factors(0.9, t), (10, 5.263158, 1.535340, 1.000027, 1), 1e-6)
    near("for v", factors(0.999, t), (1000, 500.250125, 100.450825, 10.503335, 1.581516), 1e-6)
    shown = adam_trace.last(source="constant", steps=1).numbers
    near("shown at t = 1", (shown["factor_m"], shown["factor_v"]), (10, 1000), 1e-9)


@adam_trace.check
def first_step_is_alpha() -> None:
    """The first step is α for g from 1e-4 (0.09999) to 100 (0.1), as in the notes (002a)."""
    for scale, known in ((1e-4, 0.09999), (1.0, 0.1), (100.0, 0.1)):
        path = np.array(adam_trace.last(source="constant", steps=1, scale=scale).numbers["theta"])
        near(f"first step at g = {scale}", abs(path[1]), known, 1e-7)


@adam_trace.check
def steps_without_the_correction() -> None:
    """A constant g, not corrected: |step|/α = 3.162, 4.25, 6.528 at t = 1, 2, 10, peak 6.569 at 12, 1.003 at 5,000."""
    one = np.ones(5000)
    raw, right = (lengths(Adam(), one, corrected=on) for on in (False, True))
    near(
        "not corrected",
        raw[[0, 1, 9, 11, 99, 999, 4999]],
        (3.162, 4.250, 6.528, 6.569, 3.241, 1.258, 1.003),
        5e-4,
    )
    assert int(raw.argmax()) == 11, f"its peak is at t = {int(raw.argmax()) + 1}"
    near("corrected", right, np.ones(5000), 1e-7)
    near(
        "in the exhibit",
        adam_trace.last(source="constant", corrected=False, lr=1, steps=2).numbers["theta"],
        (0, -3.1622767, -7.412),
        1e-3,
    )


@adam_trace.check
def same_as_torch() -> None:
    """A hundred steps on the network's 1,210 weights against torch.optim.Adam, to 1e-7."""
    import torch

    one = landscape(NET, 60, 0)
    w = torch.tensor(one.start, dtype=torch.float64, requires_grad=True)
    optimiser = torch.optim.Adam([w], lr=0.01)
    for _ in range(100):
        w.grad = torch.from_numpy(one.gradient(w.detach().numpy()))
        optimiser.step()
    near("θ", walk(one, Adam(lr=0.01), steps=100, remember=False).points[-1], w.detach().numpy(), 1e-7)


@adam_trace.check
def typed_formula_like_torch() -> None:
    """Twenty steps on x⁴ + 5y² as it is typed against torch's autograd and Adam, to 1e-7."""
    import torch

    below = typed("x**4 + 5*y**2")
    w = torch.tensor(below.start, dtype=torch.float64, requires_grad=True)
    optimiser = torch.optim.Adam([w], lr=0.1)
    known = [below.start[0]]
    for _ in range(20):
        optimiser.zero_grad()
        (w[0] ** 4 + 5 * w[1] ** 2).backward()  # type: ignore[no-untyped-call]
        optimiser.step()
        known.append(w[0].item())
    near("θ", adam_trace.last(source="typed", f="x**4 + 5*y**2", steps=20).numbers["theta"], known, 1e-7)
