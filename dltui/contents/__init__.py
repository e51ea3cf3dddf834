"""What a file of weights holds, told from names, shapes and types alone. Standard library only."""

from dltui.contents.dtypes import BITS, stored_bytes
from dltui.contents.entry import Entry
from dltui.contents.listed import Contents, Total

__all__ = ["BITS", "Contents", "Entry", "Total", "stored_bytes"]
