"""Memory that is free again, given back to the system: glibc keeps what large pictures took once."""

from __future__ import annotations

from contextlib import suppress

M_ARENA_MAX = -8  # glibc's malloc.h


def share_one_heap() -> None:
    """Have all threads that begin from now on take memory from one heap.

    glibc gives each thread a heap of its own. What a thread frees there serves no other one, and after some thousand
    gestures the heaps were full of holes: they held five times what was in use. One heap stays as large as that.
    """
    import ctypes

    with suppress(AttributeError, OSError, TypeError):
        ctypes.CDLL(None).mallopt(M_ARENA_MAX, 1)


def give_back() -> None:
    """Give back what is free; another C library than glibc does as it likes."""
    import ctypes

    with suppress(AttributeError, OSError, TypeError):
        ctypes.CDLL(None).malloc_trim(0)
