"""Glyphs that divide a cell: halves, quadrants, sextants, octants."""

from __future__ import annotations

from enum import StrEnum


class Glyphs(StrEnum):
    """Into what a cell is divided; each divides finer than the one before."""

    HALF = "half"
    QUADRANT = "quadrant"
    SEXTANT = "sextant"
    OCTANT = "octant"

    @property
    def grain(self) -> tuple[int, int]:
        """How many parts a cell has across and down."""
        return _GRAINS[self]

    @property
    def table(self) -> tuple[int, ...]:
        """The code point for every pattern of filled parts.

        Bit ``across · row + column`` of the index says whether that part is filled, counted from the upper left.
        """
        return _TABLES[self]


_GRAINS = {Glyphs.HALF: (1, 2), Glyphs.QUADRANT: (2, 2), Glyphs.SEXTANT: (2, 3), Glyphs.OCTANT: (2, 4)}
_QUADRANTS = tuple(map(ord, " ▘▝▀▖▌▞▛▗▚▐▜▄▙▟█"))
# Octants that older blocks already had, or that were given a code point apart: quarters of a column, of a cell, and
# the two in the middle of a side (Unicode 16, chart 1CC00, note at 1CD00).
_OCTANTS_ELSEWHERE = {
    0b00000001: 0x1CEA8, 0b00000010: 0x1CEAB, 0b01000000: 0x1CEA3, 0b10000000: 0x1CEA0,
    0b00000011: 0x1FB82, 0b11000000: 0x2582, 0b00111111: 0x1FB85, 0b11111100: 0x2586,
    0b00010100: 0x1FBE6, 0b00101000: 0x1FBE7,
}  # fmt: skip


def _sextants() -> tuple[int, ...]:
    """Return the 64 sextants: in counting order from U+1FB00, without the blank, the half and the full blocks."""
    elsewhere = {0: ord(" "), 0b010101: ord("▌"), 0b101010: ord("▐"), 0b111111: ord("█")}
    return _counted(0x1FB00, 64, elsewhere)


def _octants() -> tuple[int, ...]:
    """Return the 256 octants: in counting order from U+1CD00, without those that exist elsewhere."""
    doubled = {0b1: 0b0101, 0b10: 0b1010, 0b100: 0b01010000, 0b1000: 0b10100000}
    elsewhere = {
        sum(parts for quarter, parts in doubled.items() if pattern & quarter): code
        for pattern, code in enumerate(_QUADRANTS)
    }
    return _counted(0x1CD00, 256, elsewhere | _OCTANTS_ELSEWHERE)


def _counted(first: int, count: int, elsewhere: dict[int, int]) -> tuple[int, ...]:
    """Return code points in counting order from ``first``, those that exist ``elsewhere`` skipped."""
    missing = (pattern for pattern in range(count) if pattern not in elsewhere)
    codes = elsewhere | {pattern: code for code, pattern in enumerate(missing, first)}
    return tuple(codes[pattern] for pattern in range(count))


_TABLES = {
    Glyphs.HALF: tuple(map(ord, " ▀▄█")),
    Glyphs.QUADRANT: _QUADRANTS,
    Glyphs.SEXTANT: _sextants(),
    Glyphs.OCTANT: _octants(),
}
