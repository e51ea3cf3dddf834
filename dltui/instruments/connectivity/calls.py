"""How functions and methods of tensors hand permuted units on."""

from __future__ import annotations

from collections.abc import Callable

from torch import fx

from dltui.instruments.connectivity.follower import Follower, Lay, shape, still
from dltui.instruments.connectivity.groups import Row, join
from dltui.instruments.connectivity.layers import flattened

Rule = Callable[[Follower, fx.Node, fx.Node], Lay | None]

EACH_NUMBER = frozenset((
    "relu", "relu_", "relu6", "leaky_relu", "elu", "selu", "celu", "gelu", "silu", "mish", "sigmoid",
    "tanh", "hardtanh", "hardswish", "hardsigmoid", "softplus", "softsign", "logsigmoid", "dropout",
    "dropout1d", "dropout2d", "softmax", "log_softmax", "neg", "abs", "exp", "log", "sqrt", "square", "pow",
    "clamp", "clone", "contiguous", "float", "double", "half", "to", "detach",
))  # fmt: skip
EACH_CHANNEL = frozenset((
    "max_pool1d", "max_pool2d", "max_pool3d", "avg_pool1d", "avg_pool2d", "avg_pool3d",
    "adaptive_avg_pool1d", "adaptive_avg_pool2d", "adaptive_avg_pool3d", "adaptive_max_pool1d",
    "adaptive_max_pool2d", "adaptive_max_pool3d", "interpolate",
))  # fmt: skip
SUMS = frozenset((
    "add", "add_", "iadd", "sub", "isub", "mul", "imul", "div", "truediv", "maximum", "minimum",
))  # fmt: skip
RESHAPES = frozenset(["flatten", "view", "reshape"])
MEANS = frozenset(["mean", "sum", "amax", "amin"])


def follow_call(follower: Follower, node: fx.Node) -> Lay | None:
    """Hand units on through a function or a method.

    Args:
        follower: What is known by now.
        node: The call.

    Returns:
        Where the channels of the result lie; None where it keeps its order.
    """
    name = node.target if isinstance(node.target, str) else getattr(node.target, "__name__", "")
    tensors = [one for one in node.all_input_nodes if shape(one)]
    if not shape(node) and not isinstance(node.meta.get("tensor_meta"), tuple):
        return None  # a shape, a size: no numbers of the tensor
    rule = _rule(name)
    if rule is None or not tensors or not shape(node):
        follower.stop(*tensors)
        return None
    return rule(follower, node, tensors[0])


def _rule(name: str) -> Rule | None:
    """Return how a call of that name hands units on."""
    if name in EACH_NUMBER:
        return lambda follower, node, source: (
            follower.lay(source) if len(node.all_input_nodes) == 1 else _stop(follower, node)
        )
    if name in EACH_CHANNEL:
        return _by_channel
    if name in SUMS:
        return _sum
    if name in RESHAPES:
        return flattened
    if name in MEANS:
        return _mean
    return {"cat": _cat, "concat": _cat, "pad": _pad, "getitem": _part}.get(name)


def _stop(follower: Follower, node: fx.Node, source: fx.Node | None = None) -> Lay | None:  # noqa: ARG001
    """Fix all that goes into a call; what comes out keeps its order."""
    follower.stop(*node.all_input_nodes)
    return None


def _by_channel(follower: Follower, node: fx.Node, source: fx.Node) -> Lay | None:  # noqa: ARG001
    found = follower.lay(source)
    if found is not None and found.dim != 1:
        follower.stop(source)
        return None
    return found


def _sum(follower: Follower, node: fx.Node, source: fx.Node) -> Lay | None:
    """Join the rows of two tensors that are added, or multiplied, number by number."""
    tensors = [one for one in node.args if shape(one)]
    if len(tensors) < 2:
        return follower.lay(source)
    first, second = (follower.lay(one) for one in tensors[:2])
    alike = first is not None and second is not None and first.dim == second.dim
    ranks = {len(shape(one)) for one in tensors[:2]}
    if first is None or second is None or not alike or len(ranks) > 1 or not join(first.row, second.row):
        _stop(follower, node)
        return None
    return first


def _mean(follower: Follower, node: fx.Node, source: fx.Node) -> Lay | None:
    """Hand channels on through a mean over other dimensions."""
    found, rank = follower.lay(source), len(shape(source))
    dims = node.kwargs.get("dim", node.args[1] if len(node.args) > 1 else None)
    listed = [dims] if isinstance(dims, int) else list(dims) if isinstance(dims, tuple | list) else None
    if found is None or listed is None or not all(isinstance(dim, int) for dim in listed):
        follower.stop(source)
        return None
    gone = {dim % rank for dim in listed if isinstance(dim, int)}
    if found.dim in gone:
        follower.stop(source)
        return None
    kept = len(shape(node)) == rank
    return found if kept else Lay(found.dim - sum(dim < found.dim for dim in gone), found.row)


def _cat(follower: Follower, node: fx.Node, source: fx.Node) -> Lay | None:  # noqa: ARG001
    """Put the rows of several tensors side by side."""
    dim = node.kwargs.get("dim", node.args[1] if len(node.args) > 1 else 0)
    tensors = node.args[0]
    if not isinstance(dim, int) or not isinstance(tensors, list | tuple):
        return _stop(follower, node)
    along = dim % len(shape(node))
    row: Row = ()
    for one in tensors:
        if not isinstance(one, fx.Node):
            return _stop(follower, node)
        found = follower.lay(one)
        if found is not None and found.dim != along:
            return _stop(follower, node)
        row += still(shape(one)[along]) if found is None else found.row
    return Lay(along, row)


def _pad(follower: Follower, node: fx.Node, source: fx.Node) -> Lay | None:
    """Put channels of a constant beside a row, which may be permuted as one likes."""
    found = follower.lay(source)
    if found is None:
        return None
    sizes = node.kwargs.get("pad", node.args[1] if len(node.args) > 1 else None)
    mode = node.kwargs.get("mode", node.args[2] if len(node.args) > 2 else "constant")
    place = 2 * (len(shape(source)) - 1 - found.dim)
    if not isinstance(sizes, tuple | list) or not all(isinstance(size, int) for size in sizes):
        return _stop(follower, node)
    before, after = (*sizes[place : place + 2], 0, 0)[:2]
    if not (before or after):
        return found
    if (
        mode != "constant"
        or not isinstance(before, int)
        or not isinstance(after, int)
        or min(before, after) < 0
    ):
        return _stop(follower, node)
    left, right = (follower.fresh(size) if size else () for size in (before, after))
    return Lay(found.dim, (*left, *found.row, *right))


def _part(follower: Follower, node: fx.Node, source: fx.Node) -> Lay | None:
    """Hand channels on through slices along other dimensions."""
    found, picked = follower.lay(source), node.args[1]
    if found is None:
        return None
    whole = (
        isinstance(picked, tuple)
        and all(isinstance(one, slice) for one in picked)
        and (len(picked) <= found.dim or picked[found.dim] == slice(None))
    )
    if not whole:
        return _stop(follower, node)
    return found
