"""The first layer of a network, taken out of it: it is linear in its weights, so much of it can be computed once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import torch
from torch import Tensor, fx

from dltui.instruments.landscape.kernels import beside, largest, phases, window_max
from dltui.instruments.landscape.network import LAYERS, Network, Weight
from dltui.instruments.landscape.passes import is_view
from dltui.instruments.landscape.spread import spread_out

First = Callable[[Tensor, Tensor, Tensor | None], Tensor]  # from samples, weight and bias


class Window(NamedTuple):
    """The places of a window of maxima, at each of which a convolution is to be taken.

    Attributes:
        places: How many.
        weight: Where the numbers of the weight stand in that of one convolution for all of them, or are 0 at −1.
        bias: Where those of its bias stand.
    """

    places: int
    weight: Tensor
    bias: Tensor


class Prefix(NamedTuple):
    """A first layer.

    Attributes:
        layer: What it does.
        weight: Its weight.
        bias: Its bias, or None.
        window: The places of each window, where the layer does them all at once and wants larger weights for that.
    """

    layer: First
    weight: Weight
    bias: Weight | None
    window: Window | None

    def wide(self, weight: Tensor) -> Tensor:
        """Return the weight as the layer wants it."""
        return weight if self.window is None else spread_out(weight, self.window.weight)

    def long(self, bias: Tensor) -> Tensor:
        """Return the bias as the layer wants it."""
        return bias if self.window is None else bias[self.window.bias]


def cut_prefix(net: Network) -> Prefix | None:
    """Take the first layer out of a network, where everything comes from it; the network then begins behind it.

    Args:
        net: The network; its input becomes what the layer gives, as phases where maxima are taken right after it.

    Returns:
        The layer, or None.
    """
    chain = [net.input]
    while len(chain[-1].users) == 1 and chain[-1].target not in LAYERS:
        following = next(iter(chain[-1].users))
        if following.target not in LAYERS and not is_view(net, following):
            return None
        chain.append(following)
    layer = chain[-1]
    if layer.target not in LAYERS:
        return None
    taken = dict(zip(net.placeholders(), net.weights, strict=True))
    own: list[Any] = list(layer.args[1:3])
    if any(isinstance(one, fx.Node) and len(one.users) != 1 for one in own):
        return None
    weight, bias = (taken[one] if isinstance(one, fx.Node) else None for one in own)
    assert weight is not None
    forward = _as_function(net, chain, own, layer.args[3:])
    pool = next(iter(layer.users)) if len(layer.users) == 1 else None
    split = pool is not None and pool.target is window_max and pool.args[1] * pool.args[2] > 1  # type: ignore[operator]
    found = Prefix(forward, weight, bias, None)
    if split:
        assert pool is not None
        size = int(pool.args[1]), int(pool.args[2])  # type: ignore[arg-type]
        found = _split(net, chain, own, found, size)
        pool.target = largest
    _begin_behind(net, chain)
    return found


def _split(
    net: Network, chain: list[fx.Node], own: list[Any], found: Prefix, size: tuple[int, int]
) -> Prefix:
    """Return a first layer that gives the places of windows of maxima one behind the other.

    A convolution takes larger steps with a larger kernel, in which the own one stands at each place of the window: that
    is half the time of one that has to be taken apart.
    """
    plain, height, width = found.layer, *size
    settings: Any = chain[-1].args[3:]
    if len(settings) != 4 or isinstance(settings[1], str) or settings[2:] != ((1, 1), 1):
        return found._replace(layer=lambda x, w, b: phases(plain(x, w, b), height, width))
    (down, across), padding = settings[:2]
    steps = down * height, across * width
    wide = _as_function(net, chain, own, (steps, padding, (1, 1), 1))
    kernel = net.root.get_parameter(found.weight.name).shape
    window = _window(kernel, size, (down, across))
    return found._replace(layer=lambda x, w, b: beside(wide(x, w, b), window.places), window=window)


def _window(kernel: torch.Size, size: tuple[int, int], steps: tuple[int, int]) -> Window:
    """Return the places of a window, at which a kernel stands that takes such steps."""
    (outs, ins, high, wide), (height, width), (down, across) = kernel, size, steps
    larger = high + (height - 1) * down, wide + (width - 1) * across
    places = torch.full((height, width, outs, ins, *larger), -1)
    for i in range(height):
        for j in range(width):
            top, left = i * down, j * across
            own = torch.arange(kernel.numel()).view(kernel)
            places[i, j, :, :, top : top + high, left : left + wide] = own
    return Window(height * width, places.flatten(0, 2), torch.arange(outs).repeat(height * width))


def _as_function(net: Network, chain: list[fx.Node], own: list[Any], settings: tuple[Any, ...]) -> First:
    """Return a chain of nodes that ends in a layer as a function of the input, its weight and its bias."""
    graph = fx.Graph()
    copies = {chain[0]: graph.placeholder("x")}
    for name, one in zip(("weight", "bias"), own, strict=True):
        copies[one] = graph.placeholder(name)
    for node in chain[1:]:
        copies[node] = graph.node_copy(node, copies.__getitem__)
    last = copies[chain[-1]]
    last.args = (*last.args[:3], *settings)
    graph.output(last)
    forward: First = fx.GraphModule(net.root, graph).forward
    return forward


def _begin_behind(net: Network, chain: list[fx.Node]) -> None:
    """Let the input of a network be what a chain of nodes gives."""
    start, end = chain[0], chain[-1]
    net.shapes[start] = net.shapes[end]
    end.replace_all_uses_with(start)
    for node in reversed(chain[1:]):
        net.graph.erase_node(node)
