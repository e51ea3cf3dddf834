"""Several files of weights as one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dltui.archives.base import LIMIT, Archive, Scalar

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[Any]


class Joined(Archive):
    """The tensors of several archives."""

    def __init__(
        self,
        path: Path,
        kind: str,
        parts: Sequence[tuple[str, Archive]],
        *,
        scalars: dict[str, Scalar] | None = None,
        metadata: dict[str, str] | None = None,
    ) -> None:
        """Join archives.

        Args:
            path: What the whole is called.
            kind: Its format.
            parts: The archives, each with what is put before its names.
            scalars: Plain values of the whole.
            metadata: What the whole says of itself.
        """
        entries = []
        self._parts: dict[str, tuple[Archive, str]] = {}
        for before, part in parts:
            for one in part.entries:
                name = before + one.name
                if name not in self._parts:
                    entries.append(replace(one, name=name, shared=before + one.shared if one.shared else ""))
                    self._parts[name] = (part, one.name)
        self._archives = [part for _, part in parts]
        self.forkable = all(part.forkable for part in self._archives)
        super().__init__(path, kind, entries, scalars=scalars, metadata=metadata)

    def close(self) -> None:
        """Let go of all files."""
        for part in self._archives:
            part.close()

    def values(self, name: str) -> Array:
        """Return the numbers of a tensor."""
        self.entry(name)
        part, own = self._parts[name]
        return part.values(own)

    def blocks(self, name: str, limit: int = LIMIT) -> Iterator[Array]:
        """Yield the numbers of a tensor in pieces."""
        self.entry(name)
        part, own = self._parts[name]
        yield from part.blocks(own, limit)

    def codes(self, name: str, room: Array) -> Iterator[Array] | None:
        """Return the bits of a tensor of 16-bit floats in pieces, where they lie in order."""
        self.entry(name)
        part, own = self._parts[name]
        return part.codes(own, room)
