"""Saying in one sentence what went wrong."""

from __future__ import annotations

from dltui.errors import DltuiError


def sentence(error: BaseException | None) -> str:
    """Return what a person is told of an error."""
    if isinstance(error, DltuiError):
        return str(error)
    first = str(error).strip().splitlines()[:1]
    return f"{type(error).__name__}: {first[0]}" if first else type(error).__name__
