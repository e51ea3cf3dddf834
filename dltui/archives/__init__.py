"""Files of weights of every kind: what they hold, and their numbers, without torch and without running anything."""

from dltui.archives.base import Archive
from dltui.archives.open import open_archive
from dltui.contents import Entry

__all__ = ["Archive", "Entry", "open_archive"]
