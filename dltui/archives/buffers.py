"""Room for numbers that begins where a line of the cache does: vector instructions read and write it faster."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

LINE = 64  # bytes of a line of the cache, and of the widest vectors
LARGE_PAGE = 1 << 21  # bytes of the pages that numpy asks Linux for where an array takes 4 MB and more


def aligned(count: int, dtype: type[np.generic]) -> NDArray[Any]:
    """Return room for some numbers that isn't filled yet.

    Args:
        count: How many.
        dtype: Their type.

    Returns:
        An array, shape (count,), whose first byte has an address that 64 divides; numpy itself gives one that 16
        divides, and then every vector of 64 bytes lies across two lines. Much room begins where a large page does, so
        that it lies in large pages from its beginning to its end.
    """
    import numpy as np

    size = count * np.dtype(dtype).itemsize
    step = LINE if size < LARGE_PAGE else LARGE_PAGE
    room = np.empty(size + step, np.uint8)
    skipped = -room.ctypes.data % step
    return room[skipped : skipped + size].view(dtype)
