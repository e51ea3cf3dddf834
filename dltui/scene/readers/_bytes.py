"""The bytes of a file, and its numbers."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from dltui.errors import DltuiError


def bytes_of(path: Path, kind: str) -> bytes:
    """Return all of a file.

    Args:
        path: Where it is.
        kind: What it should be, for the error.

    Returns:
        Its bytes, at least one.

    Raises:
        DltuiError: If it can't be read, or is empty.
    """
    try:
        body = path.read_bytes()
    except OSError as error:
        raise DltuiError(f"can't read {path}: {error.strerror}; expected {kind}") from error
    if not body.strip(b"\0 \t\r\n"):
        raise DltuiError(f"{path} is empty: expected {kind}")
    return body


def numbers_of(text: bytes, path: Path) -> NDArray[np.float64]:
    """Return all numbers of a text, shape (n,).

    Args:
        text: Numbers with spaces or line breaks between them.
        path: Where they come from, for the error.

    Returns:
        The numbers.

    Raises:
        DltuiError: If something there is no number.
    """
    if not text.strip():
        return np.zeros(0)
    try:
        return np.fromstring(text, dtype=np.float64, sep=" ")
    except ValueError:
        bad = next((word for word in text.split() if not _is_number(word)), b"?")
        shown = bad[:40].decode("utf-8", "replace")
        raise DltuiError(f"{path} holds {shown!r} where a number was expected") from None


def _is_number(word: bytes) -> bool:
    """Return whether a word is one."""
    try:
        float(word)
    except ValueError:
        return False
    return True
