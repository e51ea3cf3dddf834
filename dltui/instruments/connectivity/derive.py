"""Which units of a network can be permuted, read off its own forward pass.

The module is traced by torch.fx, and every tensor of the trace is given the row of its channels: dimension 1 of maps
(n, C, H, W), the last dimension of what linear layers give. A layer that mixes channels begins a new group and ties
its weights to the groups before and after it; elementwise layers pass the row on; sums join rows. An operation that is
not known here fixes the rows that it touches, so that a derived specification is never wrong, only poorer. That the
function of the network stays the same is measured nevertheless, wherever it is used.
"""

from __future__ import annotations

import torch
from torch import Tensor, fx, nn
from torch.fx.passes.shape_prop import ShapeProp

from dltui.errors import UsageError
from dltui.instruments.connectivity.calls import follow_call
from dltui.instruments.connectivity.follower import Follower, shape
from dltui.instruments.connectivity.groups import Spec
from dltui.instruments.connectivity.layers import follow_layer
from dltui.objective import Twin


def derive(twin: Twin, inputs: Tensor) -> Spec:
    """Return which units of a network can be permuted without a change of its function.

    Args:
        twin: A copy of the network, in eval mode.
        inputs: A few inputs, shape (b, ...).

    Returns:
        Groups of units, and the tensors that follow them.

    Raises:
        DltuiError: If the forward pass can't be traced.
    """
    name = type(twin.module).__name__
    try:
        traced = fx.symbolic_trace(twin.module)
        with torch.no_grad():
            ShapeProp(traced).propagate(inputs)
    except Exception as error:  # a forward pass may do anything while it is traced
        reason = str(error).strip().partition("\n")[0]
        raise UsageError(
            f"can't tell which units of {name} may be permuted: its forward pass can't be traced ({reason}); expected "
            "one without branches that depend on tensors; leave --align out"
        ) from error
    follower = Follower()
    for node in traced.graph.nodes:
        _follow(follower, node, traced)
    _tie(follower.spec, twin.module)
    return follower.spec


def _follow(follower: Follower, node: fx.Node, traced: fx.GraphModule) -> None:
    """Take one node of the trace in."""
    found = None
    tensors = [one for one in node.all_input_nodes if shape(one)]
    if node.op == "call_module" and len(tensors) == 1 and len(node.all_input_nodes) == 1:
        name = str(node.target)
        found = follow_layer(follower, node, traced.get_submodule(name), name, tensors[0])
    elif node.op in {"call_function", "call_method"}:
        found = follow_call(follower, node)
    else:
        follower.stop(*tensors)  # the output, and layers of several inputs
    if found is not None:
        follower.lays[node] = found


def _tie(spec: Spec, module: nn.Module) -> None:
    """Let every name of a tensor that has several follow all the rows of each."""
    names: dict[int, list[str]] = {}
    for name, tensor in module.state_dict(keep_vars=True).items():
        names.setdefault(id(tensor), []).append(name)
    for several in names.values():
        for name in several[1:]:
            for dim, row in spec.rows.get(name, {}).items():
                spec.claim(several[0], dim, row)
        for name in several[1:]:
            if several[0] in spec.rows:
                spec.rows[name] = spec.rows[several[0]]
