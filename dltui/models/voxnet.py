"""VoxNet: Maturana and Scherer, *VoxNet: A 3D Convolutional Neural Network for Real-Time Object Recognition*, 2015.

Shape letters in this file: B batch, N points, C channels, D cells a side.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from dltui.errors import UsageError
from dltui.models._registry import model
from dltui.spelling import in_range

EDGE = 1.1  # half a side of the box: clouds lie within 1 of their mean, and noise goes beyond
LEAST = 9  # cells a side that leave at least one for the perceptron


class Voxels(nn.Module):
    """Says for each cell of a box whether any point lies in it; points beyond the box count for none."""

    def __init__(self, side: int) -> None:
        super().__init__()
        self.side = side

    def forward(self, x_BN3: Tensor) -> Tensor:
        """Return 1 where a point lies and 0 elsewhere, (B, 1, D, D, D)."""
        d = self.side
        cell = ((x_BN3 + EDGE) * (d / (2 * EDGE))).floor().long()
        within = ((cell >= 0) & (cell < d)).all(dim=-1)
        flat = (cell[..., 0] * d + cell[..., 1]) * d + cell[..., 2]
        # One cell more takes the points that lie outside; it is cut off again.
        full = x_BN3.new_zeros((len(x_BN3), d**3 + 1))
        full.scatter_(1, torch.where(within, flat, d**3), 1.0)
        return full[:, :-1].reshape(-1, 1, d, d, d)


class VoxNet(nn.Module):
    """Two convolutions over cells, a maximum over eight of them each, then a perceptron."""

    def __init__(self, front: nn.Module, channels: int, side: int, outputs: int, *, width: int) -> None:
        super().__init__()
        self.front = front
        self.cells = nn.Sequential(
            nn.Conv3d(channels, width, 5, stride=2), nn.LeakyReLU(0.1), nn.Dropout(0.2),
            nn.Conv3d(width, width, 3), nn.LeakyReLU(0.1), nn.MaxPool3d(2), nn.Dropout(0.3),
        )  # fmt: skip
        left = ((side - 5) // 2 - 1) // 2
        self.head = nn.Sequential(
            nn.Flatten(), nn.Linear(width * left**3, 4 * width), nn.ReLU(), nn.Dropout(0.4),
            nn.Linear(4 * width, outputs),
        )  # fmt: skip

    def forward(self, x: Tensor) -> Tensor:
        """Map clouds or grids to outputs of shape (B, K)."""
        y_BK: Tensor = self.head(self.cells(self.front(x)))
        return y_BK


@model("voxnet")
def voxnet(input_shape: tuple[int, ...], outputs: int, *, side: int = 20, width: int = 32) -> nn.Module:
    """VoxNet: a cloud as cells that are full or empty, and convolutions over them in space.

    Parameters with ten outputs on clouds: 143,722. The paper's own is ``side=32``: 921,736 with its 40 classes. The
    order of the points doesn't matter, nor how many lie in a cell; what lies between the cells does.

    Args:
        input_shape: (N, 3), places of N points within 1.1 of the origin along each axis; or a grid, (C, D, D, D).
        outputs: K, numbers out.
        side: Cells along each side of the box that clouds are put into; a grid has its own.
        width: Channels of the convolutions; the perceptron is four times as wide.

    Returns:
        The network, freshly initialised.

    Raises:
        UsageError: If the samples are neither clouds nor cubes of cells.
    """
    in_range("voxnet", "side", side, LEAST, 256)
    in_range("voxnet", "width", width, 1, 4096)
    if len(input_shape) == 2 and input_shape[1] == 3:
        return VoxNet(Voxels(side), 1, side, outputs, width=width)
    if len(input_shape) == 4 and len(set(input_shape[1:])) == 1 and input_shape[1] >= LEAST:
        return VoxNet(nn.Identity(), input_shape[0], input_shape[1], outputs, width=width)
    raise UsageError(
        f"voxnet needs clouds of points (N, 3) or grids (C, D, D, D) of at least {LEAST} cells a side, "
        f"but each sample here has shape {input_shape}: try mlp"
    )
