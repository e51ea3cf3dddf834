"""What the memory of this machine has room for."""

from __future__ import annotations

import os
from pathlib import Path

TOLD = Path("/proc/meminfo")
WORD = "MemAvailable:"  # what can be had without swapping: also what the system only keeps of files


def free() -> int:
    """Return the bytes of memory that can be had, as Linux tells; without limit where nothing does."""
    try:
        lines = TOLD.read_text(encoding="ascii").splitlines()
        return next(1024 * int(line.split()[1]) for line in lines if line.startswith(WORD))
    except (OSError, ValueError, StopIteration):
        pass
    try:
        return os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (ValueError, OSError):
        return 1 << 62
