"""Flat and sharp basins: where the noise of small batches leads."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

import numpy as np

from dltui.data import Dataset
from dltui.figures import Lines, Series, Steps, Table, number
from dltui.lab import Frame, Slider, exhibit, near
from dltui.lab.written import written

if TYPE_CHECKING:
    from torch import nn

SHARP, FLAT = 0.9989, -1.878  # minima of the double basin
RIM = 0.25  # distance from the sharp minimum at which its basin is left
NOISE, RATE, STEPS = 20.0, 0.01, 4000
SIZES = (1, 4, 16, 64, 256)
MOST = 400  # epochs
SAMPLES = 600
SHAKES = np.logspace(-2, 0, 7)  # lengths of a shake, in norms of the weights
DRAWS = 10  # directions, each both ways


def basin(w: Any) -> Any:
    """Return f(w) = 0.05w² − exp(−(w−1)²/0.02) − exp(−(w+2)²/1.28)."""
    return 0.05 * w**2 - np.exp(-((w - 1) ** 2) / 0.02) - np.exp(-((w + 2) ** 2) / 1.28)


def slope(w: Any) -> Any:
    """Return f′(w)."""
    sharp, flat = np.exp(-((w - 1) ** 2) / 0.02), np.exp(-((w + 2) ** 2) / 1.28)
    return 0.1 * w + (w - 1) / 0.01 * sharp + (w + 2) / 0.64 * flat


@lru_cache(maxsize=4)
def walked(walks: int, seed: int) -> np.ndarray:
    """Return where SGD with noise 20/√m ends from w = 1 after 4,000 steps, shape (batch sizes, walks)."""
    draw = np.random.default_rng(seed)
    noise = NOISE / np.sqrt(SIZES)[:, None]
    w = np.ones((len(SIZES), walks))
    for _ in range(STEPS):
        w -= RATE * (slope(w) + noise * draw.standard_normal(w.shape))
    return w


class Trained(NamedTuple):
    """A network that was trained to a loss, and in how many epochs."""

    net: nn.Module
    epochs: int


@lru_cache(maxsize=8)
def until(batch: int, target: float, seed: int) -> Trained:
    """Train a small network with batches of one size until its training loss is down to a target."""
    import torch
    from torch import nn

    from dltui.device import seeded, threads
    from dltui.lab.geometry.nets import bound, digits, perceptron

    data = digits(SAMPLES)
    x, y = torch.from_numpy(data.x_train), torch.from_numpy(data.y_train)
    with seeded(seed), threads(1):
        net = perceptron(32, 10, act=nn.Tanh)
        optimizer, epochs = torch.optim.SGD(net.parameters(), 0.05, 0.9), 0
        for _ in range(MOST):
            epochs += 1
            for rows in torch.split(torch.randperm(len(x)), batch):
                optimizer.zero_grad()
                nn.functional.cross_entropy(net(x[rows]), y[rows]).backward()  # type: ignore[no-untyped-call]
                optimizer.step()
            if bound(net, data).center().loss <= target:
                break
    return Trained(net.eval(), epochs)


@exhibit(
    "flat-or-sharp",
    family="geometry",
    covers=("000a:flat-sharp-minima", "000a:generalization-gap-batch", "003:sharp-minima"),
    kin={
        "dltui lab run rescaled-twins": "why sharp and flat depend on the measure",
        "dltui lab run noise-scale": "the noise of a batch against its size",
        "dltui lab run noise-escape": "noise as a way out of a saddle",
        "dltui landscape MODEL --sharpness": "how sharp your own model's minimum is, in several measures",
    },
    sources=("Keskar et al. 2017, arXiv:1609.04836",),
)
def flat_or_sharp(
    large: Annotated[int, Slider(30, 600, log=True, help="samples in a large batch, of 600")] = 60,
    small: Annotated[int, Slider(4, 29, log=True, help="samples in a small batch")] = 8,
    target: Annotated[float, Slider(0.05, 0.5, log=True, help="training loss at which both stop")] = 0.05,
    seed: Annotated[int, Slider(0, 99, help="seed of weights, batches and noise")] = 0,
) -> Iterator[Frame]:
    """Noise drives a ball out of a sharp basin, and a network of small batches to a smaller λ₁.

    Try: --large 600 trains on all samples at once; --target 0.5 stops both early.
    Notice: batches of 1 and 4 leave the sharp basin, those of 64 never do; of two networks with the same training loss
    that of small batches has the smaller λ₁, yet neither a flatter slice nor a better test accuracy.

    First: f(w) = 0.05w² − exp(−(w−1)²/0.02) − exp(−(w+2)²/1.28), a sharp minimum of curvature 100 and a flat one of
    1.6, descended with noise of standard deviation 20/√m in the slope. Then: the same small network trained with two
    sizes of batches until its training loss is the same.

    Told as it is: Keskar et al. found that large batches generalise worse. On these digits λ₁ differs as they say, and
    the accuracy on held-out samples does not, beyond what a handful of them decides. Their own measure looks along
    single weights, and does not rank the two alike from seed to seed; nor does a slice or a shake: which of two minima
    is the flatter one depends on what is asked.
    """
    ends = walked(300, seed)
    left = (np.abs(ends - SHARP) > RIM).mean(1)
    numbers: dict[str, Any] = {"left_share": left.tolist(), "sizes": list(SIZES)}
    ball = (_basin(left), _escapes(left))
    yield Frame(figures=ball, numbers=numbers, caption="the ball; two networks are trained next", total=2)
    pair = {f"batch {size}": until(size, target, seed) for size in (large, small)}
    told = {name: _told(one, seed) for name, one in pair.items()}
    figures = (*ball, _slices(pair, seed), _shaken(pair, seed), _table(told), _worked(told))
    numbers = dict(numbers)
    for name, values in zip(("large", "small"), told.values(), strict=True):
        numbers |= {f"{name}_{key}": value for key, value in values.items()}
    tops = [f"λ₁ {values['lambda_max']:.3g} by {name}" for name, values in told.items()]
    yield Frame(figures=figures, numbers=numbers, caption=", ".join(tops), total=2)


def _told(one: Trained, seed: int) -> dict[str, float]:
    """Return what is known of a trained network."""
    from dltui.instruments.curvature.pairs import eigenpairs
    from dltui.instruments.sharpness import sharpness
    from dltui.lab.geometry.nets import bound, digits

    data: Dataset = digits(SAMPLES)
    here, held = bound(one.net, data), bound(one.net, data, "test").center()
    keskar = next(found for found in sharpness(here, seed=seed) if found.name == "Keskar")
    pair = eigenpairs(here, (1,), seed=seed)
    return {
        "epochs": one.epochs,
        "loss": here.center().loss,
        "test_loss": held.loss,
        "gap": held.loss - here.center().loss,
        "test_accuracy": held.accuracy or 0.0,
        "lambda_max": float(pair.values[0]),
        "residual": float(pair.residuals[0]),
        "keskar": keskar.value or 0.0,
    }


def _basin(left: np.ndarray) -> Lines:
    """Return the double basin."""
    w = np.linspace(-4, 2, 601)
    shares = ", ".join(f"{share:.3f} at m = {size}" for size, share in zip(SIZES, left, strict=True))
    spots = np.array([FLAT, SHARP])
    return Lines(
        title="Two basins, one sharp and one flat",
        caption=f"share of 300 walks that left the sharp one: {shares}",
        series=(
            Series(name="f", x=w, y=basin(w)),
            Series(name="minima", x=spots, y=basin(spots), marks=True),
        ),
        x_label="w",
        y_label="f",
    )


def _escapes(left: np.ndarray) -> Lines:
    """Return the share that left over the size of the batch."""
    return Lines(
        title="Walks that left the sharp basin",
        series=(Series(name="share", x=np.array(SIZES, float), y=left),),
        x_label="samples in a batch, m",
        y_label="share that left",
        x_scale="log",
    )


def _worked(told: dict[str, dict[str, float]]) -> Steps:
    """Return noise and curvatures with the numbers put in."""
    noises = ", ".join(number(float(NOISE / np.sqrt(size)), 3) for size in SIZES)
    bends = [number(float(slope(w + 1e-4) - slope(w - 1e-4)) / 2e-4, 3) for w in (SHARP, FLAT)]
    tops = {name: values["lambda_max"] for name, values in told.items()}
    (one, high), (other, low) = tops.items()
    ratio = f"λ₁: {number(high)}/{number(low)} = {number(high / low, 3)}"
    return written(
        (f"noise in the slope 20/√m = {noises}", f"m = {', '.join(map(str, SIZES))}"),
        (
            f"f″ = {bends[0]} in the sharp basin, {bends[1]} in the flat one",
            f"at w = {number(SHARP, 3)} and {number(FLAT, 3)}",
        ),
        (ratio, f"{one} over {other}, each at its training loss"),
    )


def _slices(pair: dict[str, Trained], seed: int) -> Lines:
    """Return the loss of both networks along a filter-normalised direction."""
    from dltui.instruments.landscape import scan
    from dltui.lab.geometry.nets import bound, digits

    curves = []
    for name, one in pair.items():
        found = scan(bound(one.net, digits(SAMPLES)), steps=31, dimensions=1, seed=seed)
        curves.append(Series(name=name, x=found.alphas, y=found.loss[0]))
    return Lines(
        title="The loss along a filter-normalised direction",
        series=tuple(curves),
        x_label="α, in norms of the weights",
        y_label="loss",
        y_scale="log",
    )


def shaken(net: nn.Module, seed: int) -> np.ndarray:
    """Return the mean rise of the training loss when weights are shaken, one value for each of ``SHAKES``.

    Args:
        net: A trained network.
        seed: Seed of the directions.

    Returns:
        Mean of L(θ + s‖θ‖u) − L(θ) over random unit vectors ±u, shape (len(SHAKES),).
    """
    import torch

    from dltui.device import threads
    from dltui.lab.geometry.nets import bound, digits

    objective = bound(net, digits(SAMPLES))
    twin, draw = objective.twin(), torch.Generator().manual_seed(seed)
    centre, base = twin.flat.detach().clone(), objective.center().loss
    found = np.zeros((DRAWS, 2, len(SHAKES)))
    with torch.no_grad(), threads(1):
        for both in found:
            u = torch.randn(len(centre), generator=draw)
            for row, sign in zip(both, (1, -1), strict=True):
                for place, size in enumerate(SHAKES):
                    twin.flat.copy_(centre + sign * float(size) * centre.norm() / u.norm() * u)
                    row[place] = objective.read(twin).loss - base
    return np.asarray(found.mean((0, 1)))


def _shaken(pair: dict[str, Trained], seed: int) -> Lines:
    """Return how the loss of both networks rises when all weights are shaken."""
    return Lines(
        title="Rise of the loss when the weights are shaken",
        caption=f"mean over {DRAWS} random directions, both ways, each as long as this share of the weights",
        series=tuple(
            Series(name=name, x=SHAKES, y=np.maximum(shaken(one.net, seed), 1e-9))
            for name, one in pair.items()
        ),
        x_label="share of ‖θ‖",
        y_label="rise of the loss",
        x_scale="log",
        y_scale="log",
    )


def _table(told: dict[str, dict[str, float]]) -> Table:
    """Return both networks in numbers."""
    gaps = ", ".join(f"{v['gap']:.3g} ({name})" for name, v in told.items())
    rows = [
        (
            name,
            int(v["epochs"]),
            v["loss"],
            v["test_loss"],
            v["test_accuracy"],
            v["lambda_max"],
            v["residual"],
            v["keskar"],
        )
        for name, v in told.items()
    ]
    return Table(
        title="Trained to the same loss",
        caption=f"Test loss − loss: {gaps}. λ₁ of the Hessian on the training samples, ± ‖Hv − λv‖; Keskar: see "
        "dltui landscape --sharpness.",
        columns=("batches", "epochs", "loss", "test loss", "test accuracy", "λ₁", "±", "Keskar"),
        rows=tuple(rows),
    )


@flat_or_sharp.check
def minima_and_curvatures() -> None:
    """Minima at 0.999 and −1.878 with curvatures of about 100 and 1.61 (notes 000a)."""
    for place, curvature in ((SHARP, 100.0), (FLAT, 1.61)):
        near(f"slope at {place}", slope(place), 0, 0.02)
        bent = (slope(place + 1e-5) - slope(place - 1e-5)) / 2e-5
        near(f"curvature at {place}", bent / curvature, 1, 0.01)
    w = np.linspace(-4, 2, 1001)
    near("f′", slope(w), (basin(w + 1e-6) - basin(w - 1e-6)) / 2e-6, 1e-4)


@flat_or_sharp.check
def shares_that_leave() -> None:
    """0.947, 0.903, 0.046, 0, 0 of the walks leave the sharp basin at m = 1, 4, 16, 64, 256 (notes 000a)."""
    frame = flat_or_sharp.last()
    near("shares", frame.numbers["left_share"], (0.947, 0.903, 0.046, 0, 0), 0.05)


@flat_or_sharp.check
def a_small_shake_is_half_the_trace() -> None:
    """For small s the mean rise is ½s²‖θ‖²·tr H/n: against the trace of H by Hutchinson's probes, to a third."""
    import torch

    from dltui.instruments.curvature import hessian
    from dltui.instruments.curvature.traces import hutchinson
    from dltui.lab.geometry.nets import bound, digits

    net = until(60, 0.05, 0).net
    objective = bound(net, digits(SAMPLES))
    with hessian(objective) as operator:
        trace = hutchinson(operator, 40, torch.Generator().manual_seed(0)).trace
    weights = objective.twin().flat
    known = 0.5 * SHAKES[0] ** 2 * float(weights.detach().square().sum()) * trace / len(weights)
    near("rise over ½s²‖θ‖²·tr H/n", shaken(net, 0)[0] / known, 1, 1 / 3)


@flat_or_sharp.check
def small_batches_end_flatter() -> None:
    """Keskar et al. 2017: λ₁ is smaller after small batches, at the same training loss or below."""
    for seed in (0, 1):
        frame = flat_or_sharp.last(seed=seed)
        one = {key: value for key, value in frame.numbers.items() if isinstance(value, float)}
        assert one["small_lambda_max"] < 0.9 * one["large_lambda_max"], f"seed {seed}: {one}"
        assert max(one["small_loss"], one["large_loss"]) <= 0.05, "not trained to the target"
