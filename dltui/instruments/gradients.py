"""Gradient norms, layer by layer and sample by sample."""

from __future__ import annotations

import numpy as np

from dltui.errors import DltuiError
from dltui.instruments.per_sample import sample_norms
from dltui.objective import Objective, same_randomness
from dltui.progress import Report, silent
from dltui.results.base import Made
from dltui.results.gradients import GradientNorms


def measure(objective: Objective, *, per_sample: bool = True, report: Report = silent) -> GradientNorms:
    """Measure how steep the loss is, in every parameter tensor and for every sample.

    Args:
        objective: The loss of a model on its data.
        per_sample: Also measure ‖∇ℓᵢ‖ of every sample i, the loss being the mean of the ℓᵢ.
        report: Called with blocks done and in all.

    Returns:
        Norms of gradient and weights of each tensor, and of each sample's gradient.

    Raises:
        DltuiError: If loss or gradient is not finite.
    """
    with same_randomness():
        loss, twin = objective.center().loss, objective.twin()
        gradient, weights = objective.gradient(twin), twin.flat.detach().cpu().double()
        if not bool(gradient.isfinite().all()):
            raise DltuiError(
                f"the gradient of {objective.title} is not finite though its loss is {loss:.6g}; "
                "expected finite numbers; try --double, or check the weights"
            )
        norms, method = sample_norms(objective, report=report) if per_sample else (None, "")
    return GradientNorms(
        title=objective.title,
        made=Made(device=str(objective.device)),
        loss=loss,
        total_norm=float(gradient.norm()),
        names=[slot.name for slot in twin.slots],
        shapes=[list(slot.shape) for slot in twin.slots],
        grad_norms=np.array([float(slot.of(gradient).norm()) for slot in twin.slots]),
        weight_norms=np.array([float(slot.of(weights).norm()) for slot in twin.slots]),
        sample_norms=norms,
        samples=objective.samples,
        method=method,
        loss_name=objective.criterion.name,
    )
