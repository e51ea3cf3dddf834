"""Ridge regression on the classes in closed form, its penalty chosen by leaving one sample out at a time.

With Z = U S and centred one-hot answers Y, W = (S² + α)⁻¹ Zᵀ Y, and the residual of a sample that was left out is that
of the whole fit over 1 − hᵢ, hᵢ = 1/n + Σⱼ u²ᵢⱼ s²ⱼ / (s²ⱼ + α) (Golub, Heath and Wahba 1979).
"""

from __future__ import annotations

from torch import Tensor
from torch.nn import functional

from dltui.instruments.probe.basis import Basis
from dltui.instruments.probe.softmax import Fitted

ALPHAS = tuple(10.0**power for power in range(-2, 6))


def choose_ridge(basis: Basis, y: Tensor, classes: int) -> Fitted:
    """Return the ridge probe with the least squared error on samples that were left out.

    Args:
        basis: The features.
        y: Classes of the training samples, shape (n,).
        classes: K.

    Returns:
        The probe; its penalty is α.
    """
    answers = functional.one_hot(y, classes).double()
    mean = answers.mean(0)
    along = basis.learn.T @ (answers - mean)
    squares, weights = basis.sizes.square(), basis.learn.square() / basis.sizes.square()
    best = (float("inf"), ALPHAS[0])
    for alpha in ALPHAS:
        shrunk = along / (squares + alpha)[:, None]
        lever = 1 / len(y) + weights @ (squares / (squares + alpha))
        left_out = (answers - mean - basis.learn @ shrunk) / (1 - lever).clamp_min(1e-9)[:, None]
        best = min(best, (float(left_out.square().mean()), alpha))
    return ridge_at(basis, y, classes, best[1])


def ridge_at(basis: Basis, y: Tensor, classes: int, alpha: float) -> Fitted:
    """Return the ridge probe with a given penalty α.

    Args:
        basis: The features.
        y: Classes of the training samples, shape (n,).
        classes: K.
        alpha: α.

    Returns:
        The probe.
    """
    answers = functional.one_hot(y, classes).double()
    mean = answers.mean(0)
    weights = (answers - mean).T @ basis.learn / (basis.sizes.square() + alpha)
    return Fitted(weights, mean[:, None], alpha)
