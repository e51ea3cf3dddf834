"""What ``dltui diff`` asks the instruments, once its words are read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dltui.commands._frame import Common
from dltui.commands._show import Judged, Stopped
from dltui.errors import Cancelled, DltuiError, UsageError

if TYPE_CHECKING:
    from dltui.results import Result

SAME, DIFFERENT = 0, 1


def ask(model: str, other: str, tensor: str | None, common: Common) -> Judged | Stopped:
    """Compare two checkpoints, or one tensor of both.

    Args:
        model: A.
        other: B.
        tensor: The tensor, or None for all.
        common: The common options.

    Returns:
        The differences with the exit code, or what was known of them when Ctrl-C came.

    Raises:
        UsageError: If either can't be read; exit code 1 is kept for those that differ.
    """
    try:
        return _compared(model, other, tensor, common)
    except Cancelled:
        raise
    except DltuiError as error:
        raise UsageError(str(error)) from error
    except (OSError, MemoryError) as error:
        raise UsageError(f"can't compare {model} and {other}: {error or 'out of memory'}") from error


def _compared(model: str, other: str, tensor: str | None, common: Common) -> Judged | Stopped:
    """Open both and compare them."""
    from dltui.commands._unfinished import stoppable
    from dltui.instruments.weights import contrast, difference, open_source

    one, first = open_source(model, seed=common.seed)
    with one:
        another, second = open_source(other, seed=common.seed)
        with another:
            if tensor is not None:
                return _judged(contrast(one, another, tensor, (model, other), report=common.report))
            title = f"{first} → {second}"
            found = stoppable(
                lambda report: difference(one, another, (model, other), title=title, report=report), common
            )
    return found if isinstance(found, Stopped) else _judged(found)


def _judged(found: Result) -> Judged:
    """Return a result with the exit code of ``diff``."""
    return Judged(found, SAME if found.summary()["same"] else DIFFERENT)
