"""Attention on the meta device, by the fused kernel where the CPU would take it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional
from torch.overrides import TorchFunctionMode

aten = torch.ops.aten
ATTENTION = functional.scaled_dot_product_attention
MULTI_HEAD = functional.multi_head_attention_forward


class FusedAttention(TorchFunctionMode):
    """Lets attention on the meta device take the fused kernel where the CPU would take it.

    Args:
        beside: Called with the plain way to compute the same, before the fused one; None for nothing.
        around: Called with the fused way to compute it.
    """

    def __init__(
        self,
        beside: Callable[[Callable[[], Any]], None] | None = None,
        around: Callable[[Callable[[], Any]], Any] | None = None,
    ) -> None:
        super().__init__()
        self._beside, self._around = beside, around

    def __torch_function__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        """Run one function of torch."""
        kwargs = kwargs or {}
        if func is ATTENTION:
            return self._attend(*args, **kwargs)
        if func is not MULTI_HEAD:
            return func(*args, **kwargs)
        # torch hides what is inside its own functions from modes, and looks attention up by this name
        functional.scaled_dot_product_attention = self._attend
        try:
            return func(*args, **kwargs)
        finally:
            functional.scaled_dot_product_attention = ATTENTION

    def _attend(self, *args: Any, **kwargs: Any) -> Any:
        """Compute attention."""
        fused = _fused(*args, **kwargs)
        if fused is None:
            return ATTENTION(*args, **kwargs)
        if self._beside is not None:
            self._beside(lambda: ATTENTION(*args, **kwargs))
        return fused() if self._around is None else self._around(fused)


def _fused(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attn_mask: Tensor | None = None,
    dropout_p: float = 0.0,
    is_causal: bool = False,
    scale: float | None = None,
    enable_gqa: bool = False,
) -> Callable[[], Tensor] | None:
    """Return the fused computation, or None where the CPU would not take it.

    The rule is that of ``use_flash_attention_cpp`` in aten/src/ATen/native/transformers/sdp_utils_cpp.cpp.
    """
    tensors = (query, key, value)
    if dropout_p or any(
        t.dim() != 4 or not t.is_floating_point() or t.device.type != "meta" for t in tensors
    ):
        return None
    heads = key.shape[1] == value.shape[1] and (
        query.shape[1] == key.shape[1] or (enable_gqa and not query.shape[1] % key.shape[1])
    )
    alike = (
        query.shape[0] == key.shape[0] == value.shape[0]
        and query.shape[-1] == key.shape[-1] == value.shape[-1]
    )
    filled = query.shape[2] and key.shape[2] and key.shape[2] == value.shape[2]
    dense = all(t.stride(-1) == 1 for t in (*tensors, *(() if attn_mask is None else (attn_mask,))))
    allowed = torch.backends.cuda.flash_sdp_enabled()  # type: ignore[no-untyped-call]
    if not (heads and alike and filled and dense and allowed):
        return None
    if attn_mask is not None and not _mask_fits(attn_mask, query, key):
        return None

    def fused() -> Tensor:
        mask = attn_mask
        if mask is not None and mask.dtype == torch.bool:
            mask = torch.zeros_like(mask, dtype=query.dtype)
        flash = aten._scaled_dot_product_flash_attention_for_cpu
        out: Tensor = flash(query, key, value, 0.0, is_causal, attn_mask=mask, scale=scale)[0]
        return out

    return fused


def _mask_fits(mask: Tensor, query: Tensor, key: Tensor) -> bool:
    """Return whether a mask has a shape that the fused kernel reads."""
    wanted = (query.shape[0], query.shape[1], query.shape[2], key.shape[2])
    if mask.dim() not in {2, 4}:
        return False
    return all(size in {1, want} for size, want in zip(mask.shape, wanted[-mask.dim() :], strict=True))
