"""Writing files so that a reader never sees half of one."""

import errno
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from dltui.errors import DltuiError, UsageError


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Give a name beside ``path`` to write to, and move it there when all went well.

    The new file is flushed to the disk, renamed over the old one, and the folder is flushed too. After an error
    or a cancel the old file is as it was and nothing new is left.

    Args:
        path: Where the file shall be in the end; its folder is made when missing.

    Yields:
        The temporary name to write to.

    Raises:
        DltuiError: If the folder can't be made or written.
    """
    _refuse_null(path)
    temporary = path.with_name(f".{path.name}.tmp-{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            yield temporary
            flush(temporary)
            temporary.replace(path)
        finally:
            with suppress(FileNotFoundError):
                temporary.unlink()
        flush(path.parent)
    except OSError as error:
        raise DltuiError(_refusal(path, error.strerror or str(error))) from error


def check_target(path: Path, endings: Iterable[str], doing: str = "write to") -> None:
    """Make sure, before any work is done, that a file can be written; nothing is touched.

    Args:
        path: Where it shall be; folders that are missing would be made.
        endings: How its name may end, in small letters.
        doing: What is done to it, in the words of the refusal.

    Raises:
        UsageError: If its name ends otherwise.
        DltuiError: If a folder has that name, what should be a folder is none, or it may not be written.
    """
    known = tuple(endings)
    if path.suffix.lower() not in known:
        kinds = f"one of {', '.join(known)}" if len(known) > 2 else " or ".join(known)
        raise UsageError(
            f"can't {doing} {path.name!r}: its name must end in {kinds}; try {path.stem}{known[0]}"
        )
    _refuse_null(path)
    folder = path.parent
    while not os.path.lexists(folder):
        folder = folder.parent
    trouble = 0
    if path.is_dir():
        trouble = errno.EISDIR
    elif not folder.is_dir():
        trouble = errno.ENOTDIR
    elif not os.access(folder, os.W_OK | os.X_OK):
        trouble = errno.EACCES
    if trouble:
        raise DltuiError(_refusal(path, os.strerror(trouble)))


def _refuse_null(path: Path) -> None:
    """Refuse a name that no file can have."""
    if "\0" in str(path):
        raise DltuiError(
            f"can't write {str(path)!r}: a file's name can't hold a null character; take another name"
        )


def _refusal(path: Path, why: str) -> str:
    """Return the sentence that a file can't be written."""
    return f"can't write {path}: {why}; name a folder that you may write to"


def write_bytes(path: Path, data: bytes) -> None:
    """Write ``data`` to ``path`` whole or not at all."""
    with replacing(path) as temporary:
        temporary.write_bytes(data)


def write_text(path: Path, text: str) -> None:
    """Write ``text`` to ``path`` as UTF-8, whole or not at all."""
    write_bytes(path, text.encode("utf-8"))


def flush(path: Path) -> None:
    """Make the disk keep what ``path`` (a file or a folder) holds."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def size_in_words(size: float) -> str:
    """Return a number of bytes as people say it.

    >>> size_in_words(999), size_in_words(1234), size_in_words(56_789_000)
    ('999 B', '1.2 kB', '57 MB')
    """
    for unit in ("B", "kB", "MB", "GB"):
        if size < 1000 or unit == "GB":
            break
        size /= 1000
    return f"{size:.0f} {unit}" if size >= 10 or unit == "B" else f"{size:.1f} {unit}"
