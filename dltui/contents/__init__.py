"""What a file of weights holds, told from names, shapes and types alone. Standard library only."""

from dltui.contents.dtypes import BITS, stored_bytes
from dltui.contents.entry import Entry

__all__ = ["BITS", "Entry", "stored_bytes"]
