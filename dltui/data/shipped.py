"""Files that dltui ships, read from wherever it is installed, and proven to be whole.

The largest are packed with xz, which makes them a seventh smaller than what zips do; names, sizes and checksums are
those of the files themselves.
"""

from __future__ import annotations

import hashlib
import io
import tomllib
from dataclasses import dataclass
from importlib.resources import files
from typing import IO, Any

from dltui.errors import DltuiError

FOLDER = "assets"
PACKED = ".xz"


@dataclass(frozen=True)
class AssetCheck:
    """Whether a shipped file is what it should be.

    Attributes:
        name: The file.
        whole: Size and checksum are as recorded.
        note: What is wrong, or its size.
        source: Where it came from.
        licence: What it may be used for.
    """

    name: str
    whole: bool
    note: str
    source: str
    licence: str


def open_asset(name: str) -> IO[bytes]:
    """Open a shipped file for reading.

    Args:
        name: Its name, such as ``digits.npz``.

    Returns:
        A binary file; the caller closes it.

    Raises:
        DltuiError: If the installation lacks it, or it is packed and broken.
    """
    folder = files("dltui") / FOLDER
    if (place := folder / name).is_file():
        return place.open("rb")
    if (packed := folder / f"{name}{PACKED}").is_file():
        return io.BytesIO(_unpacked(name, packed.read_bytes()))
    raise DltuiError(f"the shipped file {name} is missing: install dltui again")


def _unpacked(name: str, data: bytes) -> bytes:
    try:
        import lzma
    except ImportError as error:  # a Python that was built where liblzma was not
        raise DltuiError(
            f"the shipped file {name} is packed with xz, and this Python lacks lzma: install liblzma, and Python again"
        ) from error
    try:
        return lzma.decompress(data)
    except lzma.LZMAError as error:
        raise DltuiError(f"the shipped file {name} is broken: install dltui again") from error


def verify_assets() -> list[AssetCheck]:
    """Compare size and sha256 of every shipped file with what ``assets.toml`` records."""
    with open_asset("assets.toml") as file:
        recorded = tomllib.load(file)["asset"]
    return [_verify(entry) for entry in recorded]


def _verify(entry: dict[str, Any]) -> AssetCheck:
    try:
        with open_asset(entry["name"]) as file:
            data = file.read()
    except DltuiError as error:
        return _checked(entry, False, str(error))
    if len(data) != entry["bytes"]:
        return _checked(entry, False, f"{len(data)} bytes instead of {entry['bytes']}")
    if hashlib.sha256(data).hexdigest() != entry["sha256"]:
        return _checked(entry, False, "its sha256 is not the recorded one")
    return _checked(entry, True, f"{len(data)} bytes")


def _checked(entry: dict[str, Any], whole: bool, note: str) -> AssetCheck:
    return AssetCheck(entry["name"], whole, note, entry["source"], entry["licence"])
