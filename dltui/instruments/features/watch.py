"""Statistics of the outputs of a network's calls."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor, nn

from dltui.errors import DltuiError
from dltui.figures import Array
from dltui.instruments.features.units import by_unit, saturated, silent, unit_axis
from dltui.instruments.modelgraph import traced
from dltui.progress import Report
from dltui.results.features import BINS, STATISTICS
from dltui.results.modeltree import Node

ROOM = 2**28  # bytes of outputs that are alive at once while samples are run
BATCH = 64


def device_of(module: nn.Module) -> torch.device:
    """Return where a network is."""
    return next((p.device for p in module.parameters()), torch.device("cpu"))


class Outputs:
    """Keeps a copy of every output as it comes, for what comes next may overwrite it.

    Attributes:
        found: The outputs by place of the call.
        same: For a call that hands on what another one gave, as a block does, the place of that one.
    """

    def __init__(self) -> None:
        self.found: dict[int, Tensor] = {}
        self.same: dict[int, int] = {}
        self._places: dict[tuple[int, int], int] = {}  # of tensors as they were: the tracer keeps them alive

    def __call__(self, place: int, output: Tensor) -> None:
        """Keep an output.

        Args:
            place: Place of the call.
            output: What it gave.
        """
        version = -1 - place if output.is_inference() else output._version  # the former count no writes
        first = self._places.setdefault((id(output), version), place)
        if first != place:
            self.same[place] = first
            self.found[place] = self.found[first]
        else:
            self.found[place] = output.detach().to("cpu", copy=True)

    def axes(self, nodes: Sequence[Node], edges: Sequence[tuple[int, int]]) -> list[int]:
        """Return along which axis the units of every output lie.

        Args:
            nodes: The calls.
            edges: Arrows between those that hold nothing.

        Returns:
            One axis a call; a block has that of the last call in it that gives the same shape.
        """
        first = {end: start for start, end in reversed(edges)}
        found = [1] * len(nodes)
        for place, output in sorted(self.found.items()):
            source = self.found.get(first.get(place, -1))
            alike = source is not None and source.ndim == output.ndim
            before = found[first[place]] if alike else 0
            found[place] = unit_axis(nodes[place].kind, output.ndim, before)
        last: dict[tuple[int, torch.Size], int] = {}
        for place, output in sorted(self.found.items()):
            above = nodes[place].parent
            while above >= 0 and not nodes[place].block:
                last[above, output.shape] = place
                above = nodes[above].parent
        for place, output in self.found.items():
            if nodes[place].block and (place, output.shape) in last:
                found[place] = found[last[place, output.shape]]
        return found


def statistics_of(kind: str, output: Tensor, axis: int) -> Array:
    """Return the statistics of one output, in the order of ``STATISTICS``.

    Args:
        kind: What was called.
        output: What it gave.
        axis: Along which its units lie.

    Returns:
        Shape (len(STATISTICS),), float64; NaN for what has no meaning.
    """
    values = output.double()
    units = by_unit(output, axis)
    quiet, flat = silent(kind, units), saturated(kind, units)
    norm = float(torch.linalg.vector_norm(values))
    told = {
        "mean": float(values.mean()),
        "std": float(values.std(correction=0)),
        "rms": norm / max(1, output.numel()) ** 0.5,
        "norm": norm,
        "min": float(values.min()),
        "max": float(values.max()),
        "zeros": float((output == 0).double().mean()),
        "units": float(units.shape[1]),
        "silent": np.nan if quiet is None else float(quiet.sum()),
        "saturated": np.nan if flat is None else float(flat.sum()),
    }
    return np.array([told[name] for name in STATISTICS])


def histogram_of(output: Tensor) -> tuple[Array, Array]:
    """Return how often values fall where, and the least and the largest of the finite ones.

    Args:
        output: What a call gave.

    Returns:
        Counts of shape (BINS,), and the ends of the bins, shape (2,).
    """
    values = output.double().numpy().ravel()
    values = values[np.isfinite(values)]
    if not values.size:
        return np.zeros(BINS), np.full(2, np.nan)
    counts, edges = np.histogram(values, bins=BINS)
    return counts.astype(float), edges[[0, -1]].astype(float)


def idle_over(
    module: nn.Module, samples: Tensor, nodes: Sequence[Node], axes: Sequence[int], report: Report
) -> Array:
    """Return how many units are silent, and how many saturated, for every one of several samples.

    Args:
        module: The network.
        samples: Inputs, shape (n, …).
        nodes: The calls that a pass makes.
        axes: Along which the units of each lie.
        report: Progress.

    Returns:
        Shape (calls, 2); NaN where it has no meaning.

    Raises:
        DltuiError: If the network calls something else for other inputs.
    """
    weight = 4 * sum(int(np.prod(node.shape)) for node in nodes)
    batch = max(1, min(BATCH, ROOM // max(1, weight)))
    known: list[dict[int, Tensor]] = [{}, {}]

    def take(place: int, output: Tensor) -> None:
        if place < len(nodes):
            units = by_unit(output, axes[place])
            for kept, found in zip(known, (silent, saturated), strict=True):
                idle = found(nodes[place].kind, units)
                if idle is not None:
                    kept[place] = kept[place] & idle if place in kept else idle

    for start in range(0, len(samples), batch):
        again, _, _ = traced(module, samples[start : start + batch].to(device_of(module)), take)
        if [node.name for node in again] != [node.name for node in nodes]:
            raise DltuiError("the network calls other layers for other inputs: leave out --samples")
        report(min(start + batch, len(samples)), len(samples))
    counts = np.full((len(nodes), 2), np.nan)
    for column, kept in enumerate(known):
        for place, idle in kept.items():
            counts[place, column] = float(idle.sum())
    return counts
