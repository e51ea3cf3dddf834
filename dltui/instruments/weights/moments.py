"""Count, extremes, mean, spread and norm of numbers that stream by."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from dltui.figures import Array

ROW = 1024  # numbers that are added up in float32 before float64 takes over
SHORT = 4 * ROW  # fewer numbers are added up in float64 at once
CLOSE = 16.0  # mean² / variance above which a float32 sum of squares would lose the variance
ONES = np.ones(ROW, np.float32)
LEAST, MOST = 1e-15, 1e15  # magnitudes whose squares float32 can hold with room to add them up


@dataclass(frozen=True)
class Moments:
    """What is known of some numbers.

    Attributes:
        count: How many are finite; all that follows is about these.
        low: The smallest; NaN without any.
        high: The largest.
        mean: Their mean.
        std: Their standard deviation (that of the whole population, divided by ``count``).
        zeros: How many are exactly 0.
        nans: How many are not numbers.
        infs: How many are infinite, of either sign.
    """

    count: int = 0
    low: float = math.nan
    high: float = math.nan
    mean: float = math.nan
    std: float = math.nan
    zeros: int = 0
    nans: int = 0
    infs: int = 0

    @property
    def norm(self) -> float:
        """Root of the sum of squares."""
        return math.sqrt(self.count) * math.hypot(self.mean, self.std) if self.count else 0.0

    @property
    def elements(self) -> int:
        """How many there are, whether finite or not."""
        return self.count + self.nans + self.infs

    def joined(self, other: Moments) -> Moments:
        """Return what is known of these numbers and others together (Chan, Golub and LeVeque 1979).

        With shares a and b of the count: mean = a·m₁ + b·m₂ and var = a·s₁² + b·s₂² + a·b·(m₂ − m₁)².
        """
        bad = {"nans": self.nans + other.nans, "infs": self.infs + other.infs}
        if not self.count or not other.count:
            known = self if self.count else other
            return Moments(known.count, known.low, known.high, known.mean, known.std, known.zeros, **bad)
        count = self.count + other.count
        a, b = self.count / count, other.count / count
        apart = math.sqrt(a * b) * (other.mean - self.mean)
        return Moments(
            count,
            min(self.low, other.low),
            max(self.high, other.high),
            a * self.mean + b * other.mean,
            math.hypot(math.sqrt(a) * self.std, math.sqrt(b) * other.std, apart),
            self.zeros + other.zeros,
            **bad,
        )


class Summer:
    """Finds the moments of pieces of numbers, with buffers that are used again; one for each thread."""

    def __init__(self) -> None:
        self._flags = np.empty(0, np.bool_)

    def __call__(self, values: Array) -> Moments:
        """Return the moments of one piece.

        Args:
            values: Numbers as ``reals`` gives them, shape (n,).

        Returns:
            Exact up to rounding in float64; norm and spread of long float32 pieces to a relative 1e-6.
        """
        if not values.size:
            return Moments()
        if values.dtype == np.float32 and values.size >= SHORT:
            found = self._quickly(values)
            if found is not None:
                return found
        return self._carefully(values)

    def _quickly(self, values: Array) -> Moments | None:
        """Add up rows of float32 by BLAS, and the rows in float64; None where that would not be exact enough."""
        with np.errstate(all="ignore"):
            low, high = float(values.min()), float(values.max())
            size = max(-low, high)
            if not (LEAST < size < MOST):  # NaN too
                return None
            whole = values.size // ROW * ROW
            total, squares = sums(values[:whole])
            rest = values[whole:].astype(np.float64)
            total, squares = total + float(rest.sum()), squares + float(rest @ rest)
        mean = total / values.size
        variance = squares / values.size - mean * mean
        if mean * mean > CLOSE * variance:
            return None
        return Moments(values.size, low, high, mean, math.sqrt(variance), self._zeros(values))

    def _zeros(self, values: Array) -> int:
        """Return how many are 0."""
        if self._flags.size < values.size:
            self._flags = np.empty(values.size, np.bool_)
        flags = self._flags[: values.size]
        np.equal(values, 0, out=flags)
        return int(np.count_nonzero(flags))

    def _carefully(self, values: Array) -> Moments:
        """Add up in float64 around the mean, scaled so that nothing overflows."""
        nans = infs = 0
        if values.dtype.kind == "f":
            finite = np.isfinite(values)
            if not finite.all():
                nans = int(np.isnan(values).sum())
                infs = int(values.size - finite.sum()) - nans
                values = values[finite]
        if not values.size:
            return Moments(nans=nans, infs=infs)
        low, high = float(values.min()), float(values.max())
        wide = values.astype(np.float64)
        scale = max(abs(low), abs(high))
        if 0 < scale < 1e-100 or scale > 1e100:
            wide /= scale
        else:
            scale = 1.0
        mean = float(wide.mean())
        wide -= mean
        std = math.sqrt(float(np.square(wide).sum()) / wide.size)
        zeros = int(values.size - np.count_nonzero(values))
        return Moments(values.size, low, high, mean * scale, std * scale, zeros, nans, infs)


def sums(values: Array, parts: Array | None = None) -> tuple[float, float]:
    """Return Σ x and Σ x², added up over rows in float32 by BLAS, and from there on in float64.

    Args:
        values: float32, shape (n,), n a multiple of ``ROW``.
        parts: Room for the sums of rows, float32, shape (2, n / ROW); room of its own when left out.

    Returns:
        The two sums.
    """
    parts = np.empty((2, values.size // ROW), np.float32) if parts is None else parts
    rows = values.reshape(-1, ROW)
    np.vecdot(rows, ONES, out=parts[0])
    np.vecdot(rows, rows, out=parts[1])
    total, squares = np.add.reduce(parts, axis=1, dtype=np.float64).tolist()
    return total, squares


def reals(values: Array) -> Array:
    """Return numbers that can be compared and added: complex ones as two each, half precision as float32.

    Args:
        values: Numbers of any type and shape.

    Returns:
        Flat, shape (n,), or (2 n,) for complex ones.
    """
    flat = np.asarray(values).reshape(-1)
    if flat.dtype.kind == "c":
        return np.ascontiguousarray(flat).view(flat.real.dtype)
    if flat.dtype.kind == "b":
        return flat.astype(np.uint8)
    return flat.astype(np.float32) if flat.dtype == np.float16 else flat


def moments_of(values: Array) -> Moments:
    """Return the moments of an array of any shape and type."""
    return Summer()(reals(values))
