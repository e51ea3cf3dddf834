"""Pictures in a row as a GIF."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from dltui.errors import DltuiError, UsageError
from dltui.files import replacing

SECONDS = 6.0  # once around
LEAST = 20  # milliseconds of a frame


def check_gif(path: Path) -> None:
    """Refuse a name that no GIF has, before anything is computed.

    Raises:
        UsageError: If it ends in something else.
    """
    if path.suffix.lower() != ".gif":
        raise UsageError(f"can't write {path.name!r}: its name must end in .gif")


def write_gif(pictures: np.ndarray, path: Path) -> None:
    """Write pictures, shape (n, h, w, 3), 0…1, that go on for ever.

    Raises:
        DltuiError: If Pillow is missing, or the folder can't be written.
    """
    try:
        from PIL import Image
    except ImportError as error:
        raise DltuiError("a GIF needs Pillow: try pip install 'dltui[figures]'") from error
    frames = [
        Image.fromarray(np.round(np.asarray(one, np.float32) * 255).astype(np.uint8)) for one in pictures
    ]
    each = max(LEAST, round(1000 * SECONDS / len(frames)))
    with replacing(path) as temporary:
        frames[0].save(
            temporary, format="GIF", save_all=True, append_images=frames[1:], duration=each, loop=0
        )
