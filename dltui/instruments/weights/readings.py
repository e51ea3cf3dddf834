"""Statistics of many tensors, several at a time: by processes where that is safe, by threads elsewhere.

What threads find they tell one after the other, and on few cores a thread that waits for its turn costs as much as some
tensors; processes wait for nobody. They are forked, since one that starts afresh would need longer than the reading:
only where this process has no other threads, whose locks a copy would never see opened, and for files of which what is
open keeps no place.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from itertools import chain, takewhile
from threading import Event, local
from typing import TYPE_CHECKING

from dltui.archives import Archive, Entry
from dltui.errors import DltuiError
from dltui.instruments.weights.reading import Reading, read_tensor, summer_of_pieces
from dltui.ranks import cores

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

SHARE = 1 << 26  # bytes that are read in a row before what was found is told, at most
LEAST, PARTS = 1 << 24, 4  # bytes at least, and into how many parts what is left is cut
WORKERS = 4  # at most; more would only wait for memory
AHEAD = 2  # shares that a process is told of before it has told what it found: it is never idle

Found = list[tuple[int, Reading]]
Work = Callable[[Sequence[int]], Found]


def readings(archive: Archive) -> Iterator[tuple[int, Reading]]:
    """Yield what is found in each tensor that has numbers of its own.

    Args:
        archive: The open file.

    Yields:
        Which tensor, and its statistics, in any order.

    Raises:
        DltuiError: If the numbers of one can't be read.
    """
    shares = list(_shares(archive.entries))
    crew = min(WORKERS, len(shares), cores())
    if crew < 2:
        read = _reader(archive)
        yield from chain.from_iterable(read([place]) for share in shares for place in share)
    elif archive.forkable and _alone():
        yield from _by_processes(_reader(archive), shares, crew)
    else:
        yield from _by_threads(archive, shares, crew)


def _shares(entries: Sequence[Entry]) -> Iterator[list[int]]:
    """Yield which tensors are read in a row.

    Many, since a turn of another costs as much as some small tensors; fewer near the end, since who is done waits for
    the last.
    """
    own = [place for place, entry in enumerate(entries) if not entry.shared]
    left = sum(entries[place].nbytes for place in own)
    share, size = [], 0
    for place in own:
        share.append(place)
        size += entries[place].nbytes
        if size >= min(SHARE, max(left / PARTS, LEAST)):
            yield share
            left -= size
            share, size = [], 0
    if share:
        yield share


def _alone() -> bool:
    """Return whether a forked copy of this process has all that it needs: no other thread, and none of torch's."""
    return sys.platform == "linux" and threading.active_count() == 1 and "torch" not in sys.modules


def _reader(archive: Archive) -> Work:
    """Return what reads some tensors in a row, with buffers of its own."""
    summer = summer_of_pieces()
    return lambda share: [(place, read_tensor(archive, archive.entries[place], summer)) for place in share]


def _by_threads(
    archive: Archive, shares: Sequence[Sequence[int]], crew: int
) -> Iterator[tuple[int, Reading]]:
    """Yield what threads find, in the order of the shares."""
    kept, stop = local(), Event()

    def work(share: Sequence[int]) -> Found:
        if not hasattr(kept, "read"):
            kept.read = _reader(archive)
        # nobody waits for the rest of a share that is left
        wanted = takewhile(lambda _: not stop.is_set(), share)
        return [found for place in wanted for found in kept.read([place])]

    with ThreadPoolExecutor(crew) as pool:
        try:
            yield from chain.from_iterable(pool.map(work, shares))
        finally:
            stop.set()
            pool.shutdown(cancel_futures=True)


def _by_processes(read: Work, shares: Sequence[Sequence[int]], crew: int) -> Iterator[tuple[int, Reading]]:
    """Yield what forked processes find, as they find it."""
    from multiprocessing import get_context
    from multiprocessing.connection import wait

    fork = get_context("fork")
    pipes = [fork.Pipe() for _ in range(crew)]
    ours = [here for here, _ in pipes]
    workers = [
        fork.Process(target=_work, args=(read, there, [*ours, *(other for _, other in pipes if other is not there)]),
                     daemon=True)
        for _, there in pipes
    ]  # fmt: skip
    left = iter(shares)
    try:
        for worker in workers:
            worker.start()
        for here, there in pipes:
            there.close()
            for _ in range(AHEAD):
                _tell(here, next(left, None))
        busy = list(ours)
        while busy:
            ready = wait(busy)
            for here in [one for one in busy if one in ready]:
                answer = _answer(here)
                if answer is None:
                    busy.remove(here)
                    continue
                _tell(here, next(left, None))
                yield from answer
    finally:
        for here in ours:
            here.close()
        for worker in workers:
            if worker.pid is not None:
                worker.terminate()
                worker.join()


def _answer(here: Connection) -> Found | None:
    """Return what a process tells; None when it has nothing left to do.

    Raises:
        DltuiError: What it raised, or that it is gone.
    """
    try:
        answer = here.recv()
    except (EOFError, OSError) as error:
        raise DltuiError(
            "a process that read tensors was ended from outside: there may be too little memory, try again"
        ) from error
    if isinstance(answer, BaseException):
        raise answer
    found: Found | None = answer
    return found


def _work(read: Work, pipe: Connection, others: Sequence[Connection]) -> None:
    """Read shares as long as any are told of; the body of a forked process."""
    import signal

    signal.signal(
        signal.SIGINT, signal.SIG_IGN
    )  # Ctrl-C is for the one that was started, which ends this one
    for other in others:  # so that the end of one process is seen by the others
        other.close()
    with suppress(EOFError, OSError):  # nobody listens any more
        while (share := pipe.recv()) is not None:
            pipe.send(_tried(read, share))
        pipe.send(None)


def _tried(read: Work, share: Sequence[int]) -> Found | Exception:
    """Return what is found, or what was raised."""
    try:
        return read(share)
    except Exception as error:  # noqa: BLE001 - it is raised again by the one that listens
        return error


def _tell(here: Connection, share: Sequence[int] | None) -> None:
    """Tell a process what to read next; that it is gone shows when it is listened to."""
    with suppress(OSError):
        here.send(share)
