"""The server: a page, its files, and a socket a visitor. Nothing comes from another host."""

from __future__ import annotations

import asyncio
import errno
import signal
from collections.abc import Callable
from importlib.resources import files
from pathlib import Path

from aiohttp import WSCloseCode, web
from textual_serve.server import Server, to_int

from dltui.errors import DltuiError
from dltui.serving.gate import Gate, middleware
from dltui.serving.visit import Visit

PAGE = Path(str(files("dltui.serving") / "page"))
HEARTBEAT = (
    30  # seconds between questions whether the browser is there; a busy one has half of that to answer
)
WAIT = 3.0  # seconds that a new visitor waits for the place of one who is just leaving


class Host(Server):
    """Textual's server with a page of its own, a gate, and a place for so many visitors and no more."""

    def __init__(self, gate: Gate, *, most: int, opened: Path | None = None) -> None:
        super().__init__("dltui", title="dltui")
        self._gate = gate
        self._places = asyncio.Semaphore(most)
        self._most = most
        self._opened = opened
        self._visits: dict[web.WebSocketResponse, Visit] = {}

    async def _make_app(self) -> web.Application:
        """Return the application of aiohttp, every way into it behind the gate."""
        app = web.Application(middlewares=[middleware(self._gate)])
        app.add_routes([
            web.get("/", self._page),
            web.get("/ws", self.handle_websocket),
            web.get("/download/{key}", self.handle_download),
            web.static("/static", self.statics_path),
            web.static("/page", PAGE),
        ])
        app.on_shutdown.append(self.on_shutdown)
        return app

    async def on_shutdown(self, app: web.Application) -> None:
        """Send every visitor home."""
        del app
        await asyncio.gather(*(visit.stop() for visit in self._visits.values()))
        closing = [
            one.close(code=WSCloseCode.GOING_AWAY, message=b"dltui serve has ended.") for one in self._visits
        ]
        await asyncio.gather(*closing)

    async def handle_websocket(self, request: web.Request) -> web.WebSocketResponse:
        """Run the application for a browser until one of them leaves."""
        socket = web.WebSocketResponse(heartbeat=HEARTBEAT)
        await socket.prepare(request)
        try:
            await asyncio.wait_for(self._places.acquire(), WAIT)
        except TimeoutError:
            reason = f"All {self._most} places of this dltui are taken."
            await socket.close(code=WSCloseCode.TRY_AGAIN_LATER, message=reason.encode())
            return socket
        try:
            await self._attend(request, socket)
        finally:
            self._places.release()
        return socket

    async def _page(self, request: web.Request) -> web.StreamResponse:
        del request
        return web.FileResponse(PAGE / "index.html")

    async def _attend(self, request: web.Request, socket: web.WebSocketResponse) -> None:
        """Carry keys one way and the picture the other."""

        async def close() -> None:
            await socket.close()

        visit = Visit(
            self.command,
            write_bytes=socket.send_bytes,
            write_str=socket.send_str,
            close=close,
            download_manager=self.download_manager,
        )
        visit.opened = self._opened
        self._visits[socket] = visit
        try:
            await visit.start(
                to_int(request.query.get("width", ""), 80), to_int(request.query.get("height", ""), 24)
            )
            await self._process_messages(socket, visit)
        except (AssertionError, IndexError, KeyError, TypeError, ValueError):
            await socket.close(
                code=WSCloseCode.POLICY_VIOLATION, message=b"dltui was sent what it can't read."
            )
        finally:
            await visit.stop()
            del self._visits[socket]


def serve(host_of: Callable[[], Host], *, host: str, port: int, ready: Callable[[int], None]) -> None:
    """Serve until Ctrl-C.

    Args:
        host_of: Makes the server, within the event loop that it runs in.
        host: Address to listen at.
        port: Port; 0 for any that is free.
        ready: Called with the port once the server listens.

    Raises:
        DltuiError: If the port is taken, or the address is not one of this machine.
    """
    asyncio.run(_serve(host_of, host, port, ready))


async def _serve(host_of: Callable[[], Host], host: str, port: int, ready: Callable[[int], None]) -> None:
    """Listen, and wait for the end."""
    ended = asyncio.Event()
    for one in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(one, ended.set)
    runner = web.AppRunner(await host_of()._make_app(), access_log=None)
    await runner.setup()
    try:
        try:
            await web.TCPSite(runner, host, port).start()
        except OSError as error:
            raise _refused(error, host, port) from error
        ready(runner.addresses[0][1])
        await ended.wait()
    finally:
        await runner.cleanup()


def _refused(error: OSError, host: str, port: int) -> DltuiError:
    """Return the sentence for an address that can't be listened at."""
    if error.errno == errno.EADDRINUSE:
        return DltuiError(
            f"port {port} of {host} is taken by another program; try --port {port + 1}, or leave it out"
        )
    if error.errno == errno.EACCES:
        return DltuiError(f"port {port} of {host} is for the system's own programs; try one above 1023")
    return DltuiError(f"can't listen at {host}: it is no address of this machine; try --host 127.0.0.1")
