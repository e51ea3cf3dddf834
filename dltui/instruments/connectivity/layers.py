"""How layers hand permuted units on, and which of their tensors follow."""

from __future__ import annotations

from collections.abc import Callable
from math import prod

from torch import fx, nn
from torch.nn.modules import activation, batchnorm, conv, dropout, instancenorm, padding, pooling

from dltui.instruments.connectivity.follower import Follower, Lay, shape
from dltui.instruments.connectivity.groups import Row, Segment

Rule = Callable[[Follower, fx.Node, nn.Module, str, fx.Node], Lay | None]

# Layers that treat every number, or every channel (dimension 1), alike.
EACH_NUMBER = (
    nn.Identity, nn.ReLU, nn.ReLU6, nn.LeakyReLU, nn.ELU, nn.SELU, nn.CELU, nn.GELU, nn.SiLU, nn.Mish, nn.Sigmoid,
    nn.Tanh, nn.Hardtanh, nn.Hardswish, nn.Hardsigmoid, nn.Softplus, nn.Softsign, nn.LogSigmoid, nn.Tanhshrink,
    nn.Softshrink, nn.Hardshrink, nn.Threshold, nn.Softmax, nn.LogSoftmax, dropout._DropoutNd,
)  # fmt: skip
EACH_CHANNEL = (
    pooling._MaxPoolNd, pooling._AvgPoolNd, pooling._LPPoolNd, pooling._AdaptiveAvgPoolNd, pooling._AdaptiveMaxPoolNd,
    padding._ConstantPadNd, padding._ReflectionPadNd, padding._ReplicationPadNd, padding._CircularPadNd, nn.Upsample,
)  # fmt: skip


def follow_layer(
    follower: Follower, node: fx.Node, layer: nn.Module, name: str, source: fx.Node
) -> Lay | None:
    """Hand the units of a layer's input on to its output, and tie its tensors to both.

    Args:
        follower: What is known by now.
        node: The call.
        layer: The layer.
        name: Its name in the network.
        source: Its input.

    Returns:
        Where the channels of the output lie; None where the output keeps its order.
    """
    if isinstance(layer, EACH_NUMBER):
        return follower.lay(source)
    if isinstance(layer, EACH_CHANNEL):
        return _by_channel(follower, source)
    for kinds, rule in RULES:
        if isinstance(layer, kinds):
            return rule(follower, node, layer, name, source)
    follower.stop(source)
    return None


def flattened(follower: Follower, node: fx.Node, source: fx.Node) -> Lay | None:
    """Hand maps on to a row of features: a unit becomes as many neighbours as a map has pixels."""
    before, after = shape(source), shape(node)
    found = follower.lay(source)
    if found is None:
        return None
    if before == after:
        return found
    if found.dim == 1 and len(before) > 2 and after == (before[0], prod(before[1:])):
        pixels = prod(before[2:])
        return Lay(1, tuple(Segment(one.group, one.repeat * pixels) for one in found.row))
    follower.stop(source)
    return None


def _by_channel(follower: Follower, source: fx.Node) -> Lay | None:
    """Hand channels on where they lie along dimension 1, fix them elsewhere."""
    found = follower.lay(source)
    if found is not None and found.dim != 1:
        follower.stop(source)
        return None
    return found


def _linear(follower: Follower, node: fx.Node, layer: nn.Module, name: str, source: fx.Node) -> Lay:
    last = len(shape(source)) - 1
    return Lay(
        last, _mixing(follower, layer, name, follower.along(source, last), shape(node)[-1], into=1, out=0)
    )


def _conv(
    follower: Follower,
    node: fx.Node,  # noqa: ARG001
    layer: nn.Module,
    name: str,
    source: fx.Node,
) -> Lay | None:
    assert isinstance(layer, conv._ConvNd)
    into = follower.along(source, 1)
    if layer.groups == 1:
        sides = (0, 1) if layer.transposed else (1, 0)
        return Lay(1, _mixing(follower, layer, name, into, layer.out_channels, into=sides[0], out=sides[1]))
    if layer.groups == layer.in_channels == layer.out_channels:
        _claim(follower, layer, name, into, "weight", "bias")
        return Lay(1, into)
    follower.stop(source)
    return None


def _mixing(
    follower: Follower, layer: nn.Module, name: str, row: Row, size: int, *, into: int, out: int
) -> Row:
    """Tie the weights of a layer that mixes channels to its inputs and to new units."""
    made = follower.fresh(size)
    follower.spec.claim(f"{name}.weight", into, row)
    follower.spec.claim(f"{name}.weight", out, made)
    _claim(follower, layer, name, made, "bias")
    return made


def _norm(follower: Follower, node: fx.Node, layer: nn.Module, name: str, source: fx.Node) -> Lay:  # noqa: ARG001
    row = follower.along(source, 1)
    _claim(follower, layer, name, row, "weight", "bias", "running_mean", "running_var")
    return Lay(1, row)


def _group_norm(
    follower: Follower, node: fx.Node, layer: nn.Module, name: str, source: fx.Node
) -> Lay | None:
    assert isinstance(layer, nn.GroupNorm)
    if layer.num_groups in {1, layer.num_channels}:
        return _norm(follower, node, layer, name, source)
    follower.stop(source)
    return None


def _layer_norm(
    follower: Follower,
    node: fx.Node,  # noqa: ARG001
    layer: nn.Module,
    name: str,
    source: fx.Node,
) -> Lay | None:
    assert isinstance(layer, nn.LayerNorm | nn.RMSNorm)
    if len(layer.normalized_shape) > 1:
        follower.stop(source)
        return None
    last = len(shape(source)) - 1
    row = follower.along(source, last)
    _claim(follower, layer, name, row, "weight", "bias")
    return Lay(last, row)


def _prelu(follower: Follower, node: fx.Node, layer: nn.Module, name: str, source: fx.Node) -> Lay | None:
    assert isinstance(layer, nn.PReLU)
    return follower.lay(source) if layer.num_parameters == 1 else _norm(follower, node, layer, name, source)


def _embedding(follower: Follower, node: fx.Node, layer: nn.Module, name: str, source: fx.Node) -> Lay:
    assert isinstance(layer, nn.Embedding)
    follower.stop(source)
    row = follower.fresh(layer.embedding_dim)
    follower.spec.claim(f"{name}.weight", 1, row)
    return Lay(len(shape(node)) - 1, row)


def _flatten(
    follower: Follower,
    node: fx.Node,
    layer: nn.Module,  # noqa: ARG001
    name: str,  # noqa: ARG001
    source: fx.Node,
) -> Lay | None:
    return flattened(follower, node, source)


def _claim(follower: Follower, layer: nn.Module, name: str, row: Row, *tensors: str) -> None:
    """Let the first dimension of some tensors of a layer, where it has them, follow a row."""
    for tensor in tensors:
        if getattr(layer, tensor, None) is not None:
            follower.spec.claim(f"{name}.{tensor}", 0, row)


RULES: tuple[tuple[type | tuple[type, ...], Rule], ...] = (
    (nn.Linear, _linear),
    (conv._ConvNd, _conv),
    ((batchnorm._BatchNorm, instancenorm._InstanceNorm), _norm),
    (nn.GroupNorm, _group_norm),
    ((nn.LayerNorm, nn.RMSNorm), _layer_norm),
    (activation.PReLU, _prelu),
    (nn.Embedding, _embedding),
    (nn.Flatten, _flatten),
)
