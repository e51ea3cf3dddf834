"""TFRecord framing: length, its checksum, the record, its checksum; followed while the file grows."""

from __future__ import annotations

import struct
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from dltui.runs.tensorboard.crc import crc32c, masked, masked_crcs

Places = NDArray[np.int64]
Words = NDArray[np.uint32]

FEW = 8  # texts of which the checksums are faster one by one
HEAD, FOOT = 12, 4  # bytes before and after a record
BLOCK = 1 << 20  # bytes that are read at a time
SMALL = 1 << 16  # bytes above which a record holds pictures or graphs, which are passed over unchecked
LENGTH = struct.Struct("<Q")
WORD = struct.Struct("<I")


class Span(NamedTuple):
    """Where a record is within some bytes."""

    start: int
    length: int


class RecordReader:
    """Reads a growing file of records.

    A record that is not whole yet is waited for. One whose checksum is wrong is passed over; after a wrong length
    nothing more can be found, and the file is given up.

    Args:
        path: The file.

    Attributes:
        place: Bytes that have been read, up to the end of a record.
        damaged: Records that were passed over.
        lost: Whether the file was given up.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.place = 0
        self.damaged = 0
        self.lost = False

    def blocks(self) -> Iterator[list[bytes]]:
        """Yield what has come since the last call.

        Yields:
            Records in order, those of up to a megabyte at a time; empty ones for those that are passed over.
        """
        want = BLOCK
        while not self.lost:
            try:
                with self.path.open("rb") as file:
                    file.seek(self.place)
                    data = file.read(want)
            except OSError:
                return
            spans, needed = self._spans(data)
            if spans:
                last = spans[-1]
                self.place += last.start + last.length + FOOT
                yield self._checked(data, spans)
            if len(data) < want:
                return
            want = BLOCK if spans else needed

    def _spans(self, data: bytes) -> tuple[list[Span], int]:
        """Return the whole records in some bytes, and how many bytes the next one needs."""
        spans, at = [], 0
        while at + HEAD <= len(data):
            (length,) = LENGTH.unpack_from(data, at)
            end = at + HEAD + length + FOOT
            if end > len(data):
                break
            spans.append(Span(at + HEAD, length))
            at = end
        heads = np.array([span.start - HEAD for span in spans], dtype=np.int64)
        if at + HEAD <= len(data):
            heads = np.append(heads, at)
        told = _words(data, heads + 8)
        right = _crcs(data, heads, 8) == told
        if not right.all():
            self.lost = True
            return spans[: int(np.argmin(right))], 0
        return spans, end - at if at + HEAD <= len(data) else at + HEAD

    def _checked(self, data: bytes, spans: list[Span]) -> list[bytes]:
        """Return the records; empty ones for those that are damaged or too large to matter."""
        groups: dict[int, list[int]] = defaultdict(list)
        for number, span in enumerate(spans):
            groups[span.length].append(number)
        found = [b""] * len(spans)
        for length, numbers in groups.items():
            if length > SMALL:
                continue
            starts = np.array([spans[number].start for number in numbers], dtype=np.int64)
            right = _crcs(data, starts, length) == _words(data, starts + length)
            self.damaged += int((~right).sum())
            for number, good in zip(numbers, right.tolist(), strict=True):
                if good:
                    start = spans[number].start
                    found[number] = data[start : start + length]
        return found


def framed(record: bytes) -> bytes:
    """Return a record with its length and checksums."""
    length = LENGTH.pack(len(record))
    return length + WORD.pack(masked(crc32c(length))) + record + WORD.pack(masked(crc32c(record)))


def _crcs(data: bytes, starts: Places, length: int) -> Words:
    """Return the checksums of equally long parts of some bytes."""
    if len(starts) < FEW:
        parts = [masked(crc32c(data[start : start + length])) for start in starts.tolist()]
        return np.array(parts, dtype=np.uint32)
    return masked_crcs(np.frombuffer(data, np.uint8), starts, length)


def _words(data: bytes, starts: Places) -> Words:
    """Return the numbers of four bytes at some places."""
    parts = np.frombuffer(data, np.uint8)[starts[:, None] + np.arange(WORD.size)]
    return np.ascontiguousarray(parts).view("<u4").ravel()
