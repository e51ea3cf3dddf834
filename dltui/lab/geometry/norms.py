"""What batch norm does to the loss around the weights."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache, partial
from typing import TYPE_CHECKING, Annotated, Literal

import numpy as np

from dltui.figures import Bars, Figure, Table, number
from dltui.lab import Frame, Number, Slider, exhibit
from dltui.lab.written import written
from dltui.results.training import TrainingHistory
from dltui.training import Optimizer, Recipe

if TYPE_CHECKING:
    from torch import nn

SAMPLES, WIDTH, TOP = 600, 24, 11


@lru_cache(maxsize=16)
def _net(depth: int, rate: float, seed: int, *, norm: bool) -> tuple[nn.Module, TrainingHistory]:
    from dltui.lab.geometry.nets import digits, perceptron, taught

    recipe = Recipe(epochs=10, batch_size=60, optimizer=Optimizer(name="sgd", lr=rate))
    return taught(partial(perceptron, WIDTH, 10, depth=depth, norm=norm), digits(SAMPLES), recipe, seed)


@exhibit(
    "normed-landscape",
    family="geometry",
    covers=("002a:batch-norm-benefits",),
    kin={
        "dltui lab run hessian-spectrum": "bulk and outliers of a network without batch norm",
        "dltui lab run gradient-thermometer": "--norm: what batch norm does to the gradient of each layer",
        "dltui hessian MODEL --mode train": "the spectrum as training sees it, batch norm by its own batch",
    },
    sources=("Ghorbani et al. 2019, arXiv:1901.10159", "Santurkar et al. 2018, arXiv:1805.11604"),
)
def normed_landscape(
    depth: Annotated[int, Slider(2, 6, help="hidden layers")] = 4,
    rate: Annotated[float, Slider(0.005, 0.1, log=True, help="learning rate")] = 0.05,
    seed: Annotated[int, Slider(0, 99, help="seed of weights and batches")] = 0,
) -> Iterator[Frame]:
    """Loss and largest eigenvalues of a network with batch norm and without, trained by the same steps.

    Try: --depth 2 lets both learn; --rate 0.005 leaves the deep plain network where it began.
    Notice: with batch norm a depth and a step size work at which the plain network stands still; and in train mode,
    which is what the steps see, λ₁ is several times smaller than in eval mode, and its outliers stand out less.

    In eval mode batch norm is a fixed scaling of each unit and the loss curves strongly in its direction. In train mode
    the statistics follow the weights, so that a step along a common scale of a layer changes nothing.

    Told as it is: λ₁ of a network that has learnt is not comparable with that of one that has not, whose loss is ln 10.
    """
    from dltui.instruments.curvature import spectrum
    from dltui.lab.geometry.nets import course, digits
    from dltui.objective import Objective

    rows, numbers = list[tuple[str | float, ...]](), dict[str, Number]()
    looks: tuple[tuple[bool, Literal["eval", "train"]], ...] = (
        (False, "eval"),
        (True, "eval"),
        (True, "train"),
    )
    for norm, mode in looks:
        net, history = _net(depth, rate, seed, norm=norm)
        if not rows:
            yield Frame(
                figures=(course(history, "the plain network", "its spectrum comes"),),
                numbers={},
                caption="trained plain; its spectrum comes next",
                total=4,
            )
        objective = Objective.of(net, digits(SAMPLES), mode=mode)
        found = spectrum(
            objective, top=TOP, bottom=1, exact=False, probes=1, trace_probes=2, tolerance=1e-2, seed=seed
        )
        top, last = float(found.top_eigenvalues[0]), float(found.top_eigenvalues[-1])
        name = f"batch norm, {mode} mode" if norm else "plain"
        rows.append((name, found.loss, top, float(found.top_residuals[0]), top / last))
        key = f"{'norm' if norm else 'plain'}_{mode}"
        numbers |= {f"{key}_loss": found.loss, f"{key}_lambda_max": top, f"{key}_outliers": top / last}
        losses = f"loss {rows[0][1]:.3g} plain" + (f", {rows[1][1]:.3g} with batch norm" if norm else "")
        yield Frame(figures=_figures(rows, depth, rate), numbers=dict(numbers), caption=losses, total=4)


def _figures(rows: list[tuple[str | float, ...]], depth: int, rate: float) -> tuple[Figure, ...]:
    """Return eigenvalues and losses of the networks looked at so far."""
    bars = Bars(
        title="λ₁ of the Hessian",
        labels=tuple(str(row[0]) for row in rows),
        values=np.array([row[2] for row in rows], float),
        errors=np.array([row[3] for row in rows], float),
        value_label="λ₁",
    )
    losses = Bars(
        title="Training loss after the same steps",
        caption=f"guessing has ln 10 = {number(float(np.log(10)))}",
        labels=tuple(str(row[0]) for row in rows),
        values=np.array([row[1] for row in rows], float),
        value_label="loss",
    )
    table = Table(
        title="Trained by the same steps",
        caption=f"depth {depth}, η = {rate:g}, 10 epochs of 600 digits; λ₁ ± ‖Hv − λv‖",
        columns=("network", "loss", "λ₁", "±", "λ₁/λ₁₁"),
        rows=tuple(rows),
    )
    lines = [
        (
            f"η·λ₁ = {number(rate)}·{number(float(row[2]))} = {number(rate * float(row[2]))}",
            f"{row[0]}; stable below 2",
        )
        for row in rows
    ]
    return bars, losses, table, written(*lines)


@normed_landscape.check
def trains_where_the_plain_one_does_not() -> None:
    """Notes 002a: batch norm trains at a learning rate where the plain network does not."""
    frame = normed_landscape.last()
    plain, norm = (float(frame.numbers[key]) for key in ("plain_eval_loss", "norm_eval_loss"))  # type: ignore[arg-type]
    assert norm < 0.1 < 2 < plain, f"{norm} with batch norm, {plain} without"


@normed_landscape.check
def outliers_shrink_in_train_mode() -> None:
    """Ghorbani et al. 2019: batch norm suppresses outliers; λ₁ and λ₁/λ₁₁ are smaller in train mode."""
    frame = normed_landscape.last(depth=2)
    one = {key: float(value) for key, value in frame.numbers.items()}  # type: ignore[arg-type]
    assert one["norm_train_lambda_max"] < one["norm_eval_lambda_max"] / 2, one
    assert one["norm_train_outliers"] < one["norm_eval_outliers"], one
