"""Losses by name, and how right a model is on a held-out part."""

from __future__ import annotations

import math
from collections.abc import Callable
from contextlib import AbstractContextManager
from inspect import signature

import torch
from torch import Tensor, nn
from torch.nn import functional

from dltui.data import Task
from dltui.errors import DltuiError, UsageError
from dltui.spelling import load_function

Loss = Callable[[Tensor, Tensor], Tensor]
Side = Callable[[Tensor], Tensor]

JUDGED = 1024  # samples that are judged at a time
CLAMP = 0.1  # distances farther from a surface count as this one, as in the paper of DeepSDF


def clamped_error(outputs: Tensor, answers: Tensor) -> Tensor:
    """Return the mean absolute error of distances that are cut to ±0.1 (Park et al. 2019, equation 4).

    Args:
        outputs: Distances that were told, any shape.
        answers: The distances, the same shape.

    Returns:
        A scalar.
    """
    return functional.l1_loss(outputs.clamp(-CLAMP, CLAMP), answers.clamp(-CLAMP, CLAMP))


def chamfer(outputs: Tensor, answers: Tensor) -> Tensor:
    """Return the squared Chamfer distance of clouds: the mean square of the way to the nearest point, there and back.

    Args:
        outputs: Clouds, their coordinates in a row, (B, 3M).
        answers: Other clouds, (B, 3N).

    Returns:
        A scalar, the mean over the batch.

    Raises:
        UsageError: If the rows aren't made of places.
    """
    if outputs.shape[-1] % 3 or answers.shape[-1] % 3:
        raise UsageError(
            f"the loss chamfer compares clouds, x, y, z in a row, but there are {outputs.shape[-1]} outputs and "
            f"{answers.shape[-1]} answers: try squared-error"
        )
    a, b = outputs.reshape(len(outputs), -1, 3), answers.reshape(len(answers), -1, 3)
    square = a.square().sum(-1)[:, :, None] + b.square().sum(-1)[:, None] - 2 * a @ b.mT
    found: Tensor = square.amin(dim=2).mean() + square.amin(dim=1).mean()
    return found


_OF_NUMBERS: dict[str, Loss] = {
    "squared-error": functional.mse_loss,
    "absolute-error": functional.l1_loss,
    "huber": functional.huber_loss,
    "binary-cross-entropy": functional.binary_cross_entropy_with_logits,
    "clamped-error": clamped_error,
    "chamfer": chamfer,
}
# By which outputs, and which answers, a place is told to lie inside, for losses that are about such places.
_INSIDE: dict[Loss, tuple[Side, Side]] = {
    functional.binary_cross_entropy_with_logits: (lambda logits: logits > 0, lambda shares: shares > 0.5),
    clamped_error: (lambda distances: distances < 0, lambda distances: distances < 0),
}


def make_loss(name: str, task: Task) -> Loss:
    """Return the mean loss that a recipe names.

    Args:
        name: ``auto``, a name of the recipe's list, or the user's own ``package.module:function``.
        task: What the answers are.

    Returns:
        (outputs, answers) -> scalar, in nats for classes and tokens.

    Raises:
        UsageError: If the loss doesn't suit the answers.
    """
    if name == "auto":
        return functional.mse_loss if task == "numbers" else _cross_entropy
    if name == "cross-entropy" or name in _OF_NUMBERS:
        if (name == "cross-entropy") == (task == "numbers"):
            suited = " or ".join(_OF_NUMBERS) if task == "numbers" else "cross-entropy"
            raise UsageError(f"the loss {name} doesn't suit answers that are {task}: try --set loss={suited}")
        return _OF_NUMBERS.get(name, _cross_entropy)
    return _own(name)


def penalty_of(module: nn.Module) -> Callable[[], Tensor] | None:
    """Return what a model has its loss add: its method ``penalty``, where that asks for nothing.

    Args:
        module: Any model; what bears that name in a user's own may be something else.

    Returns:
        A function that returns a scalar, or None.
    """
    penalty: Callable[[], Tensor] | None = getattr(module, "penalty", None)
    is_method = callable(getattr(type(module), "penalty", None))
    return penalty if penalty is not None and is_method and not signature(penalty).parameters else None


def _cross_entropy(outputs: Tensor, answers: Tensor) -> Tensor:
    """Return the mean cross-entropy; of tokens over every position, outputs of shape (B, T, V)."""
    if answers.ndim > 1:
        return functional.cross_entropy(outputs.flatten(0, -2), answers.flatten())
    return functional.cross_entropy(outputs, answers)


def _own(spec: str) -> Loss:
    """Return the user's own function, checked at every call."""
    function = load_function("loss", spec)

    def loss(outputs: Tensor, answers: Tensor) -> Tensor:
        try:
            found = function(outputs, answers)
        except (TypeError, ValueError, RuntimeError) as error:
            raise DltuiError(f"{spec} failed: {error}") from error
        if not isinstance(found, Tensor) or found.ndim:
            raise UsageError(f"{spec} must return one number, the mean over the samples, as a tensor")
        return found

    return loss


@torch.no_grad()
def judge(
    module: nn.Module,
    x: Tensor,
    y: Tensor,
    task: Task,
    *,
    loss: Loss | None = None,
    around: Callable[[], AbstractContextManager[object]] | None = None,
) -> Tensor:
    """Return sums over samples in evaluation mode, from which ``metrics_of`` makes means.

    Args:
        module: The model; its mode is left as found.
        x: Samples, shape (n, …).
        y: Answers.
        task: What they are.
        loss: The loss of the recipe; what suits the task when None.
        around: What the forward passes are made within, such as torch's autocast.

    Returns:
        Weighted loss, right answers, weight (samples, or positions that count), places told and known to be inside,
        and those told or known to be; shape (5,), float64 on the CPU, NaN where that has no meaning.
    """
    measure = loss or make_loss("auto", task)
    sides = _INSIDE.get(measure) if task == "numbers" else None
    was_training = module.training
    module.eval()
    total, right, weight, both, either = 0.0, 0.0, 0.0, 0.0, 0.0
    try:
        for inputs, answers in zip(torch.split(x, JUDGED), torch.split(y, JUDGED), strict=True):
            if not len(inputs):
                continue
            if around is None:
                outputs = module(inputs)
            else:
                with around():
                    outputs = module(inputs)
            count = weight_of(answers, task)
            total += (
                float(measure(outputs.to(torch.promote_types(outputs.dtype, torch.float32)), answers)) * count
            )
            if task != "numbers":
                right += float((outputs.argmax(-1) == answers).sum())
            elif sides is not None:
                told, known = sides[0](outputs), sides[1](answers)
                right += float((told == known).double().mean()) * count
                both, either = both + float((told & known).sum()), either + float((told | known).sum())
            weight += count
    finally:
        module.train(was_training)
    if sides is None:
        both = either = math.nan
        right = math.nan if task == "numbers" else right
    return torch.tensor([total, right, weight, both, either], dtype=torch.float64)


def weight_of(answers: Tensor, task: Task) -> float:
    """Return how many answers count: the samples, or the positions of tokens that are asked for."""
    if task == "tokens":
        return float((answers >= 0).sum())
    return float(len(answers))


def metrics_of(sums: Tensor, task: Task) -> dict[str, float]:
    """Return the metrics that sums over samples make: loss, share right; perplexity of tokens, IoU of places inside."""
    total, right, weight, both, either = sums.tolist()
    told = {"test_loss": total / weight, "test_accuracy": right / weight}
    if not math.isnan(either):
        told["test_iou"] = both / max(either, 1.0)
    if task == "tokens":
        told["perplexity"] = math.exp(min(told["test_loss"], 700.0))
    return told
