"""The plane through three networks, or the line through two.

With A at the origin, d₁ = θ_B − θ_A, and d₂ the part of θ_C − θ_A that is orthogonal to d₁, scaled to the length of d₁
(Garipov et al. 2018, "Loss Surfaces, Mode Connectivity, and Fast Ensembling of DNNs", arXiv:1802.10026). So B lies at
(1, 0), C at (a, b), one step is ‖θ_B − θ_A‖ along both axes, and distances in the picture are those of weight space.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from torch import Tensor, nn

from dltui.errors import DltuiError, UsageError
from dltui.figures import number
from dltui.instruments.axes import Axes
from dltui.instruments.planes.apart import Apart, apart
from dltui.instruments.planes.statistics import Interpolated, floating, statistics_of
from dltui.objective import Objective, Twin
from dltui.progress import Report
from dltui.results.trail import Spot

AROUND = 1.3  # half a window over half the extent of the networks in it
FLAT = 1e-6  # height of C over the line through A and B, in units of that line, below which there is no plane
NAMES = "BC"


@dataclass(frozen=True, eq=False, kw_only=True)
class Through:
    """The line or plane through other networks; called with an objective, it finds it.

    Attributes:
        others: One or two networks of the model's architecture, each with where its weights came from.
        batch_norm: ``interpolate`` (running statistics move as the weights do), ``recalibrate`` or ``keep``.
        calibration: Inputs of training for ``recalibrate``; those of the objective when None.
    """

    others: Sequence[tuple[str, nn.Module]]
    batch_norm: str = "interpolate"
    calibration: Tensor | None = None

    def __call__(self, objective: Objective, report: Report) -> Axes:
        """Find the line or plane from the weights of an objective.

        Args:
            objective: The loss of a model on its data.
            report: Called after every network that was evaluated.

        Returns:
            The directions, with the spots of the networks.

        Raises:
            UsageError: If there are more than two others.
            DltuiError: If one doesn't fit, or they lie on a point or a line.
        """
        if not 1 <= len(self.others) <= 2:
            raise UsageError(
                f"{len(self.others)} other networks: expected one for a line, two for a plane; try --to B --to C"
            )
        home = objective.twin()
        found = [apart(objective, home, module, title) for title, module in self.others]
        rows = _basis(found)
        places = _places(rows, len(found))
        spots = []
        for place, (one, where, name) in enumerate(zip(found, places, NAMES, strict=False)):
            reading = objective.read(one.twin)
            spots.append(Spot(name, one.title, where, reading.loss, reading.accuracy))
            report(place + 1, len(found))
        directions = [_mixed([one.weights for one in found], row) for row in rows]
        middle, reach = _frame(places)
        return Axes(
            [d.to(home.flat) for d in directions],
            along=[f"to:{one.title}" for one in found],
            told=_told(found),
            products=len(found),
            middle=middle,
            reach=reach,
            spots=tuple(spots),
            statistics=statistics_of(
                self.batch_norm,
                home.module,
                objective.inputs if self.calibration is None else self.calibration,
                _moving(home, found, rows),
            ),
        )


def _basis(found: Sequence[Apart]) -> list[list[float]]:
    """Return how each direction is put together from the differences to the other networks."""
    b = found[0].weights
    length = float(b.norm())
    if length == 0:
        raise DltuiError(f"{found[0].title} has the very weights of the model; expected another network")
    if len(found) == 1:
        return [[1.0]]
    c = found[1].weights
    along = float(b @ c) / length**2
    height = float((c - along * b).norm()) / length
    if height < FLAT:
        raise DltuiError(
            f"{found[1].title} lies on the line through the model and {found[0].title}, so there is no plane; expected "
            "a third network elsewhere; try one --to for the line"
        )
    return [[1.0, 0.0], [-along / height, 1 / height]]


def _places(rows: list[list[float]], count: int) -> list[tuple[float, ...]]:
    """Return where the other networks lie: (1,), or (1, 0) and (a, b)."""
    if count == 1:
        return [(1.0,)]
    slope, scale = rows[1]
    return [(1.0, 0.0), (-slope / scale, 1 / scale)]


def _mixed(parts: Sequence[Tensor], row: Sequence[float]) -> Tensor:
    """Return Σ row·parts."""
    total = parts[0] * row[0]
    for part, weight in zip(parts[1:], row[1:], strict=True):
        total = total + part * weight
    return total


def _moving(home: Twin, found: Sequence[Apart], rows: list[list[float]]) -> Interpolated:
    """Return how running statistics move along the directions."""
    still = floating(home.module)
    moves = [{name: _mixed([one.buffers[name] for one in found], row) for name in still} for row in rows]
    return Interpolated({name: buffer.clone() for name, buffer in still.items()}, moves)


def _told(found: Sequence[Apart]) -> list[str]:
    """Return what to say of the directions."""
    length = number(float(found[0].weights.norm()))
    if len(found) == 1:
        return [f"from θ* to {found[0].title} (distance {length})"]
    return [
        f"plane through A = θ*, B = {found[0].title}",
        f"C = {found[1].title}; one step is ‖B − A‖ = {length}",
    ]


def _frame(places: Sequence[tuple[float, ...]]) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Return middle and half-width of a window that shows every network."""
    whole = np.array([(0.0,) * len(places[0]), *places])
    low, high = whole.min(0), whole.max(0)
    half = AROUND * float((high - low).max()) / 2
    return tuple(map(float, (low + high) / 2)), (half,) * len(low)
