"""What attention costs as sequences grow: products, memory of the scores, cache."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from dltui.shapes.decoder import Decoder
from dltui.shapes.report import BYTES, ShapeError


@dataclass(frozen=True, slots=True)
class AttentionCost:
    """One length of a sequence.

    Attributes:
        tokens: Tokens L.
        pairs: Pairs of query and key that are looked at, of one head.
        score_macs: Multiply-accumulates of Q·Kᵀ and P·V, all layers and heads.
        projection_macs: Those of the projections to q, k, v and out.
        plain_bytes: Probabilities of one layer, as plain attention keeps them for the backward pass.
        flash_bytes: One float32 a query and head, which FlashAttention keeps instead.
        cache_bytes: KV cache of all layers.
    """

    tokens: int
    pairs: int
    score_macs: int
    projection_macs: int
    plain_bytes: int
    flash_bytes: int
    cache_bytes: int

    def document(self) -> dict[str, Any]:
        """Return plain numbers."""
        return {key: getattr(self, key) for key in self.__slots__}


def attention_cost(
    model: Decoder,
    tokens: int,
    *,
    batch: int = 1,
    dtype: str = "bfloat16",
    causal: bool = False,
    window: int | None = None,
) -> AttentionCost:
    """Return what attention over a whole sequence costs.

    FlashAttention (Dao et al. 2022, arXiv:2205.14135) looks at as many pairs and never holds the L × L scores.

    Args:
        model: Sizes of layers and heads.
        tokens: Length of the sequence.
        batch: Sequences.
        dtype: Type of probabilities and cache.
        causal: Whether a token sees only those before it and itself, and a kernel leaves the others out.
        window: How many tokens back a token sees, itself counted; all when None.

    Returns:
        Products, bytes and cache.

    Raises:
        ShapeError: If a number is below 1.
    """
    for key, value in (("tokens", tokens), ("batch", batch), ("window", window)):
        if value is not None and value < 1:
            raise ShapeError(f"{key} must be at least 1, not {value}", key)
    if window is not None and not causal:
        raise ShapeError("a window needs causal attention; give --causal", "window")
    size, heads = BYTES[dtype], model.heads
    seen = seen_pairs(tokens, causal, window)
    query = heads * model.each
    projections = 2 * model.hidden * (query + model.shared * model.each)
    return AttentionCost(
        tokens,
        seen,
        2 * batch * model.layers * heads * seen * model.each,
        batch * tokens * model.layers * projections,
        batch * heads * tokens * tokens * size,
        batch * heads * tokens * 4,
        batch * model.cache_numbers(tokens, window) * size,
    )


def seen_pairs(tokens: int, causal: bool, window: int | None = None) -> int:
    """Return how many pairs of query and key one head looks at.

    Args:
        tokens: Tokens L.
        causal: Whether a token sees only those before it and itself: L·(L + 1)/2.
        window: At most so many of them, itself counted.

    Returns:
        Pairs.
    """
    if not causal:
        return tokens * tokens
    wide = tokens if window is None else min(window, tokens)
    return wide * (wide + 1) // 2 + (tokens - wide) * wide


def turning_point(model: Decoder) -> float:
    """Return the length at which the scores of full attention cost as much as the projections: 2·h for g = a."""
    projections = 2 * model.hidden * (model.heads + model.shared) * model.each
    return projections / (2 * model.heads * model.each)
