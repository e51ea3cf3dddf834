"""One tensor of a file, without its numbers."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod


@dataclass(frozen=True, slots=True)
class Entry:
    """A tensor as its container describes it.

    Attributes:
        name: Its whole name, such as ``layers.0.weight``.
        shape: Its sizes; empty for a single number.
        dtype: Type of a number, such as ``float32``, ``bfloat16``, ``float8_e4m3fn``, ``bool``, or a block format of
            GGUF such as ``Q4_1``.
        nbytes: Bytes that its numbers take, before any compression.
        shared: Name of the first tensor that is kept in the same place, or "".
    """

    name: str
    shape: tuple[int, ...]
    dtype: str
    nbytes: int
    shared: str = ""

    @property
    def elements(self) -> int:
        """How many numbers it has; 1 for a shape without sizes."""
        return prod(self.shape)
