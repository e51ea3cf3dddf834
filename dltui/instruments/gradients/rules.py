"""What the gradient of one sample looks like in each kind of layer.

Every rule takes how a module was used and the gradient at its output, and returns the gradients of its parameters by
name, one a sample, in the cheapest form. Legend of shapes: b samples, t positions, i inputs, o outputs, c channels.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import prod
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from dltui.instruments.gradients.parts import Outer, Part, Rows, Single, Written


@dataclass(frozen=True)
class Use:
    """How one module was used in a forward pass.

    Attributes:
        module: The module that owns the parameters.
        inputs: What went in, each of shape (b, ...).
        trained: Names of its parameters that are trained.
    """

    module: Any
    inputs: tuple[Tensor, ...]
    trained: frozenset[str]

    @property
    def input(self) -> Tensor:
        """The first thing that went in, shape (b, ...)."""
        return self.inputs[0]


SHORT = 8  # positions in a row, below which a copy of strided patches is slower than torch's own unfold

Parts = dict[str, Callable[[], Part]]  # made only where the parameter is trained
Rule = Callable[[Use, Tensor], Parts]


def _linear(use: Use, gradient: Tensor) -> Parts:
    if gradient.ndim == 2:
        g = Written(gradient)
        return {"weight": lambda: Single(use.input, g), "bias": lambda: g}
    g_bto = gradient.reshape(len(gradient), -1, gradient.shape[-1])
    a_bti = use.input.reshape(len(use.input), -1, use.input.shape[-1])
    return {
        "weight": lambda: Outer(a_bti, g_bto),
        "bias": lambda: Written(g_bto.sum(1) if g_bto.shape[1] > 1 else g_bto[:, 0]),
    }


def _bilinear(use: Use, gradient: Tensor) -> Parts:
    """The map is linear in the products of both inputs."""
    one, two = (x.reshape(len(x), -1, x.shape[-1]) for x in use.inputs)
    g_bto = gradient.reshape(len(gradient), -1, gradient.shape[-1])
    a_bti = (one.unsqueeze(3) * two.unsqueeze(2)).flatten(2)
    return {
        "weight": lambda: Outer(a_bti, g_bto),
        "bias": lambda: Written(g_bto.sum(1) if g_bto.shape[1] > 1 else g_bto[:, 0]),
    }


def _conv(use: Use, gradient: Tensor) -> Parts:
    conv = use.module
    mode = "constant" if conv.padding_mode == "zeros" else conv.padding_mode
    padding = [int(size) for size in conv._reversed_padding_repeated_twice]
    x = functional.pad(use.input, padding, mode) if any(padding) else use.input
    return {
        "weight": lambda: Outer(
            patches(x, conv).reshape(len(x) * conv.groups, -1, _positions(gradient)).mT,
            gradient.reshape(len(x) * conv.groups, conv.out_channels // conv.groups, -1).mT,
            conv.groups,
        ),
        "bias": lambda: _shift(gradient),
    }


def _transposed(use: Use, gradient: Tensor) -> Parts:
    """A transposed convolution swaps what goes in with what comes out: the patches are those of the gradient."""
    conv, x = use.module, use.input
    sides = zip(reversed(conv.padding), reversed(conv.output_padding), strict=True)
    padded = functional.pad(gradient, [size for pad, more in sides for size in (pad, pad - more)])
    return {
        "weight": lambda: Outer(
            patches(padded, conv).reshape(len(x) * conv.groups, -1, _positions(x)).mT,
            x.reshape(len(x) * conv.groups, conv.in_channels // conv.groups, -1).mT,
            conv.groups,
        ),
        "bias": lambda: _shift(gradient),
    }


def _positions(x: Tensor) -> int:
    """Return how many positions a picture or signal of shape (b, c, ...) has."""
    return prod(x.shape[2:])


def patches(x: Tensor, conv: Any) -> Tensor:
    """Return what a convolution's kernel sees at each position, of an input that is padded already.

    Args:
        x: Shape (b, c, ...) with one to three dimensions of space.
        conv: Tells kernel, dilation and stride.

    Returns:
        Shape (b, c·kernel, t).
    """
    kernel, dilation, stride = conv.kernel_size, conv.dilation, conv.stride
    if _positions_of_one(kernel, stride):
        return x.flatten(2)
    rows = [(n - gap * (size - 1) - 1) // step + 1 for n, size, gap, step in _sides(x, conv)]
    if x.ndim == 4 and rows[-1] < SHORT:
        return functional.unfold(x, kernel, dilation=dilation, stride=stride)
    for place, (_, size, gap, step) in enumerate(_sides(x, conv), start=2):
        x = x.unfold(place, gap * (size - 1) + 1, step)[..., ::gap]
    spaces = x.ndim // 2 - 1
    order = (0, 1, *range(2 + spaces, 2 + 2 * spaces), *range(2, 2 + spaces))
    return x.permute(order).reshape(x.shape[0], x.shape[1] * prod(kernel), -1)


def _sides(x: Tensor, conv: Any) -> list[tuple[int, int, int, int]]:
    """Return size, kernel, dilation and stride along each dimension of space."""
    return list(zip(x.shape[2:], conv.kernel_size, conv.dilation, conv.stride, strict=True))


def _positions_of_one(kernel: tuple[int, ...], stride: tuple[int, ...]) -> bool:
    """Return whether each patch is a single pixel and none is skipped, so that nothing needs to be copied."""
    return set(kernel) == {1} and set(stride) == {1}


def _batch_norm(use: Use, gradient: Tensor) -> Parts:
    norm = use.module
    shape = (1, -1, *[1] * (use.input.ndim - 2))
    scale = (norm.running_var + norm.eps).rsqrt().view(shape)
    return _channels(lambda: (use.input - norm.running_mean.view(shape)) * scale, gradient)


def _instance_norm(use: Use, gradient: Tensor) -> Parts:
    if use.module.running_mean is not None:
        return _batch_norm(use, gradient)
    return _channels(lambda: functional.instance_norm(use.input, eps=use.module.eps), gradient)


def _group_norm(use: Use, gradient: Tensor) -> Parts:
    norm = use.module
    return _channels(lambda: functional.group_norm(use.input, norm.num_groups, eps=norm.eps), gradient)


def _channels(normed: Callable[[], Tensor], gradient: Tensor) -> Parts:
    """Return the parts of a scale and a shift of each channel."""
    return {
        "weight": lambda: (
            Written((normed() * gradient).flatten(2).sum(2))
            if gradient.ndim > 2
            else Written(normed() * gradient)
        ),
        "bias": lambda: _shift(gradient),
    }


def _shift(gradient: Tensor) -> Written:
    """Return the gradients of a shift of each channel."""
    return Written(gradient.flatten(2).sum(2) if gradient.ndim > 2 else gradient)


def _layer_norm(use: Use, gradient: Tensor) -> Parts:
    norm = use.module
    return _last(
        norm, lambda: functional.layer_norm(use.input, norm.normalized_shape, eps=norm.eps), gradient
    )


def _rms_norm(use: Use, gradient: Tensor) -> Parts:
    norm = use.module
    return _last(norm, lambda: functional.rms_norm(use.input, norm.normalized_shape, eps=norm.eps), gradient)


def _last(norm: Any, normed: Callable[[], Tensor], gradient: Tensor) -> Parts:
    """Return the parts of a scale and a shift of each number in the last dimensions."""
    shape = (len(gradient), -1, prod(norm.normalized_shape))
    return {
        "weight": lambda: Written((normed() * gradient).reshape(shape).sum(1)),
        "bias": lambda: Written(gradient.reshape(shape).sum(1)),
    }


def _prelu(use: Use, gradient: Tensor) -> Parts:
    def weight() -> Written:
        slopes = (use.input.clamp(max=0) * gradient).reshape(*use.input.shape[:2], -1).sum(2)
        return Written(slopes if use.module.num_parameters > 1 else slopes.sum(1, keepdim=True))

    return {"weight": weight}


def _embedding(use: Use, gradient: Tensor) -> Parts:
    ids_bt = use.input.reshape(len(use.input), -1)
    g_bte = gradient.reshape(*ids_bt.shape, -1)
    if use.module.padding_idx is not None:
        g_bte = g_bte * (ids_bt != use.module.padding_idx).unsqueeze(2)
    return {"weight": lambda: Rows(ids_bt, g_bte)}


RULES: dict[type[nn.Module], Rule] = {
    nn.Linear: _linear,
    nn.Bilinear: _bilinear,
    nn.Conv1d: _conv,
    nn.Conv2d: _conv,
    nn.Conv3d: _conv,
    nn.ConvTranspose1d: _transposed,
    nn.ConvTranspose2d: _transposed,
    nn.ConvTranspose3d: _transposed,
    nn.BatchNorm1d: _batch_norm,
    nn.BatchNorm2d: _batch_norm,
    nn.BatchNorm3d: _batch_norm,
    nn.InstanceNorm1d: _instance_norm,
    nn.InstanceNorm2d: _instance_norm,
    nn.InstanceNorm3d: _instance_norm,
    nn.GroupNorm: _group_norm,
    nn.LayerNorm: _layer_norm,
    nn.RMSNorm: _rms_norm,
    nn.PReLU: _prelu,
    nn.Embedding: _embedding,
}


def follows(module: nn.Module) -> bool:
    """Return whether a rule knows this module, used as it stands: each sample on its own, gradients as they are."""
    if type(module) not in RULES:
        return False
    odd: Any = module
    special = any(getattr(odd, name, None) for name in ("max_norm", "scale_grad_by_freq", "sparse"))
    return not special and not mixes(module) and not torch.nn.utils.parametrize.is_parametrized(module)


def mixes(module: nn.Module) -> bool:
    """Return whether a module normalises each sample by statistics of its whole batch."""
    if not isinstance(module, nn.modules.batchnorm._BatchNorm):
        return False
    return module.training or module.running_mean is None
