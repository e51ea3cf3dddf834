"""Convolutions over maps that are smaller than their kernel, as products of matrices.

A kernel of 3 × 3 on a map of 2 × 2 reaches beyond its edges with five of nine taps. Written as one matrix from all
numbers of a sample to all of its outputs it takes four ninths of the multiplications, and needs no other layout.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, fx
from torch.nn import functional

from dltui.instruments.landscape.network import Network

WORTH = 0.7  # share of a convolution's multiplications below which the matrix is faster


def spread_out(weight: Tensor, places: Tensor) -> Tensor:
    """Return a larger weight whose numbers stand at given places of a flat smaller one, or are 0 at −1."""
    return torch.cat([weight.reshape(-1), weight.new_zeros(1)])[places]


def small_map(x: Tensor, weight: Tensor, bias: Tensor | None, shape: tuple[int, ...]) -> Tensor:
    """Return what a convolution gives that was spread out.

    Args:
        x: Maps, shape (b, c, h, w).
        weight: The matrix, shape (c'·h'·w', c·h·w).
        bias: Shape (c'·h'·w'), or None.
        shape: (c', h', w').

    Returns:
        Shape (b, c', h', w').
    """
    return functional.linear(x.flatten(1), weight, bias).view(-1, *shape)


def spread_small(net: Network) -> None:
    """Write the convolutions of a network as matrices where that takes fewer multiplications.

    Args:
        net: The network; its ``spread`` then says which of its weights are larger than in the model.
    """
    for node in list(net.graph.nodes):
        if node.target is not torch.conv2d or len(node.args) != 7:
            continue
        x, weight, bias, stride, padding, dilation, groups = node.args
        own = [one for one in (weight, bias) if isinstance(one, fx.Node)]
        taken = dict(zip(net.placeholders(), net.weights, strict=True))
        if x is net.input or any(one not in taken or len(one.users) != 1 for one in own):
            continue  # the first layer is dealt with in another way
        into, out = net.shapes[x], net.shapes[node]
        kernel = net.root.get_parameter(taken[weight].name).shape
        small = len(into) == 4 and into[2] * into[3] <= WORTH * kernel[2] * kernel[3]
        if not small or groups != 1 or isinstance(padding, str):
            continue
        net.spread[taken[weight]] = _places(kernel, into[1:], out[1:], (stride, padding, dilation))
        if bias is not None:
            net.spread[taken[bias]] = torch.arange(out[1]).repeat_interleave(out[2] * out[3])
        net.replace(node, small_map, x, weight, bias, tuple(out[1:]))


def _places(
    kernel: tuple[int, ...], into: tuple[int, ...], out: tuple[int, ...], settings: tuple[Any, ...]
) -> Tensor:
    """Return where the numbers of the matrix stand in the kernel, shape (c'·h'·w', c·h·w)."""
    (down, across), (above, left), (far, wide) = settings
    number = torch.arange(torch.Size(kernel).numel()).view(*kernel)
    found = torch.full((*out, *into), -1)
    for i in range(out[1]):
        for j in range(out[2]):
            for u in range(kernel[2]):
                for v in range(kernel[3]):
                    row, column = i * down - above + u * far, j * across - left + v * wide
                    if 0 <= row < into[1] and 0 <= column < into[2]:
                        found[:, i, j, :, row, column] = number[:, :, u, v]
    return found.view(torch.Size(out).numel(), -1)
