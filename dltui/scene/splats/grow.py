"""Growing splats where pictures pull at them, and taking away those that are nearly clear (Kerbl et al. 2023).

Where the loss pulls hard at the middle of a splat on the picture, there is too little to show what should be there, or
one splat covers what is too much for one. A small one is cloned, a large one is split into two smaller ones. The paper
grows all whose mean pull is above a threshold; here the strongest grow, as many as the plan has room for by then.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from dltui.scene.cameras import Camera
from dltui.scene.splats.gaussians import Gaussians, axes

CLEAR = 0.005  # opacity below which a splat is taken away
LARGE = (
    0.02  # of the radius of the scene: from this standard deviation on a splat is split, below it is cloned
)
SMALLER = 1.6  # times that the halves of a split splat are smaller
FEW, GROWN = 0.4, 0.5  # of the budget at the start; part of the work after which the budget is reached


@dataclass(frozen=True)
class Grown:
    """What became of the splats.

    Attributes:
        cloned: Small ones that were doubled.
        split: Large ones that became two.
        pruned: Clear ones that were taken away.
    """

    cloned: int = 0
    split: int = 0
    pruned: int = 0

    def __add__(self, other: Grown) -> Grown:
        """Return both together."""
        return Grown(self.cloned + other.cloned, self.split + other.split, self.pruned + other.pruned)


class Pull:
    """How hard pictures pull at the middles of splats, in the mean over the pictures that show them.

    Args:
        count: How many splats.
        device: Where they live.
    """

    def __init__(self, count: int, device: torch.device) -> None:
        self._sum, self._seen = torch.zeros(count, device=device), torch.zeros(count, device=device)

    def note(self, middle: Tensor, camera: Camera) -> None:
        """Take note of a picture.

        Args:
            middle: Columns and rows of the middles, shape (n, 2), that the loss has been led back to.
            camera: Whose picture it is.
        """
        if middle.grad is None:
            return
        half = middle.new_tensor([
            camera.width / 2,
            camera.height / 2,
        ])  # as if the picture reached from -1 to 1
        pull = (middle.grad * half).norm(dim=-1).reshape(-1)
        self._sum += pull
        self._seen += pull > 0

    @property
    def mean(self) -> Tensor:
        """The mean pull at each, shape (n,)."""
        return self._sum / self._seen.clamp(min=1)


def planned(budget: int, done: float, share: float = FEW) -> int:
    """Return how many splats there may be when a part of the work is done, from a share of the budget at the start."""
    few = max(1, math.ceil(share * budget))
    return min(budget, round(few + (budget - few) * min(1.0, done / GROWN)))


@torch.no_grad()
def grow(
    splats: Gaussians,
    optimizer: torch.optim.Optimizer,
    pull: Tensor,
    *,
    most: int,
    radius: float,
    source: torch.Generator,
) -> tuple[Gaussians, Grown]:
    """Take clear splats away, and clone or split those that pictures pull at most.

    Args:
        splats: The splats.
        optimizer: Whose groups hold their tensors, in the order of the fields; it goes on with the new ones.
        pull: The mean pull at each, shape (n,).
        most: How many there may be afterwards.
        radius: Of the scene.
        source: Of the draws.

    Returns:
        The new splats, and what became of the old ones.
    """
    kept = torch.nonzero(torch.sigmoid(splats.logit) >= CLEAR)[:, 0]
    if not len(kept):  # something must be left to go on with
        kept = splats.logit.argmax(0, keepdim=True)
    pull = pull[kept]
    room = min(max(most - len(kept), 0), int((pull > pull.mean()).sum()))
    chosen = kept[torch.topk(pull, room).indices]
    large = splats.log_scale[chosen].amax(1) > math.log(LARGE * radius)
    parts, small = chosen[large], chosen[~large]
    index = torch.cat([kept, small, parts])
    fresh = torch.zeros(len(index), dtype=torch.bool, device=index.device)
    fresh[len(kept) :] = True
    halves = torch.zeros_like(fresh)
    halves[len(kept) + len(small) :] = True
    halves[torch.searchsorted(kept, parts)] = True
    grown = _taken(splats, optimizer, index, fresh | halves)
    spread = torch.randn(int(halves.sum()), 3, generator=source).to(grown.place)
    grown.place[halves] += torch.bmm(axes(grown)[halves], spread[:, :, None])[:, :, 0]
    grown.log_scale[halves] -= math.log(SMALLER)
    return grown, Grown(len(small), len(parts), len(splats) - len(kept))


def _taken(splats: Gaussians, optimizer: torch.optim.Optimizer, index: Tensor, fresh: Tensor) -> Gaussians:
    """Return splats by their numbers as what an optimizer goes on with; moments of fresh ones are forgotten."""
    tensors = []
    for tensor, group in zip(splats.tensors, optimizer.param_groups, strict=True):
        taken = tensor[index].clone().requires_grad_()
        state = optimizer.state.pop(tensor, {})
        for name in ("exp_avg", "exp_avg_sq"):
            if name in state:
                state[name] = _without(state[name][index], fresh)
        optimizer.state[taken] = state
        group["params"] = [taken]
        tensors.append(taken)
    return Gaussians(*tensors)


def _without(moment: Tensor, fresh: Tensor) -> Tensor:
    """Return moments with zeros for fresh splats."""
    moment[fresh] = 0
    return moment
