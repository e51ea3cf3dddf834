"""Writing files so that a reader never sees half of one."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from dltui.errors import DltuiError


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
    if "\0" in str(path):
        raise DltuiError(
            f"can't write {str(path)!r}: a file's name can't hold a null character; take another name"
        )
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
        raise DltuiError(
            f"can't write {path}: {error.strerror or error}; name a folder that you may write to"
        ) from error


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
