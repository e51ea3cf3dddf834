"""A question to the terminal that nobody waits for: its answer comes among the keys, and is told from them there."""

from __future__ import annotations

import os
import re
import select
import sys
import time
from collections.abc import Mapping
from typing import Any

from dltui.draw.abilities import ATTRIBUTES, can_be_asked, questions, understood
from dltui.draw.terminals import Surroundings, inside_another, surroundings, worth_asking

# What terminals say to the questions, wherever it stands among keys; the end of a part may be the beginning of one.
ANSWER = re.compile(rb"\x1b(?:_G[^\x1b]*\x1b\\|P>\|[^\x1b]*\x1b\\|\[[46];\d+;\d+t|\[\?[0-9;]*c)")
BEGUN = re.compile(rb"\x1b(?:_[^\x1b]*\x1b?|P[^\x1b]*\x1b?|\[(?:\?[0-9;]*|[46](?:;\d*){0,2})?)?\Z")
SURE = re.compile(rb"\x1b(?:_Gi|P>|\[\?[0-9])")  # no key begins like this
GRAPHICS = b"\x1b_Gi="  # how a terminal begins to tell of kitty's pictures
ESCAPE = b"\x1b"
PATIENCE = 10.0  # seconds after the question in which an escape may be the beginning of an answer
BREATH = 0.05  # seconds in which the rest of an answer follows
LONG_BREATH = 2.0  # the same where it can't be a key: on a slow line, or a busy machine
IFLAG, LFLAG = 0, 3  # of the settings of a terminal
LEAVE = 0.2  # seconds that an answer has to come when nobody is going to read the terminal


class Asking:
    """What the terminal was asked, what it has said so far, and the keys that were typed meanwhile.

    Attributes:
        open: The answer may still come.
        typed: The keys that came before the application read any.
    """

    def __init__(self, environ: Mapping[str, str] = os.environ) -> None:
        """Send the questions where the answer would count, and keep the terminal from printing it.

        Args:
            environ: Environment variables.

        Raises:
            UsageError: If ``DLTUI_GLYPHS`` is none of the choices.
        """
        self._environ = environ
        self._said, self._held, self.typed = b"", b"", b""
        self._asked_at = self._held_at = time.monotonic()
        self._before: list[Any] | None = None
        self.open = worth_asking(environ) and can_be_asked()
        self._through = self.open and inside_another(environ)
        if self.open:
            self._in, self._out = (
                sys.stdin.fileno(),
                sys.stdout.fileno(),
            )  # Textual puts others in their place
            self._before = _hush(self._in)
            sys.stdout.flush()
            os.write(self._out, questions(through_tmux=self._through))

    @property
    def asked(self) -> bool:
        """Whether the terminal waits for someone who reads it and sets it again as it was."""
        return self._before is not None

    @property
    def late(self) -> bool:
        """Whether tmux has answered for itself, and the terminal that shows it may still tell of kitty's pictures."""
        waits = self._through and not self.open and GRAPHICS not in self._said
        return waits and time.monotonic() - self._asked_at < PATIENCE

    @property
    def holding(self) -> bool:
        """Whether something is held back that the next part, or a moment without one, tells to be answer or keys."""
        return bool(self._held)

    @property
    def surroundings(self) -> Surroundings:
        """What the terminal is good for, as far as it is known by now."""
        return surroundings(self._environ, understood(self._said, self._out) if self._said else None)

    def hear(self) -> None:
        """Read what has come by now; wait for nothing."""
        self.typed += self._read(0)

    def keys(self, part: bytes) -> bytes:
        """Take the answer out of what came from the terminal.

        Args:
            part: What came; empty to ask whether what was held back has turned out to be keys.

        Returns:
            The rest: keys. What may be the beginning of an answer is held back for a moment.
        """
        now = time.monotonic()
        if not (self.open or self.late):
            return self._rest(part)
        if not part and now - self._held_at < (LONG_BREATH if SURE.match(self._held) else BREATH):
            return b""
        came, self._held = self._held + part, b""
        self._said += b"".join(ANSWER.findall(came))
        came = ANSWER.sub(b"", came)
        if ATTRIBUTES.search(self._said):
            self.open = False
        if (
            (self.open or self.late)
            and part
            and now - self._asked_at < PATIENCE
            and (begun := self._begun(came))
        ):
            came, self._held, self._held_at = came[: begun.start()], came[begun.start() :], now
        return came

    def _rest(self, part: bytes) -> bytes:
        """Return what was held back, with what came after it: nothing is an answer any more."""
        came, self._held = self._held + part, b""
        return came

    def _begun(self, came: bytes) -> re.Match[bytes] | None:
        """Return what may be the beginning of an answer; an escape alone is the key, unless some has been said."""
        begun = BEGUN.search(came)
        return None if begun is not None and begun[0] == ESCAPE and not self._said else begun

    def take_over(self) -> list[Any] | None:
        """Return how the terminal was set before it was asked; who takes this sets it so again."""
        before, self._before = self._before, None
        return before

    def close(self) -> None:
        """Set the terminal as it was, unless somebody has taken that over."""
        if (before := self.take_over()) is not None:
            self._read(LEAVE)  # or the shell would take the answer for keys
            import termios

            termios.tcsetattr(self._in, termios.TCSAFLUSH, before)

    def _read(self, wait: float) -> bytes:
        """Return the keys that come within some seconds, or until the answer is complete."""
        keys, end = b"", time.monotonic() + wait
        while (self.open or self.late) and select.select([self._in], [], [], max(end - time.monotonic(), 0))[
            0
        ]:
            part = os.read(self._in, 4096)
            if not part:
                break
            keys += self.keys(part)
        return keys


def _hush(descriptor: int) -> list[Any]:
    """Let a terminal hand on each key as it is and print none; return how it was set before."""
    import termios

    before = termios.tcgetattr(descriptor)
    quiet = [*before]
    quiet[IFLAG] &= ~termios.ICRNL
    quiet[LFLAG] &= ~(termios.ECHO | termios.ICANON)
    termios.tcsetattr(descriptor, termios.TCSANOW, quiet)
    return before
