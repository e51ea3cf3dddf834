"""The points of a cloud that a network's answer hangs on, and what its answers stand."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal

import numpy as np

from dltui.figures import Array, Figure, Lines, Scene, Series, Table, number
from dltui.results.base import Result

DIM = (96, 100, 112)  # a point that gives no feature
LIT = np.array([[206, 84, 34], [255, 196, 64]])  # from the point that gives least to the one that gives most


Way = Literal["shuffle", "chance", "critical", "y", "x"]


def rotation(axis: str, degrees: float) -> Array:
    """Return the rotation about x or y, shape (3, 3)."""
    first = "xyz".index(axis) + 1
    a, b = first % 3, (first + 1) % 3
    turn, angle = np.eye(3), math.radians(degrees)
    turn[a, a] = turn[b, b] = math.cos(angle)
    turn[a, b], turn[b, a] = -math.sin(angle), math.sin(angle)
    return turn


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
        classes: What the answers are called.
        orders: The orders that were tried, each the numbers of the points, shape (o, n).
        by_order: Probabilities of the answers in each, shape (o, c).
        drops: Which points are kept longest, by chance and the critical ones dropped first, shape (2, n).
        by_drop: Probabilities of the answers with all of them, half of them and so on, shape (2, k, c).
        by_turn: The same after turning the cloud by ``degrees`` about y and about x, shape (2, a, c).
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
    classes: list[str] = field(default_factory=list)
    orders: Array = field(default_factory=lambda: np.zeros((0, 0), np.int64))
    by_order: Array = field(default_factory=lambda: np.zeros((0, 0)))
    drops: Array = field(default_factory=lambda: np.zeros((2, 0), np.int64))
    by_drop: Array = field(default_factory=lambda: np.zeros((2, 0, 0)))
    by_turn: Array = field(default_factory=lambda: np.zeros((2, 0, 0)))

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
        best = self.answers[0]
        told = f", {self.label}" if self.label else ""
        return Scene(
            title=f"Critical points · {self.title}",
            caption=f"{len(self.lit)} of {len(self.cloud)} points give all {sum(self.features)} features; "
            f"{self.given}{told}, is said to be {best['name']} ({best['probability']:.1%})",
            points=self.cloud,
            point_rgb=self._colours(),
            relief=False,
            up="y",
        )

    def tries(self, way: Way) -> int:
        """Return how many tries are known of a way to change the cloud."""
        tried = {"shuffle": self.by_order, "chance": self.by_drop[0], "critical": self.by_drop[1],
                 "y": self.by_turn[0], "x": self.by_turn[1]}  # fmt: skip
        return len(tried[way])

    def tried(self, way: Way, at: int) -> Scene:
        """Return the cloud as it was changed, with what the network says then.

        Args:
            way: Whether its points were shuffled, dropped by chance or critical ones first, or turned about an axis.
            at: Which try.

        Returns:
            The cloud; shuffled points bear the colours of their places in the row, others those of critical points.
        """
        rows, turn, row = np.arange(len(self.cloud)), np.eye(3), {"chance": 0, "critical": 1, "y": 0, "x": 1}
        if way == "shuffle":
            rows, likely, what = self.orders[at], self.by_order[at], f"order {at + 1} of {len(self.orders)}"
        elif way in ("chance", "critical"):
            rows, likely = self.drops[row[way], : len(self.cloud) >> at], self.by_drop[row[way], at]
            what = f"{len(rows)} of {len(self.cloud)} points, "
            what += "the others dropped by chance" if way == "chance" else "critical ones dropped first"
        else:
            turn, likely = rotation(way, self.degrees[at]), self.by_turn[row[way], at]
            what = f"turned by {number(float(self.degrees[at]))}° about {way}"
        best = int(np.argmax(likely))
        stays = "stays" if best == self.answers[0]["number"] else "changes"
        shuffled = way == "shuffle"
        return Scene(
            title=f"Critical points · {self.title}",
            caption=f"{what}: the answer {stays}, {self.classes[best]} ({likely[best]:.1%})",
            points=(self.cloud[rows] @ turn.T).astype(np.float32),
            point_values=np.arange(len(rows)) if shuffled else None,
            point_rgb=None if shuffled else self._colours()[rows],
            value_label="place in the row" if shuffled else "",
            relief=False,
            up="y",
        )

    def _colours(self) -> Array:
        """Return the colours of the points, critical ones lit."""
        colours = np.tile(np.array(DIM, np.uint8), (len(self.cloud), 1))
        colours[self.lit] = self._glow()
        return colours

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
