"""A network as a graph of functions whose weights are arguments, batch norms folded into the weights before them.

In eval mode a batch norm is y = γ·(x − μ)/√(σ² + ε) + β with fixed μ and σ, so that after a layer W·x + b it is the
same as the layer s·W·x + (β + s·(b − μ)) with s = γ/√(σ² + ε).
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, fx, nn
from torch.nn import functional

from dltui.instruments.landscape.plane import Unfit

CONVOLUTIONS: dict[type[nn.Module], Callable[..., Tensor]] = {
    nn.Conv1d: torch.conv1d,
    nn.Conv2d: torch.conv2d,
    nn.Conv3d: torch.conv3d,
}
NORMS = (nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d)
NOTHING = (nn.Identity, nn.Dropout, nn.Dropout1d, nn.Dropout2d, nn.Dropout3d, nn.AlphaDropout)  # in eval mode
LAYERS = frozenset({*CONVOLUTIONS.values(), functional.linear})
FRESH = frozenset({*LAYERS, torch.batch_norm, operator.add, torch.add})  # give tensors that nobody has seen


@dataclass(frozen=True)
class Weight:
    """One tensor that the graph takes as an argument.

    Attributes:
        name: Of the parameter; empty for a bias of 0.
        norm: Name of the batch norm that is folded into it, or empty.
        bias: Whether it is the bias of its layer.
    """

    name: str
    norm: str = ""
    bias: bool = False


@dataclass(eq=False)
class Network:
    """A graph with one input and then its weights as placeholders.

    Attributes:
        graph: What is computed.
        root: Holds what the graph calls besides functions: modules without parameters, and buffers.
        weights: What the placeholders after the first are, in order.
        shapes: Shapes of values for a few samples, by node; empty for what is no tensor.
        spread: Of weights that are larger here than in the model, where their numbers stand in its flat ones; −1 is 0.
    """

    graph: fx.Graph
    root: nn.Module
    weights: list[Weight]
    shapes: dict[fx.Node, tuple[int, ...]]
    _names: dict[int, str] = field(default_factory=dict)
    spread: dict[Weight, Tensor] = field(default_factory=dict)

    @property
    def input(self) -> fx.Node:
        """The placeholder of the input."""
        first: fx.Node = next(iter(self.graph.nodes))
        return first

    @property
    def output(self) -> fx.Node:
        """The node whose value comes out."""
        last = next(iter(reversed(self.graph.nodes)))
        if not isinstance(last.args[0], fx.Node):
            raise Unfit("it gives more than one tensor")
        return last.args[0]

    def placeholders(self) -> list[fx.Node]:
        """Return the placeholders of the weights."""
        return [node for node in self.graph.nodes if node.op == "placeholder"][1:]

    def function(self) -> Callable[..., Tensor]:
        """Return the graph as a function of the input and the weights."""
        self.graph.lint()
        forward: Callable[..., Tensor] = fx.GraphModule(self.root, self.graph).forward
        return forward

    def weigh(self, name: str, norm: str = "", *, bias: bool = False) -> fx.Node:
        """Return the placeholder of a weight, a new one at its first use."""
        wanted = Weight(name, norm, bias)
        if wanted in self.weights:
            return self.placeholders()[self.weights.index(wanted)]
        with self.graph.inserting_after([node for node in self.graph.nodes if node.op == "placeholder"][-1]):
            node = self.graph.placeholder(f"weight_{len(self.weights)}")
        self.weights.append(wanted)
        return node

    def named(self, tensor: Tensor) -> str:
        """Return the name that a parameter has in the model, whichever way it was reached."""
        return self._names[id(tensor)]

    def replace(self, old: fx.Node, function: Callable[..., Any], *args: Any) -> fx.Node:
        """Put a call of a function in the place of a node."""
        with self.graph.inserting_before(old):
            new = self.graph.call_function(function, args)
        self.shapes[new] = self.shapes.get(old, ())
        old.replace_all_uses_with(new)
        self.graph.erase_node(old)
        return new

    def drop(self, old: fx.Node) -> None:
        """Leave out a node that hands its input on."""
        source = old.args[0]
        assert isinstance(source, fx.Node)
        old.replace_all_uses_with(source)
        self.graph.erase_node(old)


def traced(module: nn.Module, x: Tensor) -> Network:
    """Return a network whose layers are functions of their weights.

    Args:
        module: The model, in eval mode; a copy that nobody else uses.
        x: A few samples.

    Returns:
        The network.

    Raises:
        Unfit: If it holds anything that is not understood here.
    """
    _plain(module)
    try:
        graph = fx.Tracer().trace(module)
        shaped = _Shapes(fx.GraphModule(module, graph))
        with torch.no_grad():
            shaped.run(x.clone())
    except Exception as error:  # the user's own forward may raise anything when it meets a proxy
        raise Unfit(f"it can't be traced: {error}") from error
    names = {id(p): name for name, p in module.named_parameters()}
    found = Network(graph, module, [], shaped.found, names)
    if sum(node.op == "placeholder" for node in graph.nodes) != 1:
        raise Unfit("it takes more than one input")
    for node in list(graph.nodes):
        _lower(found, node)
    for node in list(graph.nodes):
        if node.target is torch.batch_norm:
            _fold(found, node)
    graph.eliminate_dead_code()
    for node in found.graph.nodes:
        if node.op == "get_attr" and isinstance(_attribute(module, node.target), nn.Parameter):
            raise Unfit("it uses a parameter outside a layer")
    return found


def _plain(module: nn.Module) -> None:
    """Refuse modules that do more than their forward says."""
    for one in module.modules():
        if one._forward_hooks or one._forward_pre_hooks:
            raise Unfit("it has hooks")


class _Shapes(fx.Interpreter):
    """Runs a graph and keeps the shape of every value."""

    def __init__(self, module: fx.GraphModule) -> None:
        super().__init__(module)
        self.found: dict[fx.Node, tuple[int, ...]] = {}

    def run_node(self, n: fx.Node) -> Any:
        """Run a node and keep the shape of what it gives."""
        value = super().run_node(n)
        self.found[n] = tuple(value.shape) if isinstance(value, Tensor) else ()
        return value


def _attribute(module: nn.Module, path: Any) -> object:
    """Return what a dotted name stands for."""
    found: object = module
    for part in str(path).split("."):
        found = getattr(found, part)
    return found


def _lower(net: Network, node: fx.Node) -> None:
    """Turn a module into a function of its weights."""
    if node.op != "call_module":
        _harmless(net, node)
        return
    layer = _attribute(net.root, node.target)
    assert isinstance(layer, nn.Module)
    kind, path, x = type(layer), str(node.target), node.args[0] if node.args else None
    if node.kwargs or len(node.args) != 1 or not isinstance(x, fx.Node):
        raise Unfit(f"{path} is called with more than one argument")
    if kind in NOTHING:
        net.drop(node)
        return
    _nobody_else(node, changes=bool(getattr(layer, "inplace", False)))
    if kind is nn.ReLU:
        net.replace(node, torch.relu, x)
    elif kind is nn.Linear:
        net.replace(node, functional.linear, x, *_own(net, layer))
    elif kind in CONVOLUTIONS:
        if layer.padding_mode != "zeros":
            raise Unfit(f"{path} pads with {layer.padding_mode}")
        settings = (layer.stride, layer.padding, layer.dilation, layer.groups)
        net.replace(node, CONVOLUTIONS[kind], x, *_own(net, layer), *settings)
    elif kind in NORMS:
        _lower_norm(net, node, path)
    elif any(True for _ in layer.parameters()):
        raise Unfit(f"{path} is a {kind.__name__}")


def _own(net: Network, layer: nn.Module) -> tuple[fx.Node, fx.Node | None]:
    """Return the placeholders of a layer's weight and bias."""
    weight, bias = layer.weight, layer.bias
    assert isinstance(weight, Tensor)
    return net.weigh(net.named(weight)), None if bias is None else net.weigh(net.named(bias), bias=True)  # type: ignore[arg-type]


def _lower_norm(net: Network, node: fx.Node, path: str) -> None:
    """Turn a batch norm into a function; its running statistics stay where they are."""
    norm: Any = _attribute(net.root, path)
    if norm.running_mean is None or norm.training:
        raise Unfit(f"{path} has no running statistics")
    with net.graph.inserting_before(node):
        mean, var = (net.graph.get_attr(f"{path}.{name}") for name in ("running_mean", "running_var"))
    scale = (
        (net.weigh(net.named(norm.weight)), net.weigh(net.named(norm.bias))) if norm.affine else (None, None)
    )
    new = net.replace(node, torch.batch_norm, node.args[0], *scale, mean, var, False, 0.0, norm.eps, False)
    new.meta["path"] = path


def _fold(net: Network, node: fx.Node) -> None:
    """Fold a batch norm into the layer before it, where that has its own."""
    layer = node.args[0]
    assert isinstance(layer, fx.Node)
    if layer.target not in LAYERS or len(layer.users) != 1:
        return
    if layer.target is functional.linear and len(net.shapes[layer]) != 2:
        return
    weight, bias = layer.args[1], layer.args[2]
    assert isinstance(weight, fx.Node)
    path, places = node.meta["path"], dict(zip(net.placeholders(), net.weights, strict=True))
    had = "" if bias is None else places[bias].name  # type: ignore[index]
    scaled = net.weigh(places[weight].name, path)
    shifted = net.weigh(had, path, bias=True)
    layer.args = (layer.args[0], scaled, shifted, *layer.args[3:])
    net.drop(node)


def _harmless(net: Network, node: fx.Node) -> None:
    """Refuse functions and methods that change their arguments; turn += into +."""
    if node.target is operator.iadd:
        _nobody_else(node, changes=True)
        node.target = operator.add
    elif node.target is functional.relu or node.target in {torch.relu, torch.relu_, functional.relu_}:
        changes = bool(node.kwargs.get("inplace", len(node.args) > 1 and node.args[1])) or str(
            node.target
        ).endswith("_")
        _nobody_else(node, changes=changes)
        net.replace(node, torch.relu, node.args[0])
    elif node.op == "call_method" and node.target in {"relu", "relu_"}:
        _nobody_else(node, changes=node.target == "relu_")
        net.replace(node, torch.relu, node.args[0])
    elif node.op == "call_method" and node.target in {"view", "reshape"} and _keeps_samples(node):
        net.replace(node, torch.flatten, node.args[0], 1)
    elif node.op in {"call_method", "call_function"}:
        name = node.target if isinstance(node.target, str) else getattr(node.target, "__name__", "")
        writes = name.endswith("_") and not name.endswith("__")
        if (
            writes
            or node.kwargs.get("inplace")
            or "out" in node.kwargs
            or name in {"iadd", "imul", "isub", "setitem"}
        ):
            raise Unfit(f"{name} changes its argument")


def _keeps_samples(node: fx.Node) -> bool:
    """Return whether a node is ``x.view(x.size(0), -1)`` or ``x.view(x.shape[0], -1)``."""
    if len(node.args) != 3 or node.args[2] != -1 or not isinstance(node.args[1], fx.Node):
        return False
    x, size = node.args[0], node.args[1]
    if size.target is operator.getitem and size.args[1] == 0:
        shape = size.args[0]
        return isinstance(shape, fx.Node) and shape.target is getattr and shape.args == (x, "shape")
    return (
        size.target in {"size", len}
        and size.args in {(x, 0), (x,)}
        and (size.target is len or len(size.args) == 2)
    )


def _nobody_else(node: fx.Node, *, changes: bool) -> None:
    """Refuse a change in place of what others see too."""
    source = node.args[0]
    assert isinstance(source, fx.Node)
    if changes and (len(source.users) != 1 or source.target not in FRESH):
        raise Unfit(f"{node.target} changes what others may see")
