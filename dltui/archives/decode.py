"""Numbers of every stored type as numpy has them: bfloat16 and the small floats become float32."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

from dltui.contents import BITS

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Array = NDArray[Any]

# types that numpy lacks -> the unsigned integer that carries their bits
CARRIERS = {
    "bfloat16": "uint16",
    "float8_e4m3fn": "uint8",
    "float8_e4m3fnuz": "uint8",
    "float8_e5m2": "uint8",
    "float8_e5m2fnuz": "uint8",
    "float8_e8m0fnu": "uint8",
    "quint8": "uint8",
    "qint8": "int8",
    "qint32": "int32",
    "float4_e2m1fn_x2": "uint8",
    "complex32": "float16",
}
PACKED = {"uint4", "int4", "uint2", "int2", "float4_e2m1fn", "float6_e2m3fn", "float6_e3m2fn"}
FLOATS = {  # exponent bits, fraction bits, bias, what the largest codes mean
    "float8_e4m3fn": (4, 3, 7, "fn"),
    "float8_e4m3fnuz": (4, 3, 8, "fnuz"),
    "float8_e5m2": (5, 2, 15, "ieee"),
    "float8_e5m2fnuz": (5, 2, 16, "fnuz"),
    "float4_e2m1fn": (2, 1, 1, "finite"),
    "float6_e2m3fn": (2, 3, 1, "finite"),
    "float6_e3m2fn": (3, 2, 3, "finite"),
}


def carrier(dtype: str, *, swapped: bool = False) -> np.dtype[Any]:
    """Return the numpy type in which a stored type is read.

    Args:
        dtype: The stored type.
        swapped: Whether the most significant byte comes first.

    Returns:
        The type itself where numpy has it, one of the same width for its bits otherwise.
    """
    import numpy as np

    found = np.dtype("uint8" if dtype in PACKED else CARRIERS.get(dtype, dtype))
    return found.newbyteorder(">") if swapped else found


def decoded_size(dtype: str) -> int:
    """Return how many bytes a number of a stored type takes once it is decoded."""
    if dtype in FLOATS or dtype in {"bfloat16", "float8_e8m0fnu"}:
        return 4
    return 1 if dtype in PACKED else BITS.get(dtype, 8) // 8


def is_native(dtype: str) -> bool:
    """Return whether numpy has the type, so that nothing has to be decoded."""
    return dtype not in CARRIERS and dtype not in PACKED


def decode(raw: Array, dtype: str, elements: int | None = None, room: Array | None = None) -> Array:
    """Return numbers from their bits.

    Args:
        raw: The bits, in the type that ``carrier`` gives; of any shape, flat for packed types.
        dtype: The stored type.
        elements: How many numbers there are, where several share a byte; all that fit when left out.
        room: Four bytes for each number where bfloat16 may be widened, as uint32; room of its own when left out.

    Returns:
        The numbers in the byte order of this machine.
    """
    import numpy as np

    if not raw.dtype.isnative:
        raw = raw.astype(raw.dtype.newbyteorder("="))
    if dtype in PACKED:
        return _unpacked(raw, dtype, elements)
    if dtype == "bfloat16":
        wide = np.empty(raw.shape, np.uint32) if room is None else room[: raw.size]
        np.copyto(wide, raw)
        wide <<= 16
        return wide.view(np.float32)
    if dtype == "float8_e8m0fnu" or dtype in FLOATS:
        found: Array = _table(dtype)[raw]
        return found
    if dtype == "complex32":
        parts = raw.reshape(-1, 2).astype(np.float32)
        return parts.view(np.complex64).reshape(-1)
    return raw


def _unpacked(raw: Array, dtype: str, elements: int | None) -> Array:
    """Return numbers of which several share a byte, the first in the lowest bits."""
    import numpy as np

    bits = BITS[dtype]
    if bits == 6:  # four numbers in three bytes
        padded = np.concatenate([raw, np.zeros(-len(raw) % 3, np.uint8)]).reshape(-1, 3).astype(np.uint32)
        words = padded[:, 0] | padded[:, 1] << 8 | padded[:, 2] << 16
        codes = (words[:, None] >> np.arange(0, 24, 6, dtype=np.uint32)) & 63
    else:
        codes = (raw[:, None] >> np.arange(0, 8, bits, dtype=np.uint8)) & ((1 << bits) - 1)
    flat = codes.reshape(-1)[:elements]
    if dtype in FLOATS:
        found: Array = _table(dtype)[flat]
        return found
    if dtype.startswith("int"):
        half = 1 << (bits - 1)
        signed: Array = (flat.astype(np.int8) ^ half) - np.int8(half)
        return signed
    return flat.astype(np.uint8)


@lru_cache
def _table(dtype: str) -> Array:
    """Return the value of every code of a small float."""
    import numpy as np

    if dtype == "float8_e8m0fnu":  # a bare power of two
        powers = np.ldexp(np.ones(256, np.float64), np.arange(256) - 127)
        powers[255] = np.nan
        return powers.astype(np.float32)
    exponent_bits, fraction_bits, bias, ends = FLOATS[dtype]
    codes = np.arange(1 << (1 + exponent_bits + fraction_bits))
    fraction = codes & ((1 << fraction_bits) - 1)
    exponent = (codes >> fraction_bits) & ((1 << exponent_bits) - 1)
    sign = np.where(codes >> (exponent_bits + fraction_bits), -1.0, 1.0)
    whole = np.where(exponent > 0, 1 << fraction_bits, 0) + fraction
    found: Array = sign * np.ldexp(whole.astype(np.float64), np.maximum(exponent, 1) - bias - fraction_bits)
    top = exponent == (1 << exponent_bits) - 1
    if ends == "ieee":
        found[top] = np.where(fraction[top] == 0, sign[top] * np.inf, np.nan)
    elif ends == "fn":
        found[top & (fraction == (1 << fraction_bits) - 1)] = np.nan
    elif ends == "fnuz":
        found[len(codes) // 2] = np.nan  # where −0 would be
    return found.astype(np.float32)
