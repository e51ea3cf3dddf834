"""PointNet: Qi, Su, Mo and Guibas, *Deep Learning on Point Sets for 3D Classification and Segmentation*, 2017.

Shape letters in this file: B batch, N points, C channels, F features, K outputs.
"""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import Tensor, nn

from dltui.models._clouds import of_clouds
from dltui.models._registry import model
from dltui.spelling import in_range


class PointLayer(nn.Module):
    """The same linear map, batch normalisation and ReLU for every point."""

    def __init__(self, into: int, out: int) -> None:
        super().__init__()
        self.linear = nn.Linear(into, out)
        self.norm = nn.BatchNorm1d(out)
        self.act = nn.ReLU()

    def forward(self, x_BNC: Tensor) -> Tensor:
        """Map points to points; all of a batch are one matrix, which is faster than a convolution of width 1."""
        rows = self.act(self.norm(self.linear(x_BNC.flatten(0, -2))))
        y_BNC: Tensor = rows.unflatten(0, x_BNC.shape[:-1])
        return y_BNC


class MaxOverPoints(nn.Module):
    """The largest value of each feature over all points: what makes the order of points count for nothing."""

    def forward(self, x_BNF: Tensor) -> Tensor:
        """Return features of the whole cloud, (B, F)."""
        found, _ = x_BNF.max(dim=1)  # cheaper than amax, whose gradient is shared out among equals
        return found


class TNet(nn.Module):
    """A small PointNet that says how to transform each point: the identity, and what it learns to add."""

    def __init__(self, size: int, width: int) -> None:
        super().__init__()
        self.size = size
        self.points = _point_layers((size, width, 2 * width, 16 * width))
        self.pool = MaxOverPoints()
        self.whole = _point_layers((16 * width, 8 * width, 4 * width))
        self.head = nn.Linear(4 * width, size * size)
        nn.init.zeros_(self.head.bias)
        nn.init.normal_(self.head.weight, std=1e-3)  # 0 would keep gradients from all that comes before

    def matrix(self, x_BNC: Tensor) -> Tensor:
        """Return the transform of each cloud, (B, C, C); points are rows that it is multiplied to from the right."""
        added = self.head(self.whole(self.pool(self.points(x_BNC))))
        turn_BCC: Tensor = added.unflatten(-1, (self.size, self.size)) + torch.eye(
            self.size, dtype=x_BNC.dtype, device=x_BNC.device
        )
        return turn_BCC

    def forward(self, x_BNC: Tensor) -> Tensor:
        """Return the points, transformed."""
        return x_BNC @ self.matrix(x_BNC)


class PointNet(nn.Module):
    """Layers that see one point at a time, the maximum over all points, then a perceptron."""

    def __init__(self, outputs: int, *, width: int, tnet: bool, dropout: float) -> None:
        super().__init__()
        self.turn = TNet(3, width) if tnet else nn.Identity()
        self.first = PointLayer(3, width)
        self.align = TNet(width, width) if tnet else nn.Identity()
        self.points = _point_layers((width, 2 * width, 16 * width))
        self.pool = MaxOverPoints()
        self.whole = _point_layers((16 * width, 8 * width, 4 * width))
        self.dropout = nn.Dropout(dropout)
        self.head = nn.Linear(4 * width, outputs)

    def forward(self, x_BN3: Tensor) -> Tensor:
        """Map clouds of any number of points to outputs of shape (B, K)."""
        h_BNC = self.align(self.first(self.turn(x_BN3)))
        h_BF = self.whole(self.pool(self.points(h_BNC)))
        y_BK: Tensor = self.head(self.dropout(h_BF))
        return y_BK


def _point_layers(sizes: tuple[int, ...]) -> nn.Sequential:
    """Return layers of so many channels each."""
    return nn.Sequential(*(PointLayer(into, out) for into, out in pairwise(sizes)))


@model("pointnet")
def pointnet(
    input_shape: tuple[int, ...], outputs: int, *, width: int = 32, tnet: bool = False, dropout: float = 0.3
) -> nn.Module:
    """PointNet: each point on its own, the maximum over all, a perceptron.

    Parameters with ten outputs: 203,018 (0.80 M at the paper's ``width=64``). The paper's own is ``width=64,tnet=true``
    without its penalty on transforms that aren't orthogonal; half of the width without them learns more in a given
    time. It takes any number of points, and their order doesn't matter.

    Args:
        input_shape: (N, 3), places of N points.
        outputs: K, numbers out.
        width: Channels of the first layer; the others have 2, 16, 8 and 4 times as many.
        tnet: Transform the points, and the first features, by matrices that small networks make of the cloud.
        dropout: Share of the last features that are left out while training.

    Returns:
        The network, freshly initialised.

    Raises:
        UsageError: If the samples are no clouds of points.
    """
    in_range("pointnet", "width", width, 1, 4096)
    in_range("pointnet", "dropout", dropout, 0, 0.99)
    of_clouds("pointnet", input_shape)
    return PointNet(outputs, width=width, tnet=tnet, dropout=dropout)
