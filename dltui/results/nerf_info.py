"""What a radiance field or its pictures hold: cameras in space, numbers, and what happens along a ray."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any, ClassVar

import numpy as np

from dltui.figures import Array, Figure, Images, Lines, Mark, Overlay, Scene, Series, Table, number
from dltui.results.base import Result

BOX, TRAIN, HELD = (150, 150, 150), (70, 130, 230), (235, 120, 40)


@dataclass(frozen=True, eq=False, kw_only=True)
class RadianceInfo(Result):
    """Pictures with their cameras, or a field; and maybe one ray through it.

    Attributes:
        what: ``pictures`` or the kind of field.
        numbers: What is known, by name.
        missing: Names of pictures that are not there.
        segments: Edges of cameras and of the box, shape (s, 2, 3).
        colours: Of each, 0…255, shape (s, 3).
        pictures: Some of the pictures, shape (k, h, w, 3); none of a field.
        ray: Distance, σ, α, T, w, red, green and blue of the samples along a ray, shape (n, 8).
        colour: What the ray sees, three numbers in 0…1; empty without one.
        through: Column and row that the ray goes through.
        times: How many times as great every density was taken.
        sample: The sample that is pointed at; below 0 for none.
        size: Pixels across and down of the picture that the ray goes through; empty without one.
        picture: That picture as the field shows it, maybe smaller, shape (h, w, 3).
        distance: Mean distances in it, NaN where nothing is, shape (h, w).
        bundle: Distance, σ, red, green and blue of the samples along the rays of all its pixels, row by row, only where
            anything may be, shape (s, 5).
        firsts: Of each pixel, the number of its first sample, and behind all how many there are, shape (h·w + 1,).
        combs: Of each pixel, the distance of the first place that is looked at, the stretch to the next, and how many
            they are, shape (h·w, 3).
    """

    schema: ClassVar[str] = "nerf-info/1"

    what: str
    numbers: dict[str, Any]
    missing: list[str] = field(default_factory=list)
    segments: Array
    colours: Array
    pictures: Array
    ray: Array
    colour: list[float] = field(default_factory=list)
    through: list[float] = field(default_factory=list)
    times: float = 1.0
    sample: int = -1
    size: list[int] = field(default_factory=list)
    picture: Array = field(default_factory=lambda: np.zeros((0, 0, 3), np.float32))
    distance: Array = field(default_factory=lambda: np.zeros((0, 0), np.float32))
    bundle: Array = field(default_factory=lambda: np.zeros((0, 5), np.float32))
    firsts: Array = field(default_factory=lambda: np.zeros(1, np.int32))
    combs: Array = field(default_factory=lambda: np.zeros((0, 3), np.float32))

    def at(self, column: int, row: int) -> RadianceInfo:
        """Return the same with the ray through another pixel of its picture.

        Args:
            column: Of the pixel, from the left.
            row: Of the pixel, from the top.

        Returns:
            That ray from sample to sample; no samples where it goes past everything that is looked through.
        """
        height, width = self.picture.shape[:2]
        pixel = row * width + column
        start, stretch, count = (float(part) for part in self.combs[pixel])
        ray = np.zeros((round(count), 8), np.float32)
        ray[:, 0] = start + stretch * np.arange(len(ray))
        held = self.bundle[self.firsts[pixel] : self.firsts[pixel + 1]]
        places = np.round((held[:, 0] - start) / (stretch or 1)).astype(int)
        ray[places, 1] = held[:, 1] * self.times
        ray[places, 5:] = held[:, 2:]
        across, down = self.size[0] / width, self.size[1] / height
        through = [(column + 0.5) * across, (row + 0.5) * down]
        found = replace(self, ray=ray, through=through).changed(0, 1.0)
        return found.changed(int(found.ray[:, 4].argmax()), 1.0) if len(ray) else found

    def spot(self) -> tuple[float, float]:
        """Return column and row in the kept picture, which may be a smaller one, that the ray goes through."""
        height, width = self.picture.shape[:2]
        return self.through[0] / self.size[0] * width - 0.5, self.through[1] / self.size[1] * height - 0.5

    def map(self) -> Overlay:
        """Return the picture, from which a ray is chosen, with the distances that the cursor reads."""
        return Overlay(
            title=f"Which ray · {self.title}",
            caption="of the pixel under the cursor",
            picture=np.asarray(self.picture, np.float32),
            values=np.asarray(self.distance, np.float32)[None],
            names=("distance",),
            value_label="distance",
            opacity=0.0,
            bare=False,
        )

    def changed(self, at: int, times: float) -> RadianceInfo:
        """Return the same ray with the density of one sample so many times as great, and all that follows from it.

        Args:
            at: Which sample.
            times: By what its σ is multiplied; 0 makes it clear.

        Returns:
            The ray with new α, T, w and colour.
        """
        ray = np.array(self.ray, np.float64)
        if not len(ray):
            return replace(self, colour=[0.0, 0.0, 0.0], sample=-1)
        stretch = ray[1, 0] - ray[0, 0] if len(ray) > 1 else 1.0
        ray[at, 1] *= times
        ray[:, 2] = -np.expm1(-ray[:, 1] * stretch)
        depth = np.cumsum(ray[:, 1]) * stretch
        ray[:, 3] = np.exp(-(depth - ray[:, 1] * stretch))
        ray[:, 4] = ray[:, 2] * ray[:, 3]
        colour = (ray[:, 4:5] * ray[:, 5:]).sum(axis=0).tolist()
        return replace(self, ray=ray.astype(np.float32), colour=colour, sample=at)

    def summary(self) -> dict[str, Any]:
        """Return what is known."""
        told: dict[str, Any] = {"what": self.what, **self.numbers, "missing": self.missing}
        if self.through:
            names = ("t", "sigma", "alpha", "transmittance", "weight")
            samples = dict(zip(names, np.asarray(self.ray, np.float64).T[:5].tolist(), strict=True))
            told["ray"] = {
                "column": self.through[0],
                "row": self.through[1],
                "density_times": self.times,
                "colour": self.colour,
                **samples,
            }
        return told

    def figures(self) -> list[Figure]:
        """Return the ray where one was asked for, cameras, pictures and numbers."""
        shown: list[Figure] = []
        if self.through and len(self.ray):
            shown += self._ray()
        if self.picture.size:
            shown.append(self._marked())
        if len(self.segments):
            pictures = "blue to learn from, orange held out"
            cameras = pictures if self.what == "pictures" else "blue: where views begin"
            shown.append(
                Scene(
                    title=f"Cameras · {self.title}",
                    caption=f"{cameras}; grey: the box that is looked through",
                    segments=self.segments,
                    segment_rgb=self.colours,
                )
            )
        if len(self.pictures):
            shown.append(Images(title=f"Pictures · {self.title}", pixels=self.pictures))
        rows = tuple((name.replace("_", " "), _cell(value)) for name, value in self.numbers.items())
        if self.missing:
            rows += (("missing", ", ".join(self.missing[:8]) + (" …" if len(self.missing) > 8 else "")),)
        return [*shown, Table(title=f"Numbers · {self.title}", columns=("what", "value"), rows=rows)]

    def _marked(self) -> Overlay:
        """Return the picture with a mark at the pixel that the ray goes through."""
        x, y = self.spot()
        return replace(self.map(), caption="", marks=(Mark(name="the ray", x=x, y=y),))

    def _ray(self) -> list[Figure]:
        """Return density along the ray, and what it does to the light."""
        t, sigma, alpha, through, weight = self.ray.T[:5]
        place = f"column {number(self.through[0])}, row {number(self.through[1])}"
        seen = ", ".join(number(part, 3) for part in self.colour)
        parts = (("α", alpha), ("T", through), ("w = Tα", weight))
        marks: tuple[Series, ...] = ()
        if self.sample >= 0:
            marks = (Series(name="sample", x=t[[self.sample]], y=weight[[self.sample]], marks=True),)
        return [
            Lines(
                title=f"Light along a ray · {place} · {self.title}",
                caption=f"Σw = {number(float(weight.sum()), 4)}, Σwc = ({seen}) before the ground",
                series=(*(Series(name=name, x=t, y=values) for name, values in parts), *marks),
                x_label="distance",
            ),
            Lines(
                title=f"Density along it · {place} · {self.title}",
                series=(Series(name="σ", x=t, y=sigma),),
                x_label="distance",
                y_label="σ",
            ),
        ]


def _cell(value: Any) -> str:
    """Return a value as a table shows it."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return number(value, 4)
    if isinstance(value, int):
        return f"{value:,}"
    return " × ".join(_cell(part) for part in value) if isinstance(value, list) else str(value)
