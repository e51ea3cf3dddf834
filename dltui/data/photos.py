"""Photos: read from a file or from those that dltui ships, cut and scaled to what a model takes."""

from __future__ import annotations

import io
import warnings
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from dltui.data.shipped import open_asset
from dltui.data.takes import Pixels
from dltui.errors import DltuiError, UsageError

if TYPE_CHECKING:
    from PIL import Image

SHIPPED = ("astronaut", "chelsea", "coffee", "rocket")
NEEDED = "photos need Pillow, which isn't installed: try pip install 'dltui[figures]'"


def read_photo(spec: str) -> Image.Image:
    """Return a photo, turned as its camera says.

    Args:
        spec: The name of a shipped photo, or a file of any kind that Pillow reads.

    Returns:
        The photo, in memory.

    Raises:
        DltuiError: If Pillow is missing, or the file can't be read as a picture.
    """
    try:
        from PIL import Image, ImageOps, UnidentifiedImageError
    except ImportError as error:
        raise DltuiError(NEEDED) from error
    path = Path(spec).expanduser()
    try:
        if spec in SHIPPED and not path.exists():
            with open_asset(f"{spec}.jpg") as file:
                data = file.read()
        else:
            data = path.read_bytes()
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            photo = Image.open(io.BytesIO(data))
            photo.load()
    except (Image.DecompressionBombWarning, Image.DecompressionBombError) as error:
        raise DltuiError(f"{spec} claims to be far larger than a photo: it is refused") from error
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "it is damaged, or no picture"
        raise DltuiError(f"can't read {spec} as a picture: {reason}; expected .jpg or .png") from error
    return ImageOps.exif_transpose(photo)


def picture_from(pixels: Pixels) -> Image.Image:
    """Return pixels of shape (h, w, 1) or (h, w, 3) as a photo.

    Raises:
        DltuiError: If Pillow is missing.
    """
    try:
        from PIL import Image
    except ImportError as error:
        raise DltuiError(NEEDED) from error
    return Image.fromarray(pixels[..., 0] if pixels.shape[-1] == 1 else pixels)


def fitted(photo: Image.Image, shape: tuple[int, ...], resize: int | None) -> Pixels:
    """Return the middle of a photo in the size that a model takes.

    The shorter side is brought to ``resize`` pixels and the middle cut out, bilinear with a filter as wide as the
    photo shrinks, as torchvision's ``Resize`` and ``CenterCrop`` do it. A photo of that size already is left alone.

    Args:
        photo: Any photo; colours become grey for one channel, and grey becomes colours for three.
        shape: (channels, height, width).
        resize: Pixels of the shorter side; None for the fewest that fill the size.

    Returns:
        Shape (height, width, channels).

    Raises:
        UsageError: If the model takes no picture of one or three channels.
    """
    from PIL import Image

    if len(shape) != 3 or shape[0] not in (1, 3):
        raise UsageError(f"the model takes samples of shape {shape}, which no photo has: give an array")
    channels, height, width = shape
    photo = photo.convert("L" if channels == 1 else "RGB")
    wide, tall = photo.size
    if (wide, tall) == (width, height):
        size = (width, height)
    elif resize is None:
        scale = max(width / wide, height / tall)
        size = max(width, round(wide * scale)), max(height, round(tall * scale))
    else:
        least = max(resize, height, width)
        size = (least, least * tall // wide) if wide <= tall else (least * wide // tall, least)
    photo = photo.resize(size, Image.Resampling.BILINEAR)
    left, top = (round((have - want) / 2) for have, want in zip(size, (width, height), strict=True))
    found: Pixels = np.array(photo.crop((left, top, left + width, top + height)))
    return found.reshape(height, width, channels)
