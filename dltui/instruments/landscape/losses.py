"""Losses of many points at once, samples last: sums over classes then run along the samples, which is fast."""

from __future__ import annotations

import torch
from torch import Tensor

from dltui.objective import Criterion

EXACT = 1 << 24  # numbers up to here are counted without error in float32


def crossed(outputs: Tensor, targets: Tensor, room: Tensor | None = None) -> tuple[Tensor, Tensor]:
    """Return the cross-entropies (g, n) of scores (g, c, n), which are lost, and how many answers are right.

    Args:
        outputs: The scores; others that look like some of them may follow the n.
        targets: The classes, shape (n,).
        room: Memory of the shape of the scores, which is written over; new one otherwise.

    Returns:
        Losses, shape (g, n), and right answers, float64, shape (g,).
    """
    samples, width = len(targets), outputs.shape[2]
    at = targets * width + torch.arange(samples, device=targets.device)  # of the class in a point's scores
    logs = torch.log_softmax(outputs, 1, out=room)
    losses = logs.flatten(1).index_select(1, at).neg_()
    highest = torch.eq(outputs, outputs.amax(1, keepdim=True), out=logs)  # 1.0 and 0.0, far faster than bools
    kind = highest.dtype if highest.numel() < EXACT else torch.float64
    if int(highest.sum(dtype=kind)) == len(outputs) * width:
        return losses, highest.flatten(1).index_select(1, at).sum(1, dtype=kind).double()
    # somewhere two classes share the highest score, or there is none: the first one counts, as for argmax
    return losses, (outputs[..., :samples].argmax(1) == targets).sum(1).double()


def squared(outputs: Tensor, targets: Tensor) -> tuple[Tensor, Tensor]:
    """Return the squared errors (g, n) of outputs (g, c, n); no answer is right or wrong."""
    return (outputs[..., : len(targets)] - targets.T).square().mean(1), torch.zeros(
        len(outputs), dtype=torch.float64
    )


def lost(
    criterion: Criterion, outputs: Tensor, targets: Tensor, room: Tensor | None = None
) -> tuple[Tensor, Tensor]:
    """Return what each sample loses under a loss that is ``by_sample``, and how many answers are right."""
    return crossed(outputs, targets, room) if criterion.counts else squared(outputs, targets)
