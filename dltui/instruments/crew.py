"""Workers for CPU-bound torch code: one thread a core, one intra-op thread each.

Small networks are bound by memory traffic, so that two workers on blocks that fit their caches beat one worker with two
intra-op threads; and threads that work alone don't collapse when the machine is busy.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from queue import SimpleQueue
from threading import Event
from typing import TypeVar

import torch

from dltui.device import threads

T = TypeVar("T")
R = TypeVar("R")

KEPT = (32 << 20) - (1 << 16)  # bytes: just below what glibc lets this grow to


class Crew:
    """A handful of threads that work side by side.

    Attributes:
        size: How many there are.
        stop: Set when the work is to end early; long work looks at it.
    """

    def __init__(self, pool: ThreadPoolExecutor, size: int) -> None:
        self.size = size
        self.stop = Event()
        self._pool = pool

    def together(self, work: Callable[[int], R]) -> list[R]:
        """Run ``work(0) … work(size - 1)`` at the same time and return what they return, in order."""
        jobs = [self._pool.submit(work, index) for index in range(1, self.size)]
        mine = work(0)  # here: another thread would only have to be woken
        return [mine, *(job.result() for job in jobs)]

    def stream(
        self, start: Callable[[], Callable[[T], R]], tasks: Sequence[T], *, alone: bool = False
    ) -> Iterator[tuple[T, R]]:
        """Spread tasks over the workers and hand out results as they come.

        Args:
            start: Called once in every worker; returns the function that does a task.
            tasks: What is to be done, in this order as far as workers are free.
            alone: Let one worker do them all.

        Yields:
            Each task with its result, in the order of completion.
        """
        if alone or self.size == 1:  # here: nobody else is to be woken, and memory that was freed is at hand
            do = start()
            yield from ((task, do(task)) for task in tasks)
            return
        left, out = iter(tasks), SimpleQueue[tuple[T, R] | None]()

        def work() -> None:
            try:
                do = start()
                for (
                    task
                ) in left:  # the iterator of a sequence hands each task out once, also to several threads
                    if self.stop.is_set():
                        return
                    out.put((task, do(task)))
            except BaseException:
                self.stop.set()
                raise
            finally:
                out.put(None)

        jobs = [self._pool.submit(work) for _ in range(self.size)]
        ended = 0
        while ended < self.size:
            found = out.get()
            if found is None:
                ended += 1
            else:
                yield found
        for job in jobs:
            job.result()


def keep_freed_memory() -> None:
    """Let the allocator of C keep blocks of some megabytes when they are freed, once for the whole process.

    glibc gives larger blocks than ever were freed straight back to the system, and gets new ones page by page. The
    activations of a convolutional network come and go in blocks of a megabyte, and a third of the time went into that.
    Freeing a large block once raises its limit; other allocators don't mind.
    """
    torch.empty(KEPT, dtype=torch.uint8)


def usual(device: torch.device) -> int:
    """Return how many workers suit a device: as many as torch has threads on a CPU, one on an accelerator."""
    return torch.get_num_threads() if device.type == "cpu" else 1


@contextmanager
def crew(device: torch.device, size: int | None = None) -> Iterator[Crew]:
    """Hire workers.

    Args:
        device: Where the work runs.
        size: How many workers; as many as suit the device otherwise.

    Yields:
        The crew; thread settings are as before afterwards.
    """
    count = size or usual(device)
    pool = ThreadPoolExecutor(count, "dltui", initializer=torch.set_num_threads, initargs=(1,))
    hired = Crew(pool, count)
    keep_freed_memory()
    with threads(1):
        try:
            yield hired
        finally:
            hired.stop.set()
            pool.shutdown(wait=True, cancel_futures=True)
