"""Attention on the meta device, by the fused kernel where the CPU would take it."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional

aten = torch.ops.aten
ATTENTION = functional.scaled_dot_product_attention


def fused_attention(
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

    The rule is that of ``use_flash_attention_cpp`` in aten/src/ATen/native/transformers/sdp_utils_cpp.cpp, the
    arguments those of ``torch.nn.functional.scaled_dot_product_attention``.

    Returns:
        What computes it.
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
