"""Clipping: at a cliff, and in a recurrent network whose gradient explodes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

import numpy as np
from numpy.typing import NDArray

from dltui.descent.clip import TINY, clipped
from dltui.descent.plain import Gradient
from dltui.descent.surfaces import cliff
from dltui.descent.walk import Walk, walk
from dltui.figures import Figure, Heatmap, Histogram, Lines, Mark, Path, Series, Step, Steps, number
from dltui.lab import Frame, Number, Slider, exhibit, near
from dltui.lab.optimisers.maps import moments

if TYPE_CHECKING:
    from dltui.lab.optimisers.exploding import Run

Array = NDArray[np.float64]

GROUND = cliff()
STEPS, TAIL, MOMENTS = 60, 10, 20  # at the cliff; batches of the last loss; pictures of the cliff
START = (1.35, 1.0)  # from here one step at the default rate lands on the edge
BINS = 24
TALL = 1e4  # losses and lengths beyond this are told, not drawn: nothing else could be seen


@exhibit(
    "clip-cliff",
    family="optimisers",
    covers=("001:grad-clip", "002a:gradient-clipping", "003:grad-clip"),
    kin={
        "dltui lab run blow-up-watch": "where numbers leave for infinity",
        "dltui lab run chain-product": "why a gradient explodes: a product of many factors",
        "dltui train MODEL --set clip=1": "clipping for a network of your own",
        "dltui gradients MODEL": "the length of your own gradients, layer by layer",
    },
    sources=("Pascanu, Mikolov, Bengio 2013, arXiv:1211.5063",),
)
def clip_cliff(
    threshold: Annotated[
        float, Slider(0.01, 100, log=True, help="longest gradient c that is left as it is")
    ] = 1.0,
    rate: Annotated[float, Slider(0.05, 2, log=True, help="learning rate η at the cliff")] = 0.5,
    gain: Annotated[float, Slider(0.5, 2, step=0.05, help="stretch of the recurrent matrix at first")] = 1.4,
    lr: Annotated[float, Slider(0.01, 1, log=True, help="learning rate η of the recurrent network")] = 0.2,
    seed: Annotated[int, Slider(0, 9999, help="seed of weights and batches")] = 0,
) -> Iterator[Frame]:
    """A cliff throws one descent far off; a recurrent network loses itself; clipped, both go on.

    Try: --threshold 100 clips nothing; --threshold 0.01 crawls; --gain 1.7 is lost in two steps; --seed 1 has luck.
    Notice: one gradient on the cliff is forty times as long as those around it, and one step undoes all the others;
    clipping keeps its direction and takes its length. It does not make long gradients rare.

    g ← g·min(1, c/‖g‖) with the threshold c, and ‖g‖ over all parameters together, so that the direction stays.
    (torch divides by ‖g‖ + 10⁻⁶.) A gradient that is infinite or no number can't be clipped.

    The cliff: 2/(1 + e^(−20x)) + 0.05(x + 1)² + 0.05y². The network: h ← ReLU(Ue + Wh) over 32 letters of Hamlet, W a
    rotation times the gain, 60 steps of plain SGD; a gradient through 32 steps grows like gain³².
    """
    ways = {
        "unclipped": walk(GROUND, Gradient(lr=rate), START, STEPS),
        "clipped": walk(GROUND, Gradient(lr=rate), START, STEPS, clip=threshold),
    }
    runs: dict[str, Run] = {}
    told = moments(STEPS, MOMENTS)
    for now in told:
        yield _frame(ways, runs, threshold, now)
    from dltui.lab.optimisers.exploding import trained

    for name, most in (("unclipped", None), ("clipped", threshold)):
        runs[name] = trained(most, gain, lr, seed)
        yield _frame(ways, runs, threshold, STEPS)


def _frame(ways: dict[str, Walk], runs: dict[str, Run], threshold: float, now: int) -> Frame:
    """Return pictures and numbers so far: steps at the cliff, then the networks that have been trained."""
    numbers: dict[str, Number] = {
        "step": now,
        "example": clipped(np.array([3.0, 4.0]), threshold).tolist(),
    }
    for name, way in ways.items():
        gone = np.diff(way.points[: now + 1], axis=0)
        numbers |= {
            f"{name}_cliff_norm": float(
                np.linalg.norm(GROUND.gradient(way.points[: max(now, 1)]), axis=-1).max()
            ),
            f"{name}_cliff_jump": float(np.linalg.norm(gone, axis=-1).max(initial=0.0)),
            f"{name}_cliff_loss": float(way.values[min(now, way.steps)]),
        }
    for name, run in runs.items():
        numbers |= {
            f"{name}_steps": len(run.losses),
            f"{name}_norm": float(run.norms.max()) if len(run.norms) else None,
            f"{name}_applied": float(run.applied.max()) if len(run.applied) else None,
            f"{name}_loss": None if run.ended else float(run.losses[-TAIL:].mean()),
            f"{name}_ended": run.ended,
        }
    said = ", ".join(f"{name} {_kept(run)}" for name, run in runs.items())
    return Frame(
        figures=(
            _map(ways, now),
            _values(ways, now),
            *(_network(runs, threshold) if runs else ()),
            _by_hand(threshold),
        ),
        numbers=numbers,
        caption=f"network {said}"
        if said
        else f"step {now}: longest jump {number(float(str(numbers['unclipped_cliff_jump'])), 3)}, "
        f"clipped {number(float(str(numbers['clipped_cliff_jump'])), 3)}",
        total=len(moments(STEPS, MOMENTS)) + len(ways),
    )


def _kept(run: Run) -> str:
    """Return how a run ended, in a few words."""
    if run.ended:
        return run.ended.split(":")[0]
    return f"ends at loss {number(float(run.losses[-TAIL:].mean()), 3)}"


def _map(ways: dict[str, Walk], now: int) -> Heatmap:
    """Return the cliff from above with both ways."""
    x, y = GROUND.axes(61)
    paths, off = [], []
    for name, way in ways.items():
        seen = GROUND.inside(way.points[: now + 1])
        paths.append(Path(name=name, x=seen[:, 0], y=seen[:, 1]))
        off += [name] if np.isnan(seen).any() else []
    return Heatmap(
        title="From above: a cliff, and two ways to it",
        caption=GROUND.formula + (f"; {' and '.join(off)} left the map" if off else ""),
        values=GROUND.ground(61),
        x=x,
        y=y,
        x_label="x",
        y_label="y",
        value_label="L",
        contours=True,
        paths=tuple(paths),
        marks=(Mark(name="start", x=START[0], y=START[1]), Mark(name="minimum", x=-1.0, y=0.0)),
    )


def _values(ways: dict[str, Walk], now: int) -> Lines:
    """Return the loss along both ways."""
    return Lines(
        title="At the cliff: loss, step by step",
        series=tuple(
            Series(name=name, x=np.arange(float(len(seen))), y=seen)
            for name, seen in ((name, way.values[: now + 1]) for name, way in ways.items())
        ),
        x_label="step",
        y_label="L",
        y_scale="log",
    )


def _network(runs: dict[str, Run], threshold: float) -> tuple[Figure, ...]:
    """Return losses and lengths of the gradients of the networks."""
    seen = {name: run for name, run in runs.items() if len(run.losses)}
    if not seen:
        return ()
    ended = "; ".join(f"{name}: {run.ended}" for name, run in runs.items() if run.ended)
    losses = Lines(
        title="The recurrent network: loss on each batch",
        caption=ended,
        series=tuple(
            Series(name=name, x=np.arange(float(len(run.losses))), y=_drawn(run.losses))
            for name, run in seen.items()
        ),
        x_label="step",
        y_label="loss",
        y_scale="log",
    )
    norms = Lines(
        title="Length of its gradient, before clipping",
        caption="beyond 10⁴ drawn at 10⁴",
        series=tuple(
            Series(name=name, x=np.arange(float(len(run.norms))), y=_drawn(run.norms))
            for name, run in seen.items()
        ),
        x_label="step",
        y_label="‖g‖",
        y_scale="log",
        levels=((threshold, "threshold"),),
    )
    return losses, norms, *(_lengths(name, run, threshold) for name, run in seen.items())


def _drawn(values: Array) -> Array:
    """Return what is drawn of losses or lengths: those beyond 10⁴ at 10⁴."""
    return np.minimum(values, TALL)


def _lengths(name: str, run: Run, threshold: float) -> Histogram:
    """Return how often each length came."""
    powers = np.log10(run.norms)
    edges = np.linspace(
        np.floor(powers.min()), max(np.ceil(powers.max()), np.floor(powers.min()) + 1), BINS + 1
    )
    longer = int((run.norms > threshold).sum())
    return Histogram(
        title=f"Lengths of gradients, {name}",
        caption=f"{longer} of {len(run.norms)} are longer than {number(threshold)}",
        edges=edges,
        counts=np.histogram(powers, edges)[0],
        value_label="log₁₀ ‖g‖",
    )


def _by_hand(threshold: float) -> Steps:
    """Return the formula with numbers."""
    factor = min(1.0, threshold / 5)
    after = clipped(np.array([3.0, 4.0]), threshold)
    return Steps(
        title="By hand",
        steps=(
            Step(formula="g = [3, 4], ‖g‖ = √(9 + 16) = 5"),
            Step(formula=f"min(1, {number(threshold)}/5) = {number(factor)}"),
            Step(
                formula=f"g ← {number(factor)}·[3, 4] = [{number(float(after[0]))}, {number(float(after[1]))}]",
                note=f"length {number(float(np.linalg.norm(after)))}, the same direction",
            ),
        ),
    )


@clip_cliff.check
def three_four_five() -> None:
    """[3, 4] at threshold 1 becomes [.6, .8]; at 10 it stays (notes 002a)."""
    near("threshold 1", next(iter(clip_cliff())).numbers["example"], (0.6, 0.8), 1e-12)
    near("threshold 10", next(iter(clip_cliff(threshold=10))).numbers["example"], (3, 4), 0)
    near("no length", clipped(np.zeros(2), 1.0), (0, 0))


@clip_cliff.check
def direction_is_kept() -> None:
    """Fifty random gradients: no longer than the threshold, and parallel to what they were (notes 001, 003)."""
    for g in np.random.default_rng(0).standard_normal((50, 7)) * 3:
        after = clipped(g, 2.0)
        assert np.linalg.norm(after) <= 2 + 1e-12, np.linalg.norm(after)
        near("cosine", after @ g / np.linalg.norm(after) / np.linalg.norm(g), 1, 1e-12)


@clip_cliff.check
def like_clip_grad_norm() -> None:
    """Three tensors of random gradients against torch.nn.utils.clip_grad_norm_, to 1e-12."""
    import torch

    draw = np.random.default_rng(1)
    for threshold in (0.1, 1.0, 100.0):
        parts = [draw.standard_normal(shape) for shape in ((3, 4), (5,), (2, 2, 2))]
        parameters = [torch.nn.Parameter(torch.zeros(part.shape, dtype=torch.float64)) for part in parts]
        for parameter, part in zip(parameters, parts, strict=True):
            parameter.grad = torch.from_numpy(part.copy())
        torch.nn.utils.clip_grad_norm_(parameters, threshold)
        known = np.concatenate([
            parameter.grad.flatten().numpy() for parameter in parameters if parameter.grad is not None
        ])
        near(
            "g", clipped(np.concatenate([part.ravel() for part in parts]), threshold, tiny=TINY), known, 1e-12
        )


@clip_cliff.check
def cliff_and_network() -> None:
    """Clipped no jump is longer than η·c and the network learns; unclipped it is lost (Pascanu et al. 2013)."""
    found = {key: value for key, value in clip_cliff.last().numbers.items() if isinstance(value, int | float)}
    assert found["clipped_cliff_jump"] <= 0.5 + 1e-9, found["clipped_cliff_jump"]
    assert found["unclipped_cliff_jump"] > 4 * found["clipped_cliff_jump"], found
    assert found["clipped_applied"] <= 1 + 1e-6, found["clipped_applied"]
    assert found["clipped_loss"] < np.log(65), found["clipped_loss"]
    assert "unclipped_loss" not in found, found
