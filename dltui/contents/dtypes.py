"""Types of numbers by their names, and how many bits one takes."""

from __future__ import annotations

# name -> bits of one number; block formats are not here, their containers know
BITS = {
    "bool": 8,
    "uint4": 4,
    "int4": 4,
    "uint2": 2,
    "int2": 2,
    "float4_e2m1fn": 4,
    "float6_e2m3fn": 6,
    "float6_e3m2fn": 6,
    "float4_e2m1fn_x2": 8,
    "uint8": 8,
    "int8": 8,
    "quint8": 8,
    "qint8": 8,
    "float8_e4m3fn": 8,
    "float8_e4m3fnuz": 8,
    "float8_e5m2": 8,
    "float8_e5m2fnuz": 8,
    "float8_e8m0fnu": 8,
    "uint16": 16,
    "int16": 16,
    "float16": 16,
    "bfloat16": 16,
    "uint32": 32,
    "int32": 32,
    "qint32": 32,
    "float32": 32,
    "complex32": 32,
    "uint64": 64,
    "int64": 64,
    "float64": 64,
    "complex64": 64,
    "complex128": 128,
}


def stored_bytes(elements: int, dtype: str) -> int:
    """Return how many bytes numbers of a type take, packed.

    Args:
        elements: How many numbers.
        dtype: A name of ``BITS``.

    Returns:
        Bytes, rounded up.

    >>> stored_bytes(10, "bfloat16"), stored_bytes(3, "float4_e2m1fn")
    (20, 2)
    """
    return (elements * BITS[dtype] + 7) // 8
