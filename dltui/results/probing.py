"""What linear probes read off the layers of a network, beside what they read without any training."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np

from dltui.figures import Array, Figure, Heatmap, Lines, Series, Table, number
from dltui.results.base import Result
from dltui.results.depth import plain


@dataclass(frozen=True, eq=False, kw_only=True)
class Probing(Result):
    """Accuracy of a linear probe on every layer, with controls.

    Attributes:
        layers: Names, the samples themselves first.
        kinds: Their types.
        shapes: Of what each gives for one sample.
        notes: How maps were averaged down; empty where everything was kept.
        classes: Names of the classes.
        accuracy: Share of the held-out samples that a probe gets right, shape (l,); NaN where it isn't known yet.
        train_accuracy: The same of the samples that it learnt from.
        shuffled: Accuracy on held-out samples after learning labels in a random order.
        untrained: Mean accuracy on networks of the same shape with fresh weights.
        untrained_spread: Standard deviation over those networks.
        penalty: What was chosen for the penalty of each probe.
        confusion: How often class i was taken for class j, shape (l, k, k).
        majority: Accuracy of always saying the most frequent class.
        majority_class: Which one that is.
        samples: Samples or tokens to learn from.
        held_out: Samples or tokens held out.
        what: ``samples`` or ``tokens``.
        solver: ``logistic`` or ``ridge``.
        draws: Networks with fresh weights that are probed.
        complete: Whether everything was measured.
    """

    schema: ClassVar[str] = "probe/1"

    layers: list[str]
    kinds: list[str]
    shapes: list[list[int]]
    notes: list[str] = field(default_factory=list)
    classes: list[str]
    accuracy: Array
    train_accuracy: Array
    shuffled: Array
    untrained: Array
    untrained_spread: Array
    penalty: Array
    confusion: Array
    majority: float
    majority_class: str = ""
    samples: int = 0
    held_out: int = 0
    what: str = "samples"
    solver: str = "logistic"
    draws: int = 0
    complete: bool = True

    @property
    def error(self) -> Array:
        """Standard error of the accuracies, √(p (1 − p) / m), shape (l,)."""
        return self._binomial(self.accuracy)

    @property
    def untrained_error(self) -> Array:
        """Standard error of the mean over fresh networks, that of the held-out samples included, shape (l,)."""
        between = np.nan_to_num(self.untrained_spread) ** 2 / max(1, self.draws)
        found: Array = np.sqrt(self._binomial(self.untrained) ** 2 + between)
        return found

    @property
    def best(self) -> int:
        """Which layer the classes are read off best; the first of those that do as well."""
        known = np.where(np.isfinite(self.accuracy), self.accuracy, -1.0)
        return int(known.argmax())

    def _binomial(self, share: Array) -> Array:
        found: Array = np.sqrt(np.clip(share * (1 - share), 0, None) / max(1, self.held_out))
        return found

    def summary(self) -> dict[str, Any]:
        """Return one entry a layer, and the controls."""
        error, fresh = self.error, self.untrained_error
        return {
            "solver": self.solver,
            "classes": self.classes,
            "samples": self.samples,
            "held_out": self.held_out,
            "what": self.what,
            "majority": {"accuracy": self.majority, "class": self.majority_class},
            "complete": self.complete,
            "best": self.layers[self.best],
            "layers": [
                {
                    "name": name,
                    "kind": self.kinds[i],
                    "shape": self.shapes[i],
                    "note": self.notes[i] or None,
                    "accuracy": plain(self.accuracy[i]),
                    "error": plain(error[i]),
                    "train_accuracy": plain(self.train_accuracy[i]),
                    "untrained": plain(self.untrained[i]),
                    "untrained_error": plain(fresh[i]),
                    "shuffled": plain(self.shuffled[i]),
                    "penalty": plain(self.penalty[i]),
                    "confusion": self.confusion[i].tolist(),
                }
                for i, name in enumerate(self.layers)
            ],
        }

    def figures(self) -> list[Figure]:
        """Return accuracy by depth, the confusion at the best layer, and the numbers."""
        return [self.depth(), self.confused(self.best), self._table()]

    def depth(self) -> Lines:
        """Return accuracy by layer with bands of one standard error, and the controls."""
        x = np.arange(len(self.layers), dtype=float)
        series = [self._curve("this network", self.accuracy, self.error, 0)]
        if np.isfinite(self.untrained).any():
            series.append(self._curve("fresh weights", self.untrained, self.untrained_error, 1))
        series.append(Series(name="shuffled labels", x=x, y=self.shuffled, tint=3))
        return Lines(
            title=f"Accuracy by depth · {self.title}",
            caption=self._caption(),
            series=tuple(series),
            x_label=f"layer, {self.layers[0]} to {self.layers[-1]}",
            y_label="held-out accuracy",
            levels=((self.majority, f"always {self.majority_class}"),),
        )

    def _curve(self, name: str, y: Array, error: Array, tint: int) -> Series:
        x = np.arange(len(self.layers), dtype=float)
        return Series(name=name, x=x, y=y, low=y - error, high=y + error, tint=tint)

    def confused(self, place: int) -> Heatmap:
        """Return what was taken for what at a layer, each true class as a share."""
        counts = self.confusion[place].astype(float)
        shares = counts / np.maximum(counts.sum(1, keepdims=True), 1)
        places = np.arange(len(self.classes), dtype=float)
        return Heatmap(
            title=f"Confusion at {self.layers[place]} · {self.title}",
            caption=f"rows: the true class; columns: what the probe says, {self._columns()}; {self._worst(counts)}",
            values=shares,
            x=places,
            y=places,
            x_label="said",
            y_label="true",
            value_label="share of the true class",
            limits=(0.0, 1.0),
            downwards=True,
            row_names=tuple(self.classes),
        )

    def _columns(self) -> str:
        return f"0 {self.classes[0]} to {len(self.classes) - 1} {self.classes[-1]}"

    def _worst(self, counts: Array) -> str:
        """Return what is mistaken most often."""
        off = counts.copy()
        np.fill_diagonal(off, 0)
        if not off.any():
            return "nothing is mistaken"
        i, j = np.unravel_index(int(off.argmax()), off.shape)
        share = f"{int(off[i, j])} of {int(counts[i].sum())}"
        return f"most often {self.classes[i]} is taken for {self.classes[j]}, {share}"

    def _caption(self) -> str:
        if not np.isfinite(self.accuracy).any():
            return "nothing is known yet"
        place = self.best
        found = f"best {self.layers[place]}: {self.accuracy[place]:.1%} ± {self.error[place]:.1%}"
        fresh = (
            f", fresh weights {self.untrained[place]:.1%} there" if np.isfinite(self.untrained[place]) else ""
        )
        return (
            f"{found}{fresh}; {self.solver} probes on {self.samples} {self.what}, judged on {self.held_out}; "
            f"bands: one standard error; always {self.majority_class}: {self.majority:.1%}"
            + ("" if self.complete else "; not finished")
        )

    def _table(self) -> Table:
        error, fresh = self.error, self.untrained_error
        rows = tuple(
            (
                name,
                self.kinds[i] or "–",
                "×".join(map(str, self.shapes[i])) + (f" ({self.notes[i]})" if self.notes[i] else ""),
                _told(self.accuracy[i], error[i]),
                _told(self.untrained[i], fresh[i]),
                _told(self.shuffled[i], np.nan),
                _told(self.train_accuracy[i], np.nan),
                number(float(self.penalty[i])) if np.isfinite(self.penalty[i]) else "–",
            )
            for i, name in enumerate(self.layers)
        )
        return Table(
            title=f"Layer by layer · {self.title}",
            caption=f"± standard error; fresh weights: mean over {self.draws} networks",
            columns=(
                "layer",
                "kind",
                "shape",
                "accuracy",
                "fresh weights",
                "shuffled",
                "on its own",
                "penalty",
            ),
            rows=rows,
        )


def _told(share: float, error: float) -> str:
    """Return a share with its error."""
    if not np.isfinite(share):
        return "–"
    return f"{share:.1%}" + (f" ± {error:.1%}" if np.isfinite(error) else "")
