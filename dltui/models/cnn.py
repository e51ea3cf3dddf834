"""A plain convolutional network for small pictures: each block convolves, rectifies and halves.

Shape letters in this file: B batch, C channels, H height, W width, K outputs.
"""

from __future__ import annotations

from itertools import pairwise

from torch import Tensor, nn

from dltui.models._pictures import picture_shape
from dltui.models._registry import model
from dltui.spelling import in_range


class CNN(nn.Module):
    """``depth`` times a 3 × 3 convolution, ReLU and the maximum of 2 × 2 pixels, then one linear layer."""

    def __init__(
        self, shape: tuple[int, int, int], outputs: int, *, width: int, depth: int, dropout: float
    ) -> None:
        super().__init__()
        channels, height, width_in = shape
        sizes = [channels, *(width << stage for stage in range(depth))]
        self.convs = nn.ModuleList(nn.Conv2d(into, out, 3, padding=1) for into, out in pairwise(sizes))
        self.relus = nn.ModuleList(nn.ReLU() for _ in range(depth))
        self.pools = nn.ModuleList(nn.MaxPool2d(2) for _ in range(depth))
        self.dropout = nn.Dropout(dropout)
        self.head = nn.Linear(sizes[-1] * (height >> depth) * (width_in >> depth), outputs)

    def forward(self, x_BCHW: Tensor) -> Tensor:
        """Map pictures to outputs of shape (B, K)."""
        h_BCHW = x_BCHW
        for conv, relu, pool in zip(self.convs, self.relus, self.pools, strict=True):
            h_BCHW = pool(relu(conv(h_BCHW)))
        y_BK: Tensor = self.head(self.dropout(h_BCHW.flatten(1)))
        return y_BK


@model("cnn")
def cnn(
    input_shape: tuple[int, ...], outputs: int, *, width: int = 16, depth: int = 2, dropout: float = 0.0
) -> nn.Module:
    """A plain CNN: convolution, ReLU and pooling, twice or more.

    Parameters: 20,490 on fashion (28 × 28), 6,090 on digits (8 × 8), ten classes each.

    Args:
        input_shape: (C, H, W) with H and W at least 2 to the power of ``depth``.
        outputs: K, numbers out.
        width: Channels of the first convolution; each further one has twice as many.
        depth: Blocks.
        dropout: Share of the features before the linear layer that are dropped in training.

    Returns:
        The network, freshly initialised as torch does it.
    """
    in_range("cnn", "width", width, 1, 4096)
    in_range("cnn", "depth", depth, 1, 8)
    in_range("cnn", "dropout", dropout, 0, 0.99)
    return CNN(
        picture_shape("cnn", input_shape, 1 << depth), outputs, width=width, depth=depth, dropout=dropout
    )
