"""Which places meet under a window: of one layer along each axis, and of a whole chain back to its first input."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from dltui.shapes.field import Field
from dltui.shapes.symbol import Symbol
from dltui.shapes.walk import Step


@dataclass(frozen=True, slots=True)
class Slide:
    """A window that slides along one axis.

    Attributes:
        size: Places of the side that the window reads, or, of a transposed layer, writes.
        places: Positions of the window: places of the other side.
        taps: How many places the window touches.
        stride: Distance of neighbouring positions.
        left: Places of the border before the first place.
        dilation: Distance of neighbouring taps.
        writes: Whether the window writes (transposed layers) instead of reading.
    """

    size: int
    places: int
    taps: int
    stride: int
    left: int
    dilation: int
    writes: bool = False

    def touched(self, position: int) -> range:
        """Return the places that the window touches at a position; those below 0 or from ``size`` on are border."""
        first = position * self.stride - self.left
        return range(first, first + self.taps * self.dilation, self.dilation)

    @property
    def right(self) -> int:
        """Places of the border behind the last place that some window touches; at least 0."""
        last = self.touched(self.places - 1)[-1] if self.places else 0
        return max(0, last - self.size + 1)


def slides(step: Step) -> tuple[Slide, ...]:
    """Return how the window of a layer slides along each spatial axis.

    Args:
        step: A step of a chain that was walked.

    Returns:
        One entry an axis; empty for layers without a window, and where sizes are letters.
    """
    settings = {**step.row.spelled.layer.defaults, **step.row.spelled.settings}
    if "kernel_size" not in settings:
        return ()
    writes = step.report.name.startswith("ConvTranspose")
    axes = int(step.report.name[-2])
    before, after = step.report.input[-axes:], step.report.output[-axes:]
    if any(isinstance(size, Symbol) for size in (*before, *after)):
        return ()
    kernel = _each(settings["kernel_size"], axes)
    stride = _each(settings.get("stride") or settings["kernel_size"], axes)
    apart = _each(settings.get("dilation", 1), axes)
    left = _each(settings.get("padding", 0), axes) if writes else _lefts(step, kernel, settings, axes)
    sizes, places = (after, before) if writes else (before, after)
    return tuple(map(Slide, sizes, places, kernel, stride, left, apart, (writes,) * axes))


def seen(field: Field | None, position: tuple[int, ...]) -> tuple[range, ...] | None:
    """Return which places of the first input an output place looks at.

    Args:
        field: Receptive field of the output.
        position: The output place, one number an axis.

    Returns:
        A range an axis, that may reach into the border; None when the output looks at everything.
    """
    if field is None:
        return None
    axes = field.axes or None
    if axes is None:
        return tuple(range(place, place + 1) for place in position)
    return tuple(
        range(axis.left + place * axis.jump, axis.left + place * axis.jump + axis.size)
        for axis, place in zip(axes, position, strict=True)
    )


def _lefts(step: Step, kernel: tuple[int, ...], settings: dict[str, Any], axes: int) -> tuple[int, ...]:
    """Return the border on the left as the layer itself counted it."""
    if step.report.window and len(step.report.window) == axes:
        return tuple(left for _, _, left in step.report.window)
    padding = settings.get("padding", 0)
    return (0,) * len(kernel) if isinstance(padding, str) else _each(padding, axes)


def _each(value: Any, axes: int) -> tuple[int, ...]:
    """Return one number an axis."""
    if isinstance(value, tuple | list):
        return tuple(value) if len(value) == axes else (value[0],) * axes
    return (value,) * axes
