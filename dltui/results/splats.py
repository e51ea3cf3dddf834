"""Splats that were fitted to pictures, and pictures of splats."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal

import numpy as np

from dltui.figures import Array, Figure, Heatmap, Histogram, Images, Lines, Scene, Series, Table, number
from dltui.results.base import Result
from dltui.results.held_out import beside, climb, density_cut, depth_map, over
from dltui.results.splat_ray import ray_figure

BINS = 40


@dataclass(frozen=True, eq=False, kw_only=True)
class SplatFit(Result):
    """Splats that were fitted to pictures.

    Attributes:
        scene: What the pictures show.
        psnr: Mean over the held-out pictures, dB.
        ssim: The same, structural similarity; NaN for pictures that are too small for it.
        train_seconds: Time that steps took, judging left out.
        steps: Steps made.
        train: Pictures that were learnt from.
        held_out: Pictures that were judged by.
        moved: Splats that jumped to where they were needed, in all.
        degree: Of the spherical harmonics.
        view_seconds: Time of one picture.
        history: Step, seconds and dB of the first held-out picture, as it went, shape (n, 3).
        truth: Held-out pictures, 0…1, shape (k, height, width, 3).
        seen: The same as the splats show them.
        places: Middles of the splats, shape (n, 3).
        rgb: Their colours in 0…255, shape (n, 3).
        opacity: Their opacities, shape (n,).
        cloned: Splats that were doubled where pictures pulled at them.
        split: Splats that became two smaller ones.
        pruned: Splats that were taken away because they were nearly clear.
        scale: Their standard deviations along their own axes, shape (n, 3); empty while they are being fitted.
        turn: Quaternions w, x, y, z of those axes, shape (n, 4).
        harmonics: Coefficients of their colours, shape (n, (degree + 1)², 3).
        counts: Step and how many splats there were from then on, shape (k, 2).
        depth: Mean distances in the first held-out picture, shape (h, w), NaN where nothing is; none during a fit.
        depth_error: Mean error of distances over the held-out pictures where they are known, or None.
        cut: Σ o·exp(−d²/2) over the splats on planes across the z axis, shape (k, h, w).
        across: Places along the cuts.
        upward: Places up the cuts.
        levels: Where the planes are, shape (k,).
        ray: Depth, α, T, w, red, green and blue of the splats that one pixel of that picture sees, shape (m, 7).
        through: Column and row of that pixel.
    """

    schema: ClassVar[str] = "splat-fit/1"

    scene: str
    psnr: float
    ssim: float
    train_seconds: float
    steps: int
    train: int
    held_out: int
    moved: int
    degree: int
    view_seconds: float
    history: Array
    truth: Array
    seen: Array
    places: Array
    rgb: Array
    opacity: Array
    cloned: int = 0
    split: int = 0
    pruned: int = 0
    scale: Array = field(default_factory=lambda: np.zeros((0, 3), np.float32))
    turn: Array = field(default_factory=lambda: np.zeros((0, 4), np.float32))
    harmonics: Array = field(default_factory=lambda: np.zeros((0, 1, 3), np.float32))
    counts: Array = field(default_factory=lambda: np.zeros((0, 2)))
    depth: Array = field(default_factory=lambda: np.zeros((0, 0), np.float32))
    depth_error: float | None = None
    cut: Array = field(default_factory=lambda: np.zeros((0, 0, 0), np.float32))
    across: Array = field(default_factory=lambda: np.zeros(0, np.float32))
    upward: Array = field(default_factory=lambda: np.zeros(0, np.float32))
    levels: Array = field(default_factory=lambda: np.zeros(0, np.float32))
    ray: Array = field(default_factory=lambda: np.zeros((0, 7), np.float32))
    through: list[int] = field(default_factory=list)

    def summary(self) -> dict[str, Any]:
        """Return the contract: psnr, ssim, train_seconds, steps, views, and what else is known."""
        return {
            "psnr": self.psnr,
            "ssim": self.ssim if np.isfinite(self.ssim) else None,
            "depth_error": self.depth_error,
            "train_seconds": self.train_seconds,
            "steps": self.steps,
            "views": {"train": self.train, "held_out": self.held_out},
            "scene": self.scene,
            "splats": len(self.places),
            "degree": self.degree,
            "moved": self.moved,
            "cloned": self.cloned,
            "split": self.split,
            "pruned": self.pruned,
            "counts": np.asarray(self.counts).astype(int).tolist(),
            "view_seconds": self.view_seconds,
        }

    def figures(self) -> list[Figure]:
        """Return pictures, climb and growth; distances, a cut, a ray; the splats in space, opacities, numbers."""
        counts, edges = np.histogram(self.opacity, BINS, (0.0, 1.0))
        return [
            self.pictures(),
            *climb(self.history, who="splats", title=self.title),
            *self._growth(),
            *self._inside(),
            Scene(
                title=f"Middles of the splats · {self.title}",
                caption="every splat as a point of its own colour",
                points=np.asarray(self.places, np.float32),
                point_rgb=self.rgb,
                relief=False,
            ),
            Histogram(
                title=f"Opacities · {self.title}",
                caption="of nearly clear ones, most were pruned, or jumped to where pictures were wrong",
                edges=edges,
                counts=counts,
                value_label="opacity",
            ),
            self._table(),
        ]

    def pictures(self, place: int | None = None) -> Images:
        """Return all held-out pictures that are kept, or one, beside what the splats show."""
        ssim = f", SSIM {number(self.ssim, 3)}" if np.isfinite(self.ssim) else ""
        told = f"{len(self.places):,} splats after {self.steps:,} steps in {number(self.train_seconds, 3)} s"
        caption = f"{number(self.psnr, 4)} dB{ssim} {over(self.held_out)}; {told}"
        return beside(self.truth, self.seen, who="splats", title=self.title, caption=caption, place=place)

    def cut_at(self, place: int) -> Heatmap:
        """Return how dense the splats are on one of the planes, on one scale for all of them."""
        told = "opacities of the splats, each fading with the distance from its middle, added up"
        ways = self.across, self.upward, self.levels
        return density_cut(self.cut, ways, place, title=self.title, label="Σo", told=told)

    def _inside(self) -> list[Figure]:
        """Return distances, a cut and a ray, where they are known."""
        shown: list[Figure] = []
        if np.isfinite(self.depth).any():
            shown.append(depth_map(self.depth, self.title))
        if self.cut.size:
            shown.append(self.cut_at(len(self.levels) // 2))
        if len(self.ray):
            shown.append(ray_figure(self.ray, self.through, self.title))
        return shown

    def _growth(self) -> list[Figure]:
        """Return how many splats there were, where that changed."""
        if len(self.counts) < 2:
            return []
        step, count = np.asarray(self.counts, np.float64).T
        ends = np.append(step[1:], max(self.steps, step[-1]))
        return [
            Lines(
                title=f"Splats on the way · {self.title}",
                caption=self._grown(),
                series=(Series(name="splats", x=np.stack([step, ends], 1).ravel(), y=np.repeat(count, 2)),),
                x_label="step",
                y_label="splats",
            )
        ]

    def _grown(self) -> str:
        """Return what became of splats, in words."""
        return f"{self.cloned:,} cloned, {self.split:,} split, {self.pruned:,} pruned"

    def _table(self) -> Table:
        rows = (
            ("PSNR", f"{number(self.psnr, 4)} dB"),
            ("SSIM", number(self.ssim, 4)),
            ("error of distances", "not known" if self.depth_error is None else number(self.depth_error, 3)),
            ("pictures", f"{self.train:,} learnt from, {self.held_out:,} held out"),
            ("splats", f"{len(self.places):,} of degree {self.degree}"),
            ("steps", f"{self.steps:,} in {number(self.train_seconds, 3)} s"),
            ("growth", self._grown()),
            ("jumps", f"{self.moved:,}"),
            ("one picture", f"{number(1000 * self.view_seconds, 3)} ms"),
        )
        return Table(title=f"Numbers · {self.title}", columns=("what", "value"), rows=rows)


@dataclass(frozen=True, eq=False, kw_only=True)
class SplatViews(Result):
    """Pictures of a file of splats.

    Attributes:
        seen: The pictures, 0…1, shape (k, height, width, 3).
        depth: Mean depth in the first one, infinite where nothing is, shape (height, width).
        places: Middles of the splats, shape (n, 3).
        rgb: Their colours in 0…255, shape (n, 3).
        degree: Of the spherical harmonics.
        dropped: Splats left out because a number was not finite.
        drawn: Splats that the first picture shows.
        pairs: Pairs of pixels and splats that it took.
        view_seconds: Time of one picture.
        up: The axis that points up.
    """

    schema: ClassVar[str] = "splat-views/1"

    seen: Array
    depth: Array
    places: Array
    rgb: Array
    degree: int
    dropped: int
    drawn: int
    pairs: int
    view_seconds: float
    up: Literal["z", "y"] = "z"

    def summary(self) -> dict[str, Any]:
        """Return how many splats there are, what is drawn of them, and how long that takes."""
        known = self.depth[np.isfinite(self.depth)]
        return {
            "splats": len(self.places),
            "degree": self.degree,
            "dropped": self.dropped,
            "drawn": self.drawn,
            "pairs": self.pairs,
            "views": len(self.seen),
            "size": list(self.seen.shape[1:3]),
            "view_seconds": self.view_seconds,
            "bounds": [self.places.min(axis=0).tolist(), self.places.max(axis=0).tolist()],
            "depth": [float(known.min()), float(known.max())] if known.size else None,
        }

    def figures(self) -> list[Figure]:
        """Return the pictures, and the splats in space."""
        told = f"{len(self.places):,} splats of degree {self.degree}, {self.drawn:,} seen"
        caption = f"{told}; {number(1000 * self.view_seconds, 3)} ms a picture"
        far = np.where(np.isfinite(self.depth), self.depth, np.nan)
        return [
            Images(title=self.title, caption=caption, pixels=self.seen),
            *([depth_map(far, self.title, "depth")] if np.isfinite(far).any() else []),
            Scene(
                title=f"Middles of the splats · {self.title}",
                points=np.asarray(self.places, np.float32),
                point_rgb=self.rgb,
                relief=False,
                up=self.up,
            ),
        ]
