"""PointNet++: Qi, Yi, Su and Guibas, *PointNet++: Deep Hierarchical Feature Learning on Point Sets*, 2017.

Shape letters in this file: B batch, N points, S centres, K neighbours, C channels, F features.
"""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import Tensor, nn

from dltui.models._clouds import of_clouds
from dltui.models._registry import model
from dltui.models.pointnet import PointLayer
from dltui.spelling import in_range


@torch.no_grad()
def farthest_points(x_BN3: Tensor, count: int) -> Tensor:
    """Return points of each cloud that lie far apart: each is the farthest from all that were taken before.

    The first is the farthest from the cloud's mean, so that the order of the points doesn't matter.

    Args:
        x_BN3: Clouds.
        count: S, how many to take.

    Returns:
        Their numbers, (B, S).
    """
    rows = torch.arange(len(x_BN3), device=x_BN3.device)
    taken = torch.empty((len(x_BN3), count), dtype=torch.long, device=x_BN3.device)
    taken[:, 0] = (x_BN3 - x_BN3.mean(dim=1, keepdim=True)).square().sum(-1).argmax(dim=1)
    nearest = torch.full(x_BN3.shape[:2], torch.inf, dtype=x_BN3.dtype, device=x_BN3.device)
    for at in range(1, count):
        last_B13 = x_BN3[rows, taken[:, at - 1]][:, None]
        nearest = torch.minimum(nearest, (x_BN3 - last_B13).square().sum(-1))
        taken[:, at] = nearest.argmax(dim=1)
    return taken


@torch.no_grad()
def ball_query(x_BN3: Tensor, centres_BS3: Tensor, radius: float, most: int) -> Tensor:
    """Return the points of a ball around each centre, the nearest first; where there are fewer, the nearest again.

    Args:
        x_BN3: Clouds.
        centres_BS3: Centres.
        radius: Of the balls.
        most: K, points that are taken at most.

    Returns:
        Their numbers, (B, S, K).
    """
    apart = torch.cdist(centres_BS3, x_BN3, compute_mode="donot_use_mm_for_euclid_dist")
    near, at = apart.topk(min(most, x_BN3.shape[1]), dim=-1, largest=False)
    return torch.where(near <= radius, at, at[..., :1])


def gathered(x_BNC: Tensor, at: Tensor) -> Tensor:
    """Return rows of each cloud by their numbers.

    Args:
        x_BNC: Clouds.
        at: Numbers, (B, …).

    Returns:
        The rows, (B, …, C).
    """
    flat = at.flatten(1)[..., None].expand(-1, -1, x_BNC.shape[-1])
    return x_BNC.gather(1, flat).view(*at.shape, x_BNC.shape[-1])


class SetAbstraction(nn.Module):
    """Takes centres that lie far apart, and gives each the maximum over what a small PointNet sees around it."""

    def __init__(
        self, channels: int, sizes: tuple[int, ...], *, centres: int, radius: float, most: int
    ) -> None:
        super().__init__()
        self.centres, self.radius, self.most = centres, radius, most
        steps = pairwise((3 + channels, *sizes))
        self.points = nn.Sequential(*(PointLayer(into, out) for into, out in steps))

    def forward(self, x_BN3: Tensor, h_BNC: Tensor | None) -> tuple[Tensor, Tensor]:
        """Return the centres, (B, S, 3), and their features, (B, S, F)."""
        centres_BS3 = gathered(x_BN3, farthest_points(x_BN3, min(self.centres, x_BN3.shape[1])))
        at_BSK = ball_query(x_BN3, centres_BS3, self.radius, self.most)
        seen = gathered(x_BN3, at_BSK) - centres_BS3[:, :, None]
        if h_BNC is not None:
            seen = torch.cat([seen, gathered(h_BNC, at_BSK)], dim=-1)
        return centres_BS3, self.points(seen).amax(dim=2)


class PointNet2(nn.Module):
    """Two rounds of centres and their surroundings, a PointNet over the last centres, then a perceptron."""

    def __init__(
        self, outputs: int, *, width: int, centres: int, radius: float, neighbours: int, dropout: float
    ) -> None:
        super().__init__()
        w = width
        self.near = SetAbstraction(0, (w, w, 2 * w), centres=centres, radius=radius, most=neighbours)
        self.wide = SetAbstraction(
            2 * w, (2 * w, 2 * w, 4 * w), centres=max(centres // 4, 1), radius=2 * radius, most=2 * neighbours
        )
        sizes = (3 + 4 * w, 4 * w, 8 * w, 16 * w)
        self.whole = nn.Sequential(*(PointLayer(into, out) for into, out in pairwise(sizes)))
        self.head = nn.Sequential(
            PointLayer(16 * w, 8 * w), nn.Dropout(dropout), PointLayer(8 * w, 4 * w), nn.Dropout(dropout),
            nn.Linear(4 * w, outputs),
        )  # fmt: skip

    def forward(self, x_BN3: Tensor) -> Tensor:
        """Map clouds of any number of points to outputs of shape (B, K)."""
        x_BS3, h_BSC = self.wide(*self.near(x_BN3, None))
        h_BF = self.whole(torch.cat([x_BS3, h_BSC], dim=-1)).amax(dim=1)
        y_BK: Tensor = self.head(h_BF)
        return y_BK


@model("pointnet2")
def pointnet2(
    input_shape: tuple[int, ...],
    outputs: int,
    *,
    width: int = 16,
    centres: int = 64,
    radius: float = 0.3,
    neighbours: int = 16,
    dropout: float = 0.3,
) -> nn.Module:
    """PointNet++: PointNets over balls around points that lie far apart, twice, then over what they found.

    Parameters with ten outputs: 94,362. The paper's own (SSG) is
    ``width=64,centres=512,radius=0.2,neighbours=32,dropout=0.5``: 1,475,688 with 40 classes. As in the paper's code a
    ball gives a fixed number of points, but the nearest rather than the first, and the first centre is the farthest
    from the mean rather than point 0, so that the order of the points doesn't matter.

    Args:
        input_shape: (N, 3), places of N points.
        outputs: K, numbers out.
        width: Channels of the first layer; the others have up to 16 times as many.
        centres: Centres of the first round; the second has a quarter of them.
        radius: Of the balls of the first round; those of the second are twice as wide.
        neighbours: Points that a ball of the first round gives at most; those of the second give twice as many.
        dropout: Share of features of the perceptron that are left out while training.

    Returns:
        The network, freshly initialised.

    Raises:
        UsageError: If the samples are no clouds of points.
    """
    of_clouds("pointnet2", input_shape)
    in_range("pointnet2", "width", width, 1, 4096)
    in_range("pointnet2", "centres", centres, 1, 1_000_000)
    in_range("pointnet2", "radius", radius, 0, 1e9)
    in_range("pointnet2", "neighbours", neighbours, 1, 100_000)
    in_range("pointnet2", "dropout", dropout, 0, 0.99)
    return PointNet2(
        outputs, width=width, centres=centres, radius=radius, neighbours=neighbours, dropout=dropout
    )
