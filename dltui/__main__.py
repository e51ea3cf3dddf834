"""``python -m dltui`` and the entry point ``dltui``."""

import gc
import io
import os
import sys

CANCELLED = 130  # ExitCode.CANCELLED, without the import


def main() -> None:
    """Run the command line of this process and exit with its code."""
    # Nothing that a start-up imports is garbage, and looking for some costs a tenth of it: `verb` turns this on again.
    gc.disable()
    settle_streams()
    # Spinning OpenMP threads on a busy machine make a frame many times slower; torch reads this when it is imported.
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")
    os.environ.setdefault("GOMP_SPINCOUNT", "0")
    try:
        code = run(sys.argv[1:])
    except KeyboardInterrupt:  # while the command line itself is imported
        sys.stderr.write("cancelled\n")
        code = CANCELLED
    # An interrupt inside an exec (torch runs some while it is imported) is remembered by the interpreter, which
    # would then end by the signal instead of by the exit code.
    if code == CANCELLED or not sys.modules.keys() & {"torch", "textual"}:
        leave(code)
    sys.exit(code)


def settle_streams() -> None:
    """Put nothing in the place of streams that the caller closed, and have all written of what is written.

    Of closed ones the next file that is opened would take the place. And where Python is asked not to buffer, it takes
    a part for the whole: of a long line of which the reader takes the beginning, the end would be lost without a word.
    """
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        stream = getattr(sys, name)
        if stream is None:
            setattr(sys, name, open(os.devnull, mode, encoding="utf-8"))  # noqa: PTH123, SIM115 - as long as the process
        elif mode == "w" and isinstance(getattr(stream, "buffer", None), io.RawIOBase):
            whole = io.BufferedWriter(stream.buffer)
            setattr(sys, name, io.TextIOWrapper(whole, stream.encoding, stream.errors, line_buffering=True))


def run(arguments: list[str]) -> int:
    """Run one command line; without a verb the TUI opens, and nothing that reads command lines is imported.

    Args:
        arguments: What follows ``dltui``.

    Returns:
        The exit code.
    """
    if arguments or os.environ.get("TERM", "dumb") == "dumb":
        from dltui.cli import run as run_verb

        return run_verb(arguments)
    try:
        from dltui.tui.start import run_tui

        return run_tui()
    except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001 - told as for any verb
        from dltui.cli import tell

        return tell(error)


def leave(code: int) -> None:
    """End the process without taking the interpreter apart, which costs more than a shape's answer.

    Only for processes that have no child processes and no open files to tidy up.
    """
    try:
        sys.stdout.flush()
        sys.stderr.flush()
    except OSError:
        pass  # whoever read the stream has gone
    os._exit(code)


if __name__ == "__main__":
    main()
