"""The checkpoints of a run with the edge of stability that its settings set."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from torch import nn

from dltui.checkpoints import read_weights
from dltui.checkpoints.fit import fit_weights
from dltui.instruments.curvature.sharpness import Checkpoint
from dltui.runs.find import find_snapshot
from dltui.runs.folder import Run
from dltui.runs.metrics import read_metrics

MOST = 200  # checkpoints; of more, so many are taken evenly


@dataclass(frozen=True)
class Journey:
    """A training to go along.

    Attributes:
        run: Its name.
        steps: Optimiser steps of the checkpoints.
        rule: How the edge follows from the settings, in words; empty where it is not known.
        why: Why no edge is known; empty where one is.
        edges: The edge at each checkpoint; NaN where it is not known.
    """

    run: Run
    steps: Sequence[int]
    rule: str
    why: str
    edges: Sequence[float]

    def checkpoints(self, module: nn.Module) -> Iterator[Checkpoint]:
        """Yield ``module`` with the weights of one checkpoint after the other."""
        for step, edge in zip(self.steps, self.edges, strict=True):
            path = self.run.checkpoint(step)
            fit_weights(module, read_weights(path).state, path)
            yield Checkpoint(step, module, edge)


def journey(spec: str) -> Journey:
    """Return what a run kept up to a checkpoint, with its edge of stability.

    Args:
        spec: ``run:NAME``, or ``run:NAME@step=300`` for the way up to there.

    Returns:
        The checkpoints, evenly thinned where there are very many.

    Raises:
        UsageError: If there is no such run or step.
        DltuiError: If it kept no weights.
    """
    snapshot = find_snapshot(spec)
    run = snapshot.run
    steps = snapshot.way(MOST)
    rule, why = _rule(run.settings)
    edges = [_edge(run.settings, rate) if rule else float("nan") for rate in _rates(run, steps)]
    return Journey(run, steps, rule, why, edges)


def _rule(settings: dict[str, Any]) -> tuple[str, str]:
    """Return how the edge follows from the settings of a run, or why it doesn't."""
    optimizer = _of_optimizer(settings, "name", settings.get("optimizer", "unknown"))
    if optimizer != "sgd":
        return (
            "",
            f"2/η is the edge of gradient descent, not of {optimizer}, which scales every weight on its own",
        )
    momentum, decay = _momentum_and_decay(settings)
    edge = "2/η" if not momentum else f"2(1 + μ)/η with momentum μ = {momentum:g}"
    less = f" − weight decay {decay:g}" if decay else ""
    return f"edge {edge}{less}; it binds full-batch training, smaller batches stay below it", ""


def _edge(settings: dict[str, Any], rate: float) -> float:
    """Return the largest λ that a step size bears."""
    momentum, decay = _momentum_and_decay(settings)
    return 2 * (1 + momentum) / rate - decay if rate > 0 else float("nan")


def _momentum_and_decay(settings: dict[str, Any]) -> tuple[float, float]:
    """Return the momentum and the weight decay of a run."""
    return float(_of_optimizer(settings, "momentum", 0)), float(_of_optimizer(settings, "weight_decay", 0))


def _of_optimizer(settings: dict[str, Any], name: str, otherwise: Any) -> Any:
    """Return a setting of the optimiser; cards of older versions have it without the optimiser's name before."""
    return settings.get(f"optimizer.{name}", settings.get(name, otherwise))


def _rates(run: Run, steps: Sequence[int]) -> list[float]:
    """Return the step size after so many steps, as the run wrote it down."""
    told = {
        int(row["step"]): float(row["learning_rate"])
        for row in read_metrics(run)
        if row.get("learning_rate") is not None
    }
    first = float(_of_optimizer(run.settings, "lr", run.settings.get("learning_rate", 0)))
    known = sorted({0: first, **told}.items())
    return np.interp(steps, [step for step, _ in known], [rate for _, rate in known]).tolist()
