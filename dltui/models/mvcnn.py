"""MVCNN: Su, Maji, Kalogerakis and Learned-Miller, *Multi-view Convolutional Neural Networks for 3D Shape Recognition*.

Shape letters in this file: B batch, V views, C channels, H and W pixels, F features, K outputs.
"""

from __future__ import annotations

from itertools import pairwise

from torch import Tensor, nn

from dltui.errors import UsageError
from dltui.models._registry import model
from dltui.spelling import in_range

STAGES = 3  # convolutions, each followed by a maximum over four pixels


class Mvcnn(nn.Module):
    """The same layers for every picture of a shape, the largest value over its pictures, then a perceptron."""

    def __init__(self, shape: tuple[int, ...], outputs: int, *, width: int, dropout: float) -> None:
        super().__init__()
        _, channels, height, across = shape
        sizes = (channels, width, 2 * width, 4 * width)
        self.view = nn.Sequential(*(_stage(into, out) for into, out in pairwise(sizes)), nn.Flatten())
        left = (height >> STAGES) * (across >> STAGES) * sizes[-1]
        self.whole = nn.Sequential(
            nn.Linear(left, 8 * width), nn.ReLU(), nn.Dropout(dropout), nn.Linear(8 * width, outputs)
        )

    def forward(self, x_BVCHW: Tensor) -> Tensor:
        """Map pictures of shapes to outputs of shape (B, K); how many pictures there are is free."""
        h_BVF = self.view(x_BVCHW.flatten(0, 1)).unflatten(0, x_BVCHW.shape[:2])
        y_BK: Tensor = self.whole(h_BVF.amax(dim=1))
        return y_BK


def _stage(into: int, out: int) -> nn.Sequential:
    """Return a convolution that keeps the size, and a maximum that halves it."""
    return nn.Sequential(nn.Conv2d(into, out, 3, padding=1), nn.BatchNorm2d(out), nn.ReLU(), nn.MaxPool2d(2))


@model("mvcnn")
def mvcnn(input_shape: tuple[int, ...], outputs: int, *, width: int = 12, dropout: float = 0.3) -> nn.Module:
    """MVCNN: one CNN for every picture of a shape, the maximum over the pictures, a perceptron.

    Parameters with ten outputs and pictures of 24 × 24: 55,858. The paper puts VGG-M before the maximum and its last
    layers after it; here three convolutions and two layers do. The order of the pictures doesn't matter.

    Args:
        input_shape: (V, C, H, W), pictures of one shape.
        outputs: K, numbers out.
        width: Channels of the first convolution; the others have 2 and 4 times as many, the perceptron 8 times.
        dropout: Share of the last features that are left out while training.

    Returns:
        The network, freshly initialised.

    Raises:
        UsageError: If the samples aren't several pictures, or they are too small.
    """
    in_range("mvcnn", "width", width, 1, 4096)
    in_range("mvcnn", "dropout", dropout, 0, 0.99)
    if len(input_shape) != 4 or min(input_shape[2:]) < 1 << STAGES:
        raise UsageError(
            f"mvcnn needs pictures from several sides (V, C, H, W), at least {1 << STAGES} pixels across and down, "
            f"but each sample here has shape {input_shape}: try --data shapes3d-views"
        )
    return Mvcnn(input_shape, outputs, width=width, dropout=dropout)
