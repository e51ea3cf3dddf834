"""Moments of numbers that are kept in 16 bits, read off their bits: half the memory, and no slow conversion."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from dltui.figures import Array
from dltui.instruments.weights.moments import CLOSE, LEAST, MOST, ROW, SHORT, Moments, Summer, sums

SIGN = 0x8000


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
        zeros = codes.size - int(np.count_nonzero(codes)) if not int(codes.min()) else 0
        if int(signed.min()) == -SIGN:  # zeros with the other sign
            zeros += int(np.count_nonzero(codes == SIGN))
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
        return Moments(codes.size, low, high, mean, math.sqrt(variance), zeros)

    def _sums(self, pairs: Array, kind: Format) -> tuple[float, float]:
        """Return Σ x and Σ x² of numbers of which two share 32 bits."""
        if self._room.size < pairs.size:
            self._room = np.empty(pairs.size, np.uint32)
        room = self._room[: pairs.size]
        np.bitwise_and(pairs, np.uint32(0xFFFF0000), out=room)
        first = sums(_floats(room, kind))
        np.left_shift(pairs, np.uint32(16), out=room)
        second = sums(_floats(room, kind))
        return first[0] + second[0], first[1] + second[1]


def _floats(room: Array, kind: Format) -> Array:
    """Return the float32 whose bits lie in the upper half of each word; the words are overwritten."""
    if kind.scale == 1:
        return room.view(np.float32)
    signed = room.view(np.int32)
    np.right_shift(signed, 3, out=signed)  # five bits of exponent to where float32 has the lower of its eight
    np.bitwise_and(room, np.uint32(0x8FFFFFFF), out=room)
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
