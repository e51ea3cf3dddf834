"""The logit lens: what a language model would say after each of its blocks."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np

from dltui.figures import Array, Figure, Heatmap, Lines, Series, Table
from dltui.results.base import Result

ACROSS = 6  # positions of the table of words


@dataclass(frozen=True, eq=False, kw_only=True)
class LogitLens(Result):
    """The best next tokens by layer and position, and what becomes of the model's answer on its way.

    Layer 0 is the state before the first block; the last one is the model itself.

    Attributes:
        ids: The k best tokens, the best first, shape (layers, positions, k).
        probabilities: Theirs, same shape.
        answer: Probability of the token that is followed, shape (layers, positions).
        rank: Place of that among all tokens, 1 for the first, shape (layers, positions).
        entropy: Of the scores, in nats, shape (layers, positions).
        words: What stands for each token in ``ids`` and ``target``, by its number as text.
        target: The token that is followed at each position: what the model says there in the end, unless another one
            was asked for; shape (positions,).
        asked: Whether that one was asked for.
        tokens: The text, token by token.
        layers: What each layer is called.
        position: The position that is told in detail.
        note: What a reader must know of how the text was read; may be empty.
        input: The text in a few words.
    """

    schema: ClassVar[str] = "lens/1"

    ids: Array
    probabilities: Array
    answer: Array
    rank: Array
    entropy: Array
    words: dict[str, str]
    target: Array
    asked: bool = False
    tokens: list[str]
    layers: list[str]
    position: int = 0
    note: str = ""
    input: str = ""

    def at(self, position: int) -> LogitLens:
        """Return the same with another position told in detail; those beyond the ends become the last ones."""
        return replace(self, position=min(max(position, 0), len(self.tokens) - 1))

    def word(self, layer: int, position: int, place: int = 0) -> str:
        """Return one of the best tokens as text."""
        return self.words[str(int(self.ids[layer, position, place]))]

    @property
    def followed(self) -> str:
        """The token that is followed at the position."""
        return self.words[str(int(self.target[self.position]))]

    @property
    def settled(self) -> int | None:
        """The first layer from which on that token stays the best one at the position; None where it doesn't."""
        wrong = np.flatnonzero(self.rank[:, self.position] != 1)
        first = int(wrong[-1]) + 1 if wrong.size else 0
        return first if first < len(self.layers) else None

    def summary(self) -> dict[str, Any]:
        """Return the answer at the position, and every layer's best tokens there."""
        last, place = len(self.layers) - 1, self.position
        return {
            "input": self.input,
            "tokens": self.tokens,
            "position": place,
            "answer": self.word(last, place),
            "followed": self.followed,
            "settled": None if self.settled is None else self.layers[self.settled],
            "layers": [
                {
                    "name": name,
                    "best": [self.word(layer, place, i) for i in range(self.ids.shape[-1])],
                    "probabilities": self.probabilities[layer, place].tolist(),
                    "answer": float(self.answer[layer, place]),
                    "rank": int(self.rank[layer, place]),
                    "entropy": float(self.entropy[layer, place]),
                }
                for layer, name in enumerate(self.layers)
            ],
        }

    def figures(self) -> list[Figure]:
        """Return each layer's best tokens, the way of the answer, its probability everywhere, and the words."""
        return [self._best(), self._way(), self._map(), self._grid()]

    def _best(self) -> Table:
        """Return what every layer would say at the position."""
        place = self.position
        kept = min(3, self.ids.shape[-1])
        rows = tuple(
            (
                name,
                *(
                    cell
                    for i in range(kept)
                    for cell in (
                        shown(self.word(layer, place, i)),
                        round(float(self.probabilities[layer, place, i]), 3),
                    )
                ),
                int(self.rank[layer, place]),
            )
            for layer, name in enumerate(self.layers)
        )
        named = shown(self.followed)
        stays = (
            "is not what it says"
            if self.settled is None
            else f"stays first from {self.layers[self.settled]} on"
        )
        told = f"what the model would say after each block; {named} {stays}; the last column is its place"
        names = [name for i in range(kept) for name in (f"token {i + 1}", f"p{i + 1}")]
        return Table(
            title=f"After {shown(self.tokens[place])} · {self.title}",
            caption=self._told(told),
            columns=("layer", *names, "place"),
            rows=rows,
        )

    def _way(self) -> Lines:
        """Return how sure each layer is, and of the answer."""
        x, place = np.arange(len(self.layers), dtype=float), self.position
        named = shown(self.followed)
        return Lines(
            title=f"Way of {named} · {self.title}",
            caption=f"layer 0 is the embedding; where the curves meet, {named} is the layer's own best token",
            series=(
                Series(name=f"probability of {named}", x=x, y=self.answer[:, place]),
                Series(
                    name="probability of the layer's own best token", x=x, y=self.probabilities[:, place, 0]
                ),
            ),
            x_label="layer",
            y_label="probability",
        )

    def _map(self) -> Heatmap:
        """Return the probability of the token that is followed for every layer and position."""
        what = shown(self.followed) if self.asked else "the answer"
        return Heatmap(
            title=f"Probability of {what} · {self.title}",
            caption=self._told(
                f"how early {shown(self.followed)} is likely after each token"
                if self.asked
                else "what the model says after each token in the end, and how early it is likely"
            ),
            values=self.answer,
            x=np.arange(len(self.tokens), dtype=float),
            y=np.arange(len(self.layers), dtype=float),
            x_label="after",
            y_label="layer",
            value_label="probability",
            limits=(0.0, max(float(self.answer.max()), 1e-9)) if self.asked else (0.0, 1.0),
            column_names=tuple(one.strip() or "␣" for one in self.tokens),
            row_names=tuple(self.layers),
        )

    def _grid(self) -> Table:
        """Return the best token of every layer for the last positions."""
        places = range(max(0, self.position + 1 - ACROSS), self.position + 1)
        return Table(
            title=f"Best token by layer · {self.title}",
            caption=self._told("columns: the token after which the model speaks"),
            columns=("layer", *(shown(self.tokens[place]) for place in places)),
            rows=tuple(
                (name, *(shown(self.word(layer, place)) for place in places))
                for layer, name in enumerate(self.layers)
            ),
        )

    def _told(self, caption: str) -> str:
        """Return a caption with the note on the input."""
        return f"{caption}; {self.note}" if self.note else caption


def shown(word: str) -> str:
    """Return a token so that its spaces and line breaks can be seen."""
    return f"“{word}”".replace("\n", "⏎")
