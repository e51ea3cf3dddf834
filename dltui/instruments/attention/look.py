"""From a model and one input to its attention, measured."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor, nn

from dltui.device import pick_device
from dltui.errors import DltuiError, UsageError, unknown
from dltui.figures import Array
from dltui.instruments.attention.capture import Site, catch
from dltui.instruments.attention.measures import is_causal, measure, rollout
from dltui.objective.undisturbed import undisturbed
from dltui.results.attention import MEASURES, PATTERNS, AttentionMaps

if TYPE_CHECKING:
    from dltui.checkpoints.live import LiveModel
    from dltui.data.inputs import Given

REPEATED = 25  # random tokens that are said twice to find induction heads
PREFIXES = 8  # positions that may stand before the patches: a class token, registers
TITLE = 40  # letters of an input in a title
PLAIN = 0.5  # a pattern that holds so much of a head's weight is worth showing first
NO_PATTERN = "the most focused head"


def look(
    live: LiveModel,
    given: Given,
    *,
    layer: int | None = None,
    head: int | None = None,
    query: str | None = None,
    sites: str = "",
    mapped: str = "entropy",
    device: str = "cpu",
    seed: int = 0,
) -> AttentionMaps:
    """Run a model on one input and measure its attention.

    Args:
        live: The model and what it takes; it is left as found.
        given: One input.
        layer: The layer that is shown large, from 0; found by its pattern when None.
        head: Its head, from 0; found by its pattern when None.
        query: The query that is shown: its position from 0, or its token; when None the last one of a causal model, the
            first one of others.
        sites: Only attention in modules whose name contains this.
        mapped: The measure that is shown as a map of all heads.
        device: Where to compute.
        seed: Seed of the random tokens that are said twice.

    Returns:
        Weights, rollout and measures.

    Raises:
        UsageError: If there is no such layer, head, query or site.
        DltuiError: If the model has no attention.
    """
    place = pick_device(device)
    with undisturbed(live.module) as module:
        module.to(place).eval()
        caught = catch(module, given.tensor.to(place))
        chosen, left_out = kindred(_within(caught, sites))
        attention = torch.stack([site.weights for site in chosen]).numpy()
        causal = is_causal(attention)
        repeats = None
        if causal and live.takes.kind == "tokens":
            names = {site.name for site in chosen}
            repeats = _on_repeats(module, live.takes.shape[0], names, place, seed)
    own = attention.shape[-2] == attention.shape[-1]
    grid, prefix = patches(attention.shape[-1], given.picture) if own else (None, 0)
    scores = measure(attention, grid=grid, prefix=prefix, repeats=repeats)
    shown, why = pick(scores, layer, head)
    queries, keys = _names(given, attention, grid, prefix, live.takes.kind)
    return AttentionMaps(
        title=f"{live.title}, {shortened(given.title)}",
        attention=attention,
        rollout=rollout(attention) if own else np.zeros((0, 0, 0), np.float32),
        scores=scores,
        layers=[site.name or type(live.module).__name__ for site in chosen],
        queries=queries,
        keys=keys,
        kind=live.takes.kind,
        causal=causal,
        picture=given.picture,
        grid=list(grid or ()),
        prefix=prefix,
        chosen=[*shown, query_place(query, queries, last=causal)],
        why=why,
        mapped=_meaningful(mapped, scores),
        left_out=left_out,
        note=given.note,
        input=given.text or given.title,
    )


def shortened(text: str) -> str:
    """Return an input in a few words, as a title names it."""
    return text if len(text) <= TITLE else f"{text[: TITLE - 1]}…"


def kindred(sites: Sequence[Site]) -> tuple[list[Site], list[str]]:
    """Return the attention that can be shown together: as many heads, queries and keys in each.

    Args:
        sites: All attention of a network, at least one.

    Returns:
        Those of the most frequent size, and the names of the others.
    """
    sizes = Counter(tuple(site.weights.shape) for site in sites)
    usual = max(sizes, key=lambda size: (sizes[size], size))
    return (
        [site for site in sites if tuple(site.weights.shape) == usual],
        [site.name for site in sites if tuple(site.weights.shape) != usual],
    )


def patches(positions: int, picture: Array | None) -> tuple[tuple[int, int] | None, int]:
    """Return how positions lie on a picture: rows and columns of patches as tall as wide, after a few others.

    Args:
        positions: How many there are.
        picture: Shape (h, w, c), or None.

    Returns:
        The grid, or None where they are no patches, and how many positions stand before it.
    """
    if picture is None:
        return None, 0
    tall, wide = picture.shape[:2]
    for prefix in range(min(PREFIXES, positions - 1)):
        count = positions - prefix
        rows = max(1, round((count * tall / wide) ** 0.5))
        for guess in (rows, rows + 1, rows - 1):
            if guess > 0 and count % guess == 0 and _square(tall / guess, wide / (count // guess)):
                return (guess, count // guess), prefix
    return None, 0


def _square(tall: float, wide: float) -> bool:
    """Return whether patches are about as tall as wide; the last one may reach beyond the picture."""
    return abs(tall - wide) <= 0.15 * max(tall, wide)


def pick(scores: Array, layer: int | None, head: int | None) -> tuple[tuple[int, int], str]:
    """Return the head that is shown large.

    Args:
        scores: The measures, shape (measures, layers, heads).
        layer: The layer that was asked for, or None.
        head: The head that was asked for, or None.

    Returns:
        Layer and head, and why those; nothing where both were asked for.

    Raises:
        UsageError: If there is no such layer or head.
    """
    depth, heads = scores.shape[1:]
    for name, asked, count in (("layer", layer, depth), ("head", head, heads)):
        if asked is not None and not 0 <= asked < count:
            raise UsageError(f"--{name} {asked} is not there: expected 0 to {count - 1}")
    if layer is not None and head is not None:
        return (layer, head), ""
    allowed = np.zeros((depth, heads), np.bool_)
    allowed[layer if layer is not None else slice(None), head if head is not None else slice(None)] = True
    known = dict(zip(MEASURES, scores, strict=True))
    best = {name: np.where(allowed, np.nan_to_num(known[name], nan=-1.0), -1.0) for name in PATTERNS}
    name = max(best, key=lambda one: float(best[one].max()))
    if best[name].max() >= PLAIN:
        at = np.unravel_index(int(best[name].argmax()), (depth, heads))
        why = f"the plainest pattern: {float(best[name].max()):.2f} {MEASURES[name]}"
    else:  # a head that rests on the first token is focused too, and tells nothing
        focus = (1 - np.nan_to_num(known["evenness"], nan=1.0)) * (1 - np.nan_to_num(known["first"]))
        at, why = np.unravel_index(int(np.where(allowed, focus, -1.0).argmax()), (depth, heads)), NO_PATTERN
    return (int(at[0]), int(at[1])), why


def _within(sites: list[Site], wanted: str) -> list[Site]:
    """Return the attention in modules whose name contains a text."""
    found = [site for site in sites if wanted in site.name]
    if not found:
        raise unknown("module with attention", wanted, dict.fromkeys(site.name for site in sites))
    return found


def _on_repeats(
    module: nn.Module, context: int, names: set[str], place: torch.device, seed: int
) -> Array | None:
    """Return the attention on random tokens that are said twice, or None where the model can't read them."""
    count = min(REPEATED, context // 2)
    table = next((part for part in module.modules() if isinstance(part, nn.Embedding)), None)
    if count < 2 or table is None:
        return None
    draw = torch.Generator().manual_seed(seed)
    order = torch.randperm(table.num_embeddings, generator=draw)[:count]
    said: Tensor = torch.cat([order, order])[None].to(place)
    try:
        sites = [site for site in catch(module, said) if site.name in names]
    except DltuiError:
        return None
    same = all(site.weights.shape == sites[0].weights.shape for site in sites)
    return torch.stack([site.weights for site in sites]).numpy() if same else None


def _names(
    given: Given, attention: Array, grid: tuple[int, int] | None, prefix: int, kind: str
) -> tuple[list[str], list[str]]:
    """Return what stands for each query and each key."""

    def of(count: int) -> list[str]:
        if kind == "tokens" and count == len(given.pieces):
            return list(given.pieces)
        if grid is not None and count == prefix + grid[0] * grid[1]:
            before = ["[CLS]"] if prefix == 1 else [f"[{place}]" for place in range(prefix)]
            return before + [f"{row},{column}" for row in range(grid[0]) for column in range(grid[1])]
        return [str(place) for place in range(count)]

    return of(attention.shape[-2]), of(attention.shape[-1])


def query_place(wanted: str | None, names: list[str], *, last: bool, option: str = "--query") -> int:
    """Return the position that is asked for.

    Args:
        wanted: Its number from 0, from the end when negative; else its token; None for the usual one.
        names: What stands for each position.
        last: Whether the usual one is the last, instead of the first.
        option: What it is asked by, for the error.

    Returns:
        The number.

    Raises:
        UsageError: If there is none.
    """
    if wanted is None:
        return len(names) - 1 if last else 0
    words = [name.strip() for name in names]
    digits = wanted.removeprefix("-").isdecimal()
    if digits and -len(names) <= int(wanted) < len(names):
        return int(wanted) % len(names)
    if wanted.strip() in words:
        return words.index(wanted.strip())
    if digits:
        raise UsageError(f"{option} {wanted} is not there: expected 0 to {len(names) - 1}, or a token")
    raise unknown("token of the input", wanted, dict.fromkeys(words))


def _meaningful(wanted: str, scores: Array) -> str:
    """Return the measure to be mapped, where it means something on this input."""
    known = dict(zip(MEASURES, scores, strict=True))
    if not np.isfinite(known[wanted]).any():
        means = ", ".join(name for name, values in known.items() if np.isfinite(values).any())
        raise UsageError(f"--measure {wanted} means nothing for this model and input: try {means}")
    return wanted
