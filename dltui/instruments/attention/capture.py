"""Catching the attention of any network while it runs: by listening to torch's own functions, not to classes.

Whatever a network is called and however its blocks are written, its attention passes through one of three doors:
``scaled_dot_product_attention``, ``multi_head_attention_forward`` (``nn.MultiheadAttention`` and all that is built on
it), or a softmax over the last of four dimensions. A mode of torch listens at the doors; the network stays as it is.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.overrides import TorchFunctionMode

from dltui.errors import UsageError
from dltui.instruments.features.layers import forward

SDPA = functional.scaled_dot_product_attention
MULTI_HEAD = functional.multi_head_attention_forward
SOFTMAX = (functional.softmax, torch.softmax, Tensor.softmax)
RAW = 4  # dimensions of attention that is written out: batch, heads, queries, keys


@dataclass(frozen=True, eq=False)
class Site:
    """One attention of a network.

    Attributes:
        name: The module in which it happens.
        weights: What each query takes from each key, shape (heads, queries, keys); rows add up to 1.
    """

    name: str
    weights: Tensor


def catch(module: nn.Module, x: Tensor) -> list[Site]:
    """Run a network on one input and return its attention.

    Args:
        module: The network; it is left as found.
        x: One input, shape (1, …).

    Returns:
        Every attention in the order of computation.

    Raises:
        DltuiError: If the network has none.
    """
    listener = _Listener()
    with torch.no_grad(), _named(module, listener.path), listener:
        forward(module, x)
    if not listener.sites:
        raise UsageError(
            f"{type(module).__name__} has no attention: expected scaled_dot_product_attention, "
            "nn.MultiheadAttention, or a softmax over (batch, heads, queries, keys); try gpt or vit"
        )
    return listener.sites


class _Listener(TorchFunctionMode):
    """Computes and keeps the weights wherever attention is computed."""

    def __init__(self) -> None:
        super().__init__()
        self.path: list[str] = []
        self.sites: list[Site] = []

    def __torch_function__(
        self, func: Callable[..., Any], types: Any, args: tuple[Any, ...] = (), kwargs: Any = None
    ) -> Any:
        """Let a function of torch do its work, and look at what passes."""
        kwargs = kwargs or {}
        if func is SDPA:
            self._keep(weights_of(*args, **kwargs))
        elif func is MULTI_HEAD:
            return self._multi_head(args, kwargs)
        found = func(*args, **kwargs)
        if func in SOFTMAX and isinstance(found, Tensor) and found.ndim == RAW and _last(args, kwargs):
            self._keep(found)
        return found

    def _multi_head(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Tensor, Tensor | None]:
        """Ask for the weights of every head, and give back what the caller asked for."""
        bound = inspect.signature(MULTI_HEAD).bind(*args, **kwargs)
        bound.apply_defaults()
        asked, averaged = bound.arguments["need_weights"], bound.arguments["average_attn_weights"]
        bound.arguments |= {"need_weights": True, "average_attn_weights": False}
        output, weights = MULTI_HEAD(*bound.args, **bound.kwargs)
        assert weights is not None
        self._keep(weights)
        if not asked:
            return output, None
        return output, weights.mean(dim=-3) if averaged else weights

    def _keep(self, weights: Tensor) -> None:
        """Keep the weights of one attention, all leading dimensions as heads."""
        heads = (
            weights.detach().float().flatten(0, -3) if weights.ndim > 2 else weights.detach().float()[None]
        )
        self.sites.append(Site(self.path[-1] if self.path else "", heads.cpu()))


def weights_of(
    query: Tensor,
    key: Tensor,
    value: Tensor,  # noqa: ARG001 - the signature is torch's own
    attn_mask: Tensor | None = None,
    dropout_p: float = 0.0,  # noqa: ARG001
    is_causal: bool = False,
    scale: float | None = None,
    enable_gqa: bool = False,
) -> Tensor:
    """Return softmax(q·kᵀ/√d + mask), the weights that ``scaled_dot_product_attention`` does not give.

    Args:
        query: Shape (…, T, d).
        key: Shape (…, S, d).
        value: Shape (…, S, e); not needed.
        attn_mask: What is added to the scores, or where truth tells who is seen.
        dropout_p: Not applied: what is dropped in training is no property of the network.
        is_causal: Whether queries see no later keys.
        scale: What the products are multiplied by; 1/√d when None.
        enable_gqa: Whether fewer keys than queries are shared in groups.

    Returns:
        Shape (…, T, S); a query that sees nothing has zeros.
    """
    if enable_gqa:
        key = key.repeat_interleave(query.shape[-3] // key.shape[-3], dim=-3)
    scores = query @ key.transpose(-2, -1) * (query.shape[-1] ** -0.5 if scale is None else scale)
    if is_causal:
        seen = torch.ones(scores.shape[-2:], dtype=torch.bool, device=scores.device).tril()
        scores = scores.masked_fill(~seen, -torch.inf)
    if attn_mask is not None:
        if attn_mask.dtype is torch.bool:
            scores = scores.masked_fill(~attn_mask, -torch.inf)
        else:
            scores = scores + attn_mask
    blind = (scores == -torch.inf).all(dim=-1, keepdim=True)
    return scores.masked_fill(blind, 0).softmax(dim=-1).masked_fill(blind, 0)


def _last(args: tuple[Any, ...], kwargs: dict[str, Any]) -> bool:
    """Return whether a softmax goes over the last dimension."""
    dim = kwargs.get("dim", args[1] if len(args) > 1 else None)
    return dim in {-1, RAW - 1}


@contextmanager
def _named(module: nn.Module, path: list[str]) -> Iterator[None]:
    """Keep in ``path`` which modules are running, the innermost last; nothing is left on them afterwards."""
    handles = []
    try:
        for name, part in module.named_modules():
            handles.append(part.register_forward_pre_hook(_enter(path, name)))
            handles.append(part.register_forward_hook(_leave(path)))
        yield
    finally:
        for handle in handles:
            handle.remove()


def _enter(path: list[str], name: str) -> Callable[..., None]:
    def enter(*_: object) -> None:
        path.append(name)

    return enter


def _leave(path: list[str]) -> Callable[..., None]:
    def leave(*_: object) -> None:
        path.pop()

    return leave
