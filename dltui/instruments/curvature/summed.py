"""A matrix that is a weighted sum over blocks of samples, A = Σ_B w_B A_B, known by its products.

The graph that a block's products run through is built once and kept; graphs that don't fit into the memory budget are
built anew for each product. Blocks are spread over workers, one thread each, over devices, and over processes, of which
each goes through the same steps and has the same sums, added in the same order, however many there are.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import Protocol

import torch
from torch import Tensor, nn
from torch.autograd.graph import saved_tensors_hooks
from torch.nn.attention import SDPBackend, sdpa_kernel

from dltui.instruments.crew import Crew, crew, usual
from dltui.instruments.curvature.twice import differentiable
from dltui.instruments.team import Team
from dltui.objective import Objective, Slot, Twin

BUDGET = 2 << 30  # bytes of activations that may be kept between products


class Piece(Protocol):
    """What one block of samples adds to the matrix, with its graph."""

    def product(self, parts: Sequence[Tensor], inside: Sequence[int], *, keep: bool) -> Sequence[Tensor]:
        """Return w_B A_B v, of the parameter tensors ``inside`` only.

        Args:
            parts: v, one part for each tensor of ``inside``.
            inside: Which parameter tensors; all others are held fixed.
            keep: Whether the graph is needed again.

        Returns:
            The product, one part for each tensor of ``inside``.
        """


Make = Callable[
    [Objective, Twin, int], Piece
]  # (the loss, a copy of the model, number of the block) -> its piece


class Share:
    """The blocks of one worker, on its device."""

    def __init__(
        self, make: Make, objective: Objective, twin: Twin, blocks: range, kept: int, first: Piece | None
    ) -> None:
        self.twin = twin
        self._make = make
        self._objective = objective
        ready = [] if first is None else [first]
        self._kept = ready + [make(objective, twin, block) for block in blocks[len(ready) : kept]]
        self._rest = blocks[kept:]

    def product(self, parts: Sequence[Tensor], inside: Sequence[int]) -> Tensor:
        """Return what the blocks of this worker add to A·v, on its own device."""
        parts = [part.to(self.twin.flat.device) for part in parts] if self._abroad(parts) else parts
        total: Tensor | None = None
        for piece, keep in self._pieces():
            found = torch.cat([part.reshape(-1) for part in piece.product(parts, inside, keep=keep)])
            total = found if total is None else total.add_(found)
        return torch.cat([torch.zeros_like(part).reshape(-1) for part in parts]) if total is None else total

    def _pieces(self) -> Iterator[tuple[Piece, bool]]:
        """Yield the pieces, and whether their graphs are needed again."""
        yield from ((piece, True) for piece in self._kept)
        yield from ((self._make(self._objective, self.twin, block), False) for block in self._rest)

    def _abroad(self, parts: Sequence[Tensor]) -> bool:
        """Return whether a vector lies on another device."""
        return parts[0].device != self.twin.flat.device


class Parts:
    """Which parts of the blocks this process works on: every part is one worker's, somewhere.

    Attributes:
        count: How many parts there are in all processes.
        mine: Those of this one.
    """

    def __init__(self, count: int, team: Team | None) -> None:
        self._team = team
        self.count = count
        self._world = 1
        rank = 0
        if team is not None:
            rank, self._world = team.rank, team.world
            self.count = max(self._world, int(team.gathered(str(count).encode())[0]))
        self.mine = range(rank, self.count, self._world)

    def all(self, found: Sequence[Tensor]) -> Tensor:
        """Return what was found for every part, shape (parts, m), in their order.

        Args:
            found: What was found here, shape (m,) each.
        """
        here = torch.stack([*found])
        if self._team is None:
            return here
        whole = here.new_empty((self.count, here.shape[1]))
        for rank, told in enumerate(self._team.gathered(here.cpu().numpy().tobytes())):
            values = torch.frombuffer(bytearray(told), dtype=here.dtype)
            whole[rank :: self._world] = values.view(-1, here.shape[1]).to(here.device)
        return whole


class Summed:
    """A symmetric matrix of shape (n, n) that is a sum over blocks of samples."""

    def __init__(
        self,
        make: Make,
        objective: Objective,
        workers: Crew,
        budget: int,
        devices: Sequence[torch.device],
        parts: Parts,
    ) -> None:
        objective = objective.spread(parts.count)
        home = objective.twin()
        self.slots, self.like, self.size = home.slots, home.flat, len(home.flat)
        self._workers, self._parts = workers, parts
        there = [objective.on(device) for device in devices] or [objective]
        twins = [home if one is objective else one.twin() for one in there]
        count = len(objective.blocks)
        first, size = _weighed(make, there[0], twins[0])
        kept = _kept(size, budget, count)

        def share(worker: int) -> Share:
            place, part = worker % len(there), parts.mine[worker]
            most = len(range(part, kept, parts.count))
            blocks = range(part, count, parts.count)
            return Share(make, there[place], twins[place], blocks, most, first if kept and not part else None)

        self._shares = workers.together(share)

    def __call__(self, vector: Tensor) -> Tensor:
        """Return A·v, shape (n,)."""
        return self.product(vector, range(len(self.slots)))

    def product(self, vector: Tensor, inside: Sequence[int]) -> Tensor:
        """Return the product with the diagonal block of some parameter tensors, shape (m,)."""
        parts = _cut(
            vector, [self.slots[i] for i in inside]
        )  # once: workers that start together wait for each other
        found = self._workers.together(lambda i: self._shares[i].product(parts, inside))
        return self._parts.all([part.to(self.like.device) for part in found]).sum(0)

    def within(self, inside: Sequence[int]) -> Within:
        """Return the diagonal block of some parameter tensors: all others are held fixed."""
        return Within(self, inside)


class Within:
    """A diagonal block of a matrix, shape (m, m)."""

    def __init__(self, whole: Summed, inside: Sequence[int]) -> None:
        self._whole, self._inside = whole, tuple(inside)
        self.slots = _closed([whole.slots[i] for i in self._inside])
        self.like, self.size = whole.like, self.slots[-1].stop

    def __call__(self, vector: Tensor) -> Tensor:
        """Return the product, shape (m,)."""
        return self._whole.product(vector, self._inside)


@contextmanager
def summed(
    make: Make,
    objective: Objective,
    *,
    budget: int = BUDGET,
    workers: int | None = None,
    devices: Sequence[torch.device] = (),
    team: Team | None = None,
) -> Iterator[Summed]:
    """Bind a matrix to workers that compute its products.

    Args:
        make: What a block adds to it.
        objective: The loss of a model on its data.
        budget: Bytes of activations that may be kept between products.
        workers: How many threads; one a core, or one for each device, otherwise.
        devices: Where the blocks go in turn; all to the device of the objective otherwise.
        team: Other processes that do their share of each product.

    Yields:
        The operator v -> A·v, to be used inside the ``with`` block only.
    """
    parts = Parts(workers or len(devices) or usual(objective.device), team)
    if team is not None:
        devices = team.mine(devices)
    with ExitStack() as stack:
        hired = stack.enter_context(crew(objective.device, len(parts.mine)))
        stack.enter_context(sdpa_kernel(SDPBackend.MATH))  # fused attention has no second derivative
        if any(isinstance(module, nn.RNNBase) for module in objective.model.modules()):
            stack.enter_context(
                torch.backends.cudnn.flags(enabled=False)
            )  # neither have its recurrent kernels
        stack.enter_context(differentiable(objective))
        yield Summed(make, objective, hired, budget, devices, parts)


def _cut(vector: Tensor, slots: Sequence[Slot]) -> list[Tensor]:
    """Return a vector of the tensors ``slots``, cut into parts of their shapes."""
    sizes = [slot.stop - slot.start for slot in slots]
    return [part.view(slot.shape) for part, slot in zip(torch.split(vector, sizes), slots, strict=True)]


def _closed(slots: Sequence[Slot]) -> tuple[Slot, ...]:
    """Return the slots as they lie when nothing is between them."""
    closed: list[Slot] = []
    for slot in slots:
        start = closed[-1].stop if closed else 0
        closed.append(Slot(slot.name, slot.shape, start, slot.fans))
    return tuple(closed)


def _weighed(make: Make, objective: Objective, twin: Twin) -> tuple[Piece, int]:
    """Return the piece of the first block, the largest one, and how many bytes its graph keeps alive."""
    seen: dict[int, int] = {}

    def pack(tensor: Tensor) -> Tensor:
        storage = tensor.untyped_storage()
        seen[storage.data_ptr()] = storage.nbytes()
        return tensor

    with saved_tensors_hooks(pack, lambda tensor: tensor):
        first = make(objective, twin, 0)
    return first, sum(seen.values())


def _kept(each: int, budget: int, blocks: int) -> int:
    """Return how many graphs of ``each`` bytes may stay in memory."""
    return blocks if each == 0 else min(blocks, budget // each)
