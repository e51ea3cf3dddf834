"""One function, two sets of weights; one matrix, many subsets; one plane, many directions: what a picture hides."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from dataclasses import replace
from functools import lru_cache, partial
from typing import TYPE_CHECKING, Annotated

import numpy as np

from dltui.figures import Lines, Series, Table, number
from dltui.lab import Frame, Slider, exhibit, near
from dltui.lab.geometry.maps import from_above
from dltui.lab.written import written
from dltui.results.landscape import Landscape
from dltui.training import Optimizer, Recipe

if TYPE_CHECKING:
    from torch import nn

SAMPLES, STEPS = 600, 13
LEARNED = Recipe(epochs=8, batch_size=64, optimizer=Optimizer(name="sgd", lr=0.02))


@lru_cache(maxsize=8)
def _net(seed: int) -> nn.Module:
    from dltui.lab.geometry.nets import digits, perceptron, trained

    return trained(partial(perceptron, 32, 10), digits(SAMPLES), LEARNED, seed)


def rescaled(net: nn.Module, factor: float) -> nn.Module:
    """Return the same function with the first layer multiplied by a factor and the second divided by it."""
    import torch
    from torch import nn

    twin = copy.deepcopy(net)
    first, second = (layer for layer in twin.modules() if isinstance(layer, nn.Linear))
    with torch.no_grad():
        first.weight.mul_(factor)
        first.bias.mul_(factor)
        second.weight.div_(factor)
    return twin


@exhibit(
    "rescaled-twins",
    family="geometry",
    covers=("000a:flat-sharp-minima",),
    kin={
        "dltui lab run landscape-slice": "slices along filter-normalised directions",
        "dltui lab run flat-or-sharp": "where flatness is measured",
        "dltui landscape MODEL --normalize none": "plain directions, which depend on how the layers are scaled",
    },
    sources=("Dinh et al. 2017, arXiv:1703.04933", "Li et al. 2018, arXiv:1712.09913, section 3"),
)
def rescaled_twins(
    factor: Annotated[float, Slider(1, 100, log=True, help="first layer × c, second layer ÷ c")] = 10.0,
    seed: Annotated[int, Slider(0, 99, help="seed of weights and directions")] = 0,
) -> Iterator[Frame]:
    """Two sets of weights of one ReLU network, the same function: a plane around each, drawn in two ways.

    Try: --factor 1 makes the twins the same; --factor 100 makes one of them look flat, and λ₁ say the opposite.
    Notice: with filter-normalised directions both pictures are the same; with plain ones they are not, and λ₁ differs
    many times over although nothing about the function has changed.

    ReLU(cx) = c·ReLU(x) for c > 0, so that c in one layer and 1/c in the next cancel. A measure of sharpness that
    changes under this says something of the weights rather than of the network.
    """
    from dltui.instruments.curvature.pairs import eigenpairs
    from dltui.instruments.sharpness import sharpness
    from dltui.lab.geometry.nets import bound, digits

    data = digits(SAMPLES)
    nets, names = (_net(seed), rescaled(_net(seed), factor)), ("as trained", f"rescaled by {factor:g}")
    pictures, apart = _planes(nets, names, "filter", seed)
    maps = [
        from_above(one, f"{name.capitalize()}, from above, filter-normalised")
        for name, one in zip(names, pictures, strict=True)
    ]
    yield Frame(
        figures=tuple(maps),
        numbers={"factor": factor, "filter_difference": apart},
        caption=f"{number(apart, 2)} apart filter-normalised; plain directions come next",
        total=2,
    )
    plain, plain_apart = _planes(nets, names, "none", seed)
    tops = [float(eigenpairs(bound(one, data), (1,), seed=seed).values[0]) for one in nets]
    measures = [{found.name: found.value for found in sharpness(bound(one, data), seed=seed)} for one in nets]
    rows: list[tuple[str | float | None, ...]] = [
        ("λ₁", *tops),
        *((name, *(m[name] for m in measures)) for name in measures[0]),
    ]
    slices = Lines(
        title="The loss along d₁, plain directions",
        series=tuple(
            Series(name=name, x=one.alphas, y=one.loss[STEPS // 2])
            for name, one in zip(names, plain, strict=True)
        ),
        x_label="α, in norms of the weights",
        y_label="loss",
        y_scale="log",
    )
    table = Table(
        title="One function, measured twice",
        caption="average curvature along filter-normalised directions and the rise of ASAM do not depend on the scale",
        columns=("measure", *names),
        rows=tuple(rows),
    )
    worked = written(
        (f"W₂·ReLU(W₁x) = (W₂/{factor:g})·ReLU({factor:g}·W₁x)", "ReLU(cx) = c·ReLU(x) for c > 0"),
        (
            f"λ₁: {number(tops[0])} and {number(tops[1])}",
            f"the same function, {number(tops[1] / tops[0], 3)} times",
        ),
    )
    figures = (*maps, slices, worked, table)
    numbers = {
        "factor": factor,
        "filter_difference": apart,
        "plain_difference": plain_apart,
        "lambda_max": tops[0],
        "lambda_max_rescaled": tops[1],
        "average_curvature": measures[0]["average curvature"],
        "average_curvature_rescaled": measures[1]["average curvature"],
    }
    told = f"{number(plain_apart, 2)} apart plain, {number(apart, 2)} filter-normalised"
    yield Frame(figures=figures, numbers=numbers, caption=told, total=2)


def _planes(
    nets: tuple[nn.Module, nn.Module], names: tuple[str, str], way: str, seed: int
) -> tuple[list[Landscape], float]:
    """Return a plane around each of the twins, and the largest share by which their losses differ."""
    from dltui.instruments.landscape import scan
    from dltui.lab.geometry.nets import bound, digits

    data = digits(SAMPLES)
    first, second = (
        scan(bound(one, data, title=name), steps=STEPS, normalize=way, seed=seed)
        for name, one in zip(names, nets, strict=True)
    )
    return [first, second], float(np.expm1(np.abs(np.log(first.loss / second.loss)).max()))


@rescaled_twins.check
def filter_normalised_pictures_are_the_same() -> None:
    """Li et al. 2018, section 3: ×10 and ÷10 leave a filter-normalised picture as it is, a plain one not."""
    frame = rescaled_twins.last()
    near("filter-normalised difference", frame.numbers["filter_difference"], 0, 1e-4)
    assert float(frame.numbers["plain_difference"]) > 1, frame.numbers  # type: ignore[arg-type]


@rescaled_twins.check
def curvature_depends_on_the_scale() -> None:
    """Dinh et al. 2017: λ₁ of the same function differs; the curvature along filter-normalised directions does not."""
    frame = rescaled_twins.last()
    one = {key: float(value) for key, value in frame.numbers.items()}  # type: ignore[arg-type]
    assert one["lambda_max_rescaled"] > 5 * one["lambda_max"], one
    near("average curvature", one["average_curvature_rescaled"] / one["average_curvature"], 1, 1e-3)


@rescaled_twins.check
def twins_compute_the_same() -> None:
    """Outputs of both on all samples."""
    import torch

    from dltui.lab.geometry.nets import digits

    x = torch.from_numpy(digits(SAMPLES).x_train)
    with torch.no_grad():
        near("outputs", rescaled(_net(0), 10.0)(x).numpy(), _net(0)(x).numpy(), 1e-5)


@exhibit(
    "hidden-curvature",
    family="geometry",
    covers=("000a:stationary-classifier",),
    kin={
        "dltui lab run saddle-count": "why negative eigenvalues are to be expected",
        "dltui lab run hessian-spectrum": "all eigenvalues of such a network",
        "dltui landscape MODEL --curvature": "λ_min and λ_max over the plane of your own model",
        "dltui hessian MODEL --samples 200": "the spectrum on a subset",
    },
    sources=("Li et al. 2018, arXiv:1712.09913, section 6",),
)
def hidden_curvature(
    subset: Annotated[int, Slider(20, 600, log=True, help="samples in a subset, of 600")] = 60,
    draws: Annotated[int, Slider(3, 12, help="subsets that are drawn")] = 8,
    seed: Annotated[int, Slider(0, 99, help="seed of weights, directions and subsets")] = 0,
) -> Iterator[Frame]:
    """A slice like a bowl where the Hessian has negative eigenvalues; λ₁ on subsets of the data.

    Try: --subset 20 scatters λ₁ widely, always too high on the mean; --subset 600 is the whole.
    Notice: no cell of the plane bends downwards, and yet the lowest eigenvalue lies below 0 by many times its error;
    the mean of λ₁ over subsets is above that of all samples, while a single subset may fall to either side.

    Two random directions among a thousand see averages of curvatures, and those are positive. λ₁ is a maximum of
    averages over samples, a convex function of the matrix, so that by Jensen E λ₁(H_S) ≥ λ₁(E H_S) = λ₁(H).
    """
    from dltui.instruments.curvature.pairs import eigenpairs
    from dltui.instruments.landscape import scan
    from dltui.lab.geometry.nets import bound, digits

    data, net = digits(SAMPLES), _net(seed)
    objective = bound(net, data, title="trained network")
    picture = scan(objective, steps=STEPS, distance=0.5, seed=seed)
    share = picture.bends.share if picture.bends else 0.0
    bend = f"{share:.1%} of cells bend downwards"
    yield Frame(
        figures=(picture.figures()[1],),
        numbers={"bending_share": share},
        caption=f"{bend}; eigenvalues come next",
        total=2,
    )
    pairs = eigenpairs(objective, (1, -1), seed=seed)
    draw, found = np.random.default_rng(seed), list[float]()
    for _ in range(draws):
        rows = np.sort(draw.permutation(SAMPLES)[:subset])
        few = replace(data, x_train=data.x_train[rows], y_train=data.y_train[rows])
        found.append(float(eigenpairs(bound(net, few), (1,), seed=seed).values[0]))
    mean, spread = float(np.mean(found)), float(np.std(found, ddof=1))
    lines = Lines(
        title=f"λ₁ on {draws} subsets of {subset} samples",
        caption=f"mean {mean:.3g} ± {spread / draws**0.5:.1g}, standard deviation {spread:.2g}",
        series=(Series(name="λ₁", x=np.arange(1.0, draws + 1), y=np.array(found), marks=True),),
        x_label="subset",
        y_label="λ₁",
        levels=((float(pairs.values[0]), "all samples"), (mean, "mean")),
    )
    numbers = {
        "bending_share": share,
        "lambda_min": float(pairs.values[1]),
        "lambda_min_residual": float(pairs.residuals[1]),
        "lambda_max": float(pairs.values[0]),
        "lambda_max_residual": float(pairs.residuals[0]),
        "subset_mean": mean,
        "subset_stderr": spread / draws**0.5,
        "subsets": found,
    }
    lowest, doubt = (number(float(one), 3) for one in (pairs.values[1], pairs.residuals[1]))
    told = f"{bend}, λ_min = {lowest} ± {doubt}"
    above = number(mean - float(pairs.values[0]), 3)
    worked = written(
        (f"λ_min = {lowest} ± {doubt}", "below 0: the loss falls along v_min"),
        (f"second differences ≥ 0 in {1 - share:.0%} of the cells", "random directions see averages of λ"),
        (
            f"mean λ₁(H_S) − λ₁(H) = {number(mean)} − {number(float(pairs.values[0]))} = {above}",
            "Jensen: at least 0",
        ),
    )
    yield Frame(figures=(picture.figures()[1], lines, worked), numbers=numbers, caption=told, total=2)


@hidden_curvature.check
def a_bowl_above_a_saddle() -> None:
    """Li et al. 2018, section 6: a convex-looking slice does not prove convexity; λ_min is below 0 beyond its error."""
    frame = hidden_curvature.last()
    assert frame.numbers["bending_share"] == 0, frame.numbers["bending_share"]
    lowest, error = (float(frame.numbers[key]) for key in ("lambda_min", "lambda_min_residual"))  # type: ignore[arg-type]
    assert lowest < -10 * error, f"λ_min {lowest} ± {error}"


@hidden_curvature.check
def subsets_lie_above_on_the_mean() -> None:
    """Jensen: the mean of λ₁ over subsets is at least λ₁ of all samples; of the whole set it is the same."""
    frame = hidden_curvature.last(draws=12)
    one = {key: float(frame.numbers[key]) for key in ("subset_mean", "subset_stderr", "lambda_max")}  # type: ignore[arg-type]
    assert one["subset_mean"] > one["lambda_max"] - one["subset_stderr"], one
    whole = hidden_curvature.last(subset=600, draws=3)
    near("λ₁ of the whole", whole.numbers["subset_mean"], whole.numbers["lambda_max"], 1e-4)
