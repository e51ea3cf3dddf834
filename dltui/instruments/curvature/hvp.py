"""Products of the Hessian with vectors (Pearlmutter 1994, "Fast exact multiplication by the Hessian").

With L(θ) = Σ_B w_B L_B(θ), w_B the share of samples in block B, and G_B = ∇(w_B L_B) kept as a graph,

    H v = Σ_B ∇(G_B · v),

so that a product costs one backward pass through graphs that exist already: about two gradients, where building
them anew costs more than three. Graphs that don't fit into the memory budget are built anew for each product.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor
from torch.autograd.graph import saved_tensors_hooks
from torch.nn.attention import SDPBackend, sdpa_kernel

from dltui.instruments.crew import Crew, crew
from dltui.objective import Objective

BUDGET = 2 << 30  # bytes of activations that may be kept

Block = tuple[Tensor, Tensor, float]


class Hessian:
    """H = ∇²L(θ*) of an objective, known by its products; made by ``hessian``."""

    def __init__(self, objective: Objective, workers: Crew, budget: int) -> None:
        self._objective, self._workers = objective, workers
        objective = objective.spread(workers.size)
        self._twin = objective.twin()
        self.like = self._twin.flat
        self.size = len(self._twin.flat)
        blocks = objective.blocks
        kept = _kept(self._graph_bytes(blocks[0]), budget, len(blocks))
        shares = [blocks[i :: workers.size] for i in range(workers.size)]
        most = [len(range(i, kept, workers.size)) for i in range(workers.size)]
        self._graphs = workers.together(lambda i: [self._graph(block) for block in shares[i][: most[i]]])
        self._rest = [shares[i][most[i] :] for i in range(workers.size)]

    def __call__(self, vector: Tensor) -> Tensor:
        """Return H·v, shape (n,)."""
        parts = self._twin.parts(vector)
        return torch.stack(self._workers.together(lambda i: self._share(i, parts))).sum(0)

    def _share(self, worker: int, parts: list[Tensor]) -> Tensor:
        """Return what the blocks of one worker add to H·v."""
        total = torch.zeros_like(self.like)
        for graph in self._graphs[worker]:
            total += self._product(graph, parts, keep=True)
        for block in self._rest[worker]:
            total += self._product(self._graph(block), parts, keep=False)
        return total

    def _graph(self, block: Block) -> list[Tensor]:
        """Return ∇(w_B L_B) as tensors that can be differentiated again."""
        x, y, share = block
        loss = self._objective.loss(self._twin, x, y) * share
        parameters = self._twin.parameters
        return list(
            torch.autograd.grad(
                loss, parameters, create_graph=True, allow_unused=True, materialize_grads=True
            )
        )

    def _product(self, graph: list[Tensor], parts: list[Tensor], *, keep: bool) -> Tensor:
        """Return ∇(G_B · v); parts of G_B that don't depend on θ (a loss linear in them) add nothing."""
        curved = [(g, v) for g, v in zip(graph, parts, strict=True) if g.requires_grad]
        if not curved:
            return torch.zeros_like(self.like)
        outputs, vectors = zip(*curved, strict=True)
        found = torch.autograd.grad(
            outputs,
            self._twin.parameters,
            grad_outputs=vectors,
            retain_graph=keep,
            allow_unused=True,
            materialize_grads=True,
        )
        return torch.cat([part.reshape(-1) for part in found])

    def _graph_bytes(self, block: Block) -> int:
        """Return how much memory the graph of one block keeps alive."""
        seen: dict[int, int] = {}

        def pack(tensor: Tensor) -> Tensor:
            storage = tensor.untyped_storage()
            seen[storage.data_ptr()] = storage.nbytes()
            return tensor

        with saved_tensors_hooks(pack, lambda tensor: tensor):
            self._graph(block)
        return sum(seen.values())


@contextmanager
def hessian(objective: Objective, *, budget: int = BUDGET, workers: int | None = None) -> Iterator[Hessian]:
    """Bind the Hessian of an objective to workers that compute its products.

    Args:
        objective: The loss of a model on its data.
        budget: Bytes of activations that may be kept between products.
        workers: How many threads; one a core otherwise.

    Yields:
        The operator v -> H·v, to be used inside the ``with`` block only.
    """
    # fused attention has no second derivative
    with crew(objective.device, workers) as hired, sdpa_kernel(SDPBackend.MATH):
        yield Hessian(objective, hired, budget)


def _kept(each: int, budget: int, blocks: int) -> int:
    """Return how many graphs of ``each`` bytes may stay in memory."""
    return blocks if each == 0 else min(blocks, budget // each)
