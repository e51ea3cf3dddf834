"""The terminal's answer comes among the keys, at any time and in any parts, and no key is lost."""

import os
import pty
import re
import select
import termios
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from dltui.draw import abilities
from dltui.draw.glyphs import Glyphs
from dltui.draw.terminals import Surroundings
from dltui.tui import asking as room
from dltui.tui.asking import Asking

Start = Callable[..., Any]
RUN = "from dltui.tui.start import run_tui; raise SystemExit(run_tui())"
GRAPHICS, NAME, CELL = b"\x1b_Gi=31;OK\x1b\\", b"\x1bP>|kitty(0.40.1)\x1b\\", b"\x1b[6;16;8t"
KITTY = GRAPHICS + NAME + CELL + b"\x1b[4;720;800t" + b"\x1b[?62;c"
PICTURE = rb"\x1b_Ga=T,U=1,q=2,f=32,o=z,s=(\d+),v=(\d+),i=(\d+),"


class Keyboard:
    """The other end of the terminal that stdin and stdout are."""

    def __init__(self, far: int, near: int) -> None:
        self.far, self.near = far, near
        self.before = self.settings()

    def settings(self) -> list[Any]:
        return termios.tcgetattr(self.near)

    def asking(self, **environ: str) -> Asking:
        return Asking({"TERM": "xterm-kitty"} | environ)


@pytest.fixture
def keyboard(monkeypatch: pytest.MonkeyPatch) -> Iterator[Keyboard]:
    far, near = pty.openpty()
    stream = SimpleNamespace(fileno=lambda: near, isatty=lambda: True, flush=lambda: None)
    for module in (room, abilities):
        monkeypatch.setattr(module, "sys", SimpleNamespace(stdin=stream, stdout=stream))
    yield Keyboard(far, near)
    os.close(far)
    os.close(near)


def test_the_answer_is_told_from_keys(keyboard: Keyboard) -> None:
    asking = keyboard.asking()
    assert asking.asked
    assert asking.surroundings == Surroundings(Glyphs.SEXTANT)
    assert asking.keys(b"j" + GRAPHICS + b"k" + NAME + "ü".encode()) == "jkü".encode()
    assert asking.open
    assert asking.keys(CELL + b"\x1b[A\x1b[?62;c" + b"q") == b"\x1b[Aq"
    assert asking.surroundings.glyphs is Glyphs.OCTANT
    assert asking.surroundings.pixels is not None
    assert asking.surroundings.pixels.cell == (8, 16)
    assert asking.keys(b"\x1b") == b"\x1b"  # nothing is held back any more


@pytest.mark.parametrize("cut", range(2, len(KITTY), 3))
def test_an_answer_may_come_in_two_parts(keyboard: Keyboard, cut: int) -> None:
    asking = keyboard.asking()
    assert asking.keys(b"a" + KITTY[:cut]) + asking.keys(KITTY[cut:] + b"b") == b"ab"
    assert asking.surroundings.pixels is not None


def test_an_escape_that_nothing_follows_is_a_key(keyboard: Keyboard, monkeypatch: pytest.MonkeyPatch) -> None:
    asking = keyboard.asking()
    assert asking.keys(b"x\x1b") == b"x\x1b"
    assert asking.keys(b"\x1b[") == b""
    assert asking.keys(b"") == b""
    time.sleep(room.BREATH)
    assert asking.keys(b"") == b"\x1b["
    assert asking.keys(GRAPHICS + b"\x1b") == b""  # the next answer may follow
    time.sleep(room.BREATH)
    assert asking.keys(b"") == b"\x1b"
    assert asking.keys(GRAPHICS[:5]) == b""  # no key begins like this
    time.sleep(room.BREATH)
    assert asking.keys(b"") == b""
    assert asking.keys(GRAPHICS[5:] + b"x") == b"x"
    monkeypatch.setattr(room, "PATIENCE", 0)
    assert asking.keys(b"\x1b[") == b"\x1b["
    assert asking.keys(KITTY) == b""


def test_the_terminal_behind_tmux_may_answer_after_tmux_has(
    keyboard: Keyboard, monkeypatch: pytest.MonkeyPatch
) -> None:
    asking = keyboard.asking(TMUX="/tmp/tmux,1,0", DLTUI_GLYPHS="pixels")
    assert asking.keys(b"j" + CELL + b"\x1b[?1;2c") == b"j"
    assert not asking.open
    assert asking.late
    assert asking.surroundings.pixels is None
    assert asking.keys(b"k" + GRAPHICS[:6]) + asking.keys(GRAPHICS[6:] + b"l") == b"kl"
    assert asking.surroundings.pixels is not None
    assert not asking.late
    assert asking.keys(b"\x1b[") == b"\x1b["  # nothing is held back any more
    silent = keyboard.asking(TMUX="/tmp/tmux,1,0", DLTUI_GLYPHS="pixels")
    assert silent.keys(b"\x1b[?1;2c" + GRAPHICS[:6]) == b""
    monkeypatch.setattr(room, "PATIENCE", 0)
    assert not silent.late
    assert silent.keys(b"x") == GRAPHICS[:6] + b"x"  # nothing is lost


def test_a_terminal_is_left_as_it_was_and_hears_nothing(keyboard: Keyboard) -> None:
    asking = keyboard.asking()
    assert keyboard.settings() != keyboard.before
    os.write(keyboard.far, b"j\r" + KITTY)
    assert select.select([keyboard.near], [], [], 10)[0]
    asking.hear()
    assert asking.typed == b"j\r"
    assert not asking.open
    asking.close()
    assert keyboard.settings() == keyboard.before
    assert os.read(keyboard.far, 4096).endswith(b"\x1b[c")  # the questions, and no echo


def test_nobody_is_asked_where_the_answer_does_not_count(keyboard: Keyboard) -> None:
    asking = keyboard.asking(NO_COLOR="1")
    assert not asking.asked
    assert keyboard.settings() == keyboard.before
    assert asking.keys(KITTY) == KITTY


def test_keys_typed_before_the_first_picture_reach_it_and_a_late_answer_too(
    results: Path, terminal: Start
) -> None:
    app = terminal(RUN)
    app.read_raw_until(rb"a=q,t=d.*\x1b\[c")
    app.press("3")  # the shelf of models, while modules are read
    app.read_until("Perceptrons")
    app.press("1")
    app.read_until("bowl")
    time.sleep(0.2)
    app.press("\r")
    app.read_until("azimuth 35°")
    assert not re.search(PICTURE, app.raw)
    app.press(KITTY.decode())
    app.read_raw_until(PICTURE)
    app.press("\x1b[D")
    app.read_until("azimuth 29°")
    app.press("q")
    assert app.ended() == 0
    assert termios.tcgetattr(app.child) == app.before
    assert b"Traceback" not in app.raw
