"""Moments of numbers that are kept in 16 bits, read off their bits: half the memory, and no slow conversion."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from dltui.figures import Array
from dltui.instruments.weights.moments import CLOSE, LEAST, MOST, ROW, SHORT, Moments, Summer, put_sums

SIGN = 0x8000
HIGH = np.uint32(0xFFFF0000)  # one of the two numbers in a word
MOVED = np.uint32(0x8FFFE000)  # the bits of a float16 in its upper half, shifted by three behind the sign


@dataclass(frozen=True)
class Format:
    """How 16 bits are a number.

    Attributes:
        infinity: The code of +∞; larger ones up to the sign are NaN.
        scale: What the number must be multiplied by that the widened bits give.
    """

    infinity: int
    scale: float


FORMATS = {"bfloat16": Format(0x7F80, 1.0), "float16": Format(0x7C00, 2.0**112)}


class HalfSummer:
    """Finds the moments of pieces of 16-bit floats; one for each thread.

    Args:
        whole: Adds up what can't be read off the bits.

    Attributes:
        whole: The same.
    """

    def __init__(self, whole: Summer) -> None:
        self.whole = whole
        self._room = np.empty(0, np.uint32)

    def __call__(self, codes: Array, dtype: str) -> Moments:
        """Return the moments of one piece.

        The bits of positive numbers grow with them, as whole numbers with a sign; those of negative ones grow with
        their magnitude, as whole numbers without: extremes, zeros, NaN and ∞ show in the extremes of both. For the
        sums, two numbers at a time are taken apart and widened to float32.

        Args:
            codes: The bits, uint16, shape (n,).
            dtype: ``float16`` or ``bfloat16``.

        Returns:
            As ``Summer`` gives them.
        """
        found = self._quickly(codes, FORMATS[dtype]) if codes.size >= 2 * SHORT else None
        return self.whole(widened(codes, dtype)) if found is None else found

    def _quickly(self, codes: Array, kind: Format) -> Moments | None:
        """Return the moments where all numbers are finite and both signs occur; None otherwise."""
        signed = codes.view(np.int16)
        top, bottom = int(signed.max()), int(codes.max())
        if top < 0 or bottom < SIGN or top >= kind.infinity or bottom >= SIGN + kind.infinity:
            return None
        ends = widened(np.array([bottom, top], np.uint16), "bfloat16" if kind.scale == 1 else "float16")
        low, high = float(ends[0]), float(ends[1])
        if not LEAST < max(-low, high) < MOST:
            return None
        even = codes.size // (2 * ROW) * 2 * ROW
        with np.errstate(all="ignore"):
            total, squares = self._sums(codes[:even].view(np.uint32), kind)
        rest = widened(codes[even:], "bfloat16" if kind.scale == 1 else "float16").astype(np.float64)
        mean = (total + float(rest.sum())) / codes.size
        variance = (squares + float(np.square(rest).sum())) / codes.size - mean * mean
        if mean * mean > CLOSE * variance:
            return None
        return Moments(codes.size, low, high, mean, math.sqrt(variance), self._zeros(codes))

    def _zeros(self, codes: Array) -> int:
        """Return how many are 0, of either sign; −0 is the least of all codes as whole numbers with a sign."""
        if int(codes.view(np.int16).min()) > -SIGN:
            return codes.size - int(np.count_nonzero(codes))
        unsigned = self._words(codes.size // 2 + 1).view(np.uint16)[: codes.size]
        np.left_shift(codes, 1, out=unsigned)
        return codes.size - int(np.count_nonzero(unsigned))

    def _sums(self, pairs: Array, kind: Format) -> tuple[float, float]:
        """Return Σ x and Σ x² of numbers of which two share 32 bits."""
        room = self._words(pairs.size)
        if kind.scale == 1:
            np.bitwise_and(pairs, HIGH, out=room)
        else:
            np.right_shift(pairs.view(np.int32), 3, out=room.view(np.int32))
        parts = np.empty((2, 2, pairs.size // ROW), np.float32)
        put_sums(_floats(room, kind), parts[0])
        np.left_shift(pairs, np.uint32(16), out=room)
        if kind.scale != 1:
            np.right_shift(room.view(np.int32), 3, out=room.view(np.int32))
        put_sums(_floats(room, kind), parts[1])
        total, squares = parts.sum(axis=(0, 2), dtype=np.float64).tolist()
        return total, squares

    def _words(self, count: int) -> Array:
        """Return room for so many words, the same each time."""
        if self._room.size < count:
            self._room = np.empty(count, np.uint32)
        return self._room[:count]


def _floats(room: Array, kind: Format) -> Array:
    """Return the float32 of words in whose upper half a number stands; the words are overwritten.

    Those of float16 come shifted by three, which puts its five bits of exponent to where float32 has the lower of its
    eight; what the sign left behind it and the lower half have no meaning.
    """
    if kind.scale == 1:
        return room.view(np.float32)
    np.bitwise_and(room, MOVED, out=room)
    values: Array = room.view(np.float32)
    values *= np.float32(kind.scale)
    return values


def widened(codes: Array, dtype: str) -> Array:
    """Return 16-bit floats as float32.

    Args:
        codes: The bits, uint16, shape (n,).
        dtype: ``float16`` or ``bfloat16``.

    Returns:
        The numbers, shape (n,).
    """
    if dtype == "float16":
        return codes.view(np.float16).astype(np.float32)
    return (codes.astype(np.uint32) << 16).view(np.float32)


def ascending(codes: Array, dtype: str) -> Array:
    """Return the finite ones among 16-bit floats as float32, in order.

    The bits are sorted as whole numbers, digit by digit, many times faster than float32 by comparing: those of negative
    numbers are turned over first, since they grow with the magnitude.

    Args:
        codes: The bits, uint16, shape (n,).
        dtype: ``float16`` or ``bfloat16``.

    Returns:
        The numbers, ascending.
    """
    signed = codes.view(np.int16)
    keys = np.sort(signed ^ ((signed >> 15) & 0x7FFF), kind="stable")
    values = widened((keys ^ ((keys >> 15) & 0x7FFF)).view(np.uint16), dtype)
    finite = np.isfinite(values)
    return values if finite.all() else values[finite]
