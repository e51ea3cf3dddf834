"""The way that always works: move a copy of the model to each point and run it block by block."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import torch
from torch import Tensor, nn

from dltui.instruments.landscape.plane import Each, Evaluate, Plane, Tier, Unfit, by_sample, each_sample
from dltui.instruments.landscape.window import Grid
from dltui.instruments.place import move
from dltui.objective import Objective, Twin


def plain(plane: Plane) -> Tier:
    """Return the evaluator for any model."""

    def on(objective: Objective) -> Callable[[], Evaluate]:
        def worker() -> Evaluate:
            twin = objective.twin()

            def evaluate(points: Grid) -> Each:
                losses, right = [], torch.zeros(len(points), dtype=torch.float64)
                for index, point in enumerate(points):
                    move(twin, plane.twin.flat, plane.directions, point)
                    if plane.settle is not None:
                        plane.settle(twin, point)
                    found, right[index] = _here(objective, twin)
                    losses.append(found)
                return Each(torch.stack(losses), right)

            return evaluate

        return worker

    return Tier("the model itself", on)


def channels_last(plane: Plane) -> Tier:
    """Return the evaluator for a model that pools pictures: channels lie side by side, and maxima come far faster.

    Args:
        plane: What is evaluated.

    Returns:
        The evaluator; a model that calls ``view`` on what a convolution gives raises a ``RuntimeError`` in it.

    Raises:
        Unfit: If the inputs are no pictures, or nothing is pooled: convolutions alone are no faster then.
    """
    pools = any(isinstance(module, nn.MaxPool2d) for module in plane.twin.module.modules())
    if not pools or not isinstance(plane.objective.inputs, Tensor) or plane.objective.inputs.ndim != 4:
        raise Unfit("it pools no pictures")
    own = plain(plane)

    def on(objective: Objective) -> Callable[[], Evaluate]:
        x = objective.inputs
        _, channels, height, width = x.shape
        strides = (
            channels * height * width,
            1,
            width * channels,
            channels,
        )  # also where there is one channel only
        laid = torch.empty_strided(x.shape, strides, dtype=x.dtype, device=x.device).copy_(x)
        return own.on(replace(objective, inputs=laid))

    return Tier(f"{own.name}, channels last", on)


def _here(objective: Objective, twin: Twin) -> tuple[Tensor, float]:
    """Return the losses where a copy stands now, and the share of right answers."""
    criterion = objective.criterion
    if not by_sample(criterion):
        means, hits, parts = zip(*objective.readings(twin), strict=True)
        return torch.tensor(means, dtype=torch.float64), float(np.dot(hits, parts))
    losses, right = list[Tensor](), 0.0
    with torch.inference_mode():
        for x, y, share in objective.blocks:
            outputs = twin.module(x)
            losses.append(each_sample(criterion, outputs, y))
            if criterion.counts:
                right += criterion.right(outputs, y).item() * share
    return torch.cat(losses), right
