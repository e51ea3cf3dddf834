"""Losses by name, and how right a model is on a held-out part."""

from __future__ import annotations

import math
from collections.abc import Callable
from contextlib import AbstractContextManager

import torch
from torch import Tensor, nn
from torch.nn import functional

from dltui.data import Task
from dltui.errors import DltuiError, UsageError
from dltui.spelling import load_function

Loss = Callable[[Tensor, Tensor], Tensor]

JUDGED = 1024  # samples that are judged at a time
_OF_NUMBERS: dict[str, Loss] = {
    "squared-error": functional.mse_loss,
    "absolute-error": functional.l1_loss,
    "huber": functional.huber_loss,
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
        Weighted loss, right answers, and weight (samples, or positions that count), shape (3,), float64 on the CPU.
    """
    measure = loss or make_loss("auto", task)
    was_training = module.training
    module.eval()
    total, right, weight = 0.0, 0.0, 0.0
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
            weight += count
    finally:
        module.train(was_training)
    return torch.tensor([total, right if task != "numbers" else math.nan, weight], dtype=torch.float64)


def weight_of(answers: Tensor, task: Task) -> float:
    """Return how many answers count: the samples, or the positions of tokens that are asked for."""
    if task == "tokens":
        return float((answers >= 0).sum())
    return float(len(answers))


def metrics_of(sums: Tensor, task: Task) -> dict[str, float]:
    """Return the metrics that sums over samples make: loss, share right, and of tokens the perplexity."""
    total, right, weight = sums.tolist()
    told = {"test_loss": total / weight, "test_accuracy": right / weight}
    if task == "tokens":
        told["perplexity"] = math.exp(min(told["test_loss"], 700.0))
    return told
