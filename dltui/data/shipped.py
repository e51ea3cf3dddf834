"""Files that dltui ships, read from wherever it is installed, and proven to be whole."""

from __future__ import annotations

import hashlib
import tomllib
from dataclasses import dataclass
from importlib.resources import files
from typing import IO, Any

from dltui.errors import DltuiError

FOLDER = "assets"


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
        DltuiError: If the installation lacks it.
    """
    place = files("dltui") / FOLDER / name
    if not place.is_file():
        raise DltuiError(f"the shipped file {name} is missing: install dltui again")
    return place.open("rb")


def verify_assets() -> list[AssetCheck]:
    """Compare size and sha256 of every shipped file with what ``assets.toml`` records."""
    with open_asset("assets.toml") as file:
        recorded = tomllib.load(file)["asset"]
    return [_verify(entry) for entry in recorded]


def _verify(entry: dict[str, Any]) -> AssetCheck:
    try:
        with open_asset(entry["name"]) as file:
            data = file.read()
    except DltuiError:
        return _checked(entry, False, "missing")
    if len(data) != entry["bytes"]:
        return _checked(entry, False, f"{len(data)} bytes instead of {entry['bytes']}")
    if hashlib.sha256(data).hexdigest() != entry["sha256"]:
        return _checked(entry, False, "its sha256 is not the recorded one")
    return _checked(entry, True, f"{len(data)} bytes")


def _checked(entry: dict[str, Any], whole: bool, note: str) -> AssetCheck:
    return AssetCheck(entry["name"], whole, note, entry["source"], entry["licence"])
