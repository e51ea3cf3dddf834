"""Every exhibit with its module and one line of help; written by ``python -m dltui.lab.table``."""

from dltui.registry import Entry

FAMILIES = {}

NAMES: dict[str, Entry] = {}
