"""A headless Chromium that is driven through its DevTools protocol."""

from __future__ import annotations

import asyncio
import base64
import itertools
import shutil
from pathlib import Path
from typing import Any

import aiohttp
import pyte

FOUND = next(
    (path for name in ("chromium", "chromium-browser", "google-chrome") if (path := shutil.which(name))), None
)
PRIVATE = (b"\x1b[>1u", b"\x1b[<u", b"\x1b[?u")  # requests that pyte does not know and would print
PATIENT = 120.0  # seconds; reached only when something is wrong
MODIFIER = {"ctrl": 2, "shift": 8}
NAMED = {
    "Enter": (13, "\r"),
    "Escape": (27, ""),
    "Tab": (9, ""),
    "ArrowLeft": (37, ""),
    "ArrowDown": (40, ""),
}


class Browser:
    """One page of a browser; what its socket receives is kept as a screen of text."""

    def __init__(self, folder: Path, columns: int = 200, rows: int = 100) -> None:
        self.folder = folder
        self.screen = pyte.Screen(columns, rows)
        self._stream = pyte.ByteStream(self.screen)
        self._numbers = itertools.count(1)
        self._answers: dict[int, asyncio.Future[dict[str, Any]]] = {}
        self.asked: list[str] = []  # every address that the page asked for
        self.complaints: list[str] = []

    async def __aenter__(self) -> Browser:
        assert FOUND
        self.process = await asyncio.create_subprocess_exec(
            FOUND, "--headless=new", "--no-sandbox", "--remote-debugging-port=0", f"--user-data-dir={self.folder}",
            "--window-size=1200,800", "--enable-unsafe-swiftshader", "--disable-background-networking",
            "--no-first-run", "--force-prefers-reduced-motion", "about:blank",
            stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL,
        )  # fmt: skip
        told = self.folder / "DevToolsActivePort"
        for _ in range(int(PATIENT / 0.05)):
            if told.exists() and told.read_text().count("\n"):
                break
            await asyncio.sleep(0.05)
        port = told.read_text().split()[0]
        self._session = aiohttp.ClientSession()
        async with self._session.get(f"http://127.0.0.1:{port}/json/list") as answer:
            page = next(one for one in await answer.json() if one["type"] == "page")
        self._socket = await self._session.ws_connect(page["webSocketDebuggerUrl"], max_msg_size=0)
        self._reader = asyncio.create_task(self._read())
        for domain in ("Page", "Network", "Runtime", "Log"):
            await self.send(f"{domain}.enable")
        return self

    async def __aexit__(self, *_: object) -> None:
        self._reader.cancel()
        await asyncio.gather(self._reader, return_exceptions=True)
        await self._socket.close()
        await self._session.close()
        self.process.terminate()
        await self.process.wait()

    async def send(self, method: str, **parameters: Any) -> dict[str, Any]:
        number = next(self._numbers)
        answer = self._answers[number] = asyncio.get_running_loop().create_future()
        await self._socket.send_json({"id": number, "method": method, "params": parameters})
        return await asyncio.wait_for(answer, PATIENT)

    async def _read(self) -> None:
        async for message in self._socket:
            event = message.json()
            if "id" in event:
                self._answers.pop(event["id"]).set_result(event.get("result", event))
                continue
            told = event["params"]
            if event["method"] == "Network.webSocketFrameReceived" and told["response"]["opcode"] == 2:
                data = base64.b64decode(told["response"]["payloadData"])
                for request in PRIVATE:
                    data = data.replace(request, b"")
                self._stream.feed(data)
            elif event["method"] == "Network.requestWillBeSent":
                self.asked.append(told["request"]["url"])
            elif event["method"] == "Network.webSocketCreated":
                self.asked.append(told["url"])
            elif event["method"] == "Log.entryAdded" and told["entry"]["level"] == "error":
                self.complaints.append(f"{told['entry']['text']} {told['entry'].get('url', '')}")
            elif event["method"] == "Runtime.exceptionThrown":
                self.complaints.append(told["exceptionDetails"]["text"])

    async def goto(self, url: str) -> None:
        await self.send("Page.navigate", url=url)

    async def value(self, expression: str) -> Any:
        answer = await self.send("Runtime.evaluate", expression=expression, returnByValue=True)
        return answer["result"].get("value")

    async def text(self, wanted: str, seconds: float = PATIENT) -> str:
        """Wait until the terminal in the page shows a text."""
        for _ in range(int(seconds / 0.05)):
            shown = "\n".join(line.rstrip() for line in self.screen.display)
            if wanted in shown:
                return shown
            await asyncio.sleep(0.05)
        raise AssertionError(f"{wanted!r} never came; the page shows\n{shown}\n{self.complaints}")

    async def holds(self, expression: str, seconds: float = PATIENT) -> None:
        for _ in range(int(seconds / 0.05)):
            if await self.value(expression):
                return
            await asyncio.sleep(0.05)
        raise AssertionError(f"{expression} never held; {self.complaints}")

    async def press(self, *keys: str) -> None:
        for key in keys:
            code, text = NAMED.get(key, (ord(key[0].upper()), key))
            told = {
                "key": key,
                "windowsVirtualKeyCode": code,
                "code": key if key in NAMED else f"Key{key.upper()}",
            }
            await self.send(
                "Input.dispatchKeyEvent", type="keyDown", **told, **({"text": text} if text else {})
            )
            await self.send("Input.dispatchKeyEvent", type="keyUp", **told)

    async def click(self, column: int, row: int) -> None:
        """Click on a cell of the terminal."""
        box = await self.value(
            "(() => { const b = document.querySelector('.xterm-screen').getBoundingClientRect();"
            " return [b.left, b.top, b.width, b.height]; })()"
        )
        columns, rows = await self.cells()
        spot = {
            "x": box[0] + (column + 0.5) * box[2] / columns,
            "y": box[1] + (row + 0.5) * box[3] / rows,
            "button": "left",
            "clickCount": 1,
        }
        await self.send("Input.dispatchMouseEvent", type="mouseMoved", x=spot["x"], y=spot["y"])
        await self.send("Input.dispatchMouseEvent", type="mousePressed", **spot)
        await self.send("Input.dispatchMouseEvent", type="mouseReleased", **spot)

    async def cells(self) -> tuple[int, int]:
        """Return how many cells the page asked for, as its socket's address tells."""
        from urllib.parse import parse_qs, urlsplit

        asked = parse_qs(urlsplit(next(url for url in self.asked if url.startswith("ws"))).query)
        return int(asked["width"][0]), int(asked["height"][0])

    async def picture(self, path: Path) -> Path:
        told = await self.send("Page.captureScreenshot", format="png")
        path.write_bytes(base64.b64decode(told["data"]))
        return path
