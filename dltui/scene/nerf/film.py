"""Pictures in a row as a GIF."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from dltui.draw.endings import check_moving
from dltui.files import replacing

SECONDS = 6.0  # once around
LEAST = 20  # milliseconds of a frame


def write_gif(pictures: np.ndarray, path: Path) -> None:
    """Write pictures, shape (n, h, w, 3), 0…1, that go on for ever.

    Raises:
        UsageError: If the name ends in anything but ``.gif``.
        DltuiError: If Pillow is missing, or the folder can't be written.
    """
    check_moving(path, (".gif",))
    from PIL import Image

    frames = [
        Image.fromarray(np.round(np.asarray(one, np.float32) * 255).astype(np.uint8)) for one in pictures
    ]
    each = max(LEAST, round(1000 * SECONDS / len(frames)))
    with replacing(path) as temporary:
        frames[0].save(
            temporary, format="GIF", save_all=True, append_images=frames[1:], duration=each, loop=0
        )
