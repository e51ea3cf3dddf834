"""What the memory of this machine has room for."""

from __future__ import annotations

import os


def free() -> int:
    """Return the bytes of memory that are free, as Linux tells; without limit where it doesn't."""
    try:
        return os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (ValueError, OSError):
        return 1 << 62
