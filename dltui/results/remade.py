"""A shape as a network made it, beside the shape that it was to make."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, ClassVar

from dltui.figures import Array, Figure, Scene, Table, number
from dltui.results.mesh import AXES, Mesh


@dataclass(frozen=True, eq=False, kw_only=True)
class Remade(Mesh):
    """Triangles that a network made.

    Attributes:
        model: Which network.
        weights: Where its weights came from.
        given: Which shape it was to make.
        true: Points of that shape's surface, shape (m, 3).
        iou: Volume that both share over the volume of either, on the grid; None where the network tells no inside.
        side: Cells along each side of the grid; 0 where there is none.
        apart: How far both surfaces are apart, by samples of them, as ``dltui cloud --against`` tells it.
        error: Mean absolute error of the distances, cut to ±0.1, on the grid; None where it tells no distances.
        unseen: Whether the shape was none of those that it learnt from.
    """

    schema: ClassVar[str] = "remade/1"

    model: str
    weights: str
    given: str
    true: Array
    iou: float | None = None
    side: int = 0
    apart: dict[str, float] = field(default_factory=dict)
    error: float | None = None
    unseen: bool = False

    def summary(self) -> dict[str, Any]:
        """Return how alike both are, and what is known of the mesh."""
        return {
            "model": self.model,
            "weights": self.weights,
            "given": self.given,
            "unseen": self.unseen,
            "iou": self.iou,
            "grid": self.side,
            "distance_error": self.error,
            "chamfer": self.apart["chamfer"],
            "chamfer_squared": self.apart["chamfer_squared"],
            "emd": self.apart["emd"],
            **super().summary(),
        }

    def figures(self) -> list[Figure]:
        """Return what was made, what was to be made, and the numbers."""
        made = self.scene()
        true = Scene(
            title=f"What it was to be · {self.given}",
            caption=f"{len(self.true):,} points of the surface",
            points=self.true,
            point_values=self.true[:, AXES.index(self.up)],
            value_label="height",
            projection=self.projection,
            up=self.up,
        )
        return [made, true, self._alike(), self._table()]

    def _caption(self) -> str:
        alike = f"IoU {number(self.iou, 4)}; " if self.iou is not None else ""
        return f"{alike}Chamfer distance {number(self.apart['chamfer'], 3)}; {super()._caption()}"

    def _alike(self) -> Table:
        rows = [
            ("IoU", "tells no inside" if self.iou is None else number(self.iou, 4)),
            ("Chamfer distance", number(self.apart["chamfer"], 4)),
            ("Chamfer distance, squared", number(self.apart["chamfer_squared"], 4)),
            ("Hausdorff distance", number(self.apart["hausdorff"], 4)),
            ("earth mover's distance", number(self.apart["emd"], 4)),
        ]
        if self.error is not None:
            rows.append(("mean error of distances cut to ±0.1", number(self.error, 4)))
        seen = "none of those it learnt from" if self.unseen else "one that it learnt from"
        return Table(
            title=f"How alike · {self.given}",
            caption=f"{self.weights}; the shape is {seen}",
            columns=("what", "value"),
            rows=tuple(rows),
        )
