"""What the terminal in front of us says it can do: pictures by kitty's protocol or by sixel."""

from __future__ import annotations

import os
import re
import select
import sys
import time
from dataclasses import dataclass

# Kitty's graphics query (a 1 × 1 picture that is only checked), then "which terminal are you", which all answer.
QUERY = b"\x1b_Gi=31,s=1,v=1,a=q,t=d,f=24;AAAA\x1b\\\x1b[c"
ATTRIBUTES = re.compile(rb"\x1b\[\?([0-9;]*)c")


@dataclass(frozen=True, slots=True)
class Abilities:
    """What a terminal answered.

    Attributes:
        answered: It answered at all; what follows is unknown when it has not.
        kitty: It shows pictures by kitty's graphics protocol.
        sixel: It shows pictures by sixel.
    """

    answered: bool = False
    kitty: bool = False
    sixel: bool = False


def ask_terminal(wait: float = 0.3) -> Abilities:
    """Ask the terminal on stdin and stdout what pictures it can show.

    Args:
        wait: Seconds to wait for the answer.

    Returns:
        The answer; nothing is known where stdin or stdout is no terminal, or it is silent.
    """
    if os.name != "posix" or not (sys.stdin.isatty() and sys.stdout.isatty()):
        return Abilities()
    return read_answer(_converse(wait))


def read_answer(answer: bytes) -> Abilities:
    """Return what the bytes of a terminal's answer mean; attribute 4 of the device stands for sixel."""
    found = ATTRIBUTES.search(answer)
    if found is None:
        return Abilities()
    return Abilities(answered=True, kitty=b"\x1b_Gi=31;OK" in answer, sixel=b"4" in found[1].split(b";"))


def _converse(wait: float) -> bytes:
    """Write the query and return what comes back until the last answer, with the terminal left as it was."""
    import termios
    import tty

    descriptor = sys.stdin.fileno()
    before = termios.tcgetattr(descriptor)
    answer = b""
    try:
        tty.setcbreak(descriptor)
        os.write(sys.stdout.fileno(), QUERY)
        end = time.monotonic() + wait
        while not ATTRIBUTES.search(answer) and (left := end - time.monotonic()) > 0:
            if select.select([descriptor], [], [], left)[0]:
                answer += os.read(descriptor, 1024)
    finally:
        termios.tcsetattr(descriptor, termios.TCSAFLUSH, before)
    return answer
