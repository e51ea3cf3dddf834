"""How far outputs are from targets: the loss, and the share of right answers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor
from torch.nn import functional

from dltui.errors import UsageError

Loss = Callable[[Tensor, Tensor], Tensor]
Task = Literal["classes", "numbers", "tokens"]

UNASKED = -100  # the target at a position that doesn't count


@dataclass(frozen=True)
class Criterion:
    """A mean loss over samples, with what it needs to know of the task.

    Attributes:
        task: ``classes`` (whole-number targets), ``numbers``, or ``tokens`` (whole-number targets at every position).
        loss: (outputs, targets) -> scalar, the mean over the samples of a block.
        name: What the loss is called.
    """

    task: Task
    loss: Loss
    name: str

    @classmethod
    def of(cls, task: Task, loss: Loss | None = None) -> Criterion:
        """Return the loss that fits the task: cross-entropy for classes and tokens, mean squared error for numbers.

        Args:
            task: What the targets are.
            loss: Another mean loss to use instead.

        Returns:
            The criterion.
        """
        if loss is not None:
            return cls(task, loss, getattr(loss, "__name__", type(loss).__name__))
        if task != "numbers":
            return cls(task, functional.cross_entropy, "cross-entropy")
        return cls(task, functional.mse_loss, "mean squared error")

    @property
    def counts(self) -> bool:
        """Whether answers are right or wrong, so that there is an accuracy."""
        return self.task != "numbers" and self.loss in {functional.cross_entropy, mean_of_rows}

    def right(self, outputs: Tensor, targets: Tensor) -> Tensor:
        """Return the share of right answers in a block, a scalar; of all positions where a sample has several."""
        hits = (outputs.argmax(1) == targets).double()
        if self.loss is functional.cross_entropy:
            return hits.mean()
        asked = (targets != UNASKED).flatten(1)
        return ((hits.flatten(1) * asked).sum(1) / asked.sum(1)).mean()

    def slopes(self, outputs: Tensor, targets: Tensor) -> Tensor | None:
        """Return the gradient of every sample's loss at its outputs, where it is known in closed form.

        That of the cross-entropy is softmax(z) − onehot(y).

        Args:
            outputs: Shape (b, classes).
            targets: Shape (b,).

        Returns:
            Shape (b, classes), or None where only autograd knows it.
        """
        if not self.counts or outputs.ndim != 2:
            return None
        shares = torch.softmax(outputs.detach().T.contiguous(), 0)  # along the samples, several times faster
        shares.scatter_add_(0, targets[None], shares.new_full((1, len(targets)), -1))
        return shares.T.contiguous()

    def fitted(self, outputs: Tensor, targets: Tensor, title: str) -> Tensor:
        """Return the targets in the shape that the loss wants for such outputs.

        Without this, mean squared error would silently compare every output with every target when one of
        them has a trailing dimension of 1.

        Args:
            outputs: What the model gave for the first few samples, shape (b, ...).
            targets: All targets, shape (n, ...).
            title: What to call the model in an error.

        Returns:
            The targets, reshaped where only dimensions of size 1 differ.

        Raises:
            UsageError: If outputs and targets don't fit each other; it names both shapes.
        """
        if self.counts:
            return self._classes(outputs, targets, title)
        if self.loss is functional.mse_loss and outputs.shape[1:] != targets.shape[1:]:
            if _squeezed(outputs) != _squeezed(targets):
                raise _misfit(title, outputs, targets, "the same shape for each sample")
            return targets.reshape(len(targets), *outputs.shape[1:])
        return targets

    def _classes(self, outputs: Tensor, targets: Tensor, title: str) -> Tensor:
        if outputs.ndim < 2 or outputs.shape[2:] != targets.shape[1:]:
            raise _misfit(title, outputs, targets, "one score for each class, outputs (n, classes)")
        asked = targets if self.task == "classes" else targets[targets != UNASKED]
        lowest, highest = (int(asked.min()), int(asked.max())) if asked.numel() else (0, -1)
        if lowest < 0 or highest >= outputs.shape[1]:
            raise UsageError(
                f"{title} gives {outputs.shape[1]} scores, but the targets go from {lowest} to {highest}; "
                f"expected class numbers below {outputs.shape[1]}; try a model with {highest + 1} outputs"
            )
        return targets


def mean_of_rows(outputs: Tensor, targets: Tensor) -> Tensor:
    """Return the mean over rows of the mean cross-entropy at the positions of each that count.

    Where some rows have fewer positions that count than others, this is still the mean of a loss of each row, which
    the plain mean over all positions is not.

    Args:
        outputs: Scores, shape (n, classes, positions).
        targets: Class numbers, shape (n, positions); −100 at positions that don't count.

    Returns:
        A scalar.
    """
    losses = functional.cross_entropy(outputs, targets, reduction="none").flatten(1)
    return (losses.sum(1) / (targets != UNASKED).flatten(1).sum(1)).mean()


def _squeezed(tensor: Tensor) -> tuple[int, ...]:
    """Return the shape of one sample without the dimensions of size 1."""
    return tuple(size for size in tensor.shape[1:] if size != 1)


def _misfit(title: str, outputs: Tensor, targets: Tensor, wanted: str) -> UsageError:
    return UsageError(
        f"{title} gives outputs of shape {_each(outputs)} for targets of shape {_each(targets)}; expected {wanted}; "
        "try a model made for this data set"
    )


def _each(tensor: Tensor) -> str:
    return f"({', '.join(['n', *map(str, tensor.shape[1:])])})"


def scalar(loss: Tensor, name: str) -> Tensor:
    """Return ``loss``, making sure that it is one number.

    Raises:
        UsageError: If it is not a scalar.
    """
    if not isinstance(loss, torch.Tensor) or loss.ndim:
        raise UsageError(
            f"the loss {name} must give one number, the mean over the samples; try reduction='mean'"
        )
    return loss
