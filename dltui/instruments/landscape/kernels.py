"""What a traced network calls in place of slower functions that give the same."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

LIMIT = (
    1e30  # of |x|² · |w|², which bounds the squares of what a convolution gives: far from the end of float32
)


def window_max(x: Tensor, height: int, width: int) -> Tensor:
    """Return the maxima over windows of a picture that lie side by side, as ``max_pool2d`` does, several times faster.

    Args:
        x: Pictures, shape (b, c, h, w).
        height: Of a window.
        width: Of a window.

    Returns:
        Shape (b, c, h // height, w // width).
    """
    high, wide = x.shape[2] // height * height, x.shape[3] // width * width
    parts = [x[:, :, i:high:height, j:wide:width] for i in range(height) for j in range(width)]
    found = torch.maximum(parts[0], parts[1]) if len(parts) > 1 else parts[0].clone()
    for part in parts[2:]:
        torch.maximum(found, part, out=found)
    return found


def pooled(
    x: Tensor, weight: Tensor, bias: Tensor | None, settings: tuple[Any, ...], height: int, width: int
) -> Tensor:
    """Return the maxima over windows of what a convolution gives.

    oneDNN takes them in its own layout, where channels lie side by side, but it makes finite numbers of NaN: where
    there might be any they are taken the other way.

    Args:
        x: Pictures, float32, shape (b, c, h, w).
        weight: Of the convolution.
        bias: Of the convolution, or None.
        settings: Its stride, padding, dilation and groups.
        height: Of a window.
        width: Of a window.

    Returns:
        Shape (b, c', h', w').
    """
    if not _squares(x) * _squares(weight) < LIMIT:
        return window_max(torch.conv2d(x, weight, bias, *settings), height, width)
    outputs = torch.conv2d(x.to_mkldnn(), weight, bias, *settings)
    return functional.max_pool2d(outputs, (height, width)).to_dense()


def _squares(x: Tensor) -> float:
    """Return the sum of squares, NaN where there is one."""
    flat = x.reshape(-1)
    return float(torch.dot(flat, flat))


def largest(phases: Tensor, _height: int, _width: int) -> Tensor:
    """Return the maxima over windows whose places were put one behind the other, shape (k, b, c, h, w)."""
    return phases.amax(0)


def phases(x: Tensor, height: int, width: int) -> Tensor:
    """Return pictures cut into what stands at the same place of each window, shape (height · width, b, c, h, w)."""
    high, wide = x.shape[2] // height * height, x.shape[3] // width * width
    return torch.stack([x[:, :, i:high:height, j:wide:width] for i in range(height) for j in range(width)])


def beside(x: Tensor, places: int) -> Tensor:
    """Return pictures whose channels are those of several places of a window, shape (places, b, c, h, w)."""
    samples, channels, *size = x.shape
    return x.view(samples, places, channels // places, *size).transpose(0, 1).contiguous()


def scores(x: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
    """Return what a linear layer gives, shape (n, c), with samples last in memory."""
    if bias is None:
        return torch.mm(weight, x.T).T
    return torch.addmm(bias[:, None], weight, x.T).T
