"""Training in this very process."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from dltui.progress import Report
from dltui.results.training import TrainingHistory
from dltui.training.launch.options import Options
from dltui.training.recipe import Recipe
from dltui.training.session import resume, train_recipe


def train_here(
    work: Recipe | str,
    assignments: Sequence[str],
    options: Options,
    *,
    probe: Callable[..., Mapping[str, Any]] | None,
    report: Report,
) -> TrainingHistory:
    """Begin a run, or go on with one.

    Args:
        work: A recipe for a new run, or ``run:NAME`` of one to go on with.
        assignments: Fields of a run's recipe to change.
        options: Where.
        probe: What is measured every ``probe_every`` steps.
        report: Called after every step.

    Returns:
        Loss and accuracy by evaluation.

    Raises:
        UsageError: If something is spelled wrongly.
        Cancelled: If it was stopped; the state is kept.
        DltuiError: If training fails.
    """
    if isinstance(work, str):
        return resume(
            work,
            assignments,
            device=options.device,
            strategy=options.strategy,
            cpu_threads=options.cpu_threads,
            probe=probe,
            report=report,
        )
    return train_recipe(
        work.set(*assignments),
        weights=options.weights,
        name=options.name,
        device=options.device,
        strategy=options.strategy,
        cpu_threads=options.cpu_threads or 1,
        command=options.command,
        probe=probe,
        report=report,
    )
