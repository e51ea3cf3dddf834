"""``dltui shapes --batch``: questions from a file or stdin, answers to stdout."""

from __future__ import annotations

import sys
from pathlib import Path

from dltui.errors import DltuiError, absent
from dltui.shapes.batch import answers


def answer_file(path: str) -> None:
    """Answer every line of a file in order.

    Args:
        path: A file of JSON lines, or ``-`` for stdin.

    Raises:
        DltuiError: If the file can't be read.
    """
    write = sys.stdout.write
    if path == "-":
        for line in answers(sys.stdin):
            write(line + "\n")
        return
    try:
        with Path(path).open(encoding="utf-8", errors="replace") as file:
            for line in answers(file):
                write(line + "\n")
    except (FileNotFoundError, IsADirectoryError) as error:
        raise absent(path, "expected a file of JSON lines, or - for stdin") from error
    except OSError as error:
        raise DltuiError(
            f"can't read {path}: {error.strerror}; expected a file of JSON lines, or - for stdin"
        ) from error
