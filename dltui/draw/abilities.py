"""What the terminal in front of us says: its name, the size of a cell, pictures by kitty's protocol or by sixel."""

from __future__ import annotations

import os
import re
import select
import sys
import time
from typing import NamedTuple

# Kitty's graphics query (a 1 × 1 picture that is only checked).
GRAPHICS = b"\x1b_Gi=31,s=1,v=1,a=q,t=d,f=24;AAAA\x1b\\"
# Name and version, pixels of a cell, pixels of the screen, then "which terminal are you", which all answer.
QUESTIONS = b"\x1b[>0q\x1b[16t\x1b[14t\x1b[c"
ATTRIBUTES = re.compile(rb"\x1b\[\?([0-9;]*)c")
NAME = re.compile(rb"\x1bP>\|([^\x1b]*)\x1b\\")
CELL = re.compile(rb"\x1b\[6;(\d+);(\d+)t")
SCREEN = re.compile(rb"\x1b\[4;(\d+);(\d+)t")
MUTE = frozenset({"", "dumb", "linux"})  # would print the questions


class Abilities(NamedTuple):
    """What a terminal answered.

    Attributes:
        answered: It answered at all; what follows is unknown when it has not.
        kitty: It shows pictures by kitty's graphics protocol.
        sixel: It shows pictures by sixel.
        name: What it calls itself, with its version; empty when it does not say.
        cell: Pixels of a cell, across and down, or None when it does not say.
    """

    answered: bool = False
    kitty: bool = False
    sixel: bool = False
    name: str = ""
    cell: tuple[int, int] | None = None


def can_be_asked() -> bool:
    """Return whether stdin and stdout are a terminal that takes questions and does not print them."""
    if os.name != "posix" or not (sys.stdin.isatty() and sys.stdout.isatty()):
        return False
    return os.environ.get("TERM", "") not in MUTE


def questions(*, through_tmux: bool = False) -> bytes:
    """Return what to write to a terminal to be told what it can show.

    Args:
        through_tmux: Hand the question for kitty's pictures on to the terminal that shows tmux.

    Returns:
        The questions; all terminals answer the last one.
    """
    graphics = (
        b"\x1bPtmux;" + GRAPHICS.replace(b"\x1b", b"\x1b\x1b") + b"\x1b\\" if through_tmux else GRAPHICS
    )
    return graphics + QUESTIONS


def ask_terminal(wait: float = 0.3, *, through_tmux: bool = False) -> Abilities:
    """Ask the terminal on stdin and stdout what pictures it can show, and wait for the answer.

    Args:
        wait: Seconds to wait for it.
        through_tmux: Hand the question for kitty's pictures on to the terminal that shows tmux.

    Returns:
        The answer; nothing is known where stdin or stdout is no terminal, or it is silent.
    """
    if not can_be_asked():
        return Abilities()
    return understood(_converse(questions(through_tmux=through_tmux), wait), sys.stdout.fileno())


def understood(answer: bytes, descriptor: int) -> Abilities:
    """Return what the answer of the terminal behind a descriptor means."""
    size = os.get_terminal_size(descriptor)
    told = read_answer(answer, (size.columns, size.lines))
    return told if told.cell else told._replace(cell=_window_cell(descriptor))


def read_answer(answer: bytes, size: tuple[int, int] = (0, 0)) -> Abilities:
    """Return what the bytes of a terminal's answer mean.

    Args:
        answer: Everything it sent; attribute 4 of the device stands for sixel.
        size: Columns and rows of the screen, from which the size of a cell follows where only the screen's is told.

    Returns:
        What it said; nothing when the last question stayed without an answer.
    """
    found = ATTRIBUTES.search(answer)
    if found is None:
        return Abilities()
    name = NAME.search(answer)
    return Abilities(
        answered=True,
        kitty=b"\x1b_Gi=31;OK" in answer,
        sixel=b"4" in found[1].split(b";"),
        name=name[1].decode("utf-8", "replace") if name else "",
        cell=_cell(answer, size),
    )


def _window_cell(descriptor: int) -> tuple[int, int] | None:
    """Return the pixels of a cell as the system knows them: some terminals tell it alone (xterm)."""
    import fcntl
    import struct
    import termios

    rows, columns, across, down = struct.unpack("4H", fcntl.ioctl(descriptor, termios.TIOCGWINSZ, bytes(8)))
    return _plausible(across // columns, down // rows) if rows and columns else None


def _plausible(across: int, down: int) -> tuple[int, int] | None:
    """Return the size of a cell, if it can be one."""
    return (across, down) if 2 <= across <= 200 and 4 <= down <= 400 else None


def _cell(answer: bytes, size: tuple[int, int]) -> tuple[int, int] | None:
    """Return the pixels of a cell, as told or as the screen's pixels over its cells."""
    cell, screen = CELL.search(answer), SCREEN.search(answer)
    if cell:
        down, across = int(cell[1]), int(cell[2])
    elif screen and min(size) > 0:
        down, across = int(screen[1]) // size[1], int(screen[2]) // size[0]
    else:
        return None
    return _plausible(across, down)


def _converse(questions: bytes, wait: float) -> bytes:
    """Write the questions and return what comes back until the last answer, with the terminal left as it was."""
    import termios
    import tty

    descriptor = sys.stdin.fileno()
    before = termios.tcgetattr(descriptor)
    answer = b""
    try:
        tty.setcbreak(descriptor)
        sys.stdout.flush()
        os.write(sys.stdout.fileno(), questions)
        end = time.monotonic() + wait
        while not ATTRIBUTES.search(answer) and (left := end - time.monotonic()) > 0:
            if select.select([descriptor], [], [], left)[0]:
                answer += os.read(descriptor, 1024)
    finally:
        termios.tcsetattr(descriptor, termios.TCSAFLUSH, before)
    return answer
