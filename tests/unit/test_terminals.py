"""What is known of terminals, and what overrules it."""

import pytest

from dltui.draw.abilities import Abilities, read_answer
from dltui.draw.glyphs import Glyphs
from dltui.draw.terminals import (
    Pixels,
    Surroundings,
    glyphs_of,
    inside_another,
    pixels_of,
    surroundings,
    worth_asking,
)
from dltui.errors import UsageError

KITTY = b"\x1b_Gi=31;OK\x1b\\\x1bP>|kitty(%s)\x1b\\\x1b[6;20;9t\x1b[4;800;900t\x1b[?62;c"
OLD_KITTY, NEW_KITTY = (read_answer(KITTY % version) for version in (b"0.39.1", b"0.40.0"))
FOOT = read_answer(b"\x1bP>|foot(1.20.2)\x1b\\\x1b[6;18;8t\x1b[?62;4;22;28;29c")
GHOSTTY = read_answer(b"\x1b_Gi=31;OK\x1b\\\x1bP>|ghostty 1.2.0\x1b\\\x1b[?62;22c")
WEZTERM = read_answer(
    b"\x1b_Gi=31;OK\x1b\\\x1bP>|WezTerm 20240203-110809-5046fc22\x1b\\\x1b[6;17;8t\x1b[?65;4;6;18;22c"
)


def test_answers_tell_name_and_cell():
    assert Abilities(answered=True, kitty=True, name="kitty(0.40.0)", cell=(9, 20)) == NEW_KITTY
    assert FOOT.cell == (8, 18)
    only_screen = read_answer(b"\x1b[4;480;800t\x1b[?62;4c", (80, 24))
    assert only_screen.cell == (10, 20)
    assert read_answer(b"\x1b[6;0;0t\x1b[?62;4c").cell is None


@pytest.mark.parametrize(
    ("environ", "answer", "glyphs"),
    [
        ({"TERM": "xterm-kitty"}, NEW_KITTY, Glyphs.OCTANT),
        ({"TERM": "xterm-kitty"}, OLD_KITTY, Glyphs.SEXTANT),
        ({"TERM": "xterm-kitty"}, None, Glyphs.SEXTANT),
        ({"TERM": "foot"}, FOOT, Glyphs.OCTANT),
        ({"TERM": "foot"}, None, Glyphs.SEXTANT),
        ({"TERM": "ghostty", "TERM_PROGRAM": "ghostty", "TERM_PROGRAM_VERSION": "1.2.0-arch1"}, None, Glyphs.OCTANT),
        ({"TERM": "ghostty", "TERM_PROGRAM": "ghostty", "TERM_PROGRAM_VERSION": "1.1.3"}, None, Glyphs.SEXTANT),
        ({"TERM": "xterm-256color", "VTE_VERSION": "7802"}, None, Glyphs.OCTANT),
        ({"TERM": "xterm-256color", "VTE_VERSION": "7600"}, None, Glyphs.SEXTANT),
        ({"TERM": "xterm-256color", "VTE_VERSION": "5202"}, None, Glyphs.QUADRANT),
        ({"TERM": "xterm-256color"}, WEZTERM, Glyphs.SEXTANT),
        ({"TERM": "xterm-256color", "TERM_PROGRAM": "Apple_Terminal"}, None, Glyphs.HALF),
        ({"TERM": "xterm-256color"}, None, Glyphs.QUADRANT),
        ({"TERM": "linux"}, None, Glyphs.HALF),
        ({"TERM": "vt220"}, None, Glyphs.HALF),
        ({"TERM": "tmux-256color", "TMUX": "/tmp/tmux-0/default,1,0", "KITTY_WINDOW_ID": "1"}, None, Glyphs.HALF),
        ({"TERM": "screen"}, NEW_KITTY, Glyphs.HALF),
        ({"TERM": "screen", "DLTUI_GLYPHS": "octant"}, None, Glyphs.OCTANT),
        ({"TERM": "xterm-kitty", "DLTUI_GLYPHS": "half"}, NEW_KITTY, Glyphs.HALF),
        ({"TERM": "xterm-kitty", "DLTUI_GLYPHS": "auto"}, NEW_KITTY, Glyphs.OCTANT),
        ({"TERM": "xterm-kitty", "DLTUI_GLYPHS": "pixels"}, NEW_KITTY, Glyphs.OCTANT),
    ],
)  # fmt: skip
def test_glyphs(environ, answer, glyphs):
    assert glyphs_of(environ, answer) is glyphs


@pytest.mark.parametrize(
    ("environ", "answer", "protocol"),
    [
        ({}, NEW_KITTY, "kitty"),
        ({}, GHOSTTY, "kitty"),
        ({}, FOOT, "sixel"),
        ({}, WEZTERM, "sixel"),  # knows kitty's commands, but not its placeholders
        ({}, Abilities(answered=True), None),
        ({}, Abilities(answered=True, sixel=True), None),  # the size of its cells is not known
        ({}, Abilities(), None),
        ({"TMUX": "x"}, NEW_KITTY, None),
        ({"TMUX": "x", "DLTUI_GLYPHS": "pixels"}, NEW_KITTY, "kitty"),
    ],
)
def test_pixels(environ, answer, protocol):
    pixels = pixels_of(environ, answer)
    assert (pixels.protocol if pixels else None) == protocol
    if pixels:
        assert pixels.cell == (answer.cell or (10, 20))
        assert pixels.wrapped is inside_another(environ)


def test_a_choice_that_is_none_is_told():
    with pytest.raises(
        UsageError, match="DLTUI_GLYPHS='octopus' is no set of glyphs; expected one of auto, half"
    ):
        glyphs_of({"DLTUI_GLYPHS": "octopus"})


@pytest.mark.parametrize("environ", [{"NO_COLOR": "1"}, {"TMUX": "x"}, {"DLTUI_GLYPHS": "sextant"}])
def test_terminal_is_not_asked_in_vain(environ):
    assert not worth_asking(environ | {"TERM": "xterm-kitty"})


def test_terminal_is_asked_where_it_counts():
    assert worth_asking({"TERM": "xterm-kitty"})
    assert worth_asking({"TMUX": "x", "DLTUI_GLYPHS": "pixels"})


def test_surroundings_are_what_is_known():
    around = surroundings({"TERM": "xterm-kitty"}, NEW_KITTY)
    assert around.glyphs is Glyphs.OCTANT
    assert isinstance(around.pixels, Pixels)
    assert surroundings({"TERM": "xterm-kitty"}) == Surroundings(Glyphs.SEXTANT)
    assert surroundings({"TERM": "xterm-kitty"}, Abilities(cell=(9, 18))) == Surroundings(Glyphs.SEXTANT)
