"""Statistics of many tensors, several at a time: by processes where that is safe, by threads elsewhere.

What threads find they tell one after the other, and on few cores a thread that waits for its turn costs as much as some
tensors; processes wait for nobody. They are forked, since one that starts afresh would need longer than the reading:
only where this process has no other threads, whose locks a copy would never see opened, and for files of which what is
open keeps no place.
"""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
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
        return
    with ExitStack() as ends:
        ours = None
        if archive.forkable and _alone():
            with suppress(OSError):  # threads need less
                ours = ends.enter_context(_forked(_reader(archive), shares, crew))
        yield from _by_threads(archive, shares, crew) if ours is None else _by_processes(ours, len(shares))


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
    """Return whether this process may fork, and a copy has all that it needs: no other thread, and none of torch's."""
    from multiprocessing import current_process

    plain = threading.active_count() == 1 and "torch" not in sys.modules
    return (
        sys.platform == "linux" and plain and not current_process().daemon
    )  # of a pool, which may start none


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


def _by_processes(ours: Sequence[Connection], count: int) -> Iterator[tuple[int, Reading]]:
    """Yield what forked processes find in so many shares, as they find it."""
    from multiprocessing.connection import wait

    left = iter(range(count))
    for here in ours:
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


@contextmanager
def _forked(read: Work, shares: Sequence[Sequence[int]], crew: int) -> Iterator[list[Connection]]:
    """Give the pipes to processes that read the shares whose numbers they are told, and end them afterwards.

    Raises:
        OSError: If there is no room for copies of this process.
    """
    from multiprocessing import get_context

    fork = get_context("fork")
    pipes: list[tuple[Connection, Connection]] = []
    workers = []
    try:
        pipes.extend(fork.Pipe() for _ in range(crew))
        for _, there in pipes:
            others = [end for pair in pipes for end in pair if end is not there]
            worker = fork.Process(target=_work, args=(read, shares, there, others), daemon=True)
            with _uninterrupted():
                worker.start()
            workers.append(worker)
        for _, there in pipes:
            there.close()
        yield [here for here, _ in pipes]
    finally:
        for end in chain.from_iterable(pipes):
            end.close()
        for worker in workers:
            worker.terminate()
            worker.join()


@contextmanager
def _uninterrupted() -> Iterator[None]:
    """Put Ctrl-C off while this lasts: a copy of this process would tell of it in a traceback of its own."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _answer(here: Connection) -> Found | None:
    """Return what a process tells; None when it has nothing left to do.

    Raises:
        DltuiError: What it raised, or that it is gone.
    """
    try:
        answer = here.recv()
    except (EOFError, OSError) as error:
        raise DltuiError(
            "a process that read tensors was ended from outside: there may be too little memory, or the file was cut "
            "short meanwhile; try again"
        ) from error
    if isinstance(answer, BaseException):
        raise answer
    found: Found | None = answer
    return found


def _work(
    read: Work, shares: Sequence[Sequence[int]], pipe: Connection, others: Sequence[Connection]
) -> None:
    """Read shares as long as any are told of; the body of a forked process.

    They are told of by number: what is written to a pipe faster than it is read must fit into the pipe.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the first process, which ends this one
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    for other in others:  # so that the end of one process is seen by the others
        other.close()
    with suppress(EOFError, OSError):  # nobody listens any more
        while (place := pipe.recv()) is not None:
            pipe.send(_tried(read, shares[place]))
        pipe.send(None)


def _tried(read: Work, share: Sequence[int]) -> Found | Exception:
    """Return what is found, or what was raised."""
    try:
        return read(share)
    except Exception as error:  # noqa: BLE001 - it is raised again by the one that listens
        return error


def _tell(here: Connection, place: int | None) -> None:
    """Tell a process which share to read next; that it is gone shows when it is listened to."""
    with suppress(OSError):
        here.send(place)
