"""From what is to be trained to where: here when one process is enough, or when somebody else has started several."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from dltui.errors import UsageError
from dltui.progress import Report, silent
from dltui.ranks import SUPERVISOR, bearable, die_with
from dltui.training.launch.options import Options
from dltui.training.recipe import Recipe

if TYPE_CHECKING:
    from dltui.results.training import TrainingHistory

Probe = Callable[..., Mapping[str, Any]]


def launch(
    work: Recipe | str,
    assignments: Sequence[str] = (),
    options: Options | None = None,
    *,
    probe: Probe | None = None,
    report: Report = silent,
) -> TrainingHistory:
    """Train, in as many processes as are asked for.

    Args:
        work: A recipe for a new run, or ``run:NAME`` of one to go on with.
        assignments: Fields of a run's recipe to change.
        options: Where.
        probe: What is measured every ``probe_every`` steps.
        report: Called as training goes; raises ``Cancelled`` to stop.

    Returns:
        Loss and accuracy by evaluation.

    Raises:
        UsageError: If something is spelled wrongly.
        Cancelled: If it was stopped; the state is kept.
        DltuiError: If training fails.
    """
    chosen = options or Options()
    if SUPERVISOR in os.environ:
        die_with(int(os.environ[SUPERVISOR]))
    world = 1 if "WORLD_SIZE" in os.environ else _processes(work, chosen)
    if world > 1:
        from dltui.training.launch.supervisor import supervise

        return supervise(work, assignments, chosen, world, report=report)
    from dltui.training.launch.local import train_here

    return train_here(work, assignments, chosen, probe=probe, report=report)


def is_first() -> bool:
    """Return whether this process is the first, or only, one of a training."""
    return os.environ.get("RANK", "0") == "0"


def _processes(work: Recipe | str, options: Options) -> int:
    """Return how many processes are asked for."""
    if options.devices == "auto":
        import torch

        found = torch.cuda.device_count() if options.device in {"auto", "cuda"} else 1
        return max(found, 1)
    if options.devices:
        return bearable(int(options.devices), "--devices")
    if isinstance(work, str):
        from dltui.runs.find import find_run

        return find_run(work.removeprefix("run:")).world
    if options.strategy in {"ddp", "fsdp"}:
        raise UsageError(f"--strategy {options.strategy} is for several processes: add --devices 2 or more")
    return 1
