"""EfficientNet-Lite0: Tan and Le, *EfficientNet: Rethinking Model Scaling*, ICML 2019, for small devices.

Against EfficientNet-B0 it has no squeeze-and-excitation, ReLU6 for swish, and stem and head are never scaled. Borders
are padded as TensorFlow does it ("same"): where a stride leaves an odd pixel, it goes to the right and the bottom.

Shape letters in this file: B batch, C channels, H height, W width, K outputs.
"""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional

from dltui.models._pictures import picture_shape
from dltui.models._registry import model
from dltui.models.mobilenet import initialise
from dltui.spelling import in_range

# expansion, channels, blocks, stride of the first, kernel
STAGES = (
    (1, 16, 1, 1, 3), (6, 24, 2, 2, 3), (6, 40, 2, 2, 5), (6, 80, 3, 2, 3), (6, 112, 3, 1, 5), (6, 192, 4, 2, 5),
    (6, 320, 1, 1, 3),
)  # fmt: skip
STEM, HEAD = 32, 1280
EPSILON, MOMENTUM = 1e-3, 0.01  # of every batch normalisation
SMALLEST = 8


class SameConv(nn.Conv2d):
    """A convolution without bias whose output is as large as its input over the stride, rounded up."""

    def __init__(
        self, channels_in: int, channels_out: int, kernel: int, *, stride: int = 1, groups: int = 1
    ) -> None:
        super().__init__(channels_in, channels_out, kernel, stride, groups=groups, bias=False)

    def forward(self, x_BCHW: Tensor) -> Tensor:
        """Pad as much as the size needs, then convolve."""
        (high, wide), stride = self.kernel_size, self.stride[0]
        down, right = (
            max((-(-size // stride) - 1) * stride + kernel - size, 0)
            for size, kernel in zip(x_BCHW.shape[-2:], (high, wide), strict=True)
        )
        return super().forward(
            functional.pad(x_BCHW, (right // 2, right - right // 2, down // 2, down - down // 2))
        )


class Block(nn.Module):
    """Widen, look around channel by channel, narrow; added to the input where the shapes agree."""

    def __init__(
        self, channels_in: int, channels_out: int, *, stride: int, expansion: int, kernel: int
    ) -> None:
        super().__init__()
        wide = channels_in * expansion
        self.widens = expansion != 1
        if self.widens:
            self.expand_conv, self.bn0 = SameConv(channels_in, wide, 1), _norm(wide)
        self.depthwise_conv, self.bn1 = SameConv(wide, wide, kernel, stride=stride, groups=wide), _norm(wide)
        self.project_conv, self.bn2 = SameConv(wide, channels_out, 1), _norm(channels_out)
        self.relu0, self.relu1 = nn.ReLU6(), nn.ReLU6()
        self.adds = stride == 1 and channels_in == channels_out

    def forward(self, x_BCHW: Tensor) -> Tensor:
        """Map (B, C, H, W) to (B, C', H / stride, W / stride)."""
        h_BCHW = self.relu0(self.bn0(self.expand_conv(x_BCHW))) if self.widens else x_BCHW
        h_BCHW = self.relu1(self.bn1(self.depthwise_conv(h_BCHW)))
        y_BCHW: Tensor = self.bn2(self.project_conv(h_BCHW))
        return x_BCHW + y_BCHW if self.adds else y_BCHW


class EfficientNetLite(nn.Module):
    """Sixteen blocks between two convolutions, the mean over the picture, one linear layer."""

    def __init__(self, channels: int, outputs: int, *, dropout: float) -> None:
        super().__init__()
        self.conv_stem, self.bn0, self.relu0 = SameConv(channels, STEM, 3, stride=2), _norm(STEM), nn.ReLU6()
        blocks, into = [], STEM
        for expansion, out, repeats, first, kernel in STAGES:
            for repeat in range(repeats):
                stride = first if repeat == 0 else 1
                blocks.append(Block(into, out, stride=stride, expansion=expansion, kernel=kernel))
                into = out
        self.blocks = nn.Sequential(*blocks)
        self.conv_head, self.bn1, self.relu1 = SameConv(into, HEAD, 1), _norm(HEAD), nn.ReLU6()
        self.dropout, self.fc = nn.Dropout(dropout), nn.Linear(HEAD, outputs)
        initialise(self)

    def forward(self, x_BCHW: Tensor) -> Tensor:
        """Map pictures to outputs of shape (B, K)."""
        h_BCHW = self.blocks(self.relu0(self.bn0(self.conv_stem(x_BCHW))))
        h_BCHW = self.relu1(self.bn1(self.conv_head(h_BCHW)))
        y_BK: Tensor = self.fc(self.dropout(h_BCHW.mean(dim=(2, 3))))
        return y_BK


def _norm(channels: int) -> nn.BatchNorm2d:
    return nn.BatchNorm2d(channels, eps=EPSILON, momentum=MOMENTUM)


@model("efficientnet-lite0")
def efficientnet_lite0(input_shape: tuple[int, ...], outputs: int, *, dropout: float = 0.2) -> nn.Module:
    """EfficientNet-Lite0: inverted residuals with kernels of 3 and 5.

    Parameters: 4,652,008 for ImageNet's 1000 classes, 3,383,242 on digits. Weights trained on ImageNet:
    ``dltui data get efficientnet-lite0``.

    Args:
        input_shape: (C, H, W) with H and W at least 8.
        outputs: K, numbers out.
        dropout: Share of the last features that training leaves out.

    Returns:
        The network, freshly initialised.
    """
    in_range("efficientnet-lite0", "dropout", dropout, 0, 0.99)
    channels, _, _ = picture_shape("efficientnet-lite0", input_shape, SMALLEST)
    return EfficientNetLite(channels, outputs, dropout=dropout)
