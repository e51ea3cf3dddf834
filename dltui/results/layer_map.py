"""A layer as a map: samples in the plane, near where the layer takes them for alike."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np

from dltui.figures import Array, Bars, Figure, Lines, Points, Series, Table, number
from dltui.results.base import Result
from dltui.results.depth import plain

NAMES = {"pca": "PCA", "tsne": "t-SNE", "umap": "UMAP"}
AXES = {
    "pca": ("first component", "second component"),
    "tsne": ("t-SNE 1", "t-SNE 2"),
    "umap": ("UMAP 1", "UMAP 2"),
}
LOSSES = {"tsne": "KL(P ‖ Q), nats", "umap": "loss a pair, nats"}
EMPTY = np.zeros((0, 0))


@dataclass(frozen=True, eq=False, kw_only=True)
class LayerMap(Result):
    """Maps of some layers, and how pure the neighbourhoods of all are.

    Attributes:
        method: ``pca``, ``tsne`` or ``umap``.
        mapped: The layers that there are maps of, m of them.
        places: Where the samples are, shape (m, n, 2); NaN where that isn't known yet.
        labels: Class of each sample, shape (n,); empty where there are none.
        numbers: Answer of each sample where those are numbers, shape (n,); empty otherwise.
        classes: Names of the classes.
        rows: Which samples (or tokens) of the data set they are, shape (n,).
        layers: All layers that were looked at, the samples themselves first.
        purity: Share of the nearest neighbours in each that are of the same class, shape (l,).
        purity_error: Its standard error over the samples, shape (l,).
        chance: What it would be for neighbours drawn at random.
        neighbours: How many neighbours are asked.
        map_purity: The same on each map, shape (m,).
        trust: Trustworthiness of each map, shape (m,).
        loss: KL divergence or cross-entropy on the way, shape (m, t).
        loss_steps: When it was measured, shape (t,).
        variances: Share of the variance along the first components of each mapped layer, shape (m, c).
        settings: Perplexity, neighbours and the like, by name.
        what: ``samples`` or ``tokens``.
        part: ``train`` or ``test``.
        step: Iterations that the unfinished map has made; 0 for a finished one.
        complete: Whether everything is done.
    """

    schema: ClassVar[str] = "map/1"

    method: str
    mapped: list[str]
    places: Array
    labels: Array
    numbers: Array = field(default_factory=lambda: EMPTY)
    classes: list[str] = field(default_factory=list)
    rows: Array
    layers: list[str] = field(default_factory=list)
    purity: Array = field(default_factory=lambda: EMPTY)
    purity_error: Array = field(default_factory=lambda: EMPTY)
    chance: float = float("nan")
    neighbours: int = 10
    map_purity: Array = field(default_factory=lambda: EMPTY)
    trust: Array = field(default_factory=lambda: EMPTY)
    loss: Array = field(default_factory=lambda: EMPTY)
    loss_steps: Array = field(default_factory=lambda: EMPTY)
    variances: Array = field(default_factory=lambda: EMPTY)
    settings: dict[str, float] = field(default_factory=dict)
    what: str = "samples"
    part: str = "train"
    step: int = 0
    complete: bool = True

    @property
    def called(self) -> str:
        """The name of the method."""
        return NAMES[self.method]

    def summary(self) -> dict[str, Any]:
        """Return the maps, and the purity of all layers."""
        return {
            "method": self.method,
            "settings": self.settings,
            "part": self.part,
            "what": self.what,
            "classes": self.classes,
            "labels": self.labels.tolist() or None,
            "rows": self.rows.tolist(),
            "complete": self.complete,
            "maps": [self._map(i) for i in range(len(self.mapped))],
            "chance": plain(self.chance),
            "neighbours": self.neighbours,
            "layers": [
                {"name": name, "purity": plain(self.purity[i]), "error": plain(self.purity_error[i])}
                for i, name in enumerate(self.layers)
            ],
        }

    def _map(self, place: int) -> dict[str, Any]:
        found: dict[str, Any] = {
            "layer": self.mapped[place],
            "places": [[plain(x), plain(y)] for x, y in self.places[place].tolist()],
            "purity": plain(self.map_purity[place]),
            "trustworthiness": plain(self.trust[place]),
            "variance_shares": [plain(share) for share in self.variances[place].tolist()],
        }
        if self.loss.size:
            known = np.isfinite(self.loss[place])
            found["loss"] = self.loss[place][known].tolist()
            found["loss_steps"] = self.loss_steps[known].tolist()
        return found

    def figures(self) -> list[Figure]:
        """Return the maps, the purity by depth, how the maps came about, and the numbers."""
        found: list[Figure] = [self.map(i) for i in range(len(self.mapped))]
        if self.labels.size:
            found.append(self.depth())
        if self.method == "pca":
            found.extend(self.scree(i) for i in range(len(self.mapped)))
        elif self.loss.size:
            found.append(self.course())
        return [*found, self._table()]

    def map(self, place: int) -> Points:
        """Return one map, coloured by class."""
        x, y = AXES[self.method]
        return Points(
            title=f"{self.called} of {self.mapped[place]} · {self.title}",
            caption=self._caption(place),
            position=self.places[place],
            group=self.labels if self.labels.size else None,
            value=None if self.labels.size or not self.numbers.size else self.numbers,
            group_names=tuple(self.classes),
            axes=(x, y),
        )

    def depth(self) -> Lines:
        """Return the purity of neighbourhoods by layer."""
        x = np.arange(len(self.layers), dtype=float)
        low, high = self.purity - self.purity_error, self.purity + self.purity_error
        series = Series(name="in the layer itself", x=x, y=self.purity, low=low, high=high)
        places = [self.layers.index(name) for name in self.mapped if name in self.layers]
        on_map = Series(
            name=f"on its {self.called} map",
            x=np.array(places, float),
            y=self.map_purity[: len(places)],
            marks=True,
            tint=1,
        )
        known = [series, on_map] if np.isfinite(self.map_purity).any() else [series]
        return Lines(
            title=f"Purity by depth · {self.title}",
            caption=f"share of the {self.neighbours} nearest neighbours of the same class; band: standard error",
            series=tuple(known),
            x_label=f"layer, {self.layers[0]} to {self.layers[-1]}",
            y_label="neighbour purity",
            levels=((self.chance, "by chance"),),
        )

    def course(self) -> Lines:
        """Return how the loss of the maps fell."""
        return Lines(
            title=f"Iterations · {self.title}",
            caption="t-SNE begins with exaggerated attraction; what is drawn is the divergence without it"
            if self.method == "tsne"
            else "what the draws lower on average: pulls along the graph, pushes from points at random",
            series=tuple(
                Series(name=name, x=self.loss_steps.astype(float), y=self.loss[i])
                for i, name in enumerate(self.mapped)
            ),
            x_label="iteration",
            y_label=LOSSES[self.method],
        )

    def scree(self, place: int) -> Bars:
        """Return the share of the variance along the first components."""
        shares = self.variances[place]
        shares = shares[np.isfinite(shares)]
        return Bars(
            title=f"Variance of {self.mapped[place]} · {self.title}",
            caption=f"{float(shares[:2].sum()):.1%} of the variance is on the map",
            labels=tuple(f"{i + 1}" for i in range(len(shares))),
            values=shares,
            value_label="share of the variance",
        )

    def _caption(self, place: int) -> str:
        told = [f"{self.places.shape[1]} {self.what} of the {self.part} part"]
        if self.step:
            told.append(f"iteration {self.step}")
        if np.isfinite(self.map_purity[place]):
            told.append(f"neighbour purity {self.map_purity[place]:.1%}, by chance {self.chance:.1%}")
        if np.isfinite(self.trust[place]):
            told.append(f"trustworthiness {number(float(self.trust[place]), 3)}")
        if self.method == "pca" and self.variances.size:
            told.append(f"{float(np.nansum(self.variances[place][:2])):.1%} of the variance")
        if self.loss.size and np.isfinite(self.loss[place]).any():
            last = self.loss[place][np.isfinite(self.loss[place])][-1]
            told.append(f"{LOSSES[self.method]} {number(float(last), 3)}")
        told.extend(f"{name} {number(value)}" for name, value in self.settings.items())
        return "; ".join(told)

    def _table(self) -> Table:
        rows = []
        for i, name in enumerate(self.layers):
            place = self.mapped.index(name) if name in self.mapped else None
            on_map = None if place is None else self.map_purity[place]
            trust = None if place is None else self.trust[place]
            rows.append((
                name,
                f"{self.purity[i]:.1%} ± {self.purity_error[i]:.1%}" if np.isfinite(self.purity[i]) else "–",
                "–" if on_map is None or not np.isfinite(on_map) else f"{on_map:.1%}",
                "–" if trust is None or not np.isfinite(trust) else number(float(trust), 3),
            ))
        return Table(
            title=f"Layer by layer · {self.title}",
            caption=f"purity of the {self.neighbours} nearest neighbours, in the layer and on its map",
            columns=("layer", "purity", "on the map", "trustworthiness"),
            rows=tuple(rows),
        )
