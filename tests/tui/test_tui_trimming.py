"""Memory that was taken once is given back."""

import ctypes
import os
import subprocess
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


ADDRESSES = """
import ctypes, sys, threading
from dltui.tui.trimming import share_one_heap

if sys.argv[1] == "shared":
    share_one_heap()
libc = ctypes.CDLL(None)
libc.malloc.restype, libc.malloc.argtypes = ctypes.c_void_p, [ctypes.c_size_t]
taken = []
for _ in range(3):
    thread = threading.Thread(target=lambda: taken.append(libc.malloc(5_000)))
    thread.start()
    thread.join()
heap = next(line for line in open("/proc/self/maps") if line.rstrip().endswith("[heap]"))
begin, end = (int(word, 16) for word in heap.split()[0].split("-"))
print([begin <= address < end for address in taken])
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="asks glibc, and looks into /proc")
@pytest.mark.parametrize("way", ["shared", "apart"])
def test_threads_take_from_one_heap(way: str) -> None:
    ended = subprocess.run([sys.executable, "-c", ADDRESSES, way], capture_output=True, text=True, check=True)
    assert ended.stdout.strip() == str([way == "shared"] * 3)
