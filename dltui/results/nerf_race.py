"""A radiance field and splats that learnt from the same pictures, side by side."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from dltui.figures import Array, Figure, Images, Lines, Series, Table, number
from dltui.results.base import Result
from dltui.results.held_out import CLOSER, errors, over


@dataclass(frozen=True, eq=False, kw_only=True)
class Race(Result):
    """Two ways to the same pictures, after the same time.

    Attributes:
        scene: What the pictures show.
        names: What the two are called.
        psnr: Means over the held-out pictures, dB, shape (2,).
        ssim: The same, structural similarity; NaN for pictures that are too small for it.
        seconds: Time that the steps of each took, shape (2,).
        steps: Steps of each, shape (2,).
        train: Pictures that were learnt from.
        held_out: Pictures that both are judged by.
        first: Seconds and dB of one held-out picture on the way, of the first, shape (n, 2).
        second: The same of the second, shape (m, 2).
        truth: That picture, 0…1, shape (height, width, 3).
        seen: What each shows of it, shape (2, height, width, 3).
    """

    schema: ClassVar[str] = "nerf-race/1"

    scene: str
    names: list[str]
    psnr: Array
    ssim: Array
    seconds: Array
    steps: Array
    train: int
    held_out: int
    first: Array
    second: Array
    truth: Array
    seen: Array

    def summary(self) -> dict[str, Any]:
        """Return how near each comes, and what that took."""
        return {
            "scene": self.scene,
            "views": {"train": self.train, "held_out": self.held_out},
            "racers": [
                {
                    "name": name,
                    "psnr": float(self.psnr[i]),
                    "ssim": float(self.ssim[i]) if np.isfinite(self.ssim[i]) else None,
                    "train_seconds": float(self.seconds[i]),
                    "steps": int(self.steps[i]),
                }
                for i, name in enumerate(self.names)
            ],
        }

    def figures(self) -> list[Figure]:
        """Return truth, both pictures and both errors; the climb of both; the numbers."""
        return [self.pictures(), self.climb(), self._table()]

    def pictures(self) -> Images:
        """Return the held-out picture as it is, and as either shows it."""
        truth = np.asarray(self.truth, np.float32)[None]
        likeness = ", ".join(
            f"{name} {number(float(dB), 4)} dB" for name, dB in zip(self.names, self.psnr, strict=True)
        )
        names = ("truth", *self.names, *(f"{name} error" for name in self.names))
        each = f"{number(float(self.seconds.max()), 3)} s each"
        return Images(
            title=f"Side by side · {self.title}",
            caption=f"{likeness} {over(self.held_out)}, {each}; errors × {CLOSER}",
            pixels=np.concatenate([truth, self.seen, errors(truth, self.seen)]).astype(np.float32),
            names=names,
            each_row=len(names),
        )

    def climb(self) -> Lines:
        """Return the likeness of both over the seconds of their steps."""
        curves = [
            Series(name=name, x=known[:, 0], y=known[:, 1])
            for name, known in zip(self.names, (self.first, self.second), strict=True)
        ]
        return Lines(
            title=f"PSNR on the way · {self.title}",
            caption="of one held-out picture; the seconds of each are its own",
            series=tuple(curves),
            x_label="seconds of steps",
            y_label="PSNR (dB)",
        )

    def _table(self) -> Table:
        rows = tuple(
            (
                name,
                f"{number(float(self.psnr[i]), 4)} dB",
                number(float(self.ssim[i]), 4) if np.isfinite(self.ssim[i]) else "too small",
                f"{int(self.steps[i]):,}",
                number(float(self.seconds[i]), 3),
            )
            for i, name in enumerate(self.names)
        )
        columns = ("who", "PSNR", "SSIM", "steps", "seconds")
        return Table(title=f"Numbers · {self.title}", columns=columns, rows=rows)
