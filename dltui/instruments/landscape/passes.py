"""What makes the graph of a network faster without a change of what it computes."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import Tensor, fx, nn

from dltui.instruments.landscape.kernels import largest, phases, pooled, window_max
from dltui.instruments.landscape.network import FRESH, LAYERS, Network, Weight
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


def cut_prefix(
    net: Network,
) -> tuple[Callable[[Tensor, Tensor, Tensor | None], Tensor], Weight, Weight | None] | None:
    """Take the first layer out of a network, where everything comes from it; the network then begins behind it.

    Args:
        net: The network; its input becomes what the layer gives, as phases where maxima are taken right after it.

    Returns:
        The layer as a function of the input, its weight and its bias, and which weights these are; or None.
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
    weights = [taken[one] if isinstance(one, fx.Node) else None for one in own]
    prefix = _as_function(net, chain, own)
    pool = next(iter(layer.users)) if len(layer.users) == 1 else None
    split = pool is not None and pool.target is window_max and pool.args[1] * pool.args[2] > 1  # type: ignore[operator]
    _begin_behind(net, chain)
    if not split:
        return prefix, weights[0], weights[1]  # type: ignore[return-value]
    assert pool is not None
    height, width = int(pool.args[1]), int(pool.args[2])  # type: ignore[arg-type]
    pool.target = largest
    return (lambda x, w, b: phases(prefix(x, w, b), height, width)), weights[0], weights[1]  # type: ignore[return-value]


def is_view(net: Network, node: fx.Node) -> bool:
    """Return whether a node hands on the numbers of its input in another shape."""
    if node.op == "call_module":
        return type(net.root.get_submodule(str(node.target))) in {nn.Flatten, nn.Unflatten}
    views = VIEWS if node.op == "call_function" else VIEW_METHODS
    return node.target in views and not any(isinstance(one, fx.Node) for one in node.args[1:])


def _as_function(net: Network, chain: list[fx.Node], own: list[Any]) -> Callable[..., Tensor]:
    """Return a chain of nodes that ends in a layer as a function of the input, its weight and its bias."""
    graph = fx.Graph()
    copies = {chain[0]: graph.placeholder("x")}
    for name, one in zip(("weight", "bias"), own, strict=True):
        copies[one] = graph.placeholder(name)
    for node in chain[1:]:
        copies[node] = graph.node_copy(node, copies.__getitem__)
    graph.output(copies[chain[-1]])
    forward: Callable[..., Tensor] = fx.GraphModule(net.root, graph).forward
    return forward


def _begin_behind(net: Network, chain: list[fx.Node]) -> None:
    """Let the input of a network be what a chain of nodes gives."""
    start, end = chain[0], chain[-1]
    net.shapes[start] = net.shapes[end]
    end.replace_all_uses_with(start)
    for node in reversed(chain[1:]):
        net.graph.erase_node(node)


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
        elif node.target in FRESH or node.target in {window_max, pooled, largest, small_map, torch.relu}:
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
