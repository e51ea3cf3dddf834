"""The course of a run: what its rows come to, by the names that rules and pictures go by."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from dltui.runs.digest import Digest, digest_of, is_number
from dltui.runs.levels import Levels
from dltui.runs.metrics import Row
from dltui.watching.layers import LayerMap
from dltui.watching.track import Track

LAYERED = ("grad_norm", "weight_norm", "update_ratio", "dead")
RECENT = 0.05  # share of a run by whose end the pace of now is measured
BROKEN = re.compile(r"\bloss became (nan|-?inf)\b")  # in the reason why a run failed
FIRST = 10  # losses of the first steps that are told one by one


@dataclass(frozen=True)
class Bad:
    """What was not finite.

    Attributes:
        first: Step of the first row of it.
        last: Step of the last one.
        rows: How many rows; 0 where a long run no longer tells.
        entries: Numbers of the gradient that were not finite, in the worst row.
        loss: Whether a loss was among it.
    """

    first: int
    last: int
    rows: int
    entries: int
    loss: bool


class Tracks(Mapping[str, Track]):
    """The quantities of rows of one kind; each is looked at when it is first asked for.

    Args:
        digest: What the rows come to.
        kind: The kind.
    """

    def __init__(self, digest: Digest, kind: str) -> None:
        self._series = {name: levels for (of, name), levels in digest.series.items() if of == kind}
        self._made: dict[str, Track] = {}

    def __getitem__(self, name: str) -> Track:
        if name not in self._made:
            self._made[name] = Track(self._series[name])
        return self._made[name]

    def __iter__(self) -> Iterator[str]:
        return (name for name, levels in self._series.items() if levels.count)

    def __contains__(self, name: object) -> bool:
        return name in self._series and self._series[str(name)].count > 0

    def __len__(self) -> int:
        return sum(1 for _ in self)

    @property
    def told(self) -> int:
        """How many numbers came, of all quantities together."""
        return sum(levels.count for levels in self._series.values())


class Course:
    """What is known of a run at one moment.

    Args:
        digest: What its rows come to.
        head: Its first rows.
        fresh: Whether it began with random weights, as far as its card tells.

    Attributes:
        version: Grows with everything that is told.
        start: The newest row of kind ``start``.
        steps: Quantities of single steps, by their names.
        evals: Quantities of evaluations.
        device: What the accelerator was doing.
        probes: Quantities that were probed, such as ``top_eigenvalue``.
        first: Steps and losses of the first rows.
        fresh: Whether it began with random weights, and not at a checkpoint.
    """

    def __init__(self, digest: Digest, head: Sequence[Row] = (), *, fresh: bool = True) -> None:
        self._digest = digest
        self.version = (digest.count, digest.cuts)
        self.start = digest.start
        self.steps, self.evals = Tracks(digest, "step"), Tracks(digest, "eval")
        self.device, self.probes = Tracks(digest, "device"), Tracks(digest, "probe")
        self.fresh = fresh and not is_number(next(iter(head), {}).get("resumed_from"))
        told = [row for row in head if row.get("kind") == "step"][:FIRST]
        self.first = [(_whole(row.get("step")), _number(row.get("loss"))) for row in told]

    @cached_property
    def layers(self) -> dict[str, LayerMap]:
        """Tables by layer and step: ``grad_norm``, ``weight_norm``, ``update_ratio``, ``dead``."""
        found: dict[str, dict[str, Levels]] = {name: {} for name in LAYERED}
        for (kind, name), levels in self._digest.series.items():
            quantity, slash, layer = name.partition("/")
            if kind == "layers" and slash and quantity in found and levels.count:
                found[quantity][layer] = levels
        return {quantity: LayerMap(told) for quantity, told in found.items()}

    @cached_property
    def end(self) -> Row:
        """The row of kind ``end``; empty while the run goes on."""
        for row in reversed(self._digest.rows):
            if row.get("kind") in {"start", "end"}:
                return row if row["kind"] == "end" else {}
        return {}

    @property
    def notes(self) -> list[Row]:
        """What was said."""
        return self._digest.of_kind("note")

    @property
    def samples(self) -> list[Row]:
        """What the model made on its way."""
        return self._digest.of_kind("sample")

    @property
    def step(self) -> int:
        """Steps made."""
        return self._digest.step

    @property
    def seconds(self) -> float:
        """Wall time at the newest row, NaN before the first."""
        return self._digest.seconds

    @property
    def classes(self) -> int | None:
        """Number of classes of a cross-entropy, or None."""
        told = self.start.get("classes")
        return told if isinstance(told, int) and told > 1 else None

    @property
    def total(self) -> int | None:
        """Steps that there will be, or None."""
        told = self.start.get("steps")
        return told if isinstance(told, int) and told > 0 else None

    @property
    def pace(self) -> float:
        """Seconds a step, over the last steps; NaN before there are two."""
        track = self.steps.get("loss") or self.evals.get("train_loss")
        if track is None or len(track) < 2:
            return math.nan
        back = min(len(track), max(2, round(RECENT * len(track))) + 8)
        step, seconds = track.at("step")[-back:], track.at("seconds")[-back:]
        made = float(step[-1] - step[0])
        return float(seconds[-1] - seconds[0]) / made if made > 0 else math.nan

    @property
    def left(self) -> float:
        """Seconds that are left by the pace of now; NaN where that isn't known."""
        if self.end or self.total is None:
            return math.nan
        return max(0, self.total - self.step) * self.pace

    @cached_property
    def bad(self) -> Bad | None:
        """What was not finite, or None."""
        loss, entries = self.steps.get("loss"), self.steps.get("nonfinite")
        marks = [] if loss is None else [(loss, loss.broken > 0)]
        marks += [] if entries is None else [(entries, np.nan_to_num(entries.high) > 0)]
        found = [track.at("step")[mark] for track, mark in marks]
        ended = bool(
            BROKEN.search(str(self.end.get("reason", "")))
        )  # a trainer that stops there writes no row of it
        steps = np.concatenate([*found, [float(self.end.get("step", self.step))] if ended else []])
        if not steps.size:
            return None
        exact = all((track.rows == 1).all() for track, _ in marks)
        return Bad(
            first=int(steps.min()),
            last=int(steps.max()),
            rows=len(np.unique(steps)) if exact else 0,
            entries=0 if entries is None else int(np.nan_to_num(entries.high).max()),
            loss=ended or (loss is not None and bool((loss.broken > 0).any())),
        )


def course_of(rows: Sequence[Row]) -> Course:
    """Return the course that rows tell."""
    return Course(digest_of(rows), rows)


def _number(value: object) -> float:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else math.nan


def _whole(value: object) -> int:
    return int(value) if isinstance(value, int | float) else 0
