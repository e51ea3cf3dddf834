"""What a disk refuses while tensors are written, told as of every other file."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager

NUMBER = re.compile(r"(?:os error|code:) (\d+)")


@contextmanager
def disk_errors() -> Iterator[None]:
    """Raise an ``OSError`` where safetensors can't write, since it tells of a full disk by an error of its own.

    Yields:
        Nothing; write there.

    Raises:
        OSError: If the disk refuses.
    """
    from safetensors import SafetensorError

    try:
        yield
    except SafetensorError as error:
        told = NUMBER.search(str(error))
        if told is None:
            raise
        raise OSError(int(told[1]), os.strerror(int(told[1]))) from error
