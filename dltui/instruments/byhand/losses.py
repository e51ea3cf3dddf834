"""Losses as torch computes them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dltui.instruments.byhand.answer import witness

if TYPE_CHECKING:
    from torch import Tensor


@witness("mseloss")
def mse(x: Tensor, target: Tensor, reduction: str) -> Tensor:
    """Return torch's squared error."""
    from torch.nn import functional

    return functional.mse_loss(x, target, reduction=reduction)


@witness("l1loss")
def l1(x: Tensor, target: Tensor, reduction: str) -> Tensor:
    """Return torch's absolute error."""
    from torch.nn import functional

    return functional.l1_loss(x, target, reduction=reduction)


@witness("huberloss")
def huber(x: Tensor, target: Tensor, reduction: str, delta: float) -> Tensor:
    """Return torch's Huber loss."""
    from torch.nn import functional

    return functional.huber_loss(x, target, reduction=reduction, delta=delta)


@witness("smoothl1loss")
def smooth_l1(x: Tensor, target: Tensor, reduction: str, beta: float) -> Tensor:
    """Return torch's smooth L1."""
    from torch.nn import functional

    return functional.smooth_l1_loss(x, target, reduction=reduction, beta=beta)


@witness("bceloss")
def bce(x: Tensor, target: Tensor, weight: Tensor | None, reduction: str) -> Tensor:
    """Return torch's binary cross-entropy."""
    from torch.nn import functional

    return functional.binary_cross_entropy(x, target, weight, reduction=reduction)


@witness("bcewithlogitsloss")
def bce_with_logits(
    x: Tensor, target: Tensor, weight: Tensor | None, pos_weight: Tensor | None, reduction: str
) -> Tensor:
    """Return torch's binary cross-entropy of logits."""
    from torch.nn import functional

    return functional.binary_cross_entropy_with_logits(
        x, target, weight, pos_weight=pos_weight, reduction=reduction
    )


@witness("focalloss")
def focal(x: Tensor, target: Tensor, alpha: float, gamma: float, reduction: str) -> Tensor:
    """Return the focal loss over torch's binary cross-entropy, as torchvision writes it."""
    from torch.nn import functional

    t = target.to(x.dtype)
    entropy = functional.binary_cross_entropy_with_logits(x, t, reduction="none")
    p = x.sigmoid()
    right = p * t + (1 - p) * (1 - t)
    losses = (alpha * t + (1 - alpha) * (1 - t)) * (1 - right) ** gamma * entropy
    return _reduced(losses, reduction)


@witness("hingeloss")
def hinge(x: Tensor, target: Tensor, margin: float, reduction: str) -> Tensor:
    """Return torch's multi-class margin loss, times the number of classes."""
    from torch.nn import functional

    return functional.multi_margin_loss(x, target.long(), margin=margin, reduction=reduction) * x.shape[1]


@witness("crossentropyloss")
def cross_entropy(
    x: Tensor,
    target: Tensor,
    weight: Tensor | None,
    ignore_index: int,
    label_smoothing: float,
    reduction: str,
) -> Tensor:
    """Return torch's cross-entropy."""
    from torch.nn import functional

    return functional.cross_entropy(
        x,
        target.long(),
        weight,
        ignore_index=ignore_index,
        label_smoothing=label_smoothing,
        reduction=reduction,
    )


@witness("nllloss")
def nll(x: Tensor, target: Tensor, weight: Tensor | None, ignore_index: int, reduction: str) -> Tensor:
    """Return torch's negative log-likelihood."""
    from torch.nn import functional

    return functional.nll_loss(x, target.long(), weight, ignore_index=ignore_index, reduction=reduction)


@witness("kldivloss")
def kl_div(x: Tensor, target: Tensor, log_target: bool, reduction: str) -> Tensor:
    """Return torch's divergence."""
    from torch.nn import functional

    return functional.kl_div(x, target, log_target=log_target, reduction=reduction)


@witness("cosineembeddingloss")
def cosine_embedding(x1: Tensor, x2: Tensor, target: Tensor, margin: float, reduction: str) -> Tensor:
    """Return torch's cosine embedding loss."""
    from torch.nn import functional

    return functional.cosine_embedding_loss(x1, x2, target, margin=margin, reduction=reduction)


@witness("tripletmarginloss")
def triplet(anchor: Tensor, positive: Tensor, negative: Tensor, margin: float, reduction: str) -> Tensor:
    """Return torch's triplet loss."""
    from torch.nn import functional

    return functional.triplet_margin_loss(anchor, positive, negative, margin=margin, reduction=reduction)


@witness("infonceloss")
def info_nce(query: Tensor, key: Tensor, temperature: float, reduction: str) -> Tensor:
    """Return torch's cross-entropy of the table of cosines."""
    import torch
    from torch.nn import functional

    table = functional.normalize(query) @ functional.normalize(key).T / temperature
    return functional.cross_entropy(table, torch.arange(len(table)), reduction=reduction)


def _reduced(losses: Tensor, reduction: str) -> Tensor:
    """Return their mean or sum, or all of them."""
    return losses if reduction == "none" else losses.mean() if reduction == "mean" else losses.sum()
