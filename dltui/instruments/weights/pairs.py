"""Two files of weights side by side: which tensors belong together, and by how much each pair differs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from dltui.archives import Archive, Entry
from dltui.figures import Array
from dltui.instruments.weights.moments import reals

PIECE = 1 << 22  # bytes that are compared at once


@dataclass(frozen=True)
class Pair:
    """A tensor of A, of B, or of both.

    Attributes:
        name: Its name in A, or in B where only that has it.
        one: That of A, or None.
        other: That of B, or None.
    """

    name: str
    one: Entry | None
    other: Entry | None


@dataclass(frozen=True)
class Apart:
    """By how much two tensors of one shape differ.

    Attributes:
        equal: Whether they hold the same numbers; NaN is the same as NaN.
        norm: ‖B − A‖, over the positions that are finite in both.
        before: ‖A‖ over those.
        cosine: Of A and B over those; NaN where one of them is 0.
        largest: max |B − A|.
        touched: Share of numbers that differ.
        unmatched: Numbers that are not finite in one or both, and not the same.
    """

    equal: bool
    norm: float = 0.0
    before: float = 0.0
    cosine: float = 1.0
    largest: float = 0.0
    touched: float = 0.0
    unmatched: int = 0

    @property
    def relative(self) -> float:
        """‖B − A‖ / ‖A‖; infinite where A is 0 and B is not."""
        if not self.norm:
            return 0.0
        return self.norm / self.before if self.before else float("inf")


def pairs(one: Archive, other: Archive) -> tuple[list[Pair], tuple[str, str]]:
    """Return which tensors belong together, by name.

    Where no name is in both, what all names of a file have in common before a dot (``module.``, ``model.``) is left
    away, if that makes them meet.

    Args:
        one: A.
        other: B.

    Returns:
        The pairs in the order of A, then those that only B has; and what was left away in A and in B.
    """
    left = [(entry.name, entry) for entry in one.entries]
    right = {entry.name: entry for entry in other.entries}
    prefixes = ("", "")
    if left and right and not any(name in right for name, _ in left):
        cut = common_prefix([name for name, _ in left]), common_prefix(list(right))
        short = {name.removeprefix(cut[1]): entry for name, entry in right.items()}
        if any(name.removeprefix(cut[0]) in short for name, _ in left):
            prefixes, right = cut, short
    found = [Pair(name, entry, right.pop(name.removeprefix(prefixes[0]), None)) for name, entry in left]
    return [*found, *(Pair(entry.name, None, entry) for entry in right.values())], prefixes


def common_prefix(names: Sequence[str]) -> str:
    """Return what all names have in common before a dot, the dot with it; empty where they have nothing."""
    first, last = min(names).split("."), max(names).split(".")
    same = 0
    while same < min(len(first), len(last)) - 1 and first[same] == last[same]:
        same += 1
    return "".join(f"{part}." for part in first[:same])


def apart(one: Archive, first: str, other: Archive, second: str) -> Apart:
    """Return by how much two tensors of one shape differ, reading both piece by piece.

    Args:
        one: A.
        first: The tensor's name there.
        other: B.
        second: Its name there.

    Returns:
        The difference; the sums are in float64.
    """
    rooms = [np.empty(min(PIECE // 2, one.entry(first).elements), np.uint16) for _ in range(2)]
    left, right = one.codes(first, rooms[0]), other.codes(second, rooms[1])
    if left is None or right is None or one.entry(first).dtype != other.entry(second).dtype:
        left, right = one.blocks(first, PIECE), other.blocks(second, PIECE)
    if all(_equal(x, y) for x, y in _together(left, right)):
        return Apart(True)
    sums = np.zeros(4)  # Σ Δ², Σ a², Σ b², Σ a b
    largest, differ, unmatched, count = 0.0, 0, 0, 0
    for x, y in _together(one.blocks(first, PIECE), other.blocks(second, PIECE)):
        a, b = x.astype(np.float64), y.astype(np.float64)
        count += a.size
        finite = np.isfinite(a) & np.isfinite(b)
        if not finite.all():
            wrong = ~finite & ~((a == b) | (np.isnan(a) & np.isnan(b)))
            unmatched += int(wrong.sum())
            differ += int(wrong.sum())
            a, b = a[finite], b[finite]
        delta = b - a
        sums += [float(np.vdot(p, q)) for p, q in ((delta, delta), (a, a), (b, b), (a, b))]
        largest = max(largest, float(np.abs(delta).max(initial=0.0)))
        differ += int(np.count_nonzero(delta))
    length = float(np.sqrt(sums[1]) * np.sqrt(sums[2]))
    return Apart(
        equal=not differ,
        norm=float(np.sqrt(sums[0])),
        before=float(np.sqrt(sums[1])),
        cosine=float(sums[3]) / length if length else float("nan"),
        largest=largest,
        touched=differ / max(1, count),
        unmatched=unmatched,
    )


def _together(left: Iterator[Array], right: Iterator[Array]) -> Iterator[tuple[Array, Array]]:
    """Yield pieces of two tensors of one size, cut to equal lengths."""
    x = y = np.zeros(0)
    while True:
        if not x.size:
            x = _flat(next(left, x))
        if not y.size:
            y = _flat(next(right, y))
        size = min(x.size, y.size)
        if not size:
            return
        yield x[:size], y[:size]
        x, y = x[size:], y[size:]


def _flat(values: Array) -> Array:
    """Return numbers as ``reals`` does, but half precision as it is: bits are compared faster than they are widened."""
    return values if values.dtype == np.float16 else reals(values)


def _equal(x: Array, y: Array) -> bool:
    """Return whether two pieces hold the same numbers, bit by bit where they have one type."""
    if x.dtype == y.dtype:
        bits = np.dtype(f"u{x.itemsize}")
        if np.array_equal(x.view(bits), y.view(bits)):
            return True
    return (
        np.array_equal(x, y, equal_nan=True)
        if x.dtype.kind == "f" and y.dtype.kind == "f"
        else np.array_equal(x, y)
    )
