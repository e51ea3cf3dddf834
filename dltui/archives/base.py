"""What every file of weights gives: a list of tensors at once, and their numbers on demand."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from dltui.contents import Entry
from dltui.errors import DltuiError, UsageError, unknown

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[Any]

LIMIT = 1 << 24  # bytes of a piece, as decoded
Scalar = int | float | str | bool | None
MOST_TENSORS = 200_000  # in one file; the largest known models keep about 140,000 in many files


class Archive(ABC):
    """An open file of weights; a context manager.

    Attributes:
        path: The file or folder.
        format: What kind it is, such as ``safetensors`` or ``pytorch-zip``.
        entries: Its tensors, in the order of the file.
        scalars: Plain values that stand beside them, such as ``epoch``.
        metadata: What the file says about itself.
        forkable: Whether processes that are forked may read it side by side: what it has open keeps no place.
    """

    forkable = False

    def __init__(
        self,
        path: Path,
        kind: str,
        entries: Sequence[Entry],
        *,
        scalars: dict[str, Scalar] | None = None,
        metadata: dict[str, str] | None = None,
    ) -> None:
        self.path = path
        self.format = kind
        self.entries = tuple(entries)
        self.scalars = scalars or {}
        self.metadata = metadata or {}
        self._known: dict[str, Entry] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:  # noqa: B027 - most have nothing to let go
        """Let go of the file."""

    def entry(self, name: str) -> Entry:
        """Return the tensor of a name.

        Raises:
            UsageError: If there is none; it suggests the nearest.
        """
        if not self.has(name):
            raise _no_tensor(self, name)
        assert self._known is not None, "made by has"
        return self._known[name]

    def has(self, name: str) -> bool:
        """Return whether there is a tensor of that name."""
        if self._known is None:
            self._known = {one.name: one for one in self.entries}
        return name in self._known

    @abstractmethod
    def values(self, name: str) -> Array:
        """Return the numbers of a tensor in its shape.

        Types that numpy lacks and block formats come as float32, all others as they are stored; mapped from the file
        where it allows that, so that nothing is read before it is used, and read-only.

        Raises:
            UsageError: If there is no such tensor.
            DltuiError: If its numbers can't be read.
        """

    def blocks(self, name: str, limit: int = LIMIT) -> Iterator[Array]:
        """Yield the numbers of a tensor, flattened, in pieces.

        Args:
            name: The tensor.
            limit: Bytes of a piece at most, as ``values`` would give it.

        Yields:
            One-dimensional arrays; one is only good until the next is asked for.

        Raises:
            UsageError: If there is no such tensor.
            DltuiError: If its numbers can't be read.
        """
        flat = self.values(name).reshape(-1)
        step = max(1, limit // max(1, flat.itemsize))
        for start in range(0, flat.size, step):
            yield flat[start : start + step]

    def codes(self, name: str, room: Array) -> Iterator[Array] | None:  # noqa: ARG002
        """Return the bits of a tensor in pieces, where its numbers lie in order with 16 bits each.

        Args:
            name: The tensor.
            room: Where the pieces are put, one after the other, uint16, shape (n,).

        Returns:
            Pieces of at most n, each the beginning of ``room``; None where the numbers lie otherwise, or in another
            type than float16 and bfloat16.
        """
        return None


def _no_tensor(archive: Archive, name: str) -> UsageError:
    """Return the error for a tensor that isn't there."""
    if not archive.entries:
        return UsageError(f"{archive.path} holds no tensors, so none is called {name!r}")
    return unknown("tensor", name, [one.name for one in archive.entries], f"`dltui inspect {archive.path}`")


def damaged(path: Path, what: str) -> DltuiError:
    """Return the error for a file that contradicts itself.

    Args:
        path: The file.
        what: What is wrong with it.

    Returns:
        A ``DltuiError``, to be raised by the caller.
    """
    return DltuiError(f"{path} is damaged or not what it seems: {what}; get it again from where it came from")
