"""Block glyphs against the names of Unicode, and pictures in them against a loop over cells."""

import re

import numpy as np
import pytest
import unicodedata2
from wcwidth import wcwidth

from dltui.draw import Canvas, Depth, Glyphs, Look, draw
from dltui.draw.canvas import NO_COLOUR, cell_width
from dltui.draw.mosaic import parts_of, put_mosaic
from dltui.draw.raster import rasterise
from dltui.figures import Images, Points, Surface

QUARTERS = {"UPPER LEFT": 1, "UPPER RIGHT": 2, "LOWER LEFT": 4, "LOWER RIGHT": 8}
# What blocks with names of their own fill, as octants counted from 1 (left to right, top to bottom).
NAMED = {
    "SPACE": "", "FULL BLOCK": "12345678", "UPPER HALF BLOCK": "1234", "LOWER HALF BLOCK": "5678",
    "LEFT HALF BLOCK": "1357", "RIGHT HALF BLOCK": "2468",
    "UPPER ONE QUARTER BLOCK": "12", "LOWER ONE QUARTER BLOCK": "78",
    "UPPER THREE QUARTERS BLOCK": "123456", "LOWER THREE QUARTERS BLOCK": "345678",
    "LEFT HALF UPPER ONE QUARTER BLOCK": "1", "RIGHT HALF UPPER ONE QUARTER BLOCK": "2",
    "LEFT HALF LOWER ONE QUARTER BLOCK": "7", "RIGHT HALF LOWER ONE QUARTER BLOCK": "8",
    "MIDDLE LEFT ONE QUARTER BLOCK": "35", "MIDDLE RIGHT ONE QUARTER BLOCK": "46",
}  # fmt: skip


def octants_of(name):
    """The octants that the name of a character says are filled, as bits."""
    if found := re.fullmatch(r"BLOCK OCTANT-(\d+)", name):
        return sum(1 << int(digit) - 1 for digit in found[1])
    if name.startswith("QUADRANT "):
        doubled = {"UPPER LEFT": "13", "UPPER RIGHT": "24", "LOWER LEFT": "57", "LOWER RIGHT": "68"}
        digits = "".join(doubled[part] for part in name.removeprefix("QUADRANT ").split(" AND "))
    else:
        digits = NAMED[name]
    return sum(1 << int(digit) - 1 for digit in digits)


def test_every_octant_is_the_one_that_unicode_names():
    assert [octants_of(unicodedata2.name(chr(code))) for code in Glyphs.OCTANT.table] == list(range(256))


def test_every_sextant_is_the_one_that_unicode_names():
    for pattern, code in enumerate(Glyphs.SEXTANT.table):
        name = unicodedata2.name(chr(code))
        found = re.fullmatch(r"BLOCK SEXTANT-(\d+)", name)
        digits = found[1] if found else {"LEFT HALF BLOCK": "135", "RIGHT HALF BLOCK": "246"}.get(name)
        digits = digits or {"SPACE": "", "FULL BLOCK": "123456"}[name]
        assert sum(1 << int(digit) - 1 for digit in digits) == pattern


def test_quadrants_and_halves_are_those_that_unicode_names():
    spread = [
        sum((0b0101, 0b1010, 0b1010000, 0b10100000)[i] for i in range(4) if p >> i & 1) for p in range(16)
    ]
    assert [octants_of(unicodedata2.name(chr(code))) for code in Glyphs.QUADRANT.table] == spread
    assert [chr(code) for code in Glyphs.HALF.table] == list(" ▀▄█")


@pytest.mark.parametrize("glyphs", Glyphs)
def test_all_take_one_cell(glyphs):
    assert len(set(glyphs.table)) == 2 ** (glyphs.grain[0] * glyphs.grain[1])
    assert {cell_width(chr(code)) for code in glyphs.table} == {1}
    assert {wcwidth(chr(code)) for code in glyphs.table} <= {1, -1}  # −1: newer than wcwidth's tables


def slow(pixels, seen, glyphs):
    """Glyph and colours of every cell, one cell after the other."""
    across, down = glyphs.grain
    found = {}
    for row in range(pixels.shape[0] // down):
        for column in range(pixels.shape[1] // across):
            part = np.s_[row * down : (row + 1) * down, column * across : (column + 1) * across]
            colours, known = pixels[part].reshape(-1, 3).astype(int), seen[part].ravel()
            if not known.any():
                continue
            luma = colours @ [77, 150, 29]
            bright = luma > luma.mean() + 128 if known.all() else known
            found[row, column] = (
                glyphs.table[sum(1 << i for i in np.flatnonzero(bright))],
                mean(colours[bright]) if bright.any() else mean(colours),
                mean(colours[known & ~bright]) if known.all() else NO_COLOUR,
            )
    return found


def mean(colours):
    red, green, blue = (int(channel + 0.5) for channel in colours.mean(axis=0))
    return red << 16 | green << 8 | blue


@pytest.mark.parametrize("glyphs", [Glyphs.QUADRANT, Glyphs.SEXTANT, Glyphs.OCTANT])
@pytest.mark.parametrize("holes", [False, True])
def test_mosaic_is_what_a_loop_over_cells_finds(glyphs, holes):
    numbers = np.random.default_rng(len(glyphs) + holes)
    across, down = glyphs.grain
    pixels = numbers.integers(0, 256, (12 * down, 17 * across, 3)).astype(np.uint8)
    pixels[:down] = pixels[0, 0]  # a row of cells in one colour
    seen = numbers.random(pixels.shape[:2]) < 0.9 if holes else np.ones(pixels.shape[:2], bool)
    seen[-down:, : 3 * across] = not holes
    canvas = Canvas(20, 14)
    put_mosaic(canvas, 2, 1, pixels, seen if holes else None, glyphs)
    expected = slow(pixels, seen, glyphs)
    for row, column in np.ndindex(12, 17):
        cell = tuple(int(part[row + 1, column + 2]) for part in (canvas.glyph, canvas.front, canvas.back))
        assert cell == expected.get((row, column), (ord(" "), NO_COLOUR, NO_COLOUR)), (row, column)
    assert (canvas.glyph[0] == ord(" ")).all()


def test_halves_keep_their_colours_exactly():
    pixels = np.random.default_rng(0).integers(0, 256, (8, 5, 3)).astype(np.uint8)
    canvas = Canvas(5, 4)
    put_mosaic(canvas, 0, 0, pixels, glyphs=Glyphs.HALF)
    shown = rasterise(canvas, (1, 2))
    assert (shown == pixels).all()


def test_finer_glyphs_come_nearer_to_the_picture():
    y, x = np.mgrid[:80, :80] / 80
    disc = ((x - 0.5) ** 2 + (y - 0.5) ** 2 < 0.16).astype(float)
    picture = Images(pixels=np.repeat(np.repeat(disc, 8, axis=0), 8, axis=1)[None])
    off = []
    for glyphs in (Glyphs.HALF, Glyphs.QUADRANT, Glyphs.SEXTANT, Glyphs.OCTANT):
        canvas = draw(picture, Look(width=40, height=20, depth=Depth.TRUE, glyphs=glyphs)).canvas
        shown = rasterise(canvas, (8, 24))[:, :, 0]
        wanted = np.repeat(np.repeat(disc, 4, axis=1), 6, axis=0) * 255
        off.append(float(((shown.astype(float) - wanted) ** 2).mean()))
    assert off == sorted(off, reverse=True)
    assert off[-1] < 0.6 * off[0]


@pytest.mark.parametrize("glyphs", Glyphs)
def test_figures_use_the_glyphs_that_are_wanted(glyphs):
    grid = np.linspace(-1, 1, 41)
    numbers = np.random.default_rng(0)
    figures = [
        Surface(values=np.add.outer(grid**2, grid), x=grid, y=grid),
        Points(position=numbers.normal(size=(30_000, 3))),
        Images(pixels=numbers.random((1, 200, 200, 3))),
    ]
    finer = set(glyphs.table) - {c for g in Glyphs if g.grain < glyphs.grain for c in g.table}
    for figure in figures:
        canvas = draw(figure, Look(width=60, height=24, depth=Depth.TRUE, glyphs=glyphs)).canvas
        used = set(canvas.glyph.ravel().tolist())
        assert len(used & finer) >= (2 if glyphs is Glyphs.HALF else 3)
        assert not used & set(parts_of()) - {
            c for g in Glyphs if g.grain <= glyphs.grain for c in g.table
        } - set(map(ord, "▀▄"))
