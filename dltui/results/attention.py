"""Attention: what every position of one input takes from every other, head by head and through the layers."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any, ClassVar

import numpy as np

from dltui.figures import Array, Figure, number
from dltui.results.base import Result

MEASURES: dict[str, str] = {  # name -> what it is, as labels tell it
    "entropy": "entropy, nats",
    "evenness": "share of the largest entropy",
    "distance": "mean distance",
    "previous": "to the previous token",
    "current": "to the token itself",
    "next": "to the next token",
    "first": "to the first token",
    "induction": "induction score",
}
PATTERNS = ("previous", "current", "next")  # measures of a head whose pattern is plain to see on any input


@dataclass(frozen=True, eq=False, kw_only=True)
class AttentionMaps(Result):
    """What each query takes from each key in every head of every layer, and what follows from that.

    Attributes:
        attention: Weights, shape (layers, heads, queries, keys), float32; each row adds up to 1.
        rollout: How much of each input position is in each position after every layer, shape (layers, positions,
            positions); no layers where queries and keys are not the same.
        scores: The measures by head, shape (measures, layers, heads); NaN where one means nothing.
        layers: The modules in which the attention happens, one a layer.
        queries: What stands for each query.
        keys: What stands for each key.
        kind: What the model takes: ``tokens``, ``image`` or ``array``.
        causal: Whether no query sees a later key.
        picture: The picture as the model sees it, shape (h, w, 1) or (h, w, 3) of bytes, or None.
        grid: Rows and columns of patches; empty where positions are no patches.
        prefix: Positions before the patches, such as the class token.
        chosen: Layer, head and query that are shown large.
        why: Why that head, in a few words; may be empty.
        mapped: The measure that is shown as a map of all heads.
        left_out: Modules with attention of another size, which is not shown.
        note: What a reader must know of how the input was read; may be empty.
        input: The input in a few words.
    """

    schema: ClassVar[str] = "attention/1"

    attention: Array
    rollout: Array
    scores: Array
    layers: list[str]
    queries: list[str]
    keys: list[str]
    kind: str = "tokens"
    causal: bool = False
    picture: Array | None = None
    grid: list[int] = field(default_factory=list)
    prefix: int = 0
    chosen: list[int] = field(default_factory=lambda: [0, 0, 0])
    why: str = ""
    mapped: str = "entropy"
    left_out: list[str] = field(default_factory=list)
    note: str = ""
    input: str = ""

    @property
    def depth(self) -> int:
        """How many layers there are."""
        return int(self.attention.shape[0])

    @property
    def heads(self) -> int:
        """How many heads each layer has."""
        return int(self.attention.shape[1])

    @property
    def known(self) -> list[str]:
        """The measures that mean something here."""
        return [name for name, map_ in zip(MEASURES, self.scores, strict=False) if np.isfinite(map_).any()]

    def score(self, measure: str) -> Array:
        """Return a measure of every head, shape (layers, heads)."""
        return np.asarray(self.scores[list(MEASURES).index(measure)])

    def strongest(self, measure: str) -> tuple[int, int, float]:
        """Return layer, head and value of the head that has most of a measure."""
        values = self.score(measure)
        layer, head = np.unravel_index(int(np.nanargmax(values)), values.shape)
        return int(layer), int(head), float(values[layer, head])

    def looking_at(self, layer: int, head: int, query: int) -> AttentionMaps:
        """Return the same with another head and query shown large; those beyond the ends become the last ones."""
        sizes = (self.depth, self.heads, len(self.queries))
        chosen = [min(max(one, 0), size - 1) for one, size in zip((layer, head, query), sizes, strict=True)]
        return replace(self, chosen=chosen, why=self.why if chosen[:2] == self.chosen[:2] else "")

    def mapping(self, measure: str) -> AttentionMaps:
        """Return the same with another measure shown as a map of all heads."""
        return replace(self, mapped=measure)

    def summary(self) -> dict[str, Any]:
        """Return sizes, the measures of every head, the strongest heads, and the chosen rows."""
        layer, head, query = self.chosen
        return {
            "input": self.input,
            "kind": self.kind,
            "causal": self.causal,
            "layers": self.layers,
            "heads": self.heads,
            "queries": self.queries,
            "keys": self.keys,
            "grid": self.grid or None,
            "scores": {name: self.score(name).tolist() for name in self.known},
            "strongest": {name: self._told(name) for name in self.known},
            "chosen": {
                "layer": layer,
                "head": head,
                "query": query,
                "attention": self.attention[layer, head, query].tolist(),
                "rollout": self.rollout[-1, query].tolist() if len(self.rollout) else None,
            },
            "left_out": self.left_out,
        }

    def _told(self, measure: str) -> dict[str, Any]:
        """Return the strongest head of a measure for the JSON."""
        layer, head, value = self.strongest(measure)
        return {"layer": layer, "head": head, "value": value}

    def figures(self) -> list[Figure]:
        """Return all heads small, one large, what a query takes, where it comes from in the end, and the measures."""
        from dltui.results import attention_figures as drawn

        layer, head, query = self.chosen
        shown = [
            drawn.thumbnails(self),
            drawn.head_map(self, layer, head),
            drawn.taken(self, layer, head, query),
        ]
        if len(self.rollout):
            shown.append(drawn.rolled(self, self.depth - 1, query))
        return [*shown, drawn.score_map(self, self.mapped), drawn.strongest_table(self)]

    def head_in_words(self, layer: int, head: int) -> str:
        """Return the measures of a head in one line."""
        told = [f"{name} {number(float(self.score(name)[layer, head]), 2)}" for name in self.known]
        return ", ".join(told)
