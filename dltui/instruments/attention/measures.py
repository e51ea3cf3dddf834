"""What a head does, as numbers: each measure is 1 for a head that does nothing but that (entropy and distance apart).

Letters in this file: a[l, h, i, j] is what query i takes from key j in head h of layer l; rows add up to 1.
"""

from __future__ import annotations

import numpy as np

from dltui.figures import Array
from dltui.results.attention import MEASURES

TINY = 1e-12  # below it a weight adds nothing to an entropy


def measure(
    attention: Array, *, grid: tuple[int, int] | None = None, prefix: int = 0, repeats: Array | None = None
) -> Array:
    """Return every measure of every head, in the order of ``MEASURES``.

    Args:
        attention: a, shape (layers, heads, queries, keys).
        grid: Rows and columns of patches, where positions are those of a picture.
        prefix: Positions before the patches, such as the class token.
        repeats: The same network's attention on n random tokens said twice, shape (layers, heads, 2n, 2n), or None.

    Returns:
        Shape (measures, layers, heads); NaN where a measure means nothing.
    """
    causal = is_causal(attention)
    found = np.stack([_of_heads(layer, grid, prefix, causal=causal) for layer in attention], axis=1)
    if repeats is not None:
        found[list(MEASURES).index("induction")] = np.stack([induction(layer) for layer in repeats])
    return found


def _of_heads(heads: Array, grid: tuple[int, int] | None, prefix: int, *, causal: bool) -> Array:
    """Return every measure but induction of the heads of one layer: one at a time, a long text needs less memory."""
    nothing = np.full(len(heads), np.nan)
    told = {
        "entropy": entropy(heads),
        "evenness": evenness(heads, causal=causal),
        "distance": distance(heads, grid, prefix),
        "previous": at_offset(heads, -1),
        "current": at_offset(heads, 0),
        "next": nothing if causal else at_offset(heads, 1),
        "first": first(heads),
        "induction": nothing,
    }
    return np.stack([told[name] for name in MEASURES])


def entropy(attention: Array) -> Array:
    """Return −Σⱼ a ln a, averaged over the queries, in nats (Clark et al. 2019, *What Does BERT Look At?*, §3.2).

    Args:
        attention: a, shape (…, queries, keys).

    Returns:
        Shape (…,); 0 for heads that look at one key alone, ln keys for those that look at all alike.
    """
    return np.asarray(_entropies(attention).mean(axis=-1))


def evenness(attention: Array, *, causal: bool) -> Array:
    """Return the entropy as a share of the largest that a query can have: ln of the keys that it sees.

    Queries that see one key alone have no choice and are left out.

    Args:
        attention: a, shape (…, queries, keys).
        causal: Whether no query sees a later key.

    Returns:
        Shape (…,); 1 for heads that look at all alike (Pielou 1966).
    """
    queries, keys = attention.shape[-2:]
    seen = np.minimum(np.arange(queries) + 1, keys) if causal else np.full(queries, keys)
    free = seen > 1
    if not free.any():
        return np.full(attention.shape[:-2], np.nan)
    return np.asarray((_entropies(attention)[..., free] / np.log(seen[free])).mean(axis=-1))


def distance(attention: Array, grid: tuple[int, int] | None = None, prefix: int = 0) -> Array:
    """Return how far a head looks on average: Σ a·d / Σ a.

    Over text d is |i − j| (Vig and Belinkov 2019, *Analyzing the Structure of Attention in a Transformer*, eq. 2). Over
    a picture it is the distance of the middles of two patches, in patches; positions before the patches are left out
    (Dosovitskiy et al. 2021, *An Image is Worth 16x16 Words*, appendix D.7).

    Args:
        attention: a, shape (…, queries, keys).
        grid: Rows and columns of patches, or None for text.
        prefix: Positions before the patches.

    Returns:
        Shape (…,), in tokens or patches; NaN where no patch looks at another patch.
    """
    if grid is None:
        far = np.abs(np.subtract.outer(np.arange(attention.shape[-2]), np.arange(attention.shape[-1])))
    else:
        attention = attention[..., prefix:, prefix:]
        rows, columns = np.divmod(np.arange(grid[0] * grid[1]), grid[1])
        far = np.hypot(np.subtract.outer(rows, rows), np.subtract.outer(columns, columns))
    mass = attention.sum(axis=(-2, -1), dtype=np.float64)
    total = np.einsum("...ij,ij->...", attention, far, dtype=np.float64)
    return np.asarray(np.divide(total, mass, out=np.full(mass.shape, np.nan), where=mass > TINY))


def at_offset(attention: Array, offset: int) -> Array:
    """Return what queries take from the key at a fixed distance, averaged over those that have such a key.

    With −1 this is the score of a previous-token head (Vig and Belinkov 2019; Olsson et al. 2022, *In-context Learning
    and Induction Heads*), with 0 and 1 that of heads that look at the token itself and at the next one.

    Args:
        attention: a, shape (…, queries, keys).
        offset: j − i.

    Returns:
        Shape (…,); 1 for heads that look there alone, NaN where nothing is so far away.
    """
    there = np.diagonal(attention, offset, axis1=-2, axis2=-1)
    if not there.shape[-1]:
        return np.full(attention.shape[:-2], np.nan)
    return np.asarray(there.mean(axis=-1, dtype=np.float64))


def first(attention: Array) -> Array:
    """Return what queries take from the first key, averaged over all queries but the first.

    In encoders the first token is [CLS]; in decoders it is where heads rest that have nothing to say (Xiao et al. 2023,
    *Efficient Streaming Language Models with Attention Sinks*).

    Args:
        attention: a, shape (…, queries, keys).

    Returns:
        Shape (…,); 1 for heads that look there alone, NaN for a single query.
    """
    if attention.shape[-2] < 2:
        return np.full(attention.shape[:-2], np.nan)
    return np.asarray(attention[..., 1:, 0].mean(axis=-1, dtype=np.float64))


def induction(repeats: Array) -> Array:
    """Return what the second half of n random tokens said twice takes from the token after its own first occurrence.

    The score of Olsson et al. 2022, *In-context Learning and Induction Heads*: the mean of a[i, i − (n − 1)] over
    n ≤ i < 2n. Random tokens leave nothing to go by but the repetition.

    Args:
        repeats: Attention on the repeated tokens, shape (…, 2n, 2n).

    Returns:
        Shape (…,); 1 for a perfect induction head.
    """
    half = repeats.shape[-1] // 2
    there = np.diagonal(repeats, 1 - half, axis1=-2, axis2=-1)[..., 1:]
    return np.asarray(there.mean(axis=-1, dtype=np.float64))


def is_causal(attention: Array) -> bool:
    """Return whether no query of any head takes anything from a later key."""
    queries, keys = attention.shape[-2:]
    later = np.triu(np.ones((queries, keys), np.bool_), 1)
    heads = attention.reshape(-1, queries, keys)
    return queries > 1 and not any(head[later].any() for head in heads)


def rollout(attention: Array) -> Array:
    """Return how much of each input position is in each position after every layer.

    The rollout of Abnar and Zuidema 2020, *Quantifying Attention Flow in Transformers*, §3: heads are averaged, the
    residual connection counts as much as the attention, A' = ½ A + ½ I, and the layers are multiplied,
    R_l = A'_l · R_(l − 1) with R before the first layer the identity.

    Args:
        attention: Self-attention, shape (layers, heads, positions, positions).

    Returns:
        Shape (layers, positions, positions), in float32; rows add up to 1.
    """
    mixed = attention.mean(axis=1, dtype=np.float64)
    eye = np.eye(mixed.shape[-1])
    found, layers = eye, []
    for layer in mixed:
        half = (layer + eye) / 2
        found = half / half.sum(axis=-1, keepdims=True) @ found
        layers.append(found)
    return np.stack(layers).astype(np.float32)


def _entropies(attention: Array) -> Array:
    """Return −Σⱼ a ln a of every query, shape (…, queries)."""
    a = np.asarray(attention, np.float64)
    return np.asarray(-(a * np.log(np.maximum(a, TINY))).sum(axis=-1))
