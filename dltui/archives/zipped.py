"""Zip files, read so that a hostile one can neither fill the memory nor take long."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from struct import unpack, unpack_from

from dltui.archives.base import MOST_TENSORS, damaged
from dltui.errors import DltuiError

STORED, DEFLATED = 0, 8
END, END64, LOCATOR = b"PK\x05\x06", b"PK\x06\x06", b"PK\x06\x07"
MEMBER, LOCAL = b"PK\x01\x02", b"PK\x03\x04"
COMMENT = 1 << 16  # the longest comment that may follow the directory
MOST_DIRECTORY = 64_000_000  # bytes; 200,000 members take about 20,000,000
BOMB, BIG = 200, 256_000_000  # swelling beyond BOMB times is refused where more than BIG bytes come out
PIECE = 1 << 20


@dataclass(frozen=True, slots=True)
class Member:
    """A file within a zip.

    Attributes:
        name: Its name.
        size: Its bytes.
        packed: The bytes that it takes in the zip.
        deflated: Whether it is compressed.
        header: Where its own header begins.
    """

    name: str
    size: int
    packed: int
    deflated: bool
    header: int


class Zip:
    """A zip file's directory, and the bytes of its members on demand."""

    def __init__(self, path: Path) -> None:
        """Read the directory.

        Raises:
            DltuiError: If it is damaged, or made to swell.
        """
        self.path = path
        with path.open("rb") as file:
            self._size = path.stat().st_size
            count, length, start = self._ends(file)
            if count > MOST_TENSORS + 1000 or length > MOST_DIRECTORY:
                raise damaged(path, f"it claims {count} files in a directory of {length} bytes")
            self._shift = self._begins(file, start, length)
            file.seek(start + self._shift)
            directory = file.read(length)
        self.members = {one.name: one for one in self._read(directory, count)}
        if len(self.members) < count:
            raise damaged(path, "a name comes twice in the directory of the zip")
        self._check()

    def _ends(self, file: object) -> tuple[int, int, int]:
        """Return how many members there are, and how long the directory is and where it begins."""
        from io import BufferedReader

        assert isinstance(file, BufferedReader)
        file.seek(max(0, self._size - COMMENT - 22))
        tail = file.read()
        at = tail.rfind(END)
        if at < 0 or at + 22 > len(tail):
            raise damaged(self.path, "it is cut short: the directory at the end of the zip is missing")
        self._end = self._size - len(tail) + at
        count, length, start = unpack_from("<HII", tail, at + 10)
        if at >= 20 and tail[at - 20 : at - 16] == LOCATOR:
            file.seek(unpack_from("<Q", tail, at - 12)[0])
            record = file.read(56)
            if len(record) < 56 or record[:4] != END64:
                raise damaged(self.path, "the directory of the zip can't be found")
            count, length, start = unpack_from("<QQQ", record, 32)
            self._end = self._end - 20 - 56
        return count, length, start

    def _begins(self, file: object, start: int, length: int) -> int:
        """Return how many bytes stand before the zip, usually none."""
        from io import BufferedReader

        assert isinstance(file, BufferedReader)
        shift = self._end - length - start
        for one in (0, shift):
            if 0 <= start + one <= self._size - 22:
                file.seek(start + one)
                if file.read(4) in {MEMBER, END, END64}:
                    return one
        raise damaged(self.path, "the directory of the zip can't be found")

    def _read(self, directory: bytes, count: int) -> Iterator[Member]:
        """Yield the members that a directory names."""
        at = 0
        for _ in range(count):
            if directory[at : at + 4] != MEMBER or at + 46 > len(directory):
                raise damaged(self.path, "the directory of the zip is cut short")
            flags, method = unpack_from("<HH", directory, at + 8)
            packed, size, named, extra, comment = unpack_from("<IIHHH", directory, at + 20)
            header = unpack_from("<I", directory, at + 42)[0]
            name = directory[at + 46 : at + 46 + named]
            more = directory[at + 46 + named : at + 46 + named + extra]
            if 0xFFFFFFFF in {packed, size, header}:
                size, packed, header = self._wide(more, size, packed, header)
            if flags & 1 or method not in {STORED, DEFLATED}:
                raise damaged(
                    self.path, f"{name!r} is encrypted or compressed in a way that is not read here"
                )
            yield Member(_text(name), size, packed, method == DEFLATED, header + self._shift)
            at += 46 + named + extra + comment

    def _wide(self, more: bytes, *sizes: int) -> list[int]:
        """Return sizes of which some stand in the extra field because they need 8 bytes."""
        at = 0
        while at + 4 <= len(more):
            kind, length = unpack_from("<HH", more, at)
            if kind == 1:
                words = iter(unpack(f"<{length // 8}Q", more[at + 4 : at + 4 + length // 8 * 8]))
                return [next(words, one) if one == 0xFFFFFFFF else one for one in sizes]
            at += 4 + length
        return list(sizes)

    def _check(self) -> None:
        """Refuse members that lie over each other or swell beyond reason."""
        end = 0
        for one in sorted(self.members.values(), key=lambda one: one.header):
            if one.header < end or one.header + 30 + one.packed > self._size:
                raise damaged(self.path, f"{one.name!r} lies over another file of the zip or beyond its end")
            end = one.header + 30 + one.packed
            if not one.deflated and one.size != one.packed:
                raise damaged(
                    self.path, f"{one.name!r} is not compressed, but claims another size than it has"
                )
            if one.size > BIG and one.size > BOMB * one.packed:
                raise DltuiError(
                    f"{self.path} is refused: {one.name!r} would swell from {one.packed:,} to {one.size:,} bytes, "
                    "as zip bombs do; unpack it yourself if you trust it"
                )

    def start(self, member: Member) -> int:
        """Return the byte at which a member's own bytes begin."""
        with self.path.open("rb") as file:
            file.seek(member.header)
            head = file.read(30)
        if len(head) < 30 or head[:4] != LOCAL:
            raise damaged(self.path, f"{member.name!r} is not where the directory of the zip says")
        named, extra = unpack_from("<HH", head, 26)
        start: int = member.header + 30 + named + extra
        if start + member.packed > self._size:
            raise damaged(self.path, f"{member.name!r} is cut short")
        return start

    def pieces(self, name: str, skip: int = 0) -> Iterator[bytes]:
        """Yield the bytes of a member as they come out, never more than it claims.

        Args:
            name: The member.
            skip: Bytes to leave out at its beginning.

        Yields:
            Pieces of about a megabyte at most.

        Raises:
            DltuiError: If it ends before it should.
        """
        member = self.members[name]
        left = member.size
        for out in self._inflated(member) if member.deflated else self._plain(member):
            piece = out[:left]
            left -= len(piece)
            if skip >= len(piece):
                skip -= len(piece)
                continue
            yield piece[skip:]
            skip = 0
        if left:
            raise damaged(self.path, f"{name!r} ends {left} bytes before it should")

    def read(self, name: str, most: int) -> bytes:
        """Return a whole member.

        Args:
            name: The member.
            most: The bytes beyond which it is refused.

        Returns:
            Its bytes.

        Raises:
            DltuiError: If it is longer, or damaged.
        """
        size = self.members[name].size
        if size > most:
            raise damaged(self.path, f"{name!r} has {size:,} bytes, more than {most:,} are never needed")
        return b"".join(self.pieces(name))

    def head(self, name: str, most: int) -> bytes:
        """Return at most ``most`` bytes from the beginning of a member."""
        found = b""
        for piece in self.pieces(name):
            found += piece[: most - len(found)]
            if len(found) >= most:
                break
        return found

    def _plain(self, member: Member) -> Iterator[bytes]:
        """Yield the bytes of a member that is not compressed."""
        with self.path.open("rb") as file:
            file.seek(self.start(member))
            left = member.size
            while left and (piece := file.read(min(PIECE, left))):
                left -= len(piece)
                yield piece

    def _inflated(self, member: Member) -> Iterator[bytes]:
        """Yield the bytes of a compressed member."""
        inflate = zlib.decompressobj(-15)
        with self.path.open("rb") as file:
            file.seek(self.start(member))
            left = member.packed
            while left and (packed := file.read(min(1 << 16, left))):
                left -= len(packed)
                while packed:
                    try:
                        yield inflate.decompress(packed, PIECE)
                    except zlib.error as error:
                        raise damaged(self.path, f"{member.name!r} can't be unpacked") from error
                    packed = inflate.unconsumed_tail


def _text(name: bytes) -> str:
    """Return the name of a member; zips say in a flag whether it is UTF-8, and everyone writes UTF-8."""
    return name.decode("utf-8", "replace")
