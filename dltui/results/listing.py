"""What a file of weights holds: tensors, totals, and what it seems to be."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, ClassVar, Self

import numpy as np

from dltui.contents import Contents, Entry
from dltui.contents.guess import Guess
from dltui.contents.page import lines, share, size, unit_for
from dltui.contents.tree import rows
from dltui.figures import Bars, Figure, Table
from dltui.results.base import Result

BARS = 16  # blocks that are worth a bar
MOST_ROWS = 5000  # of the table


@dataclass(frozen=True, eq=False, kw_only=True)
class Listing(Result):
    """The tensors of a file without their numbers.

    Attributes:
        format: Its container, such as ``safetensors``.
        tensors: Of each: name, shape, type, bytes, and the name of the tensor in whose place it is kept, or "".
        scalars: Plain values that stand beside them.
        metadata: What the file says about itself.
        guess: What it seems to be; empty where nothing tells.
        because: What tells so.
        depth: Levels of the tree that are shown; all when None.
    """

    schema: ClassVar[str] = "listing/1"

    format: str
    tensors: list[list[Any]]
    scalars: dict[str, Any] = field(default_factory=dict)
    metadata: dict[str, str] = field(default_factory=dict)
    guess: str = ""
    because: str = ""
    depth: int | None = None

    @classmethod
    def of(cls, contents: Contents, depth: int | None = None) -> Self:
        """Return the result of what a file holds.

        Args:
            contents: What it holds.
            depth: Levels of the tree that are shown.
        """
        found = contents.guess or Guess("", "")
        return cls(
            title=contents.title,
            format=contents.format,
            tensors=[
                [one.name, list(one.shape), one.dtype, one.nbytes, one.shared] for one in contents.entries
            ],
            scalars=dict(contents.scalars),
            metadata=dict(contents.metadata),
            guess=found.guess,
            because=found.because,
            depth=depth,
        )

    @property
    def contents(self) -> Contents:
        """What the file holds."""
        entries = tuple(
            Entry(name, tuple(shape), dtype, nbytes, shared)
            for name, shape, dtype, nbytes, shared in self.tensors
        )
        found = Guess(self.guess, self.because) if self.guess else None
        return Contents(self.title, self.format, entries, self.scalars, self.metadata, found)

    def summary(self) -> dict[str, Any]:
        """Return every tensor, totals, and the guess."""
        return self.contents.document()

    def lines(self, width: int) -> list[str]:
        """Return the tree and what is told around it."""
        return lines(self.contents, width, self.depth)

    def figures(self) -> list[Figure]:
        """Return the tree as a table, and the bytes of blocks and of types as bars."""
        contents = self.contents
        tree = contents.tree()
        found = list(rows(tree, self.depth))[:MOST_ROWS]
        table = tuple(
            (
                "  " * row.depth + row.label + (f" ×{len(row.alike)}" if len(row.alike) > 1 else ""),
                "×".join(map(str, row.node.entry.shape)) if row.node.entry else None,
                row.node.entry.dtype if row.node.entry else None,
                sum(one.elements for one in row.alike),
                sum(one.nbytes for one in row.alike),
                share(sum(one.nbytes for one in row.alike), tree.nbytes),
            )
            for row in found
        )
        caption = f"{self.format}; {self.guess or 'no guess of its architecture'}"
        columns = ("tensor", "shape", "type", "numbers", "bytes", "share")
        shown: list[Figure] = [
            Table(title=f"Tensors · {self.title}", caption=caption, columns=columns, rows=table)
        ]
        for title, totals in (("Blocks", contents.by_block(tree)), ("Types", contents.by_dtype())):
            largest = sorted(totals, key=lambda one: -one.nbytes)[:BARS]
            if largest:
                each, unit = unit_for(largest[0].nbytes)
                shown.append(
                    Bars(
                        title=f"{title} · {self.title}",
                        caption=f"{size(tree.nbytes)} in all",
                        labels=tuple(one.name for one in largest),
                        values=np.array([one.nbytes / each for one in largest]),
                        value_label=unit,
                    )
                )
        return shown
