"""What makes the graph of a network faster without a change of what it computes."""

from __future__ import annotations

import operator
from collections.abc import Iterable
from typing import Any

import torch
from torch import fx, nn
from torch.nn import functional

from dltui.instruments.landscape.kernels import largest, pooled, scores, window_max
from dltui.instruments.landscape.network import FRESH, Network
from dltui.instruments.landscape.spread import small_map

VIEWS = frozenset({operator.getitem, torch.flatten, torch.reshape})
VIEW_METHODS = frozenset({
    "view",
    "flatten",
    "reshape",
    "permute",
    "transpose",
    "contiguous",
    "squeeze",
    "unsqueeze",
})


def pool_first(net: Network) -> None:
    """Take maxima before ReLUs, which gives the same from fewer numbers, and take them the fast way."""
    for node in list(net.graph.nodes):
        window = _window(net, node)
        if window is None:
            continue
        relu = _source(node)
        if relu.target is not torch.relu or len(relu.users) != 1:
            net.replace(node, window_max, relu, *window)
            continue
        with net.graph.inserting_before(node):
            pool = net.graph.call_function(window_max, (relu.args[0], *window))
        net.shapes[pool] = net.shapes[node]
        net.replace(node, torch.relu, pool)
        net.graph.erase_node(relu)


def _window(net: Network, node: fx.Node) -> tuple[int, int] | None:
    """Return the window of a max-pooling whose windows lie side by side, or None."""
    if node.op == "call_module":
        layer = net.root.get_submodule(str(node.target))
        if type(layer) is not nn.MaxPool2d or layer.return_indices or layer.ceil_mode:
            return None
        kernel, stride, padding, dilation = (
            _pair(one) for one in (layer.kernel_size, layer.stride, layer.padding, layer.dilation)
        )
    elif (
        getattr(node.target, "__name__", "") in {"max_pool2d", "boolean_dispatch"}
        and node.op == "call_function"
    ):
        known = dict(node.kwargs)
        if len(node.args) != 2 or set(known) - {
            "stride",
            "padding",
            "dilation",
            "ceil_mode",
            "return_indices",
        }:
            return None
        if known.get("ceil_mode") or known.get("return_indices"):
            return None
        kernel = _pair(node.args[1])
        stride = _pair(known.get("stride") or node.args[1])
        padding, dilation = _pair(known.get("padding", 0)), _pair(known.get("dilation", 1))
    else:
        return None
    if len(net.shapes[_source(node)]) != 4 or kernel != stride or padding != (0, 0) or dilation != (1, 1):
        return None
    return kernel


def _pair(size: Any) -> tuple[int, int]:
    """Return a size along both sides of a picture."""
    return (int(size), int(size)) if isinstance(size, int) else (int(size[0]), int(size[1]))


def _source(node: fx.Node) -> fx.Node:
    """Return the first argument of a node."""
    source = node.args[0]
    assert isinstance(source, fx.Node)
    return source


def is_view(net: Network, node: fx.Node) -> bool:
    """Return whether a node hands on the numbers of its input in another shape."""
    if node.op == "call_module":
        return type(net.root.get_submodule(str(node.target))) in {nn.Flatten, nn.Unflatten}
    views = VIEWS if node.op == "call_function" else VIEW_METHODS
    return node.target in views and not any(isinstance(one, fx.Node) for one in node.args[1:])


def pool_at_once(net: Network) -> None:
    """Take maxima over windows of a convolution together with it."""
    for node in list(net.graph.nodes):
        if node.target is not window_max:
            continue
        layer = _source(node)
        if layer.target is not torch.conv2d or len(layer.users) != 1:
            continue
        x, weight, bias, *settings = layer.args
        net.replace(node, pooled, x, weight, bias, tuple(settings), *node.args[1:])
        net.graph.erase_node(layer)


def scores_last(net: Network) -> None:
    """Let a last linear layer put samples last, which is faster for a few classes, and as losses want them."""
    node = net.output
    if node.target is functional.linear and len(net.shapes[node]) == 2:
        net.replace(node, scores, *node.args)


def in_place(net: Network, *, own_input: bool) -> None:
    """Let ReLUs and sums write over an argument that nobody reads again.

    Args:
        net: The network.
        own_input: Whether its input may be overwritten.
    """
    nodes = list(net.graph.nodes)
    owners = _owners(nodes, own_input=own_input)
    last: dict[fx.Node, int] = {}
    for index, node in enumerate(nodes):
        for source in node.all_input_nodes:
            for owner in owners[source]:
                last[owner] = index
    for index, node in enumerate(nodes):
        if node.target is torch.relu:
            if _dead(owners, last, node.args[0], index):
                node.target = torch.relu_
        elif node.target in {operator.add, torch.add} and len(node.args) == 2 and not node.kwargs:
            for mine, other in (node.args, node.args[::-1]):
                if _dead(owners, last, mine, index) and _as_large(net, mine, node):
                    node.op, node.target, node.args = "call_method", "add_", (mine, other)
                    break


def _owners(nodes: list[fx.Node], *, own_input: bool) -> dict[fx.Node, frozenset[fx.Node]]:
    """Return whose memory each value may lie in; what is not known to be fresh may share that of every argument."""
    owners: dict[fx.Node, frozenset[fx.Node]] = {}
    shared = nodes[-1]  # stands for memory that is not ours: it is read to the very end
    for node in nodes:
        if node.op == "placeholder":
            mine = own_input and node is nodes[0]
            owners[node] = frozenset({node} if mine else {shared})
        elif node.op == "get_attr":
            owners[node] = frozenset({shared})
        elif node.target in FRESH or node.target in {
            window_max,
            pooled,
            largest,
            scores,
            small_map,
            torch.relu,
        }:
            owners[node] = frozenset({node})
        else:
            parts: Iterable[frozenset[fx.Node]] = (owners[one] for one in node.all_input_nodes)
            owners[node] = frozenset({node}).union(*parts)
    return owners


def _dead(
    owners: dict[fx.Node, frozenset[fx.Node]], last: dict[fx.Node, int], value: Any, index: int
) -> bool:
    """Return whether nobody reads the memory of a value after a node."""
    return isinstance(value, fx.Node) and all(last.get(one, len(owners)) <= index for one in owners[value])


def _as_large(net: Network, term: Any, total: fx.Node) -> bool:
    """Return whether a term has the shape of a sum."""
    return isinstance(term, fx.Node) and net.shapes.get(term, ()) == net.shapes.get(total) != ()
