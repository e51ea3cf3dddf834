"""Signal and gradient by layer before any training, averaged over draws of fresh weights."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial

import numpy as np
from torch import nn

from dltui.device import seeded
from dltui.instruments.gradients.fresh import draw
from dltui.instruments.gradients.signal import Layer, listening
from dltui.instruments.gradients.theory import Link, chain, expected
from dltui.instruments.gradients.whole import few_threads, seen
from dltui.instruments.schemes import Scheme
from dltui.objective import Objective, same_randomness
from dltui.progress import Report, silent
from dltui.results.base import Made
from dltui.results.initial import InitialSignal

NORMS = nn.modules.batchnorm._BatchNorm


def at_start(
    objective: Objective, scheme: Scheme, *, seeds: int = 5, seed: int = 0, report: Report = silent
) -> InitialSignal:
    """Measure how large signal and gradient are in every layer of a model with fresh weights.

    Batch norm uses the statistics of its batch, as it does when training begins; dropout is off.

    Args:
        objective: The loss of a model on its data; the model's own weights don't matter.
        scheme: How weights are drawn.
        seeds: How many draws are averaged.
        seed: Seed of the first; the others follow.
        report: Called after every block of every draw, and with an ``InitialSignal`` of the draws so far after each.

    Returns:
        The sizes by layer and draw.
    """
    total = seeds * objective.samples
    found: InitialSignal | None = None
    with same_randomness(), few_threads(objective):
        for turn in range(seeds):
            began = turn * objective.samples
            one = _drawn(objective, scheme, seed + turn, partial(_tick, report, began, total))
            found = one if found is None else found.joined(one)
            report(began + objective.samples, total, replace(found, complete=turn + 1 == seeds))
    assert found is not None
    return replace(found, complete=True, made=Made(device=str(objective.device), seed=seed))


def _tick(report: Report, began: int, total: int, done: int) -> None:
    report(began + done, total)


def _drawn(objective: Objective, scheme: Scheme, seed: int, tick: Callable[[int], None]) -> InitialSignal:
    """Return what one draw gives."""
    with seeded(seed):
        twin = objective.twin()
        draw(scheme, objective, twin)
    normed = [module.train() for module in twin.module.modules() if isinstance(module, NORMS)]
    with listening(twin) as signal:
        gradient = objective.gradient(twin, tick)
    layers = list(signal.layers.values())
    links = chain(layers)
    return InitialSignal(
        title=f"{objective.title}, {scheme.spelled}",
        scheme=scheme.spelled,
        seeds=[seed],
        samples=objective.samples,
        batch_norm=bool(normed),
        loss=np.array([objective.read(twin).loss]),
        modules=[layer.name for layer in layers],
        signal=np.array([seen(layer) for layer in layers]).reshape(1, -1, 6).transpose(0, 2, 1).copy(),
        names=[slot.name for slot in twin.slots],
        grad_norms=np.array([[float(slot.of(gradient).norm()) for slot in twin.slots]]),
        theory=None if links is None else _theory(links, layers)[None],
        dead=[_dead(layers)],
        complete=False,
    )


def _theory(links: list[Link], layers: list[Layer]) -> np.ndarray:
    """Return what is expected of a chain, from what was seen at its ends, shape (3, l)."""
    first, last = layers[0], layers[-1]
    begin = first.input_squares / max(first.input_numbers, 1)
    return expected(links, begin, last.back / max(last.back_numbers, 1))


def _dead(layers: list[Layer]) -> list[float | None]:
    """Return the share of dead units after each layer, None where none can die."""
    return [
        float((layer.activation.fired == 0).double().mean())
        if layer.activation is not None and len(layer.activation.fired)
        else None
        for layer in layers
    ]
