"""What is computed once, step by step, and can be walked through again: a training that pictures and checks share."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from threading import Lock
from typing import Generic, TypeVar

T = TypeVar("T")


class Remembered(Generic[T]):
    """An iterable whose entries are made as they are first asked for, in one thread at a time, and kept.

    What makes them must leave nothing set between two entries: it may be left standing half way.
    """

    def __init__(self, make: Callable[[], Iterator[T]]) -> None:
        self._make = make
        self._source, self._found = make(), list[T]()
        self._lock = Lock()

    def __iter__(self) -> Iterator[T]:
        """Yield the entries from the first on; an error begins anew for the next who asks."""
        place = 0
        while True:
            with self._lock:
                if place >= len(self._found) and not self._grow():
                    return
                entry = self._found[place]
            yield entry
            place += 1

    def last(self) -> T:
        """Return the last entry, after all others were made."""
        *_, entry = self
        return entry

    def _grow(self) -> bool:
        """Make one more entry; returns whether there was one."""
        try:
            self._found.append(next(self._source))
        except StopIteration:
            return False
        except BaseException:
            self._source, self._found = self._make(), []
            raise
        return True
