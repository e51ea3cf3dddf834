"""Writing lines and asking for one."""

from __future__ import annotations

import sys
from collections.abc import Iterable

from dltui.plaintext import to_ascii

BACK, QUIT, HELP = ":b", ":q", ":?"


class Left(Exception):
    """The user is done, or there is nothing more to read."""


class Back(Exception):
    """The user wants to go back to where he came from."""


class Talk:
    """A conversation: text goes out a line at a time, and answers come in so.

    Args:
        width: Cells of a line.
        ascii_only: Write nothing beyond ASCII.
    """

    def __init__(self, width: int, *, ascii_only: bool) -> None:
        self.width = width
        self.ascii_only = ascii_only

    def say(self, *lines: str) -> None:
        """Write lines, broken between words where they are too long."""
        from dltui.draw.letters import wrap

        for line in lines:
            told = to_ascii(line) if self.ascii_only else line
            lead = told[: len(told) - len(told.lstrip())]
            for part in wrap(told.strip(), max(20, self.width - len(lead))) or [""]:
                sys.stdout.write(f"{lead}{part}\n")
        sys.stdout.flush()

    def head(self, line: str) -> None:
        """Write a heading, with an empty line before it."""
        self.say("", line)

    def pairs(self, rows: Iterable[tuple[str, str]]) -> None:
        """Write names and values, one pair a line."""
        self.say(*(f"{name}: {value}" for name, value in rows))

    def ask(self, question: str) -> str:
        """Return the next answer, without the space around it.

        Args:
            question: What is asked; written on a line of its own.

        Returns:
            The answer; empty for nothing.

        Raises:
            Left: If the user leaves, or there are no more lines.
            Back: If the user wants to go back.
        """
        told = to_ascii(question) if self.ascii_only else question
        sys.stdout.write(f"{told}: ")
        sys.stdout.flush()
        line = sys.stdin.readline()
        if not line:
            sys.stdout.write("\n")
            raise Left
        answer = line.strip()
        if not sys.stdin.isatty():
            sys.stdout.write(
                f"{to_ascii(answer) if self.ascii_only else answer}\n"
            )  # a terminal shows what is typed
        if answer.lower() in {QUIT, "quit", "exit"}:
            raise Left
        if answer.lower() == BACK:
            raise Back
        return answer
