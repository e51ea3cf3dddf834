"""Memory that was taken once is given back."""

import ctypes
import os
import sys
from pathlib import Path

import pytest

from dltui.tui.trimming import give_back


def resident() -> float:
    """Return the memory of this process in MB."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="asks glibc, and looks into /proc")
def test_what_is_free_is_given_back() -> None:
    libc = ctypes.CDLL(None)
    libc.malloc.restype, libc.malloc.argtypes, libc.free.argtypes = (
        ctypes.c_void_p,
        [ctypes.c_size_t],
        [ctypes.c_void_p],
    )
    parts = [libc.malloc(100_000) for _ in range(600)]  # small enough that they come from the heap
    for part in parts:
        ctypes.memset(part, 1, 100_000)
    last = parts.pop()  # keeps the heap from shrinking by itself
    full = resident()
    for part in parts:
        libc.free(part)
    give_back()
    assert resident() < full - 40
    libc.free(last)
