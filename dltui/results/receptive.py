"""Which pixels the units in the middle of a layer heed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from dltui.figures import Array, Figure, Heatmap, Images, Lines, Overlay, Series, Table
from dltui.results.base import Result

SHARE = 1 - 0.9545  # of the greatest gradient: what lies beyond two standard deviations of a bell curve
FEW = 3  # layers that are laid over the picture
MOST = 24  # maps that are shown, spread evenly through the depth


@dataclass(frozen=True, eq=False, kw_only=True)
class ReceptiveField(Result):
    """Gradients of the units in the middle of layers with respect to every pixel.

    Attributes:
        weights: Where the weights came from.
        layers: The layers in the order of the pass.
        maps: Root mean square gradient of each pixel, shape (layers, h, w).
        theory: Height and width that windows and strides allow, shape (layers, 2); NaN where all pixels are in reach.
        samples: Over how many inputs.
        given: What the inputs are.
        picture: The one input as the network sees it, shape (h, w, c), 0 … 255, or None.
    """

    schema: ClassVar[str] = "receptive-field/1"

    weights: str
    layers: list[str]
    maps: Array
    theory: Array
    samples: int
    given: str = ""
    picture: Array | None = None

    @property
    def sizes(self) -> Array:
        """The root of the number of pixels above 4.55 % of the greatest gradient, shape (layers,)."""
        tops = self.maps.max((1, 2), keepdims=True)
        found: Array = np.sqrt(((self.maps > SHARE * tops) & (tops > 0)).sum((1, 2)))
        return found

    @property
    def spreads(self) -> Array:
        """Standard deviation of the place, weighted by the gradient, along height and width, shape (layers, 2)."""
        found = np.full((len(self.layers), 2), np.nan)
        for place, weights in enumerate(self.maps):
            for axis in (0, 1):
                mass = weights.sum(1 - axis)
                if mass.sum() > 0:
                    at = np.arange(len(mass))
                    mean = (at * mass).sum() / mass.sum()
                    found[place, axis] = np.sqrt((mass * (at - mean) ** 2).sum() / mass.sum())
        return found

    @property
    def reached(self) -> Array:
        """Height and width of the box around all pixels with any gradient, shape (layers, 2)."""
        found = np.zeros((len(self.layers), 2))
        for place, gradients in enumerate(self.maps):
            for axis in (0, 1):
                used = np.flatnonzero(gradients.any(1 - axis))
                found[place, axis] = used[-1] - used[0] + 1 if used.size else 0
        return found

    def summary(self) -> dict[str, Any]:
        """Return the sizes of every layer."""
        rows = zip(self.layers, self.sizes, self.spreads, self.reached, self.theory, strict=True)
        return {
            "weights": self.weights,
            "samples": self.samples,
            "input": self.given,
            "threshold": SHARE,
            "layers": [
                {
                    "name": name,
                    "effective_size": float(size),
                    "spread": spread.tolist(),
                    "reached": reached.astype(int).tolist(),
                    "theoretical": None if np.isnan(theory).any() else theory.astype(int).tolist(),
                }
                for name, size, spread, reached, theory in rows
            ],
        }

    def figures(self) -> list[Figure]:
        """Return the maps, the last one large, sizes through the depth, and the numbers."""
        shown: list[Figure] = [self._pictures(), self.map(len(self.layers) - 1)]
        if self.picture is not None:
            shown.append(self._laid_over(self.picture))
        return [*shown, self._depth(), self._table()]

    def map(self, place: int) -> Heatmap:
        """Return one map as a heat map.

        Args:
            place: Place of the layer.

        Returns:
            Gradients over the picture.
        """
        values = self.maps[place]
        return Heatmap(
            title=f"{self.layers[place]} · {self.title}",
            caption=f"{self._about()}; effective size {self.sizes[place]:.1f}, in reach {self._told(place)} pixels",
            values=values,
            x=np.arange(float(values.shape[1])),
            y=np.arange(float(values.shape[0])),
            x_label="column",
            y_label="row",
            value_label="gradient",
            colormap="magma",
            downwards=True,
        )

    def _about(self) -> str:
        """Return over what the gradients are averaged."""
        inputs = "one input" if self.samples == 1 else f"{self.samples} inputs"
        return f"root mean square gradient of the units in the middle, over {inputs}"

    def _told(self, place: int) -> str:
        """Return the size that windows and strides allow."""
        size = self.theory[place]
        return "all" if np.isnan(size).any() else f"{int(size[0])} × {int(size[1])}"

    def _pictures(self) -> Images:
        """Return the maps side by side, each from 0 to its greatest value."""
        count = len(self.layers)
        places = np.unique(np.linspace(0, count - 1, min(count, MOST)).round().astype(int))
        maps = self.maps[places]
        tops = maps.max((1, 2), keepdims=True)
        return Images(
            title=f"Effective receptive fields · {self.title}",
            caption=f"{self._about()}; the brightest pixel counts most, roots are drawn so that faint ones are seen",
            pixels=np.sqrt(np.divide(maps, tops, out=np.zeros_like(maps), where=tops > 0)),
            names=tuple(f"{self.layers[place]} · {self.sizes[place]:.1f}" for place in places),
        )

    def _laid_over(self, picture: Array) -> Overlay:
        """Return the fields of a few layers over the picture, each up to its greatest gradient."""
        count = len(self.layers)
        places = np.unique(np.linspace(0, count - 1, min(count, FEW)).round().astype(int))
        maps = self.maps[places]
        return Overlay(
            title=f"Over the picture · {self.title}",
            caption=f"{self._about()}; every map up to its own greatest value",
            picture=picture.astype(float) / 255,
            values=maps,
            names=tuple(self.layers[place] for place in places),
            value_label="gradient",
            limits=tuple((0.0, float(top) or 1.0) for top in maps.max((1, 2))),
            colormap="magma",
        )

    def _depth(self) -> Lines:
        """Return effective and possible sizes through the depth."""
        x = np.arange(float(len(self.layers)))
        possible = np.sqrt(self.theory.prod(1))
        side = float(np.sqrt(self.maps.shape[1] * self.maps.shape[2]))
        return Lines(
            title=f"Size through depth · {self.title}",
            caption=f"from {self.layers[0]} to {self.layers[-1]}; roots of the numbers of pixels",
            series=(
                Series(name="effective", x=x, y=self.sizes),
                Series(name="possible by windows and strides", x=x, y=possible),
            ),
            x_label="layer",
            y_label="pixels",
            levels=((side, "picture"),) if side < 2 * np.nanmax(possible, initial=side) else (),
        )

    def _table(self) -> Table:
        """Return the numbers of every layer."""
        rows = []
        for place, (name, size) in enumerate(zip(self.layers, self.sizes.tolist(), strict=True)):
            spread = [round(one, 3) for one in self.spreads[place].tolist()]
            rows.append((name, round(size, 2), self._told(place), *spread))
        return Table(
            title=f"Receptive fields · {self.title}",
            caption="effective: root of the number of pixels above 4.55 % of the greatest gradient (Luo et al. 2016)",
            columns=("layer", "effective", "possible", "spread down", "spread across"),
            rows=tuple(rows),
        )
