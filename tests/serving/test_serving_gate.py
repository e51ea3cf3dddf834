"""Who comes in and who does not, asked of the real server."""

from __future__ import annotations

import asyncio
import os
import re
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import aiohttp
import pytest

from dltui.cli import run
from dltui.serving.gate import loopback

from .conftest import PATIENT  # noqa: TID252 - the tests of this folder share it

TOKEN = "a-token-of-a-test"
Start = Callable[..., "object"]


async def status(session: aiohttp.ClientSession, url: str, **headers: str) -> int:
    async with session.get(url, headers=headers, allow_redirects=False) as answer:
        return answer.status


async def joined(session: aiohttp.ClientSession, address: str) -> aiohttp.ClientWebSocketResponse:
    return await session.ws_connect(address.replace("http", "ws", 1) + "ws?width=80&height=24")


async def until(holds: Callable[[], bool]) -> None:
    for _ in range(int(PATIENT / 0.05)):
        if holds():
            return
        await asyncio.sleep(0.05)
    raise AssertionError("it never held")


async def test_page_names_no_other_host(serve: Callable[..., object]) -> None:
    address = serve().address  # type: ignore[attr-defined]
    async with aiohttp.ClientSession() as session:
        async with session.get(address) as answer:
            page = await answer.text()
            assert "default-src 'self'" in answer.headers["Content-Security-Policy"]
        files = re.findall(r'(?:href|src)="([^"]+)"', page)
        assert len(files) == 6
        for name in files:
            async with session.get(address + name) as answer:
                assert answer.status == 200, name
        async with session.get(address + "page/page.css") as answer:
            sheet = await answer.text()
    assert not re.search(r"(https?:)?//\w", page + sheet)


async def test_other_sites_are_refused(serve: Callable[..., object]) -> None:
    address = serve().address  # type: ignore[attr-defined]
    async with aiohttp.ClientSession() as session:
        assert await status(session, address, Host="evil.example") == 403
        assert await status(session, address, Origin="http://evil.example") == 403
        assert await status(session, address + "ws", Origin="http://evil.example") == 403
        assert await status(session, address + "static/../gate.py") == 404
        assert await status(session, address + "static/") == 403  # no list of files


async def test_everything_asks_for_the_token(serve: Callable[..., object]) -> None:
    address, _, query = serve("--token", TOKEN).address.partition("?")  # type: ignore[attr-defined]
    assert query == f"token={TOKEN}"
    paths = ("", "page/page.js", "static/js/textual.js", "ws", "download/1", "nowhere")
    async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as session:
        for path in paths:
            assert await status(session, address + path) == 403, path
            assert await status(session, address + path + "?token=a-token-of-a-tesT") == 403, path
            assert await status(session, address + path, Cookie="dltui=" + TOKEN) == 403, path
        async with session.get(f"{address}?{query}", allow_redirects=False) as answer:
            assert (answer.status, answer.headers["Location"]) == (303, "/")
            assert "HttpOnly" in answer.headers["Set-Cookie"]
            assert TOKEN not in answer.headers["Set-Cookie"]
        assert await status(session, address) == 200
        assert await status(session, address + "static/js/textual.js") == 200
        async with await joined(session, address) as one:
            assert (await one.receive_bytes(timeout=PATIENT))[:2] == b"\x1b["


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="counts processes in /proc")
async def test_one_process_a_visitor_gone_with_him(serve: Callable[..., object]) -> None:
    served = serve("--visitors", "1")
    async with aiohttp.ClientSession() as session:
        one = await joined(session, served.address)  # type: ignore[attr-defined]
        await one.receive_bytes(timeout=PATIENT)
        assert len(served.visitors) == 1  # type: ignore[attr-defined]
        async with await joined(session, served.address) as other:  # type: ignore[attr-defined]
            message = await other.receive(timeout=PATIENT)
            assert (message.data, message.extra) == (1013, "All 1 places of this dltui are taken.")
        await one.close()
        await until(lambda: not served.visitors)  # type: ignore[attr-defined]
        two = await joined(session, served.address)  # type: ignore[attr-defined]
        await two.receive_bytes(timeout=PATIENT)
        (pid,) = served.visitors  # type: ignore[attr-defined]
        end = asyncio.get_running_loop().run_in_executor(None, served.end)  # type: ignore[attr-defined]
        while (message := await two.receive(timeout=PATIENT)).type is aiohttp.WSMsgType.BINARY:
            pass
        assert message.type is aiohttp.WSMsgType.CLOSE
        await two.close()
        assert await end == 0
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


async def test_nonsense_ends_a_visit_and_not_the_server(serve: Callable[..., object]) -> None:
    served = serve()
    async with aiohttp.ClientSession() as session:
        for nonsense in ("{}", "[]", "[", '["resize", {"width": "wide"}]', '["stdin"]'):
            async with await joined(session, served.address) as one:  # type: ignore[attr-defined]
                await one.send_str(nonsense)
                while (message := await one.receive(timeout=PATIENT)).type is aiohttp.WSMsgType.BINARY:
                    pass
                assert message.data == 1008, nonsense
        assert await status(session, served.address) == 200  # type: ignore[attr-defined]


def test_strangers_need_a_token(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["serve", "--host", "0.0.0.0"]) == 2
    assert "give them a --token" in capsys.readouterr().err
    assert run(["serve", "--token", "short"]) == 2
    assert "expected 8 or more" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("host", "local"),
    [("127.0.0.1", True), ("127.1.2.3", True), ("::1", True), ("LOCALHOST", True), ("0.0.0.0", False), ("::", False),
     ("10.0.0.1", False), ("localhost.example", False)],
)  # fmt: skip
def test_which_hosts_are_this_machine(host: str, local: bool) -> None:
    assert loopback(host) is local


def test_taken_port_is_one_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert run(["serve", "--port", str(port)]) == 1
    assert f"port {port} of 127.0.0.1 is taken" in capsys.readouterr().err


def test_address_of_another_machine_is_one_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["serve", "--host", "192.0.2.1", "--token", TOKEN]) == 1
    assert "no address of this machine" in capsys.readouterr().err


def test_file_that_is_not_there_is_one_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["serve", "nowhere.safetensors"]) == 2
    assert "no file nowhere.safetensors" in capsys.readouterr().err


@pytest.mark.parametrize("missing", ["aiohttp", "textual_serve"])
def test_missing_extra_is_one_sentence(missing: str) -> None:
    code = f"import sys; sys.modules[{missing!r}] = None; from dltui.cli import run; sys.exit(run(['serve']))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert f"needs {missing}" in done.stderr
    assert "pip install 'dltui[web]'" in done.stderr
