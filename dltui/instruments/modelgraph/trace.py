"""Following one forward pass: which modules and functions are called, and which tensors go from one to the next.

The network is run once on an input. Every call of a module is a node; so is every call of a function of torch between
them. Which node made a tensor is kept by the tensor itself, so that control flow, keyword arguments and modules that
are used twice need no care, and nothing has to be written in a way that can be traced without running (as torch.fx and
torch.export ask). Layers of torch.nn without layers inside are one node each.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from dltui.instruments.features.layers import forward
from dltui.instruments.modelgraph.calls import call_name, overwrites, written
from dltui.instruments.summary.values import tensors_in
from dltui.objective.undisturbed import same_randomness
from dltui.results.modelgraph import ModelGraph
from dltui.results.modeltree import WITH, Node

Seen = Callable[[int, Tensor], None]
DETAIL = 60  # characters of what a layer says of itself


class Tracer(TorchFunctionMode):
    """Takes note of calls while it is entered and its hooks are on the network.

    Attributes:
        nodes: The calls, in the order in which they began; the input first.
        edges: Pairs (from, to) of nodes that hold nothing inside.
    """

    def __init__(self, module: nn.Module, seen: Seen | None) -> None:
        super().__init__()
        self.nodes: list[dict[str, Any]] = []
        self.edges: dict[tuple[int, int], None] = {}
        self._seen = seen
        self._names = {id(part): name for name, part in module.named_modules()}
        self._parameters = {id(p): name for name, p in module.named_parameters()}
        self._used: dict[str, int] = {}
        self._open: list[int] = []  # scopes that are running, the innermost last
        self._inside = 0  # how deep the calls are of which nothing is told
        self._makers: dict[int, int] = {}
        self._kept: list[Tensor] = []  # an id is only good as long as its tensor lives

    # nodes and edges

    def begin(self, x: Tensor) -> None:
        """Put the input into the graph."""
        self._made(self._node("input", "input", "", 0), x)

    def end(self, output: Any) -> None:
        """Put the output into the graph."""
        place = self._node("output", "output", "", 0)
        for _, tensor in tensors_in(output):
            self._feed(tensor, place)
            self._shape(place, tensor)
        if not any(to == place for _, to in self.edges):
            self._gather(0, place)

    def _node(self, name: str, kind: str, detail: str, parameters: int) -> int:
        """Add a node and return its place; a name that was there gets the number of its call."""
        self._used[name] = count = self._used.get(name, 0) + 1
        shown = name if count == 1 else f"{name}#{count}"
        parent = self._open[-1] if self._open else -1
        self.nodes.append({
            "name": shown,
            "kind": kind,
            "parent": parent,
            "block": False,
            "shape": [],
            "parameters": parameters,
            "detail": detail[:DETAIL],
        })
        return len(self.nodes) - 1

    def _feed(self, tensor: Tensor, place: int) -> None:
        """Draw an arrow to a node from that which made a tensor."""
        maker = self._makers.get(id(tensor))
        if maker is not None and maker != place:
            self.edges[maker, place] = None
        elif maker is None and id(tensor) in self._parameters:
            name = self._parameters[id(tensor)]
            self.nodes[place]["detail"] = f"{self.nodes[place]['detail']} {WITH}{name}".strip()[:DETAIL]

    def _made(self, place: int, out: Any) -> None:
        """Take note that a node made what is given."""
        for number, (_, tensor) in enumerate(tensors_in(out)):
            self._makers[id(tensor)] = place
            self._kept.append(tensor)
            if not number:
                self._shape(place, tensor)
                self._show(place, tensor)

    def _shape(self, place: int, tensor: Tensor) -> None:
        self.nodes[place]["shape"] = self.nodes[place]["shape"] or list(tensor.shape)

    def _show(self, place: int, tensor: Tensor) -> None:
        """Hand a tensor on to whoever wants to see it, unheeded."""
        if self._seen is not None:
            self._inside += 1  # what the watcher computes is no part of the network
            self._seen(place, tensor)
            self._inside -= 1

    # functions

    def __torch_function__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        """Run a function of torch, and take note of it where it stands between layers."""
        kwargs = kwargs or {}
        out = func(*args, **kwargs)
        given = written(func, args, kwargs, out)
        if self._inside or not any(True for _ in tensors_in(given)):
            return out
        fed = [tensor for _, tensor in tensors_in((args, kwargs))]
        if any(given is tensor for tensor in fed) and not overwrites(func):
            return out  # contiguous, to and the like, where there was nothing to do
        scope = self.nodes[self._open[-1]]["name"] if self._open else ""
        name = call_name(func)
        place = self._node(f"{scope}.{name}" if scope else name, name, "", 0)
        for tensor in fed:
            self._feed(tensor, place)
        self._made(place, given)
        return out

    # modules

    def enter(self, module: nn.Module, args: Any, kwargs: Any) -> None:
        """Take note that a module begins."""
        if self._inside:
            self._inside += 1
            return
        leaf = is_leaf(module)
        detail = module.extra_repr().replace("\n", " ") if leaf else ""
        parameters = sum(p.numel() for p in module.parameters())
        place = self._node(self._name(module), type(module).__name__, detail, parameters)
        self._open.append(place)
        if leaf:
            for _, tensor in tensors_in((args, kwargs)):
                self._feed(tensor, place)
            self._inside = 1

    def leave(self, module: nn.Module, args: Any, kwargs: Any, out: Any) -> None:  # noqa: ARG002
        """Take note that a module ends."""
        if self._inside > 1:
            self._inside -= 1
            return
        leaf, self._inside = bool(self._inside), 0
        place = self._open[-1]
        if not leaf:
            leaf = self._close(place, (args, kwargs), out)
        self._open.pop()
        if leaf:
            self._made(place, out)

    def _name(self, module: nn.Module) -> str:
        """Return the name of a module, that of its scope put before it where that runs a second time."""
        name: str = self._names.get(id(module), type(module).__name__)
        scope = self.nodes[self._open[-1]]["name"] if self._open else ""
        bare = scope.partition("#")[0]
        if "#" in scope and name.startswith(f"{bare}."):
            return f"{scope}{name.removeprefix(bare)}"
        return name

    def _close(self, place: int, given: Any, out: Any) -> bool:
        """End a module that may hold others, and return whether it has shown nothing of what it does inside."""
        node = self.nodes[place]
        node["block"] = any(other["parent"] == place for other in self.nodes[place + 1 :])
        unseen = [tensor for _, tensor in tensors_in(out) if id(tensor) not in self._makers]
        if not node["block"]:
            for _, tensor in tensors_in(given):
                self._feed(tensor, place)
            return bool(unseen)
        if unseen:  # such as what a function with a gradient of its own gives
            hidden = self._node(f"{node['name']}.hidden", "hidden", "what could not be followed", 0)
            for _, tensor in tensors_in(given):
                self._feed(tensor, hidden)
            self._gather(place + 1, hidden)
            self._made(hidden, unseen)
        first = next((tensor for _, tensor in tensors_in(out)), None)
        if first is not None:
            self._shape(place, first)
            self._show(place, first)
        return False

    def _gather(self, start: int, place: int) -> None:
        """Draw arrows to a node from those before it that lead nowhere yet."""
        leading = {source for source, _ in self.edges}
        for other in range(start, place):
            if other not in leading and not self.nodes[other]["block"]:
                self.edges[other, place] = None


def is_leaf(module: nn.Module) -> bool:
    """Return whether a module is one layer: of torch.nn, with nothing inside that is called on its own."""
    own = type(module).__module__.startswith("torch.nn.")
    return own and (not module._modules or isinstance(module, nn.MultiheadAttention))


def traced(
    module: nn.Module, x: Tensor, seen: Seen | None = None
) -> tuple[list[Node], list[tuple[int, int]], Any]:
    """Run a network once and return what it calls.

    Args:
        module: The network; it is left as found.
        x: An input, shape (n, …).
        seen: Gets the place of a node and its output, the first tensor of it, as soon as that is there; a block comes
            after what is inside. It must not change the tensor.

    Returns:
        The nodes in the order in which they began; pairs (from, to) of places of nodes that hold nothing inside; and
        the output of the network.

    Raises:
        UsageError: If the network can't take the input.
    """
    tracer = Tracer(module, seen)
    with torch.no_grad(), same_randomness(), _hooked(module, tracer), tracer:
        tracer.begin(x)
        output = forward(module, x)
        tracer.end(output)
    return [Node(**node) for node in tracer.nodes], sorted(tracer.edges), output


def graph_of(module: nn.Module, x: Tensor, *, title: str = "") -> ModelGraph:
    """Return a network as a graph, nested as its modules are.

    Args:
        module: The network; it is left as found.
        x: An input, shape (n, …).
        title: What to call the network.

    Returns:
        The graph.

    Raises:
        UsageError: If the network can't take the input.
    """
    nodes, edges, _ = traced(module, x)
    return ModelGraph.of(title, nodes, edges, sum(p.numel() for p in module.parameters()))


@contextmanager
def _hooked(module: nn.Module, tracer: Tracer) -> Iterator[None]:
    """Let a tracer hear of every module but the network itself while this lasts."""
    handles = []
    try:
        for part in module.modules():
            if part is not module:
                handles.append(part.register_forward_pre_hook(tracer.enter, with_kwargs=True))
                handles.append(part.register_forward_hook(tracer.leave, with_kwargs=True))
        yield
    finally:
        for handle in handles:
            handle.remove()
