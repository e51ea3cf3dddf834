"""From the words of a command line to the objective that an instrument looks at."""

from __future__ import annotations

from pathlib import Path

from dltui.checkpoints import open_model
from dltui.commands._frame import Common
from dltui.data import load
from dltui.device import pick_device
from dltui.objective import Objective


def open_objective(
    model: str,
    data: str,
    weights: Path | None,
    common: Common,
    *,
    part: str,
    samples: int | None,
    double: bool = False,
) -> Objective:
    """Return the loss of the named model on the named data.

    Args:
        model: How the model is spelled.
        data: How the data set is spelled.
        weights: A file of weights to put in.
        common: Device and seed, and where to say which weights are looked at.
        part: ``train`` or ``test``.
        samples: How many samples to draw, or None for all.
        double: Compute in float64.

    Returns:
        The objective.
    """
    device = pick_device(common.device)
    dataset = load(data, seed=common.seed)
    opened = open_model(model, dataset, weights=weights, seed=common.seed)
    common.note(f"{opened.title}: {opened.weights_note}")
    return Objective.of(
        opened.module,
        dataset,
        part=part,
        device=device,
        samples=samples,
        title=opened.title,
        double=double,
        seed=common.seed,
    )
