"""The ``.keras`` format: a zip of JSON and an HDF5 file of weights."""

from __future__ import annotations

import io
import tempfile
from pathlib import Path
from typing import IO

from dltui.archives.hdf5 import Hdf5
from dltui.archives.zipped import Zip

WEIGHTS = "model.weights.h5"
CONFIG = "config.json"
MOST_CONFIG = 16_000_000


def open_keras(path: Path, found: Zip) -> Hdf5:
    """Open a ``.keras`` file.

    Args:
        path: The file.
        found: Its directory.

    Returns:
        The data sets of its weights.

    Raises:
        DltuiError: If it is damaged, or h5py is not installed.
    """
    config = found.read(CONFIG, MOST_CONFIG).decode("utf-8", "replace") if CONFIG in found.members else ""
    member = found.members[WEIGHTS]
    source: IO[bytes] | io.RawIOBase
    if member.deflated:
        source = tempfile.TemporaryFile()  # noqa: SIM115 - the archive closes it
        for piece in found.pieces(WEIGHTS):
            source.write(piece)
    else:
        source = Span(path, found.start(member), member.size)
    return Hdf5(path, source, {"config": config} if config else None)


class Span(io.RawIOBase):
    """A stretch of a file as a file of its own."""

    def __init__(self, path: Path, start: int, size: int) -> None:
        super().__init__()
        self._file = path.open("rb")
        self._start, self._size, self._at = start, size, 0

    def readable(self) -> bool:
        """Return that it can be read."""
        return True

    def seekable(self) -> bool:
        """Return that any byte can be reached."""
        return True

    def seek(self, offset: int, whence: int = 0) -> int:
        """Go to a byte."""
        self._at = offset + (0, self._at, self._size)[whence]
        return self._at

    def tell(self) -> int:
        """Return the byte that comes next."""
        return self._at

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        """Read into a buffer."""
        view = memoryview(buffer)[: max(0, self._size - self._at)]
        self._file.seek(self._start + self._at)
        done = self._file.readinto(view)
        self._at += done
        return done

    def close(self) -> None:
        """Close the file."""
        self._file.close()
        super().close()
