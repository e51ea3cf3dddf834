"""Pictures in real pixels: what is sent is read back and compared."""

import base64
import io
import re
import shutil
import subprocess
import unicodedata
import zlib

import numpy as np
import pytest
from PIL import Image

from dltui.draw import Depth, Look, draw, render
from dltui.draw.glyphs import Glyphs
from dltui.draw.kitty import forget, fresh_numbers, placed, sent, transmit
from dltui.draw.patches import uncovered
from dltui.draw.sixel import as_sixel, encode, reduced, stretched
from dltui.draw.slots import MARKS, PLACEHOLDER
from dltui.draw.terminals import MOST_PIXELS, Pixels
from dltui.figures import Heatmap, Images, Mark, Overlay, Points, Surface

GRID = np.linspace(-1, 1, 41)
LAND = Surface(values=np.add.outer(GRID**2, GRID), x=GRID, y=GRID, marks=(Mark(name="pit", x=0.0, y=0.0),))
KITTY, SIXEL = Pixels("kitty", (8, 16), rows=50), Pixels("sixel", (8, 16), rows=50)
BLOCKS = set(Glyphs.QUADRANT.table[1:]) - set(Glyphs.HALF.table)
COMMAND = re.compile(r"\x1b_G([^;\x1b]*)(?:;([^\x1b]*))?\x1b\\")
SIXELS = re.compile(r"\x1bP0;1;0q(.*?)\x1b\\", re.DOTALL)


def picture(tall=60, wide=90):
    """Smooth colours with a clear hole, as red, green, blue and opacity."""
    y, x = np.mgrid[:tall, :wide]
    rgb = np.dstack([x * 255 // wide, y * 255 // tall, (x + y) * 255 // (wide + tall)])
    opaque = np.where((x > 20) & (x < 40) & (y < 20), 0, 255)
    return np.dstack([rgb, opaque]).astype(np.uint8)


def kitty_pictures(text):
    """The pictures that kitty's commands send, by number, with the cells that they take."""
    found, keys, data = {}, {}, ""
    for control, payload in COMMAND.findall(text):
        parts = dict(part.split("=") for part in control.split(","))
        assert len(payload) <= 4096
        keys, data = (parts, payload) if "a" in parts else (keys, data + payload)
        if parts["m"] == "0":
            raw = zlib.decompress(base64.b64decode(data, validate=True))
            pixels = np.frombuffer(raw, np.uint8).reshape(int(keys["v"]), int(keys["s"]), 4)
            assert (keys["a"], keys["U"], keys["f"], keys["o"], keys["q"]) == ("T", "1", "32", "z", "2")
            found[int(keys["i"])] = (pixels, int(keys["c"]), int(keys["r"]))
    return found


def sixel_picture(body):
    """Red, green, blue and opacity of a sixel sequence, decoded letter by letter as the VT340 manual says."""
    raster = re.match(r'"1;1;(\d+);(\d+)', body)
    wide, tall = int(raster[1]), int(raster[2])
    shown, colours, colour, x, y = np.zeros((tall + 6, wide, 4), np.uint8), {}, 0, 0, 0
    for token in re.findall(r"#\d+(?:;\d+){4}|#\d+|!\d+.|[?-~]|\$|-", body[raster.end() :]):
        if token[0] == "#":
            numbers = [int(part) for part in token[1:].split(";")]
            colour = numbers[0]
            if len(numbers) == 5:
                colours[colour] = [round(part * 2.55) for part in numbers[2:]] + [255]
        elif token == "$":
            x = 0
        elif token == "-":
            x, y = 0, y + 6
        else:
            count = int(token[1:-1]) if token[0] == "!" else 1
            bits = ord(token[-1]) - 63
            for i in range(6):
                if bits >> i & 1:
                    shown[y + i, x : x + count] = colours[colour]
            x += count
    return shown[:tall]


def psnr(one, other):
    return 10 * np.log10(255**2 / ((one.astype(float) - other.astype(float)) ** 2).mean())


def test_kitty_gets_the_very_pixels():
    noise = np.random.default_rng(0).integers(0, 256, (80, 120, 4)).astype(np.uint8)
    text = transmit(noise, 77, 12, 4)
    assert len(COMMAND.findall(text)) > 5
    pixels, columns, rows = kitty_pictures(text)[77]
    assert (pixels == noise).all()
    assert (columns, rows) == (12, 4)
    assert COMMAND.sub("", text) == ""


def test_tmux_hands_kitty_its_commands():
    plain, wrapped = (transmit(picture(), 5, 9, 3, wrapped=through) for through in (False, True))
    inside = re.findall(r"\x1bPtmux;(.*?)(?<!\x1b)\x1b\\(?!\\)", wrapped, re.DOTALL)
    assert "".join(inside).replace("\x1b\x1b", "\x1b") == plain
    assert forget(5, wrapped=True) == "\x1bPtmux;\x1b\x1b_Ga=d,d=I,i=5,q=2\x1b\x1b\\\x1b\\"


def test_marks_are_those_of_the_protocol():
    assert len(MARKS) == len(set(MARKS)) == 297
    assert sorted(MARKS) == MARKS
    assert {unicodedata.combining(mark) for mark in MARKS} == {230}
    assert not any(unicodedata.decomposition(mark) for mark in MARKS)
    assert MARKS[:3] == ["\u0305", "\u030d", "\u030e"]
    assert MARKS[-1] == "\U0001d244"


def test_numbers_of_pictures_fit_a_colour():
    numbers = fresh_numbers(200)
    assert len(set(numbers)) == 200
    assert all(0 < number < 1 << 24 for number in numbers)


def test_placeholders_stand_where_the_picture_is_and_labels_stay():
    look = Look(width=80, height=30, depth=Depth.TRUE, pixels=KITTY)
    canvas = draw(LAND, look).canvas
    (patch,) = canvas.patches
    line = re.compile(rf"{PLACEHOLDER}(.)(.)")
    rows = placed(canvas, [0x123456]).plain()
    seen = set()
    for row, text in enumerate(rows):
        for down, across in line.findall(text):
            assert MARKS.index(down) == row - patch.top
            seen.add((row - patch.top, MARKS.index(across)))
    assert seen == {tuple(spot) for spot in np.argwhere(patch.covered(canvas)).tolist()}
    bare = draw(LAND, Look(width=80, height=30, depth=Depth.TRUE)).canvas
    assert any("pit" in text for text in rows)
    for row, column in np.argwhere(~patch.covered(canvas)).tolist():
        assert canvas.glyph[row + patch.top, column] == bare.glyph[row + patch.top, column]
    label = next(row for row, text in enumerate(bare.plain()) if "pit" in text)
    column = bare.plain()[label].index("pit")
    clear = patch.shown(canvas)[..., 3].reshape(patch.rows, 16, patch.columns, 8).any(axis=(1, 3))
    assert not clear[label - patch.top, column : column + 3].any()
    assert clear.sum() == len(seen)


@pytest.mark.parametrize("glyphs", [Glyphs.QUADRANT, Glyphs.OCTANT])
def test_pixels_show_what_the_cells_show(glyphs):
    from dltui.draw.raster import rasterise

    look = Look(width=70, height=26, depth=Depth.TRUE, pixels=KITTY, glyphs=glyphs)
    numbers = np.random.default_rng(0)
    y, x = np.mgrid[:64, :64] / 64
    for figure in (
        LAND,
        Heatmap(values=LAND.values, x=GRID, y=GRID),
        Images(pixels=np.dstack([x, y, x * y])[None]),
        Overlay(picture=np.dstack([x, y, x * y]), values=np.stack([x * y, (x - 0.5) ** 2])),
        Points(position=numbers.normal(size=(60_000, 3)), value=numbers.random(60_000)),
    ):
        canvas = draw(figure, look).canvas
        assert canvas.patches
        for patch in canvas.patches:
            cells = rasterise(canvas, (8, 16))[patch.top * 16 :, patch.left * 8 :]
            sharp = stretched(patch.shown(canvas), patch.columns * 8, patch.rows * 16)
            cells, there = cells[: len(sharp), : sharp.shape[1]], sharp[..., 3] > 0
            floor = 11 if isinstance(figure, Points) else 22  # points are drawn round, each for itself
            assert psnr(cells[there], sharp[..., :3][there]) > floor


def test_no_patch_where_none_is_wanted():
    assert not draw(LAND, Look(width=80, height=30, depth=Depth.TRUE)).canvas.patches
    assert not draw(LAND, Look(width=80, height=30, pixels=KITTY)).canvas.patches


@pytest.mark.parametrize(("columns", "rows"), [(10, 5), (80, 24), (160, 50), (300, 90)])
def test_large_pictures_are_drawn_coarser(columns, rows):
    across, down = Pixels("kitty", (10, 20)).grain(columns, rows)
    assert columns * rows * across * down <= MOST_PIXELS
    assert abs(down / across - 2) < 0.4
    if columns * rows * 200 <= MOST_PIXELS:
        assert (across, down) == (10, 20)


@pytest.mark.parametrize("cell", [(9, 19), (10, 20), (7, 15), (21, 43)])
def test_what_kitty_enlarges_has_the_shape_of_its_cells(cell):
    pixels = Pixels("kitty", cell)
    canvas = draw(LAND, Look(width=150, height=48, depth=Depth.TRUE, pixels=pixels)).canvas
    ((shown, columns, rows),) = kitty_pictures(sent(canvas, [9], pixels)).values()
    tall, wide = shown.shape[:2]
    assert wide * tall <= 1.25 * MOST_PIXELS
    assert abs(wide - tall * columns * cell[0] / (rows * cell[1])) < 2


def test_sixel_read_back_is_the_picture():
    pixels = picture()
    back = sixel_picture(SIXELS.fullmatch(encode(pixels))[1])
    assert (back[..., 3] == pixels[..., 3]).all()
    there = pixels[..., 3] > 0
    assert psnr(back[..., :3][there], pixels[..., :3][there]) > 34


def has_imagemagick() -> bool:
    command = shutil.which("convert")  # other programs bear that name too
    return (
        command is not None
        and b"ImageMagick"
        in subprocess.run([command, "-version"], capture_output=True, check=False, timeout=60).stdout
    )


@pytest.mark.skipif(not has_imagemagick(), reason="needs ImageMagick")
def test_imagemagick_reads_our_sixel():
    pixels = picture()
    pixels[..., 3] = 255
    done = subprocess.run(
        ["convert", "sixel:-", "png:-"],
        input=encode(pixels).encode(),
        capture_output=True,
        check=True,
        timeout=60,
    )
    back = np.asarray(Image.open(io.BytesIO(done.stdout)).convert("RGB"))
    assert back.shape == (60, 90, 3)
    assert psnr(back, pixels[..., :3]) > 34


@pytest.mark.parametrize("colours", [2, 16, 255])
def test_palettes_are_as_good_as_those_of_pillow(colours):
    rgb = picture(120, 120)[..., :3]
    palette, index = reduced(rgb, colours)
    assert len(palette) <= colours
    theirs = Image.fromarray(rgb).quantize(colours, method=Image.Quantize.MEDIANCUT).convert("RGB")
    assert psnr(palette[index], rgb) > psnr(np.asarray(theirs), rgb) - 0.5


def test_few_colours_are_kept_exactly():
    rgb = np.array([[[0, 0, 0], [255, 255, 255]], [[200, 16, 48], [200, 16, 48]]], np.uint8)
    palette, index = reduced(rgb)
    assert (palette[index] == rgb).all()


def test_command_line_shows_kitty_pixels_in_place():
    lines = render(LAND, Look(width=80, depth=Depth.TRUE, pixels=KITTY))
    bare = render(LAND, Look(width=80, depth=Depth.TRUE))
    assert len(lines) == len(bare)
    ((number, (_, columns, rows)),) = kitty_pictures(lines[0]).items()
    assert columns <= 80
    assert rows <= len(lines)
    colour = f"\x1b[0;38;2;{number >> 16};{number >> 8 & 255};{number & 255}m{PLACEHOLDER}"
    assert sum(line.count(colour) for line in lines) >= 10


def test_command_line_goes_back_up_for_sixel():
    look = Look(width=80, height=30, depth=Depth.TRUE, pixels=SIXEL)
    lines = render(LAND, look)
    canvas = draw(LAND, look).canvas
    (patch,) = canvas.patches
    assert lines[:-1] == uncovered(canvas).lines(Depth.TRUE)[:-1]
    assert (
        not set(uncovered(canvas).glyph[patch.covered(canvas).nonzero()[0] + patch.top][0].tolist()) & BLOCKS
    )
    up = 30 - 1 - patch.top
    assert lines[-1].count(f"\x1b7\r\x1b[{up}A\x1bP0;1;0q") == 1
    assert lines[-1].endswith("\x1b8")
    back = sixel_picture(SIXELS.search(lines[-1])[1])
    assert back.shape == (patch.rows * 16, patch.columns * 8, 4)
    low = Pixels("sixel", (8, 16), rows=30)
    assert render(LAND, Look(width=80, height=30, depth=Depth.TRUE, pixels=low)) == canvas.lines(Depth.TRUE)


def test_paper_hides_what_the_cells_show_beside_the_picture():
    canvas = draw(LAND, Look(width=80, height=30, depth=Depth.TRUE, pixels=SIXEL)).canvas
    (patch,) = canvas.patches
    clear, filled = (
        sixel_picture(SIXELS.fullmatch(as_sixel(canvas, patch, (8, 16), paper))[1])
        for paper in (None, 0x102030)
    )
    covered = np.kron(patch.covered(canvas), np.ones((16, 8))) > 0
    assert (filled[..., 3] > 0).tolist() == covered.tolist()
    beside = covered & (clear[..., 3] == 0)
    assert beside.any()
    assert np.abs(filled[beside][:, :3].astype(int) - [16, 32, 48]).max() <= 2


def test_every_picture_of_several_is_sent():
    few = Images(pixels=np.random.default_rng(0).random((3, 8, 8)), names=("a", "b", "c"))
    lines = render(few, Look(width=80, depth=Depth.TRUE, pixels=KITTY))
    assert len(kitty_pictures(lines[0])) == 3
