"""Sentences for trainings that can't go on: numbers not finite, memory that runs out, outputs that don't fit."""

from __future__ import annotations

import re

import torch
from torch import Tensor, nn

from dltui.data import Dataset, Task
from dltui.errors import DltuiError, UsageError
from dltui.objective.criterion import Criterion
from dltui.objective.nonfinite import first_place
from dltui.objective.twin import Twin
from dltui.training.gauges import peak_memory
from dltui.training.recipe import Recipe

SPENT = re.compile(r"out of memory|not enough memory|can't allocate memory", re.IGNORECASE)


def nonfinite(module: nn.Module, x: Tensor, loss: float, *, step: int, rate: float, kept: int) -> DltuiError:
    """Return the error for a loss or a gradient that is no longer finite.

    Args:
        module: The model, with the weights that gave it.
        x: The batch.
        loss: The loss.
        step: Steps made before.
        rate: The step size.
        kept: The newest checkpoint, below 0 when nothing is kept.

    Returns:
        One sentence that names where it began.
    """
    finite = torch.tensor(loss).isfinite()
    what = "the gradient is not finite" if finite else f"the loss became {loss}"
    where = _parameter(module) if finite else _place(module, x)
    last = f"; step {kept} is kept" if kept >= 0 else ""
    return DltuiError(
        f"{what} at step {step} with learning rate {rate:.3g}: try a smaller --lr, such as {rate / 10:.3g}, or "
        f"--set clip=1 ({where}{last})"
    )


def out_of_memory(error: BaseException, recipe: Recipe, device: torch.device, step: int) -> DltuiError | None:
    """Return the error for memory that ran out, with three ways out; None for any other error."""
    if not isinstance(error, MemoryError | torch.OutOfMemoryError) and not SPENT.search(f"{error}"):
        return None
    half = max(recipe.batch_size // 2, 1)
    return DltuiError(
        f"out of memory on {device} at step {step}, {peak_memory(device) / 2**30:.1f} GiB at the peak: try "
        f"--set batch_size={half} --set accumulate={2 * recipe.accumulate} (the same steps in less memory), "
        "--precision bf16, or --devices 2 --strategy fsdp"
    )


def check_outputs(outputs: Tensor, answers: Tensor, dataset: Dataset, title: str) -> None:
    """Refuse a model whose outputs the loss can't compare with the answers.

    Args:
        outputs: What it gave for a batch.
        answers: The answers.
        dataset: What they are of.
        title: What to call the model.

    Raises:
        UsageError: If the shapes don't fit each other.
    """
    task: Task = dataset.task
    if task == "tokens":
        wanted = (*answers.shape, len(dataset.classes))
        if tuple(outputs.shape) != wanted:
            raise UsageError(
                f"{title} gives outputs of shape {tuple(outputs.shape)} for tokens of shape {tuple(answers.shape)}; "
                f"expected {wanted}, a score for each of {len(dataset.classes)} tokens at every position"
            )
        return
    Criterion.of(task).fitted(outputs, answers, title)
    if task == "numbers" and outputs.shape != answers.shape:
        raise UsageError(
            f"{title} gives outputs of shape {tuple(outputs.shape)} for answers of shape {tuple(answers.shape)}; "
            "expected the same shape"
        )


def _place(module: nn.Module, x: Tensor) -> str:
    """Return where a model first gives numbers that aren't finite."""
    try:
        twin = Twin(module, device=x.device, dtype=next(module.parameters()).dtype)
        return first_place(twin, x)
    except (DltuiError, RuntimeError, TypeError):  # a model that can't be copied: the sentence goes without
        return "the layer could not be told"


def _parameter(module: nn.Module) -> str:
    """Return the last layer, where the backward pass begins, whose gradient isn't finite."""
    bad = [
        n for n, p in module.named_parameters() if p.grad is not None and not bool(p.grad.isfinite().all())
    ]
    layer = bad[-1].rpartition(".")[0] or bad[-1] if bad else ""
    return f"it began in the gradient of {layer}" if bad else "the weights themselves are too large"
