"""The loss on the way from one network to another."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any, ClassVar

import numpy as np

from dltui.figures import Array, Figure, Lines, Scale, Table, number
from dltui.results.base import Result
from dltui.results.beside import banded

BARRIER = "max over t in [0, 1] of L(t) − ((1 − t)·L(0) + t·L(1))"
REGULARISED = "regularised loss"
BANDS = 2  # curves up to which each has its band of one standard error
RISE = "max over t in [0, 1] of L(t) − max(L(0), L(1))"


@dataclass(frozen=True, eq=False, kw_only=True)
class Connection(Result):
    """L along one or several paths θ(t) from network A, t = 0, to network B, t = 1.

    Attributes:
        positions: t, ascending, shape (p,).
        paths: What each path is called: straight, aligned, curved.
        sets: Which samples: train, or train and test.
        loss: Mean loss, shape (paths, sets, p); NaN where it is not finite, or not known yet.
        accuracy: Share of right answers, same shape, or None where it has no meaning.
        error: Standard error of each loss over its samples, same shape; NaN where it is not known.
        peaks: t and loss of the highest point over the chord that a search between the positions found, shape
            (paths, sets, 2); NaN while there is none.
        barrier_errors: Standard error of each barrier over the samples, which it shares with both ends, shape
            (paths, sets); NaN where it is not known, None in files of old.
        penalty: λ/2·‖θ(t)‖², which makes the regularised loss when added to ``loss``, shape (paths, p), or None.
        weight_decay: λ of the penalty.
        known: Whether all is computed.
        evaluated: Which positions are known of a walk that is not finished, shape (paths, sets, p), else None.
        searched: Of which paths the highest point was looked for, shape (paths, sets), else None.
        control: Control point of the trained curve, shape (n,), kept until the walk is finished.
        identity: Fingerprint of what the losses depend on; empty in files of old.
        ends: What A and B are.
        lengths: ‖B − A‖ for each path, B with its units in their new places where it is aligned, shape (paths,).
        statistics: What became of running statistics of batch norm, one phrase a path; empty where there are none.
        alignment: What the alignment found: groups, units, moved units, gain, difference of outputs; empty without one.
        curve: How the curved path was trained; empty without one.
        samples: How many samples each loss is the mean of, one a set.
        parameters: How many numbers θ has.
        loss_name: What the loss is called.
    """

    schema: ClassVar[str] = "connection/1"

    positions: Array
    paths: list[str]
    sets: list[str]
    loss: Array
    accuracy: Array | None = None
    error: Array | None = None
    peaks: Array
    barrier_errors: Array | None = None
    penalty: Array | None = None
    weight_decay: float = 0.0
    known: bool = True
    evaluated: Array | None = None
    searched: Array | None = None
    control: Array | None = None
    identity: str = ""
    ends: list[str] = field(default_factory=list)
    lengths: Array
    statistics: list[str] = field(default_factory=list)
    alignment: dict[str, Any] = field(default_factory=dict)
    curve: dict[str, Any] = field(default_factory=dict)
    samples: list[int]
    parameters: int
    loss_name: str = "loss"

    @property
    def regularised(self) -> Array | None:
        """The loss with its penalty on the weights, shape (paths, sets, p), or None without one."""
        return None if self.penalty is None else self.loss + self.penalty[:, None]

    @property
    def complete(self) -> bool:
        """Whether the walk is finished."""
        return self.known

    def barrier(self, path: int, part: int = 0) -> float:
        """Return how far the loss rises over the chord between its ends.

        Args:
            path: Which path.
            part: Which samples.

        Returns:
            The barrier, at least 0; NaN while it is not known.
        """
        first, last = self._ends(path, part)
        t, top = self._candidates(path, part)
        return float(np.max(top - (first + t * (last - first))))

    def rise(self, path: int, part: int = 0) -> float:
        """Return how far the loss rises over the larger end.

        Args:
            path: Which path.
            part: Which samples.

        Returns:
            The rise, at least 0; NaN while it is not known.
        """
        return float(np.max(self._candidates(path, part)[1]) - max(self._ends(path, part)))

    def barrier_error(self, path: int, part: int = 0) -> float:
        """Return the standard error of a barrier over the samples.

        Args:
            path: Which path.
            part: Which samples.

        Returns:
            The error; NaN while it is not known.
        """
        return float("nan") if self.barrier_errors is None else float(self.barrier_errors[path, part])

    def summary(self) -> dict[str, Any]:
        """Return the contract: positions, one entry a path, and what the barriers are."""
        return {
            "positions": self.positions.tolist(),
            "ends": self.ends,
            "paths": [self._path(index, name) for index, name in enumerate(self.paths)],
            "barrier_definition": BARRIER,
            "rise_definition": RISE,
            "complete": self.known,
            "alignment": self.alignment,
            "curve": self.curve,
            "samples": dict(zip(self.sets, self.samples, strict=True)),
            "parameters": self.parameters,
            "loss_name": self.loss_name,
            "weight_decay": self.weight_decay,
        }

    def figures(self) -> list[Figure]:
        """Return the loss along the paths, with its penalty, the accuracy, and the barriers in numbers."""
        shown = [self._lines("loss", self.loss)]
        if self.regularised is not None:
            shown.append(self._lines(REGULARISED, self.regularised))
        if self.accuracy is not None:
            shown.append(self._lines("accuracy", self.accuracy))
        return [*shown, self._table()]

    def _path(self, index: int, name: str) -> dict[str, Any]:
        """Return what is known of one path."""
        whole = self.regularised
        parts = {
            part: {
                "loss": self.loss[index, j].tolist(),
                "regularised_loss": None if whole is None else whole[index, j].tolist(),
                "accuracy": None if self.accuracy is None else self.accuracy[index, j].tolist(),
                "error": None if self.error is None else self.error[index, j].tolist(),
                "barrier": self.barrier(index, j),
                "barrier_error": self.barrier_error(index, j),
                "rise_over_larger_end": self.rise(index, j),
                "highest_at": float(self.peaks[index, j, 0]),
            }
            for j, part in enumerate(self.sets)
        }
        told = self.statistics[index]
        return {"name": name, "distance": float(self.lengths[index]), "statistics": told, **parts}

    def _sure(self, path: int, part: int) -> str:
        """Return the standard error of a barrier as a table says it."""
        error = self.barrier_error(path, part)
        return number(error, 2) if np.isfinite(error) else ""

    def _ends(self, path: int, part: int) -> tuple[float, float]:
        """Return L(0) and L(1)."""
        line = self.loss[path, part]
        return float(line[_at(self.positions, 0.0)]), float(line[_at(self.positions, 1.0)])

    def _candidates(self, path: int, part: int) -> tuple[Array, Array]:
        """Return t and loss of all points between the ends that were evaluated."""
        between = (self.positions >= 0) & (self.positions <= 1)
        t, top = self.positions[between], self.loss[path, part][between]
        place, height = self.peaks[path, part]
        return (np.append(t, place), np.append(top, height)) if np.isfinite(height) else (t, top)

    def _lines(self, what: str, values: Array) -> Lines:
        """Return one curve for each path and part."""
        many = len(self.sets) > 1
        few = what == "loss" and len(self.paths) * len(self.sets) <= BANDS
        series = tuple(
            replace(
                banded(
                    f"{name}, {part}" if many else name,
                    self.positions,
                    values[i, j],
                    self.error[i, j] if few and self.error is not None else None,
                ),
                tint=i + j * len(self.paths),
            )
            for i, name in enumerate(self.paths)
            for j, part in enumerate(self.sets)
        )
        return Lines(
            title=f"{what.capitalize()} from A to B · {self.title}",
            caption=self._caption() + (self._penalty() if what == REGULARISED else ""),
            series=series,
            x_label="t (A at 0, B at 1)",
            y_label="share right" if what == "accuracy" else what,
            y_scale="linear" if what == "accuracy" else _scale(values),
        )

    def _caption(self) -> str:
        """Return what a reader must know beside the picture."""
        begun = "" if self.known else f"not finished, {self._progress()}; "
        ends = f"A = {self.ends[0]}, B = {self.ends[1]}, ‖B − A‖ = {number(float(self.lengths[0]))}"
        counts = " and ".join(f"{n} {part}" for n, part in zip(self.samples, self.sets, strict=True))
        barriers = ", ".join(f"{name} {self._told(i)}" for i, name in enumerate(self.paths))
        told = sorted({one for one in self.statistics if one})
        statistics = f"; {'; '.join(told)}" if told else ""
        return (
            f"{begun}{ends}; barrier over the chord, {self.sets[0]}: {barriers}; {self.loss_name} over {counts} "
            f"samples; eval mode{statistics}"
        )

    def _penalty(self) -> str:
        """Return what the regularised loss has more; the barriers are of the loss alone."""
        return f"; plus {self.weight_decay:g}/2 · ‖θ‖², the barriers are without it"

    def _told(self, path: int) -> str:
        """Return a barrier as a caption says it."""
        found, error = self.barrier(path), self.barrier_error(path)
        if not np.isfinite(found):
            return "not known"
        return number(found) + (f" ± {number(error, 2)}" if np.isfinite(error) else "")

    def _progress(self) -> str:
        """Return how many positions are known of a walk that is not finished."""
        if self.evaluated is None:
            return "its positions are known"
        return f"{int(self.evaluated.sum())} of {self.evaluated.size} positions so far"

    def _table(self) -> Table:
        """Return both barriers of every path and part, and how it was made."""
        rows = [
            (
                name,
                part,
                float(self.lengths[i]),
                *self._ends(i, j),
                self.barrier(i, j),
                self._sure(i, j),
                self.rise(i, j),
                float(self.peaks[i, j, 0]),
            )
            for i, name in enumerate(self.paths)
            for j, part in enumerate(self.sets)
        ]
        return Table(
            title=f"Barriers · {self.title}",
            caption=". ".join([
                f"barrier: {BARRIER}; rise: {RISE}; the highest point is searched between the positions too, so both "
                "are lower bounds that miss only what is narrower than a step; ± is the standard error of the barrier "
                "over the samples",
                *_aligned(self.alignment),
                *_curved(self.curve),
            ]),
            columns=("path", "set", "‖B − A‖", "L(0)", "L(1)", "barrier", "± error", "rise", "at t"),
            rows=tuple(rows),
        )


def _aligned(found: dict[str, Any]) -> list[str]:
    """Return what to say of an alignment."""
    if not found:
        return []
    return [
        f"aligned: weight matching (Ainsworth et al. 2022) put {found['moved']} of {found['units']} units in "
        f"{found['groups']} groups into other places; the aligned B computes the same function, its outputs differ by "
        f"at most {number(found['difference'], 2)} of the largest"
    ]


def _curved(found: dict[str, Any]) -> list[str]:
    """Return what to say of a trained curve."""
    if not found:
        return []
    return [
        f"curved: quadratic Bézier curve (Garipov et al. 2018), control point trained for {found['steps']} steps of "
        f"{found['batch_size']} samples from seed {found['seed']}; its length is {number(found['length'])}"
    ]


def _at(positions: Array, t: float) -> int:
    """Return where a position stands."""
    return int(np.argmin(np.abs(positions - t)))


def _scale(values: Array) -> Scale:
    """Return a log scale where the loss spans decades."""
    known = values[np.isfinite(values)]
    return "log" if known.size and known.min() > 0 and known.max() > 10 * known.min() else "linear"
