"""Memory that is free again, given back to the system: glibc keeps what large pictures took once."""

from __future__ import annotations

from contextlib import suppress


def give_back() -> None:
    """Give back what is free; another C library than glibc does as it likes."""
    import ctypes

    with suppress(AttributeError, OSError, TypeError):
        ctypes.CDLL(None).malloc_trim(0)
