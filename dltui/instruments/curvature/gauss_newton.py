"""Products with matrices of the form (1/N) Σᵢ Jᵢᵀ Mᵢ Jᵢ: Gauss-Newton, Fisher information, empirical Fisher.

J v is the derivative of Jᵀu, which is linear in u, in u (the trick of differentiating twice), so that both J and Jᵀ
run backwards through one graph that is kept:

    u ↦ g(u) = Jᵀu,   J v = ∇ᵤ (g(u) · v),   A v = Jᵀ M J v.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import torch
from torch import Tensor

from dltui.instruments.curvature.output_metrics import Metric
from dltui.instruments.curvature.twice import unbroken
from dltui.objective import Objective, Twin


class Slope:
    """What one block of samples adds: outputs f, Jᵀu as a function of u, and M."""

    def __init__(self, metric: Metric, objective: Objective, twin: Twin, block: int) -> None:
        x, y, share = objective.blocks[block]
        self._parameters = twin.parameters
        self._outputs = objective.outputs(twin, x)
        self._dummy = torch.zeros_like(self._outputs, requires_grad=True)
        self._pulled = torch.autograd.grad(
            self._outputs,
            twin.parameters,
            grad_outputs=self._dummy,
            create_graph=True,
            allow_unused=True,
            materialize_grads=True,
        )
        if not block:
            unbroken(self._pulled)
        self._apply = metric(self._outputs.detach(), y, share)

    def product(self, parts: Sequence[Tensor], inside: Sequence[int], *, keep: bool) -> Sequence[Tensor]:
        """Return Jᵀ M J v; parameters that the outputs don't depend on add nothing."""
        pairs = [(self._pulled[i], v) for i, v in zip(inside, parts, strict=True)]
        used = [(g, v) for g, v in pairs if g.requires_grad]
        if not used:
            return [torch.zeros_like(v) for v in parts]
        pulled, vectors = zip(*used, strict=True)
        (pushed,) = torch.autograd.grad(pulled, self._dummy, grad_outputs=vectors, retain_graph=True)
        return torch.autograd.grad(
            self._outputs,
            [self._parameters[i] for i in inside],
            grad_outputs=self._apply(pushed),
            retain_graph=keep,
            allow_unused=True,
            materialize_grads=True,
        )


def slopes(metric: Metric) -> partial[Slope]:
    """Return what makes the pieces of the matrix with this M."""
    return partial(Slope, metric)
