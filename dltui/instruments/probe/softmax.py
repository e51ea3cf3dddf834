"""Multinomial logistic regression by L-BFGS, in axes in which its curvature is nearly the same in all directions.

    minimise  1/n Σ −log softmax(Z W + b)[y]  +  λ/2 ‖W‖²

The Hessian of the first part is bounded by ½ (I − 11ᵀ/K) ⊗ ZᵀZ / n (Böhning 1992); in the basis of ``turned`` ZᵀZ is
diagonal, so that dividing each weight by √(s²/4n + λ) leaves L-BFGS a well-conditioned problem.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from dltui.instruments.probe.basis import Basis

PENALTIES = (1.0, 1e-1, 1e-2, 1e-3)  # λ that are tried, each from the weights of the last
HELD = 5  # every fifth training sample judges λ
ROUNDS = 200  # of L-BFGS at most
FINE, COARSE = 1e-4, 3e-4  # gradient at which it ends, and where only λ is judged


@dataclass(frozen=True)
class Fitted:
    """A linear probe.

    Attributes:
        weights: W, shape (K, r): a product with few rows is twice as fast as one with few columns.
        bias: b, shape (K, 1).
        penalty: λ that was chosen.
    """

    weights: Tensor
    bias: Tensor
    penalty: float

    def scores(self, z: Tensor) -> Tensor:
        """Return the scores of the classes, shape (m, K)."""
        return (self.weights @ z.T + self.bias).T


def fit_softmax(
    z: Tensor, y: Tensor, classes: int, penalty: float, *, start: Fitted | None = None, fine: float = FINE
) -> Fitted:
    """Return the softmax probe with the least penalised loss.

    Args:
        z: Features with orthogonal columns, or rows of such, shape (n, r).
        y: Classes, shape (n,).
        classes: K.
        penalty: λ, above 0.
        start: A probe nearby, or None.
        fine: Largest entry of the gradient at which it ends.

    Returns:
        The probe.
    """
    scale = (z.square().sum(0) / (4 * len(z)) + penalty).rsqrt()
    first = z.new_zeros(classes, z.shape[1] + 1)
    if start is not None:
        first[:, :-1], first[:, -1:] = start.weights / scale, start.bias
    at = first.requires_grad_()
    optimizer = torch.optim.LBFGS(
        [at],
        max_iter=ROUNDS,
        history_size=20,
        tolerance_grad=fine,
        tolerance_change=1e-12,
        line_search_fn="strong_wolfe",
    )

    def loss() -> Tensor:
        optimizer.zero_grad()
        weights = scale * at[:, :-1]
        scores = (weights @ z.T + at[:, -1:]).T
        value = functional.cross_entropy(scores, y) + penalty / 2 * weights.square().sum()
        value.backward()  # type: ignore[no-untyped-call]
        return value

    with torch.enable_grad():
        optimizer.step(loss)  # type: ignore[no-untyped-call]
    found = at.detach()
    return Fitted(scale * found[:, :-1], found[:, -1:].clone(), penalty)


def softmax_at(basis: Basis, y: Tensor, classes: int, penalty: float) -> Fitted:
    """Return the softmax probe with a given penalty λ.

    Args:
        basis: The features.
        y: Classes of the training samples, shape (n,).
        classes: K.
        penalty: λ.

    Returns:
        The probe.
    """
    return fit_softmax(basis.learn, y, classes, penalty)


def choose_softmax(basis: Basis, y: Tensor, classes: int) -> Fitted:
    """Return the softmax probe whose λ does best on a fifth of the training samples, fitted to all of them.

    Args:
        basis: The features.
        y: Classes of the training samples, shape (n,).
        classes: K.

    Returns:
        The probe.
    """
    aside = torch.arange(len(y)) % HELD == HELD - 1
    quick = basis.learn.float()  # to judge a penalty, half the digits and half the time are enough
    learn, judge = quick[~aside], quick[aside]
    tried: list[tuple[float, Fitted]] = []
    for penalty in PENALTIES:
        last = tried[-1][1] if tried else None
        probe = fit_softmax(learn, y[~aside], classes, penalty, start=last, fine=COARSE)
        loss = float(functional.cross_entropy(probe.scores(judge), y[aside]))
        tried.append((loss, probe))
        if loss > 1.5 * min(known for known, _ in tried):  # from here on it only gets worse
            break
    best = min(tried, key=lambda one: one[0])[1]
    start = Fitted(best.weights.double(), best.bias.double(), best.penalty)
    return fit_softmax(basis.learn, y, classes, best.penalty, start=start)
