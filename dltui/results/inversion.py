"""What the layers of a network still know of an input: pictures that they can't tell from it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np

from dltui.figures import Array, Figure, Images, Lines, Series, Table, number
from dltui.results.base import Result

FEW = 40  # numbers of an input that are drawn as points


@dataclass(frozen=True, eq=False, kw_only=True)
class Inversion(Result):
    """A picture for each layer whose features there are those of the input.

    Attributes:
        layers: Names, from the input on.
        shapes: Of what each gives.
        image: Whether the inputs are pictures.
        pictures: The input, then one for each layer, shape (1 + l, h, w) or (1 + l, h, w, 3), 0 … 1.
        values: The same as the network takes them, shape (1 + l, …).
        steps: When the search was measured, shape (t,).
        feature_errors: ‖Φ(x) − Φ(x₀)‖ / ‖Φ(x₀)‖ then, shape (l, t).
        input_errors: ‖x − x₀‖ / ‖x₀ − mean‖ then, shape (l, t).
        alpha: Weight of the α-norm.
        tv: Weight of the total variation.
        total: Steps that there shall be.
        weights_unchanged: Whether all weights are the same bits as before; None while it goes on.
        complete: Whether all steps were made.
    """

    schema: ClassVar[str] = "inversion/1"

    layers: list[str] = field(default_factory=list)
    shapes: list[list[int]] = field(default_factory=list)
    image: bool = True
    pictures: Array
    values: Array
    steps: Array
    feature_errors: Array
    input_errors: Array
    alpha: float = 0.0
    tv: float = 0.0
    total: int = 0
    weights_unchanged: bool | None = None
    complete: bool = True

    def summary(self) -> dict[str, Any]:
        """Return one entry a layer."""
        return {
            "layers": [
                {
                    "name": name,
                    "shape": shape,
                    "relative_error": float(self.feature_errors[i, -1]),
                    "input_error": float(self.input_errors[i, -1]),
                    "errors": self.feature_errors[i].tolist(),
                }
                for i, (name, shape) in enumerate(zip(self.layers, self.shapes, strict=True))
            ],
            "measured_at": self.steps.tolist(),
            "alpha": self.alpha,
            "tv": self.tv,
            "steps": self.total,
            "complete": self.complete,
            "weights_unchanged": self.weights_unchanged,
        }

    def figures(self) -> list[Figure]:
        """Return the pictures, the errors through the depth, the search, and the numbers."""
        return [self.seen(), self.depth(), self.curve(), self._table()]

    def seen(self) -> Figure:
        """Return the input and what the layers make of it; curves for inputs that are no pictures."""
        title = f"What is left of the input · {self.title}"
        names = ("input", *(f"{name} {self.input_errors[i, -1]:.0%}" for i, name in enumerate(self.layers)))
        if self.image:
            return Images(title=title, caption=self._caption(), pixels=self.pictures, names=names)
        return self._curves(title, names, range(len(names)))

    def alone(self, place: int) -> Figure:
        """Return the input, what one layer makes of it, and the difference, side by side.

        Args:
            place: Which layer.

        Returns:
            One picture of three; two curves for inputs that are no pictures.
        """
        name = self.layers[place]
        title = f"Layer {name} · {self.title}"
        if not self.image:
            return self._curves(title, ("input", name), (0, 1 + place))
        first, made = self.pictures[0], self.pictures[1 + place]
        three = np.concatenate([first, made, 0.5 + (made - first) / 2], axis=1)
        return Images(
            title=title,
            caption=(
                f"the input, the picture that {name} can't tell from it, and the difference, grey where there is none; "
                f"‖x − x₀‖ is {self.input_errors[place, -1]:.0%} of the contrast of x₀, ‖Φ(x) − Φ(x₀)‖ / ‖Φ(x₀)‖ is "
                f"{number(float(self.feature_errors[place, -1]), 2)}"
            ),
            pixels=three[None],
            names=(f"input · {name} · difference",),
        )

    def _curves(self, title: str, names: Sequence[str], places: Sequence[int]) -> Lines:
        """Return inputs as curves."""
        flat = self.pictures[list(places)].reshape(len(places), -1)
        x = np.arange(flat.shape[1], dtype=float)
        series = tuple(
            Series(name=name, x=x, y=row, marks=len(x) < FEW) for name, row in zip(names, flat, strict=True)
        )
        return Lines(title=title, caption=self._caption(), series=series, x_label="number", y_label="input")

    def depth(self) -> Lines:
        """Return both errors by layer."""
        x = np.arange(1, len(self.layers) + 1, dtype=float)
        return Lines(
            title=f"Error by depth · {self.title}",
            caption="of the features: how well the search went; of the input: how little of it the layer has kept",
            series=(
                Series(name="of the input", x=x, y=self.input_errors[:, -1]),
                Series(name="of the features", x=x, y=self.feature_errors[:, -1]),
            ),
            x_label=f"layer, {self.layers[0]} to {self.layers[-1]}",
            y_label="relative error",
        )

    def curve(self) -> Lines:
        """Return how the error of the features fell."""
        return Lines(
            title=f"Search · {self.title}",
            caption="‖Φ(x) − Φ(x₀)‖ / ‖Φ(x₀)‖",
            series=tuple(
                Series(name=name, x=self.steps.astype(float), y=self.feature_errors[i])
                for i, name in enumerate(self.layers)
            ),
            x_label="step",
            y_label="relative error",
            y_scale="log",
        )

    def _caption(self) -> str:
        told = (
            f"below each picture ‖x − x₀‖ as a share of the contrast of x₀; the features there are {self._worst()} off "
            f"at most, after {int(self.steps[-1])} of {self.total} steps; total variation {number(self.tv)}, α-norm "
            f"{number(self.alpha)}"
        )
        if self.weights_unchanged is None:
            return told
        return f"{told}; " + (
            "weights bit-identical afterwards" if self.weights_unchanged else "THE WEIGHTS HAVE CHANGED"
        )

    def _worst(self) -> str:
        """Return the largest error of the features."""
        return f"{float(self.feature_errors[:, -1].max()):.1%}"

    def _table(self) -> Table:
        rows = zip(
            self.layers,
            ["×".join(map(str, shape)) for shape in self.shapes],
            self.feature_errors[:, 0].tolist(),
            self.feature_errors[:, -1].tolist(),
            self.input_errors[:, -1].tolist(),
            strict=True,
        )
        return Table(
            title=f"Numbers · {self.title}",
            columns=("layer", "shape", "features, start", "features, end", "input, end"),
            rows=tuple(rows),
        )
