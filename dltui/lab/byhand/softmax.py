"""Softmax: from any numbers to shares, and how to compute it without overflow."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Annotated

import numpy as np

from dltui.byhand import work
from dltui.figures import Bars, Lines, Series, Table
from dltui.figures import number as spoken
from dltui.instruments.byhand import steps_of
from dltui.lab import Frame, Slider, exhibit, near

TEMPERATURES = np.geomspace(0.1, 10, 41)


@exhibit(
    "softmax",
    family="byhand",
    covers=(
        "000a:softmax",
        "000a:logsumexp",
        "000b:softmax",
        "002a:softmax-function",
        "003:softmax",
        "004:softmax",
    ),
    kin={
        "dltui byhand softmax --backward --torch": "the same with gradients, beside torch",
        "dltui byhand logsoftmax": "its logarithm, in the form that does not overflow",
    },
    sources=("Bridle 1990, doi:10.1007/978-3-642-76153-9_28",),
)
def softmax(
    z1: Annotated[float, Slider(-10, 10, help="logit z₁")] = 1.0,
    z2: Annotated[float, Slider(-10, 10, help="logit z₂")] = 2.0,
    z3: Annotated[float, Slider(-10, 10, help="logit z₃")] = 3.0,
    temperature: Annotated[float, Slider(0.1, 10, log=True, help="temperature T")] = 1.0,
    shift: Annotated[float, Slider(-1000, 1000, help="added to all three")] = 0.0,
) -> Iterator[Frame]:
    """Three logits made shares that add up to 1, worked out; the naive form beside the safe one.

    Try: --temperature 0.1 leaves nearly all to the largest, --temperature 10 makes them alike; --shift 1000.
    Notice: what is added to all logits changes nothing; but e^1000 is more than float64 holds, so the naive form gives
    nan there, while the form with the largest taken away does not notice.

    pᵢ = e^zᵢ / Σⱼ e^zⱼ. The loss of class i is −ln pᵢ = ln Σⱼ e^zⱼ − zᵢ: the log-sum-exp form. That form alone is not
    safe either, as some notes claim: e^1000 overflows in it as well. Only with m = max z taken out,
    m + ln Σⱼ e^(zⱼ − m) − zᵢ, no exponent is above 0.
    """
    logits = [z1 + shift, z2 + shift, z3 + shift]
    worked = work("softmax", {"x": logits, "temperature": temperature})
    shares = worked.output.numbers()
    names = tuple(f"class {i + 1}, z = {spoken(z)}" for i, z in enumerate(logits))
    bars = Bars(
        title=f"Shares at T = {spoken(temperature)}", labels=names, values=np.array(shares), value_label="p"
    )
    paths = np.array([
        work("softmax", {"x": logits, "temperature": t}).output.numbers() for t in TEMPERATURES
    ])
    lines = Lines(
        title="Shares over the temperature",
        series=tuple(Series(name=f"p{i + 1}", x=TEMPERATURES, y=paths[:, i]) for i in range(3)),
        x_label="temperature T",
        y_label="share",
        x_scale="log",
    )
    rows = []
    for i in range(3):
        naive, safe = naive_loss(logits, i), safe_loss(logits, i)
        rows.append((f"class {i + 1} is right", str(naive_shares(logits)[i]), shares[i], str(naive), safe))
    table = Table(
        title="Naive and safe, T = 1 for the loss",
        columns=("", "naive share", "share", "naive −ln p", "safe −ln p"),
        rows=tuple(rows),
    )
    yield Frame(
        figures=(bars, steps_of(worked.sheet.lines, worked.sheet.tensors), lines, table),
        numbers={
            "shares": shares,
            "sum": sum(shares),
            "loss": [safe_loss(logits, i) for i in range(3)],
            "entropy": float(-sum(p * np.log(p) for p in shares if p > 0)),
        },
        caption=" ".join(f"{p:.4f}" for p in shares),
        total=1,
    )


def naive_shares(logits: Sequence[float]) -> list[float]:
    """Return e^zᵢ / Σ e^zⱼ computed as it is written; inf/inf is nan."""
    with np.errstate(over="ignore", invalid="ignore", divide="ignore", under="ignore"):
        e = np.exp(np.array(logits, dtype=float))
        found: list[float] = (e / e.sum()).tolist()
    return found


def naive_loss(logits: Sequence[float], right: int) -> float:
    """Return ln Σ e^zⱼ − z of the right class, computed as it is written."""
    with np.errstate(over="ignore", divide="ignore", under="ignore"):
        return float(np.log(np.exp(np.array(logits, dtype=float)).sum()) - logits[right])


def safe_loss(logits: Sequence[float], right: int) -> float:
    """Return −ln p of the right class, by the log-softmax."""
    loss: float = -work("logsoftmax", {"x": [*logits]}).output.numbers()[right]
    return loss + 0.0


@softmax.check
def known_shares() -> None:
    """(1, 2, 3) → (.090031, .244728, .665241), (2, 1, .1) → (.659001, .242433, .098566) (notes 000a), sum 1."""
    last = softmax.last()
    near("shares", last.numbers["shares"], [0.090031, 0.244728, 0.665241], 1e-6)
    near("sum", last.numbers["sum"], 1.0)
    last = softmax.last(z1=2.0, z2=1.0, z3=0.1)
    near("shares", last.numbers["shares"], [0.659001, 0.242433, 0.098566], 1e-6)


@softmax.check
def a_shift_changes_nothing() -> None:
    """Shares of (1001, 1002, 1003) and of (−999, −998, −997) equal those of (1, 2, 3)."""
    plain = softmax.last()
    for shift in (1000.0, -1000.0):
        last = softmax.last(shift=shift)
        near(f"shares at shift {shift:g}", last.numbers["shares"], plain.numbers["shares"], 1e-12)


@softmax.check
def naive_overflows() -> None:
    """(1000, 0, 0), class 1: naive inf, safe 0; (−1000, −1001, −1002): naive −inf, safe .407606 (notes 000a)."""
    large, small = [1000.0, 0.0, 0.0], [-1000.0, -1001.0, -1002.0]
    assert naive_loss(large, 0) == np.inf, "the naive loss should overflow"
    near("safe loss", safe_loss(large, 0), 0.0)
    assert naive_loss(small, 0) == -np.inf, "the naive loss should be ln 0"
    near("safe loss of small logits", safe_loss(small, 0), 0.407606, 1e-6)
    assert np.isnan(naive_shares(large)[0]), "inf/inf should be nan"


@softmax.check
def temperatures_of_the_notes() -> None:
    """Z = (2, 1, 0) at T = .5, 1, 2, 10 (notes 003, D8), and torch at five more."""
    import torch

    known = {0.5: 0.866813, 1.0: 0.665241, 2.0: 0.506480, 10.0: 0.367165}
    for temperature, first in known.items():
        last = softmax.last(z1=2.0, z2=1.0, z3=0.0, temperature=temperature)
        near(f"p₁ at T = {temperature}", next(iter(last.numbers["shares"])), first, 1e-6)  # type: ignore[arg-type]
    for temperature in (0.1, 0.3, 1.7, 4.0, 9.0):
        last = softmax.last(z1=-3.0, z2=0.5, z3=2.0, temperature=temperature)
        other = (torch.tensor([-3.0, 0.5, 2.0], dtype=torch.float64) / temperature).softmax(0)
        near(f"shares at T = {temperature}", last.numbers["shares"], other.tolist(), 1e-12)
