"""MTCNN: Zhang, Zhang, Li and Qiao, *Joint Face Detection and Alignment Using Multitask Cascaded CNNs*, 2016.

Three networks that each look at a window and say whether it shows a face, how to move its edges, and (the last one)
where eyes, nose and mouth are. The first is convolutional throughout, so that it slides over a whole picture. Pixels
are (p − 127.5) / 128. Names of layers are those of facenet-pytorch, so that its weights fit.

Shape letters in this file: B batch, C channels, H height, W width, F features, K outputs (no face, face), E edges (4),
P points (10: five x, then five y).
"""

from __future__ import annotations

from torch import Tensor, nn

from dltui.errors import UsageError
from dltui.models._registry import model

EDGES, POINTS = 4, 10
WINDOWS = {"pnet": 12, "rnet": 24, "onet": 48}  # pixels of the window that each network looks at


class PNet(nn.Module):
    """Three convolutions and one pooling; proposes windows of 12 × 12 pixels, two pixels apart."""

    def __init__(self, channels: int = 3, outputs: int = 2) -> None:
        super().__init__()
        self.conv1, self.prelu1 = nn.Conv2d(channels, 10, 3), nn.PReLU(10)
        self.pool1 = nn.MaxPool2d(2, 2, ceil_mode=True)
        self.conv2, self.prelu2 = nn.Conv2d(10, 16, 3), nn.PReLU(16)
        self.conv3, self.prelu3 = nn.Conv2d(16, 32, 3), nn.PReLU(32)
        self.conv4_1, self.conv4_2 = nn.Conv2d(32, outputs, 1), nn.Conv2d(32, EDGES, 1)

    def features(self, x_BCHW: Tensor) -> Tensor:
        """Return what both heads look at, (B, 32, H', W')."""
        h_BCHW = self.pool1(self.prelu1(self.conv1(x_BCHW)))
        h_BCHW = self.prelu2(self.conv2(h_BCHW))
        y_BCHW: Tensor = self.prelu3(self.conv3(h_BCHW))
        return y_BCHW

    def heads(self, x_BCHW: Tensor) -> tuple[Tensor, Tensor]:
        """Return logits (B, K, H', W') and shifts of edges (B, E, H', W'), one a window."""
        h_BCHW = self.features(x_BCHW)
        return self.conv4_1(h_BCHW), self.conv4_2(h_BCHW)

    def forward(self, x_BCHW: Tensor) -> Tensor:
        """Map windows of 12 × 12 to logits (B, K); of a larger picture the mean over its windows."""
        y_BK: Tensor = self.conv4_1(self.features(x_BCHW)).mean(dim=(2, 3))
        return y_BK


class RNet(nn.Module):
    """Three convolutions and two fully connected layers; sifts windows of 24 × 24 pixels."""

    def __init__(self, channels: int = 3, outputs: int = 2) -> None:
        super().__init__()
        self.conv1, self.prelu1 = nn.Conv2d(channels, 28, 3), nn.PReLU(28)
        self.pool1 = nn.MaxPool2d(3, 2, ceil_mode=True)
        self.conv2, self.prelu2 = nn.Conv2d(28, 48, 3), nn.PReLU(48)
        self.pool2 = nn.MaxPool2d(3, 2, ceil_mode=True)
        self.conv3, self.prelu3 = nn.Conv2d(48, 64, 2), nn.PReLU(64)
        self.dense4, self.prelu4 = nn.Linear(576, 128), nn.PReLU(128)
        self.dense5_1, self.dense5_2 = nn.Linear(128, outputs), nn.Linear(128, EDGES)

    def features(self, x_BCHW: Tensor) -> Tensor:
        """Return what both heads look at, (B, 128)."""
        h_BCHW = self.pool1(self.prelu1(self.conv1(x_BCHW)))
        h_BCHW = self.pool2(self.prelu2(self.conv2(h_BCHW)))
        h_BCHW = self.prelu3(self.conv3(h_BCHW))
        y_BF: Tensor = self.prelu4(self.dense4(_columns_first(h_BCHW)))
        return y_BF

    def heads(self, x_BCHW: Tensor) -> tuple[Tensor, Tensor]:
        """Return logits (B, K) and shifts of edges (B, E)."""
        h_BF = self.features(x_BCHW)
        return self.dense5_1(h_BF), self.dense5_2(h_BF)

    def forward(self, x_BCHW: Tensor) -> Tensor:
        """Map windows to logits (B, K)."""
        y_BK: Tensor = self.dense5_1(self.features(x_BCHW))
        return y_BK


class ONet(nn.Module):
    """Four convolutions and two fully connected layers; judges windows of 48 × 48 pixels and finds five points."""

    def __init__(self, channels: int = 3, outputs: int = 2) -> None:
        super().__init__()
        self.conv1, self.prelu1 = nn.Conv2d(channels, 32, 3), nn.PReLU(32)
        self.pool1 = nn.MaxPool2d(3, 2, ceil_mode=True)
        self.conv2, self.prelu2 = nn.Conv2d(32, 64, 3), nn.PReLU(64)
        self.pool2 = nn.MaxPool2d(3, 2, ceil_mode=True)
        self.conv3, self.prelu3 = nn.Conv2d(64, 64, 3), nn.PReLU(64)
        self.pool3 = nn.MaxPool2d(2, 2, ceil_mode=True)
        self.conv4, self.prelu4 = nn.Conv2d(64, 128, 2), nn.PReLU(128)
        self.dense5, self.prelu5 = nn.Linear(1152, 256), nn.PReLU(256)
        self.dense6_1, self.dense6_2 = nn.Linear(256, outputs), nn.Linear(256, EDGES)
        self.dense6_3 = nn.Linear(256, POINTS)

    def features(self, x_BCHW: Tensor) -> Tensor:
        """Return what the three heads look at, (B, 256)."""
        h_BCHW = self.pool1(self.prelu1(self.conv1(x_BCHW)))
        h_BCHW = self.pool2(self.prelu2(self.conv2(h_BCHW)))
        h_BCHW = self.pool3(self.prelu3(self.conv3(h_BCHW)))
        h_BCHW = self.prelu4(self.conv4(h_BCHW))
        y_BF: Tensor = self.prelu5(self.dense5(_columns_first(h_BCHW)))
        return y_BF

    def heads(self, x_BCHW: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Return logits (B, K), shifts of edges (B, E), and points (B, P) as shares of the window."""
        h_BF = self.features(x_BCHW)
        return self.dense6_1(h_BF), self.dense6_2(h_BF), self.dense6_3(h_BF)

    def forward(self, x_BCHW: Tensor) -> Tensor:
        """Map windows to logits (B, K)."""
        y_BK: Tensor = self.dense6_1(self.features(x_BCHW))
        return y_BK


def _columns_first(h_BCHW: Tensor) -> Tensor:
    """Return (B, F) in the order of the Caffe model that the weights came from: columns, rows, channels."""
    return h_BCHW.permute(0, 3, 2, 1).flatten(1)


def _channels(name: str, input_shape: tuple[int, ...]) -> int:
    """Return the channels of a picture, refusing windows of another size than the network's."""
    side = WINDOWS[name]
    if len(input_shape) != 3 or input_shape[1:] != (side, side):
        told = " × ".join(map(str, input_shape))
        raise UsageError(f"{name} looks at windows of {side} × {side} pixels, but each sample here is {told}")
    return input_shape[0]


@model("pnet")
def pnet(input_shape: tuple[int, ...], outputs: int) -> nn.Module:
    """P-Net of MTCNN: 12 × 12 pixels, is it a face?

    Parameters: 6,632 with three channels in and two outputs.

    Args:
        input_shape: (C, 12, 12).
        outputs: K, numbers out.

    Returns:
        The network, freshly initialised as torch does it.
    """
    return PNet(_channels("pnet", input_shape), outputs)


@model("rnet")
def rnet(input_shape: tuple[int, ...], outputs: int) -> nn.Module:
    """R-Net of MTCNN: 24 × 24 pixels, is it a face?

    Parameters: 100,178 with three channels in and two outputs.

    Args:
        input_shape: (C, 24, 24).
        outputs: K, numbers out.

    Returns:
        The network, freshly initialised as torch does it.
    """
    return RNet(_channels("rnet", input_shape), outputs)


@model("onet")
def onet(input_shape: tuple[int, ...], outputs: int) -> nn.Module:
    """O-Net of MTCNN: 48 × 48 pixels, is it a face, and where are eyes, nose and mouth?

    Parameters: 389,040 with three channels in and two outputs.

    Args:
        input_shape: (C, 48, 48).
        outputs: K, numbers out.

    Returns:
        The network, freshly initialised as torch does it.
    """
    return ONet(_channels("onet", input_shape), outputs)
