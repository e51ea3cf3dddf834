"""LeNet-5: LeCun, Bottou, Bengio and Haffner, *Gradient-Based Learning Applied to Document Recognition*, 1998.

Shape letters in this file: B batch, C channels, H height, W width, F features, K outputs.
"""

from __future__ import annotations

from typing import Literal

from torch import Tensor, nn

from dltui.models._pictures import picture_shape
from dltui.models._registry import model
from dltui.models.mlp import ACTIVATIONS

KERNEL = 5
PAPER_SIZE = 32  # the paper's pictures; smaller ones are padded by 2, as MNIST's 28 was
SMALLEST = 4


class LeNet(nn.Module):
    """Convolution and pooling twice, then 120, 84 and ``outputs`` units."""

    def __init__(
        self,
        shape: tuple[int, int, int],
        outputs: int,
        *,
        activation: Literal["relu", "tanh"],
        pool: Literal["max", "average"],
    ) -> None:
        super().__init__()
        channels, height, width = shape
        side = min(height, width)
        outer = 2 if side < PAPER_SIZE else 0
        middle = (side + 2 * outer - KERNEL + 1) // 2
        inner = 2 if middle <= KERNEL else 0  # on 8 × 8 pictures the paper's kernel doesn't fit without it
        halve = nn.MaxPool2d if pool == "max" else nn.AvgPool2d
        act = ACTIVATIONS[activation]
        self.conv1 = nn.Conv2d(channels, 6, KERNEL, padding=outer)
        self.act1, self.pool1 = act(), halve(2)
        self.conv2 = nn.Conv2d(6, 16, KERNEL, padding=inner)
        self.act2, self.pool2 = act(), halve(2)
        high, wide = (_remaining(size, outer, inner) for size in (height, width))
        self.fc1, self.act3 = nn.Linear(16 * high * wide, 120), act()
        self.fc2, self.act4 = nn.Linear(120, 84), act()
        self.fc3 = nn.Linear(84, outputs)

    def forward(self, x_BCHW: Tensor) -> Tensor:
        """Map pictures to outputs of shape (B, K)."""
        h_BCHW = self.pool1(self.act1(self.conv1(x_BCHW)))
        h_BCHW = self.pool2(self.act2(self.conv2(h_BCHW)))
        h_BF = self.act3(self.fc1(h_BCHW.flatten(1)))
        h_BF = self.act4(self.fc2(h_BF))
        y_BK: Tensor = self.fc3(h_BF)
        return y_BK


def _remaining(size: int, outer: int, inner: int) -> int:
    """Return what two convolutions and two poolings leave of ``size`` pixels."""
    for padding in (outer, inner):
        size = (size + 2 * padding - KERNEL + 1) // 2
    return size


@model("lenet")
def lenet(
    input_shape: tuple[int, ...],
    outputs: int,
    *,
    activation: Literal["relu", "tanh"] = "relu",
    pool: Literal["max", "average"] = "max",
) -> nn.Module:
    """LeNet-5: two convolutions, three fully connected layers.

    Parameters: 61,706 on 28 × 28 grey pictures with ten classes, 21,386 on digits (8 × 8, where the second
    convolution is padded as well). Where the paper has tanh, scaled averages, a partial connection table and
    radial outputs, this has ReLU and maxima (knobs ``activation``, ``pool``), all connections and plain logits.

    Args:
        input_shape: (C, H, W) with H and W at least 4.
        outputs: K, numbers out.
        activation: What follows each layer but the last.
        pool: How maps are halved.

    Returns:
        The network, freshly initialised as torch does it.
    """
    return LeNet(picture_shape("lenet", input_shape, SMALLEST), outputs, activation=activation, pool=pool)
