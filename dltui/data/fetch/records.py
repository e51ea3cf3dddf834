"""What was fetched without a name in the manifest: from a web address or the hub, with the hashes it had then."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import asdict, dataclass
from pathlib import Path

from dltui.data.fetch.places import NotFetched, fetched_folder, sha256_of
from dltui.files import write_text
from dltui.progress import Report, silent

SHELF, RECORD = "others", "record.json"
PLAIN = re.compile(r"[^\w.+-]+", re.ASCII)


@dataclass(frozen=True)
class Kept:
    """One file that was fetched.

    Attributes:
        name: Its path below the folder.
        bytes: Its size.
        sha256: Its hash when it came.
    """

    name: str
    bytes: int
    sha256: str


@dataclass(frozen=True)
class Record:
    """Something that was fetched by where it is.

    Attributes:
        spelled: The address, or ``hf:org/name``.
        files: What came.
        version: What names the version, such as a commit; may be empty.
    """

    spelled: str
    files: tuple[Kept, ...]
    version: str = ""

    @property
    def bytes(self) -> int:
        """Size of all files together."""
        return sum(file.bytes for file in self.files)

    @property
    def path(self) -> Path:
        """The file, or the folder where there are several."""
        folder = place_of(self.spelled) / "files"
        return folder / self.files[0].name if len(self.files) == 1 and "://" in self.spelled else folder


def place_of(spelled: str) -> Path:
    """Return the folder of something that is spelled by where it is; a part of the name tells people what it is."""
    code = hashlib.sha256(spelled.encode()).hexdigest()[:12]
    tail = plain_name(spelled.rstrip("/").rpartition("/")[2])
    return fetched_folder() / SHELF / f"{tail}-{code}"


def plain_name(text: str) -> str:
    """Return a name that is one on every disk, whatever a stranger called his file."""
    return PLAIN.sub("_", text).lstrip(".")[-80:] or "file"


def keep(record: Record) -> Record:
    """Write down what came, so that it is found and can be verified."""
    told = json.dumps(asdict(record), indent=1)
    write_text(place_of(record.spelled) / RECORD, told + "\n")
    return record


def record_of(spelled: str) -> Record:
    """Return what was fetched from somewhere.

    Raises:
        NotFetched: If nothing was; the sentence tells the command that fetches it.
    """
    found = _read(place_of(spelled) / RECORD)
    if found is None:
        raise NotFetched(f"{spelled} is not on this machine: fetch it with `dltui data get {spelled}`")
    return found


def records() -> list[Record]:
    """Return everything that was fetched by where it is."""
    shelf = fetched_folder() / SHELF
    found = [_read(path / RECORD) for path in sorted(shelf.iterdir())] if shelf.is_dir() else []
    return [record for record in found if record is not None]


def ill_record(record: Record, report: Report = silent) -> list[str]:
    """Return what is wrong with the files of a record, each read in whole; empty when all is well."""
    folder, done, found = place_of(record.spelled) / "files", 0, []
    for file in record.files:
        path = folder / file.name
        if not path.is_file():
            found.append(f"{file.name}: missing")
        elif sha256_of(path) != file.sha256:
            found.append(f"{file.name}: another sha256")
        done += file.bytes
        report(done, record.bytes)
    return found


def _read(path: Path) -> Record | None:
    """Return the record in a file, or None where there is none."""
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
        files = tuple(
            Kept(str(file["name"]), int(file["bytes"]), str(file["sha256"])) for file in told["files"]
        )
        return Record(str(told["spelled"]), files, str(told["version"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None
