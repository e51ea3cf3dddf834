"""How a loss curves in the outputs of a model: the matrices M between Jᵀ and J.

The Gauss-Newton matrix, the Fisher information and the empirical Fisher are all (1/N) Σᵢ Jᵢᵀ Mᵢ Jᵢ, with Jᵢ the
derivative of the outputs fᵢ of sample i in the parameters; they differ in Mᵢ alone (Martens 2020, "New Insights and
Perspectives on the Natural Gradient Method", arXiv:1412.1193).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from dltui.errors import UsageError
from dltui.objective import Criterion
from dltui.objective.criterion import mean_of_rows

DRAWS = 8  # targets drawn for each sample where the Fisher information has no closed form

Apply = Callable[[Tensor], Tensor]
Metric = Callable[[Tensor, Tensor, float], Apply]  # (outputs, targets, share of the block) -> u -> M·u


class Sampler(Protocol):
    """A loss that is −log p(target | outputs) of a distribution that can be drawn from."""

    def sample(self, outputs: Tensor, generator: torch.Generator) -> Tensor:
        """Return targets drawn from p(· | outputs)."""


def curvature(criterion: Criterion) -> Metric:
    """Return M = ∂²ℓ/∂f², the loss's own curvature: closed for softmax cross-entropy and squared errors.

    Args:
        criterion: The loss.

    Returns:
        From outputs and targets of a block to the product with M.
    """
    loss = criterion.loss
    if _is_plain(loss, functional.cross_entropy, nn.CrossEntropyLoss):
        return softmax
    if _is_plain(loss, functional.mse_loss, nn.MSELoss):
        return lambda f, _, share: lambda u: u * (2 * share / f.numel())

    def by_autograd(f: Tensor, y: Tensor, share: float) -> Apply:
        leaf = f.detach().requires_grad_()
        (slope,) = torch.autograd.grad(
            loss(leaf, y) * share, leaf, create_graph=True, allow_unused=True, materialize_grads=True
        )
        if not slope.requires_grad:
            return torch.zeros_like
        return lambda u: torch.autograd.grad(
            slope, leaf, u, retain_graph=True, allow_unused=True, materialize_grads=True
        )[0]

    return by_autograd


def softmax(f: Tensor, _: Tensor, share: float) -> Apply:
    """Return the product with diag(p) − p pᵀ for scores f with p ∝ eᶠ, averaged over samples and positions.

    Args:
        f: Scores, shape (b, classes, ...).
        share: Share of all samples in the block.

    Returns:
        From u to M·u, both of the shape of ``f``.
    """
    p = f.detach().softmax(1)
    scale = share * f.shape[1] / f.numel()

    def apply(u: Tensor) -> Tensor:
        weighted = p * u
        return (weighted - p * weighted.sum(1, keepdim=True)) * scale

    return apply


def residuals(criterion: Criterion) -> Metric:
    """Return M = r rᵀ with r = ∂ℓᵢ/∂fᵢ: the empirical Fisher, the mean of gᵢ gᵢᵀ over samples.

    Args:
        criterion: A loss that is the mean of a loss of each sample.

    Returns:
        From outputs and targets of a block to the product with M.
    """

    def metric(f: Tensor, y: Tensor, share: float) -> Apply:
        r = _slopes(criterion, f, y)
        return lambda u: r * (r * u).flatten(1).sum(1).view(-1, *[1] * (u.ndim - 1)) * (share / len(f))

    return metric


def information(criterion: Criterion, seed: int) -> tuple[Metric, str]:
    """Return M = E[r rᵀ] over targets drawn from the model's own distribution: the Fisher information.

    Where the outputs are the natural parameters of an exponential family, that is the loss's curvature, whatever
    the targets: softmax cross-entropy, squared errors, logistic and Poisson losses. Other losses must tell how
    targets are drawn, by a method ``sample(outputs, generator)``.

    Args:
        criterion: The loss, −log p of the targets up to a constant and a positive factor.
        seed: Seed of the draws.

    Returns:
        The metric, and how it was found.

    Raises:
        UsageError: If the distribution isn't known.
    """
    loss = criterion.loss
    natural = (
        (functional.cross_entropy, nn.CrossEntropyLoss),
        (mean_of_rows, nn.CrossEntropyLoss),
        (functional.mse_loss, nn.MSELoss),
        (functional.binary_cross_entropy_with_logits, nn.BCEWithLogitsLoss),
        (functional.poisson_nll_loss, nn.PoissonNLLLoss),
    )
    if any(_is_plain(loss, function, kind) for function, kind in natural):
        return curvature(criterion), "closed form"
    if not hasattr(loss, "sample"):
        raise UsageError(
            f"the Fisher information of {criterion.name} isn't known; expected cross-entropy, mean squared error, "
            "a logistic or Poisson loss, or a loss with a method sample(outputs, generator); try --matrix ggn"
        )
    sampler = cast("Sampler", loss)

    def metric(f: Tensor, _: Tensor, share: float) -> Apply:
        generator = torch.Generator(device=f.device).manual_seed(seed)
        drawn = [sampler.sample(f.detach(), generator) for _ in range(DRAWS)]
        each = [residuals(criterion)(f, y, share / DRAWS) for y in drawn]
        return lambda u: torch.stack([apply(u) for apply in each]).sum(0)

    return metric, f"{DRAWS} draws a sample, seed {seed}"


def _slopes(criterion: Criterion, f: Tensor, y: Tensor) -> Tensor:
    """Return ∂ℓᵢ/∂fᵢ of every sample, the shape of ``f``; the loss of a block is the mean of the ℓᵢ."""
    leaf = f.detach().requires_grad_()
    (slope,) = torch.autograd.grad(
        criterion.loss(leaf, y) * len(f), leaf, allow_unused=True, materialize_grads=True
    )
    return slope


def _is_plain(loss: object, function: object, kind: type[nn.Module]) -> bool:
    """Return whether a loss is a function of torch, or the module of it, without weights or smoothing."""
    if loss is function:
        return True
    if type(loss) is not kind:
        return False
    plain, settings = kind(), [name for name in vars(kind()) if not name.startswith("_")]
    same = all(getattr(loss, name) == getattr(plain, name) for name in settings)
    return same and not any(buffer is not None for buffer in vars(loss)["_buffers"].values())
