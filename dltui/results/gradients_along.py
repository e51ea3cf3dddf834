"""Gradient norms at every checkpoint of a run."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from dltui.figures import Array, Figure, Heatmap, Lines, Series, Table, number
from dltui.results.base import Result
from dltui.results.depth import Depth, judge, plain


@dataclass(frozen=True, eq=False, kw_only=True)
class GradientsAlong(Result):
    """‖∇L‖ of every parameter tensor at every checkpoint, over the same samples.

    Attributes:
        run: Name of the run.
        steps: Optimiser steps of each checkpoint, shape (s,).
        loss: L there, shape (s,); NaN where it isn't known yet.
        names: Parameter tensors in the order of the model.
        grad_norms: ‖∇L‖, shape (s, t).
        weight_norms: ‖w‖, shape (s, t).
        moved: ‖w − w before‖ since the checkpoint before, shape (s, t); NaN for the first.
        modules: Modules that own a matrix or a kernel, in the order in which they are used.
        back: Root mean square over the samples of ‖δ‖ at each module, shape (s, l).
        activations: Activation functions with units that can die.
        dead: Share of their units that never fire, shape (s, a).
        samples: How many samples the loss is the mean of.
        loss_name: What the loss is called.
        mode: ``eval`` when batch norm uses running statistics and dropout is off.
    """

    schema: ClassVar[str] = "gradients-along/1"

    run: str
    steps: Array
    loss: Array
    names: list[str]
    grad_norms: Array
    weight_norms: Array
    moved: Array
    modules: list[str]
    back: Array
    activations: list[str]
    dead: Array
    samples: int
    loss_name: str = "loss"
    mode: str = "eval"

    @property
    def known(self) -> Array:
        """Which checkpoints have been measured, shape (s,)."""
        return np.asarray(np.isfinite(self.grad_norms).any(axis=1))

    @property
    def totals(self) -> Array:
        """‖∇L‖ over all tensors, shape (s,)."""
        totals: Array = np.sqrt((self.grad_norms**2).sum(1))
        return totals

    def verdicts(self) -> list[Depth | None]:
        """Return whether gradients vanish or explode at each checkpoint; None where that isn't known yet."""
        pairs = zip(self.known.tolist(), self.back, strict=True)
        return [judge(self.modules, row) if known else None for known, row in pairs]

    def summary(self) -> dict[str, Any]:
        """Return the contract: one entry a checkpoint, in the order of the steps."""
        return {
            "run": self.run,
            "names": self.names,
            "modules": self.modules,
            "activations": self.activations,
            "complete": bool(self.known.all()),
            "checkpoints": [
                self._checkpoint(place, verdict) for place, verdict in enumerate(self.verdicts())
            ],
            "samples": self.samples,
            "loss_name": self.loss_name,
            "mode": self.mode,
        }

    def _checkpoint(self, place: int, verdict: Depth | None) -> dict[str, Any]:
        """Return what is known of one checkpoint."""
        return {
            "step": int(self.steps[place]),
            "loss": plain(self.loss[place]),
            "total_norm": plain(self.totals[place]),
            "grad_norms": [plain(value) for value in self.grad_norms[place]],
            "weight_norms": [plain(value) for value in self.weight_norms[place]],
            "moved": [plain(value) for value in self.moved[place]],
            "gradient_norms": [plain(value) for value in self.back[place]],
            "dead": [plain(value) for value in self.dead[place]],
            "depth": None if verdict is None else verdict.summary(),
        }

    def figures(self) -> list[Figure]:
        """Return the map of norms, that of ‖δ‖, norm and loss as curves, dead units, and the verdicts."""
        return list(self._figures())

    def _figures(self) -> Iterator[Figure]:
        told = f"{self.loss_name} over {self.samples} samples, {self.mode} mode"
        if not self.known.all():
            told = f"{int(self.known.sum())} of {len(self.steps)} checkpoints so far; {told}"
        yield self._map("Gradient norm by layer and step", told, self.names, self.grad_norms, "‖∇L‖")
        if len(self.modules) > 1:
            last = [verdict for verdict in self.verdicts() if verdict is not None]
            yield self._map(
                "‖δ‖ by depth and step", last[-1].sentence if last else told, self.modules, self.back, "‖δ‖"
            )
        yield self._curves(told)
        with np.errstate(invalid="ignore", divide="ignore"):
            shares = self.moved / self.weight_norms
        if len(self.steps) > 1:
            yield self._map(
                "How far the weights moved",
                "since the checkpoint before, against ‖w‖",
                self.names,
                shares,
                "‖Δw‖ / ‖w‖",
            )
        if self.activations:
            yield self._deaths()
        yield self._table()

    def _map(self, title: str, caption: str, names: list[str], values: Array, label: str) -> Heatmap:
        """Return a map with a row a name and a column a checkpoint."""
        positive = np.where(values > 0, values, np.nan)
        return Heatmap(
            title=f"{title} · {self.title}",
            caption=caption,
            values=positive.T,
            x=self.steps.astype(float),
            y=np.arange(len(names), dtype=float),
            x_label="step",
            y_label="layer",
            value_label=label,
            scale="log" if np.isfinite(positive).any() else "linear",
            downwards=True,
            row_names=tuple(names),
        )

    def _curves(self, told: str) -> Lines:
        """Return loss and norm over the steps."""
        steps, totals = self.steps.astype(float), self.totals
        return Lines(
            title=f"Gradient norm along the run · {self.title}",
            caption=told,
            series=(
                Series(name="‖∇L‖", x=steps, y=np.where(totals > 0, totals, np.nan)),
                Series(name=self.loss_name, x=steps, y=np.where(self.loss > 0, self.loss, np.nan)),
            ),
            x_label="step",
            y_scale="log",
        )

    def _deaths(self) -> Lines:
        """Return the share of dead units over the steps."""
        steps = self.steps.astype(float)
        return Lines(
            title=f"Dead units along the run · {self.title}",
            caption=f"share of units that never fire on {self.samples} samples",
            series=tuple(
                Series(name=name, x=steps, y=self.dead[:, place])
                for place, name in enumerate(self.activations)
            ),
            x_label="step",
            y_label="share dead",
        )

    def _table(self) -> Table:
        """Return one row a checkpoint."""
        rows = []
        for place, verdict in enumerate(self.verdicts()):
            largest = int(np.nanargmax(self.grad_norms[place])) if self.known[place] else None
            rows.append((
                int(self.steps[place]),
                float(self.loss[place]),
                float(self.totals[place]),
                "–" if largest is None else self.names[largest],
                "–" if verdict is None else f"{verdict.kind} (× {number(verdict.product, 3)})",
            ))
        return Table(
            title=f"Checkpoints · {self.title}",
            columns=("step", self.loss_name, "‖∇L‖", "largest in", "gradients by depth"),
            rows=tuple(rows),
        )
