"""Jobs on a SLURM cluster."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from dltui.batch.place import Task
from dltui.errors import DltuiError, UsageError
from dltui.spelling import seconds_of
from dltui.training.launch.slurm import Command, Wish, reason_against, submit, submitted_before

if TYPE_CHECKING:
    from dltui.training.launch.slurm import SlurmJob


class Cluster:
    """The cluster that this machine belongs to.

    Raises:
        DltuiError: If it belongs to none.
    """

    def __init__(self) -> None:
        if why := reason_against():
            raise DltuiError(why)

    def start(self, task: Task) -> SlurmJob:
        """Submit a command line, unless that was done before by someone who did not see its end.

        Raises:
            DltuiError: If the cluster refuses it.
        """
        command = Command(
            words=task.words,
            folder=str(task.folder),
            work=str(task.work),
            env=dict(task.env),
            append=task.again,
        )
        earlier = submitted_before(command) if task.left else None
        return earlier or submit(f"dltui-{task.name}", command, wish_of(task.asked))


def wish_of(asked: Mapping[str, Any]) -> Wish:
    """Return what a job asks of SLURM.

    Args:
        asked: The table ``slurm`` of the job.

    Returns:
        The same, checked.

    Raises:
        UsageError: If a value is not of its kind.
    """
    told: dict[str, Any] = {}
    for key, value in asked.items():
        if key in {"nodes", "gpus", "cpus"}:
            told[key] = _number(key, value, whole=True)
        elif key == "memory":
            told[key] = _number(key, value, whole=False)
        elif key == "time":
            seconds = seconds_of(value)
            if seconds is None:
                raise UsageError(
                    f"slurm.time can't be {value!r}: expected seconds, or a time such as 30m or 2h"
                )
            told["minutes"] = max(1, round(seconds / 60))
        else:
            told[key] = str(value)
    return Wish(**told)


def _number(key: str, value: object, *, whole: bool) -> object:
    """Return a number above or at 0."""
    if isinstance(value, bool) or not isinstance(value, int if whole else int | float) or value < 0:
        raise UsageError(f"slurm.{key} can't be {value!r}: expected a number")
    return value
