"""CRC-32C (Castagnoli) as TFRecord files use it, of one text or of many equally long ones at once.

The polynomial is 0x1EDC6F41, reflected 0x82F63B78 (RFC 3720, section 12.1); TFRecord turns and shifts the result, so
that the checksum of a text that holds checksums is no special one.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

POLYNOMIAL = 0x82F63B78
SHIFT = 0xA282EAD8
FULL = 0xFFFFFFFF


def _table() -> list[int]:
    """Return the remainder of every byte."""
    found = []
    for byte in range(256):
        rest = byte
        for _ in range(8):
            rest = rest >> 1 ^ (POLYNOMIAL if rest & 1 else 0)
        found.append(rest)
    return found


TABLE = _table()
TABLES = np.array(TABLE, dtype=np.uint32)


def crc32c(data: bytes) -> int:
    """Return the CRC-32C of a text.

    >>> hex(crc32c(b"123456789"))
    '0xe3069283'
    """
    rest = FULL
    for byte in data:
        rest = TABLE[(rest ^ byte) & 0xFF] ^ rest >> 8
    return rest ^ FULL


def masked(crc: int) -> int:
    """Return a checksum as TFRecord writes it."""
    return ((crc >> 15 | crc << 17) + SHIFT) & FULL


def masked_crcs(data: NDArray[np.uint8], starts: NDArray[np.int64], length: int) -> NDArray[np.uint32]:
    """Return the checksums of many texts of one length, as TFRecord writes them.

    Args:
        data: All bytes.
        starts: Where each text begins, shape (n,).
        length: Bytes of each.

    Returns:
        Shape (n,).
    """
    rest = np.full(len(starts), FULL, dtype=np.uint32)
    for at in range(length):
        rest = TABLES[(rest ^ data[starts + at]) & 0xFF] ^ rest >> 8
    rest ^= np.uint32(FULL)
    return ((rest >> 15 | rest << 17) + np.uint32(SHIFT)).astype(np.uint32)
