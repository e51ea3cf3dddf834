"""Recordings are played back and compared with the frames that went in."""

import json

import numpy as np
import pyte
import pytest
from PIL import Image

from dltui.draw import Canvas, Depth, Glyphs, Look, View, draw
from dltui.draw.braille import BITS
from dltui.draw.patches import put_patch
from dltui.draw.raster import CELL, INK, PAPER, rasterise
from dltui.draw.recording import MOST, Recording, cast_lines, durations
from dltui.draw.turntable import FRAMES, turned
from dltui.errors import DltuiError, UsageError
from dltui.figures import Lines, Points, Series, Surface

GRID = np.linspace(-1, 1, 31)
LAND = Surface(title="Saddle", values=GRID[:, None] ** 2 - GRID[None] ** 2, x=GRID, y=GRID)
LOOK = Look(width=50, height=16, depth=Depth.TRUE, glyphs=Glyphs.OCTANT)


def recording(count=6):
    made = Recording()
    for i in range(count):
        made.add(draw(LAND, LOOK, View(azimuth=10.0 * i)).canvas, 7.0 + 0.12 * i)
    return made


def frames_of(path):
    with Image.open(path) as gif:
        for i in range(gif.n_frames):
            gif.seek(i)
            yield np.asarray(gif.convert("RGB")), gif.info["duration"]


def test_gif_shows_the_frames_at_their_times(tmp_path):
    made = recording()
    made.save(tmp_path / "turn.gif")
    shown = list(frames_of(tmp_path / "turn.gif"))
    assert len(shown) == 6
    for (pixels, _), (_, canvas) in zip(shown, made.frames, strict=True):
        wanted = rasterise(canvas)
        assert pixels.shape == wanted.shape == (16 * CELL[1], 50 * CELL[0], 3)
        error = ((pixels.astype(float) - wanted) ** 2).mean()
        assert error < 20  # 35 dB
    assert [duration for _, duration in shown] == [120, 120, 120, 120, 120, 1000]
    with Image.open(tmp_path / "turn.gif") as gif:
        assert gif.info["loop"] == 0


def test_rounding_of_durations_does_not_add_up():
    frames = [(i / 30, Canvas(1, 1)) for i in range(301)]
    assert abs(sum(durations(frames)[:-1]) - 10_000) <= 10
    assert min(durations([(i / 200, Canvas(1, 1)) for i in range(9)])) == 20


def test_cast_played_back_is_the_last_frame_and_writes_only_what_changes(tmp_path):
    made = recording()
    made.save(tmp_path / "turn.cast")
    head, *events = [json.loads(line) for line in (tmp_path / "turn.cast").read_text().splitlines()]
    assert (head["version"], head["width"], head["height"]) == (2, 50, 16)
    assert [at for at, _, _ in events] == [0, 0.12, 0.24, 0.36, 0.48, 0.6, 1.6]
    screen = pyte.Screen(50, 16)
    stream = pyte.Stream(screen)
    for place, (_, kind, text) in enumerate(events):
        assert kind == "o"
        stream.feed(text)
        canvas = made.frames[min(place, 5)][1]
        assert [line.rstrip() for line in screen.display] == canvas.plain()
    row, column = np.argwhere(canvas.front < 1 << 24)[0].tolist()
    assert screen.buffer[row][column].fg == f"{int(canvas.front[row, column]):06x}"
    assert "Saddle" in events[0][2]
    assert all("Saddle" not in text for _, _, text in events[1:])


def test_frames_of_other_sizes_are_filled_up(tmp_path):
    made = Recording()
    for place, (wide, tall) in enumerate([(20, 5), (30, 4)]):
        canvas = Canvas(wide, tall)
        canvas.text(0, 0, f"{wide}")
        made.add(canvas, place)
    made.save(tmp_path / "a.gif")
    assert {pixels.shape for pixels, _ in frames_of(tmp_path / "a.gif")} == {(5 * CELL[1], 30 * CELL[0], 3)}
    assert json.loads(next(cast_lines(made.frames)))["width"] == 30


def test_long_recordings_keep_their_length_and_no_more_than_the_most():
    made = Recording()
    canvas = Canvas(1, 1)
    for i in range(5 * MOST):
        made.add(canvas, i / 10)
    assert MOST / 2 <= len(made.frames) <= MOST
    assert made.every == 8
    assert made.seconds > 0.99 * (5 * MOST - made.every) / 10
    assert len({round(b - a, 6) for (a, _), (b, _) in zip(made.frames, made.frames[1:], strict=False)}) == 1


@pytest.mark.parametrize("name", ["a.mp4", "a", "a.png"])
def test_other_endings_are_refused(tmp_path, name):
    with pytest.raises(UsageError, match=r"must end in \.gif or \.cast"):
        recording(1).save(tmp_path / name)


def test_nothing_is_no_recording(tmp_path):
    with pytest.raises(UsageError, match="no frame"):
        Recording().save(tmp_path / "a.gif")


def test_without_pillow_a_cast_is_offered(tmp_path, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "PIL", None)
    with pytest.raises(DltuiError, match=r"pip install 'dltui\[figures\]'; \.cast works without"):
        recording(1).save(tmp_path / "a.gif")
    recording(1).save(tmp_path / "a.cast")


def test_turntable_goes_once_around():
    frames = list(turned([Lines(series=()), LAND], LOOK))
    assert len(frames) == FRAMES
    assert [at for at, _ in frames] == sorted({at for at, _ in frames})
    first, half = frames[0][1], frames[FRAMES // 2][1]
    assert (first.glyph == draw(LAND, LOOK).canvas.glyph).all()
    assert (half.glyph == draw(LAND, LOOK, View(azimuth=215.0)).canvas.glyph).all()


def test_what_lies_flat_does_not_turn():
    flat = Points(position=np.zeros((3, 2)))
    with pytest.raises(UsageError, match="found lines, points, expected a surface"):
        next(turned([Lines(series=(Series(name="", x=GRID, y=GRID),)), flat], LOOK))


def test_raster_of_blocks_is_exact():
    canvas = Canvas(3, 1)
    canvas.glyph[0] = [ord("▌"), ord("▁"), ord("█")]
    canvas.front[0] = 0xFF0000
    canvas.back[0] = 0x0000FF
    shown = rasterise(canvas, (8, 16))
    red = (shown == (255, 0, 0)).all(axis=2)
    assert red[:, :4].all()
    assert not red[:, 4:8].any()
    assert red[14:, 8:16].all()
    assert not red[:14, 8:16].any()
    assert red[:, 16:].all()
    assert ((shown == (0, 0, 255)).all(axis=2) | red).all()


@pytest.mark.parametrize(("row", "column"), [(i // 2, i % 2) for i in range(8)])
def test_raster_of_a_braille_dot_lies_in_its_part(row, column):
    canvas = Canvas(1, 1)
    canvas.glyph[0, 0] = 0x2800 + BITS[row][column]
    lit = (rasterise(canvas, (8, 16)) != [PAPER >> 16, PAPER >> 8 & 255, PAPER & 255]).any(axis=2)
    rows, columns = np.nonzero(lit)
    assert set((rows // 4).tolist()) == {row}
    assert set((columns // 4).tolist()) == {column}


def test_raster_draws_letters_and_rules():
    canvas = Canvas(4, 1)
    canvas.text(0, 0, "W─漢")
    shown = rasterise(canvas)
    ink = (shown == [INK >> 16, INK >> 8 & 255, INK & 255]).all(axis=2)
    assert ink[:, :8].sum() > 10
    assert ink[:, 8:16].any(axis=0).all()  # the rule reaches both borders
    assert ink[:, 8:16].any(axis=1).sum() == 1


def test_frames_are_kept_cell_by_cell_in_little_room():
    canvas = draw(LAND, LOOK, View(azimuth=20.0)).canvas
    canvas.bold[3, 4] = True
    put_patch(canvas, 0, 0, (50, 16), np.zeros((32, 100, 3), np.uint8))
    made = Recording()
    made.add(canvas, 1.5)
    ((at, kept),) = made.frames
    assert at == 1.5
    assert not kept.patches
    for name in ("glyph", "front", "back", "bold"):
        assert np.array_equal(getattr(kept, name), getattr(canvas, name))
    assert len(made._kept[0].cells) < canvas.width * canvas.height * 13 / 4
