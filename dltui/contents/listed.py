"""Everything that can be told of a file of weights without its numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from dltui.contents.entry import Entry
from dltui.contents.guess import Guess, guess
from dltui.contents.tree import Node, grow, only_several, runs, span


class Total(NamedTuple):
    """What a part comes to.

    Attributes:
        name: A type of numbers, or a module.
        tensors: Tensors in it.
        elements: Numbers in it, shared ones once.
        nbytes: Their bytes.
    """

    name: str
    tensors: int
    elements: int
    nbytes: int


@dataclass(frozen=True)
class Contents:
    """What a file of weights holds.

    Attributes:
        title: What it is called.
        format: Its container.
        entries: Its tensors.
        scalars: Plain values that stand beside them.
        metadata: What it says about itself.
        guess: What it seems to be, or None.
    """

    title: str
    format: str
    entries: tuple[Entry, ...]
    scalars: Mapping[str, Any] = field(default_factory=dict)
    metadata: Mapping[str, str] = field(default_factory=dict)
    guess: Guess | None = None

    @classmethod
    def of(
        cls,
        title: str,
        kind: str,
        entries: Sequence[Entry],
        scalars: Mapping[str, Any] | None = None,
        metadata: Mapping[str, str] | None = None,
    ) -> Contents:
        """Return the contents with a guess of what they are.

        Args:
            title: What to call the file.
            kind: Its container.
            entries: Its tensors.
            scalars: Plain values.
            metadata: What it says about itself.
        """
        found = guess(entries, scalars or {}, metadata or {})
        return cls(title, kind, tuple(entries), scalars or {}, metadata or {}, found)

    def tree(self) -> Node:
        """Return the tree of modules."""
        return grow(self.entries)

    def own(self) -> list[Entry]:
        """Return the tensors without those that are kept where another is."""
        return [one for one in self.entries if not one.shared]

    def by_dtype(self) -> list[Total]:
        """Return what each type of numbers comes to, the largest first."""
        found: dict[str, list[int]] = {}
        for one in self.entries:
            total = found.setdefault(one.dtype, [0, 0, 0])
            total[0] += 1
            total[1] += 0 if one.shared else one.elements
            total[2] += 0 if one.shared else one.nbytes
        return [Total(name, *total) for name, total in sorted(found.items(), key=lambda one: -one[1][2])]

    def by_block(self, tree: Node | None = None) -> list[Total]:
        """Return what the blocks come to: the parts of the first module that holds more than one, alike ones joined.

        Args:
            tree: The tree, where it is known already.
        """
        node = tree or self.tree()
        while len(node.inside) == 1 and node.inside[0].inside:
            node = node.inside[0]
        found = []
        for whole in runs(node.inside):
            alike, _ = only_several(whole)
            name = _path(alike[0])
            if len(alike) > 1:
                name = f"{span(name, _path(alike[-1]))} ×{len(alike)}"
            found.append(
                Total(
                    name,
                    sum(one.tensors for one in alike),
                    sum(one.elements for one in alike),
                    sum(one.nbytes for one in alike),
                )
            )
        return found

    def document(self) -> dict[str, Any]:
        """Return what ``--json`` prints; elements and bytes count every tensor, shared ones too."""
        sizes = [one.elements for one in self.entries]
        own = [(size, one.nbytes) for one, size in zip(self.entries, sizes, strict=True) if not one.shared]
        return {
            "format": self.format,
            "tensors": [
                {
                    "name": one.name,
                    "shape": list(one.shape),
                    "dtype": one.dtype,
                    "elements": size,
                    "bytes": one.nbytes,
                }
                for one, size in zip(self.entries, sizes, strict=True)
            ],
            "tensor_count": len(self.entries),
            "elements": sum(sizes),
            "bytes": sum(one.nbytes for one in self.entries),
            "scalars": dict(self.scalars),
            "architecture": self.guess._asdict() if self.guess else None,
            "shared": {one.name: one.shared for one in self.entries if one.shared},
            "own_elements": sum(size for size, _ in own),
            "own_bytes": sum(nbytes for _, nbytes in own),
            "dtypes": [_told(one) for one in self.by_dtype()],
            "blocks": [_told(one) for one in self.by_block()],
            "metadata": dict(self.metadata),
        }


def _told(total: Total) -> dict[str, Any]:
    """Return a total as JSON."""
    return {"name": total.name, "tensors": total.tensors, "elements": total.elements, "bytes": total.nbytes}


def _path(node: Node) -> str:
    """Return the whole name of a module."""
    return node.path.rstrip("./")
