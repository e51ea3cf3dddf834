"""MobileNetV2: Sandler, Howard, Zhu, Zhmoginov and Chen, *Inverted Residuals and Linear Bottlenecks*, CVPR 2018.

Names of layers are those of torchvision, so that its weights fit. ReLU6 between, nothing after the narrow layers.

Shape letters in this file: B batch, C channels, H height, W width, K outputs.
"""

from __future__ import annotations

from torch import Tensor, nn

from dltui.models._pictures import picture_shape
from dltui.models._registry import model
from dltui.spelling import in_range

# expansion, channels, blocks, stride of the first: table 2 of the paper
STAGES = (
    (1, 16, 1, 1),
    (6, 24, 2, 2),
    (6, 32, 3, 2),
    (6, 64, 4, 2),
    (6, 96, 3, 1),
    (6, 160, 3, 2),
    (6, 320, 1, 1),
)
STEM, HEAD = 32, 1280
DIVISOR = 8  # channels are multiples of it
SMALLEST = 8


def conv_norm(
    channels_in: int, channels_out: int, kernel: int, *, stride: int = 1, groups: int = 1
) -> nn.Sequential:
    """Return a convolution without bias, batch normalisation and ReLU6.

    Args:
        channels_in: C before.
        channels_out: C after.
        kernel: Side of the kernel; the border is padded so that only ``stride`` shrinks the picture.
        stride: Pixels between two places of the kernel.
        groups: Groups of channels that know nothing of each other.

    Returns:
        The three layers in a row.
    """
    conv = nn.Conv2d(channels_in, channels_out, kernel, stride, kernel // 2, groups=groups, bias=False)
    return nn.Sequential(conv, nn.BatchNorm2d(channels_out), nn.ReLU6())


class InvertedResidual(nn.Module):
    """Widen by 1 × 1, look around channel by channel, narrow by 1 × 1; added to the input where the shapes agree."""

    def __init__(self, channels_in: int, channels_out: int, *, stride: int, expansion: int) -> None:
        super().__init__()
        wide = channels_in * expansion
        widen = [conv_norm(channels_in, wide, 1)] if expansion != 1 else []
        self.conv = nn.Sequential(
            *widen,
            conv_norm(wide, wide, 3, stride=stride, groups=wide),
            nn.Conv2d(wide, channels_out, 1, bias=False),
            nn.BatchNorm2d(channels_out),
        )
        self.adds = stride == 1 and channels_in == channels_out

    def forward(self, x_BCHW: Tensor) -> Tensor:
        """Map (B, C, H, W) to (B, C', H / stride, W / stride)."""
        y_BCHW: Tensor = self.conv(x_BCHW)
        return x_BCHW + y_BCHW if self.adds else y_BCHW


class MobileNetV2(nn.Module):
    """Seventeen inverted residuals between two convolutions, the mean over the picture, one linear layer."""

    def __init__(self, channels: int, outputs: int, *, width: float, dropout: float) -> None:
        super().__init__()
        into = _multiple(STEM * width)
        layers: list[nn.Module] = [conv_norm(channels, into, 3, stride=2)]
        for expansion, size, blocks, first in STAGES:
            out = _multiple(size * width)
            for block in range(blocks):
                stride = first if block == 0 else 1
                layers.append(InvertedResidual(into, out, stride=stride, expansion=expansion))
                into = out
        head = _multiple(HEAD * max(width, 1.0))
        layers.append(conv_norm(into, head, 1))
        self.features = nn.Sequential(*layers)
        self.classifier = nn.Sequential(nn.Dropout(dropout), nn.Linear(head, outputs))
        initialise(self)

    def forward(self, x_BCHW: Tensor) -> Tensor:
        """Map pictures to outputs of shape (B, K)."""
        y_BK: Tensor = self.classifier(self.features(x_BCHW).mean(dim=(2, 3)))
        return y_BK


def initialise(module: nn.Module) -> None:
    """Draw convolutions as He et al. (2015) do, and the last layer from a narrow normal."""
    for layer in module.modules():
        if isinstance(layer, nn.Conv2d):
            nn.init.kaiming_normal_(layer.weight, mode="fan_out")
        elif isinstance(layer, nn.Linear):
            nn.init.normal_(layer.weight, 0, 0.01)
            nn.init.zeros_(layer.bias)


def _multiple(channels: float) -> int:
    """Return the nearest multiple of the divisor, no less than nine tenths of what was asked for."""
    near = max(DIVISOR, int(channels + DIVISOR / 2) // DIVISOR * DIVISOR)
    return near + DIVISOR if near < 0.9 * channels else near


@model("mobilenet-v2")
def mobilenet_v2(
    input_shape: tuple[int, ...], outputs: int, *, width: float = 1.0, dropout: float = 0.2
) -> nn.Module:
    """MobileNetV2: narrow residuals with wide, separable insides.

    Parameters: 3,504,872 for ImageNet's 1000 classes, 2,236,106 on digits. The first convolution and four blocks halve
    the picture: 224 × 224 becomes 7 × 7. Weights trained on ImageNet: ``dltui data get mobilenet-v2``.

    Args:
        input_shape: (C, H, W) with H and W at least 8.
        outputs: K, numbers out.
        width: Factor on all channels.
        dropout: Share of the last features that training leaves out.

    Returns:
        The network, freshly initialised.
    """
    in_range("mobilenet-v2", "width", width, 0.1, 4)
    in_range("mobilenet-v2", "dropout", dropout, 0, 0.99)
    channels, _, _ = picture_shape("mobilenet-v2", input_shape, SMALLEST)
    return MobileNetV2(channels, outputs, width=width, dropout=dropout)
