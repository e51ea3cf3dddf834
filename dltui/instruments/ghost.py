"""Per-sample gradient norms without per-sample gradients ("ghost norms").

The gradient of one sample's loss with respect to the weight of a linear map is g aᵀ, a the input and g the gradient at
the output, so its squared norm is ‖a‖²‖g‖² (Goodfellow 2015, arXiv:1510.01799). Where the weight is used at T
positions, it is ‖Σₜ gₜ aₜᵀ‖² = Σₜₛ (aₜ·aₛ)(gₜ·gₛ), and whichever side is cheaper is computed (Bu et al. 2022,
arXiv:2205.10683). One forward pass and one backward pass to the activations give the norms of all samples at once.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from dltui.objective import Objective, Twin


class UncoveredError(Exception):
    """A parameter is used in a way that no rule here knows."""


@dataclass(frozen=True)
class Use:
    """How one module was used in a forward pass.

    Attributes:
        module: The module that owns the parameters.
        input: What went in, shape (b, ...).
        weight: Whether its weight is trained.
        bias: Whether its bias is trained.
    """

    module: Any
    input: Tensor
    weight: bool
    bias: bool


Rule = Callable[[Use, Tensor], Tensor]  # (use, gradient at the output) -> squared norms, shape (b,)


class Ghost:
    """Listens to a twin and adds up the squared gradient norm of every sample.

    Legend of shapes: b samples, t positions, i inputs, o outputs, c channels.
    """

    def __init__(self, objective: Objective, twin: Twin) -> None:
        self._objective, self._twin = objective, twin
        self._leaves: list[Tensor] = []
        self._called: set[nn.Module] = set()
        self._squares = twin.flat.new_zeros(0)
        trained = {id(parameter) for parameter in twin.parameters}
        twin.module.requires_grad_(False)
        for module in _owners(twin.module, trained):
            module.register_forward_hook(self._listen(module, trained))

    def __call__(self, x: Tensor, y: Tensor) -> Tensor:
        """Return ‖∇ℓᵢ‖ of every sample of a block, shape (b,).

        Args:
            x: Inputs, shape (b, ...).
            y: Targets, shape (b, ...).

        Returns:
            The norms, float64.
        """
        self._leaves, self._called = [], set()
        self._squares = x.new_zeros(len(x), dtype=self._twin.flat.dtype)
        total = self._objective.loss(self._twin, x, y) * len(x)
        torch.autograd.grad(total, self._leaves)
        return self._squares.sqrt().double()

    def _listen(self, module: nn.Module, trained: set[int]) -> Callable[..., Tensor]:
        """Return the hook that is called after each forward pass of ``module``."""
        weight, bias = (id(getattr(module, name, None)) in trained for name in ("weight", "bias"))
        rule = RULES[type(module)]

        def hook(_: nn.Module, inputs: tuple[Tensor, ...], output: Tensor) -> Tensor:
            if module in self._called:
                raise UncoveredError(f"{type(module).__name__} is used twice")
            self._called.add(module)
            use = Use(module, inputs[0].detach(), weight, bias)
            version = use.input._version

            def add(gradient: Tensor) -> None:
                if use.input._version != version:
                    raise UncoveredError(f"the input of {type(module).__name__} is overwritten")
                self._squares += rule(use, gradient)

            if not output.requires_grad:  # nothing before this module is trained: the backward pass ends here
                leaf = output.detach().requires_grad_()
                self._leaves.append(leaf)
                output = leaf.clone()
            output.register_hook(add)  # type: ignore[no-untyped-call]
            return output

        return hook


def _owners(module: nn.Module, trained: set[int]) -> list[nn.Module]:
    """Return the modules that own the trained parameters.

    Raises:
        UncoveredError: If a parameter is shared, or its owner is of a kind that no rule knows.
    """
    owners: list[nn.Module] = []
    seen: set[int] = set()
    for owner in module.modules():
        own = {id(p) for p in owner.parameters(recurse=False)} & trained
        if not own:
            continue
        known = type(owner) in RULES and not getattr(owner, "max_norm", None) and _plain(owner)
        if own & seen or not known:
            raise UncoveredError(f"{type(owner).__name__} is shared or of an unknown kind")
        seen |= own
        owners.append(owner)
    return owners


def _plain(owner: nn.Module) -> bool:
    """Tell whether a module treats each sample on its own and scales its gradients in no special way."""
    mixes = isinstance(owner, nn.modules.batchnorm._BatchNorm) and (
        owner.training or owner.running_mean is None
    )
    return (
        not mixes and not getattr(owner, "scale_grad_by_freq", False) and not getattr(owner, "sparse", False)
    )


def outer(a_bti: Tensor, g_bto: Tensor) -> Tensor:
    """Return ‖Σₜ gₜ aₜᵀ‖² for each sample, by the cheaper of the two ways.

    Args:
        a_bti: Inputs, shape (b, t, i).
        g_bto: Gradients at the outputs, shape (b, t, o).

    Returns:
        Squared norms, shape (b,).
    """
    positions, inputs, outputs = a_bti.shape[1], a_bti.shape[2], g_bto.shape[2]
    if positions == 1:
        return a_bti.square().sum((1, 2)) * g_bto.square().sum((1, 2))
    if inputs * outputs <= positions * (inputs + outputs):
        return (g_bto.mT @ a_bti).square().sum((1, 2))
    return ((a_bti @ a_bti.mT) * (g_bto @ g_bto.mT)).sum((1, 2))


def _linear(use: Use, gradient: Tensor) -> Tensor:
    a_bti = use.input.reshape(len(use.input), -1, use.input.shape[-1])
    g_bto = gradient.reshape(len(gradient), -1, gradient.shape[-1])
    return _sum(use, lambda: outer(a_bti, g_bto), lambda: g_bto.sum(1).square().sum(1))


def _conv(use: Use, gradient: Tensor) -> Tensor:
    conv, x, g = use.module, use.input, gradient
    if x.ndim == 3:  # one dimension is two of height 1
        x, g = x.unsqueeze(2), g.unsqueeze(2)
    mode = "constant" if conv.padding_mode == "zeros" else conv.padding_mode
    padding = list(conv._reversed_padding_repeated_twice)
    if mode != "constant" and conv.weight.ndim == 3:
        x = functional.pad(use.input, padding, mode).unsqueeze(2)
    else:
        x = functional.pad(x, padding, mode)
    two = (lambda size: (1, *size)) if conv.weight.ndim == 3 else tuple
    kernel, dilation, stride = two(conv.kernel_size), two(conv.dilation), two(conv.stride)
    u_bit = functional.unfold(x, kernel, dilation, 0, stride)
    b, groups = len(x), conv.groups
    a = u_bit.reshape(b * groups, -1, u_bit.shape[2]).mT
    g_bot = g.reshape(b * groups, conv.out_channels // groups, -1)
    return _sum(
        use, lambda: outer(a, g_bot.mT).reshape(b, groups).sum(1), lambda: g.flatten(2).sum(2).square().sum(1)
    )


def _batch_norm(use: Use, gradient: Tensor) -> Tensor:
    norm = use.module
    shape = (1, -1, *[1] * (use.input.ndim - 2))
    scale = (norm.running_var + norm.eps).rsqrt().view(shape)
    return _channels(use, (use.input - norm.running_mean.view(shape)) * scale, gradient)


def _group_norm(use: Use, gradient: Tensor) -> Tensor:
    return _channels(
        use, functional.group_norm(use.input, use.module.num_groups, eps=use.module.eps), gradient
    )


def _channels(use: Use, normed: Tensor, gradient: Tensor) -> Tensor:
    """Return the squared norms for a scale and a shift of each channel."""
    n_bct, g_bct = normed.reshape(*normed.shape[:2], -1), gradient.reshape(*gradient.shape[:2], -1)
    return _sum(use, lambda: (n_bct * g_bct).sum(2).square().sum(1), lambda: g_bct.sum(2).square().sum(1))


def _layer_norm(use: Use, gradient: Tensor) -> Tensor:
    shape = use.module.normalized_shape
    normed = functional.layer_norm(use.input, shape, eps=use.module.eps)
    n_btc, g_btc = (t.reshape(len(t), -1, torch.Size(shape).numel()) for t in (normed, gradient))
    return _sum(use, lambda: (n_btc * g_btc).sum(1).square().sum(1), lambda: g_btc.sum(1).square().sum(1))


def _embedding(use: Use, gradient: Tensor) -> Tensor:
    """Rows that a sample uses several times add up before they are squared."""
    ids_bt = use.input.reshape(len(use.input), -1)
    g_bte = gradient.reshape(*ids_bt.shape, -1)
    if use.module.padding_idx is not None:
        g_bte = g_bte * (ids_bt != use.module.padding_idx).unsqueeze(2)
    same_btt = ids_bt.unsqueeze(1) == ids_bt.unsqueeze(2)
    return ((g_bte @ g_bte.mT) * same_btt).sum((1, 2))


def _sum(use: Use, weight: Callable[[], Tensor], bias: Callable[[], Tensor]) -> Tensor:
    """Return the parts that are trained, added up."""
    parts = [part() for part, wanted in ((weight, use.weight), (bias, use.bias)) if wanted]
    return torch.stack(parts).sum(0)


RULES: dict[type[nn.Module], Rule] = {
    nn.Linear: _linear,
    nn.Conv1d: _conv,
    nn.Conv2d: _conv,
    nn.BatchNorm1d: _batch_norm,
    nn.BatchNorm2d: _batch_norm,
    nn.BatchNorm3d: _batch_norm,
    nn.GroupNorm: _group_norm,
    nn.LayerNorm: _layer_norm,
    nn.Embedding: _embedding,
}
