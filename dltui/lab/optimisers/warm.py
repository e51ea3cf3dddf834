"""A learning rate that begins small: warm-up, then a straight line or an inverse root down."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated

import numpy as np
from numpy.typing import ArrayLike, NDArray

from dltui.descent.schedules import inverse_root, warm_cosine, warm_linear
from dltui.figures import Lines, Series, Step, Steps, Table, number
from dltui.lab import Choice, Frame, Number, Slider, exhibit, near

Array = NDArray[np.float64]

RUN, TAIL = 100, 15  # steps that are trained; batches over which the last loss is averaged
POINTS = 400


def curve(
    t: ArrayLike, decay: str, warmup: int, total: int, d_model: int, rate: float, *, end: float = 0.0
) -> Array:
    """Return the learning rate at each step; the cosine ends at a share ``end`` of the largest."""
    if decay == "linear":
        return warm_linear(t, rate, warmup, total)
    if decay == "cosine":
        return warm_cosine(t, rate, warmup, total, end * rate)
    return inverse_root(t, d_model, max(warmup, 1))


def squeezed(
    decay: str, warmup: int, total: int, rate: float, *, warm: bool, end: float = 0.0
) -> tuple[float, ...]:
    """Return the curve in a hundred steps, its largest rate set to ``rate``; full from the start where not ``warm``."""
    t = (np.arange(RUN) + 0.5) * total / RUN
    found = curve(t, decay, warmup, total, 512, 1.0, end=end)
    found = found if warm else np.where(t < warmup, found.max(), found)
    return tuple((rate * found / found.max()).tolist())


@exhibit(
    "warm-up",
    family="optimisers",
    covers=("000a:lr-transformer", "003:warmup"),
    kin={
        "dltui lab run lr-schedules": "schedules that begin at full rate",
        "dltui train MODEL --set schedule.warmup=100": "warm-up for a network of your own",
    },
    sources=(
        "Vaswani et al. 2017, arXiv:1706.03762",
        "Xiong et al. 2020, arXiv:2002.04745",
        "Liu et al. 2020, arXiv:1908.03265",
    ),
)
def warm_up(
    decay: Annotated[
        str, Choice("linear", "cosine", "inverse-root", help="how it falls after the warm-up")
    ] = "linear",
    warmup: Annotated[int, Slider(0, 5000, step=100, help="steps w of the warm-up")] = 2500,
    total: Annotated[int, Slider(5001, 20_000, step=100, help="steps T in all")] = 10_000,
    d_model: Annotated[int, Slider(16, 4096, log=True, help="width d of the model (inverse root)")] = 512,
    rate: Annotated[float, Slider(0.0005, 0.05, log=True, help="largest learning rate of the run")] = 0.02,
    end: Annotated[float, Slider(0, 0.5, step=0.01, help="share of the peak at which the cosine ends")] = 0.0,
    seed: Annotated[int, Slider(0, 9999, help="seed of weights and batches")] = 0,
) -> Iterator[Frame]:
    """The learning rate rises, then falls; and a small transformer that starts with it and without.

    Try: --decay inverse-root --warmup 4000; --decay cosine --end 0.1; --rate 0.005, where the start is harmless;
    --warmup 0 draws both alike.
    Notice: without a warm-up the first steps are large while Adam knows hardly a gradient: the loss jumps up and the
    network is behind for good.

    Linear: η·t/w for t < w, then η·(T − t)/(T − w), and 0 from T on (t counts from 0, where the rate is 0). Cosine: the
    same rise, then e + ½(η − e)(1 + cos π(t − w)/(T − w)), which ends at e. Inverse root: d^(−½)·min(t^(−½),
    t·w^(−1.5)), t from 1; it peaks at t = w with (d·w)^(−½), and at t = 0 it is set to 0, for t^(−½) has no value
    there.

    Trained live: two post-norm blocks of width 32 that read digits row by row, 100 steps of Adam (β₂ = 0.98), the curve
    squeezed into them and its peak set to --rate. Without: full rate up to w, and the same fall after it.
    """
    rates = {
        "with": squeezed(decay, warmup, total, rate, warm=True, end=end),
        "without": squeezed(decay, warmup, total, rate, warm=False, end=end),
    }
    drawn = _curve(decay, warmup, total, d_model, rate, end=end)
    yield _frame(drawn, rates, {}, warmup / total)
    from dltui.lab.optimisers.early import trained

    losses: dict[str, Array] = {}
    for name, each in rates.items():
        losses[name] = np.array(trained(each, seed))
        yield _frame(drawn, rates, losses, warmup / total)


@dataclass(frozen=True)
class Drawn:
    """The curve, and its values at steps worth telling.

    Attributes:
        picture: The curve over all steps.
        worked: Its formula with the numbers.
        table: Its values at some steps.
        numbers: The same, and its peak.
    """

    picture: Lines
    worked: Steps
    table: Table
    numbers: dict[str, Number]


def _curve(decay: str, warmup: int, total: int, d_model: int, rate: float, *, end: float) -> Drawn:
    """Return the curve in pictures and numbers."""
    t = np.unique(np.append(np.linspace(0, total, POINTS).round(), max(warmup, 1)))
    values = curve(t, decay, warmup, total, d_model, rate, end=end)
    top = int(values.argmax())
    told = sorted({
        0,
        1,
        warmup // 4,
        warmup // 2,
        warmup,
        warmup + 1,
        2 * warmup,
        (warmup + total) // 2,
        total,
    })
    rates = curve(told, decay, warmup, total, d_model, rate, end=end)
    peak = f"peak {number(float(values[top]))} at step {int(t[top])}"
    return Drawn(
        Lines(
            title="Learning rate over the steps",
            caption=f"{peak}; w = {warmup}, T = {total}"
            + (f", d = {d_model}" if decay == "inverse-root" else ""),
            series=(
                Series(name="η", x=t, y=values),
                Series(name="peak", x=t[top : top + 1], y=values[top : top + 1], marks=True),
            ),
            x_label="step",
            y_label="η",
        ),
        _worked(decay, warmup, total, d_model, rate, end=end),
        Table(
            title="At some steps", columns=("step", "η"), rows=tuple(zip(told, rates.tolist(), strict=True))
        ),
        {
            "peak": float(values[top]),
            "peak_step": int(t[top]),
            "steps": [float(one) for one in told],
            "rates": rates.tolist(),
        },
    )


def _worked(decay: str, warmup: int, total: int, d_model: int, rate: float, *, end: float) -> Steps:
    """Return the rate on the way up, at the peak and on the way down, with the numbers."""
    up, down = max(warmup // 2, 1), (warmup + total) // 2
    at = {
        t: number(float(curve(t, decay, warmup, total, d_model, rate, end=end))) for t in (up, warmup, down)
    }
    eta, low = number(rate), number(end * rate)
    w, gone = max(warmup, 1), number((down - warmup) / (total - warmup))
    rise, top = f"η·t/w = {eta}·{up}/{w}", "η"
    falls = {
        "linear": f"η·(T − t)/(T − w) = {eta}·({total} − {down})/({total} − {warmup})",
        "cosine": f"e + ½(η − e)(1 + cos π(t − w)/(T − w)) = {low} + ½({eta} − {low})(1 + cos {gone}π)",
        "inverse-root": f"d^(−½)·t^(−½) = ({d_model}·{down})^(−½)",
    }
    if decay == "inverse-root":
        rise = f"d^(−½)·t·w^(−1.5) = {d_model}^(−½)·{up}·{w}^(−1.5)"
        top = f"(d·w)^(−½) = ({d_model}·{w})^(−½)"
    lines = {up: rise, warmup: top, down: falls[decay]}
    return Steps(
        title="Worked out: on the way up, at the peak, on the way down",
        steps=tuple(Step(formula=f"{line} = {at[t]}", note=f"t = {t}") for t, line in lines.items()),
    )


def _frame(
    drawn: Drawn, rates: dict[str, tuple[float, ...]], losses: dict[str, Array], share: float
) -> Frame:
    """Return pictures and numbers with as many runs as have been trained."""
    steps = np.arange(float(RUN))
    numbers = dict(drawn.numbers)
    for name, each in losses.items():
        numbers |= {
            f"{name}_first_ten": float(each[1:11].mean()),
            f"{name}_most": float(each.max()),
            f"{name}_loss": float(each[-TAIL:].mean()),
        }
    trained = tuple(Series(name=f"{name} warm-up", x=steps, y=each) for name, each in losses.items())
    live = Lines(
        title="Run: its learning rate, step by step",
        series=tuple(
            Series(name=f"{name} warm-up", x=steps, y=np.array(each)) for name, each in rates.items()
        ),
        x_label="step",
        y_label="η",
    )
    told = ", ".join(f"{name} {number(float(one[-TAIL:].mean()), 3)}" for name, one in losses.items())
    curves = Lines(
        title="Loss on each batch",
        caption=f"mean of the last {TAIL}: {told}; the warm-up ends at step {share * RUN:.0f}",
        series=trained,
        x_label="step",
        y_label="loss",
        levels=((float(np.log(10)), "guessing"),),
    )
    return Frame(
        figures=(drawn.picture, *((curves,) if losses else ()), live, drawn.worked, drawn.table),
        numbers=numbers,
        caption=f"last loss {told}"
        if told
        else f"peak {number(float(str(numbers['peak'])))} at step {numbers['peak_step']}",
        total=3,
    )


@warm_up.check
def transformer_of_the_paper() -> None:
    """Width 512, w = 4000: 1.7469e-7 at 1, 1.74693e-4 at 1000, 6.98771e-4 at 4000, 3.49386e-4 at 16000 (notes 000a)."""
    known = {
        1: 1.7469e-7,
        1000: 1.74693e-4,
        4000: 6.98771e-4,
        8000: 4.94106e-4,
        16000: 3.49386e-4,
        100_000: 1.39754e-4,
    }
    for step, value in known.items():
        near(f"rate at {step}", curve(step, "inverse-root", 4000, 100_000, 512, 1.0) / value, 1, 2e-5)
    near("rate at 0", curve(0, "inverse-root", 4000, 10_000, 512, 1.0), 0)
    found = next(iter(warm_up(decay="inverse-root", warmup=4000))).numbers
    near("peak", float(str(found["peak"])) / 6.98771e-4, 1, 1e-5)
    near("step of the peak", found["peak_step"], 4000)


@warm_up.check
def linear_of_the_notes() -> None:
    """η = .001, w = 1000, T = 10000: 0, 1e-6, 2.5e-4, 5e-4, 1e-3, 9.998889e-4, … and 0 from T on (notes 003, W24)."""
    known = {
        0: 0, 1: 1e-6, 250: 2.5e-4, 500: 5e-4, 999: 9.99e-4, 1000: 1e-3, 1001: 9.998889e-4, 2000: 8.888889e-4,
        5500: 5e-4, 9000: 1.111111e-4, 9999: 1.111111e-7, 10_000: 0, 12_000: 0,
    }  # fmt: skip
    for step, value in known.items():
        near(f"rate at {step}", 1e3 * curve(step, "linear", 1000, 10_000, 512, 1e-3), 1e3 * value, 1e-6)


@warm_up.check
def like_lambda_lr() -> None:
    """The linear curve against torch's LambdaLR with the factor of the notes, for 60 steps, to 1e-12."""
    import torch

    weight = torch.nn.Parameter(torch.zeros(1))
    optimizer = torch.optim.Adam([weight], lr=0.02)

    def factor(step: int) -> float:
        return step / max(1, 10) if step < 10 else max(0, (50 - step) / max(1, 50 - 10))

    scheduler = torch.optim.lr_scheduler.LambdaLR(optimizer, factor)
    for step in range(60):
        near(f"rate at {step}", curve(step, "linear", 10, 50, 512, 0.02), scheduler.get_last_lr()[0], 1e-12)
        optimizer.step()
        scheduler.step()


@warm_up.check
def cosine_like_torch() -> None:
    """After its warm-up the cosine is torch's CosineAnnealingLR with eta_min, to 1e-12; before it, η·t/w."""
    import torch

    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], 0.02)
    scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, 40, eta_min=0.002)
    near("the rise", curve([0, 5, 9], "cosine", 10, 50, 512, 0.02, end=0.1), (0, 0.01, 0.018), 1e-12)
    for step in range(41):
        shown = curve(10 + step, "cosine", 10, 50, 512, 0.02, end=0.1)
        near(f"rate at {10 + step}", shown, scheduler.get_last_lr()[0], 1e-12)
        optimizer.step()
        scheduler.step()


@warm_up.check
def a_warm_start_ends_lower() -> None:
    """Loss with a warm-up is lower at the start and at the end, for two seeds (Xiong et al. 2020)."""
    for seed in range(2):
        frame = warm_up.last(seed=seed)
        found = {key: float(value) for key, value in frame.numbers.items() if isinstance(value, float | int)}
        assert found["with_most"] < found["without_most"], f"seed {seed}: {found}"
        assert found["with_loss"] < 0.9 * found["without_loss"], f"seed {seed}: {found}"
