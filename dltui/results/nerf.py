"""A radiance field that was fitted to pictures: how near it comes, what it looks like, and the field itself."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import Any, ClassVar, Self

import numpy as np

from dltui.figures import Array, Figure, Heatmap, Images, Scene, Table, number
from dltui.results.base import Made, Result
from dltui.results.held_out import beside, climb, density_cut, depth_map, over

KEPT = "field."  # how the names of its tensors begin in a file
SHOWN = 4  # held-out pictures beside each other


@dataclass(frozen=True, eq=False, kw_only=True)
class Radiance(Result):
    """A fitted field.

    Attributes:
        scene: What it was fitted to.
        kind: Which field: grid, hash or mlp.
        psnr: Mean over the held-out pictures, dB.
        ssim: The same, structural similarity.
        depth_error: Mean error of distances where they are known, or None.
        train_seconds: Time that the steps took.
        steps: How many they were.
        again: How often it began anew because it saw nothing.
        views: Pictures that were learnt from.
        held_out: Pictures that it is judged by.
        parameters: Numbers that were learnt.
        history: Steps, seconds and dB of one held-out picture on the way, shape (n, 3).
        truth: Held-out pictures, shape (k, h, w, 3), 0…1.
        seen: What the field shows of them.
        depth: Mean distances in the first, shape (h, w); NaN where nothing is.
        cut: Densities on planes across the z axis, shape (k, h, w).
        across: Places along the cuts.
        upward: Places up the cuts.
        levels: Where the planes are, shape (k,).
        paper: Brightness of what is behind everything.
        camera: Pose and lens of the first held-out picture.
        plain: What the field is built by.
        tensors: Its tensors by name; empty while it is being fitted.
        points: Where the rays of held-out pictures end, shape (n, 3); empty while it is being fitted.
        point_rgb: Their colours in 0…255, shape (n, 3).
    """

    schema: ClassVar[str] = "nerf/1"

    scene: str
    kind: str
    psnr: float
    ssim: float | None
    depth_error: float | None
    train_seconds: float
    steps: int
    again: int
    views: int
    held_out: int
    parameters: int
    history: Array
    truth: Array
    seen: Array
    depth: Array
    cut: Array
    across: Array
    upward: Array
    levels: Array
    paper: float
    camera: dict[str, Any]
    plain: dict[str, Any] = field(default_factory=dict)
    tensors: dict[str, Array] = field(default_factory=dict)
    points: Array = field(default_factory=lambda: np.zeros((0, 3), np.float32))
    point_rgb: Array = field(default_factory=lambda: np.zeros((0, 3), np.uint8))

    def summary(self) -> dict[str, Any]:
        """Return how near it comes, and what that took."""
        return {
            "scene": self.scene,
            "field": self.kind,
            "psnr": self.psnr,
            "ssim": self.ssim,
            "depth_error": self.depth_error,
            "train_seconds": self.train_seconds,
            "steps": self.steps,
            "restarts": self.again,
            "parameters": self.parameters,
            "views": {"train": self.views, "held_out": self.held_out},
        }

    def figures(self) -> list[Figure]:
        """Return held-out pictures beside what the field shows, the way there, distances, a cut, points, numbers."""
        shown = [self.pictures(), *climb(self.history, who=self.kind, title=self.title)]
        if np.isfinite(self.depth).any():
            shown.append(depth_map(self.depth, self.title))
        if self.cut.size:
            shown.append(self.cut_at(len(self.levels) // 2))
        if len(self.points):
            shown.append(
                Scene(
                    title=f"Where rays end · {self.title}",
                    caption="every pixel of the held-out pictures, as far away as it is in the mean",
                    points=np.asarray(self.points, np.float32),
                    point_rgb=self.point_rgb,
                    relief=False,
                )
            )
        return [*shown, self._table()]

    def pictures(self, place: int | None = None) -> Images:
        """Return all held-out pictures that are kept, or one, beside what the field shows."""
        told = f"{self.steps:,} steps in {number(self.train_seconds, 3)} s"
        caption = f"{number(self.psnr, 4)} dB {over(self.held_out)}; {told}"
        return beside(self.truth, self.seen, who=self.kind, title=self.title, caption=caption, place=place)

    def cut_at(self, place: int) -> Heatmap:
        """Return densities on one of the planes, on one scale for all of them."""
        ways = self.across, self.upward, self.levels
        return density_cut(self.cut, ways, place, title=self.title, label="σ")

    def _table(self) -> Table:
        rows = (
            ("PSNR", f"{number(self.psnr, 4)} dB"),
            ("SSIM", "too small" if self.ssim is None else number(self.ssim, 4)),
            ("error of distances", "not known" if self.depth_error is None else number(self.depth_error, 3)),
            ("steps", f"{self.steps:,}"),
            ("seconds", number(self.train_seconds, 4)),
            ("parameters", f"{self.parameters:,}"),
            ("pictures", f"{self.views} to learn from, {self.held_out} held out"),
        )
        return Table(title=f"Numbers · {self.title}", columns=("what", "value"), rows=rows)

    def parts(self) -> tuple[dict[str, Array], dict[str, Any]]:
        """Return what the file holds; the tensors of the field are arrays of their own."""
        arrays, plain = super().parts()
        kept = plain.pop("tensors")
        arrays |= {f"{KEPT}{name}": np.ascontiguousarray(values) for name, values in kept.items()}
        return arrays, plain

    @classmethod
    def restore(cls, arrays: dict[str, Array], plain: dict[str, Any], made: Made) -> Self:
        """Build the result again from ``parts``."""
        known = {part.name for part in fields(cls)}
        kept = {name.removeprefix(KEPT): part for name, part in arrays.items() if name.startswith(KEPT)}
        found = {name: value for name, value in (arrays | plain).items() if name in known}
        return cls(**found, tensors=kept, made=made)


@dataclass(frozen=True, eq=False, kw_only=True)
class RadiancePath(Result):
    """What a field shows to cameras on a way around it.

    Attributes:
        kind: Which field.
        pictures: Shape (n, h, w, 3), 0…1.
        depths: Mean distances, shape (n, h, w); NaN where nothing is.
        azimuth: Degrees around, shape (n,).
        elevation: Degrees above the ground, of the first.
        seconds_each: Time that a picture took, in the mean.
        way: ``around``, or the name of the way.
    """

    schema: ClassVar[str] = "nerf-path/1"

    kind: str
    pictures: Array
    depths: Array
    azimuth: Array
    elevation: float
    seconds_each: float
    way: str = "around"

    def summary(self) -> dict[str, Any]:
        """Return what was rendered, and how fast."""
        count, height, width, _ = self.pictures.shape
        return {
            "field": self.kind,
            "frames": count,
            "way": self.way,
            "size": [width, height],
            "azimuth": self.azimuth.tolist(),
            "elevation": self.elevation,
            "seconds_a_frame": self.seconds_each,
        }

    def figures(self) -> list[Figure]:
        """Return up to eight pictures on the way, and the distances in the first."""
        chosen = np.unique(np.linspace(0, len(self.pictures) - 1, min(8, len(self.pictures))).astype(int))
        told = f"{len(self.pictures)} picture{'s' * (len(self.pictures) != 1)}"
        shown: list[Figure] = [
            Images(
                title=f"On the way {self.way} · {self.title}",
                caption=f"{told}, {number(self.seconds_each * 1000, 3)} ms each",
                pixels=self.pictures[chosen],
                names=tuple(
                    f"{self.azimuth[i]:.0f}°" if self.way == "around" else f"{i + 1}" for i in chosen
                ),
            )
        ]
        if np.isfinite(self.depths[0]).any():
            shown.append(depth_map(self.depths[0], self.title))
        return shown
