"""Running one input through a network and keeping what every layer makes of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from fnmatch import fnmatchcase
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from dltui.checkpoints.live import LiveModel
from dltui.data.inputs import Given
from dltui.errors import unknown
from dltui.figures import Array
from dltui.instruments.features.layers import default_layer
from dltui.instruments.features.watch import Outputs, device_of, histogram_of, idle_over, statistics_of
from dltui.instruments.modelgraph import traced
from dltui.progress import Report
from dltui.progress import silent as unheard
from dltui.results.features import Features

BUDGET = 64 * 2**20  # bytes of outputs that are kept when no layers are named
BESIDE = 6  # layers that are shown when they are named
BEST = 5  # answers that are told by name


def observe(
    live: LiveModel,
    given: Given,
    *,
    layers: Sequence[str] = (),
    samples: Tensor | None = None,
    report: Report = unheard,
) -> Features:
    """Run one input through a network and keep what every layer makes of it.

    Args:
        live: The network; it is left as found.
        given: The input.
        layers: Calls whose outputs are kept, ``*`` stands for anything; the first that fits is shown at first. Where
            none are named, all are kept but the largest, so that they take at most 64 MiB together.
        samples: Further inputs, shape (n, …), over which silent and saturated units are counted; None for none.
        report: Progress.

    Returns:
        Statistics of every call, and outputs.

    Raises:
        UsageError: If the network can't take the input, or nothing is named so.
    """
    outputs = Outputs()
    nodes, edges, answer = traced(live.module, given.tensor.to(device_of(live.module)), outputs)
    axes = outputs.axes(nodes, edges)
    order = range(len(nodes))
    statistics = {p: statistics_of(nodes[p].kind, found, axes[p]) for p, found in outputs.found.items()}
    counted = {p: histogram_of(found) for p, found in outputs.found.items() if p not in outputs.same}
    counted |= {place: counted[first] for place, first in outputs.same.items()}
    names = [node.name for node in nodes]
    chosen = _chosen(live, names, outputs.found, layers)
    wanted = _named(names, outputs.found, layers) if layers else _small(outputs, chosen)
    kept = {outputs.same.get(place, place) for place in wanted}
    return Features(
        title=f"{live.title} on {given.title}",
        model=live.title,
        weights=live.weights_note,
        given=given.title,
        picture=given.picture,
        text=given.text,
        pieces=list(given.pieces),
        label=_class(live, given.label),
        calls=[asdict(node) | {"shape": list(node.shape)} for node in nodes],
        arrows=[list(edge) for edge in edges],
        parameters=sum(p.numel() for p in live.module.parameters()),
        axes=axes,
        statistics=_stacked([statistics.get(place) for place in order]),
        counts=_stacked([counted[p][0] if p in counted else None for p in order]),
        ranges=_stacked([counted[p][1] if p in counted else None for p in order]),
        idle=None if samples is None else idle_over(live.module, samples, nodes, axes, report),
        samples=0 if samples is None else len(samples),
        chosen=names[chosen],
        others=[names[place] for place in wanted[1:BESIDE]] if layers else [],
        kept={names[place]: outputs.found[place][0].numpy() for place in sorted(kept)},
        same={names[p]: names[first] for p, first in outputs.same.items() if first in kept},
        answers=_best(live, answer),
        remark=given.note,
    )


def _chosen(live: LiveModel, names: Sequence[str], found: dict[int, Tensor], layers: Sequence[str]) -> int:
    """Return the place of the call that is shown at first."""
    if layers:
        return _named(names, found, layers[:1])[0]
    wanted = default_layer(live.module, live.takes.kind)
    return names.index(wanted) if wanted in names else max(found)


def _named(names: Sequence[str], found: dict[int, Tensor], layers: Sequence[str]) -> list[int]:
    """Return the places of calls by name or pattern, in the order of the patterns."""
    places: list[int] = []
    for pattern in layers:
        fitting = [p for p in sorted(found) if names[p] == pattern]
        fitting = fitting or [p for p in sorted(found) if fnmatchcase(names[p], pattern)]
        if not fitting:
            known = [names[place] for place in sorted(found)]
            raise unknown("layer", pattern, known, "`dltui graph MODEL`")
        places += [place for place in fitting if place not in places]
    return places


def _small(outputs: Outputs, chosen: int) -> list[int]:
    """Return the places of the outputs that are kept: the smallest first, as long as there is room."""
    found, first = outputs.found, outputs.same.get(chosen, chosen)
    kept, room = [first], BUDGET - found[first].nbytes
    for place in sorted(found, key=lambda place: found[place].nbytes):
        if place != first and place not in outputs.same and found[place].nbytes <= room:
            kept.append(place)
            room -= found[place].nbytes
    return sorted(kept)


def _stacked(rows: Sequence[Array | None]) -> Array:
    """Return rows of one length as an array, NaN for those that are not there."""
    wide = next(len(row) for row in rows if row is not None)
    return np.stack([np.full(wide, np.nan) if row is None else row for row in rows])


def _class(live: LiveModel, label: int | None) -> str:
    """Return the name of the right answer, or nothing."""
    classes = live.takes.classes
    return classes[label] if label is not None and label < len(classes) else ""


def _best(live: LiveModel, answer: Any) -> list[dict[str, Any]]:
    """Return the likeliest answers of a network that tells classes or the next token."""
    scores = answer if isinstance(answer, Tensor) else getattr(answer, "logits", None)
    takes = live.takes
    if not isinstance(scores, Tensor) or scores.ndim not in (2, 3) or scores.shape[-1] < 2:
        return []
    last = (scores[0, -1] if scores.ndim == 3 else scores[0]).cpu()
    names = takes.classes if len(takes.classes) == len(last) else ()
    tables = {part.num_embeddings for part in live.module.modules() if isinstance(part, nn.Embedding)}
    if not names and (takes.tokenizer is None or len(last) not in tables):
        return []  # features, not scores
    shares = torch.softmax(last.double(), -1)
    top = shares.topk(min(BEST, len(last)))
    found = []
    for share, place in zip(top.values.tolist(), top.indices.tolist(), strict=True):
        name = names[place] if names else takes.tokenizer.pieces([place])[0] if takes.tokenizer else ""
        found.append({"name": name, "number": place, "probability": share, "score": float(last[place])})
    return found
