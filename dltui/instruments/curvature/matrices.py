"""The matrices that can be looked at, by name."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import Literal, get_args

import torch
from torch import nn

from dltui.errors import UsageError
from dltui.instruments.curvature.gauss_newton import slopes
from dltui.instruments.curvature.hvp import Bend
from dltui.instruments.curvature.output_metrics import curvature, information, residuals
from dltui.instruments.curvature.summed import BUDGET, Make, Summed, summed
from dltui.instruments.team import Team
from dltui.objective import Objective

MatrixName = Literal["hessian", "ggn", "fisher", "empirical-fisher"]


def matrix(
    objective: Objective,
    name: MatrixName = "hessian",
    *,
    seed: int = 0,
    budget: int = BUDGET,
    workers: int | None = None,
    devices: Sequence[torch.device] = (),
    team: Team | None = None,
) -> AbstractContextManager[Summed]:
    """Bind a matrix of an objective to workers that compute its products.

    Args:
        objective: The loss of a model on its data.
        name: ``hessian`` ∇²L; ``ggn`` Jᵀ(∂²ℓ/∂f²)J, the Hessian without the curvature of the model itself;
            ``fisher`` E[∇log p ∇log pᵀ] over targets that the model itself predicts; ``empirical-fisher`` the
            mean of ∇ℓᵢ ∇ℓᵢᵀ over the samples with their own targets.
        seed: Seed of targets that are drawn, where the Fisher information has no closed form.
        budget: Bytes of activations that may be kept between products.
        workers: How many threads; one a core, or one for each device, otherwise.
        devices: Where the blocks go in turn; all to the device of the objective otherwise.
        team: Other processes that do their share of each product.

    Returns:
        A context of the operator v -> A·v.

    Raises:
        UsageError: If there is no such matrix, or none for this loss and mode.
    """
    return summed(
        _made(objective, name, seed), objective, budget=budget, workers=workers, devices=devices, team=team
    )


def _made(objective: Objective, name: str, seed: int) -> Make:
    """Return what a block of samples adds to a matrix."""
    criterion = objective.criterion
    if name == "hessian":
        return Bend
    if name == "ggn":
        return slopes(curvature(criterion))
    if name == "fisher":
        return slopes(information(criterion, seed)[0])
    if name == "empirical-fisher":
        if objective.mode == "train" and any(map(_mixes, objective.model.modules())):
            raise UsageError(
                f"{objective.title} has no gradient of a single sample in train mode, where batch norm mixes the "
                "samples of a batch; expected eval mode; try --mode eval, or --matrix ggn"
            )
        return slopes(residuals(criterion))
    raise UsageError(f"unknown matrix {name!r}: expected {', '.join(get_args(MatrixName))}")


def _mixes(module: nn.Module) -> bool:
    """Return whether a module computes statistics over the samples of a batch in train mode."""
    return isinstance(module, nn.modules.batchnorm._BatchNorm)
