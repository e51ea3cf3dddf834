"""Axes: how numbers are spaced, and where their ticks stand."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from dltui.figures import Scale, number

Floats = NDArray[np.float64]
LARGEST = 1e150  # beyond it differences and products of differences leave the range of a float

SMALLEST = 1e-290  # below it a number can't be halved or divided by any more


@dataclass(frozen=True, slots=True)
class Axis:
    """A stretch of numbers laid along a border.

    Attributes:
        low: Number at the left or bottom end.
        high: Number at the right or top end; may be the smaller one.
        scale: How numbers are spaced; ``symlog`` is asinh(v / bend).
        bend: Where a ``symlog`` axis turns from linear to logarithmic.
    """

    low: float
    high: float
    scale: Scale = "linear"
    bend: float = 1.0

    def bent(self, values: ArrayLike) -> Floats:
        """Return numbers as they are spaced; a log axis has no place for those that are not positive."""
        wide = np.asarray(values, dtype=np.float64)
        if self.scale == "linear":
            return wide
        with np.errstate(divide="ignore", invalid="ignore", over="ignore", under="ignore"):
            return np.log10(wide) if self.scale == "log" else np.arcsinh(wide / self.bend)

    def share(self, values: ArrayLike) -> Floats:
        """Return where numbers lie between the ends: 0 at the low, 1 at the high one."""
        start, stop = self.bent([self.low, self.high]).tolist()
        with np.errstate(over="ignore", invalid="ignore", under="ignore"):
            along: Floats = (self.bent(values) - start) / (stop - start)
        return along

    def values(self, shares: ArrayLike) -> Floats:
        """Return the numbers at shares of the way; the inverse of ``share``."""
        start, stop = self.bent([self.low, self.high]).tolist()
        bent: Floats = start + np.asarray(shares, dtype=np.float64) * (stop - start)
        if self.scale == "log":
            return np.power(10.0, bent)
        return self.bend * np.sinh(bent) if self.scale == "symlog" else bent

    def value(self, share: float) -> float:
        """Return the number at one share of the way."""
        return float(self.values(share))

    def ticks(self, most: int) -> list[tuple[float, str]]:
        """Return at most ``most`` round numbers within the ends, with their labels."""
        low, high = sorted((self.low, self.high))
        if most < 1:
            return []
        if self.scale == "log" and low > 0:
            places = _powers(low, high, most)
        elif self.scale == "symlog":
            places = _both_ways(low, high, self.bend, most)
        else:
            places = _round_numbers(low, high, most)
        return [(place, tick_text(place)) for place in places]


@dataclass(frozen=True, slots=True)
class NamedAxis(Axis):
    """A stretch of rows at 0, 1, 2 … that have names.

    Attributes:
        names: What they are called.
    """

    names: tuple[str, ...] = ()

    def ticks(self, most: int) -> list[tuple[float, str]]:
        """Return the names of as many rows as have room, evenly spaced; numbers would take twice as much of it."""
        low, high = sorted((self.low, self.high))
        seen = [place for place in range(len(self.names)) if low <= place <= high]
        return [
            (float(place), self.names[place])
            for place in seen[:: max(1, -(-len(seen) // (2 * max(most, 1))))]
        ]


def axis_of(values: ArrayLike, scale: Scale = "linear", *, pad: float = 0.0, centred: bool = False) -> Axis:
    """Return an axis that holds all finite values.

    Args:
        values: Numbers of any shape; those that are not finite (on a log axis: not positive) are left out.
        scale: How they shall be spaced; a log axis without a positive value becomes linear.
        pad: Share of the length that is added at either end.
        centred: Make the ends equally far from 0.

    Returns:
        The axis; one value alone gets room around it, none at all gives 0…1.
    """
    flat = np.asarray(values, dtype=np.float64).ravel()
    if not (flat.size and abs(float(flat.min())) < LARGEST and abs(float(flat.max())) < LARGEST):
        flat = np.clip(flat[np.isfinite(flat)], -LARGEST, LARGEST)
    if scale == "log":
        positive = flat[flat > SMALLEST]
        flat, scale = (positive, scale) if positive.size else (flat, "linear")
    if not flat.size:
        return Axis(0.0, 1.0, scale if scale == "linear" else "linear")
    low, high = float(flat.min()), float(flat.max())
    if centred and scale != "log":
        high = max(abs(low), abs(high))
        low = -high
    low, high = _room(low, high, scale)
    axis = Axis(low, high, scale, _bend(flat) if scale == "symlog" else 1.0)
    return Axis(axis.value(-pad), axis.value(1 + pad), scale, axis.bend) if pad else axis


def within(axis: Axis, limits: tuple[float, float] | None) -> Axis:
    """Return the axis with other ends; unusable ends (equal, not finite, not positive on a log axis) are ignored."""
    if limits is None or not all(math.isfinite(end) and abs(end) <= LARGEST for end in limits):
        return axis
    low, high = min(limits), max(limits)
    if (
        high - low <= 1e-12 * max(abs(low), abs(high))
        or high - low < 1e-300
        or (axis.scale == "log" and low <= 0)
    ):
        return axis
    return Axis(low, high, axis.scale, axis.bend)


def tick_text(value: float) -> str:
    """Return the label of a tick: the fewest digits that tell it."""
    return "0" if value == 0 else number(float(f"{value:.9g}"), 6)


def _room(low: float, high: float, scale: Scale) -> tuple[float, float]:
    """Return ends that differ enough to divide by their distance."""
    if high - low > 1e-12 * max(abs(low), abs(high)) and high - low > SMALLEST:
        return low, high
    if scale == "log":
        return low / 2, high * 2
    reach = max(abs(low) * 0.1, 1e-280) if low else 1.0
    return low - reach, high + reach


def _bend(values: Floats) -> float:
    """Return where a symlog axis bends: at the smallest size that occurs, but no more than four decades down."""
    sizes = np.abs(values[values != 0])
    return max(float(sizes.min()), float(sizes.max()) * 1e-4, 1e-300) if sizes.size else 1.0


def _round_numbers(low: float, high: float, most: int) -> list[float]:
    """Return multiples of 1, 2 or 5 times a power of ten."""
    rough = (high - low) / most
    if not (math.isfinite(rough) and rough > 1e-299):
        return []
    power = 10.0 ** math.floor(math.log10(rough))
    for factor in (1, 2, 5, 10, 20, 50):
        step = factor * power
        first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
        if last - first + 1 <= most:
            return [i * step for i in range(first, last + 1)]
    return []


def _powers(low: float, high: float, most: int) -> list[float]:
    """Return powers of ten, with 2 and 5 between where there is room, or round numbers within less than a decade."""
    first, last = math.ceil(math.log10(low) - 1e-9), math.floor(math.log10(high) + 1e-9)
    decades = last - first + 1
    if decades < 2:
        return _round_numbers(low, high, most)
    if decades > most:
        stride = -(-decades // most)
        return [10.0**i for i in range(first, last + 1) if i % stride == 0]
    for factors in ((1, 2, 5), (1, 3)):
        places = [factor * 10.0**i for i in range(first - 1, last + 1) for factor in factors]
        fitting = [place for place in places if low * (1 - 1e-9) <= place <= high * (1 + 1e-9)]
        if len(fitting) <= most:
            return fitting
    return [10.0**i for i in range(first, last + 1)]


def _both_ways(low: float, high: float, bend: float, most: int) -> list[float]:
    """Return 0 and the powers of ten on either side of it that stand beyond the bend."""
    if most < 3 or max(abs(low), abs(high)) <= 3 * bend:
        return _round_numbers(low, high, most)
    top = math.floor(math.log10(max(abs(low), abs(high))) + 1e-9)
    bottom = math.ceil(math.log10(bend) - 1e-9)
    both = (low < 0) + (high > 0)
    stride = max(1, -(-(top - bottom + 1) * both // (most - 1 - (both == 2 and most % 2 == 0))))
    sizes = [10.0**i for i in range(top, bottom - 1, -stride)]
    places = sorted([*(-size for size in sizes), 0.0, *sizes])
    return [place for place in places if low <= place <= high]
