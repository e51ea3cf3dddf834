"""A click-through in a real browser, and a look at what it painted."""

from __future__ import annotations

import asyncio
import struct
import sys
import zlib
from collections.abc import Callable
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import numpy as np
import pytest

_spec = spec_from_file_location("chromium", Path(__file__).with_name("chromium.py"))
assert _spec is not None
assert _spec.loader is not None
chromium = module_from_spec(_spec)
sys.modules["chromium"] = chromium
_spec.loader.exec_module(chromium)

pytestmark = pytest.mark.skipif(chromium.FOUND is None, reason="no Chromium on this machine")


def pixels(path: Path) -> np.ndarray:
    """Return the pixels of a PNG of 8-bit RGB or RGBA, shape (height, width, 3)."""
    data, place, packed = path.read_bytes(), 8, b""
    width, height, _, kind = struct.unpack(">IIBB", data[16:26])
    while place < len(data):
        size = int.from_bytes(data[place : place + 4], "big")
        if data[place + 4 : place + 8] == b"IDAT":
            packed += data[place + 8 : place + 8 + size]
        place += size + 12
    bands = 4 if kind == 6 else 3
    rows = (
        np.frombuffer(zlib.decompress(packed), np.uint8).reshape(height, 1 + width * bands).astype(np.int64)
    )
    found = np.zeros((height, width * bands), np.int64)
    above = found[0]
    for number, row in enumerate(rows):
        line = row[1:].reshape(width, bands)
        if row[0] == 0:
            found[number] = row[1:]
        elif row[0] == 1:
            found[number] = (np.cumsum(line, axis=0) & 255).ravel()
        elif row[0] == 2:
            found[number] = (row[1:] + above) & 255
        else:
            found[number] = _slow(line, above.reshape(width, bands), int(row[0])).ravel()
        above = found[number]
    return found.reshape(height, width, bands)[:, :, :3]


def _slow(line: np.ndarray, above: np.ndarray, kind: int) -> np.ndarray:
    """Undo the filters of PNG that look back at what they made."""
    made = np.zeros_like(line)
    left = corner = np.zeros(line.shape[1], np.int64)
    for column in range(len(line)):
        up = above[column]
        if kind == 3:
            guess = (left + up) // 2
        else:
            far = [np.abs(up - corner), np.abs(left - corner), np.abs(left + up - 2 * corner)]
            guess = np.where(
                (far[0] <= far[1]) & (far[0] <= far[2]), left, np.where(far[1] <= far[2], up, corner)
            )
        left = made[column] = (line[column] + guess) & 255
        corner = up
    return made


MAP = ([253, 231, 37], [33, 145, 140], [68, 1, 84])  # a landscape's colours, from yellow to violet


def painted(shown: np.ndarray, colour: list[int]) -> bool:
    """Whether more than a few pixels have nearly this colour."""
    return bool((np.abs(shown - np.array(colour)).max(axis=2) < 24).sum() > 200)


async def test_click_through(serve: Callable[..., object], bowl: Path, tmp_path: Path) -> None:
    address = serve("--token", "token-of-a-browser").address  # type: ignore[attr-defined]
    async with chromium.Browser(tmp_path / "profile") as browser:
        await browser.goto(address)
        home = await browser.text("Loss landscape · bowl")
        row = next(number for number, line in enumerate(home.split("\n")) if "Overview" in line)
        await browser.click(home.split("\n")[row].index("Lab"), row)
        await browser.text("mlp-forward")
        await browser.press("1")
        await browser.text("lowest 0.1 at")
        await browser.press("Enter")
        await browser.text("azimuth 35°")
        await browser.press("ArrowLeft")
        await browser.text("azimuth 29°")
        for _ in range(100):  # what has come is painted a moment later
            shown = pixels(await browser.picture(tmp_path / "result.png"))
            if all(painted(shown, colour) for colour in MAP):
                break
            await asyncio.sleep(0.1)
        for colour in MAP:
            assert painted(shown, colour), colour
        assert await browser.value("document.fonts.check('16px \"Roboto Mono\"') && document.fonts.size") == 2
        assert "token" not in await browser.value("window.location.href")
        await browser.press("q")
        await browser.holds("document.body.classList.contains('-closed')")
        assert await browser.value("document.querySelector('#why').textContent") == "dltui has ended."
        own = address.partition("?")[0].partition("://")[2]
        assert {url.partition("://")[2].startswith(own) for url in browser.asked} == {True}
        assert browser.complaints == []
