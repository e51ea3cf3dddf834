"""Numbers that grow until there are none: divergence, overflow, and a watchdog that steps in."""

from __future__ import annotations

import math
from collections.abc import Iterator
from functools import lru_cache
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np

from dltui.figures import Figure, Lines, Series, Steps, Table, number
from dltui.lab import Choice, Frame, Number, Slider, exhibit, near
from dltui.lab.geometry.jets import Array
from dltui.lab.written import written

if TYPE_CHECKING:
    from dltui.lab.geometry.watchdog import Run

DTYPES: dict[str, type[np.floating[Any]]] = {
    "float16": np.float16,
    "float32": np.float32,
    "float64": np.float64,
}
MOST = 6000  # steps on x², enough for float64 at η = 1.1
LAYERS, UNITS = 400, 32
RATE, STEPS, EACH = 0.3, 100, 10  # of the network that is watched


@lru_cache(maxsize=32)
def diverge(lr: float, dtype: str) -> tuple[Array, int | None, int | None]:
    """Descend f = x² from x = 1 with x ← x − η·2x, every number in one dtype.

    Args:
        lr: η.
        dtype: One of ``DTYPES``.

    Returns:
        The losses x² after 0, 1, 2 … steps as far as they are finite, the step at which the loss is infinite, and the
        step at which x is no number; None for what does not happen.
    """
    kind = DTYPES[dtype]
    x, rate, two = kind(1), kind(lr), kind(2)
    losses: list[float] = []
    infinite = nothing = None
    with np.errstate(all="ignore"):
        for step in range(MOST):
            loss = x * x
            if np.isfinite(loss):
                losses.append(float(loss))
            elif infinite is None:
                infinite = step
            if np.isnan(x):
                nothing = step
                break
            if loss == 0:
                break
            x = kind(x - kind(rate * kind(two * x)))
    return np.array(losses), infinite, nothing


@lru_cache(maxsize=32)
def through(gain: float, dtype: str, seed: int) -> tuple[Array, int | None, int | None]:
    """Send a vector through random matrices with entries of variance gain²/n, in one dtype.

    Args:
        gain: Growth of a vector's length at each layer, on the average.
        dtype: One of ``DTYPES``.
        seed: Seed of matrices and vector.

    Returns:
        log₁₀ of the lengths as far as they are finite and above 0, the layer that overflows, and the one that is 0.
    """
    draw = np.random.default_rng(seed)
    h = draw.standard_normal(UNITS)
    h = (h / np.linalg.norm(h)).astype(DTYPES[dtype])
    lengths = [0.0]
    with np.errstate(all="ignore"):
        for layer in range(1, LAYERS + 1):
            w = (gain / math.sqrt(UNITS) * draw.standard_normal((UNITS, UNITS))).astype(DTYPES[dtype])
            h = (w * h).sum(1, dtype=DTYPES[dtype])
            if not np.isfinite(h).all():
                return np.array(lengths), layer, None
            size = np.abs(h).max().astype(np.float64)
            if size == 0:
                return np.array(lengths), None, layer
            lengths.append(float(np.log10(np.linalg.norm(h.astype(np.float64) / size)) + np.log10(size)))
    return np.array(lengths), None, None


@lru_cache(maxsize=4)
def exploded(seed: int) -> float:
    """Return ‖∇L‖ of a 20 × 64 ReLU network with weights of standard deviation 3/√n, by squared error on digits."""
    from torch import nn

    from dltui.lab.geometry.plain_nets import Plan, batch, made

    net = made(Plan(activation="relu", start="he", gain=3 / math.sqrt(2)), seed)
    x, y = batch(100)
    target = nn.functional.one_hot(y, 10).double()
    nn.functional.mse_loss(net(x), target).backward()  # type: ignore[no-untyped-call]
    return float(nn.utils.get_total_norm([p.grad for p in net.parameters() if p.grad is not None]))


@exhibit(
    "blow-up-watch",
    family="geometry",
    covers=("000a:exploding-gradient", "001:explode", "001:overflow", "001:divergence-fix"),
    kin={
        "dltui lab run gradient-thermometer": "the gradient of each layer, level or not",
        "dltui lab run clip-cliff": "clipping, which keeps a network from it",
        "dltui lab run number-formats": "range and precision of each dtype",
        "dltui train MODEL DATA --set clip=1": "clipping on your own run, which stops in words when numbers end",
    },
    sources=("Pascanu et al. 2013, arXiv:1211.5063", "Goodfellow, Bengio, Courville 2016, ch. 4.1 and 10.11"),
)
def blow_up_watch(
    lr: Annotated[float, Slider(0.1, 2, step=0.05, help="learning rate η on f = x²")] = 1.1,
    gain: Annotated[float, Slider(0.25, 4, log=True, help="growth at each random layer")] = 1.5,
    dtype: Annotated[str, Choice(*DTYPES, help="of which the numbers are told")] = "float32",
    spike: Annotated[
        float, Slider(1, 1000, log=True, help="by which the network's rate goes wrong at step 30")
    ] = 100.0,
    seed: Annotated[int, Slider(0, 99, help="seed of matrices, weights and batches")] = 0,
) -> Iterator[Frame]:
    """Three ways to infinity, in half, single and double precision, and a watchdog with its remedies.

    Try: --lr 0.9 converges; --lr 1 swings for ever; --gain 0.5 vanishes instead; --spike 1 gives the watchdog nothing
    to bark at; --spike 1000.
    Notice: on logarithmic axes growth is a straight line up to the ceiling of the dtype; float16 reaches it eight
    times sooner than float32. The watchdog needs one to three steps, long before the numbers end.

    x ← x − η·2x = (1 − 2η)x: for η > 1 |x| grows by 2η − 1 a step. Through layers of variance g²/n a vector's length
    grows by about g a layer. Remedies at the first flag: cut the rate to what it was; clip the gradient to its median
    length before; roll back to the last snapshot, and cut the rate.

    Told as it is: clipping leaves the rate wrong, and with most seeds the loss stays up; a rate that is cut after the
    jump goes on from weights that may be spoilt. Rolling back brought the old curve back with every seed tried.
    """
    still = (_on_a_parabola(lr), _through_layers(gain, seed))
    worked = _worked(lr, dtype)
    numbers = _closed(lr, gain, dtype, seed)
    yield Frame(
        figures=(*still, worked, _formats(lr, gain, seed)),
        numbers=numbers,
        caption=_caption(lr, dtype),
        total=2 + STEPS // EACH,
    )
    for runs in _together(spike, seed):
        told: dict[str, Number] = {f"flagged_{run.remedy.replace(' ', '_')}": run.flagged for run in runs}
        told |= {f"loss_{run.remedy.replace(' ', '_')}": _last(run) for run in runs}
        done = max(len(run.losses) for run in runs)
        yield Frame(
            figures=(*still, _watched(runs, spike), _barked(runs), worked, _formats(lr, gain, seed)),
            numbers={**numbers, **told, "steps": done},
            caption=_caption(lr, dtype) if done < STEPS else _verdict(runs, spike),
            total=2 + STEPS // EACH,
        )


def _together(spike: float, seed: int) -> Iterator[list[Run]]:
    """Yield the runs with each remedy side by side, every few steps and at the end."""
    from dltui.lab.geometry.watchdog import REMEDIES, watched

    going = [watched(remedy, RATE, spike, STEPS, seed) for remedy in REMEDIES]
    runs: list[Run | None] = [None] * len(going)
    for step in range(STEPS + 1):
        for place, one in enumerate(going):
            runs[place] = next(one, runs[place])
        if not step % EACH:
            yield [run for run in runs if run is not None]


def _last(run: Run) -> float | None:
    """Return the mean of the last finite losses, or None where numbers have ended."""
    return None if run.ended is not None else float(np.mean(run.losses[-EACH:]))


def _closed(lr: float, gain: float, dtype: str, seed: int) -> dict[str, Number]:
    """Return the numbers of the first two ways to infinity."""
    _, infinite, nothing = diverge(lr, dtype)
    lengths, overflow, vanished = through(gain, dtype, seed)
    slope = float(np.polyfit(np.arange(len(lengths)), lengths, 1)[0]) if len(lengths) > 2 else None
    return {
        "loss_infinite_at": infinite,
        "x_nan_at": nothing,
        "overflow_at_layer": overflow,
        "zero_at_layer": vanished,
        "log10_growth_a_layer": slope,
        "largest": float(np.finfo(DTYPES[dtype]).max),
        "exploded_gradient": exploded(seed),
    }


def _caption(lr: float, dtype: str) -> str:
    """Return what happens on x²."""
    _, infinite, nothing = diverge(lr, dtype)
    if infinite is None:
        ends = "swings for ever" if lr == 1 else "converges" if lr < 1 else f"is finite for {MOST} steps"
        return f"x² at η = {lr:g} {ends} in {dtype}"
    return f"x² at η = {lr:g} in {dtype}: infinite at step {infinite}, no number at {nothing}"


def _verdict(runs: list[Run], spike: float) -> str:
    """Return what the watchdog has done."""
    from dltui.lab.geometry.watchdog import TROUBLE

    first = runs[0]
    if first.flagged is None:
        return f"η × {spike:g} at step {TROUBLE}: nothing to flag"
    return f"η × {spike:g} at step {TROUBLE} is flagged at step {first.flagged}"


def _worked(lr: float, dtype: str) -> Steps:
    """Return the growth on x² and the step at which the loss is infinite, with the numbers put in."""
    factor, largest = 1 - 2 * lr, float(np.finfo(DTYPES[dtype]).max)
    lines = [(f"x ← x − η·2x = (1 − 2·{number(lr)})x = {number(factor)}·x", "one step")]
    if abs(factor) > 1:
        steps = np.log(largest) / (2 * np.log(abs(factor)))
        base = number(abs(factor))
        lines += [
            (f"x² = {base}²ᵏ passes {number(largest)} after k = {steps:.1f} steps", f"the ceiling of {dtype}")
        ]
        _, infinite, _ = diverge(lr, dtype)
        lines += [(f"found: loss infinite at step {'–' if infinite is None else infinite}", "")]
    else:
        lines += [(f"x² = {number(abs(factor))}²ᵏ never grows", "no ceiling is met")]
    return written(*lines)


def _on_a_parabola(lr: float) -> Lines:
    """Return the loss on x² in each dtype."""
    lines = []
    for dtype in DTYPES:
        losses, infinite, _ = diverge(lr, dtype)
        seen = np.where(losses > 0, losses, np.nan)
        name = dtype if infinite is None else f"{dtype}: infinite at step {infinite}"
        lines.append(Series(name=name, x=np.arange(float(len(losses))), y=np.log10(seen)))
    lines.append(_ends(lines))
    return Lines(
        title=f"log₁₀ of the loss x² at η = {lr:g}",
        caption=f"each step multiplies x by 1 − 2η = {number(1 - 2 * lr)}",
        series=tuple(lines),
        x_label="step",
        y_label="log₁₀ x²",
    )


def _ends(lines: list[Series]) -> Series:
    """Return where each curve ends, as marks: the curves lie on top of each other before."""
    last = [int(np.flatnonzero(np.isfinite(line.y))[-1]) for line in lines]
    return Series(
        name="ends",
        x=np.array([line.x[place] for line, place in zip(lines, last, strict=True)]),
        y=np.array([line.y[place] for line, place in zip(lines, last, strict=True)]),
        marks=True,
    )


def _through_layers(gain: float, seed: int) -> Lines:
    """Return the length of a vector through random layers in each dtype."""
    lines = []
    for dtype in DTYPES:
        lengths, overflow, vanished = through(gain, dtype, seed)
        ends = (
            f": overflows in layer {overflow}"
            if overflow
            else f": 0 from layer {vanished}"
            if vanished
            else ""
        )
        lines.append(Series(name=f"{dtype}{ends}", x=np.arange(float(len(lengths))), y=lengths))
    lines.append(_ends(lines))
    layers = np.array([0.0, max(len(line.x) for line in lines) - 1])
    lines.append(Series(name="log₁₀ g a layer", x=layers, y=layers * math.log10(gain)))
    return Lines(
        title=f"log₁₀ of a vector's length through random layers, g = {gain:g}",
        caption=f"{UNITS} × {UNITS} matrices with entries of variance g²/{UNITS}, {LAYERS} layers at most",
        series=tuple(lines),
        x_label="layer",
        y_label="log₁₀ ‖h‖",
    )


def _watched(runs: list[Run], spike: float) -> Lines:
    """Return the losses of the network with each remedy."""
    from dltui.lab.geometry.watchdog import TROUBLE

    lines = [
        Series(name=run.remedy, x=np.arange(float(len(run.losses))), y=_finite(run.losses)) for run in runs
    ]
    return Lines(
        title=f"A network whose rate is {spike:g} times too large from step {TROUBLE} on",
        caption="ReLU network 64-32-32-10 on digits, batches of 60, η = 0.3",
        series=tuple(lines),
        x_label="step",
        y_label="loss",
        y_scale="log",
    )


def _finite(values: list[float]) -> Array:
    """Return values with holes where they are not finite."""
    known = np.array(values)
    return np.where(np.isfinite(known), np.maximum(known, 1e-12), np.nan)


def _barked(runs: list[Run]) -> Table:
    """Return what the watchdog said and what became of each run."""
    rows = [
        (run.remedy, run.flagged, run.reason or "nothing", max(_known(run)), _last(run), run.ended)
        for run in runs
    ]
    return Table(
        title="What the watchdog did",
        caption="offers: cut the rate, clip, roll back; the last loss is the mean of ten steps",
        columns=("remedy", "flagged", "why", "worst loss", "last loss", "infinite"),
        rows=tuple(rows),
    )


def _known(run: Run) -> list[float]:
    """Return the finite losses."""
    return [loss for loss in run.losses if math.isfinite(loss)] or [math.inf]


def _formats(lr: float, gain: float, seed: int) -> Figure:
    """Return the ranges of the dtypes, and where each ran out."""
    rows = []
    for dtype, kind in DTYPES.items():
        about = np.finfo(kind)
        _, infinite, nothing = diverge(lr, dtype)
        _, overflow, vanished = through(gain, dtype, seed)
        rows.append((
            dtype,
            float(about.max),
            float(about.smallest_subnormal),
            infinite,
            nothing,
            overflow or vanished,
        ))
    return Table(
        title="Where each dtype runs out",
        caption=f"A 20 × 64 ReLU network with weights of 3/√n has a gradient of {number(exploded(seed), 2)}.",
        columns=("dtype", "largest", "smallest", "x² infinite", "x no number", "layer of overflow or 0"),
        rows=tuple(rows),
    )


@blow_up_watch.check
def steps_of_the_notes() -> None:
    """x² at η = 1.1 from 1 in float32: loss infinite at step 244, x no number at step 485 (notes 000a)."""
    first = next(iter(blow_up_watch()))
    near("loss infinite", first.value("loss_infinite_at"), 244)
    near("x no number", first.value("x_nan_at"), 485)


@blow_up_watch.check
def half_precision_ends_first() -> None:
    """float16 overflows before float32, and that before float64, on x² and through layers (notes 001)."""
    steps, layers = [], []
    for dtype in DTYPES:
        first = next(iter(blow_up_watch(dtype=dtype, gain=3.0)))
        steps.append(first.value("loss_infinite_at"))
        layers.append(first.value("overflow_at_layer") if dtype != "float64" else LAYERS + 1)
    assert steps[0] < steps[1] / 5 < steps[2] / 10, f"x² ends at {steps}"
    assert layers[0] < layers[1] / 5, f"layers overflow at {layers}"
    ceiling = math.log10(65504) / (2 * math.log10(1.2))
    near("step of float16, against log(65504)/(2 log 1.2)", steps[0], math.ceil(ceiling), 0.04)


@blow_up_watch.check
def growth_is_a_straight_line() -> None:
    """Through 50 layers a length grows by about 1.5⁵⁰ = 6.376e8 or 2⁵⁰ = 1.126e15; log ‖h‖ is linear in the depth."""
    for gain, known in ((1.5, 6.376e8), (2.0, 1.126e15)):
        lengths, _, _ = through(gain, "float64", 0)
        near("log₁₀ ‖h‖ after 50 layers", lengths[50], math.log10(known), 0.1)
        near(f"slope at {gain}", np.polyfit(np.arange(len(lengths)), lengths, 1)[0], math.log10(gain), 0.01)
        straight = np.corrcoef(np.arange(len(lengths)), lengths)[0, 1]
        assert straight > 0.99, f"correlation {straight}"


@blow_up_watch.check
def gradient_of_the_notes() -> None:
    """20 × 64 ReLU, weights of 3/√n: a gradient of about 2.8e14 (notes 000a), to a power of ten and a half."""
    for seed in (0, 1):
        near("log₁₀ of the gradient", math.log10(exploded(seed)) - math.log10(2.8e14), 0, 1.5)


@blow_up_watch.check
def lr_times_a_hundred_is_flagged() -> None:
    """An injected η × 100 is flagged within five steps for each seed, η × 1 never (notes 001); rolling back helps."""
    for seed in (0, 1, 2):
        frame = blow_up_watch.last(seed=seed)
        late = frame.value("flagged_none") - 30
        assert 0 < late <= 5, f"seed {seed}: flagged {late} steps after"
        assert frame.value("loss_roll_back") < 2.2, f"seed {seed}: ends at {frame.numbers['loss_roll_back']}"
    calm = blow_up_watch.last(spike=1.0)
    assert calm.numbers["flagged_none"] is None, "a false alarm"
