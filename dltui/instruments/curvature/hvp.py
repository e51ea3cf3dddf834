"""Products of the Hessian with vectors (Pearlmutter 1994, "Fast exact multiplication by the Hessian").

With L(θ) = Σ_B w_B L_B(θ), w_B the share of samples in block B, and G_B = ∇(w_B L_B) kept as a graph,

    H v = Σ_B ∇(G_B · v),

so that a product costs one backward pass through graphs that exist already: about two gradients, where building
them anew costs more than three.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager

import torch
from torch import Tensor

from dltui.instruments.curvature.summed import BUDGET, Summed, summed
from dltui.instruments.curvature.twice import unbroken
from dltui.instruments.team import Team
from dltui.objective import Objective, Twin


class Bend:
    """What one block of samples adds to the Hessian: ∇(w_B L_B) as tensors that can be differentiated again."""

    def __init__(self, objective: Objective, twin: Twin, block: int) -> None:
        x, y, share = objective.blocks[block]
        self._parameters = twin.parameters
        self._gradient = torch.autograd.grad(
            objective.loss(twin, x, y) * share,
            twin.parameters,
            create_graph=True,
            allow_unused=True,
            materialize_grads=True,
        )
        if not block:
            unbroken(self._gradient)

    def product(self, parts: Sequence[Tensor], inside: Sequence[int], *, keep: bool) -> Sequence[Tensor]:
        """Return ∇(G_B · v); parts of G_B that don't depend on θ (a loss linear in them) add nothing."""
        pairs = [(self._gradient[i], v) for i, v in zip(inside, parts, strict=True)]
        curved = [(g, v) for g, v in pairs if g.requires_grad]
        if not curved:
            return [torch.zeros_like(v) for v in parts]
        outputs, vectors = zip(*curved, strict=True)
        return torch.autograd.grad(
            outputs,
            [self._parameters[i] for i in inside],
            grad_outputs=vectors,
            retain_graph=keep,
            allow_unused=True,
            materialize_grads=True,
        )


def hessian(
    objective: Objective,
    *,
    budget: int = BUDGET,
    workers: int | None = None,
    devices: Sequence[torch.device] = (),
    team: Team | None = None,
) -> AbstractContextManager[Summed]:
    """Bind the Hessian of an objective to workers that compute its products.

    Args:
        objective: The loss of a model on its data.
        budget: Bytes of activations that may be kept between products.
        workers: How many threads; one a core, or one for each device, otherwise.
        devices: Where the blocks go in turn; all to the device of the objective otherwise.
        team: Other processes that do their share of each product.

    Returns:
        A context of the operator v -> H·v.
    """
    return summed(Bend, objective, budget=budget, workers=workers, devices=devices, team=team)
