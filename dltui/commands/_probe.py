"""What ``probe_every`` measures in the middle of a training: curvature and gradient noise, by the instruments."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from torch import nn

    from dltui.data import Dataset

SAMPLES = 512  # of the training part, so that a probe costs some dozens of steps
BATCH = 16


def probe(model: nn.Module, dataset: Dataset, step: int) -> dict[str, Any]:
    """Return the top eigenvalue of the Hessian, and the gradient noise scale.

    B_simple = tr Σ / ‖G‖², from the mean squared norm of the gradients of small batches and that of all samples
    (McCandlish et al. 2018, arXiv:1812.06162, appendix A.1).

    Args:
        model: The model, which is left as found.
        dataset: What it learns.
        step: Steps made; the seed of the draws.

    Returns:
        ``top_eigenvalue``, its ``residual``, ``noise_scale`` (NaN where ‖G‖² can not be told from 0), and of what.
    """
    import torch

    from dltui.instruments.curvature.pairs import eigenpairs
    from dltui.instruments.gradients.batches import compare
    from dltui.objective import Objective

    count = min(SAMPLES, len(dataset.x_train))
    device = next(model.parameters()).device
    objective = Objective.of(model, dataset, device=device, samples=count, seed=step, mode="eval")
    top = eigenpairs(objective, [1], seed=step)
    size = min(BATCH, count // 2)
    small = compare(objective, size, step).square
    whole = float(torch.linalg.vector_norm(objective.gradient(objective.twin()))) ** 2
    trace = (small - whole) / (1 / size - 1 / count)
    square = whole - trace / count
    return {
        "top_eigenvalue": float(top.values[0]),
        "residual": float(top.residuals[0]),
        "noise_scale": trace / square if square > 0 else float("nan"),
        "of": f"the Hessian of the mean loss of {count} training samples; noise from batches of {size}",
    }
