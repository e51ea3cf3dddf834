"""What the layers of a network made of one input."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from functools import cached_property
from typing import Any, ClassVar, Self

import numpy as np

from dltui.errors import unknown
from dltui.figures import Array, Figure
from dltui.results.base import Made, Result
from dltui.results.modeltree import Edge, Node

BINS = 64
STATISTICS = ("mean", "std", "rms", "norm", "min", "max", "zeros", "units", "silent", "saturated")
KEPT = "kept."  # how the names of kept outputs begin in a file


@dataclass(frozen=True, eq=False, kw_only=True)
class Features(Result):
    """One input on its way through a network: every output in numbers, and those that were kept as they are.

    Attributes:
        model: How the network is spelled.
        weights: Where its weights came from.
        given: What the input is.
        picture: The picture as the network sees it, shape (h, w, c), 0 … 255, or None.
        text: The text; empty where there is none.
        pieces: What stands for each token.
        label: The right answer; empty where it isn't known.
        calls: The calls as plain dictionaries, with the fields of ``Node``; a block comes before what is in it.
        arrows: Pairs (from, to) of places of calls that hold nothing inside.
        parameters: How many parameters the network has.
        axes: Along which axis the units of each output lie, the batch counted.
        statistics: By call and name (``STATISTICS``), shape (calls, 10): mean, standard deviation, root of the mean
            square, norm, least, largest, share of zeros, units, units that were nowhere above 0 (where that stops
            learning), units that were flat everywhere; NaN for what has no meaning.
        counts: How often values fall in each of ``BINS`` equal bins, shape (calls, BINS).
        ranges: Ends of the bins, shape (calls, 2).
        idle: Units that are silent, and that are saturated, for every one of ``samples``, shape (calls, 2), or None.
        samples: Over how many samples that was counted.
        chosen: The call that is shown first.
        others: Further calls that are shown beside it.
        kept: Outputs by name, without the batch.
        same: For calls that hand on what another one gave, as a block does, the name of that one where it is kept.
        answers: The likeliest answers: name, number, probability, score.
        remark: What a reader must know of how the input was read.
        page: Which page of maps is shown, from 1.
        unit: Which map is shown large, or −1 for a page of them.
    """

    schema: ClassVar[str] = "features/1"

    model: str
    weights: str
    given: str
    picture: Array | None = None
    text: str = ""
    pieces: list[str] = field(default_factory=list)
    label: str = ""
    calls: list[dict[str, Any]]
    arrows: list[list[int]]
    parameters: int
    axes: list[int]
    statistics: Array
    counts: Array
    ranges: Array
    idle: Array | None = None
    samples: int = 0
    chosen: str
    others: list[str] = field(default_factory=list)
    kept: dict[str, Array]
    same: dict[str, str] = field(default_factory=dict)
    answers: list[dict[str, Any]] = field(default_factory=list)
    remark: str = ""
    page: int = 1
    unit: int = -1

    @cached_property
    def nodes(self) -> tuple[Node, ...]:
        """The calls."""
        return tuple(Node(**call) for call in self.calls)

    @cached_property
    def edges(self) -> tuple[Edge, ...]:
        """Arrows between calls that hold nothing inside."""
        return tuple((start, end) for start, end in self.arrows)

    @cached_property
    def places(self) -> dict[str, int]:
        """The place of each call by name."""
        return {node.name: place for place, node in enumerate(self.nodes)}

    def place(self, name: str) -> int:
        """Return the place of a call.

        Raises:
            UsageError: If there is none of that name; it suggests the nearest.
        """
        if name not in self.places:
            raise unknown("layer", name, self.places)
        return self.places[name]

    def output(self, name: str) -> Array | None:
        """Return the output of a call without the batch, or None where it was not kept."""
        return self.kept.get(self.same.get(name, name))

    def told(self, place: int) -> dict[str, float | None]:
        """Return the statistics of a call by name; None for what has no meaning."""
        row = self.statistics[place].tolist()
        return {
            name: value if np.isfinite(value) else None for name, value in zip(STATISTICS, row, strict=True)
        }

    def summary(self) -> dict[str, Any]:
        """Return every call with its statistics, and what the network answers."""
        return {
            "model": self.model,
            "weights": self.weights,
            "input": self.given,
            "tokens": self.pieces,
            "label": self.label or None,
            "answers": self.answers,
            "samples": self.samples,
            "chosen": self.chosen,
            "layers": [self._layer(place) for place, node in enumerate(self.nodes) if node.name != "output"],
        }

    def _layer(self, place: int) -> dict[str, Any]:
        """Return what is told of one call."""
        node = self.nodes[place]
        found = self.told(place)
        told: dict[str, Any] = {"name": node.name, "kind": node.kind, "block": node.block}
        told |= {"output": list(node.shape), "parameters": node.parameters, **found}
        for name in ("units", "silent", "saturated"):
            told[name] = None if found[name] is None else int(found[name] or 0)
        if self.idle is not None:
            over = [None if np.isnan(one) else int(one) for one in self.idle[place].tolist()]
            told |= {"silent_over_samples": over[0], "saturated_over_samples": over[1]}
        return told | {"kept": self.output(node.name) is not None}

    def figures(self) -> list[Figure]:
        """Return the input, the chosen output, and how numbers change on the way."""
        from dltui.results.features_figures import figures_of
        from dltui.results.features_outputs import Wish

        return figures_of(self, self.chosen, Wish(self.page, unit=self.unit))

    def parts(self) -> tuple[dict[str, Array], dict[str, Any]]:
        """Return what the file holds; kept outputs are arrays of their own."""
        arrays, plain = super().parts()
        kept = plain.pop("kept")
        arrays |= {f"{KEPT}{name}": np.ascontiguousarray(values) for name, values in kept.items()}
        return arrays, plain

    @classmethod
    def restore(cls, arrays: dict[str, Array], plain: dict[str, Any], made: Made) -> Self:
        """Build the result again from ``parts``."""
        known = {part.name for part in fields(cls)}
        kept = {name.removeprefix(KEPT): value for name, value in arrays.items() if name.startswith(KEPT)}
        found = {name: value for name, value in (arrays | plain).items() if name in known}
        return cls(**found, kept=kept, made=made)
