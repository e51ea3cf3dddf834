"""The plane in which a training moved most: principal components of its iterates (Li et al. 2018, section 7).

The rows of X are θ_t − θ*, so that θ* lies in the plane. With the Gram matrix K = X Xᵀ = U S² Uᵀ, which is as small as
there are iterates, the directions are V = Xᵀ U₂ S₂⁻¹: orthonormal, and nothing of size n × n is made. S_i² / Σ S² is
the share of Σ‖θ_t − θ*‖² that direction i holds; the rest of each iterate is its distance from the plane, and the
reason why a loss on the surface below the path is not the loss that the training saw.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from dltui.checkpoints import read_weights
from dltui.checkpoints.fit import fit_weights
from dltui.errors import DltuiError
from dltui.instruments.axes import Axes
from dltui.instruments.planes.apart import same_elsewhere
from dltui.instruments.planes.statistics import Interpolated, floating, statistics_of
from dltui.objective import Objective, Twin
from dltui.progress import Report
from dltui.results.trail import Trail
from dltui.runs.find import find_snapshot

WIDE = 1 << 20  # columns that are multiplied at a time, in float64
MOST = 256  # iterates of a run; of more, so many are picked evenly
FEWEST = 3  # iterates, the last one among them, that span a plane
AROUND = 1.15  # half a window over half the extent of the path
LEAST = 0.25  # the narrower side of the window over the wider one, at least


@dataclass(frozen=True, eq=False)
class Iterate:
    """The weights of a training after so many steps.

    Attributes:
        step: How many.
        title: What to call them in an error.
        read: Returns the tensors by name.
    """

    step: int
    title: str
    read: Callable[[], Mapping[str, Tensor]]


@dataclass(frozen=True, eq=False, kw_only=True)
class Trajectory:
    """The plane of a training; called with an objective, it finds it.

    Attributes:
        iterates: What the training kept, by step; the model of the objective need not be among them.
        batch_norm: ``recalibrate`` (running statistics are estimated anew at every point), ``interpolate`` (those of
            the iterates move as their weights do; away from the path variances may fall to 0) or ``keep``.
        calibration: Inputs of training for ``recalibrate``; those of the objective when None.
    """

    iterates: Sequence[Iterate]
    batch_norm: str = "recalibrate"
    calibration: Tensor | None = None

    def __call__(self, objective: Objective, report: Report) -> Axes:
        """Find the plane around the weights of an objective.

        Args:
            objective: The loss of a model on its data.
            report: Called after every iterate that was evaluated.

        Returns:
            Two orthonormal directions with the path.

        Raises:
            DltuiError: If there are too few iterates, they don't fit the model, or lie on a line.
        """
        if len(self.iterates) < FEWEST:
            raise DltuiError(
                f"{len(self.iterates)} checkpoints span no plane: expected at least {FEWEST}; "
                "train with --save-every 1 or --keep-every N"
            )
        home, twin = objective.twin(), objective.twin()
        moved, buffers, losses = [], [], []
        for place, iterate in enumerate(self.iterates):
            _stand(twin, iterate, home)
            if not bool(twin.flat.isfinite().all()):
                raise DltuiError(
                    f"{iterate.title} holds NaN or infinite weights; expected finite ones; try an earlier checkpoint"
                )
            moved.append((twin.flat - home.flat).to("cpu", torch.float32))
            buffers.append({name: b.clone() for name, b in floating(twin.module).items()})
            losses.append(objective.read(twin).loss)
            report(place + 1, len(self.iterates))
        x = torch.stack(moved)
        weights, shares = components(x)
        directions, places, squares = _projected(x, weights)
        trail = Trail(
            steps=np.array([iterate.step for iterate in self.iterates], float),
            places=places.numpy(),
            lengths=(places.square().sum(1) + squares).sqrt().numpy(),
            residuals=squares.sqrt().numpy(),
            shares=shares.numpy(),
            losses=np.array(losses),
        )
        middle, reach = _frame(trail.places)
        still = floating(home.module)
        moving = Interpolated(
            {name: b.clone() for name, b in still.items()},
            [_combined(row, buffers, still) for row in weights],
        )
        inputs = objective.inputs if self.calibration is None else self.calibration
        return Axes(
            [d.to(home.flat) for d in directions],
            along=["pca:1", "pca:2"],
            told=["first principal component of the training", "the second"],
            products=len(self.iterates),
            middle=middle,
            reach=reach,
            trail=trail,
            statistics=statistics_of(self.batch_norm, home.module, inputs, moving),
        )


def iterates_of(spec: str) -> list[Iterate]:
    """Return what a run kept up to a checkpoint.

    Args:
        spec: ``run:NAME``, or ``run:NAME@step=300`` for the path up to there.

    Returns:
        One iterate a checkpoint, read when it is needed; evenly thinned where there are very many.

    Raises:
        UsageError: If there is no such run or step.
        DltuiError: If it kept too few.
    """
    snapshot = find_snapshot(spec)
    run = snapshot.run
    steps = snapshot.way(MOST)
    if len(steps) < FEWEST:
        raise DltuiError(
            f"the run {run.name} kept {len(steps)} checkpoint{'s' * (len(steps) != 1)} up to step {snapshot.step}, "
            f"which span no plane: expected at least {FEWEST}; train with --save-every 1 or --keep-every N"
        )
    return [
        Iterate(step, f"step {step} of the run {run.name}", partial(_state, run.checkpoint(step)))
        for step in steps
    ]


def _state(path: Path) -> Mapping[str, Tensor]:
    """Return the tensors of a checkpoint."""
    return read_weights(path).state


def components(x: Tensor) -> tuple[Tensor, Tensor]:
    """Return how the first two principal components are put together from the rows, and their shares.

    Args:
        x: Rows θ_t − θ*, shape (t, n).

    Returns:
        Weights W, shape (2, t), with orthonormal W X, float64; and S_i² / Σ S², shape (2,). Each component points to
        the side where the first row that it moves lies.

    Raises:
        DltuiError: If the rows lie on a line.
    """
    gram = _gram(x)
    values, vectors = torch.linalg.eigh(gram)
    values, vectors = values.flip(0).clamp(min=0), vectors.flip(1)
    if float(values[1]) <= 1e-12 * float(values[0]):
        raise DltuiError(
            "the checkpoints of the training lie on a line, or are all the same, and span no plane: expected weights "
            "that moved; try other checkpoints"
        )
    picked = vectors[:, :2] * torch.sign(vectors[:1, :2] + (vectors[:1, :2] == 0))
    return (picked / values[:2].sqrt()).T, values[:2] / values.sum()


def _gram(x: Tensor) -> Tensor:
    """Return X Xᵀ in float64, without a copy of X in float64."""
    return torch.stack([part.double() @ part.double().T for part in torch.split(x, WIDE, dim=1)]).sum(0)


def _projected(x: Tensor, weights: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Return the directions (2, n), the places of the rows (t, 2), and their squared distances from the plane (t,)."""
    parts = torch.split(x, WIDE, dim=1)
    directions = torch.cat([weights @ part.double() for part in parts], dim=1)
    cut = torch.split(directions, WIDE, dim=1)
    places = torch.stack([part.double() @ d.T for part, d in zip(parts, cut, strict=True)]).sum(0)
    rests = [(part.double() - places @ d).square().sum(1) for part, d in zip(parts, cut, strict=True)]
    return directions, places, torch.stack(rests).sum(0)


def _stand(twin: Twin, iterate: Iterate, home: Twin) -> None:
    """Put the weights of an iterate into a copy of the model."""
    fit_weights(twin.module, iterate.read(), iterate.title)
    same_elsewhere(home, twin.module, iterate.title)


def _combined(
    row: Tensor, buffers: list[dict[str, Tensor]], still: Mapping[str, Tensor]
) -> dict[str, Tensor]:
    """Return how the running statistics move along a component."""
    pairs = list(zip(row.tolist(), buffers, strict=True))
    return {
        name: torch.stack([weight * (b[name] - base) for weight, b in pairs]).sum(0)
        for name, base in still.items()
    }


def _frame(places: np.ndarray) -> tuple[tuple[float, float], tuple[float, float]]:
    """Return middle and half-widths of a window that shows the whole path and θ*."""
    whole = np.vstack([places, np.zeros((1, 2))])
    low, high = whole.min(0), whole.max(0)
    half = AROUND * (high - low) / 2
    half = np.maximum(half, LEAST * half.max())
    middle = (low + high) / 2
    return (float(middle[0]), float(middle[1])), (float(half[0]), float(half[1]))
