"""Moments of numbers that are kept in 16 bits, read off their bits: half the memory, and no slow conversion."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from dltui.archives.buffers import aligned
from dltui.figures import Array
from dltui.instruments.weights.moments import CLOSE, LEAST, MOST, ROW, SHORT, Moments, Summer, sums

SIGN = 0x8000
HIGH = np.uint32(0xFFFF0000)  # one of the two numbers in a word
STRETCH = 1 << 16  # codes of which the least is looked at before zeros among them are counted
MANY = 1 / 4  # share of stretches with zeros above which all are counted, since choosing takes time too
INFINITY = {"bfloat16": 0x7F80, "float16": 0x7C00}  # the codes of +∞; larger ones up to the sign are NaN
WIDTH = np.uint32(16)
SCALE = np.float32(2.0**112)  # what a number must be multiplied by that the moved bits of a float16 give
MOVED = np.uint32(0x8FFFE000)  # the bits of a float16 in its upper half, shifted by three behind the sign


class HalfSummer:
    """Finds the moments of pieces of 16-bit floats; one for each thread.

    What it does to all numbers at once it does in few long steps, and between them as little as it can: only there
    another thread gets its turn, and each has to fetch what the interpreter is doing from the other's cache.

    Args:
        whole: Adds up what can't be read off the bits.
        most: Numbers of a piece at most.

    Attributes:
        whole: The same.
        codes: Where the bits of a piece are put, uint16, shape (``most``,).
    """

    def __init__(self, whole: Summer, most: int) -> None:
        self.whole = whole
        self._room = aligned(2 * most, np.uint16)  # a number is widened to twice its bits where it stands
        self.codes = self._room[:most]
        self._views = _Views(self._room, most)

    def __call__(self, count: int, dtype: str) -> Moments:
        """Return the moments of the first of ``codes``, which are written over.

        The bits of positive numbers grow with them, as whole numbers with a sign; those of negative ones grow with
        their magnitude, as whole numbers without: extremes, zeros, NaN and ∞ show in the extremes of both. For the
        sums, two numbers at a time are taken apart and widened to float32.

        Args:
            count: How many.
            dtype: ``float16`` or ``bfloat16``.

        Returns:
            As ``Summer`` gives them.
        """
        found = self._quickly(count, dtype) if count >= 2 * SHORT else None
        return self.whole(widened(self.codes[:count], dtype)) if found is None else found

    def _quickly(self, count: int, dtype: str) -> Moments | None:
        """Return the moments where all numbers are finite and both signs occur; None otherwise."""
        if self._views.count != count:
            self._views = _Views(self._room, count)
        views, infinity = self._views, INFINITY[dtype]
        top, bottom = int(np.maximum.reduce(views.signed)), int(np.maximum.reduce(views.codes))
        if top < 0 or bottom < SIGN or top >= infinity or bottom >= SIGN + infinity:
            return None
        low, high = widened(np.array([bottom, top], np.uint16), dtype).tolist()
        if not LEAST < max(-low, high) < MOST:
            return None
        zeros = views.zeros()
        rest = widened(views.rest, dtype)
        views.widen(dtype)
        total, squares = sums(views.values, views.parts)
        if rest.size:
            wide = rest.astype(np.float64)
            total, squares = total + float(wide.sum()), squares + float(wide @ wide)
        mean = total / count
        variance = squares / count - mean * mean
        if mean * mean > CLOSE * variance:
            return replace(self.whole(np.concatenate([views.values, rest])), zeros=zeros)
        return Moments(count, low, high, mean, math.sqrt(variance), zeros)


class _Views:
    """The first of some 16-bit floats, seen in each way that their moments need.

    Args:
        room: Where they stand, uint16, with as much room again behind them.
        count: How many.

    Attributes:
        count: The same.
        codes: Their bits.
        signed: The same bits as whole numbers with a sign.
        rest: The last few, which fill no row.
        values: The others as float32, once they are widened: first those with an even index.
        parts: Room for sums of rows of them.
    """

    def __init__(self, room: Array, count: int) -> None:
        even = count // (2 * ROW) * 2 * ROW
        self.count, self.codes = count, room[:count]
        self.signed, self.rest = self.codes.view(np.int16), self.codes[even:]
        self.parts = np.empty((2, even // ROW), np.float32)
        self._shifted = room[count : 2 * count]
        self._words = room.view(np.uint32)[:even]
        self.values, self._signed_words = self._words.view(np.float32), self._words.view(np.int32)
        self._pairs, self._spare = self._words[: even // 2], self._words[even // 2 :]
        whole = count // STRETCH * STRETCH
        self._stretches, self._behind = self.codes[:whole].reshape(-1, STRETCH), self.codes[whole:]
        self._signed_stretches = self._stretches.view(np.int16)

    def widen(self, dtype: str) -> None:
        """Make ``values`` of the codes, which are written over.

        Those of float16 are shifted by three, which puts their five bits of exponent to where float32 has the lower of
        its eight; what the sign leaves behind it, and what came with the other number, is cleared.
        """
        np.left_shift(self._pairs, WIDTH, out=self._spare)
        if dtype == "bfloat16":
            np.bitwise_and(self._pairs, HIGH, out=self._pairs)
            return
        np.right_shift(self._signed_words, 3, out=self._signed_words)
        np.bitwise_and(self._words, MOVED, out=self._words)
        np.multiply(self.values, SCALE, out=self.values)

    def zeros(self) -> int:
        """Return how many are 0, of either sign.

        +0 is the least of all codes, and −0 the least of them as whole numbers with a sign: the least of each stretch
        tells which are worth counting, mostly few.
        """
        wanted = np.minimum.reduce(self._stretches, axis=1) == 0
        wanted |= np.minimum.reduce(self._signed_stretches, axis=1) == -SIGN
        some = wanted.nonzero()[0].tolist()
        if len(some) >= MANY * wanted.size:
            return self._zeros_of(self.codes)
        found = self._zeros_of(self._behind) if self._behind.size else 0
        for place in some:
            found += self._zeros_of(self._stretches[place])
        return found

    def _zeros_of(self, codes: Array) -> int:
        """Return how many of some codes are 0 but for their sign."""
        shifted = self._shifted[: codes.size]
        np.left_shift(codes, 1, out=shifted)
        return codes.size - int(np.count_nonzero(shifted))


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
