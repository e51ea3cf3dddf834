"""Layers as maps: what a network gives for many samples, brought into the plane as it goes."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import torch
from torch import Tensor, nn

from dltui.data import Dataset
from dltui.data.takes import Takes, takes_of
from dltui.errors import UsageError
from dltui.instruments.features.layers import default_layer, find_layer
from dltui.instruments.maps.affinity import affinities, squared_distances
from dltui.instruments.maps.fuzzy import fuzzy_graph
from dltui.instruments.maps.neighbours import NEIGHBOURS, chance, nearest, purity, trustworthiness
from dltui.instruments.maps.pca import Components, pca
from dltui.instruments.maps.tsne import Field, tsne
from dltui.instruments.maps.umap import crossing, curve, spectral_start, umap
from dltui.instruments.probe.samples import Samples, draw
from dltui.instruments.probe.stations import INPUT, features, stations
from dltui.objective.undisturbed import undisturbed
from dltui.progress import Report, silent
from dltui.results.base import Made
from dltui.results.layer_map import LayerMap

Method = Literal["pca", "tsne", "umap"]
ALL = "all"
LOOKS = 25  # points of the curve of a loss
SHARES = 20  # components whose variance is told
APART = 0.15  # seconds between two partial results at least
FEWEST = 12  # samples that a map needs
EPOCHS = {"pca": 1, "tsne": 750, "umap": 500}


@dataclass(frozen=True)
class Wish:
    """How maps are made.

    Attributes:
        method: ``pca``, ``tsne`` or ``umap``.
        layers: Which layers; the one that is looked at when nothing is said where there are none, ``all`` for all.
        samples: Samples (or tokens) at most.
        part: Of which part of the data.
        perplexity: Effective number of neighbours of t-SNE.
        neighbours: Neighbours of UMAP, the point itself counted.
        min_dist: Distance below which UMAP counts points as packed.
        iterations: Steps; 750 for t-SNE and 500 for UMAP where it is None.
        seed: Seed of all draws.
    """

    method: Method = "tsne"
    layers: tuple[str, ...] = ()
    samples: int = 1000
    part: Literal["train", "test"] = "train"
    perplexity: float = 30.0
    neighbours: int = 15
    min_dist: float = 0.1
    iterations: int | None = None
    seed: int = 0


def chart(
    module: nn.Module,
    dataset: Dataset,
    wish: Wish | None = None,
    *,
    takes: Takes | None = None,
    title: str = "",
    device: torch.device | None = None,
    report: Report = silent,
) -> LayerMap:
    """Return maps of layers, and how pure the neighbourhoods of all layers are.

    Args:
        module: The network, which is left as found.
        dataset: Whose samples are mapped.
        wish: How.
        takes: What the network takes; samples of the data set where None.
        title: What is looked at.
        device: Where to compute.
        report: Called with what is known by then: purity layer by layer, then each map as it moves.

    Returns:
        The maps.

    Raises:
        UsageError: If there are too few samples, no such layer, or more neighbours are wanted than there are.
    """
    wish = wish or Wish()
    taken = takes or takes_of(dataset)
    samples = draw(dataset, taken, wish.part, wish.samples, wish.seed)
    _enough(dataset, samples, wish)
    place = device or torch.device("cpu")
    with undisturbed(module):
        module.to(place).eval()
        names = stations(module, samples.x[:2].to(place))
        if not dataset.reads_tokens:
            names.insert(0, INPUT)
        mapped = list(names if wish.layers == (ALL,) else wish.layers or (default_layer(module, taken.kind),))
        for name in mapped:
            if name != INPUT:
                find_layer(module, name)
        maker = _Maker(dataset, samples, wish, names, mapped, place, report)
        maker.known = replace(maker.known, title=title, made=Made(device=str(place), seed=wish.seed))
        return maker.go(module)


def _enough(dataset: Dataset, samples: Samples, wish: Wish) -> None:
    """Refuse what can't be mapped with so few samples."""
    count = len(samples.rows)
    if count < FEWEST:
        raise UsageError(f"{dataset.name} has {count} samples in its {wish.part} part: a map needs {FEWEST}")
    if wish.method == "tsne" and not 1 < wish.perplexity < count / 2:
        raise UsageError(
            f"can't use a perplexity of {wish.perplexity:g} for {count} samples: expected more than 1 and less than "
            f"{count / 2:g}; try {min(30, count // 4)}"
        )
    if wish.method == "umap" and not 2 <= wish.neighbours < count:
        raise UsageError(
            f"can't use {wish.neighbours} neighbours of {count} samples: expected 2 to {count - 1}"
        )


class _Maker:
    """Makes maps, one layer after the other."""

    def __init__(
        self,
        dataset: Dataset,
        samples: Samples,
        wish: Wish,
        names: list[str],
        mapped: list[str],
        device: torch.device,
        report: Report,
    ) -> None:
        self._samples, self._wish, self._device, self._report = samples, wish, device, report
        self._names = names
        self._steps = wish.iterations or EPOCHS[wish.method]
        self._steps = 1 if wish.method == "pca" else self._steps
        self._total, self._done, self._next = len(names) + len(mapped) * self._steps, 0, 0.0
        count, maps = len(samples.rows), len(mapped)
        looks = np.unique(np.linspace(1, self._steps, min(LOOKS, self._steps)).round().astype(int))
        has_loss = wish.method != "pca"
        rows = samples.rows if samples.positions else samples.places
        self.known = LayerMap(
            method=wish.method,
            mapped=mapped,
            places=np.full((maps, count, 2), np.nan, np.float32),
            labels=np.zeros(0, np.int64) if samples.y is None else samples.y.numpy(),
            numbers=np.zeros(0) if samples.numbers is None else samples.numbers.numpy(),
            classes=list(dataset.classes),
            rows=rows.numpy(),
            layers=names,
            purity=np.full(len(names), np.nan),
            purity_error=np.full(len(names), np.nan),
            chance=float("nan") if samples.y is None else chance(samples.y),
            neighbours=min(NEIGHBOURS, count - 2),
            map_purity=np.full(maps, np.nan),
            trust=np.full(maps, np.nan),
            loss=np.full((maps, len(looks)), np.nan) if has_loss else np.zeros((0, 0)),
            loss_steps=looks if has_loss else np.zeros(0, np.int64),
            variances=np.full((maps, SHARES), np.nan),
            settings=_settings(wish, self._steps),
            what="tokens" if samples.positions else "samples",
            part=wish.part,
            complete=False,
        )

    def go(self, module: nn.Module) -> LayerMap:
        """Make all maps; those that are asked for first, so that something is seen soon."""
        known = self.known
        extra = [name for name in known.mapped if name not in self._names]
        order = [*known.mapped, *(name for name in self._names if name not in known.mapped)]
        self._total += len(extra)
        self._tell(force=True)
        found = features(
            module, order, self._samples.x, positions=self._samples.positions, device=self._device
        )
        for layer in found:
            x = layer.values[self._samples.rows].to(self._device)
            distances = squared_distances(x)
            self._pure(layer.name, distances)
            if layer.name in known.mapped:
                self._map(known.mapped.index(layer.name), x, distances)
        self._report(self._total, self._total)
        return replace(self.known, complete=True, step=0)

    def _pure(self, name: str, distances: Tensor) -> None:
        """Find how pure the neighbourhoods of a layer are."""
        self._done += 1
        if name in self._names and self._samples.y is not None:
            purities, errors = self.known.purity.copy(), self.known.purity_error.copy()
            place = self._names.index(name)
            near = nearest(distances, self.known.neighbours).cpu()
            purities[place], errors[place] = purity(near, self._samples.y)
            self.known = replace(self.known, purity=purities, purity_error=errors)
        self._tell()

    def _map(self, place: int, x: Tensor, distances: Tensor) -> None:
        """Make the map of one layer."""
        components = pca(x)
        variances = self.known.variances.copy()
        shares = components.shares[:SHARES].numpy()
        variances[place, : len(shares)] = shares
        self.known = replace(self.known, variances=variances)
        y = {"pca": self._pca, "tsne": self._tsne, "umap": self._umap}[self._wish.method](
            place, components, distances
        )
        self._put(place, y, step=0)
        self._done += self._steps
        placed = squared_distances(y)
        pure, trust = self.known.map_purity.copy(), self.known.trust.copy()
        if self._samples.y is not None:
            pure[place] = purity(nearest(placed, self.known.neighbours).cpu(), self._samples.y)[0]
        trust[place] = trustworthiness(distances, placed, self.known.neighbours)
        self.known = replace(self.known, map_purity=pure, trust=trust)
        self._tell(force=True)

    def _pca(self, place: int, components: Components, distances: Tensor) -> Tensor:  # noqa: ARG002
        return components.places.float()

    def _tsne(self, place: int, components: Components, distances: Tensor) -> Tensor:
        affinity = affinities(distances, self._wish.perplexity)
        field = Field(affinity)
        return tsne(
            field,
            components.places.to(distances),
            iterations=self._steps,
            watch=lambda step, y: self._watch(place, step, y, lambda: field.divergence(y)),
        )

    def _umap(self, place: int, components: Components, distances: Tensor) -> Tensor:
        graph = fuzzy_graph(distances, self._wish.neighbours)
        shape = curve(self._wish.min_dist)
        generator = torch.Generator().manual_seed(self._wish.seed)
        start = spectral_start(graph, components.places.to(distances), generator)
        return umap(
            graph,
            start,
            shape,
            epochs=self._steps,
            generator=generator,
            watch=lambda step, y: self._watch(place, step, y, lambda: crossing(graph, y, shape)),
        )

    def _watch(self, place: int, step: int, y: Tensor, loss: Callable[[], float]) -> None:
        """Take note of a map on its way."""
        at = np.flatnonzero(self.known.loss_steps == step)
        if at.size:
            losses = self.known.loss.copy()
            losses[place, at[0]] = loss()
            self.known = replace(self.known, loss=losses)
        if time.monotonic() >= self._next:
            self._put(place, y, step=step)
            self._tell(step)

    def _put(self, place: int, y: Tensor, *, step: int) -> None:
        places = self.known.places.copy()
        places[place] = y.float().cpu().numpy()
        self.known = replace(self.known, places=places, step=step)

    def _tell(self, step: int = 0, *, force: bool = False) -> None:
        """Report what is known, now and then."""
        if force or time.monotonic() >= self._next:
            known = self.known if np.isfinite(self.known.places).any() else None
            self._report(self._done + step, self._total, known)
            self._next = time.monotonic() + APART


def _settings(wish: Wish, steps: int) -> dict[str, float]:
    """Return what the method was told."""
    if wish.method == "pca":
        return {}
    if wish.method == "tsne":
        return {"perplexity": wish.perplexity, "iterations": steps}
    return {"neighbours": wish.neighbours, "min_dist": wish.min_dist, "iterations": steps}
