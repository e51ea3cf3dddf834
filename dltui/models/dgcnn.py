"""DGCNN: Wang, Sun, Liu, Sarma, Bronstein and Solomon, *Dynamic Graph CNN for Learning on Point Clouds*, 2019.

Shape letters in this file: B batch, N points, K neighbours, C channels, F features.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from dltui.models._clouds import of_clouds
from dltui.models._registry import model
from dltui.models.pointnet2 import gathered
from dltui.spelling import in_range

SLOPE = 0.2  # of the leaky ReLU below 0


@torch.no_grad()
def nearest(x_BNC: Tensor, count: int) -> Tensor:
    """Return the nearest points of each point, itself among them, by the distance of their features.

    Args:
        x_BNC: Features of points.
        count: K, how many.

    Returns:
        Their numbers, (B, N, K).
    """
    square = x_BNC.square().sum(-1)
    apart = square[:, None] - 2 * x_BNC @ x_BNC.mT  # the square of the point itself moves no place in its row
    return apart.topk(min(count, x_BNC.shape[1]), dim=-1, largest=False, sorted=False).indices


class Dense(nn.Module):
    """A linear map, batch normalisation and a leaky ReLU over the last axis."""

    def __init__(self, into: int, out: int, *, bias: bool = False) -> None:
        super().__init__()
        self.linear = nn.Linear(into, out, bias=bias)
        self.norm = nn.BatchNorm1d(out)
        self.act = nn.LeakyReLU(SLOPE)

    def forward(self, x: Tensor) -> Tensor:
        """Map (…, C) to (…, F)."""
        y: Tensor = self.act(self.norm(self.linear(x.flatten(0, -2)))).unflatten(0, x.shape[:-1])
        return y


class EdgeConv(nn.Module):
    """The maximum over a point's neighbours of a layer that sees the point, and the way to the neighbour."""

    def __init__(self, into: int, out: int, *, neighbours: int) -> None:
        super().__init__()
        self.neighbours = neighbours
        self.edge = Dense(2 * into, out)

    def forward(self, x_BNC: Tensor) -> Tensor:
        """Map points to points, (B, N, F); who is near whom is found anew from the features given.

        The linear map of (x_j − x_i, x_i) is that of x_j and that of x_i, added, so that each is made once a point
        rather than once an edge; and the ReLU grows, so that it may come after the maximum.
        """
        there, here = self.edge.linear.weight.chunk(2, dim=1)
        near_BNKF = gathered(x_BNC @ there.T, nearest(x_BNC, self.neighbours))
        edges_BNKF = near_BNKF + (x_BNC @ (here - there).T)[:, :, None]
        even = self.edge.norm(edges_BNKF.flatten(0, 2)).view_as(edges_BNKF)
        y_BNF: Tensor = self.edge.act(even.amax(dim=2))
        return y_BNF


class Dgcnn(nn.Module):
    """Four edge convolutions, all their features joined, maximum and mean over all points, then a perceptron."""

    def __init__(self, outputs: int, *, width: int, neighbours: int, dropout: float) -> None:
        super().__init__()
        w = width
        sizes = ((3, w), (w, w), (w, 2 * w), (2 * w, 4 * w))
        self.edges = nn.ModuleList(EdgeConv(into, out, neighbours=neighbours) for into, out in sizes)
        self.join = Dense(8 * w, 16 * w)
        self.head = nn.Sequential(
            Dense(32 * w, 8 * w), nn.Dropout(dropout), Dense(8 * w, 4 * w, bias=True), nn.Dropout(dropout),
            nn.Linear(4 * w, outputs),
        )  # fmt: skip

    def forward(self, x_BN3: Tensor) -> Tensor:
        """Map clouds of any number of points to outputs of shape (B, K)."""
        h, found = x_BN3, []
        for edge in self.edges:
            h = edge(h)
            found.append(h)
        h_BNF = self.join(torch.cat(found, dim=-1))
        y_BK: Tensor = self.head(torch.cat([h_BNF.amax(dim=1), h_BNF.mean(dim=1)], dim=-1))
        return y_BK


@model("dgcnn")
def dgcnn(
    input_shape: tuple[int, ...], outputs: int, *, width: int = 16, neighbours: int = 10, dropout: float = 0.3
) -> nn.Module:
    """DGCNN: each point sees its nearest ones, in space at first and then in what was learnt, layer by layer.

    Parameters with ten outputs: 114,090. The paper's own is ``width=64,neighbours=20,dropout=0.5``: 1,809,576 with
    the 40 classes of its task. The order of the points doesn't matter.

    Args:
        input_shape: (N, 3), places of N points.
        outputs: K, numbers out.
        width: Channels of the first layer; the others have up to 16 times as many.
        neighbours: Nearest points that each point sees, itself among them.
        dropout: Share of features of the perceptron that are left out while training.

    Returns:
        The network, freshly initialised.

    Raises:
        UsageError: If the samples are no clouds of points.
    """
    of_clouds("dgcnn", input_shape)
    in_range("dgcnn", "width", width, 1, 4096)
    in_range("dgcnn", "neighbours", neighbours, 1, 100_000)
    in_range("dgcnn", "dropout", dropout, 0, 0.99)
    return Dgcnn(outputs, width=width, neighbours=neighbours, dropout=dropout)
