"""Slices of the loss of deep networks, with skips and without."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache, partial
from typing import TYPE_CHECKING, Annotated

import numpy as np

from dltui.figures import Bars, Figure, Heatmap, Lines, Series, Steps, Table, number
from dltui.lab import Choice, Frame, Slider, exhibit, near
from dltui.lab.geometry.maps import from_above
from dltui.lab.written import written
from dltui.results.landscape import Landscape
from dltui.results.training import TrainingHistory
from dltui.training import Optimizer, Recipe

if TYPE_CHECKING:
    from torch import nn

WIDTH, STEPS = 16, 13
LEARNED = Recipe(epochs=25, batch_size=64, optimizer=Optimizer(name="adam", lr=0.005))
NAMES = ("with skips", "without skips")


@lru_cache(maxsize=8)
def _net(depth: int, seed: int, *, skip: bool) -> tuple[nn.Module, TrainingHistory]:
    """Return a trained stack, and how it learned."""
    from dltui.lab.geometry.nets import digits, stack, taught

    return taught(partial(stack, depth, WIDTH, 10, skip=skip), digits(256), LEARNED, seed)


@exhibit(
    "landscape-slice",
    family="geometry",
    covers=("000a:landscape-depth",),
    kin={
        "dltui lab run skip-highway": "what skips do to the gradient",
        "dltui lab run degradation": "what depth does to the training loss",
        "dltui lab run restart-spread": "where many descents end",
        "dltui lab run rescaled-twins": "why the directions are filter-normalised",
        "dltui landscape MODEL": "scan the loss around your own model",
        "dltui landscape resnet20-noskip": "a ResNet-20 without its skips, to be compared with resnet20",
    },
    sources=("Li et al. 2018, arXiv:1712.09913",),
)
def landscape_slice(
    depth: Annotated[int, Slider(2, 56, help="linear layers")] = 20,
    skip: Annotated[str, Choice("both", "with", "without", help="which twins are shown")] = "both",
    radius: Annotated[float, Slider(0.1, 2, help="how far to go, in norms of the weights")] = 1.0,
    seed: Annotated[int, Slider(0, 99, help="seed of weights and directions")] = 0,
) -> Iterator[Frame]:
    """The loss over a filter-normalised random plane: a deep network with skips, and its twin without.

    Try: --depth 3 shows two like valleys; --depth 56 a smooth bowl beside a wall of numbers.
    Notice: the deeper the network, the larger the share of cells in which the surface bends downwards, unless there
    are skips; both networks have the very same parameters.

    The twins are stacks of linear layers and ReLUs, trained on 256 digits by the same steps. A cell counts as bending
    downwards where the 2 × 2 matrix of second differences has a negative eigenvalue beyond rounding.

    What a slice can't show: where no cell bends downwards the loss may do so along some other direction. Li et al. drew
    ResNets of CIFAR-10; at depth 20 theirs are smooth either way, as are those of resnet20 with batch norm on digits.
    """
    from dltui.instruments.landscape import scan
    from dltui.lab.geometry.nets import bound, course, digits

    found = list[Landscape]()
    shown = [name for name in NAMES if skip in {"both", name.split()[0]}]
    for name in shown:
        net, history = _net(depth, seed, skip=name == NAMES[0])
        if not found:
            yield Frame(
                figures=(course(history, f"the twin {name}", "its surroundings come"),),
                numbers={},
                caption=f"trained {name}; its surroundings come next",
                total=len(shown) + 1,
            )
        found.append(
            scan(bound(net, digits(256), title=name), steps=STEPS, distance=radius, seed=seed, tolerance=0.0)
        )
        yield Frame(
            figures=_figures(found, shown),
            numbers=_numbers(found, shown),
            caption=_caption(found, shown),
            total=len(shown) + 1,
        )


def _caption(found: list[Landscape], shown: list[str]) -> str:
    """Return what is known of the twins by now."""
    shares = ", ".join(f"{_share(one):.1%} {name}" for one, name in zip(found, shown, strict=False))
    return f"{shares}: cells that bend down"


def _share(found: Landscape) -> float:
    """Return the share of cells that bend downwards."""
    return found.bends.share if found.bends is not None else 0.0


def _height(found: Landscape) -> float:
    """Return how many times the loss in the middle the loss at the highest cell is."""
    finite = found.loss[np.isfinite(found.loss)]
    return float(finite.max() / found.center_loss)


def _figures(found: list[Landscape], shown: list[str]) -> tuple[Figure, ...]:
    """Return the maps, shares and numbers."""
    names = tuple(shown[: len(found)])
    bars = Bars(
        title="Share of cells that bend downwards",
        labels=names,
        values=np.array([_share(one) for one in found]),
        value_label="share",
    )
    rows = [
        (name, one.center_loss, _share(one), _height(one), one.accuracy[STEPS // 2, STEPS // 2])  # type: ignore[index]
        for name, one in zip(names, found, strict=True)
    ]
    table = Table(
        title="The twins in numbers",
        columns=("network", "loss at θ*", "bends down", "highest cell / θ*", "share right"),
        rows=tuple((name, *map(float, rest)) for name, *rest in rows),
    )
    maps = [
        from_above(one, f"{name.capitalize()}, from above") for name, one in zip(names, found, strict=True)
    ]
    return (*reversed(maps), _lines(found, names), bars, _worked(found, names), table)


def _worked(found: list[Landscape], names: tuple[str, ...]) -> Steps:
    """Return the loss in the middle and the count of cells with the numbers put in."""
    lines = []
    for name, one in zip(names, found, strict=True):
        inner = (STEPS - 2) ** 2
        lines.append((f"L(θ* + 0·d₁ + 0·d₂) = {number(one.center_loss)}", f"{name}: the middle"))
        lines.append((
            f"{round(_share(one) * inner)} of {inner} inner cells = {_share(one):.1%}",
            "bend downwards",
        ))
    return written(*lines)


def _lines(found: list[Landscape], names: tuple[str, ...]) -> Lines:
    """Return the slices in one direction: the loss along d₁ through the middle of each map."""
    return Lines(
        title="The loss along d₁",
        caption="the middle row of each map, in norms of the weights",
        series=tuple(
            Series(name=name, x=one.alphas, y=one.loss[STEPS // 2])
            for name, one in zip(names, found, strict=True)
        ),
        x_label="α, in norms of the weights",
        y_label="loss",
        y_scale="log",
    )


def _numbers(found: list[Landscape], shown: list[str]) -> dict[str, float]:
    """Return what ``--json`` tells."""
    told = dict[str, float]()
    keys = ["skip" if name == NAMES[0] else "noskip" for name in shown]
    for one, name in zip(found, keys, strict=False):
        told |= {
            f"{name}_loss": one.center_loss,
            f"{name}_bending_share": _share(one),
            f"{name}_highest_over_center": _height(one),
        }
    return told


@landscape_slice.check
def centre_is_the_measured_loss() -> None:
    """The loss in the middle of either slice with the mean loss over the samples by a plain pass."""
    from dltui.lab.geometry.nets import bound, digits

    frame = landscape_slice.last(depth=8)
    for name, skip in (("skip", True), ("noskip", False)):
        measured = bound(_net(8, 0, skip=skip)[0], digits(256)).center().loss
        near(f"centre, {name}", frame.numbers[f"{name}_loss"], measured, 1e-6)


@landscape_slice.check
def skips_keep_deep_slices_from_bending() -> None:
    """Li et al. 2018, figures 5 and 7: at equal depth 20 the slice without skips is the less convex one."""
    frame = landscape_slice.last()
    with_skips, without = (frame.numbers[f"{name}_bending_share"] for name in ("skip", "noskip"))
    assert with_skips < 0.3 * without, f"{with_skips} with skips, {without} without"  # type: ignore[operator]


@landscape_slice.check
def shallow_twins_look_alike() -> None:
    """Li et al. 2018: shallow networks have smooth slices with skips and without."""
    frame = landscape_slice.last(depth=3)
    shares = [float(frame.numbers[f"{name}_bending_share"]) for name in ("skip", "noskip")]  # type: ignore[arg-type]
    assert max(shares) < 0.15, f"shares {', '.join(map(number, shares))}"


@landscape_slice.check
def maps_are_those_of_the_scans() -> None:
    """Both maps hold one value a cell, the lowest near the middle."""
    frame = landscape_slice.last(depth=3)
    for one in frame.figures[:2]:
        assert isinstance(one, Heatmap), type(one).__name__
        assert one.values.shape == (STEPS, STEPS), one.values.shape
