"""Canvases: wide characters, escape codes there and back, texts that fit."""

import numpy as np
import pytest
from figure_samples import WILD_WORDS, tame
from hypothesis import given
from hypothesis import strategies as st
from wcwidth import wcswidth

from dltui.draw import Canvas, Depth, Look, draw
from dltui.draw.canvas import clip, text_width
from dltui.draw.escapes import canvas_of, palette_rgb
from dltui.draw.letters import clip_middle, wrap
from dltui.draw.table import column_widths
from dltui.figures import Table

words = st.one_of(st.sampled_from(WILD_WORDS), st.text(max_size=30))


@given(words, st.integers(0, 20))
def test_clipped_text_fits(text, width):
    for cut in (clip(text, width), clip_middle(text, width)):
        assert text_width(cut) <= max(width, 0)
    assert clip(text, text_width(text)) == text


@given(words, st.integers(1, 20))
def test_wrapped_text_fits_and_loses_nothing(text, width):
    lines = wrap(text, width)
    assert all(text_width(line) <= max(width, 2) for line in lines)
    assert "".join("".join(lines).split()) == "".join(text.split())


def test_a_wide_character_is_overwritten_whole():
    canvas = Canvas(6, 1)
    canvas.text(0, 0, "漢字", (1, 2, 3), bold=True)
    assert canvas.bold[0, :4].all()
    assert (canvas.front[0, :4] == 0x010203).all()
    canvas.text(1, 0, "ab")
    assert canvas.plain() == [" ab"]
    assert wcswidth(canvas.plain()[0]) == 3


def test_a_cut_leaves_no_half_characters():
    canvas = Canvas(6, 1)
    canvas.text(0, 0, "a漢字")
    assert canvas.cut(2, 1).plain() == ["a"]
    assert canvas.cut(3, 1).plain() == ["a漢"]


@pytest.mark.parametrize("figure", tame(), ids=lambda figure: type(figure).__name__)
def test_escape_codes_lead_back_to_the_same_cells(figure):
    canvas = draw(figure, Look(width=90, height=24, depth=Depth.TRUE)).canvas
    back = canvas_of(canvas.lines(Depth.TRUE))
    shown = canvas.glyph[:, : back.width]
    assert (back.glyph == shown).all()
    ink = (shown != ord(" ")) & (shown != 0)
    assert (back.front[ink] == canvas.front[:, : back.width][ink]).all()
    assert (back.back == canvas.back[:, : back.width]).all()


def test_the_palette_is_that_of_xterm():
    assert palette_rgb(16) == (0, 0, 0)
    assert palette_rgb(231) == (255, 255, 255)
    assert palette_rgb(208) == (255, 135, 0)
    assert palette_rgb(232) == (8, 8, 8)
    assert palette_rgb(255) == (238, 238, 238)


TENSORS = Table(
    columns=("tensor", "status", "cosine", "shape"),
    rows=(("transformer.h.3.attn.c_attn.weight", "reshaped", 0.75, "20×30 → 30×30"),),
    caption="two files",
    spare=("cosine", "shape"),
)


@pytest.mark.parametrize(
    ("width", "kept", "left_out"),
    [
        (80, ["tensor", "status", "cosine", "shape"], ""),
        (
            62,
            ["tensor", "status", "cosine", "shape"],
            "",
        ),  # 32 of the name and 8, 6, 13 with a space between each
        (61, ["tensor", "status", "shape"], "cosine"),
        (50, ["tensor", "status", "cosine"], "shape"),
        (47, ["tensor", "status"], "cosine, shape"),
    ],
)
def test_spare_columns_are_left_out_whole_and_named(width: int, kept: list[str], left_out: str) -> None:
    lines = draw(TENSORS, Look(width=width)).canvas.plain()
    assert lines[0].split() == kept
    assert "reshaped" in lines[2]
    told = " ".join(" ".join(lines[2:]).split())
    assert ("20×30 →" in told) == ("30×30" in told) == ("shape" in kept)
    assert told.endswith("two files" + f"; left out, for there is no room: {left_out}" * bool(left_out))


def test_prose_goes_on_below_before_its_column_is_left_out():
    table = Table(
        columns=("method", "in all", "told"),
        rows=(("occlusion", 12345, "a patch of 32 pixels that moves by 16"),),
        spare=("told",),
    )
    assert "moves" in "\n".join(draw(table, Look(width=30)).canvas.plain())
    lines = draw(table, Look(width=30, height=9)).canvas.plain()
    assert "told" not in lines[0]
    assert " ".join(" ".join(lines[-2:]).split()) == "left out, for there is no room: told"


def test_the_widest_columns_shrink_first():
    widths = column_widths([50, 20, 3], 40)
    assert sum(widths) + 4 == 40
    assert widths[2] == 3
    assert abs(widths[0] - widths[1]) <= 1
    assert column_widths([50, 20, 3], 100) == [50, 20, 3]
    assert np.array(column_widths([1] * 60, 20)).sum() <= 20
