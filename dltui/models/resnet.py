"""Residual networks for small pictures: He, Zhang, Ren and Sun, *Deep Residual Learning*, 2016, section 4.2.

6n + 2 layers: a convolution, three stages of n blocks with 16, 32 and 64 channels (the second and third halve the
picture), the mean over the picture, one linear layer. Shortcuts are the paper's option A, which adds no weights:
every second pixel, and zeros for the new channels. So a network and its twin without shortcuts have the very same
parameters (the comparison of Li et al., *Visualizing the Loss Landscape of Neural Nets*, 2018).

Shape letters in this file: B batch, C channels, H height, W width, K outputs.
"""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional

from dltui.models._pictures import picture_shape
from dltui.models._registry import model
from dltui.spelling import in_range

SMALLEST = 4


class Block(nn.Module):
    """Two 3 × 3 convolutions with batch normalisation, and the input added before the last ReLU."""

    def __init__(self, channels_in: int, channels_out: int, *, stride: int, skip: bool) -> None:
        super().__init__()
        self.conv1 = _conv(channels_in, channels_out, stride)
        self.bn1, self.relu1 = nn.BatchNorm2d(channels_out), nn.ReLU()
        self.conv2 = _conv(channels_out, channels_out, 1)
        self.bn2, self.relu2 = nn.BatchNorm2d(channels_out), nn.ReLU()
        self.stride, self.new_channels, self.skip = stride, channels_out - channels_in, skip

    def forward(self, x_BCHW: Tensor) -> Tensor:
        """Map (B, C, H, W) to (B, C', H / stride, W / stride)."""
        h_BCHW = self.relu1(self.bn1(self.conv1(x_BCHW)))
        h_BCHW = self.bn2(self.conv2(h_BCHW))
        if self.skip:
            h_BCHW = h_BCHW + self.shortcut(x_BCHW)
        y_BCHW: Tensor = self.relu2(h_BCHW)
        return y_BCHW

    def shortcut(self, x_BCHW: Tensor) -> Tensor:
        """Return the input as wide and deep as the output (option A)."""
        thinned = x_BCHW[:, :, :: self.stride, :: self.stride]
        return functional.pad(thinned, (0, 0, 0, 0, 0, self.new_channels))


class ResNet(nn.Module):
    """Three stages of ``n`` blocks over a first convolution."""

    def __init__(self, channels: int, outputs: int, *, n: int, width: int, skip: bool) -> None:
        super().__init__()
        self.conv = _conv(channels, width, 1)
        self.bn, self.relu = nn.BatchNorm2d(width), nn.ReLU()
        self.stage1 = _stage(width, width, n, stride=1, skip=skip)
        self.stage2 = _stage(width, 2 * width, n, stride=2, skip=skip)
        self.stage3 = _stage(2 * width, 4 * width, n, stride=2, skip=skip)
        self.fc = nn.Linear(4 * width, outputs)

    def forward(self, x_BCHW: Tensor) -> Tensor:
        """Map pictures to outputs of shape (B, K)."""
        h_BCHW = self.relu(self.bn(self.conv(x_BCHW)))
        h_BCHW = self.stage3(self.stage2(self.stage1(h_BCHW)))
        y_BK: Tensor = self.fc(h_BCHW.mean(dim=(2, 3)))
        return y_BK


def _conv(channels_in: int, channels_out: int, stride: int) -> nn.Conv2d:
    """Return a 3 × 3 convolution without bias, drawn as He et al. (2015) do."""
    conv = nn.Conv2d(channels_in, channels_out, 3, stride=stride, padding=1, bias=False)
    nn.init.kaiming_normal_(conv.weight, mode="fan_out", nonlinearity="relu")
    return conv


def _stage(channels_in: int, channels_out: int, n: int, *, stride: int, skip: bool) -> nn.Sequential:
    """Return ``n`` blocks, of which the first changes the size."""
    first = Block(channels_in, channels_out, stride=stride, skip=skip)
    rest = (Block(channels_out, channels_out, stride=1, skip=skip) for _ in range(n - 1))
    return nn.Sequential(first, *rest)


def _build(
    name: str, input_shape: tuple[int, ...], outputs: int, *, n: int, width: int, skip: bool
) -> ResNet:
    """Return a network after checking what it is asked for."""
    in_range(name, "width", width, 1, 4096)
    channels, _, _ = picture_shape(name, input_shape, SMALLEST)
    return ResNet(channels, outputs, n=n, width=width, skip=skip)


@model("resnet8")
def resnet8(input_shape: tuple[int, ...], outputs: int, *, width: int = 16) -> nn.Module:
    """ResNet-8: three residual blocks, for small pictures.

    Parameters: 75,002 on digits, 75,290 with three channels in (ten classes).

    Args:
        input_shape: (C, H, W) with H and W at least 4.
        outputs: K, numbers out.
        width: Channels of the first stage; the others have two and four times as many.

    Returns:
        The network, freshly initialised.
    """
    return _build("resnet8", input_shape, outputs, n=1, width=width, skip=True)


@model("resnet20")
def resnet20(input_shape: tuple[int, ...], outputs: int, *, width: int = 16) -> nn.Module:
    """ResNet-20: nine residual blocks, for small pictures.

    Parameters: 269,434 on digits, 269,722 with three channels in (ten classes; the paper says 0.27 M).

    Args:
        input_shape: (C, H, W) with H and W at least 4.
        outputs: K, numbers out.
        width: Channels of the first stage; the others have two and four times as many.

    Returns:
        The network, freshly initialised.
    """
    return _build("resnet20", input_shape, outputs, n=3, width=width, skip=True)


@model("resnet20-noskip")
def resnet20_noskip(input_shape: tuple[int, ...], outputs: int, *, width: int = 16) -> nn.Module:
    """ResNet-20 without its skip connections: the same weights, no addition.

    A file of weights of ``resnet20`` fits here and the other way round; so does a seed.

    Args:
        input_shape: (C, H, W) with H and W at least 4.
        outputs: K, numbers out.
        width: Channels of the first stage; the others have two and four times as many.

    Returns:
        The network, freshly initialised.
    """
    return _build("resnet20-noskip", input_shape, outputs, n=3, width=width, skip=False)
