"""Where fetched things lie, and whether they are there and whole."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Iterator
from pathlib import Path

from dltui.data.fetch.manifest import Member, Thing, thing
from dltui.errors import DltuiError
from dltui.files import size_in_words
from dltui.progress import Report, silent
from dltui.runs import cache_folder

PIECE = 1 << 20  # bytes that are read at once


class NotFetched(DltuiError):
    """Something that can be fetched is needed and isn't here yet."""


def fetched_folder() -> Path:
    """Return the folder below which everything fetched lies; it may not be there yet."""
    return cache_folder() / "fetched"


def folder_of(name: str) -> Path:
    """Return the folder of one fetched thing, whether it is there or not."""
    return fetched_folder() / name


def is_here(name: str) -> bool:
    """Return whether every file of a thing is there with its size; nothing is read."""
    return all(_sized(folder_of(name) / member.name, member.bytes) for member in thing(name).members)


def need(name: str, file: str = "") -> Path:
    """Return where a fetched thing, or one file of it, lies.

    Args:
        name: What people call it.
        file: One of its files; its folder when empty.

    Returns:
        The path.

    Raises:
        NotFetched: If it isn't here; the sentence tells the command that fetches it.
    """
    wanted = thing(name)
    path = folder_of(name)
    if file:
        wanted.named(file)
    if not is_here(name):
        state = "not whole" if path.exists() else "not on this machine"
        raise NotFetched(
            f"{name} is {state}: fetch it ({size_in_words(wanted.bytes)}) with `dltui data get {name}`"
        )
    return path / file if file else path


def make_room(total: int) -> None:
    """Make the folder of fetched things, and refuse what its disk has no room for.

    Args:
        total: Bytes.

    Raises:
        DltuiError: If it can't be made, or is full.
    """
    folder = fetched_folder()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        free = shutil.disk_usage(folder).free
    except OSError as error:
        raise DltuiError(
            f"can't write {folder}: {error.strerror}; set DLTUI_CACHE to a folder that you may write to"
        ) from error
    if free < total:
        raise DltuiError(
            f"{folder} has room for {size_in_words(free)}, but {size_in_words(total)} are needed: "
            "set DLTUI_CACHE to a folder on a larger disk"
        )


def sha256_of(path: Path) -> str:
    """Return the sha256 of a file, read piece by piece."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while piece := file.read(PIECE):
            digest.update(piece)
    return digest.hexdigest()


def ill(wanted: Thing, report: Report = silent) -> list[str]:
    """Return what is wrong with the files of a fetched thing, each read in whole.

    Args:
        wanted: The thing.
        report: Called with bytes read so far and in all.

    Returns:
        One remark a file that isn't as it was; empty when all is well.
    """
    done, found = 0, []
    for member, remark in _remarks(wanted):
        found += [f"{member.name}: {remark}"] if remark else []
        done += member.bytes
        report(done, wanted.kept)
    return found


def _remarks(wanted: Thing) -> Iterator[tuple[Member, str]]:
    """Yield every file with what is wrong with it, or "" when nothing is."""
    for member in wanted.members:
        path = folder_of(wanted.name) / member.name
        if not path.is_file():
            yield member, "missing"
        elif not _sized(path, member.bytes):
            yield member, f"{path.stat().st_size} bytes instead of {member.bytes}"
        elif sha256_of(path) != member.sha256:
            yield member, "another sha256"
        else:
            yield member, ""


def _sized(path: Path, size: int) -> bool:
    try:
        return path.stat().st_size == size
    except OSError:
        return False
