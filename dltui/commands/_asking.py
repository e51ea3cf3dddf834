"""Asking before something is done that can't be undone with a keystroke."""

from __future__ import annotations

import sys

from dltui.errors import Cancelled, UsageError


def agreed(question: str, *, yes: bool) -> None:
    """Go on only when the user agrees.

    Args:
        question: What is about to be done, as a question.
        yes: Whether ``--yes`` was given, which agrees beforehand.

    Raises:
        Cancelled: If the user doesn't agree.
        UsageError: If there is nobody to ask.
    """
    if yes:
        return
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise UsageError(f"{question} Nobody is here to answer: add --yes")
    import typer

    if not typer.confirm(question, err=True):
        raise Cancelled("nothing was done")
