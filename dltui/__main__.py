"""``python -m dltui`` and the entry point ``dltui``."""

import gc
import os
import sys

CANCELLED = 130  # ExitCode.CANCELLED, without the import


def main() -> None:
    """Run the command line of this process and exit with its code."""
    # Nothing that a start-up imports is garbage, and looking for some costs a tenth of it: `verb` turns this on again.
    gc.disable()
    # Spinning OpenMP threads on a busy machine make a frame many times slower; torch reads this when it is imported.
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")
    os.environ.setdefault("GOMP_SPINCOUNT", "0")
    from dltui.cli import run

    code = run(sys.argv[1:])
    # An interrupt inside an exec (torch runs some while it is imported) is remembered by the interpreter, which
    # would then end by the signal instead of by the exit code.
    if code == CANCELLED or not sys.modules.keys() & {"torch", "textual"}:
        leave(code)
    sys.exit(code)


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
