"""What the rules for layers and for calls share: the rows of segments of the tensors in a traced forward pass."""

from __future__ import annotations

from dataclasses import dataclass, field

from torch import fx

from dltui.instruments.connectivity.groups import Group, Row, Segment, Spec, fix


@dataclass(frozen=True, eq=False)
class Lay:
    """Where the channels of a tensor lie.

    Attributes:
        dim: The dimension.
        row: What lies along it.
    """

    dim: int
    row: Row


@dataclass(frozen=True, eq=False)
class Follower:
    """What is known of a forward pass by now.

    Attributes:
        spec: Which tensors follow which rows.
        lays: Where the channels of each value lie; a value without an entry keeps its order.
    """

    spec: Spec = field(default_factory=Spec)
    lays: dict[fx.Node, Lay] = field(default_factory=dict)

    def fresh(self, size: int) -> Row:
        """Return a row of new units."""
        group = Group(size)
        self.spec.order.append(group)
        return (Segment(group),)

    def lay(self, node: object) -> Lay | None:
        """Return where the channels of a value lie, or None where it keeps its order."""
        return self.lays.get(node) if isinstance(node, fx.Node) else None

    def along(self, node: fx.Node, dim: int) -> Row:
        """Return what lies along a dimension of a value; channels that lie elsewhere are fixed."""
        found = self.lay(node)
        if found is not None and found.dim == dim:
            return found.row
        self.stop(node)
        return still(shape(node)[dim])

    def stop(self, *nodes: object) -> None:
        """Fix the channels of values."""
        for node in nodes:
            found = self.lay(node)
            if found is not None:
                fix(found.row)


def still(size: int) -> Row:
    """Return a row whose order matters."""
    return (Segment(Group(size, fixed=True)),)


def shape(node: object) -> tuple[int, ...]:
    """Return the shape of a value; () where it is no tensor."""
    meta = node.meta.get("tensor_meta") if isinstance(node, fx.Node) else None
    found = getattr(meta, "shape", None)
    return tuple(found) if found is not None else ()
