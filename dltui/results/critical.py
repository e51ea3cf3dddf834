"""The points of a cloud that a network's answer hangs on, and what its answers stand."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from dltui.figures import Array, Figure, Lines, Scene, Series, Table, number
from dltui.results.base import Result

DIM = (96, 100, 112)  # a point that gives no feature
LIT = np.array([[206, 84, 34], [255, 196, 64]])  # from the point that gives least to the one that gives most


@dataclass(frozen=True, eq=False, kw_only=True)
class CriticalPoints(Result):
    """Which points of one cloud the maximum over points took, and accuracy against dropping, noise and turning.

    Attributes:
        model: How the network is called.
        weights: Where its weights came from.
        given: What the cloud is.
        label: Its class; empty where that isn't known.
        cloud: Places, shape (n, 3).
        counts: How many features each point gives, shape (n,).
        upper: Places that could be added without a change, shape (m, 3).
        features: Features of each maximum over points.
        answers: The likeliest answers: number, name, probability.
        shuffles: Orders of the points that were tried.
        shuffled: Largest change of any output over them.
        features_change: Largest change of any feature of the whole cloud when the critical points alone are left.
        output_change: That of any output.
        same_answer: Whether the likeliest answer stays.
        samples: Clouds that accuracy is over.
        kept: Numbers of points that are left, shape (k,).
        by_kept: Accuracy with so many left, dropped by chance and the critical ones first, shape (2, k).
        noises: Standard deviations of added noise, shape (s,).
        by_noise: Accuracy with that noise, shape (s,).
        degrees: Angles, shape (a,).
        by_degrees: Accuracy after turning about y and about x, shape (2, a).
    """

    schema: ClassVar[str] = "critical/1"

    model: str
    weights: str
    given: str
    label: str = ""
    cloud: Array
    counts: Array
    upper: Array
    features: list[int]
    answers: list[dict[str, Any]]
    shuffles: int
    shuffled: float
    features_change: float
    output_change: float
    same_answer: bool
    samples: int
    kept: Array
    by_kept: Array
    noises: Array
    by_noise: Array
    degrees: Array
    by_degrees: Array

    @property
    def lit(self) -> Array:
        """The critical points by their numbers."""
        return np.flatnonzero(self.counts)

    def summary(self) -> dict[str, Any]:
        """Return the critical points, the invariances as numbers, and the curves."""
        dropped = zip(self.kept.tolist(), *self.by_kept.tolist(), strict=True)
        turned = zip(self.degrees.tolist(), *self.by_degrees.tolist(), strict=True)
        blurred = zip(self.noises.tolist(), self.by_noise.tolist(), strict=True)
        return {
            "model": self.model,
            "weights": self.weights,
            "input": self.given,
            "label": self.label or None,
            "answers": self.answers,
            "points": len(self.cloud),
            "features": self.features,
            "critical": len(self.lit),
            "critical_points": self.lit.tolist(),
            "features_of_each": self.counts[self.lit].tolist(),
            "upper_bound_points": len(self.upper),
            "permutation": {"orders": self.shuffles, "largest_change": self.shuffled},
            "critical_alone": {
                "features_change": self.features_change,
                "output_change": self.output_change,
                "same_answer": self.same_answer,
            },
            "accuracy": {
                "samples": self.samples,
                "kept": [{"points": int(n), "by_chance": a, "critical_first": b} for n, a, b in dropped],
                "noise": [{"std": std, "accuracy": share} for std, share in blurred],
                "turned": [{"degrees": angle, "about_y": a, "about_x": b} for angle, a, b in turned],
            },
        }

    def figures(self) -> list[Figure]:
        """Return the lit cloud, what is left of it, curves, the upper-bound shape and the numbers."""
        return [
            self._cloud(),
            self._dropped(),
            self._blurred(),
            self._turned(),
            self._alone(),
            self._upper(),
            self._table(),
        ]

    def _cloud(self) -> Scene:
        """Return the cloud, its critical points lit."""
        colours = np.tile(np.array(DIM, np.uint8), (len(self.cloud), 1))
        colours[self.lit] = self._glow()
        best = self.answers[0]
        told = f", {self.label}" if self.label else ""
        return Scene(
            title=f"Critical points · {self.title}",
            caption=f"{len(self.lit)} of {len(self.cloud)} points give all {sum(self.features)} features; "
            f"{self.given}{told}, is said to be {best['name']} ({best['probability']:.1%})",
            points=self.cloud,
            point_rgb=colours,
            relief=False,
            up="y",
        )

    def _alone(self) -> Scene:
        """Return the critical points without the others."""
        stays = "the answer stays" if self.same_answer else "the answer changes"
        moves = f"changes by more than {number(self.features_change)}" if self.features_change else "changes"
        return Scene(
            title=f"Critical alone · {self.title}",
            caption=f"no feature {moves}; {stays}",
            points=self.cloud[self.lit],
            point_rgb=self._glow(),
            relief=False,
            up="y",
        )

    def _glow(self) -> Array:
        """Return a colour for every critical point, the lighter the more features it gives."""
        counts = self.counts[self.lit].astype(float)
        share = np.sqrt(counts / max(1.0, counts.max(initial=0)))[:, None]
        return np.asarray(LIT[0] + share * (LIT[1] - LIT[0]), np.uint8)

    def _upper(self) -> Scene:
        """Return the upper-bound shape: all that could be added."""
        heights = self.upper[:, 1] if len(self.upper) else np.zeros(0, np.float32)
        return Scene(
            title=f"Upper bound · {self.title}",
            caption="a point in any of these places changes no feature, and so no answer",
            points=self.upper,
            point_values=heights,
            value_label="y",
            up="y",
        )

    def _line(self, name: str, x: Array, share: Array) -> Series:
        """Return a curve of accuracy with a band of one standard error."""
        error = np.sqrt(share * (1 - share) / self.samples)
        return Series(name=name, x=x, y=share, low=share - error, high=share + error)

    def _dropped(self) -> Lines:
        """Return accuracy over the points that are left."""
        orders = f"{self.shuffles} other orders of the points move "
        orders += f"outputs by up to {number(self.shuffled)}" if self.shuffled else "no output at all"
        names = ("dropped by chance", "critical points dropped first")
        return Lines(
            title=f"Fewer points · {self.model}",
            caption=f"{self._over()}; {orders}",
            series=tuple(self._line(name, self.kept, y) for name, y in zip(names, self.by_kept, strict=True)),
            x_label="points that are left",
            y_label="accuracy",
            x_scale="log",
        )

    def _blurred(self) -> Lines:
        """Return accuracy over noise."""
        return Lines(
            title=f"Noise · {self.model}",
            caption=self._over(),
            series=(self._line("noise added", self.noises, self.by_noise),),
            x_label="standard deviation of the noise",
            y_label="accuracy",
        )

    def _turned(self) -> Lines:
        """Return accuracy over angles."""
        names = ("about y", "about x")
        return Lines(
            title=f"Turned · {self.model}",
            caption=self._over(),
            series=tuple(
                self._line(name, self.degrees, y) for name, y in zip(names, self.by_degrees, strict=True)
            ),
            x_label="angle, in degrees",
            y_label="accuracy",
        )

    def _over(self) -> str:
        """Return what accuracy is over."""
        return f"over {self.samples} clouds, bands of one standard error"

    def _table(self) -> Table:
        """Return the invariances as numbers."""
        rows: list[tuple[str, int | str]] = [
            ("points", len(self.cloud)),
            ("critical points", len(self.lit)),
            ("features", " + ".join(map(str, self.features))),
            ("largest change of an output", f"{number(self.shuffled)} over {self.shuffles} orders"),
            ("critical alone: change of a feature", number(self.features_change)),
            ("critical alone: change of an output", number(self.output_change)),
            ("critical alone: same answer", "yes" if self.same_answer else "no"),
            *((f"answer: {one['name']}", f"{one['probability']:.2%}") for one in self.answers),
        ]
        return Table(title=f"Numbers · {self.title}", columns=("what", "value"), rows=tuple(rows))
