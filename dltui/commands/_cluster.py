"""The options by which a command line goes to a cluster, and what they say."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from dltui.errors import UsageError

if TYPE_CHECKING:
    from dltui.batch.place import Place

HOUR = "1h"

On = Annotated[Literal["local", "slurm"], typer.Option("--on", help="Here, or as a job of a SLURM cluster.")]
Partition = Annotated[str, typer.Option("--partition", help="Of the cluster; else its own choice.")]
TimeLimit = Annotated[
    str,
    typer.Option("--time", metavar="TIME", help="Longest time of a job: 90m, 8h; it is queued again after."),
]


def only_there(on: str, asked: Mapping[str, object]) -> None:
    """Refuse what can only be asked of a cluster where the work is done here.

    Args:
        on: Where it is done.
        asked: By the name of its option; false where it is not asked for.

    Raises:
        UsageError: If something is.
    """
    name = next((name for name, value in asked.items() if value), "")
    if on == "local" and name:
        raise UsageError(f"{name} is asked of a cluster: add --on slurm, or leave it out")


def minutes_of(time_limit: str) -> int:
    """Return the longest time of a job in minutes, one at least.

    Args:
        time_limit: Such as ``90m`` or ``8h``.

    Raises:
        UsageError: If it is no time.
    """
    from dltui.spelling import seconds_of

    seconds = seconds_of(time_limit)
    if seconds is None:
        raise UsageError(f"--time {time_limit!r} is no time: expected such as 90m, 8h or 1h30m")
    return max(1, round(seconds / 60))


def place_of(on: str) -> Place:
    """Return where jobs run.

    Args:
        on: ``local`` or ``slurm``.

    Raises:
        DltuiError: If there is no cluster here.
    """
    if on == "local":
        from dltui.batch.local import Local

        return Local()
    from dltui.batch.cluster import Cluster

    return Cluster()
