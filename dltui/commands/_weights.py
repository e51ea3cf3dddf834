"""What ``dltui weights`` asks the instruments, once its words are read."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from dltui.commands._frame import Common
from dltui.errors import UsageError

if TYPE_CHECKING:
    from dltui.archives import Archive
    from dltui.commands._show import Stopped
    from dltui.progress import Report
    from dltui.results import Result
    from dltui.results.weights import WeightSurvey


@dataclass(frozen=True)
class Asked:
    """The words of the verb, read; their meaning is told there."""

    model: str
    tensor: str | None
    spectra: bool
    along_run: bool


def ask(asked: Asked, common: Common) -> Result | Stopped:
    """Look at every tensor, at one, or at one through a run.

    Args:
        asked: The words.
        common: The common options.

    Returns:
        What was found, or what was known of it when Ctrl-C came.

    Raises:
        UsageError: If the words don't go together.
    """
    from dltui.commands._unfinished import stoppable

    _together(asked)
    if asked.along_run:
        from dltui.instruments.weights import follow

        return stoppable(partial(follow, asked.model, asked.tensor), common)
    from dltui.instruments.weights import examine, find_tensor, open_source

    archive, title = open_source(asked.model, seed=common.seed)
    with archive:
        if asked.tensor is None:
            return stoppable(partial(_all, archive, asked, title), common)
        name = find_tensor(archive, asked.tensor)
        title = f"{name} of {title}"
        return stoppable(
            lambda report: examine(archive, name, asked.model, title=title, report=report), common
        )


def _all(archive: Archive, asked: Asked, title: str, report: Report) -> WeightSurvey:
    """Read every tensor, and decompose every matrix where that is asked for."""
    from dltui.instruments.weights import survey, with_spectra

    found = survey(archive, asked.model, title=title, report=report)
    return with_spectra(archive, found, report) if asked.spectra else found


def _together(asked: Asked) -> None:
    """Refuse words that don't go together."""
    if asked.along_run and not asked.model.startswith("run:"):
        raise UsageError(
            f"--along-run follows the checkpoints of a run, not {asked.model}: expected run:NAME; try run:latest"
        )
    if asked.along_run and asked.tensor is None:
        raise UsageError(
            f"--along-run follows one tensor: name it, as in `dltui weights {asked.model} TENSOR --along-run`; "
            f"`dltui weights {asked.model}` lists them"
        )
    if asked.spectra and asked.tensor is not None:
        raise UsageError(
            "--spectra is for all tensors: one tensor has its spectrum without it; leave one of them out"
        )
